"""Regression whose errors follow a first-order autoregression, by Prais and Winsten's iterated least squares.

It is offered because others report it. The autocorrelation comes from the residuals of the same fit, which are less
correlated than the errors, and standard errors take it as known: both make intervals too short in short series.
`evalkit.estimation.series.autoregressive` mends both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.basis import orthonormal_basis
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, Codes, as_matrix, as_vector
from evalkit.estimation.rules import reference_rule
from evalkit.estimation.series.autoregressive import whiten
from evalkit.estimation.series.positions import gaps_between

TOLERANCE = 1e-10
"""Change of the autocorrelation at which the iteration has settled; the R package prais stops at 1e-6."""
STEPS = 2000


def iterated(outcome: ArrayLike, regressors: ArrayLike, positions: ArrayLike | None = None) -> Fit:
    """Return the regression with AR(1) errors by Prais and Winsten's least squares, iterated until it settles.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome in the order of time.
    regressors : array_like, shape (n, k)
        Regressors, the constant included.
    positions : array_like of int, shape (n,), or None
        Time positions, increasing; a gap is a missing period. None: 0, 1, ..., n - 1.

    Returns
    -------
    Fit
        `extra` holds rho, iterations and sigma. `scale` is sigma^2, the variance of the errors themselves (that of
        the innovations is ``sigma^2 (1 - rho^2)``). `standardised` holds the whitened innovations.

    Raises
    ------
    DesignError
        If terms are dependent, fewer than two observations are left over, positions do not increase or no two are
        neighbours, the fit is perfect, the autocorrelation reaches 1 in size, or it does not settle in 2,000 steps.

    Notes
    -----
    ``y = X b + e``, ``Cov(e_i, e_j) = sigma^2 rho^|p_i - p_j|``. From rho = 0 on, by turns: b by least squares of
    ``y_1, (y_t - r y_{t-1}) / sqrt(1 - r^2)`` on X treated alike, ``r = rho^(p_t - p_{t-1})``, so that the first
    observation is kept; and rho by the regression of residuals on those before them,

        ``rho = sum e_t e_{t-1} / sum e_{t-1}^2``,

    sums over pairs of neighbouring periods; until rho changes by less than 1e-10. Standard-error rule:
    ``s^2 (X*'X*)^-1`` with X* the transformed regressors, ``s^2 = u'u / (n - k)``, u the transformed residuals;
    t with n - k. Nothing allows for rho being estimated. The rule for rho is that of Stata's prais; other rules give
    another rho in short series. Periods on both sides of a gap stay correlated, by rho to the power of its length.

    References
    ----------
    Prais and Winsten (1954), Cowles Commission Discussion Paper 383. Wooldridge (2013), Introductory Econometrics,
    fifth edition, section 12-3. Checked against its tables 12.1 and 12.2, its estimate for the minimum wage in Puerto
    Rico, and the R package prais.
    """
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    gaps = gaps_between(positions, y.size)
    basis, back = orthonormal_basis(matrix, spare=2)
    level = basis.T @ y
    left = y - basis @ level
    if float(left @ left) <= 1e-20 * float(y @ y):
        raise DesignError("the terms fit the outcome perfectly", mend="use fewer terms or more periods")
    rho, steps = _settle(_Products.of(np.column_stack([basis, left]), gaps))
    places = np.concatenate([[0], np.cumsum(gaps)])
    white_basis, white_left = whiten(basis, rho, places), whiten(left, rho, places)
    information = white_basis.T @ white_basis
    scores = np.linalg.solve(information, white_basis.T @ white_left)
    innovations = white_left - white_basis @ scores
    variance = float(innovations @ innovations) / (y.size - matrix.shape[1])
    fitted = basis @ (level + scores)
    return Fit(
        coefficients=back @ (level + scores),
        covariance=variance * back @ np.linalg.inv(information) @ back.T,
        residual_df=float(y.size - matrix.shape[1]),
        fitted=fitted,
        residuals=y - fitted,
        standardised=innovations / np.sqrt(variance),
        scale=variance,
        rule=f"Prais-Winsten, iterated (autocorrelation {rho:.2f} from the residuals, {steps} steps), which takes the "
        f"autocorrelation as known; {reference_rule(matrix)}",
        extra={"rho": rho, "iterations": float(steps), "sigma": float(np.sqrt(variance))},
    )


class _Products(NamedTuple):
    """Cross-products of [X e] by length of gap, from which a step at any rho costs no pass over the data."""

    first: Array
    gaps: Array
    later: Array
    between: Array
    earlier: Array

    @classmethod
    def of(cls, values: Array, gaps: Codes) -> _Products:
        """Return the cross-products of `values`, one set for each length of gap, the shortest first."""
        lengths = np.unique(gaps)
        if lengths[0] > 1:
            raise DesignError(
                "no two periods are neighbours, so their correlation cannot be seen",
                mend="bring a series without so many gaps",
            )
        pairs = [(values[:-1][gaps == length], values[1:][gaps == length]) for length in lengths]
        return cls(
            first=np.outer(values[0], values[0]),
            gaps=lengths.astype(np.float64),
            later=np.stack([after.T @ after for _, after in pairs]),
            between=np.stack([after.T @ before for before, after in pairs]),
            earlier=np.stack([before.T @ before for before, _ in pairs]),
        )

    def transformed(self, rho: float) -> Array:
        """Return the cross-products of the transformed [X e], each row on the scale of the first."""
        r = (rho**self.gaps)[:, None, None]
        whole = self.later - r * (self.between + self.between.transpose(0, 2, 1)) + r**2 * self.earlier
        return np.asarray(self.first + np.sum(whole / (1.0 - r**2), axis=0))

    def autocorrelation(self, rho: float) -> float:
        """Return the regression of residuals on those before them, at the coefficients that belong to `rho`."""
        whole = self.transformed(rho)
        weights = np.append(-np.linalg.solve(whole[:-1, :-1], whole[:-1, -1]), 1.0)
        return float((weights @ self.between[0] @ weights) / (weights @ self.earlier[0] @ weights))


def _settle(products: _Products) -> tuple[float, int]:
    """Return the autocorrelation at which the iteration stands still, and the number of steps to it."""
    rho = 0.0
    for step in range(1, STEPS + 1):
        found = products.autocorrelation(rho)
        if not abs(found) < 1.0:
            raise DesignError(
                f"the autocorrelation of the residuals is {found:.2f} at step {step}: Prais-Winsten needs it between "
                "-1 and 1",
                mend="use errors: autoregressive, which keeps it inside, or arima with one difference",
            )
        if abs(found - rho) <= TOLERANCE:
            return found, step
        rho = found
    raise DesignError(
        f"Prais-Winsten did not settle in {STEPS} steps (autocorrelation {rho:.3f})",
        mend="use errors: autoregressive, or fewer terms",
    )
