"""What is left of a published claim, in a sentence: from its numbers and from what the rules found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.claims.published import PublishedClaim
from evalkit.claims.recomputing import Recomputed, follows, recomputed
from evalkit.claims.rules import Finding, findings
from evalkit.claims.sentences import arithmetic, change_words

Verdict = Literal["slip", "follows", "counts_alone", "no_counts", "no_figure", "level", "overlapping", "activity",
                  "cost", "another_ratio", "another_outcome", "no_measure", "not_whole", "percent_or_points",
                  "one_case", "states_a_limit"]  # fmt: skip
"""What becomes of a claim: the printed figure is a slip, or follows; counts without a figure; it cannot be checked."""

SAID: dict[Verdict, str] = {
    "no_counts": "It cannot be recomputed: it prints no counts.",
    "no_figure": "No figure is printed.",
    "activity": "It counts what was done, and not what changed.",
    "cost": "It is a cost, and not a saving.",
    "no_measure": "It claims success and names no measure.",
    "one_case": "It is one case, and shows nothing of others.",
    "states_a_limit": "It says plainly what is not known.",
}
"""Sentences of verdicts that hold no number."""


@dataclass(frozen=True)
class Checked:
    """A published claim as it was checked.

    Attributes
    ----------
    id : str
    claim : PublishedClaim
    numbers : Recomputed or None
    findings : tuple of Finding
    verdict : str
        One of `Verdict`.
    sentence : str
        The same for a reader.
    needed : tuple of str
        What would be needed, each once, gravest first.
    """

    id: str
    claim: PublishedClaim
    numbers: Recomputed | None
    findings: tuple[Finding, ...]
    verdict: Verdict
    sentence: str
    needed: tuple[str, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Codes of the rules that found something."""
        return tuple(found.code for found in self.findings)


def checked(name: str, claim: PublishedClaim) -> Checked:
    """Return a claim with its numbers made again, what the rules found, and what is left of it."""
    numbers, found = recomputed(claim), findings(claim)
    ends = sorted(found, key=lambda one: ("stop", "warn", "note").index(one.severity))
    kind = verdict(claim, numbers)
    parts = [_sentence(kind, claim, numbers), *([claim.remark] if claim.remark else [])]
    return Checked(name, claim, numbers, tuple(found), kind, " ".join(part for part in parts if part),
                   tuple(dict.fromkeys(one.needed for one in ends)))  # fmt: skip


def verdict(claim: PublishedClaim, numbers: Recomputed | None) -> Verdict:
    """Return what becomes of a claim; the first that fits, from what kind of claim it is to what its numbers give."""
    by_kind: dict[str, Verdict] = {"case": "one_case", "limit": "states_a_limit", "economics": "cost", "cost": "cost"}
    if claim.ratio_of:
        return "another_ratio"
    if claim.role and claim.primary_clear is False:
        return "another_outcome"
    if claim.kind == "target" or claim.in_percent:
        return "percent_or_points" if claim.in_percent else "not_whole"
    if claim.kind == "output" or (claim.kind == "cost" and claim.after is not None):
        return "activity"
    if claim.kind in by_kind:
        return by_kind[claim.kind]
    if claim.kind == "statement":
        return "no_measure"
    if claim.shares:
        return "overlapping" if claim.overlapping else "no_counts"
    if numbers is None:
        return "no_figure" if claim.percent is None and claim.difference is None else "no_counts"
    if numbers.level:
        return "level"
    if claim.percent is None or claim.counts_from == "elsewhere":
        return "counts_alone"
    return "follows" if follows(claim.before or 1, claim.after or 0, claim.percent) == "follows" else "slip"


def _sentence(kind: Verdict, claim: PublishedClaim, numbers: Recomputed | None) -> str:
    """Return the verdict for a reader."""
    if kind == "no_counts" and claim.difference is not None:
        return "It cannot be recomputed: it prints a difference, and not the counts."
    if kind in SAID:
        return SAID[kind]
    by_rule = {"another_ratio": "R17", "another_outcome": "R16", "overlapping": "R01", "not_whole": "R19",
               "percent_or_points": "R18"}  # fmt: skip
    if kind in by_rule:
        return next(
            (found.found for found in findings(claim) if found.code == by_rule[kind]), "It can be met as written."
        )
    assert numbers is not None
    if kind == "level":
        return (f"{claim.after:,.0f} of {claim.of:,} is {numbers.value:.1f}% (95% interval: {numbers.low:.0f}% to "
                f"{numbers.high:.0f}%). That is a level, and shows no change.")  # fmt: skip
    own = claim.counts_from != "elsewhere"
    told = arithmetic(claim.before or 0, claim.after or 0, claim.percent if own else None)
    if not own:
        told = told.replace("The printed counts", "Counts that it does not print itself")
    if numbers.includes_none:
        told += f" {_chance(numbers)}"
    return told


def _chance(numbers: Recomputed) -> str:
    """Return that chance would give as much, with the interval."""
    ends = f"{change_words(numbers.low or 0.0)} to {change_words(numbers.high or 0.0)}"
    taken = "" if numbers.method == "exact_rate_ratio" else ", if counts vary more than chance alone"
    return f"The interval includes no change ({ends}{taken})."
