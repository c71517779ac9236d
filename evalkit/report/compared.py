"""Who the treated places are compared with: each by name, why these, and who was left out for which reason (E21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.records import Evaluation
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import number
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units

NAMED = "The study file names them."
NEVER = "They are all the places in the data that never have the programme."
FEWER = "They are the places in the data that never have the programme, without those left out."
LATER = "So are places that start later, until they do."
NOT_NAMED = "The study file names others to compare with"


@dataclass(frozen=True)
class Compared:
    """Who the treated are compared with.

    Attributes
    ----------
    places : tuple of str
        Places without the programme, in the order of the data.
    left_out : mapping of str to str
        Places that are not compared with, each with the reason.
    named : bool
        The study file names the places.
    later : bool
        Places that have not started yet are compared with as well.
    """

    places: tuple[str, ...]
    left_out: Mapping[str, str]
    named: bool
    later: bool


def read_compared(evaluation: Evaluation) -> Compared | None:
    """Return who is compared with; None where the result does not tell it place by place.

    A comparison made of weighted places has a chart of its own. Where the places in the data are not as many as the
    result counts, none is named: a wrong list would be worse than no list.
    """
    if not evaluation.analyses or evaluation.coverage is None:
        return None
    primary = evaluation.primary
    result, option = primary.result, primary.design.get("comparison")
    if option is None or result.weights:
        return None
    own = {*result.dropped, *(primary.design.get("exclude") or {}).items()}
    reasons = {str(unit): str(reason) for unit, reason in own}
    never = [unit.unit for unit in evaluation.coverage.units if not unit.start and unit.unit]
    named = None if isinstance(option, str) else {str(unit) for unit in option}
    left = {unit: reasons.get(unit, NOT_NAMED) for unit in never
            if unit in reasons or (named is not None and unit not in named)}  # fmt: skip
    places = tuple(unit for unit in never if unit not in left)
    if not places or len(places) != result.n_units - result.n_treated_units:
        return None
    return Compared(places, left, named is not None, option == "not_yet_treated")


def compared_sentences(evaluation: Evaluation) -> list[str]:
    """Return how many places are compared with, why these, and how many were left out; empty where it is not told."""
    found = read_compared(evaluation)
    if found is None:
        return []
    count = len(found.places)
    one = count == 1
    why = NAMED if found.named else FEWER if found.left_out else NEVER
    if one:
        why = why.replace("names them", "names it").replace("They are all the places", "It is the only place").replace(
            "They are the places", "It is the place").replace("never have", "never has")  # fmt: skip
    left = len(found.left_out)
    gone = f"{number(left)} {'was' if left == 1 else 'were'} left out, for the reason in the table." if left else ""
    told = [f"{number(count)} {'place is' if one else 'places are'} compared with.",
            as_compared(why, evaluation.primary), LATER if found.later else "", gone]  # fmt: skip
    return [in_units(text, evaluation.primary) for text in told if text]


def compared_table(evaluation: Evaluation) -> Table | None:
    """Return each place that is compared with, and each that was left out with the reason; None where not told."""
    found = read_compared(evaluation)
    if found is None:
        return None
    rows: list[tuple[str, ...]] = [(place, "Compared with", "") for place in found.places]
    rows += [(place, "Left out", reason[:1].upper() + reason[1:]) for place, reason in found.left_out.items()]
    place = as_compared("Place without the programme", evaluation.primary)
    heads = [in_units(place, evaluation.primary), "In the comparison?", "Why not"]
    if not found.left_out:
        rows, heads = [row[:2] for row in rows], heads[:2]
    caption = in_units("Who they are compared with, place by place", evaluation.primary)
    return Table("tbl-compared", caption, [Column(head) for head in heads], rows)
