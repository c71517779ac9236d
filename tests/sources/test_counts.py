"""Numbers in the study file, and numbers drawn at random."""

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from pydantic import ValidationError

from evalkit.records import Panel
from evalkit.sources import CountsData, Folders, SimulatedData, load
from evalkit.sources.counts import infer_frequency

PORTSMOUTH = [{"period": "2019-12", "robberies": 37}, {"period": "2020-01", "robberies": 33},
              {"period": "2022-12", "robberies": 20}, {"period": "2023-01", "robberies": 26}]  # fmt: skip


def test_portsmouth(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "counts", "values": PORTSMOUTH}
    panel = panel_of(folders, data, {"column": "robberies"}, {"start": "2022-12"})
    assert panel.frequency == "month"
    assert dict(zip(map(panel.label, panel.frame["time"]), panel.frame["value"], strict=True)) == {
        "2019-12": 37, "2020-01": 33, "2022-12": 20, "2023-01": 26}  # fmt: skip
    assert panel.origin == "numbers written in the study file"


def test_values_that_are_inferred_say_so_and_from_what(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "counts", "values": PORTSMOUTH, "inferred": True}
    with pytest.raises(ValidationError, match="need `note`, which says from what and how"):
        CountsData.model_validate(data)
    panel = panel_of(folders, {**data, "note": "From 177 fewer."}, {"column": "robberies"}, {"start": "2022-12"})
    assert panel.origin == "numbers written in the study file, worked out from other figures"


