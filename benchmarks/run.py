"""Speed, recorded: `make bench` prints medians of whole processes and checks the stated bounds as ratios.

Absolute seconds depend on the machine, so each command is set beside a bare `python -c pass` measured in the same
run, and each fit beside the same fit by statsmodels, turn by turn; both against the bounds that the project states for
a machine with 2 cores. A fit is kept when it is within its bound and no slower than statsmodels.

Panels and few treated places are timed beside other packages: `panels.py`. An appraisal has nobody to race: `money.py`;
nor have the pages of 30 studies: `pages.py`.

To add a fit: a row in `fits`. To add a command: a row in `commands`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
import library
import money
import pages
import panels
import tables

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
EVALKIT = str(Path(sys.executable).parent / "evalkit")


def seconds(command: list[str], folder: Path, runs: int = 7) -> float:
    """Return the median wall time of a command, after one run that is not counted."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])


def project() -> Path:
    """Return a copy of the project's studies in an empty folder, so that nothing is up to date."""
    folder = Path(tempfile.mkdtemp(prefix="evalkit-bench-"))
    for name in ("evaluations", "data", "reports"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


class Race(NamedTuple):
    """A fit of evalkit and the same by another program (None: there is none), with the bound in milliseconds."""

    name: str
    own: Callable[[], Any]
    other: Callable[[], Any] | None
    bound: float


def fits() -> list[Race]:
    """Return the fits that are timed inside one process: 15 terms with month dummies, correlated errors."""
    import numpy as np
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import GLSAR, OLS

    from evalkit.estimation import regression
    from evalkit.estimation.series import prais_winsten

    def races(points: int) -> list[Race]:
        generator, at = np.random.default_rng(points), np.arange(points)
        months = [at % 12 == month for month in range(1, 12)]
        after = np.maximum(at - points // 2, 0)
        terms = np.column_stack([np.ones(points), at, *months, at >= points // 2, after]).astype(float)
        y = 50 + generator.normal(size=points)
        y[1:] += 0.5 * (y[:-1] - 50)
        people, counts = generator.uniform(90, 110, points), generator.poisson(30, points).astype(float)
        lags = {"maxlags": 4, "use_correction": True}
        return [
            Race(
                f"Prais-Winsten, {points} points",
                lambda: prais_winsten.iterated(y, terms, at),
                lambda: GLSAR(y, terms, 1).iterative_fit(50, rtol=1e-10).bse,
                1.0,
            ),
            Race(
                f"Newey-West, {points} points",
                lambda: regression.newey_west(y, terms, 4),
                lambda: OLS(y, terms).fit(cov_type="HAC", cov_kwds=lags, use_t=True).bse,
                1.0,
            ),
            Race(
                f"Poisson with offset, {points} points",
                lambda: regression.generalised_linear(counts, terms, "poisson", people),
                lambda: GLM(counts, terms, family=Poisson(), exposure=people).fit(tol=1e-10).bse,
                2.0,
            ),
        ]

    return [*(race for points in (60, 180) for race in races(points)), *many()]


def many() -> list[Race]:
    """Return what is computed for many dates or draws at once; nothing else does it in one call."""
    import numpy as np

    from evalkit.estimation.series import prediction
    from evalkit.estimation.series.autoregressive import restricted_likelihood
    from evalkit.estimation.series.placebo import Errors, Shape, effects_at_dates
    from evalkit.estimation.series.segmented import segmented_design

    dates, window = 1000, 24
    at = np.arange(dates + 2 * window)
    months = [at % 12 == month for month in range(1, 12)]
    common = np.column_stack([np.ones(at.size), at, *months]).astype(float)
    outcome = np.random.default_rng(1).normal(size=at.size)
    since = np.arange(window, dtype=float)
    everything = np.ones(window, dtype=bool)
    shape = Shape(np.column_stack([np.ones(window), since]), everything, everything)
    starts = at[window : window + dates]
    terms = segmented_design(at[:180], 150, season=at[:180] % 12)
    fit = restricted_likelihood(outcome[:180], terms.matrix)
    noise = prediction.Noise(rho=0.4, weighted=True)
    return [
        Race("1,000 placebo dates",
             lambda: effects_at_dates(outcome, common, at, starts, np.full(dates, np.inf), shape, Errors(rho=0.4)),
             None, 500.0),
        Race("1,000 draws of 30 periods",
             lambda: prediction.realised(fit, terms.matrix, terms.counterfactual, terms.post, at[:180], noise, 100.0,
                                         draws=1000), None, 500.0),
    ]  # fmt: skip


def milliseconds(race: Race, runs: int = 200, most: float = 3.0) -> tuple[float, float | None]:
    """Return the median time of a fit and of the other program's, by turns, so that both see the same machine.

    Up to 200 turns, or as many as start within three seconds.
    """
    callables = [race.own] if race.other is None else [race.own, race.other]
    taken: list[list[float]] = [[] for _ in callables]
    for call in callables:  # The first run loads what is imported late.
        call()
    began = time.perf_counter()
    while len(taken[0]) < runs and time.perf_counter() - began < most:
        for times, call in zip(taken, callables, strict=True):
            start = time.perf_counter()
            call()
            times.append(1000.0 * (time.perf_counter() - start))
    medians = [statistics.median(times) for times in taken]
    return medians[0], medians[1] if len(medians) > 1 else None


def race_all() -> tuple[dict[str, float], bool]:
    """Print one line per fit; return milliseconds by name, and whether all bounds are kept."""
    found, kept = {}, True
    for race in fits():
        own, other = milliseconds(race)
        good = own <= race.bound and (other is None or own <= other)
        beside = f"statsmodels {other:6.3f} ms, ratio {own / other:5.2f}" if other else " " * 34
        print(f"{race.name:<34}{own:8.3f} ms  {beside}  bound {race.bound:g} ms: {'kept' if good else 'NOT KEPT'}")
        found[race.name] = round(own, 4)
        kept = kept and good
    return found, kept


def commands() -> tuple[float, list[tuple[str, float, float]]]:
    """Return seconds of a bare Python, and name, seconds and bound of each command."""
    folder = project()
    bare = seconds([PYTHON, "-c", "pass"], folder)
    rows = [
        ("import evalkit", seconds([PYTHON, "-c", "import evalkit"], folder), 0.3),
        ("evalkit check, one study", seconds([EVALKIT, "check", "evaluations/seat-belts.yaml"], folder), 0.5),
    ]
    start = time.perf_counter()
    build = [EVALKIT, "build", "--engine", "bundled", "--jobs", "2"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    rows.append(("four studies run and rendered", time.perf_counter() - start, 20.0))
    rows.append(("second build, nothing changed",
                 seconds([EVALKIT, "build", "--engine", "bundled"], folder, 3), 2.0))  # fmt: skip
    shutil.rmtree(folder)
    return bare, rows


def main() -> int:
    """Print one line per measurement; return 1 when a bound is not kept."""
    fast, kept_fits = race_all()
    beside, kept_panels = panels.race()
    appraisal, kept_money = money.race()
    rendered, kept_pages = pages.race()
    whole, kept_library = library.race()
    large, kept_tables = tables.race()
    bare, rows = commands()
    print(f"{'bare python':<34}{bare:8.3f} s")
    for name, taken, bound in rows:
        kept = "kept" if taken <= bound else "NOT KEPT"
        print(f"{name:<34}{taken:8.3f} s   {taken / bare:6.1f} x bare python   bound {bound:g} s: {kept}")
    seconds = {name: round(taken, 4) for name, taken, _ in rows}
    found = {"milliseconds": fast, "seconds": seconds, "panels": beside, "money": appraisal, "pages": rendered,
             "library": whole, "tables": large}  # fmt: skip
    print(json.dumps(found))
    kept = kept_fits and kept_panels and kept_money and kept_pages and kept_library and kept_tables
    kept = kept and all(taken <= bound for _, taken, bound in rows)
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
