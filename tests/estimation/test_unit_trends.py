"""Straight lines of each unit's own: dummies in statsmodels, pyfixest, every draw and assignment as a regression."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.cluster_robust import cluster_robust, cluster_robust_contrasts
from evalkit.estimation.few_units.reassigned_two_way import two_way_statistics
from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap
from evalkit.estimation.unit_trends import within_unit_trends


def panel(seed: int = 1, units: int = 12, periods: int = 9, missing: bool = True) -> pd.DataFrame:
    """Return units with slopes of their own, weights, a covariate and (missing) a tenth of rows gone."""
    generator = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    start = np.where(np.arange(units) < units // 2, 4 + np.arange(units) % 3, 99)[unit]
    frame = pd.DataFrame({"unit": unit, "time": time, "treated": (time >= start) * 1.0})
    frame["covariate"] = generator.normal(size=len(frame))
    frame["weight"] = generator.uniform(0.5, 2.0, len(frame))
    slopes = generator.normal(size=units)[unit] * time
    frame["y"] = slopes + 0.7 * frame["treated"] + 0.3 * frame["covariate"] + generator.normal(size=len(frame))
    return frame.sample(frac=0.9, random_state=seed).reset_index(drop=True) if missing else frame


def dummies(frame: pd.DataFrame) -> np.ndarray:
    """Return every effect and every line as a column."""
    own = (frame["unit"].to_numpy()[:, None] == np.arange(frame["unit"].max() + 1)) * 1.0
    periods = (frame["time"].to_numpy()[:, None] == np.arange(frame["time"].max() + 1)) * 1.0
    return np.column_stack([own, own * frame["time"].to_numpy()[:, None], periods])


def fitted(frame: pd.DataFrame, weighted: bool = False, **options):
    return cluster_robust(
        frame["y"], frame[["treated", "covariate"]], frame["unit"], frame["time"],
        weights=frame["weight"] if weighted else None, trend=frame["time"], **options,
    )  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_and_clustered_errors_are_those_of_all_columns(weighted):
    frame = panel()
    root = np.sqrt(frame["weight"].to_numpy() if weighted else np.ones(len(frame)))
    design = np.column_stack([frame[["treated", "covariate"]], dummies(frame)]) * root[:, None]
    inverse, outcome = np.linalg.pinv(design), frame["y"].to_numpy() * root
    found = fitted(frame, weighted, correction="CR1", small_sample="no_cluster_factor")
    assert found.coefficients == pytest.approx((inverse @ outcome)[:2], rel=1e-9)
    residuals = outcome - design @ (inverse @ outcome)
    scores = np.stack([np.bincount(frame["unit"], row * residuals) for row in inverse[:2]])
    n, rank = len(frame), np.linalg.matrix_rank(design)
    assert rank == 2 + 12 + 11 + 8  # the common line is among the periods
    assert found.covariance == pytest.approx(n / (n - rank) * scores @ scores.T, rel=1e-8)


@pytest.mark.filterwarnings("ignore")  # pyfixest's own
def test_pyfixest_with_slopes_as_columns():
    """pyfixest counts slopes that are columns: the factor of `effects_counted` but for the unit effects."""
    import pyfixest

    frame = panel(3)
    other = pyfixest.feols(
        "y ~ treated + covariate + i(unit, time) | unit + time", frame, vcov={"CRV1": "unit"}, weights="weight"
    )
    found = fitted(frame, True, correction="CR1")
    assert found.coefficients == pytest.approx(other.coef()[["treated", "covariate"]].to_numpy(), abs=1e-8)
    n, groups, own = len(frame), 12, 1 + 2 + 8
    ratio = np.sqrt((n - own) / (n - own - 11))
    assert found.standard_errors * ratio == pytest.approx(other.se()[["treated", "covariate"]].to_numpy(), rel=1e-6)
    assert found.factor == pytest.approx(groups / (groups - 1) * (n - 1) / (n - own))
    assert "unit effects and trends not counted (nested in clusters)" in found.rule


def test_cr2_is_that_of_all_columns():
    frame = panel(4, missing=False)
    design = np.column_stack([frame[["treated", "covariate"]], dummies(frame)])
    inverse, outcome = np.linalg.pinv(design), frame["y"].to_numpy()
    hat, residuals = design @ inverse, outcome - design @ (inverse @ outcome)
    total = 0.0
    for group in range(12):
        rows = np.flatnonzero(frame["unit"] == group)
        values, vectors = np.linalg.eigh(np.eye(rows.size) - hat[np.ix_(rows, rows)])
        power = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        total += (inverse[0, rows] @ (vectors * power) @ vectors.T @ residuals[rows]) ** 2
    found = cluster_robust_contrasts(fitted(frame, correction="CR2"), np.array([[1.0, 0.0]]))
    assert float(found.se[0]) == pytest.approx(np.sqrt(total), rel=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_every_draw_of_the_bootstrap_is_a_regression(weighted):
    frame = panel(5)
    weights = frame["weight"] if weighted else None
    found = wild_bootstrap(
        frame["y"], frame[["treated", "covariate"]], frame["unit"], frame["time"], weights, draws=5, seed=3,
        distribution="webb", trend=frame["time"],
    )  # fmt: skip
    from evalkit.estimation.few_units.wild_bootstrap import WEBB

    root = np.sqrt(frame["weight"].to_numpy() if weighted else np.ones(len(frame)))
    design = np.column_stack([frame[["treated", "covariate"]], dummies(frame)]) * root[:, None]
    inverse, outcome = np.linalg.pinv(design), frame["y"].to_numpy() * root
    null = design[:, 1:] @ (np.linalg.pinv(design[:, 1:]) @ outcome)
    drawn = WEBB[np.random.Generator(np.random.PCG64(3)).integers(0, 6, (5, 12))]
    for row, statistic in zip(drawn, found.statistics, strict=True):
        sample = null + row[frame["unit"]] * (outcome - null)
        coefficients = inverse @ sample
        scores = np.bincount(frame["unit"], inverse[0] * (sample - design @ coefficients))
        assert statistic == pytest.approx(coefficients[0] / np.sqrt(found.factor * scores @ scores), rel=1e-6)


def test_every_assignment_is_a_regression():
    frame = panel(6)
    table = frame.pivot(index="unit", columns="time", values="y")
    weights = table.notna().to_numpy() * 1.0
    first = np.where(np.arange(12) < 6, 4 + np.arange(12) % 3, 9)
    assignments = np.stack([np.random.default_rng(k).permutation(first) for k in range(4)])
    found = two_way_statistics(table.to_numpy(), first, False, None, weights, np.arange(9.0))(assignments)
    for codes, value in zip(assignments, found.values, strict=True):
        treated = (frame["time"].to_numpy() >= codes[frame["unit"]]) * 1.0
        design = np.column_stack([treated, dummies(frame)])
        assert value == pytest.approx((np.linalg.pinv(design) @ frame["y"].to_numpy())[0], rel=1e-8)


def test_what_is_taken_out_leaves_no_line():
    frame = panel(7)
    left = within_unit_trends(
        frame[["y"]].to_numpy(), frame["unit"].to_numpy(), frame["time"].to_numpy(), frame["weight"].to_numpy(),
        frame["time"].to_numpy(float),
    )  # fmt: skip
    root = np.sqrt(frame["weight"].to_numpy())[:, None]
    columns = dummies(frame) * root
    expected = frame["y"].to_numpy() * root[:, 0] - columns @ (np.linalg.pinv(columns) @ (frame["y"] * root[:, 0]))
    assert (left * root)[:, 0] == pytest.approx(expected, abs=1e-9)


def test_clusters_across_units_are_refused():
    frame = panel(8)
    with pytest.raises(DesignError, match="every unit to lie in one cluster"):
        fitted(frame, correction="CR1", cluster=frame["time"])
