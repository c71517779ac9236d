"""False positives and coverage of `inference: auto` with few units, measured: part of `make calibrate`.

Panels of 43 places are drawn (few_units_panels.py says how) and tested by the inference that the printed rule chooses
for a study like them. It is counted how often a 95% interval lies clear of no effect where there is none, and how often
it holds a true one. Beside it stand the clustered standard errors that other programs give.

Written: evalkit/diagnostics/false_positives.csv, which studies read, and benchmarks/few_units.svg; printed: the tables
of METHODS.md. All panels of a cell are tested at once by `evalkit.estimation.few_units.many`; in every cell the first
of them also go one by one through the functions that a study calls, and a p-value that differs stops the run.

Grid: 1, 2, 5, 10 and 20 treated; 14, 36 and 120 periods; autocorrelation of unit-periods 0, 0.4, 0.8; equal and unequal
places; means, counts on the log scale, small counts and rates as they are. All start together in the middle (with 36
periods also after two thirds), estimated by two_way_fixed_effects; or at two or three dates, by callaway_santanna. The
second table: the largest or the most variable places are treated, which no rule here allows for.

Means are equivariant: no effect moves the error of an estimate, so that coverage is 100% less false positives.
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
from typing import Any

import few_units_panels as places
import numpy as np
from few_units_panels import Cell, Kind, Panels
from few_units_tested import CORRECTIONS, Tests, method, one_by_one, synthetic, tested, variance_sizes

from evalkit.workers import in_order, open_workers

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "evalkit" / "diagnostics" / "false_positives.csv"
FIGURE = ROOT / "benchmarks" / "few_units.svg"
SEED, REPLICATIONS, BATCH = 20_240_229, 2000, 125
WITH_ONE_TREATED = 2.5
"""As many times more panels where one is treated: that test is the least exact, so its error has to be the smallest."""
PLACEBOS = 99
"""Of synthetic_did with several treated, of which a study draws 999: each is a run of its own."""
CHECKED, MEASURED = 1, 10
"""Panels of a cell that also go one by one through a study's functions; as many where the width is measured."""
ALPHA = 0.05 + 1e-12
"""A p-value of exactly 5% counts: intervals leave out such an effect."""
TREATED, PERIODS, AUTOCORRELATIONS = (1, 2, 5, 10, 20), (14, 36, 120), (0.0, 0.4, 0.8)
KINDS = (
    Kind("mean", True), Kind("mean", False), Kind("mean", False, known=False), Kind("count", True),
    Kind("count", False), Kind("small count", True), Kind("small count", False), Kind("rate", False),
)  # fmt: skip
MAIN = tuple(Kind(outcome, False) for outcome in ("mean", "count", "small count"))
CHOSEN = (*MAIN, Kind("mean", False, known=False), Kind("rate", False))
MEASURES = tuple(f"{name}_{what}" for name in ("auto", *CORRECTIONS) for what in ("false_positives", "coverage"))
COLUMNS = (
    "who", "adoption", "treated", "periods", "after", "autocorrelation", "outcome", "sizes", "estimator", "method",
    "replications", *MEASURES, "width",
)  # fmt: skip


