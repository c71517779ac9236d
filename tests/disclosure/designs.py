"""Study files for every design, each with small counts in places and months that must not be seen."""

from __future__ import annotations

import math
from pathlib import Path

POPULATION = 612_347.0
"""A number that makes every rate unlike any other: 3 in 612,347 is 0.48991829796 per 100,000."""
TIMES = [f"{year}-{month:02}" for year in (2018, 2019, 2020, 2021) for month in range(1, 13)]
PLACES = ("A", "B", "C", "D", "E", "F", "G", "H", "K", "L")
SMALL = {("A", "2019-03"): 3, ("A", "2021-05"): 2, ("B", "2019-03"): 1, ("D", "2021-08"): 4}
"""Place and month of the counts that are planted: of treated places and of one that is compared with (D).

Where A and B are treated, they have 4 together in March 2019, 2 on average: both are looked for too.
"""
HEAD = """\
evalkit: 1
title: Small counts
question: Did it change?
data: {source: csv, path: data/places.csv, period: month%(unit)s%(more)s,
  guards: {zero_runs: {waived: Made, by: Test}, sudden_break: {waived: Made, by: Test},
  newest_periods: {waived: Made, by: Test}}}
intervention: %(begun)s
outcomes:
  incidents: {label: Incidents, column: incidents, kind: %(kind)s, better: lower}
design: %(design)s
disclosure: %(disclosure)s
"""
RATE = "rate, exposure: population, per: 100000"
TOGETHER = "{starts: {A: 2021-01}}"
STAGGERED = "{starts: {A: 2021-01, B: 2020-07}}"
FOUR = "{starts: {A: 2021-01, B: 2021-01, C: 2020-07, E: 2020-07}}"
DIFFERENCE = "{kind: difference_in_differences, estimator: %s}"
DESIGNS = {
    "two_way": (TOGETHER, DIFFERENCE % "two_way_fixed_effects"),
    "event_study": (TOGETHER, DIFFERENCE % "event_study, leads: 12, lags: 11"),
    "synthetic_control": (TOGETHER, DIFFERENCE % "synthetic_control"),
    "synthetic_did": (TOGETHER, DIFFERENCE % "synthetic_did"),
    "callaway_santanna": (STAGGERED, DIFFERENCE % "callaway_santanna"),
    "callaway_santanna_by_start": (FOUR, DIFFERENCE % "callaway_santanna, comparison: not_yet_treated"),
    "sun_abraham": (FOUR, DIFFERENCE % "sun_abraham"),
    "imputation": (STAGGERED, DIFFERENCE % "imputation"),
    "controls": (TOGETHER, "{kind: interrupted_time_series, season: none, controls: [D, E]}"),
    "comparison_areas": (TOGETHER, "{kind: before_after, comparison: never_treated}"),
    "series": (TOGETHER, "{kind: interrupted_time_series, season: none}"),
    "windows": (TOGETHER, "{kind: before_after}"),
}
ALONE = ("series", "windows")
"""Designs of one series."""
OF_COUNTS = ("comparison_areas", "poisson")
"""Designs that take counts, with the population as exposure."""


def usual(place: int, month: int) -> int:
    """Return a count that nothing hides."""
    return round(30 + 6 * math.sin(0.9 * month + place) + 3 * math.cos(1.7 * place + 0.31 * month * month) + place)


def write_places(project: Path, places: tuple[str, ...] = PLACES, small: dict[tuple[str, str], int] = SMALL) -> None:
    """Write the table of places and months."""
    lines = ["place,month,incidents,population"]
    for at, place in enumerate(places):
        lines += [f"{place},{time},{small.get((place, time), usual(at, month))},{POPULATION}"
                  for month, time in enumerate(TIMES)]  # fmt: skip
    (project / "data" / "places.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_design(project: Path, name: str, disclosure: str, kind: str = RATE, more: str = "") -> Path:
    """Write the study of a design, with its data, and return its path."""
    begun, design = DESIGNS.get(name) or (TOGETHER, DIFFERENCE % name)
    alone = name in ALONE
    write_places(project, PLACES[:1] if alone else PLACES)
    if name in OF_COUNTS:
        kind = "count, exposure: population"
    text = HEAD % {"unit": "" if alone else ", unit: place", "more": "", "kind": kind, "design": design,
                   "begun": "{start: 2021-01}" if alone else begun, "disclosure": disclosure}  # fmt: skip
    path = project / "evaluations" / "small.yaml"
    path.write_text(text + more, encoding="utf-8")
    return path
