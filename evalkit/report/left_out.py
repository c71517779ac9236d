"""One place at a time left out, told in one line; and units that are not in the result at all, by name and reason."""

from __future__ import annotations

from evalkit.evidence import OTHER_PLACES, OTHER_ROWS, other_changes
from evalkit.records import Analysis, Evaluation, LeftOut
from evalkit.report.cautions import inside
from evalkit.report.changes import as_change, joined, level_of, on_headline_scale
from evalkit.report.ladder import Change
from evalkit.report.numbers import number
from evalkit.report.result_tables import written
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units

STARTS = "all units that start in "
"""How a case begins that leaves out all places with one start."""
FEWEST_PLACES = 5
MOST_NAMED = 6


def places_left_out(analysis: Analysis) -> list[LeftOut]:
    """Return the cases that leave out one place each; empty where the data are not of several places.

    A result of one series leaves out stretches of time, of which there is no one place to speak.
    """
    parts = [part for part in analysis.result.leave_out if not part.left_out.startswith(STARTS)]
    clustered = (analysis.result.fit or {}).get("clusters") is not None
    several = clustered and len(parts) <= analysis.result.n_units
    return parts if several and len(parts) >= FEWEST_PLACES else []


def places_sentence(analysis: Analysis) -> str:
    """Return between which ends the change lies without any one place, and which one moves it most."""
    parts = places_left_out(analysis)
    changes = {part.left_out: _change(analysis, part) for part in parts if part.value is not None and not part.problem}
    if not changes:
        return ""
    own = on_headline_scale(analysis, analysis.result.effect.value).value  # the scale of what is left out
    least, most = (end(changes.values(), key=lambda change: change.value) for end in (min, max))
    name, moved = max(changes.items(), key=lambda pair: abs(pair[1].value - own))
    unit = "" if moved.percent else inside(parts[0].measure)
    ends = " and ".join(written(change, unit=unit)[0] for change in (least, most))
    several = in_units(f"{number(len(changes), 0)} places", analysis)
    sentence = (f"Leaving out any one of {several}, the change is between {ends}; it moves most "
                f"without {name}, to {written(moved, unit=unit)[0]}.")  # fmt: skip
    failed = len(parts) - len(changes)
    gone = [part for part in parts if part.value is None or part.problem]
    unknown = (
        f" Without {joined(part.left_out for part in gone)}, there is no estimate: {gone[0].problem}."
        if (0 < failed <= MOST_NAMED)
        else f" Without {number(failed, 0)} of them, there is no estimate."
        if failed
        else ""
    )
    return f"{sentence}{unknown}{_starts(analysis)}"


def elsewhere_sentence(evaluation: Evaluation) -> str:
    """Return which other analyses are of other places or rows of the data, and how many point the same way.

    They are no other choices of method: what they show is what hangs on a part of the data.
    """
    primary = evaluation.primary
    apart = other_changes(primary, evaluation.analyses)
    found = [a for a in evaluation.analyses if apart.get(a.id) in (OTHER_PLACES, OTHER_ROWS)]
    if not found:
        return ""
    same = sum((a.result.effect.value < 0) == (primary.result.effect.value < 0) for a in found)
    what = joined(dict.fromkeys(apart[a.id] for a in found))
    names = joined(f"“{a.label}”" for a in found)
    if len(found) == 1:
        return f"One other analysis is of {what}: {names}. It points {'the same' if same else 'another'} way."
    return f"{number(len(found))} other analyses are of {what}: {names}. {number(same)} of them point the same way."


def dropped_sentence(analysis: Analysis) -> str:
    """Return how many units are not in the result; few are named."""
    dropped = analysis.result.dropped
    if not dropped:
        return ""
    named = joined(unit for unit, _ in dropped) if len(dropped) <= MOST_NAMED else ""
    count = f"{number(len(dropped), 0)} {'unit is' if len(dropped) == 1 else 'units are'} not in the result"
    return f"{count}: {named}." if named else f"{count}; the table names each."


def dropped_table(analysis: Analysis) -> Table | None:
    """Return each unit or period that is not in the result, with the reason; None where none was left out."""
    if not analysis.result.dropped:
        return None
    return Table("tbl-dropped", "Left out, by name", [Column("Left out"), Column("Reason")],
                 [(unit, f"{reason[:1].upper()}{reason[1:]}") for unit, reason in analysis.result.dropped],
                 cards=True)  # fmt: skip


def _starts(analysis: Analysis) -> str:
    """Return the same without all places of one start; empty where there are no such cases."""
    starts = [part for part in analysis.result.leave_out
              if part.left_out.startswith(STARTS) and part.value is not None and not part.problem]  # fmt: skip
    if not starts:
        return ""
    told = joined(f"{part.left_out.removeprefix(STARTS)} ({written(_change(analysis, part))[0]})" for part in starts)
    return f"{in_units(' Without all places of one start', analysis)}: {told}."


def _change(analysis: Analysis, part: LeftOut) -> Change:
    return as_change(part.value or 0.0, part.low, part.high, part.measure, level_of(analysis))
