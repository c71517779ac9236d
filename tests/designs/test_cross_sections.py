"""Repeated cross-sections: rows that are others in each period, against regressions that we did not write."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import pyfixest
import pytest
import statsmodels.formula.api as formula

from evalkit.designs import DifferenceInDifferences, InterruptedTimeSeries
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimators import fitted
from evalkit.errors import DataError, DesignError
from evalkit.periods import as_pandas
from evalkit.records import Diagnostic, Measure, Panel, Result

# The library uses a call that pandas has deprecated; the warning is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
START = 2013
YEARS = (2010, 2011, 2012, 2013, 2014, 2015)


def rows(
    units: int = 12,
    treated: int = 4,
    years: tuple[int, ...] = YEARS,
    most: int = 30,
    seed: int = 3,
    effect: float = 1.0,
) -> pandas.DataFrame:
    """Return people by area and year, whose income rises with age and shares shocks of area and year."""
    random, found = numpy.random.default_rng(seed), []
    for unit in range(units):
        level = 2.0 * random.normal()
        for year in years:
            shock = 0.3 * random.normal()
            on = float(unit < treated and year >= START)
            for _ in range(int(random.integers(12, most))):
                age = int(random.integers(18, 70))
                value = 20.0 + level + 0.2 * (year - 2010) + 0.05 * age + shock + effect * on + 2.0 * random.normal()
                found.append((f"area {unit:02d}", year, value, age, random.uniform(0.5, 2.0), on, unit < treated))
    columns = ["unit", "time", "value", "age", "weight", "on", "ever"]
    return pandas.DataFrame(found, columns=columns)


def panel(
    frame: pandas.DataFrame, kind: str = "continuous", covariates: tuple[str, ...] = ("age",), **keys: Any
) -> Panel:
    """Return rows as a repeated cross-section."""
    first = numpy.where(frame["ever"], float(START - 1970), numpy.nan)
    filled = frame.drop(columns=["on", "ever"]).assign(
        time=frame["time"] - 1970,
        observation=range(1, len(frame) + 1), exposure=1.0, cluster=frame["unit"], first_time=first,
        period=as_pandas(frame["time"] - 1970, "year"),
    )  # fmt: skip
    if not keys.pop("weighted", False):
        filled["weight"] = 1.0
    measure = Measure("income", "Income", "pounds", kind, "higher")  # type: ignore[arg-type]
    return Panel(filled.sort_values(["unit", "time"], kind="stable").reset_index(drop=True), measure, "year",
                 covariates=covariates, **keys)  # fmt: skip


def estimate(data: Panel, *, supplements: bool = False, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(data, supplements=supplements)


def check(result: Result, name: str) -> Diagnostic:
    return next(check for check in result.diagnostics if check.name == name)


@pytest.fixture(scope="module")
def people() -> pandas.DataFrame:
    return rows()


@pytest.fixture(scope="module")
def two_groups() -> pandas.DataFrame:
    """Two areas in two years that are not adjacent."""
    return rows(units=2, treated=1, years=(2010, 2014), most=60)


class TestTwoGroups:
    @pytest.mark.parametrize("covariates", [(), ("age",)])
    def test_classical_is_least_squares(self, two_groups: pandas.DataFrame, covariates: tuple[str, ...]) -> None:
        other = formula.ols("value ~ on + C(unit) + C(time) + " + " + ".join(["1", *covariates]), two_groups).fit()
        result = estimate(panel(two_groups), covariates=list(covariates))
        assert result.inference["method"] == "classical"
        assert result.effect.value == pytest.approx(other.params["on"], rel=1e-10)
        assert result.effect.se == pytest.approx(other.bse["on"], rel=1e-10)
        assert result.effect.df == other.df_resid
        assert (result.effect.low, result.effect.high) == pytest.approx(tuple(other.conf_int().loc["on"]), rel=1e-9)
        assert result.effect.p_value == pytest.approx(other.pvalues["on"], rel=1e-7)

    def test_robust_is_hc1(self, two_groups: pandas.DataFrame) -> None:
        other = formula.ols("value ~ on + C(unit) + C(time) + age", two_groups).fit(cov_type="HC1", use_t=True)
        result = estimate(panel(two_groups), covariates=["age"], inference="robust")
        assert result.effect.se == pytest.approx(other.bse["on"], rel=1e-10)
        assert (result.effect.low, result.effect.high) == pytest.approx(tuple(other.conf_int().loc["on"]), rel=1e-9)
        assert "HC1" in result.standard_errors

    def test_weights(self, two_groups: pandas.DataFrame) -> None:
        other = formula.wls("value ~ on + C(unit) + C(time)", two_groups, weights=two_groups["weight"]).fit()
        result = estimate(panel(two_groups, weighted=True))
        assert result.effect.value == pytest.approx(other.params["on"], rel=1e-10)
        assert result.effect.se == pytest.approx(other.bse["on"], rel=1e-10)

    def test_what_it_says(self, two_groups: pandas.DataFrame) -> None:
        result = estimate(panel(two_groups), supplements=True)
        assert "the interval is too narrow" in result.standard_errors
        assert "nothing to cluster" in result.inference["reason"]
        for name in ("number_of_clusters", "treated_clusters"):
            assert check(result, name).verdict == "sign against"
        assert check(result, "treated_clusters").key
        assert "Repeated cross-sections" in result.estimand
        assert "unit-period" not in result.estimand
        assert result.absolute.label == "change per row"
        assert (result.averted, result.fit["observed_total"]) == (None, None)

    def test_path_by_group(self, two_groups: pandas.DataFrame) -> None:
        result = estimate(panel(two_groups))
        means = two_groups.groupby(["ever", "time"])["value"].mean()
        seen = {(point.unit, point.period): point for point in result.path}
        assert set(seen) == {(unit, year) for unit in ("treated", "comparison") for year in ("2010", "2014")}
        assert seen["comparison", "2014"].observed == pytest.approx(means[False, 2014])
        after = seen["treated", "2014"]
        assert after.observed - after.counterfactual == pytest.approx(result.effect.value)
        assert after.low < after.counterfactual < after.high

    def test_an_added_effect_is_found(self, two_groups: pandas.DataFrame) -> None:
        more = two_groups.assign(value=two_groups["value"] + 3.0 * two_groups["on"])
        first, second = (estimate(panel(frame), covariates=["age"]).effect for frame in (two_groups, more))
        assert second.value - first.value == pytest.approx(3.0, abs=1e-9)
        assert second.se == pytest.approx(first.se, rel=1e-9)

    def test_without_a_clustered_error_the_mend_is_classical(self, two_groups: pandas.DataFrame) -> None:
        result = estimate(panel(two_groups), inference="cluster_robust")
        assert result.effect.low is None
        assert "inference: classical" in result.inference["rule"]


class TestAreas:
    @pytest.mark.parametrize("covariates", [(), ("age",)])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_clustered_as_pyfixest(self, people: pandas.DataFrame, covariates: tuple[str, ...], weighted: bool) -> None:
        other = pyfixest.feols(
            f"value ~ {' + '.join(['on', *covariates])} | unit + time", people, vcov={"CRV1": "unit"},
            weights="weight" if weighted else None,
        )  # fmt: skip
        found = estimate(
            panel(people, weighted=weighted), covariates=list(covariates), inference="cluster_robust"
        ).effect
        assert found.value == pytest.approx(other.coef()["on"], abs=1e-8)
        assert found.se == pytest.approx(other.se()["on"], rel=1e-6)

    @pytest.mark.parametrize("inference", ["classical", "robust"])
    def test_rows_alone(self, people: pandas.DataFrame, inference: str) -> None:
        kind = {"classical": "nonrobust", "robust": "HC1"}[inference]
        other = formula.ols("value ~ on + C(unit) + C(time)", people).fit(cov_type=kind, use_t=True)
        result = estimate(panel(people), inference=inference)
        assert result.effect.se == pytest.approx(other.bse["on"], rel=1e-9)
        assert check(result, "number_of_clusters").verdict == "sign against"
        assert not check(result, "treated_clusters").key

    def test_event_study_as_pyfixest(self, people: pandas.DataFrame) -> None:
        since = (people["time"] - START).where(people["ever"], -1)
        columns = {f"at{time}": (since == time).astype(float) for time in (-3, -2, 0, 1, 2)}
        columns = {name.replace("-", "m"): column for name, column in columns.items()}
        other = pyfixest.feols(
            f"value ~ {' + '.join(columns)} | unit + time", people.assign(**columns), vcov={"CRV1": "unit"}
        )
        data = panel(people)
        design = DifferenceInDifferences(estimator="two_way_fixed_effects", inference="cluster_robust").resolve(data)
        clustered = fitted(design, data, adoption(data, None, None))[0]  # few treated: the result shows no such error
        found = {point.time: point for point in clustered.event_study}
        for time in (-3, -2, 0, 1, 2):
            name = f"at{time}".replace("-", "m")
            assert found[time].value == pytest.approx(other.coef()[name], abs=1e-8)
            assert found[time].se == pytest.approx(other.se()[name], rel=1e-6)

    def test_order_and_names_do_not_matter(self, people: pandas.DataFrame) -> None:
        names = {unit: f"place {99 - number}" for number, unit in enumerate(people["unit"].unique())}
        mixed = people.sample(frac=1.0, random_state=1).assign(unit=lambda frame: frame["unit"].map(names))
        first, second = (estimate(panel(frame), covariates=["age"]) for frame in (people, mixed))
        assert first.effect.value == pytest.approx(second.effect.value, rel=1e-9)
        assert first.effect.p_value == pytest.approx(second.effect.p_value, rel=1e-9)

    @pytest.mark.parametrize("covariates", [(), ("age",)])
    def test_placebos_are_regressions_on_rows(self, covariates: tuple[str, ...]) -> None:
        """Every area in turn as the treated one, by least squares on rows, with age held at the headline's."""
        people = rows(units=9, treated=1)
        whole = formula.ols("value ~ on + C(unit) + C(time) + " + " + ".join(["1", *covariates]), people).fit()
        left = people.assign(
            left=people["value"] - people[list(covariates)] @ whole.params[list(covariates)].to_numpy()
        )
        sizes = []
        for unit in people["unit"].unique():
            on = ((people["unit"] == unit) & (people["time"] >= START)).astype(float)
            sizes.append(abs(formula.ols("left ~ on + C(unit) + C(time)", left.assign(on=on)).fit().params["on"]))
        result = estimate(panel(people), covariates=list(covariates), inference="placebo")
        assert result.effect.p_value == pytest.approx(numpy.mean(numpy.array(sizes) >= sizes[0] - 1e-9))
        assert result.inference["smallest_p"] == pytest.approx(1 / 9)
        assert "weighted by their rows" in result.inference["rule"]
        assert ("held at the headline's" in result.inference["rule"]) == bool(covariates)

    @pytest.mark.parametrize(("treated", "method"), [(3, "randomisation"), (6, "wild_bootstrap")])
    def test_inference_by_the_printed_rule(self, treated: int, method: str) -> None:
        result = estimate(panel(rows(units=14, treated=treated)), covariates=["age"], inference_draws=199)
        assert result.inference["method"] == method
        assert result.effect.low < result.effect.value < result.effect.high

    def test_the_bootstrap_runs_on_rows(self, people: pandas.DataFrame) -> None:
        """With the age coefficient estimated anew: outcomes less what age explains give the same draws."""
        fit = pyfixest.feols("value ~ on + age | unit + time", people)
        less = people.assign(value=people["value"] - 0.7 * fit.coef()["age"] * people["age"])
        options: dict[str, Any] = {"covariates": ["age"], "inference": "wild_bootstrap", "inference_draws": 199}
        first, second = (estimate(panel(frame), **options).effect for frame in (people, less))
        assert first.p_value == pytest.approx(second.p_value)
        assert (first.low, first.high) == pytest.approx((second.low, second.high), rel=1e-6)


