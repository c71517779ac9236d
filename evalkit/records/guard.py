"""What a guard on the data found: the rule, whether it was met, and who waived it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class GuardFinding:
    """One rule that evalkit held the data against by itself.

    Attributes
    ----------
    guard : str
        Its key in the study file, such as zero_runs.
    rule : str
        The rule as a reader reads it.
    found : str
        met, waived, or not_run where these data cannot be held against it. One that is not met stops the study, so
        that no result has it.
    note : str
        What was looked at, or why it is waived.
    who : str
        Who waived it; empty for a rule that is met.
    """

    guard: str
    rule: str
    found: Literal["met", "waived", "not_run"]
    note: str = ""
    who: str = ""
