"""data/sources.yaml: which published files there are, where they come from, and how each is read.

The file is its author's: it is never rewritten. What a fetch found (hashes, rows) stands in data/sources.lock.json.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from evalkit.errors import Problem, SpecError, system_problem
from evalkit.fetching.content import ENDINGS, ending_of
from evalkit.fetching.download import address_fault
from evalkit.fetching.readers import AnyReader
from evalkit.records import Block
from evalkit.sources.inputs import did_you_mean
from evalkit.sources.written import Sha256, Text
from evalkit.spec.problems import problems_from
from evalkit.spec.reading import MAX_BYTES, Document, read_yaml

FILE = "data/sources.yaml"
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LARGEST = 50_000_000
"""Bytes that a file may have when nothing else is said."""
_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(kB|MB|GB)")
_KEPT = ("data/reference/", FILE, "data/sources.lock.json")


class CatalogueError(SpecError):
    """The list of sources is wrong: its author mends it."""

    heading = "the list of sources is wrong"


def _size(value: object) -> object:
    """Return `20 MB` as bytes."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, str) and match is None:
        raise ValueError(f"{value!r} is no size; write it such as 20 MB")
    return int(float(match[1]) * _UNITS[match[2]]) if match else value


def _inside_data(path: str) -> str:
    """Return a path below data/, as it would stand in a study file."""
    parts = PurePosixPath(path).parts
    wrong = "\\" in path or ".." in parts or "." in path.split("/") or not path.isprintable()
    if wrong or parts[:1] != ("data",) or len(parts) < 2 or "/".join(parts) != path:
        raise ValueError(f"{path!r} is no path below data/; write it such as data/raw/NAME.xlsx")
    if path.startswith(_KEPT[0]) or path in _KEPT:
        raise ValueError(f"{path!r} belongs to the project itself; choose another name")
    return path


def _bare_name(name: str) -> str:
    if "/" in name or "\\" in name or name in ("", ".", "..") or not name.isprintable():
        raise ValueError(f"{name!r} is no name of a file; write the name alone, without folders")
    return name


def _web(address: str) -> str:
    fault = address_fault(address)
    if fault:
        raise ValueError(f"{fault}; write the publisher's address: https://...")
    return address


Size = Annotated[int, BeforeValidator(_size), Field(gt=0, le=20 * 10**9)]
DataPath = Annotated[str, BeforeValidator(lambda value: _inside_data(value) if isinstance(value, str) else value)]
BareName = Annotated[str, BeforeValidator(lambda value: _bare_name(value) if isinstance(value, str) else value)]
Address = Annotated[str, BeforeValidator(lambda value: _web(value) if isinstance(value, str) else value)]


class Table(Block):
    """A tidy table that is read from a file."""

    path: DataPath = Field(description="Where the tidy table stands: .csv or .parquet, as a study's `data.path` says")
    reader: AnyReader = Field(description="What reads it: kind, and its options")

    @field_validator("path")
    @classmethod
    def _kind(cls, path: str) -> str:
        if not path.endswith((".csv", ".parquet")):
            raise ValueError(f"{path!r} is neither CSV nor parquet; end it in .csv or .parquet")
        return path


class MirrorExtract(Block):
    """A file of a mirror that is not the publisher's own, but an extract of it, which another reader reads."""

    file: BareName = Field(description="Name in the mirror folder")
    sha256: Sha256 = Field(description="Hash that it must have")
    reader: AnyReader = Field(description="What reads it into the same tidy table")


class Source(Block):
    """A published file: whose it is, where it is, how it is read."""

    title: Text = Field(description="What it is, as the publisher calls it")
    publisher: Text = Field(description="Who publishes it")
    licence: Text = Field(description="Licence, such as Open Government Licence v3.0")
    address: Address | None = Field(description="Where the file is (https), or null with a note that says why")
    page: Address | None = Field(None, description="Page on which people find it")
    note: Text | None = Field(None, description="What a reader should know of it")
    sha256: Sha256 | None = Field(None, description="Hash that it must have; without it, the first one is kept")
    file: DataPath = Field(description="Where the file stands once it is fetched, such as data/raw/NAME.xlsx")
    mirror: BareName | MirrorExtract | None = Field(None, description="Name in a mirror folder, or an extract there")
    max_size: Size = Field(LARGEST, description="Size that it may have, such as 20 MB")
    only_when_named: bool = Field(False, description="Fetch it only when it is named, as it is large")
    provisional: Text | None = Field(None, description="What in it is provisional")
    settling: Text | None = Field(None, description="How long its newest figures go on changing")
    tables: list[Table] = Field(min_length=1, description="Tidy tables that are read from it")

    @model_validator(mode="after")
    def _whole(self) -> Source:
        if self.address is None and self.note is None:
            raise ValueError("no address and no `note`; say why the address is not known")
        ending = ending_of(self.file)
        if not ending:
            raise ValueError(f"{self.file!r} ends like no known file; end it in {', '.join(ENDINGS)}")
        for table in self.tables:
            if ending not in table.reader.endings:
                known = ", ".join(table.reader.endings)
                raise ValueError(f"{table.reader.kind} does not read {ending}; it reads {known}")
        return self

    @model_validator(mode="after")
    def _mirrored(self) -> Source:
        if isinstance(self.mirror, MirrorExtract):
            if len(self.tables) != 1:
                raise ValueError("a mirror's extract gives one table; `tables` has several")
            reader = self.mirror.reader
            if ending_of(self.mirror.file) not in reader.endings:
                known = ", ".join(reader.endings)
                raise ValueError(f"{reader.kind} does not read {self.mirror.file}; it reads {known}")
            if reader.columns != self.tables[0].reader.columns:
                raise ValueError(f"the extract has the columns {', '.join(reader.columns)}; the table has "
                                 f"{', '.join(self.tables[0].reader.columns)}")  # fmt: skip
        elif self.mirror is not None and ending_of(self.mirror) != ending_of(self.file):
            raise ValueError(f"the mirror has {self.mirror!r}, of another kind than {self.file!r}; name an extract")
        return self

    @property
    def extract_path(self) -> str:
        """Where a mirror's extract stands once it is taken over, beside where the publisher's file would."""
        assert isinstance(self.mirror, MirrorExtract)
        return (PurePosixPath(self.file).parent / self.mirror.file).as_posix()

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it may write: the publisher's own, a mirror's extract, the tidy tables."""
        extracts = [self.extract_path] if isinstance(self.mirror, MirrorExtract) else []
        return (self.file, *extracts, *(table.path for table in self.tables))

    @property
    def tried_on(self) -> str:
        """The publisher's own file on which all its readers were tried, empty when one was not."""
        tried = [table.reader.tried_on for table in self.tables]
        return tried[0] if all(tried) else ""


