"""Cells that came suppressed: what is put in for them is evalkit's own, and gives nothing of the data away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.disclosure.cells import Cell

if TYPE_CHECKING:
    from pydantic import BaseModel


def differs_in_supplied(study: BaseModel, main: BaseModel, outcome: str) -> bool:
    """Say whether two study files ask for the same analysis of the same rows, but for what suppressed cells stand for.

    Parameters
    ----------
    study, main : pydantic.BaseModel
        Of an analysis, and of the primary one.
    outcome : str
        Id of the outcome whose suppressed cells may stand for other values.

    Notes
    -----
    The same cells must be declared in both: a cell that only one of them reads would be in the difference.
    """
    asked, whole = study.model_dump(), main.model_dump()
    first, second = ((each.get("outcomes") or {}).get(outcome) or {} for each in (asked, whole))
    one, other = (each.get("suppressed") or {} for each in (first, second))
    if one == other or one.keys() != other.keys():
        return False
    return bool({**asked, "outcomes": {**asked["outcomes"], outcome: {**first, "suppressed": other}}} == whole)


def without_supplied(sets: Sequence[Sequence[Cell]], beside: Sequence[Sequence[Cell]]) -> list[list[Cell]] | None:
    """Return the cells of each set that hold no value of evalkit's own, which two analyses then have alike.

    Parameters
    ----------
    sets, beside : sequence of sequence of Cell
        The cells whose totals two analyses give away, which differ only in what suppressed cells stand for.

    Returns
    -------
    list of list of Cell, or None
        Their totals are known to readers: the two totals tell how many cells were suppressed, and the page says what
        was put in for each. None where the two do not rest on the same places and periods.
    """
    theirs = {(cell.group, cell.period): cell for cells in beside for cell in cells}
    mine = {(cell.group, cell.period): cell for cells in sets for cell in cells}
    if mine.keys() != theirs.keys() or any(cell.before != theirs[key].before for key, cell in mine.items()):
        return None
    return [[cell for cell in cells if cell.numbers == theirs[cell.group, cell.period].numbers] for cells in sets]