def test_numbered_periods_have_names(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    period = {"column": "period", "frequency": "number", "names": {1: "the year to March 2019", 2: "the year after"}}
    data = {"source": "counts", "values": [{"period": 1, "robberies": 37}, {"period": 2, "robberies": 20}]}
    named = panel_of(folders, {**data, "period": period}, {"column": "robberies"}, {"start": "2"})
    assert named.period_names == {"1": "the year to March 2019", "2": "the year after"}
    plain = panel_of(folders, {**data, "period": {**period, "names": {}}}, {"column": "robberies"}, {"start": "2"})
    assert (plain.period_names, plain.sha256) == ({}, named.sha256)  # names are no part of the data
    for wrong, why in (({**period, "frequency": "year"}, "have names of their own"),
                       ({**period, "names": {"first": "A year"}}, "is not a")):  # fmt: skip
        with pytest.raises(ValidationError, match=why):
            CountsData.model_validate({**data, "period": wrong})


def test_a_list_of_numbers(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "counts", "values": [3, 4, 5], "period": {"start": "2022-Q4", "frequency": "quarter"}}
    panel = panel_of(folders, data, {}, {"start": "2023-Q1"})
    assert [panel.label(time) for time in panel.times] == ["2022-Q4", "2023-Q1", "2023-Q2"]
    panel = panel_of(folders, data, {"column": "any name"}, {"start": "2023-Q1"})
    assert panel.frame["value"].tolist() == [3, 4, 5]


def test_units_and_exposure(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    values = [
        {"unit": unit, "period": year, "value": 10, "people": 1000} for unit in ("b", "a") for year in (2020, 2021)
    ]
    data = {"source": "counts", "values": values}
    outcome = {"kind": "rate", "exposure": "people", "per": 100}
    panel = panel_of(folders, data, outcome, {"starts": {"a": 2021}})
    assert panel.frequency == "year"
    assert panel.units == ["a", "b"]
    assert panel.treated_units == ["a"]
    assert panel.frame["value"].tolist() == [1.0] * 4
    assert panel.outcome.unit == "per 100"


@pytest.mark.parametrize(
    ("written", "frequency"),
    [
        (["2019-12", "2020-01"], "month"),
        (["Dec 2019", "2020-01"], "month"),
        (["2019-12-05", "2020-01-09"], "day"),
        (["2019-12-01", "2020-01-01"], "month"),
        (["2019-Q4", "2020-Q1"], "quarter"),
        ([2019, 2020], "year"),
        (["2009-10", "2010-11"], "financial_year"),
        (["2009-10", "2009-11"], "month"),
        (["2018/19", "2019/20"], "financial_year"),
        ([1, 2], "number"),
        (["before", "after"], None),
        (["2019", "Q1 of 2020"], None),
    ],
)
def test_the_frequency_is_as_written(written: list[Any], frequency: str | None) -> None:
    assert infer_frequency(written) == frequency


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"values": [1, 2]}, "a list of numbers needs `period: {start"),
        ({"values": [{"value": 1}]}, "value 1 has no 'period'"),
        ({"values": [{"period": "2019-12", "value": 1}, {"period": "soon", "value": 1}]}, "written in different ways"),
        ({"values": []}, "at least 1"),
    ],
)
def test_values_that_cannot_be_placed(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CountsData(source="counts", **keys)


def test_the_hash_is_that_of_the_values(folders: Folders) -> None:
    first, same, other = (CountsData(source="counts", values=values) for values in (
        PORTSMOUTH, [dict(reversed(row.items())) for row in PORTSMOUTH], PORTSMOUTH[:3]))  # fmt: skip
    digest = first.inputs(folders)[0].sha256()
    assert digest == same.inputs(folders)[0].sha256() != other.inputs(folders)[0].sha256()
    assert load(first, folders)[2] == digest


def test_preflight_knows_the_names(folders: Folders) -> None:
    (problem,) = CountsData(source="counts", values=PORTSMOUTH).preflight(folders, {"robbery": "outcomes.x.column"})
    assert "did you mean 'robberies'" in problem.mend
    numbers = CountsData(source="counts", values=[1, 2], period={"start": 2020, "frequency": "year"})
    assert numbers.preflight(folders, {"any": "outcomes.x.column"}) == []


def simulated(**keys: Any) -> SimulatedData:
    return SimulatedData(**{"source": "simulated", "periods": 24, "period": {"start": "2019-01"}, **keys})


def test_the_same_seed_gives_the_same_data(folders: Folders) -> None:
    keys = {"units": 5, "dispersion": 3, "autocorrelation": 0.5, "baseline": {"low": 5, "high": 50}}
    first, again, other = (load(simulated(seed=seed, **keys), folders)[0] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    # Drawn once and kept: another number means that every simulated study would change.
    assert first["value"].head(6).tolist() == [23, 22, 27, 36, 33, 33]


def test_a_simulated_panel_says_so(folders: Folders, panel_of: Callable[..., Panel]) -> None:
    data = {"source": "simulated", "units": ["b", "a", "c"], "treated": ["a"], "periods": 12, "treated_from": "2019-07",
            "period": {"start": "2019-01", "frequency": "month"}, "exposure": {"low": 10, "high": 20}}  # fmt: skip
    panel = panel_of(folders, data, {"column": "harm", "exposure": "exposure"}, {"start_column": "first_treated"})
    assert panel.simulated
    assert panel.treated_units == ["a"]
    assert str(panel.frame["first_treated"].dropna().iloc[0]) == "2019-07"
    assert panel.frame["exposure"].between(10, 20).all()
    assert panel.origin == "simulated data (seed 1), not real"


def test_first_treated_periods_by_unit() -> None:
    treated = {"unit 1": "2020-02", "unit 2": None, "unit 3": "never"}
    assert simulated(units=3, treated=treated).first_times() == {"unit 1": 601}


def test_mean_dispersion_and_effect_are_as_planted(folders: Folders) -> None:
    keys = {"units": 4000, "periods": 8, "baseline": 50, "dispersion": 4, "effect": -20}
    rows, _, _ = load(simulated(treated=2000, **keys), folders)
    values = rows["value"].to_numpy().reshape(4000, 8)
    untreated, treated = values[2000:].ravel(), values[:2000, 4:].ravel()
    assert untreated.mean() == pytest.approx(50, abs=0.5)
    assert treated.mean() / untreated.mean() == pytest.approx(0.8, abs=0.01)
    assert untreated.var() / untreated.mean() == pytest.approx(4, rel=0.06)
    poisson = load(simulated(**{**keys, "dispersion": 1}), folders)[0]["value"].to_numpy().reshape(4000, 8)[2000:]
    assert poisson.var() / poisson.mean() == pytest.approx(1, rel=0.05)


def test_season_trend_and_autocorrelation(folders: Folders) -> None:
    rows, _, _ = load(simulated(units=500, treated=0, periods=48, season=30, trend=10, baseline=500), folders)
    monthly = rows["value"].to_numpy().reshape(500, 48).mean(axis=0)
    expected = 500 * 1.1 ** (numpy.arange(48) / 12) * (1 + 0.3 * numpy.cos(2 * numpy.pi * numpy.arange(48) / 12))
    assert monthly == pytest.approx(expected, rel=0.02)
    rows, _, _ = load(
        simulated(units=200, treated=0, periods=60, dispersion=50, baseline=500, autocorrelation=0.7), folders
    )
    values = rows["value"].to_numpy().reshape(200, 60)
    assert numpy.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1] == pytest.approx(0.7, abs=0.06)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"autocorrelation": 0.5}, "needs a `dispersion` above 1"),
        ({"units": 2, "treated": 3}, "3 units are to be treated"),
        ({"units": ["Kent", "Essex"], "treated": ["Ken"]}, "did you mean 'Kent'"),
        ({"units": ["a", "a"]}, "names a unit twice"),
        ({"period": {"column": "month"}}, "simulated data need"),
        ({"baseline": {"low": 5, "high": 1}}, "`low` is above `high`"),
        ({"treated": {"unit 1": "2020-01"}, "treated_from": "2020-01"}, "not both"),
        ({"periods": 100_000}, "run past the year 9999"),
        ({"treated_from": "soon"}, "'soon' is not a month"),
    ],
)
def test_simulations_that_cannot_be(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        simulated(**keys)
