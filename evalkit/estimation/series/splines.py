"""Terms of the trend before an interruption: a line, a parabola, or a natural cubic spline."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector

Trend = Literal["linear", "none", "quadratic", "spline"]
FEWEST_KNOTS = 3


def trend_terms(places: Array, before: Array, trend: Trend, knots: int | None) -> dict[str, Array]:
    """Return the terms of the trend, which is carried past the interruption as it was before.

    Parameters
    ----------
    places : ndarray, shape (n,)
        Time positions, increasing.
    before : ndarray, shape (m,)
        Those before the interruption.
    trend : {"linear", "none", "quadratic", "spline"}
    knots : int or None
        Number of knots of a spline, both ends included.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        `trend` counts periods from the first; then `trend squared`, or `trend spline 2` ... `trend spline k - 1`.

    Raises
    ------
    DesignError
        If there are more knots than positions before, or fewer than 3.

    Notes
    -----
    Knots lie at equally spaced quantiles of the positions *before* the interruption, the first and the last of them
    included. So the spline is a straight line from the last position before on, and cannot bend to take up the change.
    """
    if trend == "none":
        return {}
    terms = {"trend": places - places[0]}
    if trend == "quadratic":
        terms["trend squared"] = (places - places[0]) ** 2
    if trend == "spline":
        if knots is None or knots < FEWEST_KNOTS:
            raise DesignError(
                f"a spline has {knots or 0} knots", mend=f"give {FEWEST_KNOTS} or more, or use trend: linear"
            )
        if knots > before.size:
            raise DesignError(
                f"{knots} knots for {before.size} periods before the start",
                mend="use fewer knots, or trend: linear",
            )
        at = np.quantile(before, np.linspace(0.0, 1.0, knots))
        curves = natural_spline(places, at).T
        terms |= {f"trend spline {j + 2}": curve for j, curve in enumerate(curves)}
    return terms


def natural_spline(positions: ArrayLike, knots: ArrayLike) -> Array:
    """Return the terms that a natural cubic spline has beside constant and line.

    Parameters
    ----------
    positions : array_like, shape (n,)
        Where the spline is evaluated.
    knots : array_like, shape (k,)
        Increasing; the first and the last bound the stretch beyond which the spline is straight.

    Returns
    -------
    ndarray, shape (n, k - 2)

    Raises
    ------
    DesignError
        If there are fewer than three knots, or they do not increase.

    Notes
    -----
    For j = 1 ... k - 2, with ``p(u) = max(u, 0)^3``,

        ``(p(t - t_j) - p(t - t_{k-1}) (t_k - t_j)/(t_k - t_{k-1}) + p(t - t_k) (t_{k-1} - t_j)/(t_k - t_{k-1}))``

    over ``(t_k - t_1)^2``. With constant and line these span what `splines::ns` in R spans for the same knots.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, second edition, section 2.4.5.
    """
    t, at = as_vector(positions, "positions"), as_vector(knots, "knots")
    if at.size < FEWEST_KNOTS or np.any(np.diff(at) <= 0.0):
        raise DesignError(
            f"the {at.size} knots are too few or do not increase", mend="give three or more that increase"
        )
    last, next_to_last = at[-1], at[-2]

    def cubed(by: float) -> Array:
        return np.asarray(np.maximum(t - by, 0.0) ** 3)

    width = last - next_to_last
    curves = [
        cubed(knot) - cubed(next_to_last) * (last - knot) / width + cubed(last) * (next_to_last - knot) / width
        for knot in at[:-2]
    ]
    return np.asarray(np.column_stack(curves) / (last - at[0]) ** 2)
