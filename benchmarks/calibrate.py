"""Coverage of error models, measured: `make calibrate` (40 minutes on one core), or `--replications 400` for a look.

Series with first-order autoregressive errors are drawn and fitted by the segmented regression that studies use, under
every error model; and it is counted how often the 95% interval holds the truth, for the change at once and for the
average change. Written: evalkit/diagnostics/coverage.csv, which studies read their expected coverage from, and
benchmarks/coverage.svg; printed: the tables of METHODS.md.

Grid: 12, 24, 48, 96 months; the interruption in the middle or after three quarters; autocorrelation 0 to 0.8; with and
without a term for each month. Outcomes:

- gaussian: errors with variance 1 about a line. The estimators are equivariant: neither trend, nor season, nor effect
  move the errors of the estimates, so that one set of series gives coverage and false positives.
- counts of 5, 30 and 200 a month: negative binomial with a variance of twice the mean (recorded incidents of one place
  mostly have 1 to 4), joined by a Gaussian copula, so that autocorrelation is that of the counts themselves (nearly);
  with a season of 20% where one is fitted. Family and scale are those of the design's `auto`: the logarithm where every
  count is 5 or more, else quasi-Poisson. Coverage and bias: with a true fall of 20%; false positives: without any.

The grid follows Turner and others (2021), BMC Medical Research Methodology 21, 181.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.series import many, many_counts
from evalkit.estimation.series.segmented import average_effect_weights, effect_rows, segmented_design
from evalkit.estimation.series.simulated_series import autoregressive_errors, counts_with
from evalkit.workers import in_order, open_workers

ROOT = Path(__file__).resolve().parent.parent
TABLE, FIGURE = ROOT / "evalkit" / "diagnostics" / "coverage.csv", ROOT / "benchmarks" / "coverage.svg"
SEED, REPLICATIONS, ARIMA_REPLICATIONS = 20_240_229, 4000, 200
FALL, DISPERSION, SEASON, SMALL_COUNT = -0.2, 2.0, 0.2, 5.0
PERIODS, AUTOCORRELATIONS, MEANS = (12, 24, 48, 96), (0.0, 0.2, 0.4, 0.6, 0.8), (None, 5, 30, 200)
DEFAULT = "kenward_roger"
RULES = ("ordinary", "newey_west", "prais_winsten", "satterthwaite", "kenward_roger")
"""The last two are autoregressive errors by restricted likelihood; the last is the default of studies."""
LABELS = {"ordinary": "least squares", "newey_west": "Newey-West", "prais_winsten": "Prais-Winsten",
          "satterthwaite": "REML, Satterthwaite", "kenward_roger": "REML, Kenward-Roger", "arima": "ARIMA"}  # fmt: skip
COLUMNS = (
    "periods", "after", "autocorrelation", "season", "outcome", "rule", "replications", "not_fitted",
    "bias_immediate", "bias_average", "coverage_immediate", "coverage_average",
    "false_positives_immediate", "false_positives_average", "refusal",
)  # fmt: skip


class Cell(NamedTuple):
    """One kind of series: how long, how much after, how correlated, whether seasonal, its mean (None: gaussian)."""

    periods: int
    after: int
    autocorrelation: float
    season: bool
    mean: int | None

    @property
    def outcome(self) -> str:
        """Name in the table: gaussian, or count 30."""
        return "gaussian" if self.mean is None else f"count {self.mean}"

    def generator(self, seed: int) -> np.random.Generator:
        """Return this cell's own stream of random numbers, whichever cells run beside it."""
        key = (self.periods, self.after, round(100 * self.autocorrelation), int(self.season), self.mean or 0)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


Lot = dict[str, many.Contrasts]


