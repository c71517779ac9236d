"""What a unit is called: a place, unless the study file has a noun of its own (`data.unit_label`)."""

from __future__ import annotations

import re

from evalkit.evidence import LESS, WHY
from evalkit.records import Analysis, Evaluation

PLACE = "place"
_PLACE = re.compile(r"\b(p)lace(s?)\b", re.IGNORECASE)
_OWN_PLURALS = {"person": "people", "child": "children"}


def noun_of(evaluation: Evaluation) -> str:
    """Return what one unit of the main analysis is called: `group`; `place` where nothing is stated."""
    return (evaluation.primary.unit_label if evaluation.analyses else "") or PLACE


def plural(noun: str) -> str:
    """Return the plural of a noun by the usual rules of English; of several words that of the last one."""
    *first, last = noun.split(" ")
    if last in _OWN_PLURALS:
        last = _OWN_PLURALS[last]
    elif re.search(r"[^aeiou]y$", last):
        last = f"{last[:-1]}ies"
    else:
        last += "es" if last.endswith(("s", "x", "ch", "sh")) else "s"
    return " ".join([*first, last])


def reason_in_units(reason: str, unit: Analysis | str) -> str:
    """Return a reason for a grade with the study's own noun where it is about the design; readings stay as they are."""
    for said in (WHY["difference_in_differences"], LESS):
        reason = reason.replace(said, in_units(said, unit))
    return reason


def in_units(text: str, unit: Analysis | str) -> str:
    """Return one of evalkit's own phrases about places with the study's own noun for them.

    Parameters
    ----------
    text : str
        Written with `place`, and without anything that an author wrote: `average of 4 places`.
    unit : Analysis or str
        What was computed, or the noun.
    """
    noun = (unit.unit_label if isinstance(unit, Analysis) else unit) or PLACE
    if noun == PLACE:
        return text

    def instead(match: re.Match[str]) -> str:
        said = plural(noun) if match[2] else noun
        return said[:1].upper() + said[1:] if match[1] == "P" else said

    return _PLACE.sub(instead, text.replace("groups of places", "sets of places"))  # of groups there would be two kinds
