"""Synthetic difference in differences: weighted units and periods, then differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.few_treated import few_treated_panel
from evalkit.estimation.inputs import Array, Codes, require_choice, require_level
from evalkit.estimation.synthetic.simplex import simplex_weights
from evalkit.estimation.synthetic.synthetic_placebos import PlaceboRanks, placebo_adoptions, placebo_ranks

Variance = Literal["placebo", "jackknife", "bootstrap"]

TIME_RIDGE = 1e-6
"""Root of the penalty on time weights, in standard deviations of the noise: it only makes them unique."""


@dataclass(frozen=True, eq=False)
class SyntheticCohort:
    """The units that started together, and what they are compared with.

    Attributes
    ----------
    start : int
        Index of the first treated period.
    treated : ndarray of int, shape (n,)
        Positions of the units.
    effect : float
        Mean over their treated unit-periods.
    unit_weights : ndarray, shape (donors,)
        Of the units never treated.
    time_weights : ndarray, shape (start,)
        Of the periods before.
    ridge : float
        Root of the penalty on unit weights (zeta), in the outcome's unit.
    observed, counterfactual : ndarray, shape (periods,)
        Mean of the treated units; the weighted donors, moved by the weighted difference before. The effect is the mean
        difference of the two from `start` on.
    pre_rmse : float
        Root mean squared difference of the two before `start`.
    optimality_gap : float
        Of the two problems that give the weights; see `evalkit.estimation.synthetic.simplex`.
    """

    start: int
    treated: Codes
    effect: float
    unit_weights: Array
    time_weights: Array
    ridge: float
    observed: Array
    counterfactual: Array
    pre_rmse: float
    optimality_gap: float


@dataclass(frozen=True, eq=False)
class SyntheticDid:
    """A synthetic difference in differences with its variance.

    Attributes
    ----------
    effect : float
        Mean over all treated unit-periods.
    standard_error : float
        By `variance`.
    low, high, p_value : float
        Of the normal distribution with that standard error.
    level : float
        Confidence level.
    variance : str
        placebo, jackknife or bootstrap.
    cohorts : tuple of SyntheticCohort
        By start.
    donors : ndarray of int, shape (donors,)
        Positions of the units never treated.
    placebos : ndarray, shape (n,)
        Effects of placebos, or of bootstrap or jackknife replications.
    placebo_units : tuple of ndarray of int
        Positions of the donors that each placebo treats; empty with another variance.
    ranks : PlaceboRanks or None
        Where the effect stands among placebos; None with another variance.
    listed : bool
        Whether the placebos are all that there are.
    seed : int or None
        None where nothing was drawn.
    rule : str
        The rule in words.
    """

    effect: float
    standard_error: float
    low: float
    high: float
    p_value: float
    level: float
    variance: str
    cohorts: tuple[SyntheticCohort, ...]
    donors: Codes
    placebos: Array
    placebo_units: tuple[Codes, ...]
    ranks: PlaceboRanks | None
    listed: bool
    seed: int | None
    rule: str


def synthetic_did(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    variance: Variance = "placebo",
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> SyntheticDid:
    """Return the synthetic difference in differences.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period, 2 or later; the number of periods for units that are never treated.
    variance : {"placebo", "jackknife", "bootstrap"}
        See Notes. Jackknife and bootstrap need two treated units at least (the jackknife: in every cohort).
    draws : int
        Number of placebos (all are listed where they are no more) or of bootstrap replications.
    seed : int
        Seed of numpy's PCG64 generator.
    level : float
        Confidence level.

    Returns
    -------
    SyntheticDid

    Raises
    ------
    DesignError
        If the variance cannot be had with so few treated or untreated units, a unit starts before the third period, or
        `evalkit.estimation.few_units.few_treated.few_treated_panel` refuses the panel.

    Notes
    -----
    For the units that start in one period, with T0 periods before and T1 after, n1 of them, and N0 never treated:
    unit weights w minimise ``sum_t (a + w'Y0_t - mean Y1_t)^2 + zeta^2 T0 |w|^2`` over periods before, with
    ``zeta = (n1 T1)^(1/4) s``, s the standard deviation of first differences of donors before; time weights l minimise
    ``sum_i (c + l'Y0_i,before - mean Y0_i,after)^2 + (1e-6 s)^2 N0 |l|^2`` over donors. Both are none negative, sum to
    one, and are solved to the optimum. The effect is
    ``(mean Y1_after - l'Y1_before) - w'(mean Y0_after - Y0_before l)``. Several starts: cohorts are weighted by their
    treated unit-periods.

    Placebo (any number treated): the same starts are given to donors, weights estimated anew with zeta as it was; the
    standard error is the placebos' root mean squared deviation, and holds if treated units vary as donors do.
    Jackknife: weights fixed, each unit left out in turn. Bootstrap: units drawn with replacement, weights estimated
    anew.

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), American Economic Review 111, 4088-4118, algorithms 1 to
    4. Clarke, Pailanir, Athey and Imbens (2023), arXiv 2301.11859 (several starts). Held to the paper's California
    estimate and to the packages synthdid (published value) and diff-diff.
    """
    require_choice(variance, Variance, "the variance")
    require_level(level)
    if draws < 2:
        raise DesignError(f"{draws} draws", mend="ask for at least 2")
    matrix, codes = few_treated_panel(outcome, first_treated)
    cohorts = _cohorts(matrix, codes)
    donors = np.flatnonzero(codes == matrix.shape[1])
    effect = _average(cohorts)
    units: tuple[Codes, ...] = ()
    if variance == "placebo":
        replications, units, listed = _placebos(matrix, codes, cohorts, draws, seed)
        spread = float(np.std(replications))
    elif variance == "jackknife":
        replications, listed = _jackknife(matrix, codes, cohorts), True
        spread = float(np.sqrt((replications.size - 1.0) * np.mean((replications - replications.mean()) ** 2)))
    else:
        replications, listed = _bootstrap(matrix, codes, cohorts, draws, seed), False
        spread = float(np.std(replications))
    return _result(effect, spread, level, variance, cohorts, donors, (replications, units), listed, seed)


def synthetic_did_effect(outcome: ArrayLike, first_treated: ArrayLike) -> float:
    """Return the synthetic difference in differences alone, as `synthetic_did` has it.

    Parameters
    ----------
    outcome, first_treated
        As in `synthetic_did`.

    Returns
    -------
    float
        In the outcome's unit.

    Raises
    ------
    DesignError
        As `synthetic_did`.
    """
    return _average(_cohorts(*few_treated_panel(outcome, first_treated)))


def _result(
    effect: float,
    spread: float,
    level: float,
    variance: str,
    cohorts: tuple[SyntheticCohort, ...],
    donors: Codes,
    found: tuple[Array, tuple[Codes, ...]],
    listed: bool,
    seed: int,
) -> SyntheticDid:
    """Return the result with its normal interval and, for placebos, ranks."""
    from evalkit.distributions import norm

    replications, units = found
    if not spread > 0.0:
        raise DesignError(f"the {variance} replications do not vary", mend="check the outcome, or bring more donors")
    reach = float(norm.isf((1.0 - level) / 2.0)) * spread
    how = f"all {replications.size:,}" if listed else f"{replications.size:,} drawn with seed {seed}"
    words = {
        "placebo": f"spread of placebos over donors ({how})",
        "jackknife": f"jackknife over {replications.size:,} units, weights fixed",
        "bootstrap": f"bootstrap of units ({how})",
    }[variance]
    return SyntheticDid(
        effect=effect,
        standard_error=spread,
        low=effect - reach,
        high=effect + reach,
        p_value=float(2.0 * norm.sf(abs(effect) / spread)),
        level=level,
        variance=variance,
        cohorts=cohorts,
        donors=donors,
        placebos=replications,
        placebo_units=units,
        ranks=placebo_ranks(effect, replications, level) if variance == "placebo" else None,
        listed=listed,
        seed=None if listed else seed,
        rule=f"synthetic difference in differences, {len(cohorts)} start{'s' * (len(cohorts) > 1)}, {donors.size} "
        f"donors; standard error: {words}; normal interval",
    )


def _cohorts(matrix: Array, codes: Codes, ridges: dict[int, float] | None = None) -> tuple[SyntheticCohort, ...]:
    """Return the cohorts; `ridges` holds those to keep, by start."""
    periods = matrix.shape[1]
    donors = matrix[codes == periods]
    starts = [int(start) for start in np.unique(codes[codes < periods])]
    if starts[0] < 2:
        early = np.flatnonzero(codes < 2).tolist()
        raise DesignError(
            f"units {early} start with fewer than two periods before", mend="bring earlier periods, or leave them out"
        )
    return tuple(
        _cohort(matrix, donors, np.flatnonzero(codes == start), start, None if ridges is None else ridges[start])
        for start in starts
    )


def _cohort(matrix: Array, donors: Array, treated: Codes, start: int, ridge: float | None) -> SyntheticCohort:
    """Return one cohort with its weights."""
    before, after = donors[:, :start], donors[:, start:].mean(axis=1)
    differences = np.diff(before, axis=1)
    noise = float(np.std(differences, ddof=1)) if differences.size > 1 else 0.0
    zeta = (treated.size * (matrix.shape[1] - start)) ** 0.25 * noise if ridge is None else ridge
    observed = matrix[treated].mean(axis=0)
    units = simplex_weights(before.T, observed[:start], zeta**2 * start, intercept=True)
    times = simplex_weights(before, after, (TIME_RIDGE * noise) ** 2 * len(donors), intercept=True)
    synthetic = units.weights @ donors
    counterfactual = synthetic + times.weights @ (observed - synthetic)[:start]
    gap = observed - counterfactual
    return SyntheticCohort(
        start=start,
        treated=treated,
        effect=float(gap[start:].mean()),
        unit_weights=units.weights,
        time_weights=times.weights,
        ridge=zeta,
        observed=observed,
        counterfactual=counterfactual,
        pre_rmse=float(np.sqrt(np.mean(gap[:start] ** 2))),
        optimality_gap=max(units.optimality_gap, times.optimality_gap),
    )


def _average(cohorts: tuple[SyntheticCohort, ...]) -> float:
    """Return the mean effect over treated unit-periods."""
    cells = np.array([each.treated.size * (each.observed.size - each.start) for each in cohorts], dtype=np.float64)
    return float(np.average([each.effect for each in cohorts], weights=cells))


def _placebos(
    matrix: Array, codes: Codes, cohorts: tuple[SyntheticCohort, ...], draws: int, seed: int
) -> tuple[Array, tuple[Codes, ...], bool]:
    """Return the effects when donors are given the starts, which they are, and whether these are all placebos."""
    periods = matrix.shape[1]
    places = np.flatnonzero(codes == periods)
    donors = matrix[places]
    adoptions, listed = placebo_adoptions(len(donors), codes[codes < periods], periods, draws, seed)
    ridges = {each.start: each.ridge for each in cohorts}
    effects = np.array([_average(_cohorts(donors, each, ridges)) for each in adoptions])
    return effects, tuple(places[each < periods] for each in adoptions), listed


def _jackknife(matrix: Array, codes: Codes, cohorts: tuple[SyntheticCohort, ...]) -> Array:
    """Return the effect without each unit in turn, weights fixed."""
    periods = matrix.shape[1]
    single = [each.start for each in cohorts if each.treated.size < 2]
    if single:
        raise DesignError(
            f"the jackknife needs two treated units in every cohort, and there is one in those of periods {single}",
            mend="use placebos",
        )
    donors = np.flatnonzero(codes == periods)
    return np.array([_without(matrix, donors, cohorts, unit) for unit in range(len(matrix))])


def _without(matrix: Array, donors: Codes, cohorts: tuple[SyntheticCohort, ...], unit: int) -> float:
    """Return the effect without one unit, weights fixed but for their sum."""
    effects, cells = [], []
    for each in cohorts:
        kept, treated = donors != unit, each.treated[each.treated != unit]
        total = float(each.unit_weights[kept].sum())
        if not total > 0.0:
            raise DesignError(
                "one donor carries all the weight of a start: the jackknife cannot leave it out", mend="use placebos"
            )
        gap = matrix[treated].mean(axis=0) - each.unit_weights[kept] / total @ matrix[donors[kept]]
        effects.append(float(gap[each.start :].mean() - each.time_weights @ gap[: each.start]))
        cells.append(float(treated.size * (matrix.shape[1] - each.start)))
    return float(np.average(effects, weights=cells))


def _bootstrap(matrix: Array, codes: Codes, cohorts: tuple[SyntheticCohort, ...], draws: int, seed: int) -> Array:
    """Return the effects of units drawn with replacement; draws without treated or without two donors are redrawn."""
    periods = matrix.shape[1]
    if int((codes < periods).sum()) < 2:
        raise DesignError("the bootstrap needs two treated units, and there is one", mend="use placebos")
    ridges = {each.start: each.ridge for each in cohorts}
    generator = np.random.Generator(np.random.PCG64(seed))
    effects: list[float] = []
    while len(effects) < draws:
        rows = np.sort(generator.integers(0, len(codes), len(codes)))
        never = int((codes[rows] == periods).sum())
        if 2 <= never < rows.size:
            effects.append(_average(_cohorts(matrix[rows], codes[rows], ridges)))
    return np.array(effects)
