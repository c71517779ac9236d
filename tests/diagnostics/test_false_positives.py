"""False positives with few units: the committed table holds what is promised of `inference: auto`, is what the
benchmark measures by the functions that a study calls, and is read at the nearest cell."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.diagnostics.false_positives import CELL, expected_false_positives, table
from evalkit.errors import DesignError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
AT_RANDOM = [row for row in table() if row["who"] == "at random" and row["estimator"] != "synthetic_did"]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("calibrate_few_units")
    finally:
        sys.path.remove(str(BENCHMARKS))


def cell_of(
    benchmark: ModuleType, treated: int, outcome: str, dates: int = 1, equal: bool = False, who: str = "at random"
) -> Any:
    """Return a cell of 14 periods (36 for those chosen) and autocorrelation 0.4."""
    periods = 14 if who == "at random" else 36
    return benchmark.Cell(treated, periods, benchmark.starts(periods, dates), 0.4, benchmark.Kind(outcome, equal), who)


def asked(**changes: Any) -> dict[str, Any] | None:
    usual: dict[str, Any] = {
        "method": "randomisation", "estimator": "two_way_fixed_effects", "treated": 5, "units": 43, "periods": 36,
        "after": 18, "autocorrelation": 0.4,
    }  # fmt: skip
    return expected_false_positives(**(usual | changes))


class TestPromise:
    def test_auto_holds_3_to_7_percent_in_every_cell_with_treated_at_random(self) -> None:
        for row in AT_RANDOM:
            assert row["replications"] >= 2000
            assert 0.03 <= row["auto_false_positives"] <= 0.07, row

    def test_no_cell_of_the_grid_is_left_out(self, benchmark: ModuleType) -> None:
        grid = benchmark.cells() + benchmark.synthetic_cells() + benchmark.chosen_cells()
        wanted = [tuple(benchmark.named(cell)[name] for name in CELL) for cell in grid]
        assert len(set(wanted)) == len(wanted)
        assert sorted(map(repr, wanted)) == sorted(repr(tuple(row[name] for name in CELL)) for row in table())
        for name, values in {"treated": {1, 2, 5, 10, 20}, "periods": {14, 36, 120}, "autocorrelation": {0.0, 0.4, 0.8},
                             "outcome": {"mean", "count", "small count", "rate"},
                             "adoption": {"together", "2 dates", "3 dates"}}.items():  # fmt: skip
            assert {row[name] for row in AT_RANDOM} == values

    def test_clustered_standard_errors_do_not_hold_it(self) -> None:
        """Bertrand, Duflo and Mullainathan (2004) and MacKinnon and Webb (2017): with one or two treated clusters they
        reject far too often; with half of 43 treated they are right."""
        for row in AT_RANDOM:
            if row["treated"] == 1:
                assert row["CR1_false_positives"] > 0.55, row
            elif row["treated"] == 2:
                assert row["CR1_false_positives"] > 0.18, row
            elif row["treated"] == 5:
                assert row["CR1_false_positives"] > 0.07, row
            elif row["treated"] == 20 and row["adoption"] == "together":
                assert row["CR1_false_positives"] < 0.075, row

    def test_of_the_most_variable_places_nothing_is_promised_and_it_is_shown(self) -> None:
        rows = [row for row in table() if row["who"] == "the most variable" and row["treated"] == 1]
        assert max(row["auto_false_positives"] for row in rows) > 0.1

    def test_synthetic_did_is_in_the_table_with_its_number_of_panels(self) -> None:
        rows = [row for row in table() if row["estimator"] == "synthetic_did"]
        assert {row["treated"] for row in rows} == {1, 2, 5}
        for row in rows:
            error = np.sqrt(0.05 * 0.95 / row["replications"])
            assert row["auto_false_positives"] < 0.07 + 2 * error, row


class TestBenchmark:
    @pytest.mark.parametrize(("treated", "outcome", "dates", "equal"), [
        (1, "rate", 1, False), (2, "small count", 1, False), (10, "count", 1, True), (5, "mean", 3, False),
    ])  # fmt: skip
    def test_the_table_is_what_the_benchmark_measures(
        self, benchmark: ModuleType, treated: int, outcome: str, dates: int, equal: bool
    ) -> None:
        """One cell again, with fewer panels and another seed: within 4 standard errors of the difference."""
        few, cell = 400, cell_of(benchmark, treated, outcome, dates, equal)
        name = benchmark.named(cell)
        committed = next(row for row in table() if all(row[key] == name[key] for key in CELL))
        found = benchmark.measured(cell, few, seed=benchmark.SEED + 99)
        for column in ("auto_false_positives", "auto_coverage", "CR1_false_positives"):
            share = committed[column]
            chance = np.sqrt(share * (1 - share) * (1 / few + 1 / committed["replications"]))
            assert abs(found[column] - share) < 4 * chance, column

    @pytest.mark.parametrize(("treated", "outcome", "dates", "equal"), [
        (1, "mean", 1, False), (1, "count", 1, False), (1, "small count", 1, True), (1, "rate", 1, False),
        (2, "mean", 1, True), (5, "count", 1, False), (10, "small count", 1, False), (10, "rate", 1, False),
        (5, "mean", 3, False), (5, "small count", 2, False),
    ])  # fmt: skip
    def test_a_study_gives_the_same_p_value_and_interval(
        self, benchmark: ModuleType, treated: int, outcome: str, dates: int, equal: bool
    ) -> None:
        """All panels at once, one by one through the functions of estimation, and through the design itself."""
        panels_of = importlib.import_module("few_units_panels")
        tests_of = importlib.import_module("few_units_tested")
        cell = cell_of(benchmark, treated, outcome, dates, equal)
        panels = panels_of.draw(cell, 3, cell.generator(8))
        sizes = tests_of.variance_sizes(cell, panels)
        quiet = tests_of.tested(cell, panels.quiet, sizes, np.zeros(3))
        changed = tests_of.tested(cell, panels.changed, sizes, panels.truth)
        for row in range(3):
            design = DifferenceInDifferences(estimator=cell.estimator)
            found = design.estimate(panels_of.as_panel(cell, panels, row), supplements=False)
            alone = tests_of.one_by_one(cell, panels.quiet[row], None if sizes is None else sizes[row])
            assert found.inference is not None
            assert found.inference["method"] == tests_of.method(cell)
            assert found.effect.p_value == pytest.approx(quiet.auto[row], abs=1e-12)
            assert found.effect.p_value == pytest.approx(alone.p_value, abs=1e-12)
            assert [found.effect.low, found.effect.high] == pytest.approx([alone.low, alone.high], rel=1e-9)
            found = design.estimate(panels_of.as_panel(cell, panels, row, changed=True), supplements=False)
            assert found.effect.low is not None
            assert found.effect.high is not None
            inside = found.effect.low <= panels.truth[row] <= found.effect.high
            assert inside == (changed.auto[row] > benchmark.ALPHA)

    def test_clustered_p_values_are_those_of_the_design(self, benchmark: ModuleType) -> None:
        panels_of = importlib.import_module("few_units_panels")
        tests_of = importlib.import_module("few_units_tested")
        for dates in (1, 2):
            cell = cell_of(benchmark, 5, "mean", dates)
            panels = panels_of.draw(cell, 2, cell.generator(9))
            found = tests_of.tested(cell, panels.quiet, None, np.zeros(2))
            design = DifferenceInDifferences(estimator=cell.estimator, inference="cluster_robust")
            for row in range(2):
                result = design.estimate(panels_of.as_panel(cell, panels, row), supplements=False)
                assert result.effect.p_value == pytest.approx(found.clustered["CR1"][row], abs=1e-9)

    def test_the_largest_and_the_most_variable_are_treated(self, benchmark: ModuleType) -> None:
        panels_of = importlib.import_module("few_units_panels")
        for who, outcome, largest in [("the largest", "mean", True), ("the most variable", "mean", False),
                                      ("the most variable", "count", False),
                                      ("the most variable", "small count", True)]:  # fmt: skip
            cell = cell_of(benchmark, 5, outcome, who=who)
            sizes = panels_of.dealt_sizes(cell, np.random.default_rng(1), 4)
            inside, outside = sizes[:, :5], sizes[:, 5:]
            assert (inside.min() > outside.max()) if largest else (inside.max() < outside.min())
            if who == "the most variable":
                quiet = panels_of.draw(cell, 40, cell.generator(1)).quiet
                spread = quiet.std(axis=2).mean(axis=0)
                assert spread[:5].mean() > 1.15 * spread[5:].mean()


class TestReading:
    def test_the_words_and_the_numbers_agree(self) -> None:
        found = asked()
        assert found is not None
        assert found["cell"] == {
            "who": "at random", "adoption": "together", "treated": 5, "periods": 36, "after": 18,
            "autocorrelation": 0.4, "outcome": "mean", "sizes": "equal", "estimator": "two_way_fixed_effects",
            "method": "randomisation",
        }  # fmt: skip
        assert found["words"].startswith(
            "In 2,000 simulated panels of 43 places, the nearest to this study (5 of them treated, drawn at random; "
        )
        assert f"lay clear of no effect in {found['false_positives']:.1f}% where there was none" in found["words"]
        assert f"held a true effect in {found['average']:.1f}%." in found["words"]
        assert found["words"].endswith(f"in {found['cluster_robust_false_positives']:.1f}%.")
        assert found["unlike"] == []

    @pytest.mark.parametrize(("changes", "cell"), [
        ({"treated": 4}, {"treated": 5}),
        ({"treated": 3}, {"treated": 2}),
        ({"periods": 17, "after": 9}, {"periods": 14}),
        ({"periods": 60, "after": 30}, {"periods": 36, "after": 18}),
        ({"sizes": "unequal", "after": 10}, {"periods": 36, "after": 12}),
        ({"autocorrelation": -0.2}, {"autocorrelation": 0.0}),
        ({"autocorrelation": None}, {"autocorrelation": 0.0}),
        ({"autocorrelation": 0.95}, {"autocorrelation": 0.8}),
        ({"treated": 1, "method": "ferman_pinto", "outcome": "count"}, {"outcome": "count", "treated": 1}),
        ({"treated": 30, "method": "wild_bootstrap"}, {"treated": 20, "method": "wild_bootstrap"}),
        ({"estimator": "callaway_santanna", "starts": 4}, {"adoption": "3 dates", "estimator": "callaway_santanna"}),
        ({"who": "the largest", "outcome": "small count"}, {"who": "the largest", "outcome": "small count"}),
        ({"treated": 1, "method": "placebo", "estimator": "synthetic_did"}, {"estimator": "synthetic_did"}),
    ])  # fmt: skip
    def test_the_nearest_cell(self, changes: dict[str, Any], cell: dict[str, Any]) -> None:
        found = asked(**changes)
        assert found is not None
        assert {key: found["cell"][key] for key in cell} == cell

    def test_clustered_inference_reads_its_own_column(self) -> None:
        auto, clustered = asked(treated=2), asked(treated=2, method="cluster_robust")
        assert auto is not None
        assert clustered is not None
        assert clustered["false_positives"] == auto["cluster_robust_false_positives"]
        assert clustered["false_positives"] > 20 > auto["false_positives"]
        assert "plain" not in clustered["words"]

    def test_what_differs_is_said(self) -> None:
        found = asked(estimator="imputation", starts=2, outcome="rate", unlike=["covariates"])
        assert found is not None
        assert found["cell"]["adoption"] == "2 dates"
        assert found["unlike"] == ["covariates", "another estimator (imputation)", "rates of small counts"]
        regression = asked(starts=2, method="wild_bootstrap", treated=10)
        assert regression is not None
        assert regression["unlike"] == ["2 different starts"]
        assert "The study has covariates" in found["words"]
        assert "which they had not: its own shares may be others." in found["words"]

    @pytest.mark.parametrize("changes", [
        {"level": 0.9}, {"units": 21}, {"units": 87}, {"method": "classical"}, {"method": "none"},
        {"method": "conley_taber"},
    ])  # fmt: skip
    def test_what_was_not_simulated_has_no_number(self, changes: dict[str, Any]) -> None:
        assert asked(**changes) is None

    @pytest.mark.parametrize(("changes", "words"), [
        ({"treated": 43}, "43 of 43 units treated"), ({"after": 36}, "36 of 36 periods after"),
        ({"who": "volunteers"}, "'volunteers' was not simulated"), ({"outcome": "share"}, "'share' was not simulated"),
    ])  # fmt: skip
    def test_impossible_studies_are_refused(self, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(DesignError, match=words):
            asked(**changes)
