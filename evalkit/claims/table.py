"""Checked claims as rows of plain text: for CSV files, the terminal and pages alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.claims.published import PublishedClaims
from evalkit.claims.recomputing import Recomputed
from evalkit.claims.verdicts import Checked, checked

HEADS = ("id", "about", "as_printed", "document", "place", "kind", "recomputed_percent", "low", "high", "method",
         "rules", "verdict", "in_a_sentence", "what_would_be_needed", "status", "note")  # fmt: skip
METHODS = {
    "exact_rate_ratio": "exact interval of the ratio of two counts", "wilson": "Wilson's interval of a share",
    "quasi_poisson": "interval of the ratio of two counts that vary more than chance alone", "none": "",
}  # fmt: skip


def all_checked(register: PublishedClaims) -> list[Checked]:
    """Return every claim of the register, checked, in its order."""
    return [checked(name, claim) for name, claim in register.claims.items()]


def row_of(one: Checked) -> dict[str, Any]:
    """Return a checked claim as plain data: numbers as numbers, rules as codes, None where there is nothing."""
    numbers, claim = one.numbers, one.claim
    return {
        "id": one.id, "about": claim.about, "as_printed": claim.words, "document": claim.document,
        "place": claim.place, "kind": claim.kind,
        "recomputed_percent": None if numbers is None else _rounded(numbers.value),
        "low": None if numbers is None else _rounded(numbers.low),
        "high": None if numbers is None else _rounded(numbers.high),
        "method": None if numbers is None else numbers.method, "rules": list(one.rules), "verdict": one.verdict,
        "in_a_sentence": one.sentence, "what_would_be_needed": list(one.needed), "status": claim.status,
        "note": claim.note,
    }  # fmt: skip


def as_text(row: Mapping[str, Any]) -> list[str]:
    """Return a row's cells as text, in the order of `HEADS`."""
    return [" ".join(value) if isinstance(value, list) else "" if value is None else str(value)
            for value in (row[head] for head in HEADS)]  # fmt: skip


def number_words(numbers: Recomputed | None) -> str:
    """Return a recomputed percentage with its interval: `−45.9% (−70% to −4%)`, `86.0% (73% to 93%)`."""
    if numbers is None:
        return ""
    write = _level if numbers.level else _change
    value = write(numbers.value, 1)
    if numbers.low is None or numbers.high is None:
        return value
    return f"{value} ({write(numbers.low, 0)} to {write(numbers.high, 0)})"


def counts_of(found: Iterable[Checked]) -> dict[str, int]:
    """Return how many claims are printed and made here, have numbers, do not follow, change and are clear of no change.

    A claim that stands twice, the second time with counts that vary more than chance alone, counts once among figures.
    """
    every = list(found)
    once = [one for one in every if one.claim.dispersion is None]
    changes = [one.numbers for one in once if one.numbers is not None and not one.numbers.level]
    return {
        "all": sum(not one.claim.made_here for one in every), "made": sum(one.claim.made_here for one in every),
        "numbers": sum(one.numbers is not None for one in once),
        "slips": sum(one.verdict == "slip" for one in once),
        "changes": len(changes), "clear": sum(one.low is not None and not one.includes_none for one in changes),
        "activity": sum(one.verdict == "activity" for one in every),
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _change(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    sign = "" if not text.strip("0.") else "−" if value < 0 else "+"
    return f"{sign}{text}%"


def _level(value: float, digits: int) -> str:
    return f"{value:.{digits}f}%"