def starts(periods: int, dates: int, late: bool = False) -> tuple[int, ...]:
    """Return the first treated periods: the middle (late: two thirds); else from the middle to three quarters."""
    if dates == 1:
        return (2 * periods // 3 if late else periods // 2,)
    return tuple(int(periods * share) for share in ((0.5, 0.75) if dates == 2 else (0.5, 0.625, 0.75)))


def cells() -> list[Cell]:
    """Return the grid of the first table; every kind with up to 36 periods, the main ones elsewhere."""
    together = [
        Cell(treated, n, starts(n, 1, late), rho, kind)
        for n in PERIODS for late in ((False, True) if n == 36 else (False,))
        for kind in (MAIN if n == 120 or late else KINDS) for rho in AUTOCORRELATIONS
        for treated in TREATED if kind.known or treated == 1
    ]  # fmt: skip
    apart = [
        Cell(treated, n, starts(n, dates), rho, kind)
        for n in PERIODS for dates in (2, 3) for kind in MAIN for rho in AUTOCORRELATIONS
        for treated in TREATED if treated > dates or treated == dates == 2
    ]  # fmt: skip
    return together + apart


def chosen_cells() -> list[Cell]:
    """Return the grid of the second table: who is treated follows size or variability."""
    return [
        Cell(treated, 36, starts(36, dates), 0.4, kind, who)
        for dates in (1, 2) for who in ("the largest", "the most variable") for kind in CHOSEN for treated in TREATED
        if treated > 1 or dates == 1 if kind.known or treated == 1
    ]  # fmt: skip


def synthetic_cells() -> list[Cell]:
    """Return the smaller grid of synthetic_did, which runs anew for every placebo."""
    return [
        Cell(treated, n, starts(n, 1), 0.4, Kind("mean", False), synthetic=True)
        for n in (36, 120) for treated in (1, 2, 5)
    ]  # fmt: skip


def measured_synthetic(cell: Cell, replications: int, seed: int = SEED) -> dict[str, Any]:
    """Return the row of one cell of means by synthetic_did; an effect moves its estimate alone, and no placebo."""
    panels = places.draw(cell, replications, cell.generator(seed))
    share = float(np.mean(synthetic(cell, panels.quiet, PLACEBOS) <= ALPHA))
    return named(cell) | {
        "replications": replications, "auto_false_positives": share, "auto_coverage": 1.0 - share,
    }  # fmt: skip


def panels_of(cell: Cell, replications: int) -> int:
    """Return how many panels of a cell are drawn: of long ones by synthetic_did half as many, as it is slow."""
    if cell.synthetic:
        return replications // 2 if cell.periods > 36 else replications
    return round(WITH_ONE_TREATED * replications) if cell.treated == 1 else replications


def measured(cell: Cell, replications: int, seed: int = SEED) -> dict[str, Any]:
    """Return the row of one cell.

    Raises
    ------
    RuntimeError
        When a study's own functions give another p-value than the ones that test all panels at once.
    """
    generator, lots = cell.generator(seed), []
    widths: list[float] = []
    wide = (
        cell.who == "at random"
        and cell.periods == 36
        and cell.autocorrelation == 0.4
        and cell.starts == starts(36, len(cell.starts))
    )
    while (left := replications - BATCH * len(lots)) > 0:
        panels = places.draw(cell, min(BATCH, left), generator)
        sizes = variance_sizes(cell, panels)
        quiet = tested(cell, panels.quiet, sizes, np.zeros(len(panels.truth)))
        if not lots:
            for row in range(min(MEASURED if wide else CHECKED, len(panels.truth))):
                alone = one_by_one(cell, panels.quiet[row], None if sizes is None else sizes[row])
                if abs(alone.p_value - quiet.auto[row]) > 1e-12:
                    raise RuntimeError(f"{cell}: panel {row} has {quiet.auto[row]} at once and {alone.p_value} alone")
                widths.append(alone.high - alone.low)
        lots.append(_shares(cell, panels, sizes, quiet))
    row = named(cell) | {"replications": replications, "width": float(np.median(widths)) if wide else ""}
    for name in lots[0]:
        row[name] = float(np.mean(np.concatenate([lot[name] for lot in lots])))
    return row


def named(cell: Cell) -> dict[str, Any]:
    """Return the columns that say which cell a row is of."""
    return {
        "who": cell.who, "adoption": cell.adoption, "treated": cell.treated, "periods": cell.periods,
        "after": cell.periods - min(cell.starts), "autocorrelation": cell.autocorrelation,
        "outcome": cell.kind.outcome, "sizes": cell.kind.sizes, "estimator": cell.estimator, "method": method(cell),
    }  # fmt: skip


def _shares(cell: Cell, panels: Panels, sizes: np.ndarray | None, quiet: Tests) -> dict[str, np.ndarray]:
    """Return, by rule, which panels give a false positive and which intervals hold the truth."""
    same = panels.changed is panels.quiet
    changed = quiet if same else tested(cell, panels.changed, sizes, panels.truth)
    found = {"auto_false_positives": quiet.auto <= ALPHA, "auto_coverage": changed.auto > ALPHA}
    for name in quiet.clustered:
        found[f"{name}_false_positives"] = quiet.clustered[name] <= ALPHA
        found[f"{name}_coverage"] = changed.clustered[name] > ALPHA
    return found


def write(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV; shares with four decimals, widths with four digits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{value:.4f}" if key in MEASURES and value != ""
                             else f"{value:.4g}" if key == "width" and value != "" else value
                             for key, value in row.items()})  # fmt: skip


