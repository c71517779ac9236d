"""Other choices whose interval is far narrower than the main one: told, so that nobody takes them for the surer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.parts import Part, part
from evalkit.report.words import SIMULATED

TITLE = "Intervals that are far narrower"
NOT_SURER = "A narrower interval by another rule is not a surer answer, and does not count as a repeat of it."
UNKNOWN = "Nothing that is recorded says why"


def parts(evaluation: Evaluation) -> list[Part]:
    """Return one part that names each such choice with what its interval rests on; none where there is none."""
    found = evaluation.evidence.get("narrower") or ()
    told = [_sentence(one) for one in found]
    first = [f"{SIMULATED}."] if told and evaluation.simulated else []
    return part(TITLE, [*first, *told, NOT_SURER] if told else ())


def _sentence(one: Mapping[str, Any]) -> str:
    share = max(1, round(100 * float(one["share"])))
    why = f"The main answer {one['because']}" if one.get("because") else UNKNOWN
    return f"{str(one['label']).strip().rstrip('.')}: the interval is {share}% as wide as the main one. {why}."