def cells() -> list[Cell]:
    """Return the grid, the middle split first."""
    return [
        Cell(n, n // share, rho, season, mean)
        for share in (2, 4) for mean in MEANS for season in (False, True) for n in PERIODS for rho in AUTOCORRELATIONS
    ]  # fmt: skip


def terms(cell: Cell) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the regressors, the contrasts (immediate, average), and which periods lie after the start.

    Raises
    ------
    DesignError
        Where they cannot be told apart.
    """
    time_ = np.arange(cell.periods)
    start = cell.periods - cell.after
    months = time_ % 12 + 1 if cell.season else None
    if months is not None and not set(months[start:]) <= set(months[:start]):
        raise DesignError("a month occurs after the start and not before")
    design = segmented_design(time_, start, months)
    return design.matrix, np.stack([effect_rows(design)[0], average_effect_weights(design)]), design.post


def refusal(cell: Cell) -> str:
    """Return what the design itself says of a series of this cell; empty where it is fitted."""
    import pandas as pd

    from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
    from evalkit.periods import as_pandas, parse_period
    from evalkit.records import Measure, Panel

    first = parse_period("2001-01", "month")
    times = np.arange(cell.periods) + first
    values = 100.0 + cell.generator(SEED).standard_normal(cell.periods)
    frame = pd.DataFrame({"unit": "", "time": times, "value": values, "exposure": 1.0, "weight": 1.0, "cluster": ""})
    frame["period"] = as_pandas(frame["time"], "month")
    frame["first_time"] = float(first + cell.periods - cell.after)
    panel = Panel(frame, Measure("outcome", "Outcome", kind="continuous"), "month")
    try:
        InterruptedTimeSeries(season="month" if cell.season else "none").estimate(panel)
    except DesignError as error:
        return error.problems[0].message
    return ""


def series(cell: Cell, replications: int, seed: int, fall: float) -> np.ndarray:
    """Return series of a cell, one a row, with a change from the start on as a share of the mean (counts alone)."""
    errors = autoregressive_errors(cell.generator(seed), replications, cell.periods, cell.autocorrelation)
    if cell.mean is None:
        return errors
    time_ = np.arange(cell.periods)
    wave = 1.0 + SEASON * cell.season * np.cos(2.0 * math.pi * time_ / 12.0)
    change = np.where(time_ >= cell.periods - cell.after, 1.0 + fall, 1.0)
    return counts_with(errors, cell.mean * wave * change, DISPERSION)


def fits(outcomes: np.ndarray, matrix: np.ndarray, weights: np.ndarray) -> Lot:
    """Return the contrasts of each series under each rule."""
    likelihood = many.restricted_likelihood(outcomes, matrix, weights)
    return {
        "ordinary": many.ordinary(outcomes, matrix, weights),
        "newey_west": many.newey_west(outcomes, matrix, weights),
        "prais_winsten": many.prais_winsten(outcomes, matrix, weights),
        "autoregressive": likelihood,
    }


def count_fits(outcomes: np.ndarray, matrix: np.ndarray, weights: np.ndarray) -> Lot:
    """Return the same for counts, by the family that the design's `auto` chooses for each series.

    Prais and Winsten's is for gaussian errors alone: with a small count in them, series have none.
    """
    small = np.any(outcomes < SMALL_COUNT, axis=1)
    lots: list[tuple[np.ndarray, Lot]] = []
    if small.any():
        counts = outcomes[small]
        found = {
            "ordinary": many_counts.quasi_poisson(counts, matrix, weights),
            "newey_west": many_counts.quasi_poisson(counts, matrix, weights, newey_west=True),
            "autoregressive": many_counts.quasi_likelihood(counts, matrix, weights),
        }
        lots.append((small, found))
    if not small.all():
        lots.append((~small, fits(np.log(outcomes[~small]), matrix, weights)))
    names = [name for name in ("ordinary", "newey_west", "prais_winsten", "autoregressive")
             if any(name in lot for _, lot in lots)]  # fmt: skip
    if small.mean() > 0.1 and "prais_winsten" in names:
        names.remove("prais_winsten")
    return {name: many.joined([lot[name] for _, lot in lots if name in lot]) for name in names}


def shares(lot: Lot, rule: str, truth: float) -> tuple[many.Contrasts, np.ndarray] | None:
    """Return the contrasts of a rule and which intervals hold the truth; None where it has none."""
    name = rule if rule in lot else "autoregressive"
    if rule in RULES[:3] and rule not in lot:
        return None
    return lot[name], lot[name].covers(truth, known=rule == "satterthwaite")


def measured(cell: Cell, replications: int, seed: int = SEED) -> list[dict[str, Any]]:
    """Return the rows of one cell, one for each rule; one row with the refusal where it cannot be fitted."""
    start: dict[str, Any] = {
        "periods": cell.periods, "after": cell.after, "autocorrelation": cell.autocorrelation,
        "season": "month" if cell.season else "none", "outcome": cell.outcome,
    }  # fmt: skip
    try:
        matrix, weights, _ = terms(cell)
    except DesignError:
        return [start | {"rule": "", "replications": 0, "refusal": refusal(cell)}]
    truth, fit = 0.0, fits
    if cell.mean is not None:
        truth, fit = math.log1p(FALL), count_fits
    changed = fit(series(cell, replications, seed, FALL), matrix, weights)
    none = changed if cell.mean is None else fit(series(cell, replications, seed + 1, 0.0), matrix, weights)
    rows = []
    for rule in RULES:
        held, quiet = shares(changed, rule, truth), shares(none, rule, 0.0)
        if held is None or quiet is None:
            continue
        found, hits = held[0], held[1][held[0].settled]
        alarms = 1.0 - quiet[1][quiet[0].settled].mean(axis=0)
        bias = found.values[found.settled].mean(axis=0) - truth
        rows.append(start | {
            "rule": rule, "replications": int(found.settled.sum()), "not_fitted": int((~found.settled).sum()),
            "bias_immediate": bias[0], "bias_average": bias[1],
            "coverage_immediate": hits.mean(axis=0)[0], "coverage_average": hits.mean(axis=0)[1],
            "false_positives_immediate": alarms[0], "false_positives_average": alarms[1],
        })  # fmt: skip
    return rows


def arima_rows(replications: int, seed: int = SEED) -> list[dict[str, Any]]:
    """Return the rows of ARIMA errors, order by AICc, for a subset, since each series takes a second.

    48 months in halves, gaussian, without season, autocorrelation 0, 0.4 and 0.8.
    """
    from scipy import stats

    from evalkit.estimation.fit import contrasts
    from evalkit.estimation.series.arima import regression

    rows = []
    for cell in (Cell(48, 24, rho, False, None) for rho in (0.0, 0.4, 0.8)):
        matrix, weights, post = terms(cell)
        values, hits, lost = [], [], 0
        for outcome in series(cell, replications, seed, 0.0):
            try:
                found = contrasts(regression(outcome, matrix, np.arange(48), None, ~post), weights)
            except DesignError:
                lost += 1
                continue
            df = np.inf if found.df is None else found.df
            values.append(found.values)
            hits.append(np.abs(found.values) <= stats.t.isf(0.025, df) * found.se)
        bias, held = np.mean(values, axis=0), np.mean(hits, axis=0)
        rows.append({
            "periods": 48, "after": 24, "autocorrelation": cell.autocorrelation, "season": "none",
            "outcome": "gaussian", "rule": "arima", "replications": len(hits), "not_fitted": lost,
            "bias_immediate": bias[0], "bias_average": bias[1], "coverage_immediate": held[0],
            "coverage_average": held[1], "false_positives_immediate": 1 - held[0],
            "false_positives_average": 1 - held[1],
        })  # fmt: skip
    return rows


def write(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV; shares and biases with four decimals."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{value:.4f}" if key.startswith(("bias", "cov", "false")) else value
                             for key, value in row.items()})  # fmt: skip


def read(path: Path = TABLE) -> list[dict[str, str]]:
    """Return the committed rows."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def percent(row: dict[str, str] | None, column: str) -> str:
    """Return a share in percent with one decimal; a dash where there is no row."""
    return f"{100 * float(row[column]):.1f}" if row else "-"


def tables(rows: list[dict[str, str]]) -> str:
    """Return the tables of METHODS.md: the default by cell, and every rule where n is 48."""
    index = {(int(r["periods"]), int(r["after"]), float(r["autocorrelation"]), r["season"], r["outcome"], r["rule"]): r
             for r in rows}  # fmt: skip
    head = " | ".join(f"{rho:g}" for rho in AUTOCORRELATIONS)
    lines = [f"| outcome | season | periods (after) | {head} |", f"|---|---|---|{'---|' * len(AUTOCORRELATIONS)}"]
    kinds = [Cell(0, 0, 0.0, False, mean).outcome for mean in MEANS]
    for kind in kinds:
        for season in ("none", "month"):
            for periods, after in [(n, n // share) for n in PERIODS for share in (2, 4)]:
                at = [index.get((periods, after, rho, season, kind, DEFAULT)) for rho in AUTOCORRELATIONS]
                shown = " | ".join(f"{percent(r, 'coverage_immediate')}, {percent(r, 'coverage_average')}" for r in at)
                if any(at):
                    lines.append(f"| {kind} | {season} | {periods} ({after}) | {shown} |")
    names = tuple(LABELS)
    lines += ["", f"| outcome | autocorrelation | {' | '.join(LABELS.values())} |",
              f"|---|---|{'---|' * len(names)}"]  # fmt: skip
    for kind in kinds:
        for rho in AUTOCORRELATIONS:
            at = [index.get((48, 24, rho, "none", kind, name)) for name in names]
            shown = " | ".join(f"{percent(r, 'coverage_immediate')}, {percent(r, 'coverage_average')}" for r in at)
            lines.append(f"| {kind} | {rho:g} | {shown} |")
    return "\n".join(lines)


def figure(rows: list[dict[str, str]], path: Path) -> None:
    """Draw coverage of the average change against autocorrelation: a panel for each length and outcome, no season."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "coverage", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot as plt

    styles = {"ordinary": ("#8a5a00", ":"), "newey_west": ("#b3261e", "--"), "prais_winsten": ("#6b4fa0", "-."),
              "satterthwaite": ("#2f7d4f", (0, (5, 1))), "kenward_roger": ("#0b5394", "-")}  # fmt: skip
    kinds = [Cell(0, 0, 0.0, False, mean).outcome for mean in MEANS]
    drawn, axes = plt.subplots(len(kinds), len(PERIODS), figsize=(9, 8), sharex=True, sharey=True)
    for line, kind in zip(axes, kinds, strict=True):
        for axis, periods in zip(line, PERIODS, strict=True):
            axis.axhspan(92, 97, color="#dfe7ef")
            axis.axhline(95, color="#555555", linewidth=0.6)
            axis.set_title(f"{kind}, {periods} months", fontsize=8)
            for rule, (colour, dashes) in styles.items():
                at = [(float(r["autocorrelation"]), 100 * float(r["coverage_average"])) for r in rows
                      if (r["outcome"], r["periods"], r["season"], r["rule"]) == (kind, str(periods), "none", rule)
                      and 2 * int(r["after"]) == periods]  # fmt: skip
                if at:
                    axis.plot(*zip(*at, strict=True), color=colour, linestyle=dashes, label=LABELS[rule])
    axes[0][0].set_ylim(40, 100)
    drawn.supxlabel("Autocorrelation")
    drawn.supylabel("Intervals that hold the true average change (%)")
    drawn.legend(*axes[0][0].get_legend_handles_labels(), loc="upper center", ncols=len(styles), frameon=False)
    drawn.tight_layout(rect=(0, 0, 1, 0.96))
    drawn.savefig(path, metadata={"Date": None})


def measured_or_arima(cell: Cell | None, replications: int, seed: int) -> list[dict[str, Any]]:
    """Return the rows of a cell, or of the ARIMA cells for None."""
    if cell is None:
        return arima_rows(min(ARIMA_REPLICATIONS, replications), seed)
    return measured(cell, replications, seed)


def main() -> int:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description="Measure the coverage of 95% intervals by error model.")
    parser.add_argument("--replications", type=int, default=REPLICATIONS, help=f"series a cell ({REPLICATIONS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"start of the random numbers (default {SEED})")
    parser.add_argument("--output", type=Path, default=TABLE, help="where the rows are written")
    parser.add_argument("--figure", type=Path, default=FIGURE, help="where the figure is written")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument("--cluster", help="address of a Dask scheduler, in place of processes")
    parser.add_argument("--tables", action="store_true", help="print and draw what was measured before")
    given = parser.parse_args()
    if given.replications < 1:
        parser.error("--replications must be 1 or more")
    if not given.tables:
        start, rows = time.perf_counter(), []
        grid = cells()
        work: list[Cell | None] = [*grid, None]
        measure = partial(measured_or_arima, replications=given.replications, seed=given.seed)
        with open_workers(given.jobs, given.cluster) as workers:
            for number, found_rows in enumerate(in_order(workers, measure, work), start=1):
                rows += found_rows
                write(rows, given.output)
                print(f"{number} of {len(work)}, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    found = read(given.output)
    figure(found, given.figure)
    print(tables(found))
    chance = 100.0 * math.sqrt(0.95 * 0.05 / given.replications)
    print(f"\n{given.replications:,} series a cell, seed {given.seed}; simulation error {chance:.2f} points at 95%.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
