"""Words of the comparison where its places had less of the programme and not none (`comparison_is: less`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Analysis

_INSTEAD = {
    "ithout it less fitted with it": "ith less of it, less what was fitted",
    "ithout it": "ith less of it",
    "ithout the programme": "ith less of the programme",
    "ith the programme": "ith more of the programme",
    "never have the programme": "have less of the programme",
    "never has the programme": "has less of the programme",
}
"""What is said of places without the programme, and what of places with less of it; first letters of either case."""


def has_less(design: Mapping[str, Any]) -> bool:
    """Say whether the study file states that the comparison had less of the programme and not none."""
    return design.get("comparison_is") == "less"


def as_compared(text: str, analysis: Analysis | Mapping[str, Any]) -> str:
    """Return one of evalkit's own phrases about the comparison as the study's comparison allows it.

    Parameters
    ----------
    text : str
        Written for a comparison without the programme: `Expected without it`.
    analysis : Analysis or mapping
        What was computed, or the design block of a study file.

    Returns
    -------
    str
        The phrase itself, or `Expected with less of it` where the study file says that the comparison had less.
    """
    if not has_less(analysis.design if isinstance(analysis, Analysis) else analysis):
        return text
    for phrase, instead in _INSTEAD.items():
        text = text.replace(phrase, instead)
    return text
