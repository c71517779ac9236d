"""Text files: what is read, and how bad ones are refused."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import CsvData, Folders, load

Refusal = Callable[..., str]
MakePanel = Callable[..., Panel]


def write(folders: Folders, content: bytes, name: str = "rows.csv") -> CsvData:
    (folders.project / name).write_bytes(content)
    return CsvData(source="csv", path=name)


def test_rows_stay_text_and_are_numbered_as_in_a_spreadsheet(folders: Folders) -> None:
    rows, origin, digest = load(write(folders, b"a,b\n007, x \n1e3,\n"), folders)
    assert rows.index.tolist() == [2, 3]
    assert rows["a"].tolist() == ["007", "1e3"]
    assert rows["b"].tolist() == [" x ", ""]
    assert origin == "rows.csv"
    assert digest == hashlib.sha256(b"a,b\n007, x \n1e3,\n").hexdigest()


def test_only_named_columns_are_read(folders: Folders) -> None:
    rows, _, _ = load(write(folders, b"a,b,c\n1,2,3\n"), folders, {"c": "outcomes.x.column"})
    assert rows.columns.tolist() == ["c"]
    assert rows.attrs["columns"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "name", "keys"),
    [
        ("\ufeffarea,n\nÉire,1\n".encode(), "rows.csv", {}),
        ("area;n\nÉire;1\n".encode(), "rows.csv", {"separator": "semicolon"}),
        ("area\tn\nÉire\t1\n".encode("utf-16"), "rows.csv", {"separator": "tab"}),
        ("A table of the office\n\narea,n\nÉire,1\n".encode(), "rows.csv", {"header_row": 2}),
        ("area,n\r\nÉire,1\r\n".encode("latin-1"), "rows.csv", {"encoding": "latin-1"}),
        (gzip.compress("area,n\nÉire,1\n".encode(), mtime=0), "rows.csv.gz", {}),
        ('"area","n"\n"Éire","1"\n'.encode(), "rows.csv", {}),
    ],
)
def test_ways_in_which_text_is_written(folders: Folders, content: bytes, name: str, keys: dict[str, Any]) -> None:
    (folders.project / name).write_bytes(content)
    data = CsvData(source="csv", path=name, **keys)
    rows, _, _ = load(data, folders, {"area": "data.unit", "n": "outcomes.x.column"})
    assert rows["area"].tolist() == ["Éire"]
    assert rows["n"].tolist() == ["1"]
    assert rows.attrs["notes"] == ()
    assert data.preflight(folders, {"area": "data.unit"}) == []


def test_windows_text_is_read_with_a_note(folders: Folders, csv_panel: MakePanel, table: Callable[..., str]) -> None:
    path = folders.project / "data" / "windows.csv"
    path.write_bytes(table().replace("Essex", "Fürth").encode("cp1252"))
    panel = csv_panel(table(), path="data/windows.csv")
    assert "Fürth" in panel.units
    assert panel.notes == ("data/windows.csv is not UTF-8 and was read as Windows-1252 (cp1252).",)


def test_quoted_text_may_hold_separators_and_line_ends(folders: Folders) -> None:
    rows, _, _ = load(write(folders, b'a,b\n"x, y\nz",1\n'), folders)
    assert rows["a"].tolist() == ["x, y\nz"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"rows.csv is empty \(0 bytes\)"),
        (b"\n\n", "has no row 1 to name the columns"),
        (b"a,b\n1,2,3\n4,5\n6\n", "the header names 2 columns but row 2 has 3, row 4 has 1"),
        (b"a,a\n1,2\n", "the header names a more than once"),
        (b"a,b\n\x81\x8d,\xff\n", "neither UTF-8 nor Windows-1252"),
        (b"a,b\n1,\0\n", "holds NUL bytes"),
        (b"PK\x03\x04rest", "is an Excel workbook or a zip file, not text; use `source: excel`"),
        (b"PAR1rest", "is a parquet file"),
    ],
)
def test_bad_files_are_refused(folders: Folders, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(write(folders, content), folders)
    assert caught.value.problems[0].file == "rows.csv"


def test_a_damaged_gzip_is_refused(folders: Folders) -> None:
    whole = gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 5000)
    for content in (b"no gzip", whole[: len(whole) // 2], whole[:-6]):
        data = write(folders, content, "rows.csv.gz")
        with pytest.raises(DataError, match="cannot be read"):
            load(data, folders)
        assert data.preflight(folders, {"b": "data.unit"})


def test_a_quote_that_never_ends(folders: Folders) -> None:
    with pytest.raises(DataError):
        load(write(folders, b'a,b\n"1,2\n' + b"3,4\n" * 800_000), folders)


def test_a_missing_column_is_named_with_its_key(folders: Folders, table: Callable[..., str]) -> None:
    data = write(folders, table().encode())
    columns = {"aera": "data.unit", "month": "data.period.column"}
    (problem,) = data.preflight(folders, columns)
    assert problem.where == "data.unit"
    assert problem.sentence() == (
        "data.unit: there is no column 'aera'; did you mean 'area'? there are: area, month, value"
    )
    with pytest.raises(DataError, match="did you mean 'area'"):
        load(data, folders, columns)


def test_another_separator_is_guessed_for_the_message(folders: Folders) -> None:
    (problem,) = write(folders, b"area;month;value\n").preflight(folders, {"area": "data.unit"})
    assert "say `separator: semicolon`" in problem.mend


def test_preflight_says_what_is_wrong_with_the_file(folders: Folders) -> None:
    assert "0 bytes" in str(write(folders, b"").preflight(folders, {})[0])
    assert "does not exist" in str(CsvData(source="csv", path="no.csv").preflight(folders, {})[0])
    assert "lies outside" in str(CsvData(source="csv", path="../no.csv").preflight(folders, {})[0])


def test_a_declared_hash_must_hold(folders: Folders) -> None:
    write(folders, b"a\n1\n")
    right = hashlib.sha256(b"a\n1\n").hexdigest()
    data = CsvData(source="csv", path="rows.csv", sha256=right.upper())
    assert data.preflight(folders, {}) == []
    assert load(data, folders)[2] == right
    wrong = CsvData(source="csv", path="rows.csv", sha256="0" * 64)
    with pytest.raises(DataError, match=f"has sha256 {right}, the study declares {'0' * 64}"):
        load(wrong, folders)
    assert wrong.preflight(folders, {})[0].where == "data.sha256"


def test_decimal_commas(csv_panel: MakePanel) -> None:
    text = "area;month;value\nKent;2020-01;1.204,5\nKent;2020-02;2,5\n"
    panel = csv_panel(text, separator=";", decimal=",", outcome={"kind": "continuous"})
    assert panel.frame["value"].tolist() == [1204.5, 2.5]


def test_keys_of_the_block() -> None:
    with pytest.raises(ValidationError, match="is not an encoding"):
        CsvData(source="csv", path="a.csv", encoding="utf-9")
    with pytest.raises(ValidationError):
        CsvData(source="csv", path="a.csv", sep=";")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        CsvData(source="csv", path="a.csv", sha256="abc")


def test_inputs_are_the_file(folders: Folders) -> None:
    (found,) = write(folders, b"a\n1\n").inputs(folders)
    assert found.path == Path(folders.project / "rows.csv")
    assert found.sha256() == hashlib.sha256(b"a\n1\n").hexdigest()
