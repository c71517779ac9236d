"""Checks of a before/after comparison that has comparison areas: what totals elsewhere can and cannot settle."""

from __future__ import annotations

from evalkit.diagnostics.words import figure, several
from evalkit.records import Diagnostic


def parallel_change(treated: float, comparison: float, areas: int) -> Diagnostic:
    """Return what the change elsewhere was, and that it does not settle what would have happened.

    Parameters
    ----------
    treated, comparison : float
        Change of the rate in treated and in comparison areas, in percent.
    areas : int
        Number of comparison areas.
    """
    return Diagnostic(
        "parallel_change",
        "Without the programme, the treated areas would have changed in the same proportion as the comparison areas.",
        "not run",
        f"The rate changed by {treated:+.0f}% in the treated areas and by {comparison:+.0f}% in "
        f"{several(areas, 'comparison area')}. Totals of two windows cannot show that both would have changed alike: "
        "areas that were higher, or rising faster, may differ anyway. difference_in_differences looks at the periods "
        "before.",
        looked_at="The change in the comparison areas; their course before is not looked at",
    )  # fmt: skip


def four_totals() -> Diagnostic:
    """Return that the variance rests on Poisson variation of four totals and is too small for real counts."""
    return Diagnostic(
        "overdispersion",
        "Counts vary from period to period by no more than chance (Poisson variation), or the interval allows for it.",
        "sign against",
        "Four totals cannot tell how much counts vary. The interval and the variance for a meta-analysis are those of "
        "pure chance (Poisson), which is too small for real counts: bring the counts of single areas or periods.",
        looked_at="Whether the dispersion could be estimated from areas or periods",
        short="the interval takes counts to vary by pure chance, which is too little",
    )  # fmt: skip


def area_dispersion(dispersion: float, source: str) -> Diagnostic:
    """Return how much counts vary beyond chance and that the interval allows for it.

    Parameters
    ----------
    dispersion : float
        Factor of the variance, never below 1.
    source : str
        `areas`, `areas_within_cells` or `periods`.
    """
    seen = {
        "areas": "The change differs between areas",
        "areas_within_cells": "Areas differ within the four cells",
        "periods": "Periods vary within the four cells",
    }[source]
    return Diagnostic(
        "overdispersion",
        "Counts vary from period to period by no more than chance (Poisson variation), or the interval allows for it.",
        "no sign against",
        f"{seen} {figure(dispersion)} times as much as chance alone would make them (never taken below 1). The "
        "interval is widened for it.",
        statistic=dispersion, looked_at="How much counts vary between areas or periods, beside chance",
    )  # fmt: skip
