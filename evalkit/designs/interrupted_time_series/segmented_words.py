"""What a segmented regression estimates, by which rule and with which terms, in words."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES
from evalkit.designs.windows import Span, words_of
from evalkit.periods import describe_period, words_for

if TYPE_CHECKING:
    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented


def estimand(model: Segmented) -> str:
    """Return what the effect is: over which periods, against what, on which scale, and what is allowed for."""
    found, frequency, design = model.found, model.panel.frequency, model.design
    earlier = words_of(found.spans[0], frequency)
    acting = [time for time, acts in zip(found.times, model.terms.acting, strict=True) if acts]
    later = words_of(Span(acting[0], acting[-1]), frequency)
    scale = "as a ratio (average logarithm)" if model.scale == "log" else f"in {model.unit}"
    words = (
        f"Average over the {len(acting)} {words_for(frequency, len(acting))} {later}{_shape(model)} of the fitted line "
        f"less the line of {earlier} carried forward"
    )
    if model.comparison is not None:
        words += f" with the change of {comparison_name(model)}"
    words += f", {scale}"
    if design.interruptions:
        others = [
            f"{other.label} (from {describe_period(start, frequency)})"
            for other, start in zip(design.interruptions, model.other_starts, strict=True)
        ]
        words += f". Both lines hold what changed with {_and(others)}"
    if found.excluded:
        left = [words_of(each.span, frequency) for each in found.excluded]
        words += f". Left out: {_and(left)}"
    return words


def comparison_name(model: Segmented) -> str:
    """Return the comparison series in words, empty where there is none."""
    control = model.found.control
    if control is None:
        return ""
    units = control.units
    return units[0] if len(units) == 1 else f"the mean of {len(units)} comparison units"


def rule(model: Segmented) -> str:
    """Return the family, the scale and the standard-error rule."""
    design, times = model.design, model.found.times
    gaps = len(times) < times[-1] - times[0] + 1 and design.errors == "newey_west"
    how = "log link" if design.family in COUNT_FAMILIES else f"{model.scale} scale"
    skipped = "; missing periods are skipped over" if gaps else ""
    return f"{design.family} regression on the {how}; {model.fit.rule}{skipped}"


def term_names(model: Segmented) -> list[str]:
    """Return the terms in whole words: months and days of the week by name, quarters by number."""
    names = []
    for name in model.terms.names:
        start, mark, code = name.partition("season ")
        if not mark or start not in ("", "comparison: ", "difference: "):
            names.append(name)
        elif model.design.season == "fourier":
            wave, _, number = code.partition(" ")
            names.append(f"{start}yearly wave {number}, {wave}")
        else:
            names.append(start + _season_name(model.design.season, int(code)))
    return names


def _season_name(season: str, code: int) -> str:
    """Return one season in words."""
    if season == "weekday":
        return calendar.day_name[code - 1]
    return calendar.month_name[code] if season == "month" else f"quarter {code}"


def _shape(model: Segmented) -> str:
    """Return which shape is averaged, where it is not a plain change of level or slope."""
    length, frequency = model.design.length or 0, model.panel.frequency
    size = f"{length} {words_for(frequency, length)}"
    return {
        "pulse": f", while the change lasts ({size})",
        "ramp": f", the change growing over the first {size}",
        "delayed": f", from {size} after the start on",
    }.get(model.design.impact, "")


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
