"""Effects by cohort and period (Callaway and Sant'Anna): each cohort's change against units not treated by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, require_choice
from evalkit.estimation.staggered.change_comparison import Comparison, Method, compare_changes
from evalkit.estimation.staggered.group_time_result import GroupTimeEffects, LeftOut, alone_in_cohort, cluster_words
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel, listed, plain

ComparisonUnits = Literal["never_treated", "not_yet_treated"]
BasePeriod = Literal["varying", "universal"]
Incomplete = Literal["pairs", "complete_units"]


class Cell(NamedTuple):
    """A cohort in a period, by position.

    Attributes
    ----------
    cohort : float
        First period under treatment.
    period, base : int
        Positions of the period and of its base period.
    """

    cohort: float
    period: int
    base: int


@dataclass(frozen=True)
class Rules:
    """What is compared with what.

    Attributes
    ----------
    comparison : {"never_treated", "not_yet_treated"}
        The comparison units.
    base_period : {"varying", "universal"}
        The period from which changes before treatment are taken.
    anticipation : int
        Periods before treatment in which it may already act.
    """

    comparison: ComparisonUnits
    base_period: BasePeriod
    anticipation: int


def group_time_effects(
    panel: StaggeredPanel,
    comparison: ComparisonUnits = "never_treated",
    method: Method = "doubly_robust",
    base_period: BasePeriod = "varying",
    anticipation: int = 0,
    incomplete: Incomplete = "pairs",
    leads: bool = True,
) -> GroupTimeEffects:
    """Return average effects on the treated by cohort and period, from a panel.

    Parameters
    ----------
    panel : StaggeredPanel
        The panel. Units treated from the first period on are left out and named.
    comparison : {"never_treated", "not_yet_treated"}
        Units never treated within the data, or also those first treated after the period (and its anticipation).
        Without never-treated units the cohort treated last serves as comparison and gets no effect.
    method : {"outcome_regression", "inverse_probability", "doubly_robust"}
        How covariates are used; see `change_comparison.compare_changes`. Covariates are those of the earlier of the
        two periods, weights those of the unit's first row.
    base_period : {"varying", "universal"}
        Effects after treatment compare with the last period before it (and before anticipation). Effects before
        treatment compare with the period before each (varying), or with that same period (universal).
    anticipation : int
        Number of periods before treatment in which it may already act.
    incomplete : {"pairs", "complete_units"}
        Where units lack periods: each comparison uses the units observed in both of its periods, or units that lack
        any period are left out and named (the rule of R's package did).
    leads : bool
        Whether effects before treatment are estimated too. They move no other, and cost most of the time with
        covariates.

    Returns
    -------
    GroupTimeEffects
        In the order of cohorts, then periods.

    Raises
    ------
    DesignError
        If there are no comparison units, no cohort with a period before treatment, or a comparison cannot be made
        with these covariates (the cohort is named).

    Notes
    -----
    ``ATT(g, t) = E[Y_t - Y_b | G = g] - E[Y_t - Y_b | comparison]``, given covariates. Standard-error rule:
    `group_time_result.clustered_covariance` of the influence functions.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230. Checked against the published results of R's
    package did for county employment, and the packages diff-diff and moderndid.
    """
    require_choice(method, Method, "the method")
    require_choice(incomplete, Incomplete, "the rule for incomplete units")
    rules = checked_rules(comparison, base_period, anticipation)
    always = panel.first_treated <= panel.periods[0] + anticipation
    lacking = ~panel.observed.all(axis=1) & ~always & (incomplete == "complete_units")
    kept = panel.keep(~always & ~lacking) if (always | lacking).any() else panel
    starts = starts_within(kept.first_treated, kept.periods, rules, kept.label)
    every = cells_of(starts, kept.periods, rules)
    cells = [cell for cell in every if leads or kept.periods[cell.period] >= cell.cohort]
    found, trimmed, left_out = _compare_all(kept, starts, cells, rules, method)
    kept_cells = [cells[j] for j in found.cells]
    return GroupTimeEffects(
        cohort=np.array([cell.cohort for cell in kept_cells]),
        period=kept.periods[[cell.period for cell in kept_cells]],
        base_period=kept.periods[[cell.base for cell in kept_cells]],
        effect=found.effect,
        influence=found.influence,
        first_treated=starts,
        weights=kept.unit_weights,
        cluster=kept.cluster,
        names=kept.names,
        always_treated=panel.names_of(always),
        incomplete=panel.names_of(lacking),
        single_unit_cohorts=kept.names_of(alone_in_cohort(starts, never=True)),
        left_out=left_out,
        trimmed=int(trimmed.sum()),
        trimmed_units=kept.names_of(trimmed),
        rule=f"{rule_words(method, rules)}; {cluster_words(int(kept.cluster.max()) + 1, starts.size)}",
    )


def checked_rules(comparison: ComparisonUnits, base_period: BasePeriod, anticipation: int) -> Rules:
    """Return the rules of comparison, checked.

    Parameters
    ----------
    comparison, base_period, anticipation
        As `group_time_effects`.

    Returns
    -------
    Rules

    Raises
    ------
    DesignError
        If a word is unknown or anticipation is below 0.
    """
    require_choice(comparison, ComparisonUnits, "the comparison")
    require_choice(base_period, BasePeriod, "the base period")
    if anticipation < 0:
        raise DesignError(f"anticipation is {anticipation} periods", mend="give 0 or more")
    return Rules(comparison, base_period, anticipation)


def rule_words(method: Method, rules: Rules) -> str:
    """Return the estimator in words.

    Parameters
    ----------
    method : {"outcome_regression", "inverse_probability", "doubly_robust"}
        How covariates are used.
    rules : Rules
        What is compared with what.

    Returns
    -------
    str
    """
    words = f"effects by cohort and period, {method.replace('_', ' ')}, against units "
    words += f"{rules.comparison.replace('_', ' ')}, {rules.base_period} base period"
    return words + (f", {rules.anticipation} periods of anticipation" if rules.anticipation else "")


def starts_within(first_treated: Array, periods: Array, rules: Rules, label: Callable[[float], str] = plain) -> Array:
    """Return first periods under treatment, infinity where they lie beyond the data.

    Parameters
    ----------
    first_treated : ndarray, shape (n,)
        First periods under treatment.
    periods : ndarray, shape (periods,)
        Periods of the data, in order.
    rules : Rules
        What is compared with what.
    label : callable
        Writes a period for messages.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    DesignError
        If nobody is treated within the data, or no comparison units are left.
    """
    starts = np.where(first_treated > periods[-1] + rules.anticipation, np.inf, first_treated)
    cohorts = np.unique(starts[starts <= periods[-1]])
    if cohorts.size == 0:
        raise DesignError(
            "no unit is treated between the second period and the last one of the data",
            mend="bring periods before and after treatment",
        )
    if np.isinf(starts).any():
        return starts
    if np.unique(starts).size == 1:
        raise DesignError(
            f"every unit is first treated in {label(float(cohorts[0]))}: there is nobody to compare with",
            mend="bring units that are treated later or never, or use an interrupted time series",
        )
    if rules.comparison == "never_treated":
        raise DesignError(
            "there are no never-treated units to compare with",
            mend="use comparison: not_yet_treated, or bring units that are never treated",
        )
    return starts


def cells_of(starts: Array, periods: Array, rules: Rules) -> Iterator[Cell]:
    """Yield the cohorts and periods whose effect is defined.

    Parameters
    ----------
    starts : ndarray, shape (n,)
        First periods under treatment, from `starts_within`.
    periods : ndarray, shape (periods,)
        Periods of the data, in order.
    rules : Rules
        What is compared with what.

    Yields
    ------
    Cell
    """
    cohorts = np.unique(starts[starts <= periods[-1]])
    last = periods.size
    if not np.isinf(starts).any():  # the cohort treated last is the comparison as long as it is untreated
        last = int(np.searchsorted(periods, starts.max() - rules.anticipation))
        cohorts = cohorts[cohorts < starts.max()]
    universal = rules.base_period == "universal"
    for cohort in cohorts:
        before = np.flatnonzero(periods < cohort - rules.anticipation)
        for at in range(0 if universal else 1, last):
            fixed = universal or periods[at] >= cohort
            yield Cell(float(cohort), at, int(before[-1]) if fixed else at - 1)


def comparison_rows(starts: Array, cohort: float, until: float, rules: Rules) -> Mask:
    """Return who may be compared with.

    Parameters
    ----------
    starts : ndarray, shape (n,)
        First periods under treatment.
    cohort : float
        The treated cohort.
    until : float
        The later of the two periods that are compared.
    rules : Rules
        What is compared with what.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    if rules.comparison == "never_treated":
        return np.isinf(starts)
    return np.asarray((starts > until + rules.anticipation) & (starts != cohort))


class _Block(NamedTuple):
    """Cells that compare the same units with the same covariates; in place of units, why there are none."""

    cells: list[int]
    units: Codes | str


def _blocks(panel: StaggeredPanel, starts: Array, cells: list[Cell], rules: Rules) -> Iterator[_Block]:
    """Yield the cells in blocks that can be computed together; cells that are their own base period are left at 0."""
    complete = bool(panel.observed.all())
    steady = panel.covariates.shape[2] == 0 or bool(np.all(panel.covariates == panel.covariates[:, :1]))
    together: dict[tuple[float, int, int, int], list[int]] = {}
    later = np.sort(starts)
    for j, cell in enumerate(cells):
        if cell.period == cell.base:
            continue
        until = panel.periods[max(cell.period, cell.base)] + rules.anticipation
        beyond = 0 if rules.comparison == "never_treated" else int(np.searchsorted(later, until, side="right"))
        slice_of = -1 if steady else min(cell.period, cell.base)
        together.setdefault((cell.cohort, beyond, slice_of, -1 if complete else j), []).append(j)
    for (cohort, *_), members in together.items():
        cell = cells[members[0]]
        compared = comparison_rows(starts, cohort, panel.periods[max(cell.period, cell.base)], rules)
        treated = starts == cohort
        seen = np.ones(starts.size, dtype=bool)
        if not complete:
            seen = panel.observed[:, cell.period] & panel.observed[:, cell.base]
        units: Codes | str = np.flatnonzero((treated | compared) & seen)
        if not (treated & seen).any():
            units = "no unit of the cohort is observed in the period and in its base period"
        elif not (compared & seen).any():
            units = "no comparison unit is untreated and observed in the period and in its base period"
        yield _Block(members, units)


def nothing_left(left_out: Sequence[LeftOut]) -> DesignError:
    """Return the error that no effect can be estimated, with the first reason.

    Parameters
    ----------
    left_out : sequence of LeftOut
        Effects that were left out.

    Returns
    -------
    DesignError
    """
    reason = left_out[0].reason if left_out else "the cohort treated last starts before any other can be compared"
    return DesignError(f"no effect can be estimated: {reason}", mend="bring more periods, or other comparison units")


class _Found(NamedTuple):
    """Effects and influence functions of the cells, by position, that could be estimated."""

    cells: list[int]
    effect: Array
    influence: Array


def _compare_all(
    panel: StaggeredPanel, starts: Array, cells: list[Cell], rules: Rules, method: Method
) -> tuple[_Found, Mask, tuple[LeftOut, ...]]:
    """Return effects, which units have no weight in some comparison, and the cells that were left out."""
    influence, effect = np.zeros((starts.size, len(cells))), np.zeros(len(cells))
    left_out: list[LeftOut] = []
    done, trimmed = np.ones(len(cells), dtype=bool), np.zeros(starts.size, dtype=bool)
    for block in _blocks(panel, starts, cells, rules):
        chosen = [cells[j] for j in block.cells]
        if isinstance(block.units, str):
            done[block.cells] = False
            left_out += [LeftOut(cell.cohort, float(panel.periods[cell.period]), block.units) for cell in chosen]
            continue
        found = _compare(panel, starts, block.units, chosen, method)
        effect[block.cells] = found.effect
        influence[block.units[:, None], block.cells] = found.influence
        trimmed[block.units[found.trimmed]] = True
    if not done.any():
        raise nothing_left(left_out)
    if not done.all():
        influence, effect = influence[:, done], effect[done]
    return _Found(list(np.flatnonzero(done)), effect, influence), trimmed, tuple(left_out)


def _compare(panel: StaggeredPanel, starts: Array, units: Codes, cells: list[Cell], method: Method) -> Comparison:
    """Return the comparison of the cells of a block."""
    first = cells[0]
    periods, bases = np.array([(cell.period, cell.base) for cell in cells]).T
    rows = panel.outcome[units]
    treated = starts[units] == first.cohort
    try:
        return compare_changes(
            rows[:, periods] - rows[:, bases],
            treated,
            panel.unit_weights[units],
            panel.covariates[units, min(first.period, first.base)],
            panel.covariate_names,
            method,
        )
    except DesignError as problem:
        found = problem.problems[0]
        who = listed(panel.names[i] for i in units[treated])
        raise DesignError(
            f"units first treated in {panel.label(first.cohort)} ({who}), in "
            f"{panel.label(panel.periods[first.period])}: {found.message}",
            mend=found.mend,
        ) from None
