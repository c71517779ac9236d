"""With which weights an average effect sums outcomes, by adoption date: what makes its noise known in advance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.linear_estimates import require_difference_in_differences
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths
from evalkit.estimation.inputs import Array, Codes


def two_way_weights(first_treated: ArrayLike, periods: int) -> tuple[Codes, Array]:
    """Return the weights of the two-way estimate of a balanced panel.

    Parameters
    ----------
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated.
    periods : int

    Returns
    -------
    dates : ndarray of int, shape (d,)
        Distinct adoption dates, ascending.
    weights : ndarray, shape (d, periods)
        Of the outcomes of one unit of each date: treatment without unit and period effects, over its square sum.
    """
    dates, counts = _dates(first_treated, periods)
    paths = treatment_paths(dates, periods)
    left = paths - paths.mean(axis=1, keepdims=True)
    left = left - counts @ left / counts.sum()
    return dates, left / float(counts @ np.sum(left**2, axis=1))


def group_time_weights(
    first_treated: ArrayLike, periods: int, not_yet_treated: bool = False, anticipation: int = 0
) -> tuple[Codes, Array]:
    """Return the weights of the effects by start and period, averaged over treated unit-periods (without covariates).

    Parameters
    ----------
    first_treated, periods
        As in `two_way_weights`.
    not_yet_treated : bool
        Whether units serve as comparison until they start, `anticipation` periods taken off.
    anticipation : int
        Periods before the start in which treatment may act; the base is the period before them.

    Returns
    -------
    dates, weights
        As in `two_way_weights`.

    Raises
    ------
    DesignError
        Where a start has no period before, or a treated period nobody to compare with.

    Notes
    -----
    Callaway and Sant'Anna, and with units never treated as comparison Sun and Abraham, whose saturated regression gives
    the same effects: the change since the base less that of the comparison units, each treated cell weighing the same.
    """
    dates, counts = _dates(first_treated, periods)
    weights = np.zeros((dates.size, periods))
    for row, start in enumerate(dates[dates < periods]):
        base = int(start) - 1 - anticipation
        if base < 0:
            raise DesignError(f"units that start in period {start} have none before it", mend="bring earlier periods")
        for period in range(int(start), periods):
            others = dates == periods if not not_yet_treated else dates > period + anticipation
            others = others | (dates == periods)
            if not others.any():
                raise DesignError(f"nobody is untreated in period {period}", mend="add comparison units")
            weights[row, [period, base]] += [1.0, -1.0]
            shares = counts[row] / counts[others].sum()
            weights[others, period] -= shares
            weights[others, base] += shares
    return _checked(dates, counts, weights / _cells(dates, counts, periods))


def imputation_weights(first_treated: ArrayLike, periods: int, anticipation: int = 0) -> tuple[Codes, Array]:
    """Return the weights of the average of observed less imputed, over treated unit-periods.

    Parameters
    ----------
    first_treated, periods, anticipation
        As in `group_time_weights`.

    Returns
    -------
    dates, weights
        As in `two_way_weights`.

    Notes
    -----
    Borusyak, Jaravel and Spiess: unit and period effects are fitted to untreated cells, so with Z their indicators and
    v the treated cells' equal weights, untreated cells weigh ``-Z_0 (Z_0'Z_0)^- Z_1'v``. Units with one date are
    alike, so the fit is one of dates by periods in which a date counts as its units.
    """
    dates, counts = _dates(first_treated, periods)
    treated = treatment_paths(dates, periods).astype(bool)
    free = ~treatment_paths(np.maximum(dates - anticipation, 0), periods).astype(bool) | (dates == periods)[:, None]
    place, time = (grid.ravel() for grid in np.indices(treated.shape))
    columns = np.column_stack([place[:, None] == np.arange(dates.size), time[:, None] == np.arange(periods)]).astype(
        np.float64
    )
    size = counts[place]
    wanted = columns[treated.ravel()].T @ size[treated.ravel()]
    fitted = columns[free.ravel()]
    gram = fitted.T @ (size[free.ravel()][:, None] * fitted)
    weights = treated.astype(np.float64).ravel()
    weights[free.ravel()] -= fitted @ (np.linalg.pinv(gram, hermitian=True) @ wanted)
    return _checked(dates, counts, weights.reshape(treated.shape) / _cells(dates, counts, periods))


def _dates(first_treated: ArrayLike, periods: int) -> tuple[Codes, Array]:
    """Return distinct dates and how many units have each; refuse panels without treated or untreated units."""
    codes = np.minimum(np.asarray(first_treated, dtype=np.int64), periods)
    dates, counts = np.unique(codes, return_counts=True)
    if dates.size < 2 or dates[0] < 1:
        raise DesignError(
            f"adoption dates are {dates.tolist()} of {periods} periods", mend="bring units with periods before, and "
            "units that are never treated",
        )  # fmt: skip
    return dates, counts.astype(np.float64)


def _cells(dates: Codes, counts: Array, periods: int) -> float:
    """Return the number of treated unit-periods."""
    return float(counts @ (periods - dates))


def _checked(dates: Codes, counts: Array, weights: Array) -> tuple[Codes, Array]:
    require_difference_in_differences(dates, counts.astype(np.int64), weights)
    return dates, weights
