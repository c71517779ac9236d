"""With which weights effects by event time sum outcomes, by adoption date: what lets a test of leads deal them anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths
from evalkit.estimation.inputs import Array, Codes


@dataclass(frozen=True, eq=False)
class EventWeights:
    """Weighted sums of outcomes that give the effect at each event time, for a balanced panel.

    Attributes
    ----------
    label : ndarray of int, shape (m,)
        Event times.
    weights : ndarray, shape (m, dates, periods)
        Of the outcomes of one unit of each adoption date, ascending.
    paths : ndarray, shape (m, dates, periods)
        1 in the cells whose effect it is, so that the weighted sum of the paths themselves is 1.
    """

    label: Codes
    weights: Array
    paths: Array

    def joined(self, label: int, weights: Array, path: Array) -> EventWeights:
        """Return these and one more sum, such as a contrast of some of them."""
        return EventWeights(
            np.append(self.label, label), np.concatenate([self.weights, weights[None]]),
            np.concatenate([self.paths, path[None]]),
        )  # fmt: skip


def base_period_weights(
    first_treated: ArrayLike, periods: int, label: ArrayLike, not_yet_treated: bool = False, anticipation: int = 0,
    varying: bool = False, since: ArrayLike | None = None,
) -> EventWeights:  # fmt: skip
    """Return the weights of changes since a base period less those of comparison units, by time since the start.

    Parameters
    ----------
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated.
    periods : int
    label : array_like of int, shape (m,)
        Event times.
    not_yet_treated : bool
        Whether units serve as comparison until they start.
    anticipation : int
        The base is the period before that many before the start.
    varying : bool
        Whether the base of periods before the start is the one just before each.
    since : array_like of int, shape (dates, periods), or None
        Event time of each period for each date, as the calendar counts where periods are missing; None: none is.

    Raises
    ------
    DesignError
        Where no start has an event time, or nobody is there to compare with.

    Notes
    -----
    Callaway and Sant'Anna's dynamic averages without covariates (starts weighted by their units), and with units never
    treated as comparison Sun and Abraham's. A unit not yet treated serves in period t with base b where its start is
    after the later of the two, ``anticipation`` added.
    """
    dates, counts = np.unique(np.minimum(np.asarray(first_treated, dtype=np.int64), periods), return_counts=True)
    times = np.asarray(label, dtype=np.int64)
    weights, paths = np.zeros((2, times.size, dates.size, periods))
    ages = _ages(dates, periods, since)
    for place, time in enumerate(times):
        rows = [row for row, start in enumerate(dates) if start < periods and (ages[row] == time).any()]
        for row in rows:
            at, base = int(np.flatnonzero(ages[row] == time)[0]), int(dates[row]) - 1 - anticipation
            base = at - 1 if varying and at <= base else base
            others = (dates > max(at, base) + anticipation) if not_yet_treated else dates == periods
            others = (others | (dates == periods)) & (np.arange(dates.size) != row)
            if base < 0 or not others.any():
                raise DesignError(f"event time {time} has no base or nobody to compare with", mend="leave it out")
            share = counts[row] / counts[rows].sum()
            paths[place, row, at] = 1.0
            weights[place, row, at] += share / counts[row]
            weights[place, row, base] -= share / counts[row]
            weights[place, others, at] -= share / counts[others].sum()
            weights[place, others, base] += share / counts[others].sum()
        if not rows:
            raise DesignError(f"no start has event time {time}", mend="leave it out")
    return EventWeights(times, weights, paths)


def regression_weights(
    first_treated: ArrayLike, periods: int, label: ArrayLike, terms: Array, free: Array | None = None
) -> EventWeights:
    """Return the weights of the coefficients of a regression on units, periods and terms that vary by date alone.

    Parameters
    ----------
    first_treated, periods
        As `base_period_weights`.
    label : array_like of int, shape (m,)
    terms : ndarray, shape (m, dates, periods)
        Value of each regressor for units of each date.
    free : ndarray of bool, shape (dates, periods), or None
        Cells that the regression reads; None: all.

    Raises
    ------
    DesignError
        Where the terms cannot be told apart.

    Notes
    -----
    Units with one date are alike, so the fit is one of dates by periods in which a date counts as its units.
    """
    dates, counts = np.unique(np.minimum(np.asarray(first_treated, dtype=np.int64), periods), return_counts=True)
    place, time = (grid.ravel() for grid in np.indices((dates.size, periods)))
    effects = np.column_stack([place[:, None] == np.arange(dates.size), time[:, None] == np.arange(periods)])
    read = np.ones(place.size, dtype=bool) if free is None else np.asarray(free).ravel()
    columns = np.column_stack([effects.astype(np.float64), terms.reshape(len(terms), -1).T])[read]
    size = counts[place][read].astype(np.float64)
    solved = np.linalg.pinv(columns.T @ (size[:, None] * columns), hermitian=True) @ columns.T
    own = solved[-len(terms) :] @ (size[:, None] * columns[:, -len(terms) :])
    if not np.allclose(own, np.eye(len(terms)), atol=1e-7):
        raise DesignError("event times cannot be told apart", mend="ask for fewer leads or lags")
    weights = np.zeros((len(terms), place.size))
    weights[:, read] = solved[-len(terms) :]
    return EventWeights(np.asarray(label, dtype=np.int64), weights.reshape(terms.shape), terms)


def imputed_weights(
    first_treated: ArrayLike, periods: int, label: ArrayLike, anticipation: int = 0, since: ArrayLike | None = None
) -> EventWeights:
    """Return the weights of observed less imputed, averaged over the treated cells of each event time.

    Parameters
    ----------
    first_treated, periods, label, anticipation, since
        As `base_period_weights`; event times from the start on.

    Raises
    ------
    DesignError
        Where no start has an event time, as where a period is missing and later ones are counted by the calendar.

    Notes
    -----
    As `headline_weights.imputation_weights`, for the cells of one event time in place of all.
    """
    dates, counts = np.unique(np.minimum(np.asarray(first_treated, dtype=np.int64), periods), return_counts=True)
    times = np.asarray(label, dtype=np.int64)
    ages = _ages(dates, periods, since)
    paths = ((ages == times[:, None, None]) & (dates < periods)[None, :, None]).astype(np.float64)
    held = (ages >= -anticipation) & (dates < periods)[:, None]
    place, time = (grid.ravel() for grid in np.indices(held.shape))
    columns = np.column_stack([place[:, None] == np.arange(dates.size), time[:, None] == np.arange(periods)])
    size, read = counts[place].astype(np.float64), ~held.ravel()
    fitted = columns[read].astype(np.float64)
    inverse = np.linalg.pinv(fitted.T @ (size[read][:, None] * fitted), hermitian=True)
    parts = paths.reshape(times.size, -1)
    absent = times[parts @ size == 0]
    if absent.size:
        raise DesignError(f"no start has event time {absent[0]}", mend="leave it out")
    parts = parts / (parts @ size)[:, None]
    weights = parts.copy()
    weights[:, read] -= (parts * size) @ columns @ inverse @ fitted.T
    return EventWeights(times, weights.reshape(paths.shape), paths)


def lead_terms(
    first_treated: ArrayLike, periods: int, low: int, high: int, reference: int, since: ArrayLike | None = None
) -> tuple[Codes, Array]:
    """Return event times and their indicators by date and period, the first and last holding all that lies beyond.

    Parameters
    ----------
    first_treated, periods, since
        As `base_period_weights`.
    low, high : int
        First and last event time.
    reference : int
        Event time without an indicator.
    """
    dates = np.unique(np.minimum(np.asarray(first_treated, dtype=np.int64), periods))
    ages = np.clip(_ages(dates, periods, since), low, high)
    ever = (dates < periods)[:, None]
    label = np.array([time for time in range(low, high + 1) if time != reference and ((ages == time) & ever).any()])
    return label, ((ages == label[:, None, None]) & ever).astype(np.float64)


def _ages(dates: Codes, periods: int, since: ArrayLike | None) -> Codes:
    """Return the event time of each period for each date: as given, or by counting periods."""
    counted = np.arange(periods) - dates[:, None]
    return counted if since is None else np.asarray(since, dtype=np.int64).reshape(counted.shape)


def reference_path(first_treated: ArrayLike, periods: int, reference: int) -> Array:
    """Return 1 in the cells of one event time, shape (dates, periods)."""
    dates = np.unique(np.minimum(np.asarray(first_treated, dtype=np.int64), periods))
    return np.asarray(
        (treatment_paths(dates + reference, periods) - treatment_paths(dates + reference + 1, periods))
        * (dates < periods)[:, None]
    )
