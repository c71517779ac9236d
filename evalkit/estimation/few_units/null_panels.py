"""Panels without an effect that vary as a panel did before anything started: for planning a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_matrix

FEWEST_PERIODS = 4
"""With fewer periods nothing is known of autocorrelation once unit and period effects are out."""

LARGEST_LAG = 24
LASTING = np.round(np.append(np.arange(-0.6, 0.951, 0.05), [0.97, 0.98, 0.99]), 2)
"""Autocorrelations of the lasting part that are looked at."""

LEAST_SPREAD = 0.05
"""Units that vary less than this share of the average unit do not weigh more for it."""

ROUNDS = 4


@dataclass(frozen=True, eq=False)
class Noise:
    """How units vary about unit and period effects.

    Attributes
    ----------
    innovations : ndarray, shape (units, columns)
        What is left of each unit once its mean and its autocorrelation are out: each column is a cross-section, so that
        unequal variances and what units have in common stay.
    lasting : float
        First-order autocorrelation of the part that lasts.
    share : float
        That part's share of the variance; the rest is new in each period.
    """

    innovations: Array
    lasting: float
    share: float

    @property
    def autocorrelation(self) -> float:
        """Correlation of neighbouring periods."""
        return self.share * self.lasting

    def root(self, periods: int) -> Array:
        """Return the Cholesky root of the correlation of some periods, shape (periods, periods)."""
        return np.asarray(np.linalg.cholesky(_correlation(periods, self.lasting, self.share)))

    def draws(self, columns: ArrayLike, replications: int, generator: np.random.Generator) -> Iterator[Array]:
        """Yield sums over the periods of panels without an effect, shape (units, s) each.

        Parameters
        ----------
        columns : array_like, shape (periods, s)
            Weights of the periods in each sum; the identity gives the panels themselves.
        replications : int
            How many panels.
        generator : numpy.random.Generator
            Which cross-sections come in which period is drawn with replacement.
        """
        loads = self.root(len(np.asarray(columns))).T @ np.asarray(columns, dtype=np.float64)
        have = self.innovations.shape[1]
        for _ in range(replications):
            picks = generator.integers(0, have, len(loads))
            summed = np.zeros((have, loads.shape[1]))
            np.add.at(summed, picks, loads)
            yield self.innovations @ summed


def learn_noise(outcome: ArrayLike) -> Noise:
    """Return how units vary about unit and period effects.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome in consecutive periods in which no unit is treated.

    Returns
    -------
    Noise

    Raises
    ------
    DesignError
        With fewer than two units or four periods, or where nothing varies.

    Notes
    -----
    ``y_it = a_i + c_t + s_i (u_it + v_it)``: u has autocorrelation r and variance q, v is new in each period with
    variance 1 - q. Period means are taken out, then r and q chosen so that the autocovariances of units about their
    means, each unit over the variance of its innovations, are nearest those that the model leaves once means are out
    (least squares over lags, pairs counted, up to half the periods and 24 lags): means hide what lasts, so plain
    autocorrelations would be too low (Nickell). One part that lasts and one that does not is what counts of a slowly
    moving rate are made of; a single autoregression would take the sum for short-lived.

    Innovations are the outcome over the Cholesky root of that correlation, rotated (Householder) so that one column
    holds the unit effect, which is dropped. A long panel drawn from them does not repeat itself, as rotated or joined
    stretches of a short one would: with those the same errors stand before and after, and a difference of the two is
    far too sure.

    References
    ----------
    Nickell (1981), Econometrica 49, 1417-1426. Buehlmann (1997), Bernoulli 3, 123-148 (bootstrap from whitened
    residuals). Burlig, Preonas and Woerman (2020), Journal of Development Economics 144, 102458 (power of panels with
    serial correlation).
    """
    matrix = as_matrix(outcome, "outcome")
    units, periods = matrix.shape
    if units < 2 or periods < FEWEST_PERIODS:
        raise DesignError(
            f"{units} units in {periods} periods before the start tell too little of how the outcome varies",
            mend=f"bring at least 2 units and {FEWEST_PERIODS} periods",
        )
    left = matrix - matrix.mean(axis=0)
    about = left - left.mean(axis=1, keepdims=True)
    if not float(np.abs(about).max()) > 1e-12 * max(1.0, float(np.abs(matrix).max())):
        raise DesignError("nothing but unit and period effects varies before the start", mend="check the outcome")
    innovations, lasting, share = _whitened(left, 0.0, 0.0), 0.0, 0.0
    for _ in range(ROUNDS):  # A unit's variance is known better from its innovations than from what lasts.
        spread = np.sqrt(np.mean(innovations**2, axis=1))
        lasting, share = _fitted(about / np.maximum(spread, LEAST_SPREAD * float(spread.mean()))[:, None])
        innovations = _whitened(left, lasting, share)
    return Noise(innovations * np.sqrt(units / (units - 1.0)), lasting, share)


def _whitened(left: Array, lasting: float, share: float) -> Array:
    """Return what is left of each unit without its effect and its autocorrelation."""
    root = np.linalg.cholesky(_correlation(left.shape[1], lasting, share))
    white = np.linalg.solve(root, np.column_stack([left.T, np.ones(left.shape[1])])).T
    return _without(white[:-1], white[-1])


def _correlation(periods: int, lasting: float, share: float) -> Array:
    """Return the correlation of periods."""
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    return np.asarray(share * np.power(lasting, apart) + (1.0 - share) * np.eye(periods))


def _fitted(about: Array) -> tuple[float, float]:
    """Return autocorrelation and share of the lasting part from units about their means."""
    from scipy.optimize import nnls

    periods = about.shape[1]
    lags = np.arange(min(LARGEST_LAG, max(2, periods // 2)) + 1)
    weights = np.sqrt(periods - lags)
    seen = np.array([np.mean(about[:, : periods - lag] * about[:, lag:]) for lag in lags]) * weights
    fresh = _left_by_means(np.eye(periods), lags) * weights
    best, found = np.inf, (0.0, 0.0)
    for lasting in LASTING:
        lasts = _left_by_means(_correlation(periods, float(lasting), 1.0), lags) * weights
        parts, distance = nnls(np.column_stack([lasts, fresh]), seen)
        if parts.sum() > 0.0 and distance < best * (1.0 - 1e-9):
            best, found = float(distance), (float(lasting), float(parts[0] / parts.sum()))
    return found if found[0] != 0.0 else (0.0, 0.0)


def _left_by_means(correlation: Array, lags: Array) -> Array:
    """Return the expected autocovariances of a series about its own mean."""
    periods = len(correlation)
    centred = correlation - correlation.mean(axis=0) - correlation.mean(axis=1)[:, None] + correlation.mean()
    return np.array([np.trace(centred, offset=int(lag)) / (periods - lag) for lag in lags])


def _without(white: Array, direction: Array) -> Array:
    """Return rows reflected so that `direction` is the first axis, without that axis."""
    unit = direction / np.linalg.norm(direction)
    mirror = unit - np.eye(unit.size)[0]
    length = float(mirror @ mirror)
    turned = white - 2.0 * np.outer(white @ mirror, mirror) / length if length > 1e-24 else white
    return np.asarray(turned[:, 1:])
