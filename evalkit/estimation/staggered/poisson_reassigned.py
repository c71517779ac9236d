"""Rate ratios of counts under many assignments at once, once a supposed ratio is taken out of what was treated."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask
from evalkit.estimation.staggered.poisson_effects import poisson_effects

ROUNDS = 400
SETTLED = 1e-10
"""Largest change of a period effect, on the log scale, after which a fit has settled."""
AT_ONCE = 250
"""Assignments fitted together, which bounds memory."""


class ReassignedRatios:
    """Logarithms of observed over expected events, for assignments and supposed ratios.

    Parameters
    ----------
    counts : ndarray, shape (units, periods)
        Counts, none negative, with the first treated periods that happened.
    first_treated : ndarray of int, shape (units,)
        Index of the first treated period as it happened; the number of periods for units that are never treated.
    exposure, weights : ndarray, shape (units, periods), or None
        Of each row, above zero.
    covariates : ndarray, shape (units, periods, k), or None
        They stay with their unit.
    times : array_like, shape (periods,)
        Periods as numbers.
    anticipation : int
        Periods before treatment in which it may already act; they are neither observed nor expected events.

    Notes
    -----
    The sharp null of a ratio ``exp(d)``: a treated count is ``exp(d)`` times what it would have been. Then
    ``Y_it exp(-d D_it)``, D the treatment that happened, does not depend on who was treated, so the share of
    assignments with a statistic as extreme is an exact p-value for d, as it is for an effect on a log outcome.
    (Putting ``exp(d D)`` into the exposure instead leaves the noise of treated counts where it was, and is not exact.)

    For an assignment the counts that are left have the model ``log m_it = log exposure_it + a_i + c_t + d_gt``, d a
    term for each start g and treated period t, as `extended_poisson`. Its equations are solved in turn::

        c_t = sum_(untreated) y_it / sum_(untreated) e_it a_i
        a_i = sum_t y_it / [sum_(untreated t) e_it c_t + sum_(treated t) e_it Y_gt / sum_(j in g) e_jt a_j]

    Covariates enter as an offset, with the coefficients of a regression of the counts that are left without any
    treatment: these do not depend on who was treated, so that the test stays exact. The standard error is that of the
    observed over the expected sum, units as clusters, no small-sample factor.

    References
    ----------
    Wooldridge (2023), Econometrics Journal 26, C31-C66. Fisher (1935), The Design of Experiments. Held to
    `extended_poisson`.
    """

    def __init__(
        self,
        counts: Array,
        first_treated: Codes,
        times: ArrayLike,
        exposure: Array | None = None,
        weights: Array | None = None,
        covariates: Array | None = None,
        anticipation: int = 0,
    ) -> None:
        self.counts, self.first_treated, self.times = counts, first_treated, np.asarray(times, dtype=np.float64)
        self.exposure = np.ones(counts.shape) if exposure is None else exposure
        self.weights = np.ones(counts.shape) if weights is None else weights
        self.covariates = covariates if covariates is not None and covariates.shape[2] else None
        self.anticipation = anticipation
        self.treated = np.arange(counts.shape[1]) >= first_treated[:, None]
        self.last: dict[bytes, Array] = {}  # period effects of the last fit of some assignments, where the next begins

    def statistics(self, assignments: Codes, supposed: float, studentised: bool = True) -> Array:
        """Return the statistic of each assignment once a supposed effect is taken out.

        Parameters
        ----------
        assignments : ndarray of int, shape (n, units)
            First treated periods as indices.
        supposed : float
            Logarithm of the ratio that is supposed.
        studentised : bool
            Whether logarithms of ratios are divided by their standard errors.

        Returns
        -------
        ndarray, shape (n,)
            Infinite where an assignment leaves nothing to be expected: it counts as extreme.

        Raises
        ------
        DesignError
            If a fit does not settle.
        """
        left = self.counts * np.exp(-supposed * self.treated)
        size = self.exposure * self.weights
        if self.covariates is not None:
            size = size * np.exp(self.covariates @ self._slopes(left))
        dates = np.unique(self.first_treated)
        parts = [
            self._some(left * self.weights, size, dates, assignments[at : at + AT_ONCE], studentised)
            for at in range(0, len(assignments), AT_ONCE)
        ]
        return np.concatenate(parts)

    def _slopes(self, left: Array) -> Array:
        """Return the coefficients of covariates in a regression without any treatment."""
        assert self.covariates is not None
        units, periods, k = self.covariates.shape
        found = poisson_effects(
            left, np.log(self.exposure), self.weights, np.zeros(units, dtype=np.int64), np.zeros((1, periods, 0)),
            self.covariates, tuple(f"covariate {j}" for j in range(k)),
        )  # fmt: skip
        return found.fit.coefficients

    def _some(self, y: Array, e: Array, dates: Codes, assignments: Codes, studentised: bool) -> Array:
        """Return the statistics of some assignments, fitted together."""
        starts = np.append(self.times, np.inf)[dates]
        free = self.times < starts[:, None] - self.anticipation
        after = self.times >= starts[:, None]
        member = (assignments[:, None, :] == dates[None, :, None]).astype(np.float64)
        key = assignments.tobytes()
        level, period = _solve(y, e, free, member, self.last.get(key))
        self.last[key] = period
        with np.errstate(divide="ignore", invalid="ignore"):
            fitted = np.einsum("agt,at->agt", (member * level[:, None, :]) @ e, period)
            observed = np.einsum("agt,gt->a", member @ y, after.astype(np.float64))
            expected = np.einsum("agt,gt->a", fitted, after.astype(np.float64))
            value = np.log(observed / expected)
            if studentised:
                value = value / self._errors(y, e, free, after, member, (level, period, fitted), (observed, expected))
        return np.where(np.isfinite(value), value, np.inf)

    def _errors(
        self,
        y: Array,
        e: Array,
        free: Mask,
        after: Mask,
        member: Array,
        found: tuple[Array, Array, Array],
        sums: tuple[Array, Array],
    ) -> Array:
        """Return the standard error of each logarithm, from the influence of units on both sums, shape (n,)."""
        level, period, fitted = found
        observed, expected = sums
        before, later = fitted * free, fitted * after
        wanted, moved = later.sum(axis=2) / expected[:, None], later.sum(axis=1) / expected[:, None]
        per = before.sum(axis=1)
        schur = np.einsum("agt,aht->agh", before / per[:, None, :], before)
        schur = np.einsum("ag,gh->agh", before.sum(axis=2), np.eye(len(free))) - schur
        side = wanted - np.einsum("agt,at->ag", before, moved / per)
        by_start = np.zeros(side.shape)
        by_start[:, :-1] = np.linalg.solve(schur[:, :-1, :-1], side[:, :-1, None])[:, :, 0]
        by_period = (moved - np.einsum("ag,agt->at", by_start, before)) / per
        own = np.where(free, 1.0, (member @ y) / np.where(fitted > 0.0, fitted, 1.0))  # treated cells fit exactly
        weight = free * (by_start[:, :, None] + by_period[:, None, :]) - after / observed[:, None, None]
        shown = weight @ y.T - level[:, None, :] * ((weight * own * period[:, None, :]) @ e.T)
        influence = np.sum(member * shown, axis=1)
        return np.asarray(np.sqrt(np.sum(influence**2, axis=1)))


def _solve(y: Array, e: Array, free: Mask, member: Array, period: Array | None) -> tuple[Array, Array]:
    """Return unit levels, shape (n, units), and period effects, shape (n, periods), from earlier ones if there are."""
    open_now = free.astype(np.float64)
    events = np.einsum("agt,gt->at", member @ y, open_now)
    if (events <= 0.0).any():
        raise DesignError("in some period no untreated unit has an event", mend="join periods, or leave them out")
    totals, treated = member @ y * (1.0 - open_now), 1.0 - open_now
    level = np.tile(y.sum(axis=1) / np.sum(e, axis=1), (len(member), 1))
    if period is None:
        period = events / np.einsum("agt,gt->at", (member * level[:, None, :]) @ e, open_now)
    for _ in range(ROUNDS):
        size = (member * level[:, None, :]) @ e
        rate = open_now * period[:, None, :] + treated * totals / np.where(size > 0.0, size, 1.0)
        level = y.sum(axis=1) / np.sum(member * (rate @ e.T), axis=1)
        size = (member * level[:, None, :]) @ e
        new = events / np.einsum("agt,gt->at", size, open_now)
        change = float(np.max(np.abs(np.log(new / period))))
        period = new
        if change <= SETTLED:
            return level, period
    raise DesignError(f"the count regressions did not settle in {ROUNDS} rounds", mend="use a longer window before")
