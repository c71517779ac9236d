"""Hiding: analyses as they may be seen, from analyses as they were computed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evalkit.disclosure.cells import WHERE, Cell, Counted
from evalkit.disclosure.drawn import Drawn, drawn, hidden_among
from evalkit.disclosure.ends import without_ends
from evalkit.disclosure.rounding import with_rounded_bounds, with_rounded_power, with_rounded_windows
from evalkit.disclosure.rule import DisclosureRule
from evalkit.disclosure.secondary import hidden_together
from evalkit.disclosure.steps import WORDS, dropped, without_steps
from evalkit.disclosure.supplied import without_supplied
from evalkit.errors import DataError, DesignError, Problem
from evalkit.records import Analysis, Diagnostic, PathPoint, Result

Key = tuple[str, str]
BASELINES = "choice_of_baseline"
"""Name of the check that sets the change against other windows before."""


@dataclass(frozen=True)
class Withheld:
    """An analysis that may not be shown at all, and why (in words that hold no number of the data)."""

    analysis: Analysis
    reason: DataError


def disclosed(
    analyses: Sequence[tuple[Analysis, Counted]], rule: DisclosureRule
) -> tuple[list[Analysis], list[Withheld]]:
    """Return the analyses of a study as they may be seen.

    Parameters
    ----------
    analyses : sequence of (Analysis, Counted)
        The primary one first, each with the events behind its path.
    rule : DisclosureRule

    Returns
    -------
    list of Analysis
        With small counts hidden (None), others rounded, and `result.disclosure` saying so. Sensitivity and
        falsification analyses are left without a path: their effect is all that is shown of them.
    list of Withheld
        Analyses whose effect would itself give a small count away.

    Raises
    ------
    DataError
        When the study hides a count by a group or period that is nowhere: a slip there would show it.

    Notes
    -----
    Taken as known to readers: numbers of the model, and the totals before and from the start on that it rests on; so
    within each of these, and within the part of it that another analysis leaves out, small counts are protected as
    `hidden_together` has it. An analysis that only bounds what suppressed cells can do differs from the primary one by
    values that evalkit put in; with it readers know how many cells came suppressed, so the counts that did not are
    protected among themselves. What is a sum over single periods (cumulative totals, totals up to a horizon) is left
    out where a count is hidden or rounded, since differences of it are the counts.
    """
    if rule.national:
        return [_marked(analysis, rule, Drawn("period")) for analysis, _ in analyses], []
    _require_known(analyses, rule)
    kept: list[tuple[Analysis, Counted]] = []
    withheld = []
    for analysis, counted in analyses:
        reason = _reason_to_withhold(analysis, counted, rule, [each for each in kept if _alike(each[0], analysis)])
        if reason is None:
            kept.append((analysis, counted))
        else:
            withheld.append(Withheld(analysis, reason))
    return [_hidden(analysis, counted, rule, kept) for analysis, counted in kept], withheld


def _require_known(analyses: Sequence[tuple[Analysis, Counted]], rule: DisclosureRule) -> None:
    """Raise where a count that the study hides by name is none of these."""
    known = {key for _, counted in analyses for key in counted.cells}
    groups = ", ".join(sorted({group for group, _ in known}))
    problems = [Problem(f"there is no count of {group!r} in {period!r}", f"groups are: {groups}; periods are written "
                        f"such as {min(known)[1]}", "disclosure.also_hidden")
                for group, period in rule.also if known and (group, period) not in known]  # fmt: skip
    if problems:
        raise DataError(problems)


def without_numbers(text: str) -> str:
    """Return a message with its numbers left out, periods kept: what it counts might be small."""
    return _NUMBER.sub("some", text)


def without_small(error: DesignError, rule: DisclosureRule) -> DesignError:
    """Return an error of a design with the numbers left out that the rule hides: one of them might be a count."""

    def told(found: re.Match[str]) -> str:
        return "some" if rule.hides(float(found[0].replace(",", ""))) else found[0]

    return DesignError([replace(problem, message=_NUMBER.sub(told, problem.message)) for problem in error.problems])


_NUMBER = re.compile(r"(?<![\w.-])[0-9]+(?:[.,][0-9]+)*(?![\w-])")


def _alike(one: Analysis, other: Analysis) -> bool:
    """Say whether two analyses are of the same events, so that one can be taken from the other."""
    return one.outcome.id == other.outcome.id


def _reason_to_withhold(
    analysis: Analysis, counted: Counted, rule: DisclosureRule, kept: Sequence[tuple[Analysis, Counted]]
) -> DataError | None:
    """Return why nothing of an analysis may be shown, None when it may."""
    mend = "take a longer time or more places together"
    sets = _known_sets(analysis, counted)
    own = _beside_primary(analysis, counted, kept)
    if own is not None:  # it differs from what is shown by values of evalkit's own: no count is in the difference
        sets, kept = own, ()
    for cells in sets:
        for numbers in zip(*(cell.numbers for cell in cells if cell.numbers), strict=True):
            if rule.hides(sum(numbers)):
                return DataError("all events before the start, or all from it on, are so few that the effect would "
                                 "give them away", mend, WHERE)  # fmt: skip
            if hidden_together(numbers, rule) is None:
                return DataError("the total of the periods gives away the small counts in them", mend, WHERE)
    for other, others in kept:
        if _differ_by_few(_known_sets(other, others), sets, rule) or _places_differ_by_few(others, counted, rule):
            return DataError(f"the events by which it differs from the analysis {other.id!r} are so few that the "
                             "difference would give them away", "leave this analysis out", WHERE)  # fmt: skip
    return None


def _beside_primary(
    analysis: Analysis, counted: Counted, kept: Sequence[tuple[Analysis, Counted]]
) -> list[list[Cell]] | None:  # fmt: skip
    """Return the cells that an analysis has alike with the primary one, where it bounds what suppressed cells can do.

    None for all other analyses, and where the two turned out not to rest on the same places and periods.
    """
    for other, others in kept:
        if counted.supplied and other.role == "primary" and others.units.keys() == counted.units.keys():
            return without_supplied(_known_sets(analysis, counted), _known_sets(other, others))
    return None


def _known_sets(analysis: Analysis, counted: Counted, *, used: bool = True) -> list[list[Cell]]:
    """Return the cells whose total the model gives away: by line of the path, before and from the start on.

    With `used` false: those that the model leaves out, of which checks tell the average.
    """
    path = analysis.result.path
    modelled = {(point.unit, point.period) for point in path if point.fitted is not None}
    lines: dict[tuple[str, bool], list[Cell]] = {}
    for key, cell in counted.cells.items():
        if (key in modelled or not any(group == cell.group for group, _ in modelled)) is used:
            lines.setdefault((cell.group, cell.before), []).append(cell)
    return list(lines.values())


def _differ_by_few(these: list[list[Cell]], those: list[list[Cell]], rule: DisclosureRule) -> bool:
    """Say whether two analyses of the same places rest on totals whose difference is small."""
    for cells in these:
        for others in those:
            alike = (cells[0].group, cells[0].before) == (others[0].group, others[0].before)
            if alike and any(hidden_together(part, rule) is None or rule.hides(sum(part))
                             for part in _left_over(cells, others)):  # fmt: skip
                return True
    return False


def _left_over(cells: list[Cell], others: list[Cell]) -> Iterator[tuple[float, ...]]:
    """Yield the numbers that only the one, and that only the other has; of the same periods, what they differ by."""
    one, other = ({cell.period: cell for cell in half if cell.numbers} for half in (cells, others))
    for here, there in ((one, other), (other, one)):
        yield from zip(*(cell.numbers for period, cell in here.items() if period not in there), strict=True)
    if one.keys() == other.keys() and one:
        sums = ([sum(each) for each in zip(*(cell.numbers for cell in half.values()), strict=True)]
                for half in (one, other))  # fmt: skip
        yield from ((apart,) for apart in map(lambda a, b: abs(a - b), *sums) if apart > 0)


def _places_differ_by_few(one: Counted, other: Counted, rule: DisclosureRule) -> bool:
    """Say whether the places that only one of two analyses has saw few events before, or from the start on."""
    for here, there in ((one.units, other.units), (other.units, one.units)):
        apart = [halves for unit, halves in here.items() if unit not in there]
        if any(rule.hides(sum(half)) for half in zip(*apart, strict=True)):
            return True
    return False


def _hidden(
    analysis: Analysis, counted: Counted, rule: DisclosureRule, kept: Sequence[tuple[Analysis, Counted]]
) -> Analysis:
    """Return an analysis with what may be seen of it."""
    parts = _parts(analysis, counted, [each for each in kept if _alike(each[0], analysis)])
    paired = bool(analysis.result.event_study) and all(point.fitted is None for point in analysis.result.path)
    keys = _hidden_keys(counted, rule, parts, paired=paired)
    open_path = analysis.role in ("primary", "secondary")
    result = _without_sums(analysis.result, touched=bool(keys) or rule.round_to is not None or not open_path)
    how = drawn(analysis, counted, rule, keys, parts, paired=paired) if open_path else Drawn("period")
    gone = set(keys) if how.by == "period" else {(point.unit, point.period) for point in result.path}
    path = tuple(_shown(point, counted, rule, gone) for point in result.path) if open_path else ()
    result = replace(result, path=path, path_without_season=(), fit=_shown_fit(result.fit, rule, whole=open_path))
    if rule.round_to and counted.rounds:
        result = with_rounded_power(with_rounded_bounds(result, analysis.result.fit, rule), counted, rule)
        if analysis.design["kind"] == "before_after":
            result = with_rounded_windows(result, analysis, counted, rule)
    result = _without_places(result, counted, rule)
    if keys or (rule.round_to is not None and counted.rounds):
        result = without_ends(result, analysis.design)
    shown = without_steps(result, counted, rule, keys)
    return _marked(replace(analysis, result=shown), rule, how, WORDS if dropped(result, shown) else "")


def _parts(
    analysis: Analysis, counted: Counted, kept: Sequence[tuple[Analysis, Counted]]
) -> list[list[Cell]]:  # fmt: skip
    """Return the cells whose totals readers know, from this analysis and from those that it stands beside."""
    sets = _known_sets(analysis, counted)
    parts = sets + _known_sets(analysis, counted, used=False)
    for other, others in kept:
        if others.supplied:  # how many cells were suppressed can be had, and with it the total of all that were not
            parts += without_supplied(sets, _known_sets(other, others)) or []
        for cells in _known_sets(other, others):
            periods = {cell.period for cell in cells}
            for mine in sets:
                if (mine[0].group, mine[0].before) == (cells[0].group, cells[0].before):
                    parts += [[cell for cell in mine if (cell.period in periods) is inside] for inside in (True, False)]
    return parts


def _hidden_keys(
    counted: Counted, rule: DisclosureRule, parts: Sequence[Sequence[Cell]], *, paired: bool
) -> dict[Key, str]:
    """Return the group and period of every count that is hidden, and why: `small` or `total`."""
    keys: dict[Key, str] = dict.fromkeys((key for key in rule.also if key in counted.cells), "declared")
    keys |= {key: "small" for key, cell in counted.cells.items() if cell.hidden_by(rule)}
    before = -1
    while len(keys) > before:
        before = len(keys)
        for cells in parts:
            _add_within(cells, rule, keys)
        if paired:  # the event study is the gap between the lines: hidden in one, it must be hidden in the other
            hidden = {period for _, period in keys}
            keys = dict.fromkeys((key for key in counted.cells if key[1] in hidden), "total") | keys
    return keys


def _add_within(cells: Sequence[Cell], rule: DisclosureRule, keys: dict[Key, str]) -> None:
    """Add the counts of one set that must be hidden with those that are."""
    known = [cell for cell in cells if cell.numbers]
    gone = [at for at, cell in enumerate(known) if (cell.group, cell.period) in keys]
    for at in hidden_among([cell.numbers for cell in known], range(len(known)), rule, gone):
        keys.setdefault((known[at].group, known[at].period), "total")


def _shown(point: PathPoint, counted: Counted, rule: DisclosureRule, gone: Collection[Key]) -> PathPoint:
    """Return one point as it may be seen: the model's own line stays, what is made from the count goes with it."""
    key = (point.unit, point.period)
    line = point.fitted is not None
    if key in gone:
        bare = replace(point, observed=None)
        return bare if line else replace(bare, counterfactual=None, low=None, high=None)
    events = counted.cells[key].events
    if rule.round_to is None or not counted.rounds or not events or not point.observed:
        return point
    factor = events / point.observed

    def rounded(value: float | None) -> float | None:
        return None if value is None else rule.rounded(value * factor) / factor

    moved = replace(point, observed=rounded(point.observed))
    return moved if line else replace(moved, counterfactual=rounded(point.counterfactual), low=rounded(point.low),
                                      high=rounded(point.high))  # fmt: skip


