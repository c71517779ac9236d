"""What the data hold and lack, in sentences: read from the coverage that stands in the result."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalkit.periods import named_period, parse_period, words_for
from evalkit.records import Coverage, UnitCoverage
from evalkit.report.numbers import number
from evalkit.report.unit_words import PLACE, plural

NAMED = 3
"""So many places are named in a sentence; the others stand in the table."""
LACKING = {
    "m": "Missing",
    "z": "Zeros in a row",
    "p": "Known only as a range",
    "d": "Gaps that the study declares",
}
"""States other than complete, the gravest first, with the words that begin their sentence."""


@dataclass(frozen=True)
class Held:
    """A coverage with the periods at its ends as whole numbers."""

    coverage: Coverage
    first: int
    last: int
    names: Mapping[str, str] = field(default_factory=dict)
    noun: str = PLACE

    @property
    def frequency(self) -> str:
        """Length of a period."""
        return self.coverage.frequency

    @property
    def units(self) -> tuple[UnitCoverage, ...]:
        """Every place, in the order of the data."""
        return self.coverage.units

    @property
    def lacking(self) -> list[UnitCoverage]:
        """Places that are not wholly complete."""
        return [unit for unit in self.units if not unit.whole]

    @property
    def alone(self) -> bool:
        """True for a single series."""
        return len(self.units) == 1

    def periods(self, count: int) -> str:
        """Return a number of periods with its noun: 3 months."""
        return f"{number(count, 0)} {words_for(self.frequency, count)}"

    def begins(self, unit: UnitCoverage) -> int:
        """Return the first period of a place."""
        return parse_period(unit.first, self.frequency)

    def runs(self, unit: UnitCoverage) -> list[tuple[str, int, int]]:
        """Return the stretches of one state: its letter, first and last period."""
        place, found = self.begins(unit), []
        for state, group in itertools.groupby(unit.states):
            length = len(list(group))
            found.append((state, place, place + length - 1))
            place += length
        return found


def read_coverage(
    coverage: Coverage | None, names: Mapping[str, str] | None = None, noun: str = PLACE
) -> Held | None:  # fmt: skip
    """Return what is held, with the words for periods and units; None where nothing is told of single ones."""
    known = [] if coverage is None else [unit for unit in coverage.units if unit.states]
    if coverage is None or not known:
        return None
    begins = [parse_period(unit.first, coverage.frequency) for unit in known]
    ends = [begin + len(unit.states) - 1 for begin, unit in zip(begins, known, strict=True)]
    return Held(coverage, min(begins), max(ends), names or {}, noun)


def name_of(unit: UnitCoverage) -> str:
    """Return the name of a place; a single series has none of its own."""
    return unit.unit or "The series"


def span_words(first: int, last: int, held: Held) -> str:
    """Return one period in words, or a stretch of them; two that have names are both named."""
    between = " and " if held.names and last == first + 1 else " to "
    return between.join(dict.fromkeys(named_period(time, held.frequency, held.names) for time in (first, last)))


def coverage_message(held: Held) -> str:
    """Return the finding that the chart shows."""
    lacking, noun = held.lacking, words_for(held.frequency, 2)
    grave = next(state for state in LACKING if any(unit.count(state) for unit in lacking))
    count = sum(1 for unit in lacking if unit.count(grave))
    if held.alone:
        unit = lacking[0]
        return {
            "m": f"The series lacks {number(unit.count('m'), 0)} of {held.periods(unit.used)}",
            "z": "The series has more zeros in a row than its own level makes likely",
            "p": f"Some {noun} of the series are known only as a range",
            "d": "The series has gaps that the study declares",
        }[grave]
    verb = "has" if count == 1 else "have"
    said = {
        "m": f"{'lacks' if count == 1 else 'lack'} some {noun}",
        "z": f"{verb} more zeros in a row than {'its' if count == 1 else 'their'} own level makes likely",
        "p": f"{verb} {noun} that are known only as a range",
        "d": f"{verb} gaps that the study declares",
    }[grave]
    return f"{number(count, 0)} of {number(len(held.units), 0)} {plural(held.noun)} {said}"


def coverage_sentences(held: Held) -> list[str]:
    """Return what there is and what is not, the gravest first."""
    return [*_whole(held), *(text for state in LACKING for text in _lacking(held, state))]


def row_words(unit: UnitCoverage, frequency: str) -> str:
    """Return what one place lacks in a few words."""
    words = {"m": "missing", "z": "zeros in a row", "p": "as a range", "d": "declared gap"}
    one = {**words, "z": "unlikely zero"}
    counts = [(unit.count(state), state) for state in LACKING if unit.count(state)]
    parts = [f"{number(count, 0)} {(one if count == 1 else words)[state]}" for count, state in counts]
    return ", ".join(parts) or f"all {number(unit.used, 0)} {words_for(frequency, unit.used)}"


def _whole(held: Held) -> list[str]:
    whole = [unit for unit in held.units if unit.whole]
    used = {unit.used for unit in whole}
    if not whole:
        return []
    if len(used) > 1:
        every = f"every {words_for(held.frequency)} that the study uses"
    else:
        count = used.pop()
        noun = words_for(held.frequency, count)
        every = f"the {noun} that the study uses" if count == 1 else \
            f"{'both' if count == 2 else f'all {number(count, 0)}'} {noun} that the study uses"  # fmt: skip
    when = f", {span_words(held.first, held.last, held)}" if all("o" not in u.states for u in whole) else ""
    if held.alone:
        return [f"The series has {every}{when}."]
    if len(whole) == len(held.units):
        return [f"All {number(len(whole), 0)} {plural(held.noun)} have {every}{when}."]
    verb = "has" if len(whole) == 1 else "have"
    return [f"{number(len(whole), 0)} of {number(len(held.units), 0)} {plural(held.noun)} {verb} {every}."]


def _lacking(held: Held, state: str) -> list[str]:
    units = [unit for unit in held.lacking if unit.count(state)]
    if not units:
        return []
    named = [_named(held, unit, state) for unit in units[:NAMED]]
    more = len(units) - len(named)
    named += [f"and {number(more, 0)} more {held.noun if more == 1 else plural(held.noun)}"] if more else []
    also = ""
    if state == "z":
        also = (f" At the usual level of such a {held.noun} so long a run would come up less than once in a thousand "
                "times: it may be that nothing was recorded. This looks at one run alone: a rule that "
                "allows for all the runs there are to look at can be met all the same.")  # fmt: skip
    return [f"{LACKING[state]}: {'; '.join(named)}.{also}"]


def _named(held: Held, unit: UnitCoverage, state: str) -> str:
    """Return a place with its stretches of one state, the first three of them."""
    spans = [span_words(first, last, held) for letter, first, last in held.runs(unit) if letter == state]
    more = [f"{len(spans) - NAMED} more stretches"] if len(spans) > NAMED + 1 else []
    shown = ", ".join([*(spans[:NAMED] if more else spans), *more])
    return shown if held.alone else f"{name_of(unit)} ({shown})"