class TestOutcomes:
    def test_zero_and_one(self, people: pandas.DataFrame) -> None:
        data = people.assign(value=(people["value"] > people["value"].median()).astype(float))
        result = estimate(panel(data, kind="binary"), inference="cluster_robust")
        other = pyfixest.feols("value ~ on | unit + time", data)
        assert result.effect.value == pytest.approx(other.coef()["on"], abs=1e-9)
        mean = data.loc[data["on"] == 1.0, "value"].mean()
        assert result.relative.value == pytest.approx(100.0 * result.effect.value / (mean - result.effect.value))
        assert result.averted is None

    def test_single_rows_are_not_taken_in_logarithms_unless_asked(self, people: pandas.DataFrame) -> None:
        data = panel(people.assign(value=numpy.ceil(people["value"].clip(lower=1.0))), kind="count")
        assert estimate(data, inference="cluster_robust").effect.scale == "identity"
        assert estimate(data, inference="cluster_robust", transform="log").effect.scale == "log"

    def test_means_of_few_rows_are_not_printed(self, two_groups: pandas.DataFrame) -> None:
        few = two_groups.groupby(["unit", "time"]).head(9).query("ever and time == 2010")
        rest = two_groups.query("not (ever and time == 2010)")
        result = estimate(panel(pandas.concat([few, rest])), supplements=True)
        thin = [point.period for point in result.path if point.observed is None]
        assert thin == ["2010"]
        assert "fewer than 10 before" in check(result, "composition").reading


