"""How often a test of few units finds an effect where there is none, in simulated panels like the study's.

The numbers are those of `false_positives.csv` beside this file, which `make calibrate` writes;
benchmarks/calibrate_few_units.py and few_units_panels.py say how panels were drawn.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.diagnostics.words import several
from evalkit.errors import DesignError

TABLE = Path(__file__).parent / "false_positives.csv"
LEVEL = 0.95
"""Level of the intervals in the table; nothing is known of others."""
UNITS = 43
"""Places in every simulated panel."""
UNEQUAL = 0.35
"""Places are unequal from this standard deviation of the logarithm of their sizes on: half of that simulated."""
FARTHEST = 2.0
"""A study with less than half as many units, or more than twice as many, is like none of the panels."""
TREATED = {
    "at random": "{count} of them treated, drawn at random", "the largest": "the {count} largest treated",
    "the most variable": "the {count} most variable treated",
}  # fmt: skip
OUTCOMES = {"mean": "means", "count": "counts on the log scale", "small count": "small counts as they are",
            "rate": "rates of small counts"}  # fmt: skip
SIZES = {"equal": "places of one size", "unequal": "unequal places",
         "unequal, unknown": "unequal places of unknown size"}  # fmt: skip
STARTS = {"together": "one start", "2 dates": "two starts", "3 dates": "three starts"}


def expected_false_positives(
    *,
    method: str,
    estimator: str,
    treated: int,
    units: int,
    periods: int,
    after: int,
    starts: int = 1,
    autocorrelation: float | None = None,
    outcome: str = "mean",
    sizes: str = "equal",
    who: str = "at random",
    level: float = LEVEL,
    unlike: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Return false positives and coverage in the nearest cell of the simulated grid.

    Parameters
    ----------
    method : str
        Inference that was used: ferman_pinto, randomisation, wild_bootstrap, placebo or cluster_robust.
    estimator : str
        The option of the same name, resolved.
    treated, units : int
        Number of treated units, and of all units (clusters, where these are larger).
    periods, after : int
        Periods that are used, and those of them from the first start on.
    starts : int
        Number of different starts.
    autocorrelation : float or None
        Of unit-periods, as estimated; below 0 and None count as 0.
    outcome : {'mean', 'count', 'small count', 'rate'}
        What is modelled: an average as it is, counts or rates by their logarithm, counts as they are, rates as they
        are.
    sizes : {'equal', 'unequal', 'unequal, unknown'}
        Whether units differ in size, and whether their sizes are known.
    who : {'at random', 'the largest', 'the most variable'}
        Which units are treated.
    level : float
        Confidence level of the study's interval.
    unlike : sequence of str
        What the study has and no simulated panel had, in words that go on from "The study has ".

    Returns
    -------
    dict or None
        `average`, percent of intervals that held the true effect; `false_positives`, percent that lay clear of no
        effect where there was none; `cluster_robust_false_positives`, the same of a clustered standard error (CR1),
        None for synthetic_did; `cell`, the columns of the table that say which; `replications`; `unlike`; `words`. None
        where nothing like the study was simulated: another level than 95%, a number of units beyond half or twice 43, a
        method that the table does not hold.

    Raises
    ------
    DesignError
        If numbers of units or periods are impossible, or a word is unknown.

    Notes
    -----
    The nearest row agrees first in who is treated and in the estimator, then in the kind of starts and the outcome,
    then lies nearest in the number of treated (by ratio), sizes, periods (by ratio), autocorrelation and share of
    periods after. What it does not agree in is named with `unlike`.
    """
    if not (0 < treated < units and 0 < after < periods and starts >= 1):
        raise DesignError(
            f"{treated} of {units} units treated, {after} of {periods} periods after, {starts} starts",
            "give numbers above zero, treated below all units and after below all periods",
        )
    for word, known in ((outcome, OUTCOMES), (sizes, SIZES), (who, TREATED)):
        if word not in known:
            raise DesignError(f"{word!r} was not simulated", f"there are: {', '.join(known)}")
    clustered = method == "cluster_robust"
    rows = [row for row in table() if row["who"] == who and (clustered or row["method"] == method)
            and not (clustered and row["CR1_coverage"] is None)]  # fmt: skip
    if not within_reach(units) or not rows or not math.isclose(level, LEVEL):
        return None
    adoption = "together" if starts == 1 else f"{min(starts, 3)} dates"
    rho = max(0.0, autocorrelation or 0.0)
    found = min(rows, key=lambda row: (
        row["estimator"] != estimator, row["adoption"] != adoption, row["outcome"] != outcome,
        abs(math.log(row["treated"] / treated)), row["sizes"] != sizes, abs(math.log(row["periods"] / periods)),
        abs(row["autocorrelation"] - rho), abs(row["after"] / row["periods"] - after / periods),
    ))  # fmt: skip
    differs = [*unlike, *_differences(found, estimator, adoption, starts, outcome)]
    kind = "CR1" if clustered else "auto"
    other = found["CR1_false_positives"]
    return {
        "average": _percent(found[f"{kind}_coverage"]), "false_positives": _percent(found[f"{kind}_false_positives"]),
        "cluster_robust_false_positives": None if other is None else _percent(other),
        "cell": {key: found[key] for key in CELL}, "replications": found["replications"], "unlike": differs,
        "words": _words(found, clustered) + (
            f" The study has {_and(differs)}, which they had not: its own shares may be others." if differs else ""
        ),
    }  # fmt: skip


