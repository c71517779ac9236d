"""Estimators from panel to result beside other programs: moderndid, diff-diff and pyfixest on one made-up panel.

Numbers of other programs are those of tests/reference/staggered_group_time.py and staggered_regressions.py (pyfixest
also runs here). Where peers differ from one another, the test says which is right and why.
"""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.records import Panel, Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
sys.path.insert(0, str(REFERENCE))

from staggered_panel_data import panel as made_up  # noqa: E402 - found through the line above

EFFECT, ERROR = 1e-8, 1e-6


@pytest.fixture(scope="module")
def numbers() -> dict[str, dict[str, float]]:
    """Return the numbers of both reference scripts, by case and quantity."""
    found: dict[str, dict[str, float]] = {}
    for name in ("staggered_group_time", "staggered_regressions"):
        with (REFERENCE / f"{name}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["case"], {})[row["quantity"]] = float(row["value"])
    return found


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return made_up()


def panel_of(
    build: Callable[..., Panel], data: dict[str, Any], outcome: str = "outcome", weighted: bool = False, **options: Any
) -> Panel:
    """Return the made-up panel with its covariates; times are plain numbers."""
    units = [f"u{unit:03d}" for unit in data["unit"]]
    starts = {unit: int(start) for unit, start in zip(units, data["first_treated"], strict=True) if start < 100}
    rows: list[tuple[Any, ...]] = list(zip(units, data["period"].astype(int), data[outcome], strict=True))
    if outcome == "counts":
        rows = [(*row, exposure) for row, exposure in zip(rows, data["exposure"], strict=True)]
        options = {"kind": "count", "per": 1.0, **options}
    return build(
        rows,
        options.pop("kind", "continuous"),
        "number",
        starts,
        weight=data["weight"] if weighted else 1.0,
        columns={name: data[name] for name in ("x1", "x2", "moving")},
        covariates=("x1", "x2", "moving"),
        unsorted=True,
        **options,
    )


def run(panel: Panel, **options: Any) -> Result:
    return DifferenceInDifferences(inference="cluster_robust", leads=7, lags=7, **options).estimate(
        panel, supplements=False
    )


def hold_cells(result: Result, expected: dict[str, float]) -> int:
    """Hold every effect by start and period to another program; return how many were."""
    held = 0
    for row in result.group_time:
        name = f"{row.group} {row.period}"
        if f"effect {name}" not in expected:
            continue
        assert row.value == pytest.approx(expected[f"effect {name}"], abs=EFFECT), name
        assert (row.se or 0.0) == pytest.approx(expected[f"se {name}"], abs=ERROR), name
        held += 1
    return held


def hold_averages(result: Result, expected: dict[str, float], kinds: tuple[str, ...]) -> int:
    """Hold averages to another program; return how many were."""
    held = 0
    for kind in kinds:
        average = result.aggregations[kind]
        rows = [(f"{kind} {row['label']}", row) for row in average["by"]]
        for name, row in [*rows, (kind, average["overall"])]:
            if f"effect {name}" not in expected:
                continue
            assert row["value"] == pytest.approx(expected[f"effect {name}"], abs=EFFECT), name
            assert (row["se"] or 0.0) == pytest.approx(expected[f"se {name}"], abs=ERROR), name
            held += 1
    return held


class TestCallawaySantAnna:
    def test_weighted_averages_are_those_of_rs_formulas(self, panel: Callable[..., Panel]) -> None:
        """Starts weigh by the weights of their units, and the noise of these shares counts; moderndid drops both."""
        with (REFERENCE / "staggered_weighted_averages.csv").open(newline="") as file:
            expected = {row["quantity"]: float(row["value"]) for row in csv.DictReader(file)}
        result = run(panel_of(panel, made_up(units=40), weighted=True), estimator="callaway_santanna")
        assert hold_averages(result, expected, ("simple", "group", "dynamic", "calendar")) == 17

    def test_weights_of_states_enter_the_shares_of_starts(self, panel: Callable[..., Panel]) -> None:
        """R did (compute.aggte): ``pg = mean(weights * (G == g))``. Castle doctrine, by population: with equal
        shares of states, as moderndid 0.2 has them, it would be 0.0424."""
        import causaldata

        rows = causaldata.castle.load_pandas().data.sort_values(["sid", "year"]).reset_index(drop=True)
        first = rows[rows["post"] == 1].groupby("sid")["year"].min()
        logs = numpy.log(rows.pivot(index="sid", columns="year", values="homicide"))
        weight = rows.pivot(index="sid", columns="year", values="popwt").iloc[:, 0]
        start = first.reindex(logs.index)
        total = shares = 0.0
        for date in sorted(set(first)):
            for year in range(int(date), 2011):
                change = logs[year] - logs[int(date) - 1]
                means = [numpy.average(change[who], weights=weight[who]) for who in (start == date, start.isna())]
                share = float((weight * (start == date)).mean())
                total, shares = total + share * (means[0] - means[1]), shares + share
        cells = [(f"{int(s):02d}", int(y), v) for s, y, v in rows[["sid", "year", "homicide"]].to_numpy()]
        starts = {f"{int(sid):02d}": int(year) for sid, year in first.items()}
        data = panel(cells, "rate", "year", starts, weight=rows["popwt"].to_numpy())
        result = run(data, estimator="callaway_santanna", transform="log", comparison="never_treated")
        assert result.effect.value == pytest.approx(total / shares, rel=1e-9)
        assert round(result.effect.value, 4) == 0.0785

    @pytest.mark.parametrize("method", ["outcome_regression", "inverse_probability", "doubly_robust"])
    @pytest.mark.parametrize("comparison", ["never_treated", "not_yet_treated"])
    @pytest.mark.parametrize("base", ["varying", "universal"])
    def test_moderndid(
        self, method: str, comparison: str, base: str, panel: Callable[..., Panel], data: Any, numbers: Any
    ) -> None:
        result = run(
            panel_of(panel, data, weighted=True), estimator="callaway_santanna", method=method, comparison=comparison,
            base_period=base, covariates=["x1", "x2"],
        )  # fmt: skip
        assert hold_cells(result, numbers[f"panel {method} {comparison} {base}"]) == (24 if base == "universal" else 21)

    @pytest.mark.parametrize(
        ("case", "options"),
        [
            ("anticipation", {"anticipation": 1, "comparison": "not_yet_treated", "base_period": "varying"}),
            ("anticipation universal", {"anticipation": 1, "covariates": ["x1"], "comparison": "never_treated"}),
            ("moving covariate", {"covariates": ["moving"], "base_period": "varying"}),
        ],
    )
    def test_moderndid_with_its_averages(
        self, case: str, options: Any, panel: Callable[..., Panel], data: Any, numbers: Any
    ) -> None:
        result = run(panel_of(panel, data), estimator="callaway_santanna", **options)
        assert hold_cells(result, numbers[case]) >= 21
        assert hold_averages(result, numbers[case], ("simple", "group", "dynamic", "calendar")) >= 20
        assert result.effect.value == pytest.approx(numbers[case]["effect simple"], abs=EFFECT)
        assert result.effect.se == pytest.approx(numbers[case]["se simple"], abs=ERROR)

    @pytest.mark.parametrize(
        ("case", "method", "base"),
        [
            ("diff-diff regression", "outcome_regression", "universal"),
            ("diff-diff probability", "inverse_probability", "varying"),
        ],
    )
    def test_diff_diff(
        self, case: str, method: str, base: str, panel: Callable[..., Panel], data: Any, numbers: Any
    ) -> None:
        """Its doubly robust weights are not made to sum to one, unlike those of R's DRDID: not held to it."""
        result = run(
            panel_of(panel, data), estimator="callaway_santanna", method=method, base_period=base,
            covariates=["x1", "x2"],
        )  # fmt: skip
        assert hold_cells(result, numbers[case]) >= 21


class TestOneRegression:
    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_two_way_and_event_study_are_those_of_pyfixest(
        self, estimator: str, weighted: bool, panel: Callable[..., Panel], data: Any
    ) -> None:
        result = run(panel_of(panel, data, weighted=weighted), estimator=estimator, covariates=["moving"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pandas
            import pyfixest

            frame = pandas.DataFrame(data)
            since = (frame["period"] - frame["first_treated"]).where(numpy.isfinite(frame["first_treated"]), -1.0)
            frame["under"] = (since >= 0).astype(float)
            times = [int(time) for time in sorted(set(since)) if time != -1]
            for time in times:
                frame[f"at{time}".replace("-", "m")] = (since == time).astype(float)
            terms = [f"at{time}".replace("-", "m") for time in times] if estimator == "event_study" else ["under"]
            other = pyfixest.feols(
                f"outcome ~ {' + '.join(terms)} + moving | unit + period", frame, vcov={"CRV1": "unit"},
                weights="weight" if weighted else None, fixef_tol=1e-13,
            )  # fmt: skip
        shown = [term for term in result.coefficients if term.term != "moving"]
        assert len(shown) == len(terms)
        for term, name in zip(shown, terms, strict=True):
            assert term.value == pytest.approx(float(other.coef()[name]), abs=EFFECT)
            assert term.se == pytest.approx(float(other.se()[name]), abs=ERROR)

    def test_sun_abraham_is_that_of_pyfixest(self, panel: Callable[..., Panel], data: Any, numbers: Any) -> None:
        result = run(panel_of(panel, data), estimator="sun_abraham")
        assert hold_cells(result, numbers["interactions"]) == 21

    def test_sun_abraham_by_event_time_is_that_of_diff_diff(
        self, panel: Callable[..., Panel], data: Any, numbers: Any
    ) -> None:
        """Its standard errors count all unit effects, ours those not nested in clusters: one factor between them."""
        result, expected = run(panel_of(panel, data), estimator="sun_abraham"), numbers["event study"]
        factors = []
        for point in result.event_study:
            if point.se is None:
                continue
            assert point.value == pytest.approx(expected[f"effect dynamic {point.time}"], abs=EFFECT)
            factors.append(point.se / expected[f"se dynamic {point.time}"])
        assert len(factors) == 10
        assert numpy.ptp(factors) < 1e-6
        assert result.effect.value == pytest.approx(expected["effect simple"], abs=EFFECT)


class TestImputation:
    @pytest.mark.parametrize("leave_own_out", [False, True])
    def test_diff_diff(self, leave_own_out: bool, panel: Callable[..., Panel], data: Any, numbers: Any) -> None:
        result = run(panel_of(panel, data), estimator="imputation", leave_own_out=leave_own_out)
        expected = numbers["imputation leave out" if leave_own_out else "imputation"]
        assert hold_averages(result, expected, ("simple", "group", "dynamic")) == 9
        assert ("own effect left out" in result.standard_errors) == leave_own_out

    def test_leads_are_those_of_pyfixest(self, panel: Callable[..., Panel], data: Any, numbers: Any) -> None:
        design = DifferenceInDifferences(estimator="imputation", leads=2, inference="cluster_robust")
        result, expected = design.estimate(panel_of(panel, data), supplements=False), numbers["leads"]
        leads = [point for point in result.event_study if point.time < 0]
        assert [point.time for point in leads] == [-2, -1]
        for point in leads:
            assert point.value == pytest.approx(expected[f"effect {point.time}"], abs=EFFECT)
            assert point.se == pytest.approx(expected[f"se {point.time}"], abs=EFFECT)
            assert point.simultaneous_low < point.low < point.high < point.simultaneous_high


class TestCounts:
    def test_poisson_cells_are_those_of_pyfixest(self, panel: Callable[..., Panel], data: Any, numbers: Any) -> None:
        result, expected = run(panel_of(panel, data, "counts"), estimator="poisson"), numbers["counts cells"]
        held = 0
        for row in result.group_time:
            name = f"d{row.group}_{row.period}"
            assert row.value == pytest.approx(expected[f"effect {name}"], abs=1e-7), name
            assert row.se == pytest.approx(expected[f"se {name}"], abs=ERROR), name
            held += 1
        assert held == 11
