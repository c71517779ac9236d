"""Checks that set the result beside what should not have moved: untouched outcomes and pretend starts."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.diagnostics.words import judged, listed, reaches
from evalkit.records import Analysis, Diagnostic, Result

UNTOUCHED = "What the programme could not touch did not move."
PRETEND = "Where or when nothing began, nothing is found."


def negative_controls(analyses: Sequence[Analysis], headline: Result | None = None) -> Diagnostic:
    """Return whether outcomes that the programme could not touch moved all the same.

    Parameters
    ----------
    analyses : sequence of Analysis
        One for each outcome whose role is negative_control.
    headline : Result, optional
        Of the main analysis, to set the intervals beside.

    Notes
    -----
    Sign against: the interval of any of them lies clear of no change. Then something else may have changed at the same
    time. Too weak to tell: else, where one has no interval, or one that holds a change as large as the headline (in
    percent where both have one, else on the same scale). It is not key: what moved it need not have moved the main
    outcome, and may even have hidden a change in it.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen and Cohen (2010), Epidemiology 21, 383-388.
    """
    return _beside("negative_controls", UNTOUCHED, "Outcomes that the programme could not touch", analyses,
                   headline, "an outcome that should not move did: something else may have changed")  # fmt: skip


def pretend_starts(analyses: Sequence[Analysis], headline: Result | None = None) -> Diagnostic:
    """Return whether the method finds a change where nothing began; rules as for `negative_controls`."""
    return _beside("falsification", PRETEND, "The same method where or when nothing began", analyses,
                   headline, "the method also finds a change where nothing began")  # fmt: skip


def _beside(
    name: str, assumption: str, looked_at: str, analyses: Sequence[Analysis], headline: Result | None, short: str
) -> Diagnostic:
    moved = [analysis for analysis in analyses if _leaves_out_no_change(analysis)]
    readings = [f"{analysis.label}: {_size(analysis)}" for analysis in (moved or analyses)]
    reading = f"{len(moved)} of {len(analyses)} moved by more than chance allows. {listed(readings)}."
    wide = [] if moved else [analysis.label for analysis in analyses if _too_wide(analysis.result, headline)]
    if wide:
        reading += f" That is too weak to tell: {listed(wide)} may have moved by as much as the main answer."
    return Diagnostic(name, assumption, judged(bool(moved), bool(wide)), reading,
                      statistic=float(len(moved)), looked_at=looked_at, short=short if moved else "")  # fmt: skip


def _leaves_out_no_change(analysis: Analysis) -> bool:
    effect = analysis.result.effect
    return effect.low is not None and effect.high is not None and (effect.low > 0.0 or effect.high < 0.0)


def _too_wide(result: Result, headline: Result | None) -> bool:
    """Return whether an interval holds a change as large as the headline; one without bounds may."""
    if result.effect.low is None or result.effect.high is None:
        return True
    if headline is None:
        return False
    for own, main in ((result.relative, headline.relative), (result.effect, headline.effect)):
        if own is not None and main is not None and (own.scale, own.unit) == (main.scale, main.unit):
            return reaches(own.low, own.high, main.value)
    return False


def _size(analysis: Analysis) -> str:
    shown = analysis.result.relative or analysis.result.effect
    unit = "%" if analysis.result.relative is not None else ""
    if shown.low is None or shown.high is None:
        return f"{shown.value:+.3g}{unit}, no interval"
    return f"{shown.value:+.3g}{unit} ({shown.low:+.3g} to {shown.high:+.3g})"