def _shown_fit(fit: Mapping[str, Any] | None, rule: DisclosureRule, *, whole: bool) -> Mapping[str, Any] | None:
    """Return what was observed in total as it is shown: rounded, or (of a variation) not at all."""
    if fit is None or not whole:
        return fit and {key: value for key, value in fit.items() if key not in ("observed_total", "averages")}
    found, total = dict(fit), fit.get("observed_total")
    if rule.round_to and total:
        found["observed_total"] = rule.rounded(total)
        averages = found.get("averages") or {}
        if averages.get("observed") is not None:
            share = found["observed_total"] / total
            found["averages"] = {**averages, "observed": averages["observed"] * share}
    return found


def _without_sums(result: Result, *, touched: bool) -> Result:
    """Return a result without sums whose differences are single counts."""
    if not touched:
        return result
    horizons = tuple(
        each if each is result.horizons[-1] else replace(each, averted=None, averted_low=None, averted_high=None)
        for each in result.horizons
    )
    checks = tuple(_without_windows(check) if check.name == BASELINES else check for check in result.diagnostics)
    return replace(result, cumulative=(), horizons=horizons, diagnostics=checks,
                   baselines=tuple(each for each in result.baselines if each.registered))  # fmt: skip


def _without_windows(check: Diagnostic) -> Diagnostic:
    """Return the check of other windows with its verdict alone: their changes are their counts."""
    return replace(check, reading="What other windows before give is not shown, since counts in them are hidden.",
                   statistic=None, low=None, high=None)  # fmt: skip


