"""An exposure that changes its size from one period to the next, as when persons become thousands of persons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.periods import format_period
from evalkit.sources.inputs import listed
from evalkit.sources.request import Request

if TYPE_CHECKING:
    import pandas

FACTOR = 3.0
"""Population and person-time do not move by more between neighbouring periods of a unit."""
SMALL = 1_000.0
"""Whole numbers below it may be trials, which vary so by chance."""
_MANY = 5


def jump_problems(request: Request, frame: pandas.DataFrame) -> list[Problem]:
    """Return where the exposure of a unit is more than `FACTOR` times that of the period before, or less than 1 / it.

    Parameters
    ----------
    request : Request
    frame : pandas.DataFrame
        One row for each `unit` and `time`, with `exposure`.

    Returns
    -------
    list of Problem
        The first jump of each unit. Empty where no exposure is declared, rows stay observations of their own, or the
        study says why there are jumps (`exposure_jumps`).
    """
    outcome = request.outcome
    if outcome.exposure is None or request.keeps_rows or outcome.exposure_jumps is not None:
        return []
    rows = frame[["unit", "time", "exposure"]].astype({"unit": object}).sort_values(["unit", "time"])
    rows["earlier"] = rows.groupby("unit", sort=False)["exposure"].shift()
    rows["since"] = rows.groupby("unit", sort=False)["time"].shift()
    larger, smaller = rows[["exposure", "earlier"]].max(axis=1), rows[["exposure", "earlier"]].min(axis=1)
    chance = (larger < SMALL) & (rows["exposure"] % 1 == 0) & (rows["earlier"] % 1 == 0)
    jumps = rows[(larger > FACTOR * smaller) & ~chance & rows["earlier"].notna()].drop_duplicates("unit")
    return list(_told(request, jumps))


def _told(request: Request, jumps: pandas.DataFrame) -> Iterator[Problem]:
    name, where = request.outcome.exposure, f"outcomes.{request.outcome_id}.exposure"
    for at, (unit, time, now, before, since) in enumerate(jumps.itertuples(index=False, name=None)):
        if at == _MANY:
            more = listed(jumps["unit"][_MANY:])
            yield Problem(f"{name} jumps in {len(jumps) - _MANY:,} more units: {more}", "", where)
            return
        first, then = (format_period(int(moment), request.data.frequency) for moment in (since, time))
        of = f" of {unit}" if unit else ""
        yield Problem(
            f"{name}{of} is {before:,.10g} in {first} and {now:,.10g} in {then}, "
            f"{_times(max(now / before, before / now))} as {'much' if now > before else 'little'}",
            "mend the cells (persons in one period, thousands in another?), or say why it is so in "
            f"`outcomes.{request.outcome_id}.exposure_jumps`", where,
        )  # fmt: skip


def _times(factor: float) -> str:
    return f"{factor:,.1f} times" if factor < 9.95 else f"{factor:,.0f} times"
