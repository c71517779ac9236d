"""Randomisation inference: how the estimate stands among those of assignments that were as likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import LIST_UP_TO, Assignments, assignments_of
from evalkit.estimation.few_units.inversion import ShiftedStatistics, interval_by_inversion, not_studentised
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths, two_way_statistics
from evalkit.estimation.inputs import Array, Codes, as_matrix, require_choice, require_level

Statistic = Literal["coefficient", "studentised"]
Estimate = Callable[[Array, Codes], "float | tuple[float, float]"]
Estimator = Callable[[Codes], "Array | ShiftedStatistics"]

LINEAR = 1e-6
"""An estimate whose second difference in the supposed effect is above this share of its first is not linear in it."""


@dataclass(frozen=True, eq=False)
class RandomisationTest:
    """An estimate among those of assignments that were as likely.

    Attributes
    ----------
    coefficient : float
        The estimate; NaN where the estimator returns statistics alone.
    observed : float
        The statistic that is compared, as observed: the coefficient, or the coefficient over its standard error.
    p_value : float
        Two-sided: the share of assignments, the observed one counted, with a statistic as large in absolute value.
    low, high : float
        Interval by test inversion, for an effect that is the same in all treated unit-periods; infinite where no effect
        however large is rejected; NaN where the estimator is not linear in the outcome.
    level : float
        Confidence level.
    smallest_p : float
        The smallest p-value that could have come out: the share of assignments that tie with the observed one whatever
        the outcome, itself among them; one over their number, or two with half of the units treated together.
    assignments : int
        Number of assignments compared, the observed one counted.
    possible : int
        How many there are.
    listed : bool
        Whether all were compared.
    seed : int or None
        Of the draws; None where all were listed.
    statistics : ndarray, shape (assignments,)
        The statistic of each assignment for no effect, the observed one first.
    rule : str
        The rule in words.
    """

    coefficient: float
    observed: float
    p_value: float
    low: float
    high: float
    level: float
    smallest_p: float
    assignments: int
    possible: int
    listed: bool
    seed: int | None
    statistics: Array
    rule: str


def randomisation_test(
    estimator: Estimator,
    first_treated: ArrayLike,
    draws: int = 1999,
    seed: int = 0,
    level: float = 0.95,
    list_up_to: int = LIST_UP_TO,
    words: str = "the estimate",
) -> RandomisationTest:
    """Return the randomisation test of any estimator.

    Parameters
    ----------
    estimator : callable
        From assignments, shape (n, units), as `assignments.Assignments` holds them, to statistics,
        shape (n,), of the observed outcome under each; or to `ShiftedStatistics`, which also gives an interval.
        `looped_statistics` makes one from an estimator that takes one assignment at a time.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated.
    draws, seed, list_up_to : int
        For `evalkit.estimation.few_units.assignments.assignments_of`.
    level : float
        Confidence level.
    words : str
        What is compared, for the rule.

    Returns
    -------
    RandomisationTest

    Raises
    ------
    DesignError
        If no other assignment is possible, or the estimator has no finite statistic for one of the assignments.

    Notes
    -----
    The sharp null of a constant effect d: the outcome less d in every treated unit-period does not depend on who was
    treated. ``p(d)`` is the share of assignments with ``|t_j(d)| >= |t_observed(d)|``, ties counted as extreme, so it
    is exact where all are listed and valid where they are drawn. The interval is every d with ``p(d) > 1 - level`` (its
    hull). It holds as far as the units were as likely to be treated as one another.

    References
    ----------
    Imbens and Rubin (2015), Causal Inference, chapter 5. MacKinnon and Webb (2020), Journal of Econometrics 218,
    435-450. Wu and Ding (2021), Journal of the American Statistical Association 116, 1898-1913 (studentising).
    """
    require_level(level)
    assignments = assignments_of(first_treated, draws, seed, list_up_to)
    given = estimator(assignments.first_treated)
    shifts = isinstance(given, ShiftedStatistics)  # plain statistics say nothing of other effects than zero
    shifted = given if isinstance(given, ShiftedStatistics) else not_studentised(given, np.zeros_like(given))
    found, wanted = int(np.isfinite(shifted.values).sum()), len(assignments.first_treated)
    if shifted.values.shape != (wanted,) or found < wanted:
        raise DesignError(
            f"the estimator gives {found} statistics for {wanted} assignments",
            mend="choose an estimator that every assignment can carry",
        )
    low = high = float("nan")
    inverts = shifts and shifted.linear and shifted.slopes[0] != 0.0
    if inverts:
        centre = float(shifted.values[0] / shifted.slopes[0])
        low, high = interval_by_inversion(shifted.p_values, centre, _scale(shifted, centre), level)
    return RandomisationTest(
        coefficient=float(shifted.values[0]) if shifts else float("nan"),
        observed=float(shifted.statistics()[0]),
        p_value=float(shifted.p_values([0.0])[0]),
        low=low,
        high=high,
        level=level,
        smallest_p=assignments.smallest_p_of(shifted.statistics()),
        assignments=len(assignments.first_treated),
        possible=assignments.possible,
        listed=assignments.listed,
        seed=assignments.seed,
        statistics=shifted.statistics(),
        rule=_rule(assignments, words, inverts, assignments.smallest_p_of(shifted.statistics())),
    )


def two_way_randomisation(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    statistic: Statistic = "studentised",
    covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    draws: int = 1999,
    seed: int = 0,
    level: float = 0.95,
    list_up_to: int = LIST_UP_TO,
    trends: ArrayLike | None = None,
    fixed: ArrayLike | None = None,
) -> RandomisationTest:
    """Return the randomisation test of the two-way estimate, with an interval.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome; NaN only where the weight is 0.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated.
    statistic : {"coefficient", "studentised"}
        What is compared. Studentised (the coefficient over a standard error that allows unequal variances) needs at
        least two treated units.
    trends : array_like, shape (periods,), or None
        Periods as numbers, where each unit has a straight line of its own in them.
    fixed : array_like of bool, shape (units,), or None
        Units that treatment could not have been dealt to: rows of the regression that keep their date.
    covariates, weights : array_like or None
        As in `evalkit.estimation.few_units.reassigned_two_way.two_way_statistics`.
    draws, seed, level, list_up_to
        As in `randomisation_test`.

    Returns
    -------
    RandomisationTest

    Raises
    ------
    DesignError
        As `randomisation_test` and `two_way_statistics`.

    Notes
    -----
    See `randomisation_test` for the test and `two_way_statistics` for the statistics. All assignments are one
    computation; without weights and covariates 1,000 of a 43 x 120 panel take a few milliseconds.
    """
    require_choice(statistic, Statistic, "the statistic")
    studentised = statistic == "studentised"
    estimator = two_way_statistics(outcome, first_treated, studentised, covariates, weights, trends)
    codes = np.minimum(np.asarray(first_treated, dtype=np.int64), np.asarray(outcome).shape[1])
    words = "coefficients over standard errors that allow unequal variances" if studentised else "coefficients"
    words = f"two-way {words}"
    if fixed is None or not np.any(fixed):
        return randomisation_test(estimator, codes, draws, seed, level, list_up_to, words)
    moving = np.flatnonzero(~np.asarray(fixed, dtype=bool))

    def among_all(assignments: Codes) -> ShiftedStatistics:
        every = np.tile(codes, (len(assignments), 1))
        every[:, moving] = assignments
        return estimator(every)

    return randomisation_test(among_all, codes[moving], draws, seed, level, list_up_to, words)


def looped_statistics(outcome: ArrayLike, first_treated: ArrayLike, estimate: Estimate) -> Estimator:
    """Return an estimator for many assignments from one that takes a single assignment.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period as it happened; the number of periods for units that are never treated.
    estimate : callable
        From an outcome, shape (units, periods), and an assignment, shape (units,), to the estimate, or to the estimate
        and its standard error.

    Returns
    -------
    callable
        For `randomisation_test`.

    Raises
    ------
    DesignError
        If the shapes do not fit.

    Notes
    -----
    The estimator runs three times an assignment, on the outcome and on it less and plus one standard deviation s of
    outcomes in the treated cells. Where the estimates are linear in the supposed effect (their second difference is
    below 1e-6 s) this gives the whole line, and, since a squared standard error is then a quadratic, the whole
    curve of t statistics: hence an interval without further runs. Where they are not (synthetic controls), there is no
    interval, and the p-value stands.
    """
    matrix = as_matrix(outcome, "outcome")
    treated = treatment_paths(first_treated, matrix.shape[1])
    if treated.shape != matrix.shape:
        raise DesignError(f"first treated periods for {len(treated)} units, outcomes for {len(matrix)}")
    step = float(np.std(matrix)) or 1.0

    def statistics(assignments: Codes) -> ShiftedStatistics:
        shape = (3, len(assignments), 2)
        runs = np.empty(shape)
        for index, shift in enumerate((-step, 0.0, step)):
            runs[index] = [_pair(estimate(matrix - shift * treated, each)) for each in assignments]
        return _through(runs, step)

    return statistics


def _pair(given: float | tuple[float, float]) -> tuple[float, float]:
    """Return an estimate and its standard error, 1 where it has none."""
    return given if isinstance(given, tuple) else (float(given), 1.0)


def _through(runs: Array, step: float) -> ShiftedStatistics:
    """Return the line and the quadratic through three runs: shape (3, n, 2)."""
    below, at, above = runs[..., 0]
    low, middle, high = runs[..., 1] ** 2
    linear = np.max(np.abs(above - 2.0 * at + below)) <= LINEAR * step
    return ShiftedStatistics(
        values=at,
        slopes=(below - above) / (2.0 * step),
        squares=middle,
        products=(low - high) / (4.0 * step),
        slope_squares=(high - 2.0 * middle + low) / (2.0 * step**2),
        linear=bool(linear),
    )


def _scale(shifted: ShiftedStatistics, centre: float) -> float:
    """Return a first step of the search: about the spread of the assignments' estimates."""
    spread = float(np.std(shifted.values - centre * shifted.slopes))
    return spread or abs(centre) or 1.0


def _rule(assignments: Assignments, words: str, inverts: bool, smallest_p: float) -> str:
    """Return the rule in words."""
    interval = "interval by test inversion" if inverts else "no interval: the estimator is not linear in the outcome"
    return f"randomisation inference on {words}, {assignments.rule}; smallest attainable p {smallest_p:.3g}; {interval}"
