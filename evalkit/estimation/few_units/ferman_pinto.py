"""One or a few treated units whose variance follows their size: the test of Ferman and Pinto."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.few_treated import FewTreatedTest, few_treated_panel, one_adoption
from evalkit.estimation.few_units.inversion import TIE, interval_by_inversion
from evalkit.estimation.inputs import Array, Codes, Mask, as_vector

HUGE = 1e4
"""An effect of so many standard deviations of the comparison units' changes stands for one however large."""


def ferman_pinto(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    sizes: ArrayLike | None = None,
    draws: int = 1999,
    seed: int = 0,
    level: float = 0.95,
    interval: bool = True,
) -> FewTreatedTest:
    """Return the difference in differences of few treated units, tested with variances that follow size.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome, such as a rate or a mean.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period, the same for all treated units; the number of periods for the others.
    sizes : array_like, shape (units,), or None
        Size of each unit, above zero: population, or observations behind its mean. None: equal variances.
    draws : int
        Number of bootstrap draws.
    seed : int
        Seed of numpy's PCG64 generator.
    level : float
        Confidence level.
    interval : bool
        Whether the interval is wanted: it takes nearly all of the time, and its bounds are NaN otherwise.

    Returns
    -------
    FewTreatedTest
        `extra` holds variance_constant and variance_by_size (the two terms below, for no effect, sizes in units of
        their mean), and treated_variance (mean over treated units) beside control_variance (mean over the others).

    Raises
    ------
    DesignError
        If starts differ, fewer than three units are never treated, a size is not above zero, or changes do not vary.

    Notes
    -----
    The change W of a unit is its mean after less its mean before; the estimate is the mean W of treated units less
    that of the others. For a supposed effect d, residuals are the W, less d where treated, less their overall mean.
    Their squares are regressed on a constant and 1 / size, no term negative: ``Var(W_j) = A + B / M_j``. Residuals over
    their root variance are drawn with replacement for every unit, treated and not, and multiplied by the unit's own
    root variance; the estimate of the draw therefore holds the control mean's own noise. ``p(d)`` is
    ``(1 + extreme) / (1 + draws)``, ties counted as extreme, and the interval is every d with ``p(d) > 1 - level``. The
    pattern of serial correlation is free, since a unit's whole change is drawn.

    References
    ----------
    Ferman and Pinto (2019), Review of Economics and Statistics 101, 452-467.
    """
    matrix, codes = few_treated_panel(outcome, first_treated, controls=3)
    treated, start = one_adoption(codes, matrix.shape[1], "the test of Ferman and Pinto")
    inverse = None if sizes is None else 1.0 / _sizes(sizes, codes.size)
    if draws < 1:
        raise DesignError(f"{draws} draws", mend="ask for at least 1")
    change = matrix[:, start:].mean(axis=1) - matrix[:, :start].mean(axis=1)
    weights = np.where(treated, 1.0 / treated.sum(), -1.0 / (~treated).sum())
    estimate = float(weights @ change)
    spread = float(np.std(change[~treated]))
    if not spread > 1e-12 * max(1.0, float(np.abs(matrix).max())):
        raise DesignError("the changes of the comparison units do not vary", mend="check the outcome")
    picks = np.random.Generator(np.random.PCG64(seed)).integers(0, codes.size, (draws, codes.size))

    def p_values(effects: Array) -> Array:
        return supposed_p_values(change, treated, inverse, picks, effects)

    bounds = interval_by_inversion(p_values, estimate, spread, level) if interval else (float("nan"), float("nan"))
    constant, by_size, variance = _variance(change - change.mean(), inverse)
    how = "variance constant plus a term inverse to size" if sizes is not None else "equal variances"
    p_value = float(p_values(np.zeros(1))[0])
    return FewTreatedTest(
        coefficient=estimate,
        p_value=p_value,
        low=bounds[0],
        high=bounds[1],
        level=level,
        smallest_p=min(p_value, _smallest(change, treated, inverse, picks, spread)),
        draws=draws,
        listed=False,
        seed=seed,
        statistics=_null_estimates(change, treated, inverse, picks),
        rule=f"Ferman and Pinto (2019): changes of all {codes.size} units drawn {draws:,} times with seed {seed}, "
        f"{how}; no effect imposed, the control mean's own noise included; interval by test inversion",
        extra={
            "variance_constant": constant,
            "variance_by_size": by_size,
            "treated_variance": float(variance[treated].mean()),
            "control_variance": float(variance[~treated].mean()),
        },
    )


def _smallest(change: Array, treated: Mask, inverse: Array | None, picks: Codes, spread: float) -> float:
    """Return the p-value that an effect of any size comes down to.

    Under no effect a treated unit's own change is among those drawn, so that with N units about a share ``1/N (1 -
    1/N)^(N - 1)`` of the draws (all of the others without it) is as large as an effect however large: with few units
    that share, and not one over the number of draws, is the floor.
    """
    limits = [
        supposed_p_values(change + sign * HUGE * spread * treated, treated, inverse, picks, np.zeros(1))[0]
        for sign in (-1.0, 1.0)
    ]
    return float(min(limits))


def supposed_p_values(change: Array, treated: Mask, inverse: Array | None, picks: Codes, effects: Array) -> Array:
    """Return p-values of supposed effects, shape (m,), by draws of changes that are given.

    Parameters
    ----------
    change : ndarray, shape (units,)
        Mean after less mean before.
    treated : ndarray of bool, shape (units,)
    inverse : ndarray, shape (units,), or None
        One over size, sizes in units of their mean; None: equal variances.
    picks : ndarray of int, shape (draws, units)
        Whose residual each unit has in each draw.
    effects : ndarray, shape (m,)
    """
    estimate = float(np.where(treated, 1.0 / treated.sum(), -1.0 / (~treated).sum()) @ change)
    extreme = [
        np.abs(_null_estimates(change - d * treated, treated, inverse, picks)) >= abs(estimate - d) * (1.0 - TIE)
        for d in effects
    ]
    return np.asarray((1.0 + np.sum(extreme, axis=1)) / (1.0 + len(picks)))


def _sizes(sizes: ArrayLike, units: int) -> Array:
    """Return sizes above zero, over their mean so that the regression is well scaled."""
    vector = as_vector(sizes, "sizes", units)
    if np.any(vector <= 0.0):
        raise DesignError(
            f"the size of unit {int(np.argmin(vector))} is {vector.min():g}", mend="sizes must be above zero"
        )
    return np.asarray(vector / vector.mean())


def _variance(residuals: Array, inverse: Array | None) -> tuple[float, float, Array]:
    """Return A, B and the variance of each unit; sizes are in units of their mean."""
    from scipy.optimize import nnls

    squares = residuals**2
    if inverse is None:
        constant, by_size = float(squares.mean()), 0.0
        return constant, by_size, np.full(residuals.size, constant)
    scale = float(squares.mean())
    terms, _ = nnls(np.column_stack([np.ones(residuals.size), inverse]), squares / scale)
    constant, by_size = float(terms[0] * scale), float(terms[1] * scale)
    return constant, by_size, constant + by_size * inverse


def _null_estimates(change: Array, treated: Mask, inverse: Array | None, picks: Codes) -> Array:
    """Return the estimates of bootstrap draws for changes from which the supposed effect was taken."""
    residuals = change - change.mean()
    root = np.sqrt(_variance(residuals, inverse)[2])
    weights = np.where(treated, 1.0 / treated.sum(), -1.0 / (~treated).sum())
    return np.asarray((residuals / root)[picks] @ (root * weights))
