"""Checks of repeated cross-sections whose errors are those of single rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from evalkit.diagnostics.words import several
from evalkit.records import Diagnostic

METHODS = {
    "classical": "classical errors, which also take all rows to vary alike",
    "robust": "heteroscedasticity-robust errors",
}


SHOCK = 0.1
"""Size of a shock that the rows of a unit and period share, in standard deviations of rows, to show what it does."""


def rows_counted_alone(
    units: int, treated: int, method: str, cells: Sequence[int] = ()
) -> tuple[Diagnostic, Diagnostic]:
    """Return what an interval from rows alone leaves out, beside how many units there are and how many are treated.

    Parameters
    ----------
    units, treated : int
        Number of groups or areas, and of those that are treated.
    method : {'classical', 'robust'}
    cells : sequence of int
        Number of rows in each of four cells, where there are two units and two periods; else empty.

    Returns
    -------
    tuple of Diagnostic
        `number_of_clusters` and `treated_clusters`, always a sign against: nothing in the data shows how large the
        shocks are that the rows of a unit share. The second is key where one unit stands on a side by itself.

    Notes
    -----
    With n_c rows in four cells and shocks of s standard deviations of rows, the difference of differences varies
    ``r = 1 + 4 s^2 / sum_c 1/n_c`` times as much as rows alone make it, and a test at 5% rejects with probability
    ``P(|Z| > 1.96 / sqrt(r))``, Z normal. The first reading gives it for s = 0.1.

    References
    ----------
    Donald and Lang (2007), Review of Economics and Statistics 89, 221-233. Moulton (1990), Review of Economics and
    Statistics 72, 334-338.
    """
    rests = f"The interval rests on {METHODS[method]}, and takes rows as independent of one another. "
    shocks = "If units have shocks of their own that all their rows share, the interval is too narrow"
    alone = min(treated, units - treated) == 1
    return (
        Diagnostic(
            "number_of_clusters", "There are enough independent units to tell how sure the estimate is.",
            "sign against",
            f"There are {several(units, 'unit')}. {rests}{shocks}, and {several(units, 'unit')} "
            f"{'cannot' if units == 2 else 'with this rule do not'} show by how much.{_example(cells)}",
            statistic=float(units), looked_at="The number of units, and how errors were counted",
            short="single rows are counted as if their places had no luck of their own",
        ),
        Diagnostic(
            "treated_clusters", "Enough units are treated to tell the programme from the luck of a few places.",
            "sign against",
            f"{several(treated, 'unit')} {'is' if treated == 1 else 'are'} treated. Whatever else happened there alone "
            "passes for an effect: the interval does not hold it.",
            statistic=float(treated), key=alone, looked_at="The number of treated units",
            short=f"only {several(treated, 'place')} had the programme" if treated < units else "",
        ),
    )  # fmt: skip


def _example(cells: Sequence[int]) -> str:
    """Return what shocks of a tenth of a standard deviation would do to a test at 5%; empty without four cells."""
    if len(cells) != 4:
        return ""
    ratio = 1.0 + 4.0 * SHOCK**2 / sum(1.0 / rows for rows in cells)
    normal = NormalDist()
    rejected = 2.0 * normal.cdf(normal.inv_cdf(0.025) / math.sqrt(ratio))
    return (
        f" Shocks of {SHOCK:g} standard deviations of rows would make a test at 5% find an effect where there is none "
        f"in {rejected:.0%} of studies like this one."
    )
