"""Fixed-length intervals under a bound on curvature: the affine estimator with the shortest honest interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.estimation.inputs import Array, Mask
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, require_definite


@dataclass(frozen=True, eq=False)
class Frontier:
    """Estimators that no other one beats in both bias and variance, from least biased to least variable.

    Each is ``w'b`` with b the event-study estimates: the target less a line through the reference period, whose slope
    is weighted from the changes before it.

    Attributes
    ----------
    weights : ndarray, shape (m, n)
        Weights of the estimates at each corner; between corners the weights lie on the line that joins them.
    prices : ndarray, shape (m,)
        Fall of half the variance per unit of bias at each corner, from high to 0.
    biases : ndarray, shape (m,)
        Largest bias at each corner if the slope may change by 1 per period.
    covariance : ndarray, shape (n, n)
        Of the estimates.
    """

    weights: Array
    prices: Array
    biases: Array
    covariance: Array

    def at(self, price: float) -> tuple[Array, float, float]:
        """Return the weights, the largest bias per unit of curvature, and the standard error at one price."""
        place = np.clip(price, 0.0, self.prices[0])
        weights = np.array([np.interp(place, self.prices[::-1], column[::-1]) for column in self.weights.T])
        bias = float(np.interp(place, self.prices[::-1], self.biases[::-1]))
        return weights, bias, float(np.sqrt(weights @ self.covariance @ weights))

    def shortest(self, curvature: float, level: float) -> tuple[Array, float]:
        """Return the weights whose interval is the shortest, and half its length.

        Parameters
        ----------
        curvature : float
            Largest change of slope from one period to the next.
        level : float
            Confidence level.

        Returns
        -------
        weights : ndarray, shape (n,)
        half_length : float
            ``s c(t)``, s the standard error, ``t = curvature bias / s``, c the critical value of ``|Z + t|``.

        Notes
        -----
        Half the length is convex along the frontier. On it ``s ds = -p db`` with p the price, so that the shortest
        interval has ``p (c - t c') = curvature s c'``, c' the slope of c in t; solved for p.
        """
        from scipy.optimize import brentq

        def excess(price: float) -> float:
            _, bias, error = self.at(price)
            ratio = curvature * bias / error
            critical, slope = folded_normal_critical(ratio, level)
            return float(price * (critical - ratio * slope) - curvature * error * slope)

        top = float(self.prices[0])
        if excess(top) <= 0.0:
            best = top
        elif excess(0.0) >= 0.0:
            best = 0.0
        else:
            best = float(brentq(excess, 0.0, top, xtol=1e-13 * top, rtol=1e-13))
        weights, bias, error = self.at(best)
        return weights, error * folded_normal_critical(curvature * bias / error, level)[0]


def folded_normal_critical(shift: float, level: float) -> tuple[float, float]:
    """Return the critical value of ``|Z + shift|``, Z standard normal, and its slope in the shift.

    Parameters
    ----------
    shift : float
        At least 0.
    level : float
        Probability that the critical value is not exceeded.

    Returns
    -------
    critical, slope : float
        c with ``P(|Z + shift| <= c) = level``, and dc / dshift, between 0 and 1.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    from evalkit.distributions import norm

    def excess(critical: float) -> float:
        return float(ndtr(critical - shift) - ndtr(-critical - shift)) - level

    low, high = max(shift + float(ndtri(level)), 0.0), shift + float(ndtri((1.0 + level) / 2.0))
    critical = (
        high if excess(high) <= 0.0 else low if excess(low) >= 0.0 else float(brentq(excess, low, high, xtol=1e-14))
    )
    near, far = float(norm.pdf(critical - shift)), float(norm.pdf(critical + shift))
    return critical, (near - far) / (near + far)


def frontier(study: EventEstimates, target: Array) -> Frontier:
    """Return the estimators of the target that trade bias against variance when only curvature is bounded.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    target : ndarray, shape (after,)
        Weights of the periods after the reference.

    Returns
    -------
    Frontier

    Raises
    ------
    DesignError
        If the covariance of the estimates before the reference and of the target has not full rank.

    Notes
    -----
    A path d of untreated differences through 0 at the reference is a line plus ``sum_t c_t h_t``, c_t its change of
    slope in period t and h_t a path that is straight but for a kink in t; lines are kept to slope 0 in the last step
    before the reference. An estimator ``w'b`` that is not moved by a line has largest bias ``M sum_t |w'h_t|`` under
    ``|c_t| <= M``. The kinks at and after the reference depend on the target alone; the ``v_t = w'h_t`` of the kinks
    before it are free, one for each period before the reference but the last. So the estimators that none beats solve

        min_v  variance(v) / 2 + p sum_t |v_t|,   p from infinity to 0,

    a lasso, whose path is a chain of straight lines and is followed from corner to corner.
    """
    kinks, line = _kinks(study)
    before = study.before
    fixed = np.concatenate([np.zeros(before), target])
    fixed[before - 1] = target @ line[before:] / -line[before - 1]  # takes off the line through the last step before
    free = np.linalg.inv(np.column_stack([kinks[:before, : before - 1], line[:before]]))[: before - 1]
    moves = np.hstack([free, np.zeros((before - 1, target.size))])
    select = np.zeros((before + 1, study.times.size))
    select[:before, :before], select[before, before:] = np.eye(before), target
    require_definite(select @ study.covariance @ select.T, "bounds on the change of slope")
    quadratic, linear = moves @ study.covariance @ moves.T, moves @ study.covariance @ fixed
    corners, prices = _lasso_path(quadratic, linear)
    weights = fixed + corners @ moves
    least = float(np.abs(fixed @ kinks).sum())
    return Frontier(weights, prices, least + np.abs(corners).sum(axis=1), study.covariance)


def _kinks(study: EventEstimates) -> tuple[Array, Array]:
    """Return paths with one kink each, shape (n, n - 1), in order of the kinks' times, and the line, shape (n,)."""
    distance = (study.times - study.reference).astype(np.float64)
    at = np.arange(distance.min() + 1.0, distance.max())
    later = np.maximum(distance[:, None] - at, 0.0) * (at >= 0.0)
    earlier = np.maximum(at - distance[:, None], 0.0) * (at < 0.0)
    return later + earlier, distance


def _lasso_path(quadratic: Array, linear: Array) -> tuple[Array, Array]:
    """Return the corners v, shape (m, k), of ``min v'Qv / 2 + q'v + p sum |v|`` and their prices p, down to 0.

    Where v_j is not 0, ``(Qv + q)_j = -p sign(v_j)``; where it is 0, ``|(Qv + q)_j| <= p``. A corner is where a v_j
    returns to 0, or where the second turns into an equality (Osborne, Presnell and Turlach 2000).
    """
    value, signs = np.zeros(linear.size), np.zeros(linear.size)
    price = float(np.abs(linear).max(initial=0.0))
    corners, prices = [value], [price]
    if price > 0.0:
        first = int(np.abs(linear).argmax())
        signs[first] = -np.sign(linear[first])
    while price > 0.0:
        active = signs != 0.0
        pace = np.zeros(linear.size)
        pace[active] = np.linalg.solve(quadratic[np.ix_(active, active)], signs[active])
        gradient, drift = quadratic @ value + linear, quadratic @ pace
        step, index = _next_corner(value, pace, gradient, drift, active, price)
        value, price = value + step * pace, price - step
        if price > 0.0 and active[index]:
            signs[index] = value[index] = 0.0
        else:
            signs[index] = -np.sign(gradient[index] + step * drift[index])
        corners.append(value)
        prices.append(price)
    return np.array(corners), np.array(prices)


def _next_corner(
    value: Array, pace: Array, gradient: Array, drift: Array, active: Mask, price: float
) -> tuple[float, int]:
    """Return by how much the price falls until the next corner, at most to 0, and whose corner it is."""
    least = 1e-12 * price  # what has just entered or left is at its own corner already
    falls = np.full((3, value.size), np.inf)
    np.divide(-value, pace, out=falls[0], where=active & (pace != 0.0))
    np.divide(price - gradient, 1.0 + drift, out=falls[1], where=~active & (drift > -1.0))
    np.divide(price + gradient, 1.0 - drift, out=falls[2], where=~active & (drift < 1.0))
    soonest = np.where(falls > least, falls, np.inf).min(axis=0)
    index = int(soonest.argmin())
    return min(float(soonest[index]), price), index