class Sources(Block):
    """All that data/sources.yaml says."""

    evalkit: Literal[1] = Field(description="Version of the format: 1")
    sources: dict[str, Source] = Field(min_length=1, description="Published files, by an id of your own")


@dataclass(frozen=True)
class Catalogue:
    """The list of sources, checked.

    Attributes
    ----------
    file : str
        The file as the user knows it.
    sources : dict of str to Source
        By id, in the author's order.
    """

    file: str
    sources: dict[str, Source]

    def of_table(self, path: str) -> tuple[str, Source] | None:
        """Return the id and the source of a tidy table, as a study's `data.path` names it; None when it is of none."""
        return next(((name, source) for name, source in self.sources.items()
                     if any(table.path == path for table in source.tables)), None)  # fmt: skip

    def chosen(self, names: Sequence[str]) -> dict[str, Source]:
        """Return the sources of these ids; all when none is named, but for those that are fetched only when named.

        Raises
        ------
        CatalogueError
            Naming every id that is not there.
        """
        unknown = [name for name in names if name not in self.sources]
        if unknown:
            raise CatalogueError([Problem(f"there is no source {name!r}", did_you_mean(name, self.sources), "",
                                          self.file) for name in unknown])  # fmt: skip
        return {name: source for name, source in self.sources.items()
                if name in names or not (names or source.only_when_named)}  # fmt: skip


def load_catalogue(project: Path) -> Catalogue:
    """Return the list of sources of a project: empty where the file holds comments alone, as a new one does.

    Parameters
    ----------
    project : Path
        Folder that holds data/sources.yaml.

    Raises
    ------
    CatalogueError
        With file, line and mend, all that is wrong at once.
    """
    path = project / FILE
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CatalogueError(Problem("does not exist", "it lists the files to fetch; METHODS.md shows one",
                                     file=FILE)) from None  # fmt: skip
    except OSError as error:
        found = system_problem(error)
        raise CatalogueError(Problem(f"cannot be read: {found.message}", found.mend, file=FILE)) from None
    if {line.lstrip()[:1] for line in text.splitlines()} - {b""} == {b"#"}:  # one that is empty was cut short
        return Catalogue(FILE, {})
    try:
        document = read_yaml(text, FILE)
    except SpecError as error:
        raise CatalogueError(error.problems) from None
    return _checked(document)


def _checked(document: Document) -> Catalogue:
    problems: list[Problem] = []
    found: Sources | None = None
    try:
        found = Sources.model_validate(document.data)
    except ValidationError as error:
        problems += problems_from(error, document, Sources)
    problems += _across(document)
    if problems or found is None:
        raise CatalogueError(sorted(set(problems), key=lambda problem: (problem.line or 0, problem.column or 0)))
    return Catalogue(document.file, found.sources)


def _across(document: Document) -> list[Problem]:
    """Return what is wrong between sources: ids that are none, and two that would write to one file."""
    sources = document.data.get("sources")
    if not isinstance(sources, dict):
        return []
    problems = [document.problem(f"{name!r} cannot be an id", "use small letters, digits and -", ("sources", name),
                                 at_key=True) for name in sources if not ID.fullmatch(name)]  # fmt: skip
    places = [(path, written) for name, source in sources.items() for path, written in _written(name, source)]
    count = Counter(written.casefold() for _, written in places)
    problems += [document.problem(f"{written!r} is written more than once", "give each file its own name", path)
                 for path, written in places if count[written.casefold()] > 1]  # fmt: skip
    return problems


def _written(name: str, source: object) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the files that a source writes, with their places in the YAML."""
    if not isinstance(source, dict):
        return []
    found: list[tuple[tuple[str | int, ...], str]] = []
    file, mirror, tables = source.get("file"), source.get("mirror"), source.get("tables")
    if isinstance(file, str):
        found.append((("sources", name, "file"), file))
        if isinstance(mirror, dict) and isinstance(mirror.get("file"), str):
            extract = (PurePosixPath(file).parent / mirror["file"]).as_posix()
            if extract != file:
                found.append((("sources", name, "mirror", "file"), extract))
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict) and isinstance(table.get("path"), str):
            found.append((("sources", name, "tables", index, "path"), table["path"]))
    return found
