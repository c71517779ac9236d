"""Expected coverage: the committed table holds what is promised of the default, is what the benchmark measures, and is
read at the nearest cell."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from evalkit.diagnostics.coverage import expected_coverage, table
from evalkit.errors import DesignError

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "kenward_roger"
OUTCOMES = {"gaussian", "count 5", "count 30", "count 200"}


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calibrate", ROOT / "benchmarks" / "calibrate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["calibrate"] = module
    spec.loader.exec_module(module)
    return module


def series(**changes: Any) -> dict[str, Any] | None:
    usual = {"periods": 48, "after": 24, "autocorrelation": 0.4, "season": False, "errors": "autoregressive"}
    return expected_coverage(**(usual | changes))


def test_the_default_holds_92_to_97_percent_from_48_periods_and_up_to_0_4() -> None:
    rows = [row for row in table()
            if row["rule"] == DEFAULT and row["periods"] >= 48 and row["autocorrelation"] <= 0.4]  # fmt: skip
    kinds = {(r["periods"], r["after"], r["autocorrelation"], r["season"], r["outcome"]) for r in rows}
    assert kinds == {
        (n, n // share, rho, season, outcome)
        for n in (48, 96) for share in (2, 4) for rho in (0.0, 0.2, 0.4) for season in ("none", "month")
        for outcome in OUTCOMES
    }  # fmt: skip
    for row in rows:
        assert row["replications"] + row["not_fitted"] == 4000
        assert row["not_fitted"] <= 80
        for which in ("immediate", "average"):
            assert 0.92 <= row[f"coverage_{which}"] <= 0.97, row
            assert 0.03 <= row[f"false_positives_{which}"] <= 0.08, row


def test_other_error_models_are_as_narrow_as_others_found() -> None:
    """Turner and others (2021, BMC Medical Research Methodology 21, 181): least squares and Newey and West's cover too
    little under autocorrelation, restricted likelihood with Satterthwaite's rule close to 95%."""
    found = {row["rule"]: row["coverage_average"] for row in table()
             if (row["periods"], row["after"], row["autocorrelation"], row["season"], row["outcome"])
             == (48, 24, 0.4, "none", "gaussian")}  # fmt: skip
    assert found["ordinary"] < 0.85
    assert found["newey_west"] < 0.86
    assert found["prais_winsten"] < 0.93
    assert 0.94 < found["satterthwaite"] < 0.96


@pytest.mark.parametrize(("season", "mean"), [(False, None), (False, 30), (True, 5)])
def test_the_table_is_what_the_benchmark_measures(benchmark: ModuleType, season: bool, mean: int | None) -> None:
    """One cell again, with fewer series and another seed: within 4 standard errors of the difference."""
    few, cell = 500, benchmark.Cell(48, 24, 0.4, season, mean)
    committed = {(row["rule"]): row for row in table()
                 if (row["periods"], row["after"], row["autocorrelation"], row["outcome"])
                 == (48, 24, 0.4, cell.outcome) and (row["season"] == "month") == season}  # fmt: skip
    rows = benchmark.measured(cell, few, seed=benchmark.SEED + 99)
    assert {row["rule"] for row in rows} | {"arima"} == set(committed) | {"arima"}
    for row in rows:
        for column in ("coverage_immediate", "coverage_average"):
            share = committed[row["rule"]][column]
            chance = np.sqrt(share * (1 - share) * (1 / few + 1 / 4000))
            assert abs(row[column] - share) < 4 * chance, (row["rule"], column)


def test_the_words_and_the_numbers_agree() -> None:
    found = series()
    assert found is not None
    assert found["cell"] == {
        "periods": 48, "after": 24, "autocorrelation": 0.4, "season": "none", "outcome": "gaussian",
    }  # fmt: skip
    assert found["replications"] == 4000
    assert found["words"].startswith(
        "In 4,000 simulated series, the nearest to this one (48 periods, 24 of them from the start on, "
    )
    assert f"true average change in {found['average']:.1f}%" in found["words"]
    assert f"at once in {found['immediate']:.1f}%" in found["words"]
    assert 92 < found["average"] < 97


@pytest.mark.parametrize(("asked", "cell"), [
    ({"periods": 192, "after": 23}, {"periods": 96, "after": 24}),
    ({"periods": 60, "after": 15}, {"periods": 48, "after": 12}),
    ({"autocorrelation": -0.3}, {"autocorrelation": 0.0}),
    ({"autocorrelation": None}, {"autocorrelation": 0.0}),
    ({"autocorrelation": 0.53}, {"autocorrelation": 0.6}),
    ({"season": True}, {"season": "month"}),
    ({"season": True, "periods": 12, "after": 6}, {"season": "month", "periods": 24, "after": 6}),
    ({"mean_count": 1700.0}, {"outcome": "count 200"}),
    ({"mean_count": 11.0, "family": "quasi_poisson"}, {"outcome": "count 5"}),
    ({"mean_count": 13.0}, {"outcome": "count 30"}),
    ({"mean_count": 0.0}, {"outcome": "count 5"}),
    ({"errors": "arima", "season": True}, {"season": "none", "outcome": "gaussian"}),
])  # fmt: skip
def test_the_nearest_cell(asked: dict[str, Any], cell: dict[str, Any]) -> None:
    found = series(**asked)
    assert found is not None
    assert {key: found["cell"][key] for key in cell} == cell


def test_each_rule_has_its_own_numbers() -> None:
    averages = {}
    for name, options in {"kr": {}, "satterthwaite": {"small_sample": "satterthwaite"}, "nw": {"errors": "newey_west"},
                          "pw": {"errors": "prais_winsten"}, "ols": {"errors": "ordinary"}}.items():  # fmt: skip
        found = series(**options)
        assert found is not None
        averages[name] = found["average"]
    assert len(set(averages.values())) == 5
    assert averages["ols"] < averages["pw"] < averages["kr"]


@pytest.mark.parametrize("asked", [
    {"level": 0.9}, {"family": "negative_binomial", "errors": "newey_west"},
    {"family": "poisson", "errors": "ordinary"},
    {"errors": "prais_winsten", "mean_count": 5.0, "family": "quasi_poisson"}, {"errors": "arima", "mean_count": 40.0},
])  # fmt: skip
def test_what_was_not_simulated_has_no_number(asked: dict[str, Any]) -> None:
    assert series(**asked) is None


def test_lost_series_are_told() -> None:
    found = series(periods=12, after=6, mean_count=5.0, family="quasi_poisson")
    assert found is not None
    assert "could not be fitted and are not counted" in found["words"]


def test_impossible_lengths_are_refused() -> None:
    with pytest.raises(DesignError, match="after the start of"):
        series(after=48)


def test_what_was_not_simulated_is_said() -> None:
    found = series(unlike=["another trend", "other interruptions"])
    assert found is not None
    assert found["words"].endswith(
        " The study has another trend and other interruptions, which they had not: its own share may be another."
    )
    assert found["unlike"] == ["another trend", "other interruptions"]
