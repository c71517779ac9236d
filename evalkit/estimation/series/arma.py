"""Autoregressive moving-average processes: their autocovariances, and the exact likelihood of a regression on them.

The covariance matrix of such a process becomes banded when all but the first rows are filtered by the autoregression,
so that the exact likelihood costs a pass over the data. Missing periods get a regressor each, and the determinant that
goes with it, which is the exact likelihood of the periods that were seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array

LARGEST_ANGLE = 12.0
"""Of the unbounded parameters: the partial autocorrelation there is 1 to ten digits."""


class Process(NamedTuple):
    """An autoregressive moving-average process with innovations of variance 1.

    Attributes
    ----------
    autoregressive : ndarray, shape (p,)
        ``u_t = sum_i a_i u_{t-i} + v_t + sum_j m_j v_{t-j}``.
    moving_average : ndarray, shape (q,)
        The m_j.
    """

    autoregressive: Array
    moving_average: Array

    @classmethod
    def of(cls, angles: Array, p: int) -> Process:
        """Return the process of unbounded parameters: p of the autoregression, the others of the moving average.

        Notes
        -----
        Their hyperbolic tangents are partial autocorrelations, from which Durbin and Levinson's recursion makes a
        stationary and invertible process (Monahan 1984, Biometrika 71, 403-404).
        """
        partial = np.tanh(np.clip(angles, -LARGEST_ANGLE, LARGEST_ANGLE))
        return cls(_from_partial(partial[:p]), -_from_partial(partial[p:]))

    def smallest_root(self) -> float:
        """Return the size of the root nearest to zero of both polynomials; above 1 is stationary and invertible."""
        sizes = [np.inf]
        for terms, sign in ((self.autoregressive, -1.0), (self.moving_average, 1.0)):
            polynomial = np.trim_zeros(np.append(sign * terms[::-1], 1.0), "f")
            if polynomial.size > 1:
                sizes.append(float(np.min(np.abs(np.roots(polynomial)))))
        return min(sizes)

    def responses(self) -> Array:
        """Return the weights of the innovations 0 ... q periods back, shape (q + 1,)."""
        q, p = self.moving_average.size, self.autoregressive.size
        weights = np.append(1.0, self.moving_average)
        for j in range(1, q + 1):
            back = min(j, p)
            weights[j] += self.autoregressive[:back] @ weights[j - back : j][::-1]
        return weights

    def covariances(self, highest: int) -> Array:
        """Return the autocovariances at lags 0 ... `highest`.

        Notes
        -----
        ``g_k - sum_i a_i g_|k-i| = sum_{j >= k} m_j w_{j-k}`` with m_0 = 1 and the responses w, solved for k up to p,
        then carried on.
        """
        a, p = self.autoregressive, self.autoregressive.size
        shocks = np.zeros(max(highest, p) + 1)
        found = self.shocks()
        shocks[: min(found.size, shocks.size)] = found[: shocks.size]
        system = np.eye(p + 1)
        for k in range(p + 1):
            for i in range(1, p + 1):
                system[k, abs(k - i)] -= a[i - 1]
        values = np.zeros(shocks.size)
        values[: p + 1] = np.linalg.solve(system, shocks[: p + 1])
        for k in range(p + 1, values.size):
            values[k] = shocks[k] + a @ values[k - p : k][::-1]
        return values[: highest + 1]

    def shocks(self) -> Array:
        """Return the covariance of the process with its moving-average part 0 ... q periods later, shape (q + 1,)."""
        whole, weights = np.append(1.0, self.moving_average), self.responses()
        return np.array([whole[h:] @ weights[: whole.size - h] for h in range(whole.size)])

    def bands(self, points: int) -> Array:
        """Return the covariance matrix of the filtered process, lower bands, shape (max(p, q) + 1, points)."""
        start = min(max(self.autoregressive.size, self.moving_average.size), points)
        whole = np.append(1.0, self.moving_average)
        width = max(self.autoregressive.size, self.moving_average.size)
        matrix = np.zeros((width + 1, points))
        shocks, own = self.shocks(), self.covariances(width)
        for h in range(width + 1):
            if h < whole.size:
                matrix[h, start:] = whole[h:] @ whole[: whole.size - h]
                matrix[h, max(start - h, 0) : start] = shocks[h]
            matrix[h, : max(start - h, 0)] = own[h]
        return matrix

    def filtered(self, values: Array) -> Array:
        """Return values, those after the first max(p, q) rows less what the autoregression foretells."""
        start = max(self.autoregressive.size, self.moving_average.size)
        out = values.copy()
        for i, weight in enumerate(self.autoregressive, start=1):
            out[start:] -= weight * values[start - i : -i]
        return out


def _from_partial(partial: Array) -> Array:
    """Return the autoregression with given partial autocorrelations."""
    terms = np.zeros(0)
    for value in partial:
        terms = np.append(terms - value * terms[::-1], value)
    return terms


class Sample(NamedTuple):
    """What the likelihood reads: a full grid of periods, differenced where the order says so.

    Attributes
    ----------
    regressors : ndarray, shape (m, k)
        Zero in missing periods.
    outcome : ndarray, shape (m,)
        Zero in missing periods.
    missing : ndarray, shape (m, h)
        One column for each missing period.
    seen : int
        Periods that were seen, less one for a difference.
    """

    regressors: Array
    outcome: Array
    missing: Array
    seen: int


class Likelihood(NamedTuple):
    """The likelihood of a sample at one process, the coefficients and the variance at their best.

    Attributes
    ----------
    log_likelihood : float
    coefficients : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        As if the process were known.
    variance : float
        Of the innovations.
    innovations : ndarray, shape (m,)
        On the scale of the outcome; free of missing periods only where none is missing.
    """

    log_likelihood: float
    coefficients: Array
    covariance: Array
    variance: float
    innovations: Array


def likelihood(sample: Sample, process: Process) -> Likelihood:
    """Return the exact Gaussian likelihood of a regression on a process.

    Parameters
    ----------
    sample : Sample
        Outcome, regressors and missing periods.
    process : Process
        Of the errors.

    Returns
    -------
    Likelihood

    Raises
    ------
    DesignError
        If the process is at the edge of its range.

    Notes
    -----
    With V the covariance matrix of the whole grid, b and the missing values g minimise
    ``S = (y - X b - Z g)'V^-1 (y - X b - Z g)``, and ``s^2 = S / n``, n the periods seen:

        ``-(n (log(2 pi s^2) + 1) + log|V| + log|Z'V^-1 Z|) / 2``,

    which is the likelihood of the periods seen alone, as ``|V_seen| = |V| |(V^-1)_missing|``.

    References
    ----------
    Ansley (1979), Biometrika 66, 59-65, for the banded covariance.
    """
    k, holes, n = sample.regressors.shape[1], sample.missing.shape[1], sample.seen
    white, log_size = _whitened(np.column_stack([sample.missing, sample.regressors, sample.outcome]), process)
    basis, triangle = np.linalg.qr(white[:, :-1])
    scores = basis.T @ white[:, -1]
    innovations = white[:, -1] - basis @ scores
    total = float(innovations @ innovations)
    diagonal = np.abs(np.diag(triangle))
    log_size += 2.0 * float(np.sum(np.log(diagonal[:holes])))
    back = np.linalg.inv(triangle[holes:, holes:])
    variance = total / n
    height = -(n * (np.log(2.0 * np.pi * variance) + 1.0) + log_size) / 2.0
    return Likelihood(float(height), back @ scores[holes : holes + k], variance * back @ back.T, variance, innovations)


def _whitened(values: Array, process: Process) -> tuple[Array, float]:
    """Return values freed of the correlation of a process, and the log-determinant of its covariance."""
    from scipy.linalg import LinAlgError, cholesky_banded
    from scipy.linalg.lapack import dtbtrs

    width = max(process.autoregressive.size, process.moving_average.size)
    if width == 0:
        return values, 0.0
    try:
        root = cholesky_banded(process.bands(values.shape[0]), lower=True, check_finite=False)
    except (LinAlgError, np.linalg.LinAlgError):
        raise DesignError("the ARIMA errors reach the edge of their range", mend="choose a lower order") from None
    white, failed = dtbtrs(root, process.filtered(values), uplo="L")
    if failed:
        raise DesignError("the ARIMA errors reach the edge of their range", mend="choose a lower order")
    return np.asarray(white), 2.0 * float(np.sum(np.log(root[0])))
