"""Shared by the tests of sources: a project with one CSV file, and its way to a panel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import AnySource, Folders, Intervention, Outcome, build_panel, load, needed_columns, read_exposure

SOURCE = TypeAdapter(AnySource)


def panel_of(folders: Folders, data: dict[str, Any], outcome: dict[str, Any], intervention: dict[str, Any]) -> Panel:
    block = SOURCE.validate_python(data)
    measured = Outcome(**{"label": "Incidents", **outcome})
    started = Intervention(**intervention)
    rows, origin, sha256 = load(block, folders, needed_columns(block, {"incidents": measured}, started))
    name = measured.exposure
    exposure = read_exposure(block, name, folders) if name in block.exposures else None
    return build_panel(block, rows, "incidents", measured, started, origin, sha256, exposure)


@pytest.fixture
def folders(project: Path) -> Folders:
    return Folders(project)


@pytest.fixture
def csv_panel(folders: Folders) -> Callable[..., Panel]:
    """Return a function from CSV text to a panel; keys of data, outcome and intervention may be given."""

    def make(text: str, *, outcome: dict[str, Any] | None = None, intervention: dict[str, Any] | None = None,
             **data: Any) -> Panel:  # fmt: skip
        (folders.project / "data" / "rows.csv").write_text(text, encoding="utf-8")
        return panel_of(
            folders,
            {"source": "csv", "path": "data/rows.csv", "unit": "area", "period": "month", **data},
            {"column": "value", "kind": "count", **(outcome or {})},
            intervention or {"start": "2020-02"},
        )

    return make


@pytest.fixture
def refusal(csv_panel: Callable[..., Panel]) -> Callable[..., str]:
    """Return a function that gives the message with which CSV text is refused."""

    def refuse(text: str, **keys: Any) -> str:
        with pytest.raises(DataError) as caught:
            csv_panel(text, **keys)
        return str(caught.value)

    return refuse


def table(*rows: str, header: str = "area,month,value") -> str:
    """Return CSV text; without rows, two areas and three months."""
    rows = rows or tuple(f"{area},2020-0{month},{10 * month}" for area in ("Kent", "Essex") for month in (1, 2, 3))
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture(name="table")
def table_fixture() -> Callable[..., str]:
    return table


@pytest.fixture(name="panel_of")
def panel_of_fixture() -> Callable[..., Panel]:
    return panel_of


@pytest.fixture
def source() -> Callable[[dict[str, Any]], Any]:
    return SOURCE.validate_python