class TestComposition:
    def test_difference_in_differences_of_a_mean(self, two_groups: pandas.DataFrame) -> None:
        older = two_groups.assign(age=two_groups["age"] + 8.0 * two_groups["on"])
        found = check(estimate(panel(older), supplements=True), "composition")
        means = older.groupby(["ever", "time"])["age"].mean()
        fit = formula.ols("age ~ on + C(unit) + C(time)", older).fit()
        gap = means[True, 2014] - means[True, 2010] - means[False, 2014] + means[False, 2010]
        assert found.statistic == pytest.approx(gap / numpy.sqrt(fit.mse_resid), rel=1e-9)
        assert found.low == pytest.approx(fit.conf_int().loc["on", 0] / numpy.sqrt(fit.mse_resid), rel=1e-9)
        assert found.verdict == "sign against"
        assert "does not allow for age" in found.reading
        allowed = check(estimate(panel(older), supplements=True, covariates=["age"]), "composition")
        assert "The regression allows for all of them" in allowed.reading

    def test_alike(self, people: pandas.DataFrame) -> None:
        found = check(estimate(panel(people), supplements=True, inference="cluster_robust"), "composition")
        assert found.verdict == "too weak to tell"  # alike, but so few groups could not show that they are not
        counts = people.groupby(["ever", people["time"] >= START]).size()
        assert f"with the programme {counts[True, False]} before" in found.reading

    def test_without_covariates_it_says_what_it_needs(self, two_groups: pandas.DataFrame) -> None:
        found = check(estimate(panel(two_groups, covariates=()), supplements=True), "composition")
        assert (found.verdict, "data: {covariates" in found.reading) == ("not run", True)
        still = panel(two_groups.assign(age=40.0))
        assert "(age) do not vary" in check(estimate(still, supplements=True), "composition").reading

    def test_panels(self, places: Callable[..., Panel]) -> None:
        data = places()
        found = check(estimate(data, supplements=True, inference="cluster_robust"), "composition")
        assert found.verdict == "no sign against"
        unit, time = data.units[0], data.times[2]
        gone = (data.frame["unit"] == unit) & (data.frame["time"] == time)
        holed = dataclasses.replace(
            data, frame=data.frame[~gone].reset_index(drop=True), gaps=((time, "no return", unit),)
        )
        lacking = check(
            estimate(holed, supplements=True, estimator="two_way_fixed_effects", inference="cluster_robust"),
            "composition",
        )
        assert lacking.verdict == "sign against"
        assert f"{unit} (1 period)" in lacking.reading


