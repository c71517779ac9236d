"""Coverage of standard-error rules, measured: `python benchmarks/calibrate.py --replications 2000`.

Series with no effect and first-order autoregressive errors are drawn; the segmented regression with intercept, trend,
level and slope is fitted to each by the functions that studies use; and it is counted how often the 95% interval of
the average effect holds the truth, zero. METHODS.md prints the table.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from typing import NamedTuple

import numpy as np
from scipy import stats

from evalkit.estimation.autoregressive import restricted_likelihood
from evalkit.estimation.fit import contrast
from evalkit.estimation.regression import newey_west, ordinary
from evalkit.estimation.segmented import average_effect_weights, segmented_design

LEVEL = 0.95
SEED = 20_240_229
RULES = ("ordinary", "Newey-West", "REML, normal", "REML, Satterthwaite", "REML, Kenward-Roger")


class Case(NamedTuple):
    """A row of the table: length of the series, periods after, autocorrelation of the errors."""

    periods: int
    after: int
    rho: float


CASES = (Case(48, 12, 0.4), Case(48, 12, 0.7), Case(48, 12, 0.0), Case(24, 10, 0.4), Case(120, 30, 0.4))


def errors(case: Case, replications: int, seed: int) -> np.ndarray:
    """Return stationary AR(1) errors with variance 1, one series a row; every case has a stream of its own."""
    stream = np.random.SeedSequence(seed, spawn_key=(case.periods, case.after, round(100 * case.rho)))
    drawn = np.random.Generator(np.random.PCG64(stream)).standard_normal((replications, case.periods))
    drawn[:, 1:] *= math.sqrt(1.0 - case.rho**2)
    for t in range(1, case.periods):
        drawn[:, t] += case.rho * drawn[:, t - 1]
    return drawn


def covered(outcome: np.ndarray, matrix: np.ndarray, weights: np.ndarray) -> list[bool]:
    """Return for each rule whether its interval of the average effect holds zero."""
    tail = (1.0 - LEVEL) / 2.0
    found = [contrast(fit(outcome, matrix), weights) for fit in (ordinary, newey_west)]
    hits = [abs(each.value) <= stats.t.isf(tail, each.df) * each.se for each in found]
    adjusted = restricted_likelihood(outcome, matrix, adjustment="kenward_roger")
    with_correction = contrast(adjusted, weights)
    assert adjusted.variance is not None
    known = math.sqrt(weights @ adjusted.variance.covariance @ weights)  # covariance with rho taken as known
    size, normal, quantile = abs(with_correction.value), stats.norm.isf(tail), stats.t.isf(tail, with_correction.df)
    return [*hits, size <= normal * known, size <= quantile * known, size <= quantile * with_correction.se]


def coverage(case: Case, replications: int, seed: int) -> np.ndarray:
    """Return the coverage of each rule in percent."""
    design = segmented_design(np.arange(case.periods), case.periods - case.after)
    weights = average_effect_weights(design)
    hits = [covered(series, design.matrix, weights) for series in errors(case, replications, seed)]
    return 100.0 * np.mean(hits, axis=0)


def main() -> int:
    """Print the table, as Markdown."""
    parser = argparse.ArgumentParser(description="Measure the coverage of 95% intervals by standard-error rule.")
    parser.add_argument("--replications", type=int, default=2000, help="series for each row (default 2000)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"start of the random numbers (default {SEED})")
    given = parser.parse_args()
    if given.replications < 1:
        parser.error("--replications must be 1 or more")
    start = time.perf_counter()
    print(f"| periods (after) | autocorrelation | {' | '.join(RULES)} |")
    print(f"|---|---|{'---|' * len(RULES)}")
    for case in CASES:
        shares = " | ".join(f"{share:.1f}" for share in coverage(case, given.replications, given.seed))
        print(f"| {case.periods} ({case.after}) | {case.rho:g} | {shares} |", flush=True)
    chance = 100.0 * math.sqrt(LEVEL * (1.0 - LEVEL) / given.replications)
    print(f"\n{given.replications:,} series a row, seed {given.seed}. Simulation error at a coverage of 95%: "
          f"{chance:.2f} points. {time.perf_counter() - start:.0f} seconds.")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
