"""What an estimate leaves out, unit by unit, and the check that reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.diagnostics import comparison

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.records import Result


def with_left_out(study: Adoption, result: Result) -> Result:
    """Return the result with the check `units_left_out`, made from `dropped`.

    Parameters
    ----------
    study : Adoption
        Units treated within the data, also those that the estimate leaves out.
    result : Result
        Its `dropped` names units, periods, and combinations of start and period.
    """
    units = {*study.starts, *study.comparison, *(unit for unit, _ in study.dropped)}
    treated = {*study.starts, *(unit for unit, _ in study.dropped)}
    gone = [(unit, reason) for unit, reason in result.dropped if unit in units]
    check = comparison.units_left_out(
        [(unit, reason) for unit, reason in gone if unit in treated],
        [(unit, reason) for unit, reason in gone if unit not in treated],
        len(treated),
    )
    return replace(result, diagnostics=(*result.diagnostics, check))
