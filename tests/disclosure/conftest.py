"""Studies with small counts, one for each design and profile."""

from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = """\
evalkit: 1
title: Small counts
question: Did it change?
data: {source: csv, path: data/small.csv, period: month%s,
  guards: {zero_runs: {waived: Made, by: Test}, sudden_break: {waived: Made, by: Test},
  newest_periods: {waived: Made, by: Test}}}
intervention: {start: 2021-01%s}
outcomes:
  incidents: {label: Incidents, column: incidents, kind: %s, better: lower}
design: %s
"""
TIMES = [f"{year}-{month:02}" for year in (2018, 2019, 2020, 2021) for month in range(1, 13)]
PLACES = ("A", "B", "C", "D", "E", "F", "G", "H")
SERIES = "{kind: interrupted_time_series, season: none}"
PANEL = "{kind: difference_in_differences, estimator: two_way_fixed_effects}"
WINDOWS = "{kind: before_after}"
SMALL = {"2019-03": 3, "2021-05": 2}
"""Months in which the treated place has a count that may not be seen; all other counts are 20 or more."""

Study = Callable[..., Path]


def usual(place: int, month: int) -> int:
    """Return a count that nothing hides."""
    return 24 + (7 * month + 5 * place) % 11 - (3 if place == 0 and month >= 36 else 0)


def write_table(project: Path, places: int, small: dict[str, int], population: float | None = None) -> None:
    lines = ["place,month,incidents,treated,population"]
    for at, place in enumerate(PLACES[:places]):
        for month, time in enumerate(TIMES):
            count = small.get(time, usual(at, month)) if at == 0 else usual(at, month)
            treated = int(at == 0 and month >= 36)
            lines.append(f"{place},{time},{count},{treated},{population or 1}")
    (project / "data" / "small.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def small_study(project: Path) -> Study:
    """Write a study of one treated place with small counts in two months."""

    def write(design: str, disclosure: str, *, small: dict[str, int] | None = None, more: str = "",
              population: float | None = None) -> Path:  # fmt: skip
        panel = "difference" in design
        write_table(project, len(PLACES) if panel else 1, SMALL if small is None else small, population)
        unit = ", unit: place" if panel else ""
        text = HEAD % (unit, "", "count", design)
        if panel:
            text = text.replace("{start: 2021-01}", "{treated_column: treated}")
        if population is not None:
            text = text.replace("kind: count", "kind: rate, exposure: population, per: 100000")
        path = project / "evaluations" / "small.yaml"
        path.write_text(text + (f"disclosure: {disclosure}\n" if disclosure else "") + more, encoding="utf-8")
        return path

    return write
