"""Power of a before/after comparison of counts, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import named
from evalkit.designs.windows import first_start, span_of
from evalkit.errors import DesignError
from evalkit.periods import words_for
from evalkit.planning.grids import afters, spell

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.before_after.design import BeforeAfter
    from evalkit.records import Panel

TARGET = 0.8


def power(
    design: BeforeAfter, panel: Panel, grid: tuple[Sequence[int], Sequence[int]] | None, after: int | None = None
) -> dict[str, Any]:
    """Return the mapping of `evalkit.planning.power` for a before/after comparison of counts.

    Raises
    ------
    DesignError
        For outcomes that are no counts, explicit pairs, comparison areas, or when nothing was counted before.
    """
    _require_counts(design, panel)
    rows = _before(design, panel)
    totals = rows.groupby("time")["value"].sum().to_numpy(dtype=float)
    exposure = rows.groupby("time")["exposure"].sum().to_numpy(dtype=float)
    if totals.sum() <= 0.0:
        raise DesignError("nothing was counted before the start", "a fall cannot be found from zero", "outcomes")
    phi = _dispersion(totals, exposure) if design.dispersion != "none" else 1.0
    n_after = _periods_after(design, panel)
    looked_at = afters(panel.frequency) if after is None else [after]
    befores, afters_ = grid or ({len(totals), *afters(panel.frequency)}, looked_at)
    level = float(totals.mean())
    cells = [_cell(level, phi, before, after, design.level) for before in sorted(befores) for after in sorted(afters_)]
    own: dict[str, Any] = {"before": len(totals), "after": n_after, "smallest_change_percent": None}
    if n_after:
        own = _cell(level, phi, len(totals), n_after, design.level)
    described = {"periods": len(totals), "level": level, "unit": named(panel.outcome), "autocorrelation": None,
                 "dispersion": phi, "season": "none"}  # fmt: skip
    return {
        "target": TARGET, "level": design.level, "replications": 0, "seed": None,
        "measure": "fall, percent of the rate before", "cells": cells, "own": own, "pre_period": described,
        "words": _words(panel, level, phi, own),
    }  # fmt: skip


def _require_counts(design: BeforeAfter, panel: Panel) -> None:
    kind = panel.outcome.kind
    if kind != "count":
        raise DesignError(
            f"power of before_after is worked out for counts, and the kind of this outcome is {kind}",
            "plan with interrupted_time_series, or with the count and its exposure", "design.kind",
        )  # fmt: skip
    for option, plain in (("pairing", ("auto", "unpaired")), ("comparison", (None,)), ("match", (None, "none"))):
        asked = getattr(design, option, plain[0])
        if asked not in plain:
            raise DesignError(
                f"power of before_after does not allow for `{option}` yet", f"leave `{option}` out to plan by totals",
                f"design.{option}",
            )  # fmt: skip


def _before(design: BeforeAfter, panel: Panel) -> pandas.DataFrame:
    """Return the rows of the window before, of the treated units where some are."""
    frame, start = panel.frame, first_start(panel)
    if start is not None:
        frame = frame[frame["unit"].isin(panel.treated_units)]
    if design.before is not None:
        return frame[frame["time"].between(*span_of(design.before, panel, "before"))]
    return frame if start is None else frame[frame["time"] < start]


def _periods_after(design: BeforeAfter, panel: Panel) -> int | None:
    """Return the number of periods of the window after, None where there are none yet."""
    start = first_start(panel)
    if start is None:
        return None
    times = [time for time in panel.times if time >= start]
    if design.after is not None:
        span = span_of(design.after, panel, "after")
        times = [time for time in panel.times if span.holds(time)]
    return len(times)


def _dispersion(totals: numpy.ndarray, exposure: numpy.ndarray) -> float:
    """Return variance over mean of the periods about their common rate, not below 1; 1 with fewer than three."""
    if len(totals) < 3:
        return 1.0
    mean = exposure * totals.sum() / exposure.sum()
    return max(1.0, float(((totals - mean) ** 2 / mean).sum()) / (len(totals) - 1))


def _cell(level: float, phi: float, before: int, after: int, confidence: float) -> dict[str, Any]:
    """Return the smallest fall that the exact test finds; counts that vary more than chance weigh as fewer."""
    from evalkit.estimation.series.power import smallest_fall_of_rate

    fall = smallest_fall_of_rate(level * before / phi, level * after / phi, confidence, TARGET)
    none = "not even a fall to nearly nothing would be found so often"
    return {"before": before, "after": after, "smallest_change_percent": None if fall is None else 100.0 * fall,
            "error_percent": 0.0, "problem": none if fall is None else ""}  # fmt: skip


def _words(panel: Panel, level: float, phi: float, own: dict[str, Any]) -> str:
    """Return what was worked out and what came out, in sentences."""
    frequency = panel.frequency
    text = f"Worked out exactly for two counts, at {level:,.4g} a {words_for(frequency)} before"
    text += f", each weighing as {1 / phi:.2f} since they vary more than chance." if phi > 1.0 else "."
    if own["smallest_change_percent"] is not None:
        text += (
            f" With {spell(own['before'], frequency)} before and {own['after']:,} after, a fall of "
            f"{own['smallest_change_percent']:.1f}% would be found four times in five."
        )
    elif own["after"] is not None:
        text += " With this study's own lengths no fall would be found so often."
    return f"{text} Such a change would be a change over time, whatever brought it about."
