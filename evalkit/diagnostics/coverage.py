"""What coverage to expect: how often intervals made in the same way held the truth in simulated series like this one.

The numbers are those of `coverage.csv` beside this file, which `make calibrate` writes; benchmarks/calibrate.py says
how series were drawn.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.errors import DesignError

TABLE = Path(__file__).parent / "coverage.csv"
LEVEL = 0.95
"""Level of the intervals in the table; nothing is known of others."""
MEASURED_FAMILIES = ("gaussian", "quasi_poisson")
GAUSSIAN_ALONE = ("prais_winsten", "arima")
"""Errors that count families do not have."""


def expected_coverage(
    *,
    periods: int,
    after: int,
    autocorrelation: float | None,
    season: bool,
    errors: str,
    family: str = "gaussian",
    small_sample: str = "kenward_roger",
    mean_count: float | None = None,
    level: float = LEVEL,
    unlike: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Return the coverage of the intervals of an interrupted time series in the nearest cell of the simulated grid.

    Parameters
    ----------
    periods, after : int
        Periods that the model uses, and those of them from the start on.
    autocorrelation : float or None
        As estimated; below 0 and None count as 0.
    season : bool
        Whether a season is fitted.
    errors : str
        The option `errors`: autoregressive, newey_west, prais_winsten, ordinary or arima.
    family : str
        The option `family`, resolved.
    small_sample : str
        The option of the same name, for autoregressive errors.
    mean_count : float or None
        Average number of events a period, for counts modelled as counts or by their logarithm; None for all else.
    level : float
        Confidence level of the study's intervals.
    unlike : sequence of str
        What the study has and no simulated series had, in words that go on from "The study has ".

    Returns
    -------
    dict or None
        `immediate` and `average`, percent of intervals that held the true change at once and the true average change;
        `cell` (`periods`, `after`, `autocorrelation`, `season`, `outcome`); `replications`, the simulated series;
        `words`. Series that could not be fitted are not in the percentages, and the words count them. None where
        nothing like the study was simulated: another level than 95%, a family other than gaussian or quasi_poisson
        (with newey_west, intervals of poisson are those of quasi_poisson), or errors that the grid does not hold.

    Raises
    ------
    DesignError
        If the numbers of periods are none.

    Notes
    -----
    The nearest cell agrees first in whether there is a season, then lies nearest in the outcome (counts by the ratio of
    their means), the number of periods (by their ratio), the autocorrelation, and the share of periods after.
    """
    if not 0 < after < periods:
        raise DesignError(f"{after} periods after the start of {periods}", "give numbers above zero, after below all")
    rule = _rule(errors, family, small_sample)
    if rule is None or not math.isclose(level, LEVEL):
        return None
    rho = max(0.0, autocorrelation or 0.0)
    rows = [row for row in table() if row["rule"] == rule and _same_outcome(row, mean_count)]
    if not rows:
        return None
    found = min(rows, key=lambda row: (
        (row["season"] == "month") != season, _between(row, mean_count), abs(math.log(row["periods"] / periods)),
        abs(row["autocorrelation"] - rho), abs(row["after"] / row["periods"] - after / periods),
    ))  # fmt: skip
    return {
        "immediate": 100.0 * found["coverage_immediate"], "average": 100.0 * found["coverage_average"],
        "cell": {key: found[key] for key in ("periods", "after", "autocorrelation", "season", "outcome")},
        "replications": found["replications"] + found["not_fitted"], "unlike": list(unlike),
        "words": _words(found) + (f" The study has {_and(unlike)}, which they had not: its own share may be another."
                                  if unlike else ""),
    }  # fmt: skip


@cache
def table() -> tuple[dict[str, Any], ...]:
    """Return the rows of the committed table that hold a coverage; those of designs that refuse are left out.

    Returns
    -------
    tuple of dict
        `periods`, `after`, `replications`, `not_fitted` as int; `autocorrelation`, biases, coverages and false
        positives as float; `season`, `outcome`, `rule` as text.
    """
    whole = ("periods", "after", "replications", "not_fitted")
    text = ("season", "outcome", "rule", "refusal")
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(
            {key: value if key in text else int(value) if key in whole else float(value) for key, value in row.items()}
            for row in csv.DictReader(file) if not row["refusal"]
        )  # fmt: skip


def _rule(errors: str, family: str, small_sample: str) -> str | None:
    """Return the rule of the table that makes the study's intervals; None where it holds none."""
    if family == "poisson" and errors == "newey_west":
        return "newey_west"
    if family not in MEASURED_FAMILIES or (family == "quasi_poisson" and errors in GAUSSIAN_ALONE):
        return None
    return small_sample if errors == "autoregressive" else errors


def _same_outcome(row: dict[str, Any], mean_count: float | None) -> bool:
    return bool((row["outcome"] == "gaussian") == (mean_count is None))


def _between(row: dict[str, Any], mean_count: float | None) -> float:
    """Return how far the mean of a row lies from that of the study, as the size of the logarithm of their ratio."""
    if mean_count is None:
        return 0.0
    return abs(math.log(float(row["outcome"].removeprefix("count ")) / max(mean_count, 1e-3)))


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _words(row: dict[str, Any]) -> str:
    """Return the finding in one sentence."""
    parts = [] if row["outcome"] == "gaussian" else [f"counts of about {row['outcome'].removeprefix('count ')}"]
    parts += [
        f"{row['periods']} periods, {row['after']} of them from the start on",
        f"autocorrelation {row['autocorrelation']:g}",
        "a term for each month" if row["season"] == "month" else "no season",
    ]
    lost = f"; {row['not_fitted']:,} of them could not be fitted and are not counted" if row["not_fitted"] else ""
    series = f"{row['replications'] + row['not_fitted']:,} simulated series, the nearest to this one"
    return (
        f"In {series} ({', '.join(parts)}), 95% intervals made this way held the true average change in "
        f"{100 * row['coverage_average']:.1f}% and the true change at once in {100 * row['coverage_immediate']:.1f}%"
        f"{lost}."
    )
