"""The synthetic control: a weighted average of untreated units that goes with the treated one before the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.few_treated import few_treated_panel, one_adoption
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, as_vector, dependent_columns
from evalkit.estimation.synthetic.simplex import simplex_weights
from evalkit.estimation.synthetic.synthetic_placebos import PlaceboRanks, placebo_adoptions, placebo_ranks

Importance = Literal["equal", "regression"]

PERFECT = 1e-6
"""A fit before that misses by less than this share of the outcome's standard deviation is perfect, its gap rounding."""


@dataclass(frozen=True, eq=False)
class SyntheticControl:
    """A treated unit and the weighted donors beside it.

    Attributes
    ----------
    effect : float
        Mean gap from the start on.
    gaps : ndarray, shape (periods,)
        Observed less synthetic.
    observed, synthetic : ndarray, shape (periods,)
        Mean of the treated units; the weighted donors.
    start : int
        Index of the first treated period.
    treated, donors : ndarray of int
        Positions of the units.
    weights : ndarray, shape (donors,)
        None negative, summing to one.
    importance : ndarray, shape (predictors,)
        Weight of each predictor, summing to one.
    pre_rmse, post_rmse : float
        Root mean squared gap before and from the start on; 0 where it is rounding.
    ratio : float
        post_rmse / pre_rmse; infinite where the fit before is perfect.
    inside : bool
        Whether the treated unit lies inside the donors' hull: then predictors are matched exactly.
    unique : bool
        Whether no other weights fit as well.
    optimality_gap : float
        See `evalkit.estimation.synthetic.simplex.SimplexWeights`.
    rule : str
        How predictors were weighted, in words.
    """

    effect: float
    gaps: Array
    observed: Array
    synthetic: Array
    start: int
    treated: Codes
    donors: Codes
    weights: Array
    importance: Array
    pre_rmse: float
    post_rmse: float
    ratio: float
    inside: bool
    unique: bool
    optimality_gap: float
    rule: str


@dataclass(frozen=True, eq=False)
class SyntheticPlacebos:
    """Synthetic controls of units that were not treated.

    Attributes
    ----------
    units : tuple of ndarray of int
        Positions of the placebo-treated units, one entry a placebo.
    effects, pre_rmses, ratios : ndarray, shape (n,)
        Of each placebo.
    gaps : ndarray, shape (n, periods)
        Of each placebo.
    ranks : PlaceboRanks
        Of the effect over the root mean squared gap before: its interval goes with its p-value.
    effect_ranks : PlaceboRanks
        Of the effect itself, whatever the fit before.
    ratio_rank : int
        Rank of the ratio of root mean squared gaps, 1 the largest.
    ratio_p_value : float
        That rank over the number compared.
    listed : bool
        Whether these are all placebos.
    seed : int or None
        Of the draws.
    rule : str
        The rule in words.
    """

    units: tuple[Codes, ...]
    effects: Array
    pre_rmses: Array
    ratios: Array
    gaps: Array
    ranks: PlaceboRanks
    effect_ranks: PlaceboRanks
    ratio_rank: int
    ratio_p_value: float
    listed: bool
    seed: int | None
    rule: str


def synthetic_control(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    predictors: ArrayLike | None = None,
    importance: Importance | ArrayLike = "equal",
) -> SyntheticControl:
    """Return the synthetic control of a treated unit, or of the mean of units that start together.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period, the same for all treated units; the number of periods for the donors.
    predictors : array_like, shape (units, k), or None
        What the synthetic unit should match. None: the outcome in every period before, as it is.
    importance : {"equal", "regression"} or array_like, shape (k,)
        Weights of the predictors; see Notes.

    Returns
    -------
    SyntheticControl

    Raises
    ------
    DesignError
        If starts differ, there are fewer than two donors, a predictor does not vary or its weight is negative,
        or predictors are too many or dependent for "regression".

    Notes
    -----
    Weights w minimise ``sum_k v_k (x_1k - sum_j w_j x_jk)^2`` over ``w >= 0, sum(w) = 1``: a convex problem, solved to
    the optimum from no starting point. Given predictors are divided by their standard deviation over all units.
    Importance v: "equal", the same for each; "regression", the sum over periods before of the squared coefficient of
    the predictor in a regression of the outcome on all of them across units (the default of Stata's synth and the
    starting point of R's Synth). Weights v that are themselves chosen to fit the outcome ("nested") are not offered:
    that problem is not convex, and its answer depends on where the search begins.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105, 493-505. Abadie (2021),
    Journal of Economic Literature 59, 391-425. Checked against pysyncon.
    """
    matrix, codes = few_treated_panel(outcome, first_treated)
    treated, start = one_adoption(codes, matrix.shape[1], "a synthetic control")
    if start < 1:
        raise DesignError("no period lies before the start", mend="bring earlier periods")
    scaled, words = _scaled(
        matrix[:, :start] if predictors is None else predictors, matrix.shape[0], predictors is None
    )
    weights, how = _importance(importance, scaled, matrix[:, :start])
    return _fit(matrix, treated, start, scaled, weights, f"{words}, {how}")


