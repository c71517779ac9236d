"""Power of a study, from its panel: against theory, in the right direction, and refused where it has no meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas
import pytest
from scipy import optimize, stats

from evalkit import planning
from evalkit.designs import BeforeAfter, DifferenceInDifferences, InterruptedTimeSeries
from evalkit.errors import DesignError
from evalkit.estimation.series.simulated_series import autoregressive_errors, counts_with
from evalkit.periods import as_pandas
from evalkit.planning.pre_period import learn
from evalkit.planning.series import NOT_EVEN, Simulation, less_with_more
from evalkit.records import Measure, Panel

FIRST = 612  # January 2021
KEYS = {"target", "level", "replications", "seed", "measure", "cells", "own", "pre_period", "words"}


@pytest.fixture
def panel() -> Callable[..., Panel]:
    """A monthly series from January 2021; `start` counts from its first period, None is yet to come."""

    def build(values: np.ndarray, start: int | None = None, **outcome: Any) -> Panel:
        times = np.arange(values.size) + FIRST
        frame = pandas.DataFrame({"unit": "", "time": times, "value": np.asarray(values, dtype=float), "exposure": 1.0})
        frame["period"] = as_pandas(frame["time"], "month")
        frame["first_time"] = np.nan if start is None else float(FIRST + start)
        frame["weight"], frame["cluster"] = 1.0, ""
        measure = Measure("outcome", "Incidents", **({"kind": "count", "better": "lower"} | outcome))
        return Panel(frame, measure, "month")

    return build


def noise(points: int, rho: float = 0.3, seed: int = 5) -> np.ndarray:
    return autoregressive_errors(np.random.default_rng(seed), 1, points, rho)[0]


def sizes(power: dict[str, Any]) -> dict[tuple[int, int], float | None]:
    return {(cell["before"], cell["after"]): cell["smallest_change_percent"] for cell in power["cells"]}


def test_it_is_the_noncentral_t_where_errors_are_independent(panel: Callable[..., Panel]) -> None:
    design = InterruptedTimeSeries(errors="ordinary", impact="level", trend="none", season="none")
    known = learn(design, panel(100 + 10 * noise(60), kind="continuous"))
    known = replace(known, autocorrelation=0.0, spread=10.0, level=100.0)
    errors = autoregressive_errors(np.random.default_rng(3), 4000, 60, 0.0)
    cell = Simulation(known, "none", errors).cell(36, 24)
    se, df = 10 * np.sqrt(1 / 36 + 1 / 24), 58
    theory = optimize.brentq(lambda d: stats.nct.sf(stats.t.isf(0.025, df), df, d / se) - 0.8, 0, 100)
    assert cell["error_percent"] < 0.2
    assert cell["smallest_change_percent"] == pytest.approx(theory, abs=3 * cell["error_percent"])


def test_longer_is_better_and_the_answer_says_what_it_rests_on(panel: Callable[..., Panel]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(84)))
    design = InterruptedTimeSeries(impact="level", trend="none", season="none")
    power = planning.power(design, panel(values, 60), grid=((24, 48), (3, 6, 12, 24)))
    assert set(power) == KEYS
    found = sizes(power)
    for before in (24, 48):
        row = [found[before, after] for after in (3, 6, 12, 24)]
        assert row == sorted(row, reverse=True)
    assert all(found[48, after] < found[24, after] for after in (3, 6, 12, 24))
    assert (power["own"]["before"], power["own"]["after"]) == (60, 24)
    assert power["own"]["smallest_change_percent"] < found[24, 24]
    known = power["pre_period"]
    assert known["level"] == pytest.approx(values[48:60].mean())
    assert 0.0 < known["autocorrelation"] < 0.6
    assert "four times in five" in power["words"]
    assert "find less" not in power["words"]
    assert "in these months alone, variance" in power["words"]
    assert "fall" in power["measure"]


def test_where_a_longer_time_after_finds_less_the_answer_says_why(panel: Callable[..., Panel]) -> None:
    """A line from 12 months that is carried over 24 more: the same series without a slope find less and less."""
    values, grid = np.round(200 * np.exp(0.1 * noise(36))), ((12,), (3, 6, 12, 24))
    line, flat = (planning.power(InterruptedTimeSeries(impact=impact, trend=trend, season="none", errors="ordinary"),
                                 panel(values, 12), grid=grid)
                  for impact, trend in (("level_and_slope", "linear"), ("level", "none")))  # fmt: skip
    found, without = sizes(line), sizes(flat)
    assert found[12, 24] > found[12, 6]
    assert without[12, 24] < without[12, 6]
    assert "More data after can find less: with 12 months before, " in line["words"]
    assert "because the line before is carried forward further, and an error in its slope grows" in line["words"]
    assert "find less" not in flat["words"]


def test_chance_of_the_simulation_is_not_explained() -> None:
    def cell(after: int, size: float | None, error: float | None = 0.5, problem: str = "") -> dict[str, Any]:
        return {"before": 12, "after": after, "smallest_change_percent": size, "error_percent": error,
                "problem": problem}  # fmt: skip

    first = cell(3, 20.0)
    assert less_with_more([first, cell(6, 21.0)], "month", carried=True) == ""
    told = less_with_more([first, cell(6, 22.0)], "month", carried=True)
    assert "20.0% with 3 after and 22.0% with 6, because" in told
    lost = cell(6, None, None, NOT_EVEN)
    assert "and none is found with 6" in less_with_more([first, lost], "month", carried=True)
    assert less_with_more([first, cell(6, None, None, "not every month occurs")], "month", carried=True) == ""
    assert "why is not known" in less_with_more([first, cell(6, 22.0)], "month", carried=False)


def test_only_the_time_before_counts(panel: Callable[..., Panel]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(60)))
    changed = values.copy()
    changed[48:] = np.round(changed[48:] * 0.4)
    first, second = (planning.power(InterruptedTimeSeries(), panel(v, 48), replications=50) for v in (values, changed))
    assert first == second


def test_a_start_that_is_yet_to_come(panel: Callable[..., Panel]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(48)))
    power = planning.power(InterruptedTimeSeries(), panel(values), replications=100)
    assert power["own"] == {"before": 48, "after": None, "smallest_change_percent": None}
    assert power["pre_period"]["periods"] == 48
    assert {before for before, _ in sizes(power)} == {24, 36, 48}
    assert all(size is not None for (_, after), size in sizes(power).items() if after >= 6)


def test_small_counts_are_checked_by_drawing_them(panel: Callable[..., Panel]) -> None:
    scores = autoregressive_errors(np.random.default_rng(8), 1, 96, 0.2)
    counts = counts_with(scores, np.full(96, 7.0), 1.3)[0]
    assert counts.min() < 5
    power = planning.power(InterruptedTimeSeries(season="none"), panel(counts, 72), grid=((72,), (24,)))
    own = power["own"]
    assert 20 < own["smallest_change_percent"] < 80
    assert own["found_share"] == pytest.approx(0.8, abs=0.1)
    assert power["pre_period"]["dispersion"] >= 1.0


def test_a_rise_is_looked_for_where_higher_is_better(panel: Callable[..., Panel]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(60)))
    grid = ((48,), (12,))
    fall, rise = (planning.power(InterruptedTimeSeries(), panel(values, 48, better=better), grid=grid)
                  for better in ("lower", "higher"))  # fmt: skip
    assert "rise" in rise["measure"]
    (a,), (b,) = sizes(fall).values(), sizes(rise).values()
    assert 1 + b / 100 == pytest.approx(1 / (1 - a / 100), rel=1e-9)  # the same distance as a logarithm


@pytest.mark.parametrize("options", [{"scale": "identity"}, {}, {"family": "quasi_poisson"}])
def test_an_even_exposure_changes_nothing(panel: Callable[..., Panel], options: dict[str, Any]) -> None:
    """Counts per 1,000 of the same 5,000 people are a fifth of the counts, and so is their noise."""
    plain = panel(np.round(50 * np.exp(0.2 * noise(60))), 48)
    exposed = replace(plain, frame=plain.frame.assign(exposure=5000.0), outcome=replace(plain.outcome, per=1000.0))
    first, second = (planning.power(InterruptedTimeSeries(**options), each, ((48,), (12,)), 60)
                     for each in (plain, exposed))  # fmt: skip
    assert list(sizes(first).values()) == pytest.approx(list(sizes(second).values()), rel=1e-4)
    assert first["pre_period"]["level"] == second["pre_period"]["level"]
    assert first["pre_period"]["dispersion"] == pytest.approx(second["pre_period"]["dispersion"], rel=1e-4)


@pytest.mark.parametrize("errors", ["autoregressive", "newey_west", "prais_winsten", "ordinary", "arima"])
def test_every_error_model_answers(panel: Callable[..., Panel], errors: str) -> None:
    values = np.round(200 * np.exp(0.1 * noise(60)))
    power = planning.power(InterruptedTimeSeries(errors=errors), panel(values, 48), ((36, 48), (12,)), 60)
    assert all(3 < size < 60 for size in sizes(power).values())
    assert ("ARIMA" in power["words"]) == (errors == "arima")


@pytest.mark.parametrize("shape", [
    {"impact": "slope"}, {"impact": "pulse", "length": 6}, {"phase_in": 2}, {"impact": "ramp", "length": 4},
    {"anticipation": 2}, {"season": "fourier", "pairs": 1}, {"trend": "quadratic", "trend_reason": "it bends"},
])  # fmt: skip
def test_every_shape_answers(panel: Callable[..., Panel], shape: dict[str, Any]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(72)))
    power = planning.power(InterruptedTimeSeries(**shape), panel(values, 48), ((36,), (12, 24)), 60)
    assert all(size is not None and 3 < size < 95 for size in sizes(power).values())


def test_lengths_that_cannot_tell_the_terms_apart_say_so(panel: Callable[..., Panel]) -> None:
    values = np.round(200 * np.exp(0.1 * noise(60)))
    power = planning.power(InterruptedTimeSeries(season="month"), panel(values, 48), ((6, 36), (12,)), 60)
    found = {cell["before"]: cell for cell in power["cells"]}
    assert found[6]["smallest_change_percent"] is None
    assert "month" in found[6]["problem"]
    assert found[36]["problem"] == ""


def test_before_after_of_counts_is_exact(panel: Callable[..., Panel]) -> None:
    """Twelve periods of 10 against 12: 120 and 120 expected, a fall found with probability 0.8 by the exact test."""
    values = np.tile([9.0, 11.0], 12)
    power = planning.power(BeforeAfter(), panel(values, 12), ((12,), (12,)))
    (size,) = sizes(power).values()
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    normal = optimize.brentq(lambda f: -np.log1p(-f) - z * np.sqrt(1 / 120 + 1 / (120 * (1 - f))), 1e-6, 0.9)
    assert size == pytest.approx(100 * normal, rel=0.06)
    assert size > 100 * normal  # exact is never too sure
    assert power["own"]["smallest_change_percent"] == size
    assert power["pre_period"]["dispersion"] == 1.0
    uneven = np.tile([2.0, 18.0], 12)
    assert next(iter(sizes(planning.power(BeforeAfter(), panel(uneven, 12), ((12,), (12,)))).values())) > size


@pytest.mark.parametrize(("design", "outcome", "found"), [
    (DifferenceInDifferences(), {}, "there is one unit"),
    (BeforeAfter(), {"kind": "continuous"}, "worked out for counts"),
    (BeforeAfter(pairing="paired"), {}, "pairing"),
    (InterruptedTimeSeries(controls=["other"]), {}, "controls"),
])  # fmt: skip
def test_designs_that_it_is_not_worked_out_for(
    panel: Callable[..., Panel], design: Any, outcome: dict[str, Any], found: str
) -> None:
    with pytest.raises(DesignError, match=found):
        planning.power(design, panel(np.round(100 + 10 * noise(60)), 48, **outcome))


def test_bad_numbers_are_refused(panel: Callable[..., Panel]) -> None:
    values, design = np.round(100 + 10 * noise(60)), InterruptedTimeSeries()
    with pytest.raises(DesignError, match="replications"):
        planning.power(design, panel(values, 48), replications=5)
    for grid in (((), (3,)), ((0,), (3,)), ((12.5,), (3,))):
        with pytest.raises(DesignError, match="whole numbers"):
            planning.power(design, panel(values, 48), grid=grid)
    with pytest.raises(DesignError, match="same in every period before"):
        planning.power(design, panel(np.full(60, 7.0), 48))
    with pytest.raises(DesignError, match="percent of it has no meaning"):
        planning.power(design, panel(values - 150, 48, kind="continuous"))
    with pytest.raises(DesignError, match="bring at least 3"):
        planning.power(design, panel(values[:2]))
    with pytest.raises(DesignError, match="tell too little"):
        planning.power(design, panel(values[:4]))
    with pytest.raises(DesignError, match="nothing was counted"):
        planning.power(BeforeAfter(), panel(np.append(np.zeros(5), 3.0), 5))
