"""A panel in which units are treated from different periods on, held wide: one row per unit, one column per period."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, as_vector, as_weights

NAMES_SHOWN = 10
"""Number of units that a message names before it counts the rest."""


def plain(period: float) -> str:
    """Return a period as the number that it is."""
    return f"{period:g}"


@dataclass(frozen=True, eq=False)
class StaggeredPanel:
    """Units by periods, and when each unit was first treated.

    Attributes
    ----------
    outcome : ndarray, shape (units, periods)
        Outcome, in its own unit; NaN where not observed.
    observed : ndarray of bool, shape (units, periods)
        Whether there is a row.
    weights : ndarray, shape (units, periods)
        Weight of each row; 0 where not observed.
    covariates : ndarray, shape (units, periods, k)
        Covariates, NaN where not observed; k may be 0.
    first_treated : ndarray, shape (units,)
        First period under treatment; infinity for a unit that is never treated.
    cluster : ndarray of int, shape (units,)
        Codes of the groups within which errors may be related.
    periods : ndarray, shape (periods,)
        The periods in order.
    names : tuple of str
        Names of the units.
    covariate_names : tuple of str
        Names of the covariates.
    label : callable
        Writes a period for messages.
    """

    outcome: Array
    observed: Mask
    weights: Array
    covariates: Array
    first_treated: Array
    cluster: Codes
    periods: Array
    names: tuple[str, ...]
    covariate_names: tuple[str, ...]
    label: Callable[[float], str] = plain

    @property
    def cohorts(self) -> Array:
        """The distinct first periods under treatment, in order, infinity left out."""
        return np.unique(self.first_treated[np.isfinite(self.first_treated)])

    @property
    def unit_weights(self) -> Array:
        """One weight per unit: that of its first row."""
        return np.asarray(self.weights[np.arange(len(self.names)), np.argmax(self.observed, axis=1)])

    @property
    def treated(self) -> Mask:
        """Whether each unit is under treatment in each period, shape (units, periods)."""
        return np.asarray(self.periods >= self.first_treated[:, None])

    def names_of(self, chosen: Mask) -> tuple[str, ...]:
        """Return the names of units.

        Parameters
        ----------
        chosen : ndarray of bool, shape (units,)
            Which.

        Returns
        -------
        tuple of str
        """
        return tuple(self.names[i] for i in np.flatnonzero(chosen))

    def keep(self, chosen: Mask) -> StaggeredPanel:
        """Return the panel with some of its units; periods that they do not have are kept.

        Parameters
        ----------
        chosen : ndarray of bool, shape (units,)
            Which.

        Returns
        -------
        StaggeredPanel
        """
        return replace(
            self,
            outcome=self.outcome[chosen],
            observed=self.observed[chosen],
            weights=self.weights[chosen],
            covariates=self.covariates[chosen],
            first_treated=self.first_treated[chosen],
            cluster=np.unique(self.cluster[chosen], return_inverse=True)[1].astype(np.int64),
            names=self.names_of(chosen),
        )


def staggered_panel(
    outcome: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    first_treated: ArrayLike,
    covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    covariate_names: Iterable[str] | None = None,
    label: Callable[[float], str] | None = None,
) -> StaggeredPanel:
    """Return the wide panel of long rows, checked.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome, one row per unit and period; the panel need not be balanced.
    unit : array_like, shape (n,)
        Name or code of the unit.
    period : array_like of int, shape (n,)
        Period as a number; steps of one are one period.
    first_treated : array_like, shape (n,)
        First period in which the row's unit is treated; infinity for never. The same in all rows of a unit.
    covariates : array_like, shape (n, k), or None
        Covariates, without a constant.
    weights : array_like, shape (n,), or None
        Weights above zero.
    cluster : array_like, shape (n,), or None
        Groups within which errors may be related; a unit lies in one. None: the unit.
    covariate_names : iterable of str or None
        Names for messages; numbers when left out.
    label : callable or None
        Writes a period for messages; None: as the number that it is.

    Returns
    -------
    StaggeredPanel
        Units in the order of their names or codes.

    Raises
    ------
    DesignError
        If arrays do not match, values are missing, a unit has two rows in a period, or a unit has two first periods
        under treatment or two clusters (units are named), or there are fewer than two units or periods.
    """
    y = as_vector(outcome, "outcome")
    units, labels = _factorise(unit, "unit", y.size)
    times, calendar = np.unique(as_vector(period, "period", y.size), return_inverse=True)
    if len(labels) < 2 or times.size < 2:
        raise DesignError(f"{len(labels)} units and {times.size} periods: at least two of each are needed")
    names = tuple(str(label) for label in labels)
    cell = units * times.size + calendar
    size = len(names) * times.size
    _refuse_repeated(np.bincount(cell, minlength=size).reshape(len(names), times.size) > 1, names)
    extra = np.zeros((y.size, 0)) if covariates is None else as_matrix(covariates, "covariates", y.size)

    def wide(values: Array, fill: float) -> Array:
        out = np.full((size, *values.shape[1:]), fill)
        out[cell] = values
        return out.reshape(len(names), times.size, *values.shape[1:])

    observed = np.zeros(size, dtype=bool)
    observed[cell] = True
    groups = units if cluster is None else _factorise(cluster, "cluster", y.size)[0]
    labels_of = tuple(covariate_names or (f"covariate {j + 1}" for j in range(extra.shape[1])))
    return StaggeredPanel(
        outcome=wide(y, np.nan),
        observed=observed.reshape(len(names), times.size),
        weights=wide(as_weights(weights, y.size), 0.0),
        covariates=wide(extra, np.nan),
        first_treated=_constant(_starts(first_treated, y.size), units, names, "first periods under treatment"),
        cluster=_constant(groups.astype(np.float64), units, names, "clusters").astype(np.int64),
        periods=times,
        names=names,
        covariate_names=labels_of,
        label=label or plain,
    )


def first_treated_periods(treated: ArrayLike, unit: ArrayLike, period: ArrayLike) -> Array:
    """Return when the unit of each row was first treated, from an indicator of treatment.

    Parameters
    ----------
    treated : array_like of bool or 0/1, shape (n,)
        Whether the unit is under treatment in the period.
    unit : array_like, shape (n,)
        Name or code of the unit.
    period : array_like of int, shape (n,)
        Period.

    Returns
    -------
    ndarray, shape (n,)
        First period under treatment; infinity where there is none.

    Raises
    ------
    DesignError
        If a unit is treated and later is not (units are named), or a value is neither 0 nor 1.
    """
    marks = as_vector(treated, "treated")
    if not np.isin(marks, (0.0, 1.0)).all():
        raise DesignError("treated has values other than 0 and 1", mend="use an indicator of being under treatment")
    units, labels = _factorise(unit, "unit", marks.size)
    times = as_vector(period, "period", marks.size)
    first = np.full(len(labels), np.inf)
    np.minimum.at(first, units[marks == 1.0], times[marks == 1.0])
    off = np.unique(units[(marks == 0.0) & (times > first[units])])
    if off.size:
        raise DesignError(
            f"treatment switches off: {listed(str(labels[i]) for i in off)}",
            mend="end each unit's data where its treatment ends, or define treatment as having started",
        )
    return np.asarray(first[units])


def listed(names: Iterable[str]) -> str:
    """Return names as a list in words, the first ten and the number of the rest.

    Parameters
    ----------
    names : iterable of str
        The names.

    Returns
    -------
    str
    """
    every = list(names)
    shown = ", ".join(every[:NAMES_SHOWN])
    return shown if len(every) <= NAMES_SHOWN else f"{shown} and {len(every) - NAMES_SHOWN} more"


def sums_by(values: Array, codes: Codes) -> Array:
    """Return the sum of rows in each group.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        Rows.
    codes : ndarray of int, shape (n,)
        Group of each row, 0, 1, ...

    Returns
    -------
    ndarray, shape (groups, m)
    """
    groups = int(codes.max()) + 1
    if groups == codes.size and np.array_equal(codes, np.arange(groups)):
        return values
    from scipy.sparse import csr_array

    rows = np.arange(codes.size)
    return np.asarray(csr_array((np.ones(codes.size), (codes, rows)), shape=(groups, codes.size)) @ values)


def _refuse_repeated(repeated: Mask, names: tuple[str, ...]) -> None:
    """Raise if a unit has several rows in a period."""
    if repeated.any():
        raise DesignError(
            f"several rows for one period: {listed(names[i] for i in np.flatnonzero(repeated.any(axis=1)))}",
            mend="add them up, or treat the data as repeated cross-sections",
        )


def _factorise(values: ArrayLike, name: str, length: int) -> tuple[Codes, NDArray[np.object_]]:
    """Return codes in the order of the labels, and the labels."""
    import pandas as pd

    labels = np.asarray(values)
    if labels.shape != (length,):
        raise DesignError(f"{name} has shape {labels.shape} for {length} observations")
    codes, uniques = pd.factorize(labels, sort=True)
    if codes.min() < 0:
        raise DesignError(f"{name}: {int((codes < 0).sum())} missing values", mend="name the unit of every row")
    return codes.astype(np.int64), np.asarray(uniques, dtype=object)


def _starts(first_treated: ArrayLike, length: int) -> Array:
    """Return first periods under treatment as floats; infinity is never."""
    starts = np.asarray(first_treated, dtype=np.float64)
    if starts.shape != (length,):
        raise DesignError(f"first_treated has shape {starts.shape} for {length} observations")
    if np.isnan(starts).any() or np.isneginf(starts).any():
        raise DesignError("first_treated is missing for some rows", mend="use infinity for units never treated")
    return starts


def _constant(values: Array, units: Codes, names: tuple[str, ...], what: str) -> Array:
    """Return one value per unit; raise if a unit has several."""
    first = np.empty(len(names))
    first[units] = values
    differ = np.unique(units[first[units] != values])
    if differ.size:
        raise DesignError(f"several {what}: {listed(names[i] for i in differ)}", mend="give each unit one")
    return first