def synthetic_control_placebos(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    predictors: ArrayLike | None = None,
    importance: Importance | ArrayLike = "equal",
    draws: int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> SyntheticPlacebos:
    """Return the synthetic controls of donors in place of the treated, and the ranks of the true effect.

    Parameters
    ----------
    outcome, first_treated, predictors, importance
        As in `synthetic_control`.
    draws : int
        All placebos are listed where they are no more than this, else so many are drawn (several treated units).
    seed : int
        Seed of numpy's PCG64 generator.
    level : float
        Confidence level.

    Returns
    -------
    SyntheticPlacebos

    Raises
    ------
    DesignError
        As `synthetic_control`; if donors are no more than treated units; if placebo effects do not vary.

    Notes
    -----
    Each placebo takes as many donors as units were treated, leaves the truly treated out, and is fitted with the
    predictors' weights of the true analysis ("regression" is computed anew). See `placebo_ranks` for p-values and
    intervals: where the fit before is perfect for all (more donors than periods), effects over the gap before say
    nothing (p is 1) and `effect_ranks` is what is left. The rank of the ratio of root mean squared gaps after and
    before is that of Abadie, Diamond and Hainmueller.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105, 493-505, section 3.4.
    """
    true = synthetic_control(outcome, first_treated, predictors, importance)
    matrix, periods = as_matrix(outcome, "outcome"), true.gaps.size
    given = None if predictors is None else np.asarray(predictors, dtype=np.float64)[true.donors]
    starts = np.full(true.treated.size, true.start)
    adoptions, listed = placebo_adoptions(true.donors.size, starts, periods, draws, seed)
    fits = [synthetic_control(matrix[true.donors], each, given, importance) for each in adoptions]
    effects = np.array([each.effect for each in fits])
    before = np.array([each.pre_rmse for each in fits])
    ratios = np.array([each.ratio for each in fits])
    rank = 1 + int(np.sum(ratios >= true.ratio * (1.0 - 1e-9)))
    how = "all listed" if listed else f"drawn with seed {seed}"
    return SyntheticPlacebos(
        units=tuple(true.donors[each.treated] for each in fits),
        effects=effects,
        pre_rmses=before,
        ratios=ratios,
        gaps=np.stack([each.gaps for each in fits]),
        ranks=placebo_ranks(true.effect, effects, level, np.append(true.pre_rmse, before)),
        effect_ranks=placebo_ranks(true.effect, effects, level),
        ratio_rank=rank,
        ratio_p_value=rank / (1.0 + effects.size),
        listed=listed,
        seed=None if listed else seed,
        rule=f"placebos in space: {effects.size:,} ({how}), the treated left out of their donors; ranks of the effect "
        "over the root mean squared gap before; interval by inversion of the ranks",
    )


def _fit(matrix: Array, chosen: Mask, start: int, scaled: Array, importance: Array, words: str) -> SyntheticControl:
    """Return the synthetic control for scaled predictors and their weights."""
    root = np.sqrt(importance)
    solved = simplex_weights((scaled[~chosen] * root).T, scaled[chosen].mean(axis=0) * root)
    observed, synthetic = matrix[chosen].mean(axis=0), solved.weights @ matrix[~chosen]
    gaps = observed - synthetic
    before, after = (float(np.sqrt(np.mean(part**2))) for part in (gaps[:start], gaps[start:]))
    rounding = PERFECT * float(np.std(matrix))
    before, after = (size if size > rounding else 0.0 for size in (before, after))
    return SyntheticControl(
        effect=float(gaps[start:].mean()),
        gaps=gaps,
        observed=observed,
        synthetic=synthetic,
        start=start,
        treated=np.flatnonzero(chosen),
        donors=np.flatnonzero(~chosen),
        weights=solved.weights,
        importance=importance,
        pre_rmse=before,
        post_rmse=after,
        ratio=_ratio(before, after),
        inside=solved.distance <= 1e-12 * float(np.sum((scaled * root) ** 2)),
        unique=solved.unique,
        optimality_gap=solved.optimality_gap,
        rule=f"synthetic control on {words}",
    )


def _ratio(before: float, after: float) -> float:
    """Return after over before; infinite after a perfect fit that ends, 0 where there is no gap at all."""
    if before > 0.0:
        return after / before
    return float("inf") if after > 0.0 else 0.0


def _scaled(predictors: ArrayLike, units: int, outcomes: bool) -> tuple[Array, str]:
    """Return predictors on one scale, and what they are in words."""
    matrix = as_matrix(predictors, "predictors", units)
    if outcomes:
        return matrix, f"the outcome in all {matrix.shape[1]} periods before"
    spread = np.std(matrix, axis=0, ddof=1)
    flat = np.flatnonzero(~(spread > 1e-12 * np.max(np.abs(matrix), axis=0, initial=0.0)))
    if flat.size:
        raise DesignError(f"predictors {flat.tolist()} are the same for all units", mend="leave them out")
    return matrix / spread, f"{matrix.shape[1]} predictors over their standard deviation"


def _importance(importance: Importance | ArrayLike, scaled: Array, before: Array) -> tuple[Array, str]:
    """Return the weights of the predictors, summing to one, and the rule in words."""
    count = scaled.shape[1]
    if isinstance(importance, str):
        if importance == "equal":
            return np.full(count, 1.0 / count), "all equally important"
        if importance != "regression":
            raise DesignError(f"importance is {importance!r}", mend="choose equal or regression, or give numbers")
        design = np.column_stack([np.ones(len(scaled)), scaled])
        if count + 1 >= len(scaled) or dependent_columns(design):
            raise DesignError(
                f"{count} predictors of {len(scaled)} units are too many or dependent: no regression can weight them",
                mend="choose equal importance, or fewer predictors",
            )
        coefficients = np.linalg.lstsq(design, before, rcond=None)[0][1:]
        weights = np.sum(coefficients**2, axis=1)
        return weights / weights.sum(), "importance by regression of the outcome before"
    weights = as_vector(importance, "importance", count)
    if np.any(weights < 0.0) or not weights.sum() > 0.0:
        raise DesignError("importance must be none negative and not all zero", mend="correct the weights")
    return weights / weights.sum(), "importance as given"
