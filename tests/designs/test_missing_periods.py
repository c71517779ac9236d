"""A period that nobody has: event times count it by the calendar, and a start in it is no fault."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
from evalkit.errors import DataError, DesignError
from evalkit.estimation.staggered.event_time_weights import imputed_weights
from evalkit.flow import evaluate
from evalkit.records import Diagnostic, Panel, Result
from evalkit.spec.loading import load_spec

HOLE, EARLY, LATE = 12, 9, 12
UNITS = 30


@pytest.fixture
def holed(panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """30 places in 15 years of which one is missing: eight start three years before the hole, two in it."""

    def make() -> Panel:
        generator = numpy.random.default_rng(3)
        starts = {f"u{unit:02d}": EARLY if unit < 8 else LATE for unit in range(10)}
        rows = []
        for unit in range(UNITS):
            own, begin = generator.normal(50, 5), starts.get(f"u{unit:02d}", 99)
            for time in range(15):
                value = own + generator.normal() + (-3.0 if time >= begin else 0.0)
                if time != HOLE:
                    rows.append((f"u{unit:02d}", time, value))
        return panel(rows, "continuous", "number", starts, gaps=((HOLE, "Not published", None),))

    return make


def run(panel: Panel, *, supplements: bool = False, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(panel, supplements=supplements)


def check(result: Result, name: str) -> Diagnostic:
    return next(check for check in result.diagnostics if check.name == name)


@pytest.mark.parametrize("estimator", ["callaway_santanna", "imputation", "sun_abraham"])
def test_leads_are_tested_among_reassignments(holed: Callable[..., Panel], estimator: str) -> None:
    result = run(holed(), estimator=estimator, inference="randomisation", inference_draws=199)
    assert {point.time for point in result.event_study if point.time >= 0} == {0, 1, 2, 4, 5}
    leads = check(result, "pre_period_leads")
    assert leads.verdict != "not run", leads.reading
    assert leads.p_value is not None
    points = [point for point in result.event_study if point.time >= 0 and point.low is not None]
    assert all(point.low < -3.0 < point.high for point in points)
    assert len(points) == 5


def test_starts_that_cannot_be_told_apart_are_not_tested(panel: Callable[..., Panel]) -> None:
    """A start in the hole and one right after it have the same first period with rows."""
    generator = numpy.random.default_rng(5)
    starts = {f"u{unit:02d}": 8 if unit < 4 else 9 for unit in range(8)}
    rows = [(f"u{unit:02d}", time, generator.normal()) for unit in range(UNITS) for time in range(13) if time != 8]
    data = panel(rows, "continuous", "number", starts, gaps=((8, "Not published", None),))
    result = run(data, estimator="callaway_santanna", inference="randomisation", inference_draws=199)
    leads = check(result, "pre_period_leads")
    assert leads.verdict == "not run"
    assert "one hole" in leads.reading


def test_an_event_time_that_no_cell_has_is_refused() -> None:
    with pytest.raises(DesignError, match="no start has event time 5"):
        imputed_weights([2, 2, 6], 6, [0, 5])


def test_bounds_stop_before_the_hole(holed: Callable[..., Panel]) -> None:
    result = run(holed(), supplements=True, estimator="callaway_santanna", inference="cluster_robust", draws=99)
    assert result.robust_bounds
    assert result.breakdown is not None
    assert result.breakdown["relative_magnitudes"]["average"] > 0.0
    reading = check(result, "robust_to_departures").reading
    assert "The bounds reach to 2 periods after the first treated one" in reading


def test_a_synthetic_comparison_with_a_start_in_the_hole(holed: Callable[..., Panel]) -> None:
    whole = holed()
    later = whole.frame["first_time"] != EARLY
    panel = replace(whole, frame=whole.frame[later].reset_index(drop=True))
    result = run(panel, estimator="synthetic_did", inference="placebo", draws=99)
    assert (result.n_treated_units, result.n_post_periods) == (2, 2)
    assert {point.time for point in result.event_study if point.time >= 0} == {1, 2}
    assert result.effect.value == pytest.approx(-3.0, abs=1.5)


BREAK = """\
evalkit: 1
title: Four places
question: Did it change?
data:
  source: csv
  path: data/places.csv
  unit: place
  period: {column: year, frequency: year}
  breaks: [{date: 2012, units: [%s], what: Counted anew, handling: exclude}]
intervention: {starts: {%s: 2014, Harbour: 2014}}
outcomes:
  incidents: {label: Incidents, column: incidents, kind: count, better: lower}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
"""


def places(project: Path) -> None:
    names = ("North", "Harbour", "Mill", "Park", "Hill", "Docks", "Quay", "Field")
    rows = [f"{name},{year},{100 + 7 * at + (3 * year + at) % 11}" for at, name in enumerate(names)
            for year in range(2006, 2019)]  # fmt: skip
    (project / "data" / "places.csv").write_text("\n".join(["place,year,incidents", *rows]) + "\n", encoding="utf-8")


def test_a_place_that_a_break_leaves_out_may_have_a_start(write_study: Callable[..., Path], project: Path) -> None:
    places(project)
    result = evaluate(load_spec(write_study(BREAK % ("North", "North")))).analyses[0].result
    assert (result.n_units, result.n_treated_units) == (7, 1)


def test_a_start_of_a_place_that_is_nowhere_is_still_refused(write_study: Callable[..., Path], project: Path) -> None:
    places(project)
    with pytest.raises(DataError, match="'Nort' is not among the units"):
        evaluate(load_spec(write_study(BREAK % ("North", "Nort"))))
