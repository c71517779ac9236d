"""Counts and exposure of one window, summed by unit and by period: all that a ratio of counts is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy
    import pandas


class Sums(NamedTuple):
    """Counts and exposures, by unit or by period."""

    counts: numpy.ndarray
    exposures: numpy.ndarray


@dataclass(frozen=True, eq=False)
class Cell:
    """One window of a group of units.

    Attributes
    ----------
    by_unit, by_period : Sums
        Of every unit (those asked for, in their order) and of every period, ascending.
    """

    by_unit: Sums
    by_period: Sums

    @property
    def total(self) -> tuple[float, float]:
        """Total count and exposure, over all units and periods."""
        return float(self.by_period.counts.sum()), float(self.by_period.exposures.sum())


def cell_of(side: pandas.DataFrame, units: Sequence[str] = ()) -> Cell:
    """Return the cell of the rows of a window; `units` picks and orders those of `by_unit` (none: all)."""
    by_unit, by_period = (side.groupby(key)[["value", "exposure"]].sum() for key in ("unit", "time"))
    by_unit = by_unit.loc[list(units)] if units else by_unit
    return Cell(_sums(by_unit), _sums(by_period))


class CellTable:
    """Counts of units by periods as a matrix, so that the cells of many windows are had quickly.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows with `unit`, `time`, `value` and `exposure`.
    units : sequence of str
        In the order of `by_unit`.
    """

    def __init__(self, frame: pandas.DataFrame, units: Sequence[str]) -> None:
        wide = frame.pivot_table(index="unit", columns="time", values=["value", "exposure"], aggfunc="sum")
        wide = wide.loc[list(units)]
        self._counts, self._exposures = (wide[name].to_numpy(dtype=float) for name in ("value", "exposure"))
        self._column = {int(time): place for place, time in enumerate(wide["value"].columns)}

    def cell(self, times: Sequence[int]) -> Cell:
        """Return the cell of these periods, each of which every unit must have."""
        columns = [self._column[time] for time in times]
        counts, exposures = self._counts[:, columns], self._exposures[:, columns]
        return Cell(
            Sums(counts.sum(axis=1), exposures.sum(axis=1)), Sums(counts.sum(axis=0), exposures.sum(axis=0))
        )  # fmt: skip


def _sums(table: pandas.DataFrame) -> Sums:
    return Sums(table["value"].to_numpy(dtype=float), table["exposure"].to_numpy(dtype=float))
