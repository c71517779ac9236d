"""What a study asks of a table, and which of its rows cannot be read, told by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.periods import words_for
from evalkit.sources.cells import SHOWN, column_of, quoted, text_of
from evalkit.sources.columns import Data, Intervention, Outcome, needed_columns
from evalkit.sources.dates import time_in, times_of
from evalkit.sources.filters import kept_rows
from evalkit.sources.repeated import TIMES, number_of_rows
from evalkit.sources.written import Between

if TYPE_CHECKING:
    import pandas

Ends = tuple[float | None, float | None]


@dataclass(frozen=True)
class Asked:
    """What a study asks of a table.

    Attributes
    ----------
    data : Data
        The `data` block.
    outcomes : mapping of str to Outcome
    intervention : Intervention or None
    """

    data: Data
    outcomes: Mapping[str, Outcome]
    intervention: Intervention | None

    @property
    def columns(self) -> dict[str, str]:
        """Every column that the study names, with the first dotted key that names it."""
        return needed_columns(self.data, self.outcomes, self.intervention)

    def words(self) -> str:
        """Return by what rows are brought together: two tables of the same words hold the same of the same rows."""
        ranges, period = self.ranges(), self.data.period_column
        named = []
        for name in sorted(self.columns):
            if name == period:
                named.append(f"{name} in {words_for(self.data.frequency, 2)}")
            else:
                named.append(" ".join([name, *(_spelt(ends) for ends in ranges.get(name, []))]))
        return ", ".join(named)

    def ranges(self) -> dict[str, list[Ends]]:
        """Return the ends of ranges of numbers, by columns of which nothing but ranges of numbers is asked."""
        filters = [self.data.filter, *(outcome.filter for outcome in self.outcomes.values())]
        bare = {name: outcome.model_copy(update={"filter": {}}) for name, outcome in self.outcomes.items()}
        others = needed_columns(self.data.model_copy(update={"filter": {}}), bare, self.intervention)
        found: dict[str, list[Ends]] = {}
        for name in sorted({name for conditions in filters for name in conditions} - set(others)):
            ends = [_ends(conditions[name]) for conditions in filters if name in conditions]
            whole = [end for end in ends if end is not None]
            if len(whole) == len(ends):
                found[name] = whole
        return found


def unread_keys(asked: Asked, rows: pandas.DataFrame) -> list[Problem]:
    """Return periods and units that cannot be read, with how many rows of the table hold each.

    Later on it would be told by row, and rows that were brought together have no number of their own. Where an
    outcome leaves rows out by its own filter those are not known yet, and it waits.
    """
    data = asked.data
    if rows.empty or any(outcome.filter and not outcome.count for outcome in asked.outcomes.values()):
        return []
    if data.filter:
        rows = rows[kept_rows(data, rows, data.filter, "data.filter")]
    try:
        for name, outcome in asked.outcomes.items():
            kept_rows(data, rows, outcome.filter, f"outcomes.{name}.filter")
    except DataError:  # a filter that cannot be meant is told first, where the panel is made
        return []
    problems: list[Problem] = []
    period, unit = data.period_column, data.unit_column
    if unit is not None and unit in rows and any(map(_empty, rows[unit])):
        mend = f"fill in the unit's name, or leave these rows out: filter: {{{unit}: {{not: null}}}}"
        problems.append(Problem(f"empty name in {_told(rows, unit, _empty)}", mend, unit))
    if period is not None and period in rows:
        _, faults = times_of(column_of(rows, period), data.frequency)
        for fault in faults:
            words = fault.message.partition(" in ")[0]
            wrong = _empty if words == "no period" else lambda cell: not _empty(cell) and _no_period(cell, data)
            problems.append(Problem(f"{words} in {_told(rows, period, wrong)}", fault.mend, period))
    return problems


def _told(rows: pandas.DataFrame, name: str, wrong: Callable[[Any], bool]) -> str:
    """Return how many rows hold a wrong cell, and the most frequent of these cells."""
    counted: dict[Any, int] = {}
    for cell, times in zip(rows[name], rows[rows.attrs[TIMES]], strict=True):
        if wrong(cell):
            shown = "" if _empty(cell) else cell
            counted[shown] = counted.get(shown, 0) + int(times)
    first = sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))[:SHOWN]
    examples = ", ".join(f"{quoted(cell)} in {times:,}" for cell, times in first)
    more = f" and {len(counted) - SHOWN:,} other texts" if len(counted) > SHOWN else ""
    return f"{sum(counted.values()):,} of {number_of_rows(rows):,} rows: {examples}{more}"


def _empty(cell: Any) -> bool:
    return text_of(None if cell != cell else cell) == ""


def _no_period(cell: Any, data: Data) -> bool:
    return time_in(cell, data.frequency) is None


def _spelt(ends: Ends) -> str:
    low, high = ends
    words = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    return " ".join(word for word in words if word)


def _ends(condition: Any) -> Ends | None:
    """Return the ends of a range of numbers; None where the condition is another."""
    if not isinstance(condition, Between):
        return None
    ends = (condition.from_, condition.to)
    if any(isinstance(end, str | bool) for end in ends):
        return None
    return tuple(None if end is None else float(end) for end in ends)  # type: ignore[return-value]