def read(path: Path = TABLE) -> list[dict[str, str]]:
    """Return the committed rows."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def span(rows: list[dict[str, str]], column: str) -> str:
    """Return the lowest and the highest share of rows in percent with one decimal; a dash where there is none."""
    found = [100.0 * float(row[column]) for row in rows if row[column]]
    if not found:
        return "-"
    low, high = f"{min(found):.1f}", f"{max(found):.1f}"
    return low if low == high else f"{low} to {high}"


def tables(rows: list[dict[str, str]]) -> str:
    """Return the tables of METHODS.md: treated at random, synthetic_did, and the largest or the most variable."""
    shown = [*(f"{name}_false_positives" for name in ("auto", *CORRECTIONS)), "auto_coverage"]
    lines = [
        "| starts | outcome | places | treated | `auto` is | `auto` | CR1 | CR2 | CR3 | coverage of `auto` | width |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    random = [row for row in rows if row["who"] == "at random"]
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in random:
        key = tuple(row[name] for name in ("estimator", "adoption", "outcome", "sizes", "treated", "method"))
        groups.setdefault(key, []).append(row)
    for (name, adoption, outcome, sizes, treated, how), found in groups.items():
        widths = [row["width"] for row in found if row["width"]]
        how = "placebo (synthetic_did)" if name == "synthetic_did" else how
        cells = " | ".join(span(found, column) for column in shown)
        lines.append(
            f"| {adoption} | {outcome} | {sizes} | {treated} | {how} | {cells} | {widths[0] if widths else '-'} |"
        )
    lines += ["", f"| starts | treated are | outcome | places | {' | '.join(map(str, TREATED))} |",
              f"|---|---|---|---|{'---|' * len(TREATED)}"]  # fmt: skip
    others: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}
    for row in rows:
        if row["who"] != "at random":
            key = tuple(row[name] for name in ("adoption", "who", "outcome", "sizes"))
            others.setdefault(key, {})[row["treated"]] = row
    for key, by in others.items():
        each = [
            f"{span([by[n]], 'auto_false_positives')}, {span([by[n]], 'auto_coverage')} "
            f"({span([by[n]], 'CR1_false_positives')})" if n in by else "-"
            for n in map(str, TREATED)
        ]  # fmt: skip
        lines.append(f"| {' | '.join(key)} | {' | '.join(each)} |")
    return "\n".join(lines)


def figure(rows: list[dict[str, str]], path: Path) -> None:
    """Draw false positives against the number of treated: a panel for each main outcome, one start above three."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "few units", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot as plt

    styles = {"auto": ("#0b5394", "o", "inference: auto", 0.94), "CR1": ("#b3261e", "x", "clustered (CR1)", 1.06)}
    drawn, axes = plt.subplots(2, len(MAIN), figsize=(9, 6), sharex=True, sharey=True)
    for line, adoption in zip(axes, ("together", "3 dates"), strict=True):
        for axis, kind in zip(line, MAIN, strict=True):
            axis.axhspan(3, 7, color="#dfe7ef")
            axis.axhline(5, color="#555555", linewidth=0.6)
            axis.set_title(f"{kind.outcome}, unequal places, {adoption}", fontsize=8)
            wanted = ("at random", adoption, kind.outcome, kind.sizes)
            at = [row for row in rows if tuple(row[name] for name in COLUMNS[:2] + COLUMNS[6:8]) == wanted]
            at = [row for row in at if row["estimator"] != "synthetic_did"]
            for name, (colour, marker, label, aside) in styles.items():
                across = [aside * int(row["treated"]) for row in at]
                shares = [100.0 * float(row[f"{name}_false_positives"]) for row in at]
                axis.scatter(across, shares, s=14, color=colour, marker=marker, linewidths=0.8, label=label)
    axes[0][0].set(xscale="log", yscale="log", ylim=(2, 100), xticks=TREATED, yticks=(3, 5, 7, 10, 20, 50, 100))
    axes[0][0].set_xticklabels([str(number) for number in TREATED])
    axes[0][0].set_yticklabels(["3", "5", "7", "10", "20", "50", "100"])
    axes[0][0].minorticks_off()
    drawn.supxlabel("Treated, of 43 places")
    drawn.supylabel("No effect, and the 95% interval leaves none out (%)")
    drawn.legend(*axes[0][0].get_legend_handles_labels(), loc="upper center", ncols=2, frameon=False)
    drawn.tight_layout(rect=(0, 0, 1, 0.96))
    drawn.savefig(path, metadata={"Date": None})


def measured_either(cell: Cell, replications: int, seed: int) -> dict[str, Any]:
    """Return the row of a cell, by the measurement that its estimator asks for."""
    measure = measured_synthetic if cell.synthetic else measured
    return measure(cell, panels_of(cell, replications), seed)


def main() -> int:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description="Measure false positives and coverage of inference with few units.")
    parser.add_argument("--replications", type=int, default=REPLICATIONS, help=f"panels a cell ({REPLICATIONS})")
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
        start, rows, grid = time.perf_counter(), [], cells() + synthetic_cells() + chosen_cells()
        measure = partial(measured_either, replications=given.replications, seed=given.seed)
        with open_workers(given.jobs, given.cluster) as workers:
            for number, row in enumerate(in_order(workers, measure, grid), start=1):
                rows.append(row)
                if number % 20 == 0 or number == len(grid):
                    write(rows, given.output)
                    print(f"{number} of {len(grid)}, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    found = read(given.output)
    figure(found, given.figure)
    print(tables(found))
    for count in sorted({int(row["replications"]) for row in found}):
        chance = 100.0 * math.sqrt(0.05 * 0.95 / count)
        print(f"\n{count:,} panels a cell: simulation error {chance:.2f} points at 5% ({given.seed}).", end="")
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
