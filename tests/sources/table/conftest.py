"""Shared by the tests of tables: incident rows written as files, and the same panel by two ways."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from pandas.testing import assert_frame_equal
from pydantic import TypeAdapter

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import AnySource, Folders, Intervention, Outcome, build_panel, load, needed_columns, read_exposure

SOURCE = TypeAdapter(AnySource)
Asked = dict[str, Any]


def panel_of(folders: Folders, data: Asked, outcome: Asked, intervention: Asked | None) -> Panel:
    """Return the panel of a study's blocks, read as a study is read."""
    block = SOURCE.validate_python(data)
    measured = Outcome(**{"label": "Incidents", **outcome})
    started = None if intervention is None else Intervention(**intervention)
    outcomes = {"incidents": measured}
    block = block.asking(outcomes, started)
    rows, origin, sha256 = load(block, folders, needed_columns(block, outcomes, started))
    name = measured.exposure
    exposure = read_exposure(block, name, folders) if name in block.exposures else None
    return build_panel(block, rows, "incidents", measured, started, origin, sha256, exposure)


def either(make: Callable[[], Panel]) -> Panel | str:
    """Return a panel, or the first words of the reason why there is none."""
    try:
        return make()
    except DataError as error:
        return error.problems[0].message


def same(one: Panel, other: Panel) -> None:
    """Check that two panels hold the same to the last bit, and say the same of it."""
    assert_frame_equal(one.frame, other.frame, check_exact=True)
    assert (one.outcome, one.frequency, one.covariates, one.bounded) == (
        other.outcome, other.frequency, other.covariates, other.bounded)  # fmt: skip
    assert one.notes == other.notes


@pytest.fixture
def folders(project: Path) -> Folders:
    return Folders(project)


@pytest.fixture
def incidents() -> pandas.DataFrame:
    """Return 400 incidents of three areas in 2022 to 2024, with kinds, ages, hours and pounds."""
    import numpy

    random = numpy.random.default_rng(7)
    days = pandas.Timestamp("2022-01-01") + pandas.to_timedelta(random.integers(0, 1000, 400), unit="D")
    return pandas.DataFrame({
        "area": random.choice(["Ynys Môn", "O'Neill", 'Say "no"; DROP TABLE incidents; --'], 400),
        "day": days,
        "kind": random.choice(["violence", "theft", "it's"], 400),
        "age": random.integers(10, 90, 400),
        "harm": random.integers(0, 5, 400),
        "pounds": numpy.round(random.gamma(2.0, 40.0, 400), 2),
        "people": random.integers(1, 4, 400),
    })  # fmt: skip


@pytest.fixture
def as_files(folders: Folders, incidents: pandas.DataFrame) -> pandas.DataFrame:
    """Write the incidents as data/incidents.csv and data/incidents.parquet."""
    incidents.to_csv(folders.project / "data" / "incidents.csv", index=False)
    incidents.to_parquet(folders.project / "data" / "incidents.parquet", index=False)
    return incidents
