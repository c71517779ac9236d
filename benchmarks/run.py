"""Speed, recorded: `make bench` prints medians of whole processes and checks the stated bounds as ratios.

Absolute seconds depend on the machine, so each command is set beside a bare `python -c pass` measured in the same
run, and against the bound that the project states for a machine with 2 cores.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def main() -> int:
    """Print one line per measurement; return 1 when a bound is not kept."""
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
    print(f"{'bare python':<34}{bare:8.3f} s")
    for name, taken, bound in rows:
        kept = "kept" if taken <= bound else "NOT KEPT"
        print(f"{name:<34}{taken:8.3f} s   {taken / bare:6.1f} x bare python   bound {bound:g} s: {kept}")
    print(json.dumps({name: round(taken, 4) for name, taken, _ in rows}))
    return int(any(taken > bound for _, taken, bound in rows))


if __name__ == "__main__":
    sys.exit(main())
