"""Disclosure control: small numbers are hidden and counts rounded before anything is written or shown.

One place and one mechanism: the flow hides what must not be seen when a result leaves its design (`disclosed`), and
everything after it (result.json, pages, charts, alternative text, downloads, notebook, terminal) reads that alone.
What is taken to be known already: the model's own numbers, and the totals before and after the start.
"""

from __future__ import annotations

from evalkit.disclosure.between import small_changes
from evalkit.disclosure.cells import Cell, Counted, counted
from evalkit.disclosure.hiding import disclosed, without_numbers, without_small
from evalkit.disclosure.rule import PROFILES, DisclosureRule, rule_of
from evalkit.disclosure.secondary import hidden_together
from evalkit.disclosure.supplied import differs_in_supplied

__all__ = [
    "PROFILES",
    "Cell",
    "Counted",
    "DisclosureRule",
    "counted",
    "differs_in_supplied",
    "disclosed",
    "hidden_together",
    "rule_of",
    "small_changes",
    "without_numbers",
    "without_small",
]
