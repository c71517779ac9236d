"""The peak of the likelihood of a regression with ARMA errors, and how sharp it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array
from evalkit.estimation.series.arma import Likelihood, Process, Sample, likelihood

EDGE = 1.001
"""A root of either polynomial nearer to 1 than this is at the edge: there is no peak inside."""
LOWEST = 1e10
"""Taken for minus the likelihood where there is none."""
CLIMBS, NEWTON_STEPS = 2, 20
LONGEST_STEP = 1.0
"""Of the unbounded parameters, in one of Newton's steps."""
SETTLED = 1e-5
"""Distance to the peak, in standard errors, at which the search ends."""
STEEP, ROUGH = 1e-3, 1e-2
"""Slopes at which the climb may end: Newton's steps follow the first; the second costs a criterion under 1e-4."""
FLAT = 1e-7
"""Of the strongest bend: what is less counts as none."""
SLOPE_STEP, BEND_STEP = 1e-4, 1e-3


class Peak(NamedTuple):
    """The peak of a likelihood.

    Attributes
    ----------
    process : Process
        Of the errors.
    at : Likelihood
        There; its covariance takes the process as known.
    covariance : ndarray, shape (k, k)
        Of the coefficients, with the uncertainty of the process in it.
    """

    process: Process
    at: Likelihood
    covariance: Array


def highest(sample: Sample, p: int, q: int, *, sharpness: bool = True) -> Peak:
    """Return the peak of the likelihood over all stationary and invertible processes.

    Parameters
    ----------
    sample : Sample
        Outcome, regressors and missing periods.
    p, q : int
        Autoregressive and moving-average terms.
    sharpness : bool
        Whether `covariance` and all digits are wanted; if not, it takes the process as known.

    Returns
    -------
    Peak

    Raises
    ------
    DesignError
        If the likelihood still rises at the edge, is flat, or the search does not settle.

    Notes
    -----
    The search (Broyden, Fletcher, Goldfarb and Shanno) sets out from the two best of a few processes, over unbounded
    parameters, and ends with Newton steps until it is 1e-5 standard errors from the peak.
    """
    if p + q == 0:
        process = Process.of(np.zeros(0), 0)
        at = likelihood(sample, process)
        return Peak(process, at, at.covariance)
    angles = _climbed(sample, p, q, STEEP if sharpness else ROUGH)
    process = _inside(angles, p, q)
    if not sharpness:
        at = likelihood(sample, process)
        return Peak(process, at, at.covariance)
    angles, bend = _settled(sample, p, angles)
    process = _inside(angles, p, q)
    at = likelihood(sample, process)
    moves = np.column_stack(
        [
            (_coefficients(sample, angles + step, p) - _coefficients(sample, angles - step, p)) / (2.0 * SLOPE_STEP)
            for step in np.eye(angles.size) * SLOPE_STEP
        ]
    )
    return Peak(process, at, at.covariance + moves @ np.linalg.inv(bend) @ moves.T)


def _inside(angles: Array, p: int, q: int) -> Process:
    """Return the process of these parameters; refuse one at the edge."""
    process = Process.of(angles, p)
    if process.smallest_root() < EDGE:
        raise DesignError(
            f"the likelihood of {p} autoregressive and {q} moving-average terms rises to the edge of its range",
            mend="choose a lower order; where the series drifts, one with a difference, such as [0, 1, 1]",
        )
    return process


def _coefficients(sample: Sample, angles: Array, p: int) -> Array:
    """Return the coefficients at one process."""
    return likelihood(sample, Process.of(angles, p)).coefficients


def _depth(angles: Array, sample: Sample, p: int) -> float:
    """Return minus the log-likelihood; a high number where there is none."""
    try:
        return -likelihood(sample, Process.of(angles, p)).log_likelihood
    except DesignError:
        return LOWEST


def _starts(p: int, q: int) -> Iterator[Array]:
    """Yield processes from which the search may set out."""
    yield np.zeros(p + q)
    for first, average in ((0.7, 0.0), (0.7, -0.5), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5), (1.5, -0.7)):
        angles = np.zeros(p + q)
        if p:
            angles[0] = first
        if q:
            angles[p] = average
        yield angles


def _climbed(sample: Sample, p: int, q: int, slope: float) -> Array:
    """Return the best parameters that the search finds, where the likelihood climbs by no more than `slope`."""
    from scipy.optimize import minimize

    starts = sorted(_starts(p, q), key=lambda angles: _depth(angles, sample, p))
    found = [minimize(_depth, start, (sample, p), method="BFGS", options={"gtol": slope}) for start in starts[:CLIMBS]]
    best = min(found, key=lambda each: float(each.fun))
    if not float(best.fun) < LOWEST:
        raise DesignError("the likelihood of the ARIMA errors has no peak", mend="choose a lower order")
    return np.asarray(best.x, dtype=np.float64)


def _settled(sample: Sample, p: int, angles: Array) -> tuple[Array, Array]:
    """Return the parameters at the peak, by Newton's method, and the second derivative there.

    Where the likelihood bends upward in a direction, the step goes downhill by the size of the bend.
    """
    depth = _depth(angles, sample, p)
    for _ in range(NEWTON_STEPS):
        slope, bend = _derivatives(sample, p, angles)
        bends, directions = np.linalg.eigh(bend)
        if not bends[-1] > 0.0:
            break
        along = directions.T @ slope
        step = -directions @ (along / np.maximum(np.abs(bends), FLAT * np.abs(bends).max()))
        if float(-step @ slope) <= SETTLED**2:
            if not bends[0] > FLAT * bends[-1]:
                break
            return angles, bend
        size = min(1.0, LONGEST_STEP / float(np.abs(step).max()))
        new = _depth(angles + size * step, sample, p)
        while new > depth and size > 1e-3:
            size /= 2.0
            new = _depth(angles + size * step, sample, p)
        angles, depth = angles + size * step, new
    raise DesignError(
        "the likelihood of the ARIMA errors has no clear peak: it is flat, or rises to the edge of its range",
        mend="choose a lower order",
    )


def _derivatives(sample: Sample, p: int, angles: Array) -> tuple[Array, Array]:
    """Return slope and second derivative of minus the log-likelihood, by central differences."""
    size = angles.size
    fine, coarse = np.eye(size) * SLOPE_STEP, np.eye(size) * BEND_STEP

    def at(shift: Array) -> float:
        return _depth(angles + shift, sample, p)

    slope = np.array([(at(step) - at(-step)) / (2.0 * SLOPE_STEP) for step in fine])
    bend, middle = np.empty((size, size)), at(np.zeros(size))
    for i in range(size):
        bend[i, i] = (at(coarse[i]) + at(-coarse[i]) - 2.0 * middle) / BEND_STEP**2
        for j in range(i):
            both, apart = coarse[i] + coarse[j], coarse[i] - coarse[j]
            bend[i, j] = bend[j, i] = (at(both) + at(-both) - at(apart) - at(-apart)) / (4.0 * BEND_STEP**2)
    return slope, bend
