"""Periods that the estimate does not use, a comparison series beside a path without season, and one change for all."""

from dataclasses import replace

import demo

from evalkit.records import PathPoint
from evalkit.report.drawing import WIDE
from evalkit.report.horizon_tables import horizons_sentences, horizons_table, unvarying
from evalkit.report.path_chart import Wording, draw_paths
from evalkit.report.paths import read_paths, stretches_left_out, with_comparison


def changed(**more):
    evaluation = demo.seat_belts()
    primary = evaluation.primary
    return replace(evaluation, analyses=(replace(primary, result=replace(primary.result, **more)),))


def path_without(*periods):
    return tuple(replace(point, fitted=None, counterfactual=None, low=None, high=None) if point.period in periods
                 else point for point in demo.seat_belts().primary.result.path)  # fmt: skip


def test_stretches_that_are_not_fitted_are_read_back_and_shaded():
    primary = changed(path=path_without("1980-03", "1980-04", "1983-02")).primary
    stretches = stretches_left_out(primary)
    assert [last - first + 1 for first, last in stretches] == [2, 1]
    paths = read_paths(primary, primary.result.path)
    drawing = draw_paths(paths, Wording("Law", "Expected", "Seen", "Others"), WIDE, simulated=False)
    assert sum(area.paint == "hair" for area in drawing.areas) == 2
    assert sum(label.words == "Left out" for label in drawing.labels) >= 1


def test_nothing_is_left_out_where_no_line_is_fitted():
    assert stretches_left_out(demo.castle().primary) == ()


def test_a_comparison_series_is_drawn_beside_a_path_without_season_unless_far_off():
    base = demo.seat_belts().primary
    near = tuple(PathPoint("Elsewhere", point.period, 1500.0) for point in base.result.path)
    far = tuple(replace(point, observed=90_000.0) for point in near)
    adjusted = base.result.path
    beside = changed(path=(*base.result.path, *near)).primary
    assert len(with_comparison(beside, adjusted)) == 2 * len(adjusted)
    assert len(read_paths(beside, with_comparison(beside, adjusted)).comparison) == 1
    assert with_comparison(changed(path=(*base.result.path, *far)).primary, adjusted) == adjusted


def test_one_change_for_all_periods_is_said_once():
    horizons = tuple(replace(one, change=-14.6, change_low=-22.0, change_high=-6.0, average=-14.6, average_low=-22.0,
                             average_high=-6.0) for one in demo.seat_belts().primary.result.horizons)  # fmt: skip
    evaluation = changed(horizons=horizons)
    assert unvarying(horizons)
    assert not unvarying(demo.seat_belts().primary.result.horizons)
    told = horizons_sentences(evaluation.primary)
    assert told == ["The model has one change for every month: 15% fewer than expected (95% interval: 6% to 22% fewer)."
                    " It cannot tell whether the change grew or faded."]  # fmt: skip
    table = horizons_table(evaluation)
    assert len(table.columns) == 2  # totals alone
    assert horizons_table(changed(horizons=tuple(replace(one, averted=None) for one in horizons))) is None
