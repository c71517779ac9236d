"""The change elsewhere in the data: at pretend dates and units, without some of them, against other earlier windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.diagnostics.placebo import FEWEST_DATES
from evalkit.periods import words_for
from evalkit.records import Analysis, Baseline, LeftOut, Placebo
from evalkit.report.changes import as_change, change_cell, is_percent, joined, level_of
from evalkit.report.ladder import change_of
from evalkit.report.numbers import Shown, interval_text, number, signed, signed_percent
from evalkit.report.result_tables import written
from evalkit.report.tables import Column, Table
from evalkit.report.words import interval_label

CHECK = "placebo_dates"
"""Name of the check that ranks the true start among pretend ones."""
TOO_FEW = "Too few earlier dates to rank the true start"
UNREMARKABLE = 0.1
"""Without that check: from this share of pretend starts on, the true one does not stand out."""
CALENDAR_YEARS = 3
NO_INTERVALS = "No interval is worked out for these: they show how far the estimate moves, not how sure each is."
FEW_WINDOWS = 4
"""Up to so many other windows are named in the sentence; of more, the ends are told."""
OVERLAP = "Neighbouring dates share most of their {periods} and are not independent: read the rank as a rough guide."


@dataclass(frozen=True)
class Rank:
    """How the true start stands among pretend ones.

    Attributes
    ----------
    others : int
        Pretend starts that were estimated.
    at_least : int
        Those at which the change is at least as clear, in either direction.
    clear : bool
        Whether dates are ranked by the change over its standard error; otherwise by the change alone.
    verdict : str
        Of the check that ranked them; empty where there is none.
    larger : int
        Those at which the change itself is at least as large, whatever its standard error.
    """

    others: int
    at_least: int
    clear: bool = False
    verdict: str = ""
    larger: int = 0

    @property
    def unremarkable(self) -> bool:
        """True when the true start does not stand out among the pretend ones."""
        if self.verdict:
            return self.verdict == "sign against"
        return (1 + self.at_least) / (1 + self.others) > UNREMARKABLE

    @property
    def few(self) -> bool:
        """True when there are too few pretend starts to rank the true one among them, as the check says."""
        return self.verdict == "not run" or (self.verdict == "too weak to tell" and self.others < FEWEST_DATES)

    @property
    def as_much(self) -> str:
        """How a pretend start is held against the true one: `as clear`, or `as large`."""
        return "as clear" if self.clear else "as large"


def rank_of(analysis: Analysis) -> Rank | None:
    """Return the rank of the true start among the pretend ones; None where there is none of either.

    The check that ranked them has the share of starts at least as clear, the true one among them; it is read back as
    a number of dates. Only without it, or where dates have no standard errors, are the changes themselves counted.
    """
    placebos = [placebo for placebo in analysis.result.placebos if placebo.kind == "period"]
    true = next((placebo for placebo in placebos if placebo.true), None)
    others = [placebo for placebo in placebos if not placebo.true]
    if true is None or not others:
        return None
    larger = sum(abs(placebo.value) >= abs(true.value) for placebo in others)
    check = next((check for check in analysis.result.diagnostics if check.name == CHECK), None)
    errors_known = all(placebo.p_value is not None for placebo in others)
    if check is not None and not errors_known:
        return Rank(len(others), larger, verdict=check.verdict, larger=larger)
    if check is not None and check.statistic is not None:
        at_least = round(check.statistic * (1 + len(others))) - 1
        return Rank(len(others), at_least, clear=True, verdict=check.verdict, larger=larger)
    return Rank(len(others), larger, larger=larger)


def rank_message(rank: Rank) -> str:
    """Return the message of the chart: `3 of 96 earlier dates show a change at least as clear as the true start`."""
    if rank.few:
        return TOO_FEW
    if rank.others == 1:
        start = "a change at least" if rank.at_least else "no change"
        return f"The only earlier date shows {start} {rank.as_much} as the true start"
    first = "None" if rank.at_least == 0 else number(rank.at_least, 0)
    verb = "shows" if rank.at_least == 1 else "show"
    change = f"a change at least {rank.as_much} as the true start"
    return f"{first} of {number(rank.others, 0)} earlier dates {verb} {change}"


def rank_sentences(analysis: Analysis, rank: Rank) -> list[str]:
    """Return rank of the true start, how it is made, what it means, and that neighbouring dates overlap."""
    if rank.few:
        dates = "earlier date" if rank.others == 1 else "earlier dates"
        return [f"Only {number(rank.others, 0)} {dates} could be tried. That is too few to rank the true start among "
                "them, so this shows nothing either way."]  # fmt: skip
    place, all_of_them = number(rank.at_least + 1, 0), number(rank.others + 1, 0)
    by = "By the size of the change over its standard error" if rank.clear else "By the size of the change"
    sentences = [f"{by}, the true start is number {place} of {all_of_them}."]
    if rank.clear:
        sentences.append(f"By its size alone, that at {number(rank.larger, 0)} of {number(rank.others, 0)} earlier "
                         "dates is at least as large.")  # fmt: skip
    if rank.unremarkable:
        sentences.append(f"So the method finds changes {rank.as_much} quite often where nothing began.")
    return [*sentences, OVERLAP.format(periods=words_for(analysis.frequency, 2))]


def rank_caution(analysis: Analysis) -> str:
    """Return the caution where the true start does not stand out; empty where it does or none was tried."""
    rank = rank_of(analysis)
    if rank is None or not rank.unremarkable:
        return ""
    return (f"That the date stands out: {number(rank.at_least, 0)} of {number(rank.others, 0)} earlier dates show a "
            f"change at least {rank.as_much}.")  # fmt: skip


def unit_placebos_table(analysis: Analysis) -> Table | None:
    """Return the change in each unit where nothing began, the true one first; None where there are none."""
    units = [placebo for placebo in analysis.result.placebos if placebo.unit]
    if not units:
        return None
    ordered = sorted(units, key=lambda placebo: not placebo.true)
    rows = [(f"{placebo.unit} (true)" if placebo.true else placebo.unit, _placebo_cell(analysis, placebo))
            for placebo in ordered]  # fmt: skip
    note = f"In brackets: {interval_label(level_of(analysis))}." if any(p.low is not None for p in units) else ""
    return Table("tbl-pretend-units", "The change in places where nothing began",
                 [Column("Place"), Column("Change", "number")], rows, main=0 if ordered[0].true else None,
                 cards=True, note=note)  # fmt: skip


def leave_out_table(analysis: Analysis) -> Table | None:
    """Return the change without each part of the data; None where nothing was, or could be, left out."""
    parts = analysis.result.leave_out
    if not _estimated(parts):
        return None
    rows, known = [], any(part.low is not None for part in parts)
    for part in parts:
        if part.problem or part.value is None:
            rows.append((part.left_out, Shown(f"not estimated: {part.problem or 'no reason given'}", None, None, None)))
        else:
            change = as_change(part.value, part.low, part.high, part.measure, level_of(analysis))
            alone = Shown(written(change, unit=part.measure)[0], change.value, None, None)
            rows.append((part.left_out, change_cell(change, part.measure) if known else alone))
    return Table("tbl-left-out", "The change when a part of the data is left out",
                 [Column("Left out"), Column("Change without it", "number")], rows, cards=True,
                 note=f"In brackets: {interval_label(level_of(analysis))}." if known else NO_INTERVALS)  # fmt: skip


def _estimated(parts: Sequence[LeftOut]) -> list[LeftOut]:
    return [part for part in parts if part.value is not None and not part.problem]


def _nothing_left_out(parts: Sequence[LeftOut]) -> str:
    """Return why no part of the data can be left out, each reason once; empty where none was tried."""
    if not parts:
        return ""
    reasons: dict[str, list[str]] = {}
    for part in parts:
        reasons.setdefault((part.problem or "no reason is given").rstrip("."), []).append(f"“{part.left_out}”")
    why = "; ".join(f"without {joined(names)}, {reason}" for reason, names in reasons.items())
    return f"No part of the data can be left out to see what hangs on it: {why}."


def leave_out_sentence(analysis: Analysis) -> str:
    """Return between which numbers the change lies, and whether one part decides on lying clear of no change.

    Where no part could be left out: that, and why.
    """
    parts = _estimated(analysis.result.leave_out)
    if not parts:
        return _nothing_left_out(analysis.result.leave_out)
    changes = {part.left_out: as_change(part.value or 0.0, part.low, part.high, part.measure, level_of(analysis))
               for part in parts}  # fmt: skip
    least, most = (end(changes.values(), key=lambda change: change.value) for end in (min, max))
    told = f"from {written(least)[0]} to {written(most)[0]}" if len(changes) > 1 else f"{written(least)[0]}"
    sentence = f"Leaving out one part at a time, the change runs {told}."
    if len(changes) == 1:
        sentence = f"Without “{parts[0].left_out}”, the change is {told} ({written(least)[1]})."
    headline = change_of(analysis)
    apart = [name for name, change in changes.items() if change.low is not None and change.side != headline.side]
    if headline.low is None:
        return sentence
    if not apart:
        every = "Every interval" if len(changes) > 1 else "Its interval"
        across = headline.side == "across"
        same = "takes in no change, as the headline does" if across else (
            "lies clear of no change, on the same side as the headline")  # fmt: skip
        return f"{sentence} {every} {same}."
    other = "lies clear of no change" if headline.side == "across" else "does not lie clear of no change"
    whose = joined(f"“{name}”" for name in apart[:3]) + (f" and {number(len(apart) - 3)} more" if apart[3:] else "")
    return f"{sentence} Otherwise than in the headline, the interval {other} without {whose}."


def other_baselines(analysis: Analysis) -> list[Baseline]:
    """Return the windows before that the study does not name."""
    return [baseline for baseline in distinct_baselines(analysis) if not baseline.registered]


def distinct_baselines(analysis: Analysis) -> list[Baseline]:
    """Return the windows before, each once.

    Where only the same months of the year count, a window and a longer one around it can hold the very same months:
    they then give the same numbers, and the shorter one, or the one that the study names, stands for both.
    """
    given = list(analysis.result.baselines)
    gone = {
        place
        for place, one in enumerate(given)
        for rank, other in enumerate(given)
        if _same_months(one, other) and _stands_for(other, rank, one, place)
    }
    return [one for place, one in enumerate(given) if place not in gone]


def _same_months(one: Baseline, other: Baseline) -> bool:
    """Say whether one window lies within the other and both give the same numbers to the last digit."""
    if one is other or (one.value, one.low, one.high) != (other.value, other.low, other.high):
        return False
    within = one.first >= other.first and one.last <= other.last
    return within or (other.first >= one.first and other.last <= one.last)


def _stands_for(other: Baseline, rank: int, one: Baseline, place: int) -> bool:
    """Say whether the other window is the one to keep: registered, else shorter, else the earlier in the list."""
    if other.registered != one.registered:
        return other.registered
    if (other.first, other.last) != (one.first, one.last):
        return other.first >= one.first and other.last <= one.last
    return rank < place


def baselines_sentence(analysis: Analysis) -> str:
    """Return the change against other earlier windows: each named where they are few, otherwise the ends."""
    others = other_baselines(analysis)
    own = next((baseline for baseline in distinct_baselines(analysis) if baseline.registered), None)
    if not others:
        return ""
    named = ([own] if own else []) + others
    if len(others) <= FEW_WINDOWS:
        return f"The change is {joined(f'{_baseline(each)} against {_window(each)}' for each in named)}."
    least, most = (end(others, key=lambda baseline: baseline.value) for end in (min, max))
    start = f"Against {_window(own)}, the window of this study, the change is {_baseline(own)}. " if own else ""
    years = [each for each in others if _window(each).isdigit()][-CALENDAR_YEARS:]
    named_years = f" Calendar years: {joined(f'{_baseline(each)} against {_window(each)}' for each in years)}."
    return (f"{start}Against the {number(len(others), 0)} other windows it runs from {_size(least)} (against "
            f"{_window(least)}) to {_size(most)} (against {_window(most)}).{named_years if years else ''}")  # fmt: skip


def baselines_message(analysis: Analysis) -> str:
    """Return the message of the chart: between which ends the change lies, whichever window it is set against."""
    baselines = distinct_baselines(analysis)
    least, most = (end(baselines, key=lambda baseline: baseline.value) for end in (min, max))
    if _size(least) == _size(most):
        return f"Whichever earlier window is taken, the change is {_size(least)}"
    return f"By the earlier window that is taken, the change runs from {_size(least)} to {_size(most)}"


def baselines_table(analysis: Analysis) -> Table | None:
    """Return the change against each window before, that of the study marked; None without another window."""
    baselines = distinct_baselines(analysis)
    if not other_baselines(analysis):
        return None
    rows = []
    for baseline in baselines:
        change = as_change(baseline.value, baseline.low, baseline.high, baseline.measure, level_of(analysis))
        label = f"{baseline.window} (this study)" if baseline.registered else baseline.window
        rows.append((label, change_cell(change, baseline.measure)))
    main = next((place for place, baseline in enumerate(baselines) if baseline.registered), None)
    return Table("tbl-baselines", "The change against each possible window before",
                 [Column("Window before"), Column("Change", "number")], rows, main=main, cards=True,
                 note=f"In brackets: {interval_label(level_of(analysis))}.")  # fmt: skip


def _placebo_cell(analysis: Analysis, placebo: Placebo) -> Shown:
    change = as_change(placebo.value, placebo.low, placebo.high, placebo.measure, level_of(analysis))
    if change.low is None:
        value, _ = written(change, unit="" if change.percent else placebo.measure)
        return value
    return change_cell(change, placebo.measure)


def _size(baseline: Baseline) -> str:
    """Return the change against one window, without its interval."""
    if is_percent(baseline.measure):
        return signed_percent(baseline.value, 0 if abs(baseline.value) >= 1 or baseline.value == 0 else 1)
    return signed(baseline.value, 0 if abs(baseline.value) >= 10 else 1)


def _baseline(baseline: Baseline) -> str:
    """Return the change against one window with its interval."""
    if baseline.low is None or baseline.high is None:
        return f"{_size(baseline)} (no interval)"
    return f"{_size(baseline)} ({interval_text(baseline.low, baseline.high)})"


def _window(baseline: Baseline) -> str:
    return baseline.window.strip()
