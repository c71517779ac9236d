"""The effect by stated times after the start: in the last period, on average, and in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.reported import Reported
from evalkit.periods import words_for
from evalkit.records.supplement import CumulativePoint, Horizon

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented

PERIODS = {
    "day": (91, 182, 365), "week": (13, 26, 52), "month": (3, 6, 12), "quarter": (1, 2, 4),
    "year": (1, 2, 3), "financial_year": (1, 2, 3), "number": (3, 6, 12),
}  # fmt: skip
"""Three, six and twelve months in the data's own periods; the first three where periods are years."""


def horizons(model: Segmented, cumulative: Sequence[CumulativePoint] = ()) -> tuple[Horizon, ...]:
    """Return the effect by each horizon that the data reach, and by the end.

    Parameters
    ----------
    model : Segmented
    cumulative : sequence of CumulativePoint
        As `cumulative.cumulative`; its point at a horizon gives what was averted by then.

    Returns
    -------
    tuple of Horizon
        Those of the option `horizons`, else of `PERIODS`; one that the data do not reach, or by which the
        intervention's shape has not begun to act, is left out. The last is the end.

    Notes
    -----
    Periods count from the first one of the intervention that is used. `change` is in the last period that the horizon
    covers and the series holds, `average` over all periods up to it in which the shape acts (at the end it is the
    headline), `averted` is expected less observed with the noise of single periods.
    """
    times, terms, start = model.frame["time"].to_numpy(), model.terms, model.found.start
    length = int(times[-1]) - start + 1
    asked = getattr(model.design, "horizons", None) or PERIODS[model.panel.frequency]
    summed = {point.period: point for point in cumulative}
    seen = Reported(model, single_periods=True)
    found = []
    for steps in [*sorted({steps for steps in asked if steps < length}), length]:
        reached = terms.post & (times < start + steps)
        if not (reached & terms.acting).any():
            continue
        last = int(reached.nonzero()[0][-1])
        change, average = seen.over(_only(last, len(times))), seen.over(reached & terms.acting)
        moved = bool(seen.changes[last].any())  # A pulse that has ended leaves no change, surely.
        period = model.panel.label(int(times[last]))
        total = summed.get(period)
        found.append(Horizon(
            _label(steps, length, model.panel.frequency), steps, period,
            change.value, change.low if moved else None, change.high if moved else None,
            change.p_value if moved else None,
            average.value, average.low, average.high, average.p_value,
            total.value if total else None, total.low if total else None, total.high if total else None,
            seen.unit,
        ))  # fmt: skip
    return tuple(found)


def _label(steps: int, length: int, frequency: str) -> str:
    words = f"{steps} {words_for(frequency, steps)}"
    return f"the end ({words})" if steps == length else words


def _only(row: int, size: int) -> numpy.ndarray:
    import numpy

    return numpy.asarray(numpy.arange(size) == row)
