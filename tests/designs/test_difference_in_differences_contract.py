"""What every estimator of a difference in differences must hold, for every kind of outcome and every roll-out."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit import archive
from evalkit.designs import DifferenceInDifferences
from evalkit.records import Analysis, Panel, Result

UNITS, PERIODS, FIRST = 20, 14, 400
LAYOUTS = {
    "one": [7], "few": [7, 7, 7], "many": [7] * 8, "few staggered": [7, 9, 11],
    "many staggered": [7, 7, 7, 9, 9, 9, 11, 11], "some alone": [7, 7, 7, 9],
}  # fmt: skip
KINDS = {
    "two_way_fixed_effects": ("count", "rate", "continuous"),
    "event_study": ("count", "rate", "continuous"),
    "callaway_santanna": ("count", "rate", "continuous"),
    "sun_abraham": ("count", "rate", "continuous"),
    "imputation": ("count", "rate", "continuous"),
    "poisson": ("count",),
    "synthetic_control": ("count", "rate", "continuous"),
    "synthetic_did": ("count", "rate", "continuous"),
}
SYNTHETIC = ("synthetic_control", "synthetic_did")
CASES = [
    (estimator, kind, layout)
    for estimator, kinds in KINDS.items()
    for kind in kinds
    for layout in LAYOUTS
    if not (estimator == "synthetic_control" and ("staggered" in layout or layout == "some alone"))
]
FALL = math.log(0.75)


def made(build: Callable[..., Panel], kind: str, layout: str) -> Panel:
    """Return twenty places over fourteen months, some treated, with exposures that differ where events are counted."""
    generator = numpy.random.default_rng(11)
    level, month = generator.normal(5.0, 0.4, UNITS), generator.normal(0.0, 0.05, PERIODS)
    names = [f"P{place:02d}" for place in generator.permutation(UNITS)]
    starts = {names[i]: FIRST + start for i, start in enumerate(LAYOUTS[layout])}
    rows = []
    for i, name in enumerate(names):
        for t in range(PERIODS):
            under = FIRST + t >= starts.get(name, 10**6)
            mean = level[i] + month[t] + FALL * under + generator.normal(0.0, 0.05)
            size = math.exp(level[i]) * 100.0
            if kind == "count":
                rows.append((name, FIRST + t, float(numpy.round(math.exp(mean))), 1.0))
            elif kind == "rate":
                rows.append((name, FIRST + t, math.exp(mean) / size * 1000.0, size))
            else:
                rows.append((name, FIRST + t, 10.0 * mean - 60.0, 1.0))
    return build(rows, kind, "month", starts, per=1000.0 if kind == "rate" else 1.0)


def design(estimator: str, **options: Any) -> DifferenceInDifferences:
    return DifferenceInDifferences(**{"estimator": estimator, "draws": 99, "inference_draws": 99, **options})


def quick(estimator: str, panel: Panel, **options: Any) -> Result:
    """Return the result with the least costly inference that the estimator has."""
    plain = {} if estimator in SYNTHETIC else {"inference": "cluster_robust"}
    return design(estimator, **{**plain, **options}).estimate(panel, supplements=False)


def moved(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def under(panel: Panel) -> numpy.ndarray:
    """Return which rows are treated."""
    return numpy.asarray(panel.frame["time"] >= panel.frame["first_time"])


_found: dict[tuple[str, str, str], Result] = {}


@pytest.fixture
def usual(panel: Callable[..., Panel]) -> Callable[..., Result]:
    """Return the result of a case with the inference that the rule gives, computed once."""

    def get(*case: str) -> Result:
        if case not in _found:
            _found[case] = design(case[0]).estimate(made(panel, *case[1:]), supplements=False)
        return _found[case]

    return get


@pytest.mark.parametrize(("estimator", "kind", "layout"), CASES)
class TestEveryCase:
    def test_numbers_are_in_order(self, estimator: str, kind: str, layout: str, usual: Callable[..., Result]) -> None:
        result = usual(estimator, kind, layout)
        assert math.isfinite(result.effect.value)
        for estimate in (result.effect, result.relative, result.absolute, result.averted):
            if estimate is not None and estimate.low is not None:
                assert estimate.low <= estimate.value <= estimate.high
        for point in (*result.path, *result.event_study, *result.group_time):
            value = getattr(point, "value", getattr(point, "counterfactual", None))
            if point.low is not None:
                assert point.low <= value <= point.high
        size = FALL if kind != "continuous" else 10.0 * FALL
        assert result.effect.value == pytest.approx(size, abs=0.25 * abs(size))

    def test_inference_is_said_in_full(
        self, estimator: str, kind: str, layout: str, usual: Callable[..., Result]
    ) -> None:
        result = usual(estimator, kind, layout)
        assert {"method", "rule", "reason", "seed", "smallest_p", "assignments", "small_sample_factor"} <= set(
            result.inference
        )
        assert result.inference["method"] in ("ferman_pinto", "placebo", "randomisation", "wild_bootstrap")
        assert result.inference["reason"]
        assert 0.0 < result.inference["smallest_p"] <= result.effect.p_value <= 1.0
        assert result.effect.low is not None or "no interval" in result.inference["rule"]

    def test_counts_of_rows(self, estimator: str, kind: str, layout: str, usual: Callable[..., Result]) -> None:
        result, starts = usual(estimator, kind, layout), LAYOUTS[layout]
        assert (result.n_observations, result.n_units) == (UNITS * PERIODS, UNITS)
        assert result.n_treated_units == len(starts)
        assert (result.n_pre_periods, result.n_post_periods) == (min(starts), PERIODS - min(starts))
        assert result.dropped == ()

    def test_the_path_holds_the_effect(
        self, estimator: str, kind: str, layout: str, usual: Callable[..., Result]
    ) -> None:
        result, starts = usual(estimator, kind, layout), LAYOUTS[layout]
        gaps = [point.observed - point.counterfactual for point in result.path if point.counterfactual is not None]
        rows = sum(PERIODS - start for start in starts)
        assert sum(gaps) * len(starts) == pytest.approx(result.absolute.value * rows, rel=1e-9)
        assert len(gaps) == PERIODS - min(starts)
        if kind == "continuous":
            assert result.absolute.value == pytest.approx(result.effect.value, rel=1e-9)

    def test_it_is_written_and_read(
        self, estimator: str, kind: str, layout: str, usual: Callable[..., Result], panel: Callable[..., Panel]
    ) -> None:
        result = usual(estimator, kind, layout)
        whole = Analysis(
            "primary", "primary", "Primary", made(panel, kind, layout).outcome,
            {"kind": "difference_in_differences"}, result,
        )  # fmt: skip
        document = json.loads(json.dumps(archive._plain(archive._analysis(whole))))
        again = archive._plain(archive._analysis(archive._read_analysis(archive._numbers(document))))
        assert json.loads(json.dumps(again)) == document

    def test_names_order_and_calendar_do_not_matter(
        self, estimator: str, kind: str, layout: str, panel: Callable[..., Panel], usual: Callable[..., Result]
    ) -> None:
        data, true = made(panel, kind, layout), usual(estimator, kind, layout).effect
        names = {name: f"U{99 - i}" for i, name in enumerate(sorted(data.units))}
        renamed = data.frame["unit"].map(names)
        frame = data.frame.assign(
            unit=renamed, cluster=renamed, time=data.frame["time"] + 24, period=data.frame["period"] + 24,
            first_time=data.frame["first_time"] + 24,
        )  # fmt: skip
        shuffled = frame.sample(frac=1.0, random_state=3).reset_index(drop=True)
        found = design(estimator).estimate(dataclasses.replace(data, frame=shuffled), supplements=False).effect
        assert found.value == pytest.approx(true.value, rel=1e-7)
        if true.low is not None:
            assert (found.low, found.high) == pytest.approx((true.low, true.high), rel=1e-6)
        assert found.p_value == pytest.approx(true.p_value, rel=1e-9)

    def test_an_added_effect_moves_the_estimate_by_itself(
        self, estimator: str, kind: str, layout: str, panel: Callable[..., Panel]
    ) -> None:
        data = made(panel, kind, layout)
        plain = quick(estimator, data).effect
        step = 0.3
        value = data.frame["value"]
        more = value + step * under(data) if plain.scale == "identity" else value * numpy.exp(step * under(data))
        assert quick(estimator, moved(data, value=more)).effect.value == pytest.approx(plain.value + step, abs=1e-7)

    def test_units_of_measurement_do_not_matter(
        self, estimator: str, kind: str, layout: str, panel: Callable[..., Panel]
    ) -> None:
        data = made(panel, kind, layout)
        plain = quick(estimator, data).effect
        other = 2.0 * data.frame["value"] + (35.0 if plain.scale == "identity" else 0.0)
        found = quick(estimator, moved(data, value=other)).effect
        scale = 2.0 if plain.scale == "identity" else 1.0
        assert found.value == pytest.approx(scale * plain.value, rel=1e-6)
        if plain.low is not None:
            assert (found.low, found.high) == pytest.approx((scale * plain.low, scale * plain.high), rel=1e-6)

    def test_a_lower_level_lies_within(
        self, estimator: str, kind: str, layout: str, panel: Callable[..., Panel], usual: Callable[..., Result]
    ) -> None:
        wide = usual(estimator, kind, layout).effect
        narrow = design(estimator, level=0.8).estimate(made(panel, kind, layout), supplements=False).effect
        assert narrow.value == wide.value
        if wide.low is not None:
            assert wide.low <= narrow.low <= narrow.high <= wide.high
