"""Ten million incident rows in Parquet to a monthly panel of 300 areas: time and peak memory, pandas beside it.

`python benchmarks/tables.py` alone too. Each way is a process of its own, timed from its start to the finished panel,
with what it imports; memory is the largest that the process ever held.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS = 3.0
MOST_MEMORY = 1000.0
ROWS = 10_000_000
AREAS = 300
WAYS = {"table": "table (DuckDB)", "parquet": "parquet (pandas)"}


def write(path: Path, rows: int = ROWS) -> None:
    """Write incidents of ten years: area, day, kind of offence."""
    import numpy
    import pyarrow
    from pyarrow import parquet

    random = numpy.random.default_rng(1)
    areas = pyarrow.array([f"Area {at:03d}" for at in range(AREAS)])
    kinds = pyarrow.array(["violence", "theft", "robbery", "burglary", "drugs", "other"])
    schema = pyarrow.schema([("area", pyarrow.string()), ("day", pyarrow.date32()), ("kind", pyarrow.string())])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 1_000_000):
            number = min(1_000_000, rows - start)
            days = (16_436 + random.integers(0, 3652, number)).astype("int32")
            writer.write_table(pyarrow.table({
                "area": areas.take(pyarrow.array(random.integers(0, AREAS, number))),
                "day": pyarrow.array(days, pyarrow.int32()).cast(pyarrow.date32()),
                "kind": kinds.take(pyarrow.array(random.integers(0, 6, number))),
            }, schema=schema))  # fmt: skip


def panel(way: str, folder: Path) -> dict[str, float]:
    """Return what making the panel by one way took, and a sum by which two ways can be compared."""
    start = time.perf_counter()
    from evalkit.sources import SOURCES, Folders, Intervention, Outcome, build_panel, load, needed_columns

    outcomes = {"violence": Outcome(label="Violence", count="rows", filter={"kind": "violence"})}
    began = Intervention(start="2020-01")
    keys = {"source": way, "path": "incidents.parquet", "unit": "area", "period": {"column": "day"}}
    data = SOURCES[way].model_validate(keys).asking(outcomes, began)
    rows, origin, sha256 = load(data, Folders(folder), needed_columns(data, outcomes, began))
    made = build_panel(data, rows, "violence", outcomes["violence"], began, origin, sha256)
    weights = (made.frame["time"] * made.frame["value"]).sum()
    return {"seconds": time.perf_counter() - start, "cells": len(made.frame), "sum": float(weights),
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}  # fmt: skip


def measured(way: str, folder: Path, runs: int) -> dict[str, float]:
    """Return the median of several processes, with the largest memory of any."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, __file__, way, str(folder)], check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout) | {"process": time.perf_counter() - start})
    return {**found[0], **{key: statistics.median(run[key] for run in found) for key in ("seconds", "process")},
            "megabytes": max(run["megabytes"] for run in found)}  # fmt: skip


def race(rows: int = ROWS, runs: int = 5) -> tuple[dict[str, float], bool]:
    """Print both ways with the bounds; return seconds and megabytes, and whether the bounds are kept."""
    with tempfile.TemporaryDirectory(prefix="evalkit-bench-") as name:
        folder = Path(name)
        write(folder / "incidents.parquet", rows)
        found = {way: measured(way, folder, runs if way == "table" else 3) for way in WAYS}
    print(f"\n{rows:,} incident rows in Parquet to a monthly panel of {AREAS} areas")
    for way, one in found.items():
        print(f"  {WAYS[way]:<18} {one['process']:6.2f} s whole process, {one['seconds']:6.2f} s of it from import to "
              f"panel, {one['megabytes']:6.0f} MB")  # fmt: skip
    same = len({(one["cells"], one["sum"]) for one in found.values()}) == 1
    own = found["table"]
    kept = same and own["process"] < MOST_SECONDS and own["megabytes"] < MOST_MEMORY
    print(f"  bounds: {MOST_SECONDS:g} s and {MOST_MEMORY:g} MB: {'kept' if kept else 'NOT KEPT'}; "
          f"the panels are {'the same' if same else 'NOT THE SAME'}")  # fmt: skip
    taken = {f"{way}, {unit}": round(one[key], 2) for way, one in found.items()
             for unit, key in (("s", "process"), ("MB", "megabytes"))}  # fmt: skip
    return taken, kept


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(panel(sys.argv[1], Path(sys.argv[2]))))
    else:
        sys.exit(int(not race()[1]))
