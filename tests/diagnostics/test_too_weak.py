"""What is inconclusive is never told as no sign: every check that judges an interval, with a wide and a narrow one."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from evalkit.diagnostics import (
    baselines,
    comparison,
    comparison_areas,
    composition,
    counts,
    cross_sections,
    extrapolation,
    falsification,
    lone_starts,
    parallel_trends,
    placebo,
    regression_to_the_mean,
    series,
    spillover,
    start_dates,
    two_scales,
    windows,
)
from evalkit.records import Analysis, Diagnostic, Estimate, EventTime, Measure, Placebo, Result

EFFECT = -0.2
DATES = [Placebo("period", "", str(number), 1.0, measure="percent") for number in range(12)]


def leads(reach: float) -> Diagnostic:
    lead = EventTime(-2, 0.01, 0.02, -0.03, 0.05, 0.01 - reach, 0.01 + reach)
    return comparison.pre_period_leads([lead], 1.0, 0.4, "log", "", EFFECT)


def analysis(percent: tuple[float, float | None, float | None]) -> Analysis:
    value, low, high = percent
    relative = Estimate(value, "", "%", low=low, high=high)
    effect = Estimate(value / 100, low=None if low is None else low / 100, high=None if high is None else high / 100)
    result = Result("", "", effect, relative=relative)
    return Analysis("other", "falsification", "Bicycle theft", Measure("other", "Thefts", "", "count", "lower"),
                    {"kind": "interrupted_time_series"}, result, "month", "2020-01")  # fmt: skip


def untouched(reach: float) -> Diagnostic:
    return falsification.negative_controls([analysis((1.0, 1 - reach, 1 + reach))], analysis((-20.0, -30, -10)).result)


def pretended(reach: float) -> Diagnostic:
    return falsification.pretend_starts([analysis((1.0, 1 - reach, 1 + reach))], analysis((-20.0, -30, -10)).result)


WIDE_AND_NARROW: dict[str, tuple[Callable[[float], Diagnostic], float, float]] = {
    "pre_period_leads": (leads, 0.05, 0.03),
    "anticipation": (lambda r: comparison.anticipation(0.01, -r, r, 0.5, "log", "", EFFECT), 0.06, 0.04),
    "pre_period_linearity": (
        lambda r: extrapolation.pre_period_linearity(extrapolation.Bend(0.01, -r, r, 0.5), "log", "", EFFECT), 0.1, 0.04
    ),
    "length_of_extrapolation": (
        lambda m: extrapolation.length_of_extrapolation(12, 6, "month", None, EFFECT, extrapolation.beyond(m, [5, 17])),
        22.2, 16.9,
    ),
    "spillover_to_neighbours": (
        lambda r: spillover.spillover_to_neighbours(3, 9, (1.0, -r, r), "percent", -12.0, False, "two-way"), 15.0, 9.0
    ),
    "composition": (
        lambda r: composition.composition_of_rows([composition.Shift("age", 0.05, -r, r, False)],
                                                  {"treated": (50, 40)}), 0.3, 0.2
    ),
    "negative_controls": (untouched, 25.0, 10.0),
    "falsification": (pretended, 25.0, 10.0),
    "independent_periods": (lambda n: counts.independent_periods(0.0, int(n)), 40, 400),
    "residual_autocorrelation": (
        lambda n: series.residual_autocorrelation(series.Remains(0.0, 0.0, 1, 0.9, 12), "ordinary", None, int(n)),
        40, 400,
    ),
    "scale_of_the_outcome": (
        lambda other: two_scales.scale_of_the_outcome(-9.8, other, "log", False, False), 15.1, -4.0
    ),
    "placebo_dates": (lambda n: placebo.placebo_dates(2, 100, 2, n > 0, "month"), 0, 1),
    "placebo_dates of places": (lambda n: parallel_trends.placebo_dates(DATES[: int(n)], 8.0, True), 4, 12),
}  # fmt: skip
"""Each check with what makes it too weak, and what does not; either way nothing speaks against."""

NOT_JUDGED = {
    "number_of_clusters": "a number", "treated_clusters": "a number", "staggered_adoption": "dates",
    "units_left_out": "a list", "always_treated": "a list", "unit_trends": "never run",
    "balance_of_levels": "never run", "leads_of_few": "never run", "leads_not_run": "never run",
    "linearity_not_run": "never run",
    "single_period_comparison": "a number", "window_lengths": "dates",
    "pandemic_restrictions": "dates", "restrictions_in_series": "dates", "no_comparison": "never run",
    "selection_on_high_baseline": "a size, whatever chance would give", "small_counts": "a number",
    "overdispersion": "a size, whatever chance would give", "overdispersion_between_units": "a rule",
    "dispersion_not_run": "never run", "area_dispersion": "a rule", "four_totals": "always against",
    "parallel_change": "never run", "number_of_points": "a number", "season_fitted": "dates",
    "other_changes": "never run", "no_counts": "never run", "placebo_dates_not_run": "never run",
    "leave_out_not_run": "never run", "leave_out": "how far the estimate moves", "leave_one_out": "how far it moves",
    "leave_one_out_not_run": "never run", "robust_to_departures": "a size that is printed",
    "nothing_to_undo": "never run", "robustness_not_run": "never run", "one_comparison": "always against",
    "no_result_could_count": "always against", "treated_like_the_rest": "a rank among sets",
    "scale_not_run": "never run", "choice_of_baseline": "windows side by side",
    "composition_of_units": "a list", "rows_counted_alone": "always against", "lone_starts": "a list",
    "regression_to_the_mean": "a range from the rule of selection", "stated_selection": "the author's word",
    "spillover_not_run": "never run", "start_dates": "dates",
}  # fmt: skip
"""Functions that return a check and judge no interval, with what they go by."""
JUDGED = {
    "pre_period_leads",
    "anticipation",
    "pre_period_linearity",
    "length_of_extrapolation",
    "spillover_to_neighbours",
    "composition_of_rows",
    "negative_controls",
    "pretend_starts",
    "independent_periods",
    "residual_autocorrelation",
    "placebo_dates",
    "scale_of_the_outcome",
}
MODULES = (
    baselines,
    comparison,
    comparison_areas,
    composition,
    counts,
    cross_sections,
    extrapolation,
    falsification,
    lone_starts,
    parallel_trends,
    placebo,
    regression_to_the_mean,
    series,
    spillover,
    start_dates,
    two_scales,
    windows,
)


@pytest.mark.parametrize("name", WIDE_AND_NARROW)
def test_wide_is_too_weak_and_narrow_is_no_sign(name: str) -> None:
    check, wide, narrow = WIDE_AND_NARROW[name]
    assert check(wide).verdict == "too weak to tell"
    assert check(narrow).verdict == "no sign against"
    assert "too weak to tell" in check(wide).reading
    assert "too weak" not in check(narrow).reading
    assert check(wide).short == ""


def test_every_function_that_returns_a_check_is_judged_here_or_says_what_it_goes_by() -> None:
    made = {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "Diagnostic" in str(inspect.signature(function).return_annotation)
    }
    assert made == JUDGED | set(NOT_JUDGED)


def test_no_interval_is_too_weak_as_well() -> None:
    none = analysis((1.0, None, None))
    assert falsification.pretend_starts([none], analysis((-20.0, -30, -10)).result).verdict == "too weak to tell"


def test_short_series_of_newey_west() -> None:
    calm = series.Remains(0.1, 0.1, 1, 0.9, 12)
    assert series.residual_autocorrelation(calm, "newey_west", None, 60).verdict == "too weak to tell"
    assert series.residual_autocorrelation(calm, "newey_west", None, 160).verdict == "no sign against"


def test_who_was_chosen_for_high_numbers_is_not_told_as_no_sign() -> None:
    found = regression_to_the_mean.stated_selection("level", over_time_alone=False)
    assert found.verdict == "not run"
    assert "how much was not worked out" in found.reading


def test_shares_of_draws_can_be_read() -> None:
    import numpy

    sizes = numpy.arange(1.0, 21.0)
    before = numpy.random.default_rng(4).normal(size=(20, 40)) * sizes[:, None]
    found = parallel_trends.treated_like_the_rest(before, numpy.arange(20) < 3, sizes)
    assert found.verdict == "no sign against"  # the smallest and the calmest
    assert found.reading.startswith(
        "Of 100 draws of as many places, all would be as variable and all would be as large "
    )
    alike = numpy.random.default_rng(5).normal(size=(20, 40))
    turned = parallel_trends.treated_like_the_rest(alike, numpy.arange(20) > 16, sizes)
    assert "fewer than 1 would be as large" in turned.reading
    assert turned.short == "places with the programme are larger than the others"
