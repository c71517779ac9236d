"""What every design that estimates must hold, whatever it is: run for every one that is registered."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable
from typing import get_args

import numpy
import pytest
from pydantic import TypeAdapter

from evalkit.designs import DESIGNS, AnyDesign
from evalkit.records import Design, Panel, Result, Verdict

ESTIMATING = [kind for kind, design in DESIGNS.items() if design.has_data]
FALL = 0.2
CAUSAL = ("impact", "prevented", "worked", "cut ", "effective", "thanks to", "due to", "saved")


@pytest.fixture
def fitting(
    panel: Callable[..., Panel], monthly: Callable[..., Panel], places: Callable[..., Panel]
) -> Callable[..., Panel]:
    """Return a panel with a planted fall that a kind of design can carry."""

    def make(design: str, **options: object) -> Panel:
        if design == "difference_in_differences":
            return places(fall=FALL, **options)
        if design == "interrupted_time_series":
            return monthly(fall=FALL, **options)
        generator = numpy.random.default_rng(3)
        values = generator.poisson(numpy.where(numpy.arange(48) < 24, 500, 500 * (1 - FALL)))
        return panel([("Town", 480 + t, values[t]) for t in range(48)], start=504, **options)

    return make


def of(kind: str, **options: object) -> Design:
    return TypeAdapter(AnyDesign).validate_python({"kind": kind, **options})


_results: dict[str, Result] = {}


def usual(kind: str, fitting: Callable[..., Panel]) -> Result:
    """Return the result of a design's defaults on its panel, computed once."""
    if kind not in _results:
        _results[kind] = of(kind).estimate(fitting(kind))
    return _results[kind]


def changed(panel: Panel, **columns: object) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def key_numbers(result: Result) -> list[float]:
    estimates = (result.effect, result.relative, result.absolute, result.averted)
    return [number for e in estimates if e is not None for number in (e.value, e.low, e.high) if number is not None]