class TestRefusals:
    @pytest.mark.parametrize(
        "estimator",
        ["callaway_santanna", "sun_abraham", "imputation", "poisson", "synthetic_control", "synthetic_did"],
    )
    def test_estimators_that_need_single_rows(self, people: pandas.DataFrame, estimator: str) -> None:
        with pytest.raises(DesignError, match="repeated cross-sections") as caught:
            estimate(panel(people), estimator=estimator)
        assert "two_way_fixed_effects" in caught.value.problems[0].mend

    @pytest.mark.parametrize("inference", ["classical", "robust"])
    def test_rows_of_panels_are_not_independent(self, places: Callable[..., Panel], inference: str) -> None:
        with pytest.raises(DesignError, match="the same units in each period") as caught:
            estimate(places(), estimator="two_way_fixed_effects", inference=inference)
        assert "sampling: repeated_cross_section" in caught.value.problems[0].mend

    def test_a_unit_without_rows_in_a_period_is_named(self, people: pandas.DataFrame) -> None:
        gone = (people["unit"] == "area 07") & (people["time"] == 2011)
        with pytest.raises(DataError, match="area 07 has no rows for 2011"):
            estimate(panel(people[~gone]))
        declared = panel(people[~gone], gaps=((2011 - 1970, "no survey", "area 07"),))
        assert estimate(declared, inference="cluster_robust").n_observations == int((~gone).sum())

    def test_periods_that_nobody_has_are_no_holes(self, people: pandas.DataFrame) -> None:
        kept = people[people["time"] != 2011]
        other = pyfixest.feols("value ~ on | unit + time", kept)
        assert estimate(panel(kept), inference="cluster_robust").effect.value == pytest.approx(other.coef()["on"])

    def test_another_design(self, people: pandas.DataFrame) -> None:
        one = people.assign(unit="", ever=True)
        with pytest.raises(DesignError, match="needs one") as caught:
            InterruptedTimeSeries().resolve(panel(one)).estimate(panel(one))
        assert "sampling: repeated_cross_section" in caught.value.problems[0].mend
