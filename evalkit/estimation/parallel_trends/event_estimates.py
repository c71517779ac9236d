"""Event-study estimates with their covariance, as analyses of sensitivity and of pre-tests read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.draws import symmetric_root
from evalkit.estimation.inputs import Array, Codes, as_matrix, as_vector

Target = Literal["first", "average"]


@dataclass(frozen=True, eq=False)
class EventEstimates:
    """Event-study estimates in the order of their times, without the reference period, which is 0 by construction.

    Attributes
    ----------
    times : ndarray of int, shape (n,)
        Event times: 0 is the first treated period.
    estimates : ndarray, shape (n,)
        Differences from the reference period.
    covariance : ndarray, shape (n, n)
        Their covariance, symmetric, no variance below zero in any direction.
    reference : int
        Event time of the reference period.
    """

    times: Codes
    estimates: Array
    covariance: Array
    reference: int

    @property
    def before(self) -> int:
        """Number of estimates before the reference period."""
        return int((self.times < self.reference).sum())

    @property
    def after(self) -> int:
        """Number of estimates after the reference period."""
        return self.times.size - self.before

    @property
    def differences(self) -> Array:
        """Matrix, shape (n, n), that turns the estimates into changes from each period to the next, in order."""
        levels = np.insert(np.eye(self.times.size), self.before, 0.0, axis=0)
        return np.asarray(np.diff(levels, axis=0))


def event_estimates(
    times: ArrayLike, estimates: ArrayLike, covariance: ArrayLike, reference: int = -1
) -> EventEstimates:
    """Return event-study estimates in order of time, checked.

    Parameters
    ----------
    times : array_like of int, shape (n,)
        Event times, in any order; the reference period may be there (with variance zero) or not.
    estimates : array_like, shape (n,)
        Estimates.
    covariance : array_like, shape (n, n)
        Their covariance.
    reference : int
        Event time of the reference period.

    Returns
    -------
    EventEstimates

    Raises
    ------
    DesignError
        If shapes differ; a time occurs twice or is missing between the first and the last; no period lies before the
        reference, or none is treated; the covariance is not symmetric, has a negative variance in some direction, or
        an estimate has no variance.

    Notes
    -----
    Only estimates that are all differences from *one* reference period can be read in this way. Those of Callaway and
    Sant'Anna are so with the universal base period alone.
    """
    points = _whole_times(times)
    values, matrix = as_vector(estimates, "event-study estimates", points.size), as_matrix(covariance, "covariance")
    symmetric_root(matrix, points.size)
    order = np.argsort(points, kind="stable")
    order = order[points[order] != reference]
    kept = points[order]
    _require_a_row(kept, reference)
    inner = (matrix + matrix.T)[np.ix_(order, order)] / 2.0
    empty = kept[np.diag(inner) <= 0.0]
    if empty.size:
        raise DesignError(
            f"the estimates at event times {empty.tolist()} have no variance",
            mend=f"name the reference period of the event study, which is given as {reference}",
        )
    return EventEstimates(kept, values[order], inner, int(reference))


def target_weights(study: EventEstimates, target: Target | ArrayLike = "first") -> Array:
    """Return the weights of the estimates after the reference period in the effect that is asked for.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    target : {"first", "average"} or array_like, shape (after,)
        The first treated period, the average of all treated periods, or weights for the periods after the reference.

    Returns
    -------
    ndarray, shape (after,)
        Periods after the reference and before event time 0 (anticipation) have weight 0 in the two named targets.

    Raises
    ------
    DesignError
        If the word is neither, or the weights do not fit the periods or are all zero.
    """
    if isinstance(target, str):
        treated = study.times[study.before :] >= 0
        if target == "first":
            return np.asarray(treated & (np.cumsum(treated) == 1), dtype=np.float64)
        if target == "average":
            return np.asarray(treated / treated.sum())
        raise DesignError(f"the target is {target!r}", mend="choose first or average, or give weights")
    weights = as_vector(target, "weights of the target")
    if weights.size != study.after or not weights.any():
        raise DesignError(
            f"{weights.size} weights, {int((weights != 0).sum())} of them not zero, for {study.after} periods after "
            "the reference",
            mend="give one weight per period after the reference, not all of them zero",
        )
    return weights


def require_definite(covariance: Array, what: str) -> None:
    """Raise where some combination of estimates is said to have no sampling error.

    Parameters
    ----------
    covariance : ndarray, shape (n, n)
        Symmetric, no negative eigenvalue.
    what : str
        What needs it, for the message.

    Raises
    ------
    DesignError
        With the rank. The eigenvalues are those of the correlations, so that units do not count; those under 1e-9 of
        the largest are zero.
    """
    spread = np.sqrt(np.diag(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(spread, spread))
    rank = int((values > 1e-9 * values.max()).sum())
    if rank < spread.size:
        raise DesignError(
            f"the covariance of {spread.size} estimates has rank {rank}, too low for {what}",
            mend="use fewer or longer periods: with clustered errors, fewer estimates than clusters",
        )


def _whole_times(times: ArrayLike) -> Codes:
    """Return event times as distinct integers."""
    points = np.asarray(times)
    if points.ndim != 1 or not np.issubdtype(points.dtype, np.integer):
        raise DesignError(f"event times of shape {points.shape} and type {points.dtype}", mend="give whole numbers")
    if np.unique(points).size < points.size:
        raise DesignError("an event time occurs twice", mend="give one estimate per period")
    return points.astype(np.int64)


def _require_a_row(times: Codes, reference: int) -> None:
    """Raise unless the times and the reference follow one another, with periods on both sides."""
    if not (times < reference).any():
        raise DesignError(
            f"no estimate lies before the reference period {reference}",
            mend="bring at least two periods before the start: what is said about paths afterwards rests on them",
        )
    if not (times > max(reference, -1)).any():
        raise DesignError("no estimate lies in a treated period", mend="give times counted from the first treated one")
    whole = set(range(int(times[0]), int(times[-1]) + 1)) - {reference}
    missing = sorted(whole - set(times.tolist()))
    if missing:
        raise DesignError(
            f"event times {missing} are missing between {times[0]} and {times[-1]}",
            mend="steps between neighbouring periods are compared: estimate every period, or cut before the hole",
        )