@pytest.mark.parametrize("kind", ESTIMATING)
class TestEveryDesign:
    def test_the_protocol(self, kind: str) -> None:
        design = of(kind)
        assert isinstance(design, Design)
        assert design.kind == kind == DESIGNS[kind].model_fields["kind"].default
        assert design.title
        assert design.assumptions
        assert all(field.description for name, field in DESIGNS[kind].model_fields.items() if name not in ("kind",))

    def test_the_result_is_whole(self, kind: str, fitting: Callable[..., Panel]) -> None:
        result = usual(kind, fitting)
        assert result.estimand
        assert result.standard_errors
        assert result.path
        assert result.diagnostics
        assert result.effect.level == 0.95
        assert result.effect.label
        assert result.effect.unit
        assert min(result.n_observations, result.n_units, result.n_pre_periods, result.n_post_periods) > 0
        assert result.n_treated_units > 0
        assert (result.averted is None) == (kind == "before_after")
        assert result.relative is not None
        assert result.absolute is not None

    def test_every_check_is_run_or_says_why_not(self, kind: str, fitting: Callable[..., Panel]) -> None:
        result = usual(kind, fitting)
        names = [check.name for check in result.diagnostics]
        assert len(names) == len(set(names))
        assert set(names) <= set(DESIGNS[kind].checks)
        for check in result.diagnostics:
            assert check.verdict in get_args(Verdict)
            assert check.reading.endswith(".")
            assert check.assumption.endswith(".")
            assert "passed" not in check.reading
            assert check.looked_at

    def test_the_estimate_lies_in_its_interval(self, kind: str, fitting: Callable[..., Panel]) -> None:
        result = usual(kind, fitting)
        for estimate in (result.effect, result.relative, result.absolute, result.averted):
            assert estimate is None or estimate.low < estimate.value < estimate.high

    def test_a_planted_change_is_recovered(self, kind: str, fitting: Callable[..., Panel]) -> None:
        result = usual(kind, fitting)
        assert result.effect.low < math.log(1 - FALL) < result.effect.high
        assert result.effect.value == pytest.approx(math.log(1 - FALL), abs=0.1)
        assert result.absolute.value < 0

    def test_fitted_less_counterfactual_is_the_effect(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        result = usual(kind, fitting)
        first = panel.label(int(panel.frame["first_time"].min()))
        after = [p for p in result.path if p.period >= first and p.counterfactual is not None]
        ratios = [math.log((p.observed if p.fitted is None else p.fitted) / p.counterfactual) for p in after]
        assert numpy.mean(ratios) == pytest.approx(result.effect.value, abs=1e-9)

    def test_the_path_has_every_period_once(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        path = usual(kind, fitting).path
        for group in {point.unit for point in path}:
            periods = [point.period for point in path if point.unit == group]
            assert periods == [panel.label(time) for time in panel.times]

    def test_the_same_twice(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel, design = fitting(kind), of(kind)
        assert design.estimate(panel) == usual(kind, fitting)

    def test_resolving_changes_nothing(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel, design = fitting(kind), of(kind)
        resolved = design.resolve(panel)
        assert resolved.resolve(panel) == resolved
        assert key_numbers(resolved.estimate(panel)) == key_numbers(usual(kind, fitting))
        assert resolved.estimate(panel).standard_errors == usual(kind, fitting).standard_errors
        assert "auto" not in [value for name, value in resolved.model_dump().items() if name != "dispersion"]

    def test_the_order_of_rows_does_not_matter(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        if kind != "difference_in_differences":
            return  # One series is sorted by contract of Panel.
        shuffled = dataclasses.replace(panel, frame=panel.frame.sample(frac=1, random_state=1).reset_index(drop=True))
        assert key_numbers(of(kind).estimate(shuffled)) == pytest.approx(key_numbers(usual(kind, fitting)), rel=1e-9)

    def test_names_of_units_do_not_matter(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        names = {unit: f"unit {len(panel.units) - rank:03d}" for rank, unit in enumerate(panel.units)}
        renamed = panel.frame["unit"].map(names)
        other = changed(panel, unit=renamed, cluster=renamed)
        assert key_numbers(of(kind).estimate(other)) == pytest.approx(key_numbers(usual(kind, fitting)), rel=1e-9)

    def test_exposure_in_another_unit_changes_nothing(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        first = of(kind).estimate(changed(panel, exposure=2.0))
        second = of(kind).estimate(changed(panel, exposure=2000.0))
        assert key_numbers(first) == pytest.approx(key_numbers(second), rel=1e-9)
        assert first.effect.value == pytest.approx(usual(kind, fitting).effect.value, rel=1e-9)

    def test_twice_the_exposure_after_halves_the_rate(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        treated = panel.frame["time"] >= panel.frame["first_time"]
        more = of(kind).estimate(changed(panel, exposure=numpy.where(treated, 2.0, 1.0)))
        assert more.effect.value == pytest.approx(usual(kind, fitting).effect.value - math.log(2), abs=1e-9)

    def test_a_wider_interval_at_a_higher_level(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind)
        narrow, wide = (of(kind, level=level).estimate(panel) for level in (0.8, 0.99))
        for a, b in zip(key_numbers(narrow), key_numbers(wide), strict=True):
            assert math.isfinite(a)
            assert math.isfinite(b)
        assert wide.effect.low < narrow.effect.low < narrow.effect.high < wide.effect.high
        assert wide.effect.level == 0.99

    def test_a_rate_scales(self, kind: str, fitting: Callable[..., Panel]) -> None:
        panel = fitting(kind, kind="rate")
        ten = of(kind).estimate(changed(panel, value=panel.frame["value"] * 10))
        one = of(kind).estimate(panel)
        factor = 1.0 if one.effect.scale == "log" else 10.0
        assert ten.effect.value == pytest.approx(one.effect.value * factor, rel=1e-8)
        assert ten.effect.high == pytest.approx(one.effect.high * factor, rel=1e-6)
        assert ten.absolute.value == pytest.approx(one.absolute.value * 10, rel=1e-8)


class TestRegistry:
    def test_designs_without_data_estimate_nothing(self) -> None:
        assert {kind for kind, design in DESIGNS.items() if not design.has_data} == {"appraisal_only", "theory_only"}

    def test_every_kind_is_read_from_yaml_data(self) -> None:
        for kind, model in DESIGNS.items():
            assert type(of(kind)) is model

    def test_importing_designs_imports_nothing_slow(self) -> None:
        slow = ("numpy", "pandas", "scipy", "statsmodels")
        code = f"import sys, evalkit.designs; print([name for name in {slow} if name in sys.modules])"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == "[]"

    def test_before_after_never_speaks_of_causes(self, fitting: Callable[..., Panel]) -> None:
        result = usual("before_after", fitting)
        words = " ".join(
            [result.standard_errors, *(e.label for e in (result.effect, result.relative, result.absolute))]
        )
        words += " ".join(check.reading for check in result.diagnostics)
        assert not [word for word in CAUSAL if word in words.lower()]
        assert result.estimand.endswith("It does not say what the programme did")
