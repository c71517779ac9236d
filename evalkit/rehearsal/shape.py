"""Which places, which periods and which starts the rows of a rehearsal have: what the study file says, and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit.errors import DataError, EvalkitError, Problem
from evalkit.periods import EXAMPLES, PER_YEAR, parse_period, words_for
from evalkit.sources import Between, read_roll_out
from evalkit.spec.loading import Spec

YEARS_BEFORE, YEARS_AFTER = 3, 2
"""Years of data where the study file does not say from when and to when."""
FEWEST_BEFORE, FEWEST_AFTER = 12, 6
"""Periods of them at least."""
PLACES = 4
"""Treated places where the study file names none, and comparison places where a design needs some."""


@dataclass(frozen=True)
class Wishes:
    """What a rehearsal may be told beside the study file.

    Attributes
    ----------
    seed : int
        Start of the random numbers.
    effect : float
        Planted change of the outcomes in percent; a negative control has none.
    baseline : float
        Mean of an outcome per place and period.
    first, last : str or None
        First and last period of the data.
    comparison : int or None
        Places that never start, beside those that the study file names.
    """

    seed: int = 1
    effect: float = 0.0
    baseline: float = 100.0
    first: str | None = None
    last: str | None = None
    comparison: int | None = None


@dataclass(frozen=True)
class Shape:
    """Places with their first treated period (None: never), and the periods, as integers."""

    starts: dict[str, int | None]
    first: int
    last: int
    frequency: str


def shape_of(spec: Spec, wishes: Wishes) -> Shape:
    """Return the shape of a study's data.

    Raises
    ------
    DataError
        When a period that was asked for is none, or there would be nothing before the start or from it on.
    """
    data, design = spec.study.needed_data, spec.study.needed_design
    frequency = data.frequency
    starts = _starts(spec, wishes)
    known = sorted(time for time in starts.values() if time is not None)
    earliest, latest = (known[0], known[-1]) if known else (None, None)
    ends = [*_asked(wishes, frequency), *_declared(spec)]
    first = _first(end[0] for end in ends)
    last = _first(end[1] for end in ends)
    if first is None:
        first = _first([_window(design, "before", "from_", frequency), _own_start(data)])
    if last is None:
        last = _window(design, "after", "to", frequency)
    before = max(FEWEST_BEFORE, round(YEARS_BEFORE * PER_YEAR[frequency]))
    after = max(FEWEST_AFTER, round(YEARS_AFTER * PER_YEAR[frequency]))
    if earliest is None or latest is None:
        first = 0 if first is None else first
        earliest = latest = first + before
        starts = {unit: earliest if treated else None for unit, treated in _halves(starts)}
    first = earliest - before if first is None else first
    last = latest + after - 1 if last is None else last
    if not first < earliest <= last:
        raise DataError(Problem("there would be no period before the start, or none from it on",
                                "say --from and --to", "intervention"))  # fmt: skip
    return Shape(starts, first, last, frequency)


def _starts(spec: Spec, wishes: Wishes) -> dict[str, int | None]:
    """Return every place with its start: those of the study file, and places that never start where they are needed."""
    data, intervention = spec.study.needed_data, spec.study.intervention
    assert intervention is not None
    if data.unit_column is None:
        return {"": parse_period(intervention.start, data.frequency) if intervention.start is not None else None}
    found: dict[str, Any]
    if intervention.starts is not None:
        found = dict(intervention.starts)
    elif intervention.start_table is not None:
        found = dict(read_roll_out(intervention.start_table, data.frequency, spec.folders).starts)
    else:
        found = _rolled_out(spec) or dict.fromkeys(_numbered("Place", PLACES), intervention.start)
    if intervention.start is not None:
        found = dict.fromkeys(found, intervention.start)
    expected = getattr(getattr(data, "expected_coverage", None), "units", None)
    if isinstance(expected, list):
        found = {**dict.fromkeys(expected), **found}
    named = _named_in_filter(spec)
    if named:
        found = {**dict.fromkeys(named), **{name: start for name, start in found.items() if name in named}}
    read = {name: _time(start, data.frequency) for name, start in found.items()}
    return {**read, **dict.fromkeys(_numbered("Comparison place", _lacking(spec, read, wishes, bool(named))))}


def _lacking(spec: Spec, starts: dict[str, int | None], wishes: Wishes, closed: bool) -> int:
    """Return how many places that never start are added: those asked for, or some where a design has nobody else."""
    if wishes.comparison is not None:
        return wishes.comparison
    intervention = spec.study.intervention
    alone = intervention is not None and intervention.start is not None
    compared = spec.study.design.kind == "difference_in_differences" and not alone and not closed
    return max(PLACES, len(starts)) if compared and None not in starts.values() else 0


def _rolled_out(spec: Spec) -> dict[str, Any]:
    rollout = spec.study.rollout
    return {place.id: place.start for place in rollout.units} if rollout else {}


def _named_in_filter(spec: Spec) -> list[str]:
    """Return the places that the filter of the data keeps, where it names them."""
    data = spec.study.needed_data
    kept = data.filter.get(str(data.unit_column))
    names = kept if isinstance(kept, list) else [kept] if isinstance(kept, str) else []
    return [str(name) for name in names]


def _numbered(noun: str, count: int) -> list[str]:
    return [f"{noun} {number:0{len(str(count))}d}" for number in range(1, count + 1)]


def _halves(starts: dict[str, int | None]) -> Iterator[tuple[str, bool]]:
    """Yield each place and whether it is treated, where nothing says when it starts: the first half, one at least."""
    treated = max(1, len(starts) // 2)
    for number, unit in enumerate(starts):
        yield unit, number < treated


def _time(start: Any, frequency: str) -> int | None:
    return None if start is None or str(start).startswith("never") else parse_period(start, frequency)


def _asked(wishes: Wishes, frequency: str) -> Iterator[tuple[int | None, int | None]]:
    """Yield the ends that were asked for."""
    found: list[int | None] = []
    for option, text in (("--from", wishes.first), ("--to", wishes.last)):
        try:
            found.append(None if text is None else parse_period(text, frequency))
        except EvalkitError:
            raise DataError(Problem(f"{text!r} is not a {words_for(frequency)}",
                                    f"write it such as {EXAMPLES[frequency]}", option)) from None  # fmt: skip
    yield found[0], found[1]


def _declared(spec: Spec) -> Iterator[tuple[int | None, int | None]]:
    """Yield the ends that the study file declares of its data: expected coverage, then a filter on the period."""
    data = spec.study.needed_data
    expected = getattr(data, "expected_coverage", None)
    kept = data.filter.get(str(data.period_column))
    for block in (expected, kept if isinstance(kept, Between) else None):
        if block is not None:
            yield _maybe(block.from_, data.frequency), _maybe(block.to, data.frequency)


def _maybe(value: Any, frequency: str) -> int | None:
    """Return a period, None for what is none, such as `latest`."""
    try:
        return None if value is None else parse_period(value, frequency)
    except EvalkitError:
        return None


def _window(design: Any, key: str, end: str, frequency: str) -> int | None:
    window = getattr(design, key, None)
    return None if window is None else _maybe(getattr(window, end, None), frequency)


def _own_start(data: Any) -> int | None:
    period = data.period
    return _maybe(getattr(period, "start", None), data.frequency)


def _first(values: Any) -> int | None:
    return next((value for value in values if value is not None), None)
