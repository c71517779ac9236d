"""Where studies that stand side by side rest on the same data or the same places, so that none confirms another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalkit.records import Analysis, Evaluation
from evalkit.report import summary
from evalkit.report.changes import joined
from evalkit.report.numbers import number


def overlaps(studies: Sequence[tuple[Evaluation, Analysis]]) -> list[str]:
    """Return a sentence for each set of studies with a file of data in common, and for each with places in common.

    Files are the same where their SHA-256 is; places are the same where they have the same name.
    """
    titles = {evaluation.id: summary.short_title(evaluation) for evaluation, _ in studies}
    files = _held({evaluation.id: _files(evaluation, analysis) for evaluation, analysis in studies})
    places = _held({evaluation.id: _places(evaluation) for evaluation, _ in studies})
    started = {evaluation.id: _places(evaluation, started=True) for evaluation, _ in studies}
    found = [f"{_named(titles, holders)} rest on the same data. Neither confirms the other."
             if len(holders) == 2 else f"{_named(titles, holders)} rest on the same data. None confirms another."
             for holders in files]  # fmt: skip
    for holders, names in places.items():
        treated = names.intersection(*(started[holder] for holder in holders))
        count = "1 place of the same name" if len(names) == 1 else f"{number(len(names), 0)} places of the same names"
        which = f", {number(len(treated), 0)} of them with the programme in each" if treated else ""
        found.append(f"{_named(titles, holders)} have {count}{which}.")
    return found


def _held(things: dict[str, set[str]]) -> dict[tuple[str, ...], set[str]]:
    """Return what two or more studies hold, by which studies hold it."""
    found: dict[tuple[str, ...], set[str]] = {}
    for thing in sorted(set().union(*things.values())):
        holders = tuple(name for name, held in things.items() if thing in held)
        if len(holders) > 1:
            found.setdefault(holders, set()).add(thing)
    return found


def _files(evaluation: Evaluation, analysis: Analysis) -> set[str]:
    """Return the SHA-256 of the file that an analysis was made from; of all that were read where it is not named."""
    read = evaluation.provenance.data if evaluation.provenance else ()
    own = {one.sha256 for one in read if one.name == analysis.origin}
    return {sha256 for sha256 in own or {one.sha256 for one in read} if sha256}


def _places(evaluation: Evaluation, *, started: bool = False) -> set[str]:
    """Return the names of a study's places; a single series has none."""
    units = evaluation.coverage.units if evaluation.coverage else ()
    return {unit.unit for unit in units if unit.unit and (unit.start or not started)}


def _named(titles: dict[str, str], holders: Iterable[str]) -> str:
    return joined(f"“{titles[holder]}”" for holder in holders)
