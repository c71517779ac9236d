"""A few treated units judged by the residuals of many that are never treated: the method of Conley and Taber."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import LIST_UP_TO
from evalkit.estimation.few_units.few_treated import FewTreatedTest, few_treated_panel
from evalkit.estimation.few_units.inversion import interval_by_inversion, not_studentised
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths, two_way_statistics
from evalkit.estimation.inputs import Array


def conley_taber(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    draws: int = 1999,
    seed: int = 0,
    level: float = 0.95,
    list_up_to: int = LIST_UP_TO,
) -> FewTreatedTest:
    """Return the two-way estimate with an interval from the residuals of units that are never treated.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period, which may differ by unit; the number of periods for units never treated.
    draws : int
        Number of draws where the combinations are too many to list.
    seed : int
        Seed of numpy's PCG64 generator.
    level : float
        Confidence level.
    list_up_to : int
        All combinations are listed where they are no more than this.

    Returns
    -------
    FewTreatedTest

    Raises
    ------
    DesignError
        If fewer than two units are never treated, a unit is treated in all periods, or draws is not above zero.

    Notes
    -----
    With many units never treated, the estimate less the effect is
    ``sum_j sum_t (D_jt - mean D_j) e_jt / sum_j sum_t (D_jt - mean D_j)^2`` over treated units j. Its distribution is
    taken from that of never treated units l: in place of e_j stand their outcomes less the mean of all of them in
    each period, every unit for every j (N0^N1 combinations, listed or drawn). The p-value of d is the share with an
    absolute value of at least ``|estimate - d|``, the estimate itself counted; the interval is every d with
    ``p(d) > 1 - level``. Residuals are taken to be alike in treated and comparison units (no unequal variances), and
    the noise of the control mean is left out: `evalkit.estimation.few_units.ferman_pinto` allows for both.

    References
    ----------
    Conley and Taber (2011), Review of Economics and Statistics 93, 113-125, equations 3 and 9.
    """
    matrix, codes = few_treated_panel(outcome, first_treated)
    if draws < 1:
        raise DesignError(f"{draws} draws", mend="ask for at least 1")
    periods = matrix.shape[1]
    treated = codes < periods
    estimate = float(two_way_statistics(matrix, codes, studentised=False)(codes[None, :]).values[0])
    paths = treatment_paths(codes[treated], periods)
    paths = paths - paths.mean(axis=1, keepdims=True)
    left = matrix[~treated] - matrix[~treated].mean(axis=0)
    shares = left @ paths.T / float(np.sum(paths**2))
    placebo, listed = _combinations(shares, draws, seed, list_up_to)
    if not np.ptp(placebo) > 1e-12 * max(1.0, float(np.abs(matrix).max())):
        raise DesignError("the comparison units do not differ in their changes", mend="check the outcome")
    shifted = not_studentised(np.append(estimate, placebo), np.append(1.0, np.zeros_like(placebo)))
    low, high = interval_by_inversion(shifted.p_values, estimate, float(np.std(placebo)), level)
    how = "all listed" if listed else f"drawn with seed {seed}"
    return FewTreatedTest(
        coefficient=estimate,
        p_value=float(shifted.p_values([0.0])[0]),
        low=low,
        high=high,
        level=level,
        smallest_p=1.0 / (1.0 + placebo.size),
        draws=int(placebo.size),
        listed=listed,
        seed=None if listed else seed,
        statistics=placebo,
        rule=f"Conley and Taber (2011): residuals of {len(left)} units that are never treated in place of those of "
        f"{int(treated.sum())} treated, {placebo.size:,} combinations {how}; equal variances, the control mean's own "
        "noise left out",
    )


def _combinations(shares: Array, draws: int, seed: int, list_up_to: int) -> tuple[Array, bool]:
    """Return sums of one entry a column, over all choices of rows or drawn ones, and whether all were listed."""
    controls, treated = shares.shape
    columns = np.arange(treated)
    if controls**treated <= list_up_to:
        rows = np.array(list(product(range(controls), repeat=treated)))
        return shares[rows, columns].sum(axis=1), True
    generator = np.random.Generator(np.random.PCG64(seed))
    return shares[generator.integers(0, controls, (draws, treated)), columns].sum(axis=1), False
