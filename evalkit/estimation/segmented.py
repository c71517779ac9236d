"""Segmented regression: the terms of an interrupted time series, and the same terms had nothing happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask, as_vector, require_choice, require_full_rank

Trend = Literal["linear", "none"]
Impact = Literal["level_and_slope", "level", "slope"]


class SegmentedDesign(NamedTuple):
    """The terms of a segmented regression.

    Attributes
    ----------
    matrix : ndarray, shape (n, k)
        One column per term.
    names : tuple of str
        Names of the terms in whole words.
    counterfactual : ndarray, shape (n, k)
        The matrix with level and slope set to zero.
    post : ndarray of bool, shape (n,)
        Whether the period is at or after the start.
    """

    matrix: Array
    names: tuple[str, ...]
    counterfactual: Array
    post: Mask


def segmented_design(
    positions: ArrayLike,
    start_position: float,
    season: ArrayLike | None = None,
    trend: Trend = "linear",
    impact: Impact = "level_and_slope",
    covariates: Mapping[str, ArrayLike] | None = None,
) -> SegmentedDesign:
    """Return the terms of a segmented regression with and without the intervention.

    Parameters
    ----------
    positions : array_like of int, shape (n,)
        Time positions, increasing; gaps are allowed.
    start_position : int
        Position of the first period with the intervention.
    season : array_like, shape (n,), or None
        Season of each period, such as month 1 ... 12; the smallest is the reference.
    trend : {"linear", "none"}
        Whether the outcome had a trend before.
    impact : {"level_and_slope", "level", "slope"}
        What the intervention may change.
    covariates : mapping of str to array_like of shape (n,), or None
        Further terms by name, the same with and without the intervention.

    Returns
    -------
    SegmentedDesign
        Terms in the order intercept, trend, season 2, season 3, ..., covariates, level, slope.

    Raises
    ------
    DesignError
        If there is no period before or after the start, or terms cannot be told apart; they are named.

    Notes
    -----
    ``y_t = intercept + trend (p_t - p_1) + season + covariates + level [p_t >= s] + slope (p_t - s)[p_t >= s] + e_t``:
    trend counts 0 in the first period, slope counts 0 in the first period with the intervention, so that level is the
    change in that period.

    References
    ----------
    Wagner, Soumerai, Zhang and Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27, 299-309.
    """
    require_choice(trend, Trend, "the trend")
    require_choice(impact, Impact, "the impact")
    places = as_vector(positions, "positions")
    if np.any(np.diff(places) <= 0.0):
        raise DesignError("time positions do not increase", mend="sort the series by period, one row a period")
    post = places >= start_position
    _require_both_sides(post, trend, impact)
    terms: dict[str, Array] = {"intercept": np.ones(places.size)}
    if trend == "linear":
        terms["trend"] = places - places[0]
    terms |= _season_terms(season, places.size)
    for name, values in (covariates or {}).items():
        if name in terms or name in ("level", "slope"):
            raise DesignError(f"a covariate is named {name!r}, as a term is", mend="rename the covariate")
        terms[name] = as_vector(values, f"covariate {name}", places.size)
    if impact in ("level_and_slope", "level"):
        terms["level"] = post.astype(np.float64)
    if impact in ("level_and_slope", "slope"):
        terms["slope"] = np.where(post, places - start_position, 0.0)
    names, matrix = tuple(terms), np.column_stack(list(terms.values()))
    require_full_rank(matrix, names)
    changed = np.array([name in ("level", "slope") for name in names])
    return SegmentedDesign(matrix, names, np.where(changed, 0.0, matrix), post)


def average_effect_weights(design: SegmentedDesign, weights: ArrayLike | None = None) -> Array:
    """Return the contrast that averages the effect over the periods with the intervention.

    Parameters
    ----------
    design : SegmentedDesign
        The terms.
    weights : array_like, shape (n,), or None
        Weight of each period, such as its exposure; only periods with the intervention count. None: equal.

    Returns
    -------
    ndarray, shape (k,)
        Weights of the coefficients: the mean over those periods of matrix less counterfactual.

    Raises
    ------
    DesignError
        If weights are negative, or zero in all periods with the intervention.

    Notes
    -----
    ``w = sum_t v_t (x_t - x0_t) / sum_t v_t`` over post periods, so ``w'b`` is the average of fitted less
    counterfactual; on a log scale it is the average logarithm of the ratio.
    """
    rows = (design.matrix - design.counterfactual)[design.post]
    shares = np.ones(rows.shape[0])
    if weights is not None:
        shares = as_vector(weights, "period weights", design.post.size)[design.post]
    if np.any(shares < 0.0) or shares.sum() <= 0.0:
        raise DesignError("weights of the periods with the intervention must not be negative, nor all zero")
    return np.asarray(shares @ rows / shares.sum())


def effect_rows(design: SegmentedDesign) -> Array:
    """Return the contrast of each period with the intervention: matrix less counterfactual.

    Parameters
    ----------
    design : SegmentedDesign
        The terms.

    Returns
    -------
    ndarray, shape (number of post periods, k)
        For `evalkit.estimation.fit.contrasts`.
    """
    return np.asarray((design.matrix - design.counterfactual)[design.post])


def _require_both_sides(post: Mask, trend: Trend, impact: Impact) -> None:
    """Raise unless there are enough periods on both sides of the start for the terms asked for."""
    before, after = int((~post).sum()), int(post.sum())
    needed_before = 2 if trend == "linear" else 1
    needed_after = 1 if impact == "level" else 2
    if before < needed_before:
        raise DesignError(
            f"{before} periods before the start, and {needed_before} are needed",
            mend="begin earlier or leave out the trend",
        )
    if after < needed_after:
        raise DesignError(
            f"{after} periods from the start on, and {needed_after} are needed for {impact.replace('_', ' ')}",
            mend="wait for more periods, or choose impact: level",
        )


def _season_terms(season: ArrayLike | None, length: int) -> dict[str, Array]:
    """Return one indicator per season but the first."""
    if season is None:
        return {}
    codes = np.asarray(season)
    if codes.shape != (length,):
        raise DesignError(f"season has shape {codes.shape} for {length} periods")
    return {f"season {code}": (codes == code).astype(np.float64) for code in np.unique(codes)[1:]}
