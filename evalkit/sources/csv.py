"""Text files with separators, however large: only the columns that a study names are held in memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from evalkit.errors import DataError, Problem
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import listed, missing_columns, unreadable
from evalkit.sources.written import Separator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas
    import pyarrow

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_OTHER_KINDS = ((b"PK\x03\x04", "an Excel workbook or a zip file", "use `source: excel`, or unpack it"),
                (b"PAR1", "a parquet file", "use `source: parquet`"),
                (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save it as .xlsx and use `source: excel`"),
                (b"%PDF", "a PDF document", "ask for the table as CSV"))  # fmt: skip
_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 20
_MOST_DISTINCT = 2_000_000
"""Different texts that one column may hold: more would not fit in the memory of an ordinary computer."""
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)


class CsvData(FileData):
    """Rows of a text file with a header (.csv, .tsv, .txt, also .gz).

    Without `encoding` the file is read as UTF-8, and as Windows-1252 when it is not UTF-8; a note says so.
    """

    source: Literal["csv"]
    separator: Separator = Field(",", description="Between cells: comma, semicolon, tab or bar, or the character")
    encoding: str | None = Field(None, description="Such as utf-8 or cp1252; found out when left out")
    decimal: Literal[".", ","] = Field(".", description="Character before the decimals")
    header_row: int = Field(1, ge=1, description="Row that names the columns, counted from 1")

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str | None) -> str | None:
        try:
            return None if encoding is None else codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"{encoding!r} is not an encoding; write such as utf-8 or cp1252") from None

    @property
    def decimal_mark(self) -> str:
        """Character before the decimals."""
        return self.decimal

    def look(self, path: Path, columns: Mapping[str, str]) -> list[Problem]:
        """Return the columns that the header lacks."""
        _, header, _ = self.layout(path)
        return self._missing(columns, header) + self._repeated(columns, header)

    def layout(self, path: Path) -> tuple[str, list[str], int]:
        """Return the encoding as its beginning shows it, the names of the columns, and the lines above the data.

        Raises
        ------
        DataError
            When the file is not text, or has no such header.
        """
        with _open(path) as stream:
            start = stream.read(_CHUNK)
        _refuse_other_kinds(start, self.path)
        encoding = self.encoding or _encoding_of([start], self.path, whole=False)
        return encoding, *self._header(path, encoding)

    @property
    def character(self) -> str:
        """Character between cells."""
        return _SEPARATORS.get(self.separator, self.separator)

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return the rows as text, each column as a categorical; the index is the row as a spreadsheet counts.

        Raises
        ------
        DataError
            When the file is missing, empty, not text, has ragged rows or a header that names a column twice.
        """
        path = self.checked(folders)
        encoding = self.encoding or self._find_encoding(path)
        header, lines = self._header(path, encoding)
        wanted = list(header) if columns is None else [name for name in dict.fromkeys(columns) if name in header]
        twice = self._repeated(wanted, header)
        if twice:
            raise DataError(twice)
        frame = self._read(path, encoding, header, wanted, lines)
        frame.attrs["columns"] = list(header)
        frame.attrs["notes"] = () if self.encoding or encoding != "cp1252" else (
            f"{self.path} is not UTF-8 and was read as Windows-1252 (cp1252).",)  # fmt: skip
        return frame

    def _find_encoding(self, path: Path) -> str:
        with _open(path) as stream:
            first = stream.read(_CHUNK)
            _refuse_other_kinds(first, self.path)
            chunks = iter(lambda: stream.read(_CHUNK), b"")
            return _encoding_of(_chain(first, chunks), self.path, whole=True)

    def _header(self, path: Path, encoding: str) -> tuple[list[str], int]:
        """Return the names of the columns, and how many lines stand before the first row of data."""
        with _open(path) as stream, io.TextIOWrapper(stream, encoding=_plain(encoding), newline="") as text:
            reader = csv.reader(self._lines(text), delimiter=self.character)
            try:
                records = (record for record in reader if record)
                for number, record in enumerate(records, start=1):
                    if number == self.header_row:
                        names = [name.removeprefix("\ufeff") if not at else name for at, name in enumerate(record)]
                        return [name.strip() for name in names], reader.line_num
            except (csv.Error, UnicodeError) as error:
                raise DataError(f"the header of {self.path} cannot be read: {error}",
                                "check `separator` and `encoding`", "data.path") from None  # fmt: skip
        raise DataError(f"{self.path} has no row {self.header_row} to name the columns", "check `header_row`",
                        "data.header_row")  # fmt: skip

    def _lines(self, text: IO[str]) -> Iterator[str]:
        """Yield lines; one that no table has is refused before it fills the memory."""
        while line := text.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise DataError(f"{self.path} has a line of more than {_LONGEST_LINE:,} characters above its data",
                                "a table has one line for each row: ask for CSV text", "data.path")  # fmt: skip
            yield line

    def _missing(self, columns: Mapping[str, str], header: list[str]) -> list[Problem]:
        problems = missing_columns(columns, header)
        others = [mark for mark in _SEPARATORS.values() if mark != self.character and mark in header[0]]
        if problems and len(header) == 1 and others:
            word = next(word for word, mark in _SEPARATORS.items() if mark == others[0])
            mend = f"its cells seem to be separated otherwise: say `separator: {word}`"
            found = f"the header of {self.path} is a single column: {header[0][:60]!r}"
            return [Problem(found, mend, "data.separator")]
        return problems

    def _repeated(self, columns: Iterable[str], header: list[str]) -> list[Problem]:
        """Return a problem when the header names a column that is needed more than once."""
        twice = sorted(name for name in set(columns) if header.count(name) > 1)
        found = f"the header names {listed(twice)} more than once"
        return [Problem(found, "rename one of the columns", "data.path")] if twice else []

    def _read(self, path: Path, encoding: str, header: list[str], wanted: list[str], lines: int) -> pandas.DataFrame:
        """Read the wanted columns with pyarrow, which streams the file and keeps each distinct text once."""
        import pandas
        import pyarrow

        if not wanted:
            wanted = header[:1]
        names = [name if header.index(name) == at else f"\0{at}" for at, name in enumerate(header)]
        try:
            table = self._table(path, encoding, names, wanted, lines)
        except pyarrow.ArrowInvalid as error:
            raise self._refusal(path, encoding, names, wanted, lines, str(error)) from None
        except (*_DAMAGED, pyarrow.ArrowException, UnicodeError, OSError) as error:
            raise DataError(f"{self.path} cannot be read: {_first_line(error)}", "fetch the file again") from None
        for at, name in enumerate(table.column_names):  # one by one, so that no two are held twice
            self._require_few_distinct(name, table.column(at))
            table = table.set_column(at, name, table.column(at).unify_dictionaries())
        # Each column is let go as it is converted, so that no large file is held twice.
        frame: pandas.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
        del table
        pyarrow.default_memory_pool().release_unused()
        frame.index = pandas.RangeIndex(self.header_row + 1, self.header_row + 1 + len(frame))
        return frame

    def _require_few_distinct(self, name: str, column: pyarrow.ChunkedArray) -> None:
        """Refuse a column of which each distinct text would have to be held in memory; of most, no more is looked at.

        Raises
        ------
        DataError
            When a column holds too many.
        """
        import pyarrow

        held, looked = 0, 0
        for place, chunk in enumerate(column.chunks, start=1):
            held += len(chunk.dictionary)
            last = place == column.num_chunks
            if held <= _MOST_DISTINCT or (looked and place < 1.25 * looked and not last):
                continue
            looked = place
            together = pyarrow.chunked_array(column.chunks[:place]).unify_dictionaries()
            if len(together.chunk(0).dictionary) > _MOST_DISTINCT:
                raise DataError(f"the column holds more than {_MOST_DISTINCT:,} different texts",
                                "check that it is the right column; if it is, save the table as parquet, or bring it "
                                "to one row for each unit and period", name)  # fmt: skip

    def _table(
        self, path: Path, encoding: str, names: list[str], wanted: list[str], lines: int, ragged: Any = None
    ) -> pyarrow.Table:
        import pyarrow
        from pyarrow import csv as arrow

        text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        with pyarrow.input_stream(str(path), compression="detect") as stream:
            return arrow.read_csv(
                stream,
                read_options=arrow.ReadOptions(column_names=names, skip_rows=lines, encoding=_plain(encoding),
                                               use_threads=ragged is None),
                parse_options=arrow.ParseOptions(delimiter=self.character, newlines_in_values=True,
                                                 invalid_row_handler=ragged),
                convert_options=arrow.ConvertOptions(include_columns=wanted, strings_can_be_null=False,
                                                     column_types=dict.fromkeys(wanted, text)),
            )  # fmt: skip

    def _refusal(
        self, path: Path, encoding: str, names: list[str], wanted: list[str], lines: int, message: str
    ) -> DataError:
        """Return why the file was refused; it is read again, slowly, to number the ragged rows."""
        import pyarrow

        ragged: list[str] = []

        def skip(row: Any) -> str:
            ragged.append(f"row {row.number:,} has {row.actual_columns}")
            return "skip"

        try:
            self._table(path, encoding, names, wanted, lines, skip)
        except (*_DAMAGED, pyarrow.ArrowException, UnicodeError, OSError) as error:
            message = _first_line(error)
        if "straddling" in message:
            return DataError(f"{self.path} has a row of more than {_LONGEST_LINE:,} characters",
                             "look for a quotation mark that opens a text and is never closed", "rows")  # fmt: skip
        if not ragged:
            return DataError(f"{self.path} cannot be read: {message}", "check `separator`, quotes and `encoding`")
        return DataError(f"the header names {len(names)} columns but {listed(ragged, 5)}",
                         "mend these rows; a text that holds the separator must stand in quotes, and quotes must be "
                         "closed; where titles stand above the header, say `header_row: N`", "rows")  # fmt: skip


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open the file, unpacked when it is gzip; damage is a DataError."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield stream  # type: ignore[misc]  # GzipFile lacks nothing that is used here
    except _DAMAGED as error:
        reason = f"{path.name} cannot be read: {_first_line(error)}"
        raise DataError(reason, "fetch the file again", "data.path") from None
    except OSError as error:
        raise unreadable(error, path.name) from None