def _without_places(result: Result, counted: Counted, rule: DisclosureRule) -> Result:
    """Return a result without what is told of single places, or of places that start together, where one is small."""
    if any(rule.hides(half) for halves in counted.units.values() for half in halves):
        result = replace(result, placebos=tuple(each for each in result.placebos if each.kind != "unit"),
                         leave_out=tuple(each for each in result.leave_out if each.left_out not in counted.units),
                         dropped=tuple((unit, "left out") for unit, _ in result.dropped))  # fmt: skip
    if len({each.group for each in result.group_time}) > 1 and counted.lone_small(rule):
        result = replace(result, group_time=(), aggregations=None)
    return result


def _marked(analysis: Analysis, rule: DisclosureRule, how: Drawn, more: str = "") -> Analysis:
    """Return an analysis that says by which rule its numbers were hidden, which, and how its path is drawn."""
    cells = [{"group": group, "period": period, "why": why} for (group, period), why in sorted(how.hidden.items())]
    block = {"profile": rule.profile, "words": rule.words, "hidden": cells, "rounded_to": rule.round_to,
             "drawn_by": how.by, "drawn_words": how.words, "path": [asdict(point) for point in how.path]}  # fmt: skip
    hidden = f" {len(cells):,} {'count is' if len(cells) == 1 else 'counts are'} hidden here and left empty."
    note = f"Small numbers: {rule.words}{hidden if cells and how.by == 'period' else ''}"
    note = (note if how.by == "period" else f"{note} {how.words}") + more
    return replace(analysis, notes=(*analysis.notes, note),
                   result=replace(analysis.result, disclosure=block))  # fmt: skip
