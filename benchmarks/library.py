"""A library of 100 generated studies: what its authors and their CI wait for. Part of `make bench`; alone too.

The studies are those of `pages.py` in other numbers: 60 before and after, 30 interrupted time series, 10 panels. Timed
are whole commands: the first build of studies and site with two processes, the build after one data file was touched,
and `build` and `status` when nothing has changed, of which the middle of several runs is taken. Each build that finds
something checks that it found the right thing: all studies, one study, none.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import pages
from pages import EVALKIT, Bounded

NUMBERS = {"before": 60, "series": 30, "panel": 10}
MOST_COLD, MOST_TOUCHED, MOST_NOTHING = 180.0, 4.0, 1.0
RUNS = 5


def built(project: Path) -> tuple[float, dict[str, Any]]:
    """Return the wall time of a build with two processes, and what it says that it did."""
    start = time.perf_counter()
    done = subprocess.run([EVALKIT, "build", "--engine", "bundled", "--jobs", "2", "--json"], cwd=project,
                          capture_output=True, text=True, check=False)  # fmt: skip
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"evalkit build failed:\n{done.stdout}{done.stderr}")
    return taken, json.loads(done.stdout)


def ran(told: dict[str, Any]) -> list[str]:
    """Return the studies that a build ran."""
    return [row["id"] for row in told["studies"] if row["state"] == "run"]


def require(found: object, expected: object) -> None:
    """Stop when a build did not do what it should have done: its time says nothing then."""
    if found != expected:
        raise SystemExit(f"the build did {found!r} and should have done {expected!r}")


def middle(project: Path, *arguments: str) -> float:
    """Return the median wall time of a command."""
    return statistics.median(pages.seconds(project, *arguments) for _ in range(RUNS))


def measured() -> list[Bounded]:
    """Return the times of one library."""
    project = pages.generated(NUMBERS)
    try:
        cold, told = built(project)
        require(len(ran(told)), sum(NUMBERS.values()))
        touched = []
        for seed in (2001, 2002, 2003):
            pages.write_data(project, "series-01", "series", seed)
            taken, told = built(project)
            require(ran(told), ["series-01"])
            touched.append(taken)
        before = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
        nothing = middle(project, "build", "--engine", "bundled")
        status = middle(project, "status")
        require({path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}, before)
    finally:
        shutil.rmtree(project)
    return [
        Bounded("100 studies run and rendered, 2 processes", cold, MOST_COLD, "s"),
        Bounded("build after one data file was touched", statistics.median(touched), MOST_TOUCHED, "s"),
        Bounded("build, nothing changed", nothing, MOST_NOTHING, "s"),
        Bounded("status, nothing changed", status, MOST_NOTHING, "s"),
    ]


def race() -> tuple[dict[str, float], bool]:
    """Print times with their bounds; return them, and whether all are kept."""
    return pages.told(measured())


if __name__ == "__main__":
    sys.exit(int(not race()[1]))