def _refuse_other_kinds(start: bytes, name: str) -> None:
    for magic, kind, mend in _OTHER_KINDS:
        if start.startswith(magic):
            raise DataError(f"{name} is {kind}, not text", mend, "data.path")


def _encoding_of(chunks: Any, name: str, *, whole: bool) -> str:
    """Return utf-8, utf-16 or cp1252, the first that can hold all bytes.

    Raises
    ------
    DataError
        When it is none of them.
    """
    possible = {"utf-8": codecs.getincrementaldecoder("utf-8")(), "cp1252": codecs.getincrementaldecoder("cp1252")()}
    for at, chunk in enumerate(chunks):
        if at == 0 and chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        if b"\0" in chunk:
            raise DataError(f"{name} holds NUL bytes: it is not a text file", "ask for CSV text in UTF-8; where it is "
                            "UTF-16 without a byte-order mark, say `encoding: utf-16-le`", "data.path")  # fmt: skip
        for encoding in list(possible):
            try:
                possible[encoding].decode(chunk)
            except UnicodeDecodeError:
                del possible[encoding]
    for encoding, decoder in possible.items():
        try:
            decoder.decode(b"", final=whole)
        except UnicodeDecodeError:
            continue
        return encoding
    raise DataError(f"{name} is neither UTF-8 nor Windows-1252 text", "say which `encoding` it has", "data.encoding")


def _plain(encoding: str) -> str:
    """Return an encoding that drops a byte-order mark."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _chain(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
