"""Workbooks and parquet files: what is read, and how bad ones are refused."""

import datetime
from collections.abc import Callable
from typing import Any

import openpyxl
import pandas
import pytest

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import ExcelData, Folders, ParquetData, load


def write(folders: Folders, sheets: dict[str, list[list[Any]]], merge: str = "") -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if merge:
        book.worksheets[0].merge_cells(merge)
    book.save(folders.project / "book.xlsx")


def excel(**keys: Any) -> ExcelData:
    return ExcelData(source="excel", path="book.xlsx", **keys)


ROWS: list[list[Any]] = [["area", "month", "value"], ["Kent", datetime.date(2020, 1, 1), 3], [None, None, None],
                         ["Kent", datetime.date(2020, 2, 1), "1,204"]]  # fmt: skip


def test_a_sheet_becomes_a_panel(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    write(folders, {"Data": ROWS})
    data = {"source": "excel", "path": "book.xlsx", "unit": "area", "period": "month"}
    panel = panel_of(folders, data, {"column": "value"}, {"start": "2020-02"})
    assert panel.frame["value"].tolist() == [3.0, 1204.0]
    rows, _, _ = load(excel(), folders)
    assert rows.index.tolist() == [2, 4]


def test_the_sheet_must_be_named(folders: Folders) -> None:
    write(folders, {"Notes": [["x"]], "Table 1": ROWS})
    for keys, message in (({}, "has 2 sheets; say which `sheet`: Notes, Table 1"),
                          ({"sheet": "Tabel 1"}, "has no sheet 'Tabel 1'; did you mean 'Table 1'")):  # fmt: skip
        assert message in str(excel(**keys).preflight(folders, {})[0])
        with pytest.raises(DataError, match=message):
            load(excel(**keys), folders)
    assert load(excel(sheet="Table 1"), folders)[0].columns.tolist() == ["area", "month", "value"]


def test_a_merged_header_is_refused_and_the_right_row_named(folders: Folders) -> None:
    write(folders, {"Data": [["Recorded crime", None, None], *ROWS]}, merge="A1:C1")
    with pytest.raises(DataError, match="header row has merged or empty cells; say `header_row: 2`"):
        load(excel(), folders)
    assert len(load(excel(header_row=2), folders)[0]) == 2


@pytest.mark.parametrize("name", [None, "", "Unnamed: 1"])
def test_an_empty_header_cell_is_refused(folders: Folders, name: str | None) -> None:
    write(folders, {"Data": [["area", name, "value"], ["Kent", "2020-01", 3]]})
    with pytest.raises(DataError, match="header row has merged or empty cells; say `header_row: N`"):
        load(excel(), folders)


def test_columns_without_name_and_cells_are_ignored(folders: Folders) -> None:
    write(folders, {"Data": [["area", None, "value"], ["Kent", None, 3]]})
    assert load(excel(), folders)[0].columns.tolist() == ["area", "value"]


def test_other_faults_of_the_header(folders: Folders) -> None:
    write(folders, {"Data": [["a", "a"], [1, 2]]})
    with pytest.raises(DataError, match="names a more than once"):
        load(excel(), folders)
    with pytest.raises(DataError, match="none is row 9"):
        load(excel(header_row=9), folders)
    write(folders, {"Data": []})
    with pytest.raises(DataError, match=r"sheet is empty|none is row 1"):
        load(excel(), folders)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text", b"\xd0\xcf\x11\xe0old"])
def test_no_workbook(folders: Folders, content: bytes) -> None:
    (folders.project / "book.xlsx").write_bytes(content)
    with pytest.raises(DataError, match=r"empty|cannot be read as an Excel workbook|old workbook"):
        load(excel(), folders)
    assert len(excel().preflight(folders, {})) == 1


def test_a_truncated_workbook(folders: Folders) -> None:
    write(folders, {"Data": ROWS})
    path = folders.project / "book.xlsx"
    whole = path.read_bytes()
    for keep in range(0, len(whole), 997):
        path.write_bytes(whole[:keep])
        with pytest.raises(DataError):
            load(excel(), folders)


def test_parquet_types_become_a_panel(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    frame = pandas.DataFrame({"area": pandas.Categorical(["Kent", "Kent"]), "value": [3, 4], "unused": [[1], [2]],
                              "month": pandas.to_datetime(["2020-01-01", "2020-02-01"])})  # fmt: skip
    frame.set_index("month").to_parquet(folders.project / "a.parquet")
    data = {"source": "parquet", "path": "a.parquet", "unit": "area", "period": "month"}
    panel = panel_of(folders, data, {"column": "value"}, {"start": "2020-02"})
    assert panel.frame["value"].tolist() == [3.0, 4.0]
    with pytest.raises(DataError, match="did you mean 'value'"):
        panel_of(folders, data, {"column": "valeu"}, {"start": "2020-02"})
    with pytest.raises(DataError, match="unused holds lists"):
        load(ParquetData(source="parquet", path="a.parquet"), folders)


@pytest.mark.parametrize("content", [b"", b"P", b"PAR1", b"PAR1xxxxPAR1", b"a,b\n1,2\n"])
def test_no_parquet(folders: Folders, content: bytes) -> None:
    (folders.project / "a.parquet").write_bytes(content)
    data = ParquetData(source="parquet", path="a.parquet")
    with pytest.raises(DataError, match=r"empty|cannot be read as parquet"):
        load(data, folders)
    assert len(data.preflight(folders, {})) == (content[-4:] != b"PAR1" or content[:4] != b"PAR1" or len(content) < 4)
