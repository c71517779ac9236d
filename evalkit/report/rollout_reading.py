"""Which places started when, what else happened there, and how exactly that is known: read from the study file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.periods import first_date, parse_period
from evalkit.records import Evaluation
from evalkit.report.coverage_words import read_coverage
from evalkit.report.numbers import number
from evalkit.report.unit_words import PLACE, noun_of
from evalkit.report.windows import sets_windows
from evalkit.report.written_dates import Stretch, day_number, read_stretch

NEVER = ("never", "never_in_window")
"""Starts of places that have none."""


@dataclass(frozen=True)
class Place:
    """One place, or several that start together.

    Attributes
    ----------
    name : str
    start, stop : Stretch or None
        None where no date is written, or it is none that can be read.
    said, until : str
        Start and stop as they are written.
    precision : str
        As the author says: day, fortnight, month, quarter, year or unknown.
    dose, source : str
    names : tuple of str
        Every name by which the study file may call it.
    count : int
        How many places stand behind it.
    """

    name: str
    start: Stretch | None
    said: str = ""
    precision: str = "month"
    stop: Stretch | None = None
    until: str = ""
    dose: str = ""
    source: str = ""
    names: tuple[str, ...] = ()
    count: int = 1

    @property
    def started(self) -> bool:
        """False for a place that never had the programme."""
        return self.said not in NEVER

    @property
    def words(self) -> str:
        """When it started and stopped, and how exactly that is known."""
        start = self.start.words if self.start else self.said
        exact = self.start is None or self.start.exact
        parts = [f"{'from' if exact else 'start within'} {start}" if start else "start not known"]
        parts += ["date not exact"] if self.precision == "unknown" and start else []
        until = self.stop.words if self.stop else self.until
        return ", ".join([*parts, *([f"until {until}"] if until else [])])


@dataclass(frozen=True)
class Event:
    """Something else that happened: another programme, or a shock that moved the numbers everywhere.

    Attributes
    ----------
    name : str
    begin, end : Stretch or None
        None where no date is written.
    said : (str, str)
        Both ends as they are written.
    places : tuple of str or None
        Where; None is everywhere.
    note : str
        Expected direction, or how it was handled.
    shock : bool
    sign : str
        Letter or number that stands for it in the chart.
    """

    name: str
    begin: Stretch | None
    end: Stretch | None
    said: tuple[str, str]
    places: tuple[str, ...] | None
    note: str
    shock: bool
    sign: str = ""

    @property
    def when(self) -> str:
        """From when to when, in words."""
        ends = [mark.words if mark else said for mark, said in zip((self.begin, self.end), self.said, strict=True)]
        if ends[0] and ends[0] == ends[1]:
            return f"in {ends[0]}"
        parts = [f"{word} {end}" for word, end in zip(("from", "to"), ends, strict=True) if end]
        return " ".join(parts) or "dates not stated"

    def touches(self, place: Place) -> bool:
        """Say whether it happened in a place."""
        named = {name.casefold() for name in self.places or ()}
        return self.places is None or any(name.casefold() in named for name in place.names)


@dataclass(frozen=True)
class Rollout:
    """Places, events and the time that the data cover (None where not known)."""

    frequency: str
    places: tuple[Place, ...]
    events: tuple[Event, ...]
    window: tuple[int, int] | None
    others: tuple[str, ...] = ()
    noun: str = PLACE

    @property
    def started(self) -> list[Place]:
        """Places that have the programme, by start; those without a date last."""
        known = [place for place in self.places if place.started]
        return sorted(known, key=lambda place: (place.start is None, place.start.begin if place.start else 0))

    @property
    def without(self) -> int:
        """Number of places in the data or in the study file that never started."""
        return sum(not place.started for place in self.places) + len(self.others)

    @property
    def compared(self) -> list[str]:
        """Every name of the places without the programme."""
        never = [name for place in self.places if not place.started for name in place.names]
        return [*never, *self.others]


DIRECTION = {"decrease": "Expected to lower the numbers", "increase": "Expected to raise the numbers",
             "unclear": "Direction not clear"}  # fmt: skip
HANDLING = {"exclude_from_pre_period": "Left out of the time before", "indicator": "A term in the model",
            "sensitivity": "Left out in another analysis", "none": "Nothing was done about it"}  # fmt: skip


def read_rollout(evaluation: Evaluation) -> Rollout:
    """Return what is known of starts and events; places come from the first that tells them.

    These are `rollout.units`, `intervention.starts`, the starts in the data, and the one start of all places.
    """
    frequency = frequency_of(evaluation)
    block = evaluation.study.get("rollout") or {}
    written = tuple(_written(unit, frequency) for unit in block.get("units") or ())
    places = _named(written or _from_starts(evaluation, frequency), evaluation)
    events = [*_co_interventions(block, frequency), *_shocks(block, frequency)]
    ours = {name.casefold() for place in places for name in place.names}
    units = evaluation.coverage.units if evaluation.coverage else ()
    others = [unit.unit for unit in units if not unit.start and unit.unit.casefold() not in ours]
    return Rollout(frequency, places, tuple(events), _window(evaluation, frequency), tuple(others),
                   noun_of(evaluation))  # fmt: skip


def _named(places: tuple[Place, ...], evaluation: Evaluation) -> tuple[Place, ...]:
    """Return the places with their starts by the names that the study gives to numbered periods.

    Where one period is set against an earlier one, it began at some time between them, which no period says.
    """
    names = evaluation.primary.period_names if evaluation.analyses else {}
    since = "some time up to " if names and sets_windows(evaluation.primary) else ""
    return tuple(replace(place, start=replace(place.start, words=f"{since}{names[str(place.start.begin)]}"))
                 if place.start and str(place.start.begin) in names else place for place in places)  # fmt: skip


def frequency_of(evaluation: Evaluation) -> str:
    """Return the length of a period of the study."""
    if evaluation.analyses:
        return evaluation.primary.frequency
    period = (evaluation.study.get("data") or {}).get("period")
    return str(period.get("frequency") or "month") if isinstance(period, Mapping) else "month"


def by_start(places: Sequence[Place], frequency: str) -> list[Place]:
    """Return places that start at the same time as one, named by how many they are."""
    grouped = []
    for _, together in itertools.groupby(places, key=lambda place: (place.start, place.precision, place.said)):
        several = list(together)
        one = several[0]
        stops = {place.stop for place in several}
        grouped.append(one if len(several) == 1 else replace(
            one, name=f"{number(len(several), 0)} places", count=len(several),
            names=tuple(name for place in several for name in place.names),
            stop=one.stop if len(stops) == 1 else None, until=one.until if len(stops) == 1 else ""))  # fmt: skip
    return grouped


def by_year(places: Sequence[Place], frequency: str) -> list[Place]:
    """Return places that start in the same calendar year as one; steps without dates stay as they are."""
    if frequency == "number":
        return list(places)
    widened = []
    for place in places:
        year = None if place.start is None else read_stretch(first_date(place.start.begin, "day").year, frequency)
        widened.append(replace(place, start=year, said=year.words if year else place.said, stop=None, until="",
                               precision="unknown" if place.precision == "unknown" else "year"))  # fmt: skip
    return by_start(sorted(widened, key=lambda place: (place.start is None, place.start.begin if place.start else 0,
                                                       place.precision)), frequency)  # fmt: skip


def _written(unit: Mapping[str, Any], frequency: str) -> Place:
    """Return one entry of `rollout.units`."""
    precision = str(unit.get("date_precision") or "month")
    exact = "day" if precision == "unknown" else precision
    said, until = (_text(unit.get(key)) for key in ("start", "stop"))
    called, name = str(unit["id"]), str(unit.get("name") or unit["id"])
    start = None if said in NEVER else read_stretch(unit.get("start"), frequency, exact)
    return Place(name if name == called else f"{name} ({called})", start, said, precision,
                 read_stretch(unit.get("stop"), frequency), until, _text(unit.get("dose")),
                 _text(unit.get("source")), tuple(dict.fromkeys((called, name))))  # fmt: skip


def _from_starts(evaluation: Evaluation, frequency: str) -> tuple[Place, ...]:
    """Return the places as the intervention or the data tell their starts."""
    block = evaluation.study.get("intervention") or {}
    starts = {str(unit): start for unit, start in (block.get("starts") or {}).items() if start is not None}
    units = evaluation.coverage.units if evaluation.coverage else ()
    starts = starts or {unit.unit: unit.start for unit in units if unit.start}
    named = {unit: start for unit, start in starts.items() if unit}
    first = block.get("start") or (evaluation.primary.first_treated if evaluation.analyses else "")
    if not named and first:
        named = {str((evaluation.study.get("programme") or {}).get("name") or block.get("label") or "The programme"):
                 first}  # fmt: skip
    return tuple(Place(unit, read_stretch(start, frequency), str(start), names=(unit,))
                 for unit, start in named.items())  # fmt: skip


def _co_interventions(block: Mapping[str, Any], frequency: str) -> list[Event]:
    events = []
    for at, other in enumerate(block.get("co_interventions") or ()):
        units = other.get("units")
        places = None if units in (None, "all") else tuple(map(str, [units] if isinstance(units, str) else units))
        note = DIRECTION.get(str(other.get("expected_direction")), DIRECTION["unclear"])
        events.append(_event(other, frequency, places, note, False, _letter(at)))
    return events


def _shocks(block: Mapping[str, Any], frequency: str) -> list[Event]:
    return [_event(shock, frequency, None, HANDLING.get(str(shock.get("handling")), HANDLING["none"]), True, str(at))
            for at, shock in enumerate(block.get("shocks") or (), start=1)]  # fmt: skip


def _event(written: Mapping[str, Any], frequency: str, places: tuple[str, ...] | None, note: str, shock: bool,
           sign: str) -> Event:  # fmt: skip
    begin, end = (read_stretch(written.get(key), frequency) for key in ("from", "to"))
    said = (_text(written.get("from")), _text(written.get("to")))
    return Event(str(written["name"]), begin, end, said, places, note, shock, sign)


def _letter(at: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    return (_letter(at // 26 - 1) if at >= 26 else "") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[at % 26]


def _window(evaluation: Evaluation, frequency: str) -> tuple[int, int] | None:
    """Return the time that the data of the primary analysis cover, its end not included."""
    held = read_coverage(evaluation.coverage)
    if held is not None:
        first, last, frequency = held.first, held.last, held.frequency
    else:
        times = [parse_period(point.period, frequency) for analysis in evaluation.analyses[:1]
                 for point in analysis.result.path]  # fmt: skip
        if not times:
            return None
        first, last = min(times), max(times)
    if frequency == "number":
        return first, last + 1
    return day_number(first_date(first, frequency)), day_number(first_date(last + 1, frequency))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