def within_reach(units: int) -> bool:
    """Return whether a number of units is at least half and at most twice that of the simulated panels."""
    return 1.0 / FARTHEST <= units / UNITS <= FARTHEST


CELL = ("who", "adoption", "treated", "periods", "after", "autocorrelation", "outcome", "sizes", "estimator", "method")


@cache
def table() -> tuple[dict[str, Any], ...]:
    """Return the rows of the committed table.

    Returns
    -------
    tuple of dict
        `treated`, `periods`, `after`, `replications` as int; `autocorrelation`, shares and `width` as float, None where
        not measured; else text.
    """
    whole, text = ("treated", "periods", "after", "replications"), ("who", "adoption", "outcome", "sizes", "estimator",
                                                                    "method")  # fmt: skip
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(
            {key: value if key in text else int(value) if key in whole else float(value) if value else None
             for key, value in row.items()}
            for row in csv.DictReader(file)
        )  # fmt: skip


def _differences(row: dict[str, Any], estimator: str, adoption: str, starts: int, outcome: str) -> list[str]:
    """Return what the study has and the row has not, in words."""
    found = []
    if row["estimator"] != estimator:
        found.append(f"another estimator ({estimator})")
    if row["adoption"] != adoption:
        found.append("one start" if starts == 1 else f"{starts} different starts")
    if row["outcome"] != outcome:
        found.append(OUTCOMES[outcome])
    return found


def _percent(share: float) -> float:
    """Return a share in percent, without the rounding noise of the product."""
    return round(100.0 * share, 6)


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _words(row: dict[str, Any], clustered: bool) -> str:
    """Return the finding in one or two sentences."""
    parts = [
        TREATED[row["who"]].format(count=row["treated"]), STARTS[row["adoption"]],
        f"{row['periods']} periods, {row['after']} of them from the start on", OUTCOMES[row["outcome"]],
        SIZES[row["sizes"]], f"autocorrelation {row['autocorrelation']:g}",
    ]  # fmt: skip
    kind = "CR1" if clustered else "auto"
    found = (
        f"In {row['replications']:,} simulated panels of {several(UNITS, 'place')}, the nearest to this study "
        f"({'; '.join(parts)}), 95% intervals made this way lay clear of no effect in "
        f"{100 * row[f'{kind}_false_positives']:.1f}% where there was none, and held a true effect in "
        f"{100 * row[f'{kind}_coverage']:.1f}%."
    )
    if clustered or row["CR1_false_positives"] is None:
        return found
    return found + (
        f" A plain clustered standard error would have lain clear of it in {100 * row['CR1_false_positives']:.1f}%."
    )
