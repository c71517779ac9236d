"""The least and the largest count recorded: a number that is printed, said to lie beyond them, bounds every count.

Expected values of 3.4 on average that lie below all that was recorded leave 4 alone for a count that is hidden as one
from 1 to 4. So nothing is said of what was recorded where a count is hidden or rounded, whatever the answer was: a
result that is silent only where it would give something away would say just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.diagnostics.extrapolation import EXPECTED_LIE
from evalkit.diagnostics.words import judged
from evalkit.records import Diagnostic, Result

CARRIED = "carried"
REACH = "length_of_extrapolation"
NOT_SAID = " Whether the values expected lie beyond all that was recorded is not said: counts are hidden or rounded."
TOO_WEAK = " So it is too weak to tell whether the line would have gone on."


def without_ends(result: Result, design: Mapping[str, Any]) -> Result:
    """Return a result that does not say whether expected values lie beyond all that was recorded before.

    Parameters
    ----------
    result : Result
        With counts that are hidden or rounded.
    design : mapping
        The design that gave it: without a trend, and with a comparison series, nothing of this is ever said.
    """
    controls = design.get("controls") or {}
    if design.get("trend") in (None, "none") or controls.get("as") == "comparison":
        return result
    fit = result.fit and {key: value for key, value in result.fit.items() if key != CARRIED}
    checks = tuple(_without_side(check) if check.name == REACH else check for check in result.diagnostics)
    return replace(result, fit=fit, diagnostics=checks)


def _without_side(check: Diagnostic) -> Diagnostic:
    """Return the check of how far a line is carried by its lengths alone: what else it saw cannot be told from it."""
    against = check.verdict == "sign against"
    reading = check.reading.split(EXPECTED_LIE)[0] + NOT_SAID + ("" if against else TOO_WEAK)
    return replace(check, reading=reading, verdict=judged(against, weak=True))
