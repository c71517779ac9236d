"""Checks that set the result beside what should not have moved: untouched outcomes and pretend starts."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.diagnostics.words import listed
from evalkit.records import Analysis, Diagnostic

UNTOUCHED = "What the programme could not touch did not move."
PRETEND = "Where or when nothing began, nothing is found."


def negative_controls(analyses: Sequence[Analysis]) -> Diagnostic:
    """Return whether outcomes that the programme could not touch moved all the same.

    Parameters
    ----------
    analyses : sequence of Analysis
        One for each outcome whose role is negative_control.

    Notes
    -----
    Sign against: the interval of any of them leaves out no change. Then something else may have changed at the same
    time. It is not key: what moved it need not have moved the main outcome, and may even have hidden a change in it.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen and Cohen (2010), Epidemiology 21, 383-388.
    """
    return _beside("negative_controls", UNTOUCHED, "Outcomes that the programme could not touch", analyses,
                   "an outcome that should not move did: something else may have changed")  # fmt: skip


def pretend_starts(analyses: Sequence[Analysis]) -> Diagnostic:
    """Return whether the method finds a change where nothing began; rules as for `negative_controls`."""
    return _beside("falsification", PRETEND, "The same method where or when nothing began", analyses,
                   "the method also finds a change where nothing began")  # fmt: skip


def _beside(name: str, assumption: str, looked_at: str, analyses: Sequence[Analysis], short: str) -> Diagnostic:
    moved = [analysis for analysis in analyses if _leaves_out_no_change(analysis)]
    readings = [f"{analysis.label}: {_size(analysis)}" for analysis in (moved or analyses)]
    reading = f"{len(moved)} of {len(analyses)} moved by more than chance allows. {listed(readings)}."
    return Diagnostic(name, assumption, "sign against" if moved else "no sign against", reading,
                      statistic=float(len(moved)), looked_at=looked_at, short=short if moved else "")  # fmt: skip


def _leaves_out_no_change(analysis: Analysis) -> bool:
    effect = analysis.result.effect
    return effect.low is not None and effect.high is not None and (effect.low > 0.0 or effect.high < 0.0)


def _size(analysis: Analysis) -> str:
    shown = analysis.result.relative or analysis.result.effect
    unit = "%" if analysis.result.relative is not None else ""
    if shown.low is None or shown.high is None:
        return f"{shown.value:+.3g}{unit}, no interval"
    return f"{shown.value:+.3g}{unit} ({shown.low:+.3g} to {shown.high:+.3g})"
