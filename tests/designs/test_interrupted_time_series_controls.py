"""Comparison series of an interrupted time series."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from pydantic import ValidationError

from evalkit.designs import InterruptedTimeSeries
from evalkit.errors import DesignError
from evalkit.records import Diagnostic, Panel, Result

BEFORE, AFTER = 48, 24
STEPS = numpy.arange(BEFORE + AFTER)
FIRST, START = 480, 480 + BEFORE
LATER = (STEPS >= BEFORE).astype(float)


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


@pytest.fixture
def towns(panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """One treated town and three controls, monthly; a common fall of 10 and, in the treated town alone, of 20."""

    def make(
        seed: int = 1, noise: float = 1.0, kind: str = "continuous", only: str | None = "A", **options: Any
    ) -> Panel:
        generator = numpy.random.default_rng(seed)
        rows = []
        for unit, level, own in (("A", 200.0, 20.0), ("B", 150.0, 0.0), ("C", 300.0, 0.0), ("D", 250.0, 0.0)):
            values = level + 0.5 * STEPS - (10.0 + own) * LATER + noise * generator.normal(size=STEPS.size)
            if kind == "count":
                values = generator.poisson(values)
            rows += [(unit, FIRST + t, value) for t, value in enumerate(values)]
        return panel(rows, kind, start={only: START} if only else START, **options)

    return make


def controlled(**options: Any) -> InterruptedTimeSeries:
    chosen = {"season": "none", "errors": "ordinary", "controls": {"units": ["B", "C"]}, **options}
    return InterruptedTimeSeries.model_validate(chosen)


class TestComparison:
    def test_the_common_change_is_taken_out(self, towns: Callable[..., Panel]) -> None:
        result = controlled().estimate(towns(noise=0.0))
        assert result.effect.value == pytest.approx(-20.0, abs=1e-8)
        after = [p for p in result.path if p.counterfactual is not None][BEFORE:]
        assert [p.counterfactual for p in after] == pytest.approx(list(190.0 + 0.5 * STEPS[BEFORE:]), abs=1e-8)
        assert ("D", "neither treated nor named as a control") in result.dropped
        assert (result.n_units, result.n_treated_units, result.n_observations) == (3, 1, 144)
        assert "with the change of the mean of 2 comparison units" in result.estimand

    def test_a_line_that_a_comparison_shares_is_not_held_against_what_was_recorded(
        self, towns: Callable[..., Panel]
    ) -> None:
        data = towns(noise=0.1)
        rows = data.frame[data.frame["unit"] == "A"]
        alone = controlled(controls=None).estimate(dataclasses.replace(data, frame=rows))
        assert (alone.fit or {})["carried"]["beyond"] == "above"  # 0.5 a month, carried 24 months on
        assert "carried" not in (controlled().estimate(data).fit or {})

    @pytest.mark.parametrize("errors", ["ordinary", "newey_west", "prais_winsten", "autoregressive"])
    def test_the_effect_is_the_difference_of_two_single_effects(self, towns: Callable[..., Panel], errors: str) -> None:
        data = towns()
        # Kenward and Roger's covariance is not the one that their degrees of freedom are counted from.
        same = {"errors": errors, "small_sample": "satterthwaite"}
        both = controlled(**same, controls=["B"]).estimate(data)
        singles = []
        for unit in ("A", "B"):
            rows = data.frame[data.frame["unit"] == unit].assign(first_time=float(START)).reset_index(drop=True)
            one = controlled(**same, controls=None).estimate(dataclasses.replace(data, frame=rows))
            singles.append(one.effect)
        assert both.effect.value == pytest.approx(singles[0].value - singles[1].value, rel=1e-9)
        if errors == "ordinary":
            assert both.effect.df == 2 * 72 - 8
            return
        variances = [single.se**2 for single in singles]
        assert both.effect.se == pytest.approx(sum(variances) ** 0.5, rel=1e-9)
        shares = [v**2 / single.df for v, single in zip(variances, singles, strict=True)]
        assert both.effect.df == pytest.approx(sum(variances) ** 2 / sum(shares), rel=1e-6)  # Welch

    @pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial"])
    def test_counts_beside_the_sum_of_the_controls(self, towns: Callable[..., Panel], family: str) -> None:
        data = towns(kind="count")
        result = controlled(family=family, impact="level", trend="none").estimate(data)
        mean = {
            unit: [rows.loc[side, "value"].mean() for side in (rows["time"] < START, rows["time"] >= START)]
            for unit, rows in data.frame.groupby("unit")
        }
        own = numpy.log(mean["A"][1] / mean["A"][0])
        other = numpy.log((mean["B"][1] + mean["C"][1]) / (mean["B"][0] + mean["C"][0]))
        assert result.effect.value == pytest.approx(own - other, abs=1e-7)
        if family == "poisson":
            expected = sum(1 / (mean[u][0] * BEFORE) + 1 / (mean[u][1] * AFTER) for u in "A")
            expected += 1 / ((mean["B"][0] + mean["C"][0]) * BEFORE) + 1 / ((mean["B"][1] + mean["C"][1]) * AFTER)
            assert result.effect.se == pytest.approx(expected**0.5, rel=1e-6)
            assert result.effect.df is None

    def test_counts_with_autoregressive_errors(self, towns: Callable[..., Panel]) -> None:
        data = towns(kind="count")
        same = {"family": "quasi_poisson", "errors": "autoregressive", "impact": "level", "season": "month"}
        result = controlled(**same).estimate(data)
        planted = numpy.log(199.75 / 229.75) - numpy.log(
            489.5 / 509.5
        )  # A, and B with C, in the middle of the time after
        assert result.effect.low < planted < result.effect.high
        assert "its own autocorrelation" in result.standard_errors
        frame, pair = data.frame, data.frame["unit"].isin(["B", "C"])
        summed = frame[pair].groupby("time", as_index=False)["value"].sum()["value"].to_numpy()
        degrees = []
        for unit, values in (("A", None), ("B", summed)):
            rows = frame[frame["unit"] == unit].assign(first_time=float(START)).reset_index(drop=True)
            rows = rows if values is None else rows.assign(value=values)
            one = controlled(**same, controls=None).estimate(dataclasses.replace(data, frame=rows))
            degrees.append(one.effect.df)
        assert min(degrees) <= result.effect.df <= sum(degrees)

    def test_rates_are_pooled_by_exposure(self, towns: Callable[..., Panel]) -> None:
        data = towns(kind="count")
        people = data.frame["unit"].map({"A": 1e4, "B": 2e4, "C": 1e4, "D": 1.0})
        data = dataclasses.replace(
            data, frame=data.frame.assign(exposure=people), outcome=dataclasses.replace(data.outcome, per=1000.0)
        )
        result = controlled(scale="identity", impact="level", trend="none").estimate(data)
        rate = {}
        for unit, rows in data.frame.groupby(data.frame["unit"].where(data.frame["unit"] == "A", "rest")):
            held = rows[rows["unit"] != "D"].groupby("time")[["value", "exposure"]].sum()
            series = held["value"] / held["exposure"] * 1000.0
            rate[unit] = series[series.index >= START].mean() - series[series.index < START].mean()
        assert result.effect.value == pytest.approx(rate["A"] - rate["rest"], rel=1e-9)

    def test_intervals_hold_the_truth(self, towns: Callable[..., Panel]) -> None:
        """Independent errors: 95% intervals of 200 series hold -20 in 180 to 199 (binomial, 1 in 1,000)."""
        from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
        from evalkit.estimation.series.segmented import average_effect_weights

        held = 0
        for seed in range(200):
            data = towns(seed=seed, noise=4.0)
            resolved = controlled(errors="prais_winsten").resolve(data)
            model = Segmented(resolved, data, resolved.series(data))
            effect = model.contrast(average_effect_weights(model.terms))
            held += effect.low <= -20.0 <= effect.high
        assert 180 <= held <= 199

    def test_one_start_for_all_is_the_treated_units(self, towns: Callable[..., Panel]) -> None:
        everyone = towns(only=None)
        with pytest.raises(DesignError, match=r"2 units beside the controls are treated \(A, D\)"):
            controlled().estimate(everyone)
        rest = controlled(controls=["B", "C", "D"])
        assert rest.estimate(everyone).effect.value == pytest.approx(rest.estimate(towns()).effect.value)

    def test_season_and_covariates_are_each_series_own(self, towns: Callable[..., Panel]) -> None:
        data = towns(noise=0.0)
        rain = numpy.random.default_rng(3).normal(size=len(data.frame))
        wave = numpy.sin(2 * numpy.pi * data.frame["time"] / 12)
        slope = data.frame["unit"].map({"A": 3.0, "B": -1.0, "C": -1.0, "D": 0.0})
        values = data.frame["value"] + slope * rain + 4 * slope * wave
        data = dataclasses.replace(data, frame=data.frame.assign(value=values, rain=rain), covariates=("rain",))
        result = controlled(season="month", covariates=["rain"]).estimate(data)
        found = {term.term: term.value for term in result.coefficients}
        assert result.effect.value == pytest.approx(-20.0, abs=1e-7)
        assert found["comparison: rain"] == pytest.approx(-1.0, abs=1e-8)
        assert found["difference: rain"] == pytest.approx(4.0, abs=1e-8)
        assert {"comparison: April", "difference: April"} <= set(found)
        flat = [p.observed for p in result.path_without_season]
        centred = data.frame.loc[data.frame["unit"] == "A", "value"] - 12 * wave[:72]
        assert flat == pytest.approx(list(centred), abs=1e-6)

    def test_other_changes_says_what_is_taken_out(self, towns: Callable[..., Panel]) -> None:
        reading = check(controlled().estimate(towns()), "other_changes").reading
        assert reading.startswith("What changed alike in 2 comparison units is taken out.")


class TestCovariates:
    def test_each_control_or_their_mean_is_a_term(self, towns: Callable[..., Panel]) -> None:
        data = towns()
        each = controlled(controls={"units": ["B", "C"], "as": "covariates"}).estimate(data)
        mean = controlled(controls={"units": ["B", "C"], "as": "average"}).estimate(data)
        assert {"control B", "control C"} <= {term.term for term in each.coefficients}
        assert "mean of the controls" in {term.term for term in mean.coefficients}
        assert (each.n_units, each.n_observations) == (3, 72)
        rows = {unit: found["value"].to_numpy() for unit, found in data.frame.groupby("unit")}
        matrix = numpy.column_stack([numpy.ones(72), STEPS, (rows["B"] + rows["C"]) / 2, LATER, LATER * (STEPS - 48)])
        expected = numpy.linalg.lstsq(matrix, rows["A"], rcond=None)[0]
        assert mean.effect.value == pytest.approx(expected[3] + 11.5 * expected[4], rel=1e-8)

    def test_they_enter_as_logarithms_on_the_log_scale(self, towns: Callable[..., Panel]) -> None:
        data = towns()
        rows = {unit: found["value"].to_numpy() for unit, found in data.frame.groupby("unit")}
        matrix = numpy.column_stack([numpy.ones(72), STEPS, numpy.log(rows["B"]), LATER])
        expected = numpy.linalg.lstsq(matrix, numpy.log(rows["A"]), rcond=None)[0]
        found = controlled(scale="log", impact="level", controls={"units": ["B"], "as": "covariates"}).estimate(data)
        assert found.effect.value == pytest.approx(expected[3], rel=1e-8)
        zero = data.frame["value"].where((data.frame["unit"] != "B") | (data.frame["time"] != 490), 0.0)
        with pytest.raises(DesignError, match="control B is not above zero in 2010-11"):
            controlled(scale="log", controls={"units": ["B"], "as": "covariates"}).estimate(
                dataclasses.replace(data, frame=data.frame.assign(value=zero))
            )


class TestRefusals:
    def test_units_that_cannot_be_controls(self, towns: Callable[..., Panel]) -> None:
        one = towns()
        alone = dataclasses.replace(one, frame=one.frame[one.frame["unit"] == "A"].assign(unit=""))
        with pytest.raises(DesignError, match=r"'B' is not among the units of the data"):
            controlled().estimate(alone)
        with pytest.raises(DesignError, match="'Bb' is not among the units"):
            controlled(controls=["Bb"]).estimate(towns())
        with pytest.raises(DesignError, match=r"0 units beside the controls are treated \(none\)"):
            controlled(controls=["A", "B"]).estimate(towns())
        data = towns()
        starts = data.frame["first_time"].where(data.frame["unit"] != "B", START - 6.0)
        with pytest.raises(DesignError, match="the control B is itself treated from 2013-07"):
            controlled().estimate(dataclasses.replace(data, frame=data.frame.assign(first_time=starts)))
        with pytest.raises(DesignError, match=r"4 units, and interrupted_time_series takes one series"):
            controlled(controls=None).estimate(towns())
        with pytest.raises(ValidationError):
            controlled(controls=[])

    def test_a_comparison_without_logarithm(self, towns: Callable[..., Panel]) -> None:
        data = towns()
        zero = data.frame["value"].where((data.frame["unit"] == "A") | (data.frame["time"] != 490), 0.0)
        with pytest.raises(DesignError, match="comparison series is not above zero in 2010-11"):
            controlled(scale="log").estimate(dataclasses.replace(data, frame=data.frame.assign(value=zero)))

    def test_options_round_trip(self, towns: Callable[..., Panel]) -> None:
        resolved = controlled(controls=["B"]).resolve(towns())
        assert resolved.controls.model_dump(by_alias=True) == {"units": ["B"], "as": "comparison"}
        again = InterruptedTimeSeries.model_validate(resolved.model_dump(by_alias=True))
        assert again == resolved


def test_a_bend_that_both_share_is_no_bend(towns: Callable[..., Panel]) -> None:
    data = towns(noise=0.5)
    curve = 0.05 * (data.frame["time"] - FIRST) ** 2
    shared = dataclasses.replace(data, frame=data.frame.assign(value=data.frame["value"] + curve))
    assert check(controlled(controls=["B"]).estimate(shared), "pre_period_linearity").verdict == "no sign against"
    own = curve.where(data.frame["unit"] == "A", 0.0)
    alone = dataclasses.replace(data, frame=data.frame.assign(value=data.frame["value"] + own))
    found = check(controlled(controls=["B"]).estimate(alone), "pre_period_linearity")
    assert found.verdict == "sign against"
    assert "beyond the curve of the comparison series" in found.reading
    assert found.statistic == pytest.approx(0.05 * (BEFORE - 1) ** 2 / 4, rel=0.1)
