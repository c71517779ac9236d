"""Which cells of the data are not what they were: by the rows that were kept, or by what two results show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.periods import describe_label, format_period, parse_period, words_for
from evalkit.records import Cell, Cells, Panel

NAMED = 10
"""Most cells, periods or places that are named; the others are counted."""
_SAME = 1e-12
Key = tuple[str, str]
Values = dict[Key, tuple[float | None, tuple[Any, ...]]]
"""By place and period: the value, and what else belongs to the cell."""


def of_panels(then: Panel, now: Panel) -> Cells | None:
    """Return what changed between the rows of two runs; None where they are not the same kind of rows."""
    if (then.frequency, then.outcome.kind) != (now.frequency, now.outcome.kind):
        return None
    shared = [name for name in now.covariates if name in then.covariates]
    return _compared(_of_panel(then, shared), _of_panel(now, shared), now.frequency, numbers=not now.cross_sections)


def of_paths(then: Mapping[str, Any], now: Mapping[str, Any], *, numbers: bool) -> Cells | None:
    """Return what changed between the observed paths of two results, as both may be seen.

    Parameters
    ----------
    then, now : mapping
        An analysis of each, as result.json holds it.
    numbers : bool
        Whether the numbers of cells may be told beside their names.
    """
    if then.get("frequency") != now.get("frequency"):
        return None
    frequency = now["frequency"]
    before, after = ({(point["unit"], point["period"]): (point["observed"], ()) for point in one["path"]}
                     for one in (then, now))  # fmt: skip
    return _compared(before, after, frequency, numbers=numbers)


def _of_panel(panel: Panel, covariates: Iterable[str]) -> Values:
    """Return the cells of a panel; the mean of those that are observations of their own."""
    names = ["value", "exposure", "weight", *covariates]
    frame = panel.frame
    if panel.cross_sections:
        frame = frame.groupby(["unit", "time"], as_index=False, sort=False)[names].mean()
    columns = [frame[name].tolist() for name in ("unit", "time", *names)]
    return {(str(unit), panel.label(int(time))): (value, tuple(rest))
            for unit, time, value, *rest in zip(*columns, strict=True)}  # fmt: skip


def _compared(then: Values, now: Values, frequency: str, *, numbers: bool) -> Cells:
    periods, places = (({key[at] for key in then}, {key[at] for key in now}) for at in (1, 0))
    new, gone = _in_order(periods[1] - periods[0], frequency), _in_order(periods[0] - periods[1], frequency)
    came, left = sorted(places[1] - places[0]), sorted(places[0] - places[1])
    whole = {*new, *gone}, {*came, *left}
    single = [key for key in {**then, **now} if key[1] not in whole[0] and key[0] not in whole[1]]
    found = [_cell(key, then.get(key), now.get(key), numbers) for key in single
             if not _same_value(then.get(key), now.get(key))]  # fmt: skip
    found.sort(key=lambda cell: (("revised", "withdrawn", "added").index(cell.kind), cell.place,
                                 parse_period(cell.period, frequency)))  # fmt: skip
    other = sum(_same_value(then[key], now[key]) and not _alike(then[key][1], now[key][1]) for key in now
                if key in then)  # fmt: skip
    count = {kind: sum(cell.kind == kind for cell in found) for kind in ("revised", "added", "withdrawn")}
    return Cells(frequency, **count, other=other, periods_added=tuple(new), periods_withdrawn=tuple(gone),
                 places_added=tuple(came), places_withdrawn=tuple(left), named=tuple(found[:NAMED]),
                 numbers=numbers)  # fmt: skip


def _cell(key: Key, then: tuple[Any, ...] | None, now: tuple[Any, ...] | None, numbers: bool) -> Cell:
    kind = "added" if then is None else "withdrawn" if now is None else "revised"
    if not numbers:
        return Cell(kind, *key)
    return Cell(kind, *key, *(None if one is None else _known(one[0]) for one in (then, now)))


def _known(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _same_value(then: tuple[Any, ...] | None, now: tuple[Any, ...] | None) -> bool:
    return then is not None and now is not None and _alike((then[0],), (now[0],))


def _alike(then: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """Say whether numbers are the same, within what reading a file may change; two that are missing are the same."""
    for before, after in zip(then, now, strict=True):
        known = [isinstance(one, int | float) and not math.isnan(one) for one in (before, after)]
        if known[0] != known[1]:
            return False
        if known[0] and not math.isclose(before, after, rel_tol=_SAME, abs_tol=0.0):
            return False
    return True


def _in_order(labels: Iterable[str], frequency: str) -> list[str]:
    return sorted(labels, key=lambda label: parse_period(label, frequency))


def told(cells: Cells, *, arrow: str = " -> ", plain: bool = True) -> str:
    """Return what changed, as a list in a sentence: `3 cells revised (Northside 2023-01: 41 -> 44, ...)`.

    Parameters
    ----------
    cells : Cells
    arrow : str
        What stands between a number then and now.
    plain : bool
        Periods as result.json writes them, not in words.
    """
    noun = (words_for(cells.frequency), words_for(cells.frequency, 2))
    parts = [_counted(cells, kind, arrow, plain) for kind in ("revised", "withdrawn", "added")]
    for names, verb in ((cells.periods_added, "added"), (cells.periods_withdrawn, "withdrawn")):
        parts.append(_whole(_stretches(names, cells, plain), len(names), noun, verb))
    place = ("place", "places")
    for names, verb in ((cells.places_added, "added"), (cells.places_withdrawn, "withdrawn")):
        parts.append(_whole(list(names), len(names), place, verb))
    if cells.other:
        parts.append(f"{_cells(cells.other)} with another exposure, weight or covariate")
    return ", ".join(part for part in parts if part) or "no cell that is used differs"


def _counted(cells: Cells, kind: str, arrow: str, plain: bool) -> str:
    count = getattr(cells, kind)
    if not count:
        return ""
    named = [_one(cell, cells, arrow, plain) for cell in cells.named if cell.kind == kind]
    more = f" and {count - len(named):,} more" if named and count > len(named) else ""
    return f"{_cells(count)} {kind}" + (f" ({', '.join(named)}{more})" if named else "")


def _one(cell: Cell, cells: Cells, arrow: str, plain: bool) -> str:
    name = f"{cell.place} {_period(cell.period, cells, plain)}".strip()
    if not cells.numbers:
        return name
    numbers = [_number(value) for value in (cell.before, cell.now)]
    return f"{name}: {arrow.join(numbers)}" if cell.kind == "revised" else f"{name}: {numbers[cell.kind == 'added']}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.10g}"


def _whole(names: list[str], count: int, nouns: tuple[str, str], verb: str) -> str:
    if not names:
        return ""
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
    return f"{count:,} {nouns[count > 1]} {verb} ({listed})"


def _stretches(labels: tuple[str, ...], cells: Cells, plain: bool) -> list[str]:
    """Return periods in their order, those that follow one another as one stretch."""
    runs: list[list[int]] = []
    for time in (parse_period(label, cells.frequency) for label in labels):
        if runs and time == runs[-1][-1] + 1:
            runs[-1].append(time)
        else:
            runs.append([time])
    ends = (dict.fromkeys((run[0], run[-1])) for run in runs)
    return [" to ".join(_period(format_period(time, cells.frequency), cells, plain) for time in pair) for pair in ends]


def _period(label: str, cells: Cells, plain: bool) -> str:
    return label if plain else describe_label(label, cells.frequency)


def _cells(count: int) -> str:
    return f"{count:,} {'cell' if count == 1 else 'cells'}"
