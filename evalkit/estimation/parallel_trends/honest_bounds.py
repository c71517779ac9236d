"""Intervals for an effect if paths are not quite parallel (Rambachan and Roth), and where they come to include none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector, require_level
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, Target, target_weights
from evalkit.estimation.parallel_trends.fixed_length import frontier
from evalkit.estimation.parallel_trends.step_bounds import FIRST_STAGE, later_sums, step_interval

FARTHEST = 1e9
"""A breakdown value is given up on at this multiple of the magnitude that doubles the width, roughly."""
TINY = 1e-300
"""In place of steps before the reference that are 0 for certain."""


Magnitudes = ArrayLike | Callable[[float, float], ArrayLike]
"""Sizes of departures, or what returns them from the breakdown and from the size that doubles the width, roughly."""


@dataclass(frozen=True, eq=False)
class HonestBounds:
    """Intervals that hold the effect if the departure from parallel paths is no larger than stated.

    Attributes
    ----------
    restriction : str
        relative_magnitudes or smoothness.
    magnitudes : ndarray, shape (m,)
        Largest departure allowed: for relative_magnitudes, the largest step of the untreated difference from one period
        to the next after the reference, as a multiple of the largest step before it; for smoothness, the largest change
        of its slope from one period to the next, in the outcome's unit per period.
    low, high : ndarray, shape (m,)
        Ends of the intervals.
    breakdown : float
        The smallest magnitude at which the interval includes no effect: 0 if it does so from the start, infinite if no
        magnitude brings it in.
    target : ndarray, shape (after,)
        Weights of the periods after the reference.
    estimate, standard_error : float
        The effect if paths are parallel.
    plain_low, plain_high : float
        Its normal interval.
    level : float
        Confidence level of all intervals.
    rule : str
        The rule in words.
    """

    restriction: str
    magnitudes: Array
    low: Array
    high: Array
    breakdown: float
    target: Array
    estimate: float
    standard_error: float
    plain_low: float
    plain_high: float
    level: float
    rule: str


def relative_magnitudes(
    study: EventEstimates,
    magnitudes: Magnitudes = (0.5, 1.0, 1.5, 2.0),
    target: Target | ArrayLike = "first",
    level: float = 0.95,
) -> HonestBounds:
    """Return intervals if steps after the reference are at most M times the largest step before it.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    magnitudes : array_like, shape (m,), or function
        Multiples M, at least 0; or what returns them (`around`, say).
    target : {"first", "average"} or array_like, shape (after,)
        As in `target_weights`.
    level : float
        Confidence level.

    Returns
    -------
    HonestBounds

    Raises
    ------
    DesignError
        If a magnitude is below 0, the level no share, the target does not fit, or the target has no variance.

    Notes
    -----
    d is the difference of untreated paths, 0 at the reference; the restriction is, for all t from the reference on::

        |d_{t+1} - d_t| <= M max_{s before the reference} |d_{s+1} - d_s|

    It is a union over s and over the sign of ``D = d_{s+1} - d_s`` of sets of linear inequalities, and the interval is
    the union of theirs: each by inversion of the conditional test with a least favourable first stage of size
    (1 - level) / 10 (Andrews, Roth and Pakes 2023; C-LF in the R package HonestDiD), from the lowest to the highest
    value that is not rejected. With the target ``l'b``, ``L_t = sum_{j >= t} l_j`` and the standard errors
    ``s_t+, s_t-`` of ``+-(b_{t+1} - b_t) - M D``, the dual of the programme over the effects of the single periods has
    these vertices only, so that no linear programme is left to solve::

        (+-(l'b - effect) - M sum |L_t| D) / sum |L_t| s_t        (s_t of the sign of +-L_t)
        -2 M D / (s_t+ + s_t-)                                    (the largest and the smallest over t)

    At M = 0 the interval is the normal one exactly. Ends are found to rounding, and the first stage's critical value by
    integration: the R package reports points of a grid (steps of 0.04 standard errors, by default) and takes 1,000
    draws, so that its ends lie up to a step inside and differ by some further hundredths. With one period after the
    reference it also leaves the truncation of the second stage at the first stage's critical value out, which the paper
    has; its intervals are then a little wider. The covariance may be singular.

    References
    ----------
    Rambachan, A. and Roth, J. (2023), A more credible approach to parallel trends, Review of Economic Studies 90,
    2555-2591, sections 2.4.1 and 3. Andrews, I., Roth, J. and Pakes, A. (2023), Inference for linear conditional moment
    inequalities, Review of Economic Studies 90, 2763-2791.
    """
    weights = target_weights(study, target)
    plain = _plain(study, weights)
    steps = study.differences[: study.before]
    largest = np.abs(steps @ study.estimates) + np.sqrt(np.einsum("ij,jk,ik->i", steps, study.covariance, steps))
    start = plain[1] / (float(np.abs(later_sums(weights)).sum()) * max(float(largest.max()), TINY))

    def interval(magnitude: float) -> tuple[float, float]:
        return step_interval(study, weights, magnitude, require_level(level))

    rule = (
        f"hybrid of conditional and least favourable test, inverted; first stage {FIRST_STAGE * (1.0 - level):.3g} of "
        f"{1.0 - level:.3g}; normal estimates with known covariance"
    )
    return _bounds("relative_magnitudes", magnitudes, interval, start, weights, plain, level, rule)


def smoothness(
    study: EventEstimates,
    magnitudes: Magnitudes | None = None,
    target: Target | ArrayLike = "first",
    level: float = 0.95,
) -> HonestBounds:
    """Return intervals if the slope of the untreated difference changes by at most M from one period to the next.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    magnitudes : array_like, shape (m,), function or None
        Largest changes of slope, at least 0; or what returns them; None is ten values from 0 to `largest_curvature`.
    target : {"first", "average"} or array_like, shape (after,)
        As in `target_weights`.
    level : float
        Confidence level.

    Returns
    -------
    HonestBounds

    Raises
    ------
    DesignError
        If a magnitude is below 0, the level no share, the target does not fit, or the covariance of the estimates
        before the reference and of the target has not full rank.

    Notes
    -----
    The restriction is ``|(d_{t+1} - d_t) - (d_t - d_{t-1})| <= M`` for all t, before and after the reference. The
    interval is ``w'b +- s c(M B / s)`` (FLCI in the R package HonestDiD): s the standard error of ``w'b``, M B its
    largest bias, c the critical value of ``|Z + t|``, Z standard normal, and w the weights that make it shortest (see
    `fixed_length.frontier`). M = 0 takes off a straight line, so the interval need not hold the one for parallel paths.
    The R package draws c from a million numbers; here it is exact.

    References
    ----------
    Rambachan, A. and Roth, J. (2023), Review of Economic Studies 90, 2555-2591, sections 2.4.2 and 4. Armstrong, T.
    and Kolesar, M. (2018), Optimal inference in a class of regression models, Econometrica 86, 655-683.
    """
    weights = target_weights(study, target)
    estimators = frontier(study, weights)
    confidence = require_level(level)
    allowed = curvatures(study, confidence) if magnitudes is None else magnitudes

    def interval(magnitude: float) -> tuple[float, float]:
        estimator, half = estimators.shortest(magnitude, confidence)
        centre = float(estimator @ study.estimates)
        return centre - half, centre + half

    plain = _plain(study, weights)
    start = plain[1] / float(estimators.biases[0])
    rule = "shortest fixed-length interval around an affine estimator; normal estimates with known covariance"
    return _bounds("smoothness", allowed, interval, start, weights, plain, confidence, rule)


def around(breakdown: float, doubling: float) -> Array:
    """Return 0, and half of, once and twice the size that matters for one result.

    Parameters
    ----------
    breakdown : float
        The smallest size at which the interval includes no effect.
    doubling : float
        In its place where it is 0 or infinite: the size that doubles the width of the interval, roughly; to one figure.
    """
    anchor = breakdown if 0.0 < breakdown < np.inf else float(f"{doubling:.0e}")
    return np.array([0.0, anchor / 2.0, anchor, 2.0 * anchor])


def curvatures(study: EventEstimates, level: float = 0.95) -> Array:
    """Return ten changes of slope from 0 to `largest_curvature`."""
    return np.linspace(0.0, largest_curvature(study, level), 10)


def largest_curvature(study: EventEstimates, level: float = 0.95) -> float:
    """Return the largest upper limit of a change of slope before the reference period.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    level : float
        Confidence level of each one-sided limit.

    Returns
    -------
    float
        The largest ``|change| + z s`` over the changes of slope before the reference, s the standard error; the
        standard error of the estimate itself where there is only one (as the R package HonestDiD has it).
    """
    from scipy.special import ndtri

    if study.before == 1:
        return float(np.sqrt(study.covariance[0, 0]))
    change = np.diff(study.differences[: study.before], axis=0)
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", change, study.covariance, change), 0.0))
    return float((np.abs(change @ study.estimates) + float(ndtri(require_level(level))) * errors).max())


def _bounds(
    restriction: str,
    magnitudes: Magnitudes,
    interval: Callable[[float], tuple[float, float]],
    start: float,
    weights: Array,
    plain: tuple[float, float],
    level: float,
    rule: str,
) -> HonestBounds:
    """Return the intervals at the magnitudes and the magnitude at which no effect comes in."""
    from scipy.special import ndtri

    breakdown = _breakdown(interval, start)
    sizes = _magnitudes(magnitudes(breakdown, start) if callable(magnitudes) else magnitudes)
    ends = np.array([interval(float(magnitude)) for magnitude in sizes])
    reach = float(ndtri((1.0 + level) / 2.0)) * plain[1]
    parallel = (plain[0], plain[1], plain[0] - reach, plain[0] + reach)
    return HonestBounds(restriction, sizes, ends[:, 0], ends[:, 1], breakdown, weights, *parallel, level, rule)


def _breakdown(interval: Callable[[float], tuple[float, float]], start: float) -> float:
    """Return the smallest magnitude at which the interval includes 0; the search begins at `start`, above 0."""
    if not _without_zero(interval(0.0)):
        return 0.0
    certain = start
    while _without_zero(interval(certain)):
        certain *= 2.0
        if certain > FARTHEST * start:
            return np.inf
    low, high = 0.0, certain
    for magnitude in np.linspace(0.0, certain, 17)[1:-1]:  # intervals need not widen everywhere: the first counts
        if not _without_zero(interval(float(magnitude))):
            high = float(magnitude)
            break
        low = float(magnitude)
    while high - low > 1e-6 * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if _without_zero(interval(middle)) else (low, middle)
    return high


def _without_zero(ends: tuple[float, float]) -> bool:
    """Return whether an interval leaves out 0."""
    return ends[0] > 0.0 or ends[1] < 0.0


def _plain(study: EventEstimates, weights: Array) -> tuple[float, float]:
    """Return the target's estimate and standard error."""
    whole = np.concatenate([np.zeros(study.before), weights])
    variance = float(whole @ study.covariance @ whole)
    scale = float(np.abs(whole) @ np.sqrt(np.diag(study.covariance)))
    if variance <= (1e-9 * scale) ** 2:
        raise DesignError("the effect that is asked for has no variance", mend="check the covariance and the target")
    return float(whole @ study.estimates), float(np.sqrt(variance))


def _magnitudes(values: ArrayLike) -> Array:
    """Return magnitudes, at least 0."""
    magnitudes = as_vector(values, "magnitudes")
    if np.any(magnitudes < 0.0):
        raise DesignError(f"a magnitude is {float(magnitudes.min()):g}", mend="give values of 0 or more")
    return magnitudes
