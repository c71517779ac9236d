"""Panels and few treated places, timed beside pyfixest, diff-diff and moderndid: part of `make bench`.

Each row is one computation on data that are written once and read by all. evalkit and the other packages run by turns,
so that all see the same machine; seconds are medians, or the one run of what takes long. A bound is in seconds, or a
ratio to another package. To add a row: a `Row` in `rows`, and for another package a call in `peer_calls.py`.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from peers import Peers

Data = dict[str, np.ndarray]
MOST_MEMORY = 1024.0
"""Megabytes that the regression of 2.4 million rows may need, Python and data included."""


class Rival(NamedTuple):
    """A call of `peer_calls.py`, and how many such calls make the same work."""

    package: str
    call: str
    times: int = 1


class Row(NamedTuple):
    """A computation of evalkit, the same by others, and its bounds: seconds, and ratios by package."""

    name: str
    data: str
    own: Callable[[Data], Any]
    rivals: tuple[Rival, ...] = ()
    seconds: float = np.inf
    ratios: tuple[tuple[str, float], ...] = ()
    turns: int = 5


def places(units: int, periods: int, treated: int, seed: int = 1) -> Data:
    """Return rows of a panel in which some units are treated from the middle on."""
    generator = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    on = ((unit < treated) & (period >= periods // 2)).astype(float)
    y = 0.2 * on + generator.normal(size=unit.size) + generator.normal(size=units)[unit]
    return {"y": y, "treated": on, "unit": unit, "period": period}


def many_rows(weighted: bool, missing: float) -> Data:
    """Return 20,000 units by 120 periods, half of them treated from period 40 to 89 on."""
    generator = np.random.default_rng(2)
    data = places(20_000, 120, 0)
    start = np.where(np.arange(20_000) < 10_000, generator.integers(40, 90, 20_000), 121)
    data["treated"] = (data["period"] >= start[data["unit"]]).astype(float)
    data["y"] = data["y"] + 0.3 * data["treated"]
    if weighted:
        data["weight"] = generator.uniform(0.5, 2.0, data["y"].size)
    kept = generator.random(data["y"].size) >= missing
    return {name: values[kept] for name, values in data.items()}


def cohorts() -> Data:
    """Return 10,000 units by 24 periods: six starts, and units that are never treated."""
    generator = np.random.default_rng(3)
    data = places(10_000, 24, 0)
    start = np.array([np.inf, 6, 9, 12, 15, 18, 21])[generator.integers(0, 7, 10_000)]
    data["start"] = start[data["unit"]]
    data["y"] = data["y"] + 0.3 * (data["period"] >= data["start"])
    return data


def event_study() -> Data:
    """Return estimates of five periods before and three after, with their covariance."""
    times = np.array([-6, -5, -4, -3, -2, 0, 1, 2])
    errors = np.linspace(0.15, 0.25, times.size)
    covariance = 0.6 ** np.abs(np.subtract.outer(times, times)) * np.outer(errors, errors)
    values = np.array([-0.21, -0.23, 0.11, 0.05, -0.1, 0.62, 0.75, 0.55])
    return {"times": times, "values": values, "covariance": covariance}


def two_way(data: Data) -> Any:
    """Fit two-way fixed effects with errors clustered by unit, as a study with as many rows does."""
    from evalkit.estimation.regression import two_way as fit

    return fit(data["y"], data["treated"], data["unit"], data["period"], weights=data.get("weight"))


def kernel(data: Data) -> Any:
    """Fit the same by the kernel."""
    from evalkit.estimation.two_way_kernel import two_way_kernel

    return two_way_kernel(data["y"], data["treated"], data["unit"], data["period"])


def group_time(data: Data) -> Any:
    """Estimate effects by cohort and period and by time since the start, with bands from 999 draws for all of them."""
    from evalkit.estimation.staggered.aggregation import aggregate
    from evalkit.estimation.staggered.group_time import group_time_effects
    from evalkit.estimation.staggered.multiplier_bootstrap import multiplier_bands
    from evalkit.estimation.staggered.staggered_panel import staggered_panel

    found = group_time_effects(staggered_panel(data["y"], data["unit"], data["period"], data["start"]))
    dynamic = aggregate(found, "dynamic")
    values = np.concatenate([found.effect, dynamic.effect])
    return multiplier_bands(values, np.hstack([found.influence, dynamic.influence]), draws=999)


def reassigned(data: Data) -> Any:
    """Estimate 1,000 reassignments of treatment, each with a standard error."""
    from evalkit.estimation.few_units.assignments import assignments_of
    from evalkit.estimation.few_units.reassigned_two_way import two_way_statistics

    outcome, first = wide(data)
    assignments = assignments_of(first, draws=999, list_up_to=0)
    return two_way_statistics(outcome, first)(assignments.first_treated).statistics()


def wild_bootstrap(data: Data) -> Any:
    """Draw 999 times, with the interval by inversion."""
    from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap as test

    return test(data["y"], data["treated"], data["unit"], data["period"], draws=999, seed=1)


def honest_bounds(data: Data) -> Any:
    """Bound the first effect at four relative magnitudes, with the breakdown value."""
    from evalkit.estimation.parallel_trends.event_estimates import event_estimates
    from evalkit.estimation.parallel_trends.honest_bounds import relative_magnitudes

    return relative_magnitudes(event_estimates(data["times"], data["values"], data["covariance"]))


def synthetic_did(data: Data) -> Any:
    """Estimate by synthetic difference in differences, with 200 placebos."""
    from evalkit.estimation.synthetic.synthetic_did import synthetic_did as estimate

    return estimate(*wide(data), draws=200, seed=1)


def study(data: Data) -> Any:
    """Evaluate a study file: estimates, event study, placebo dates, places left out, planning, all checks."""
    from evalkit import flow
    from evalkit.spec.loading import load_spec

    return flow.evaluate(load_spec(Path(str(data["study"]))))


def wide(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcome by unit and period, and each unit's first treated period."""
    shape = (int(data["unit"].max()) + 1, -1)
    on = data["treated"].reshape(shape) > 0
    return data["y"].reshape(shape), np.where(on.any(axis=1), on.argmax(axis=1), on.shape[1])


SMALL, LARGE, BOOTSTRAP = "43 x 120", "20,000 x 120", "10,000 x 24, 6 starts"


def rows() -> list[Row]:
    """Return what is timed."""
    feols = (Rival("pyfixest", "pyfixest_two_way"),)
    both = (*feols, Rival("diff-diff", "diff_diff_two_way"))
    callaway = (Rival("diff-diff", "diff_diff_group_time"), Rival("moderndid", "moderndid_group_time"))
    wild = (Rival("pyfixest", "pyfixest_wild_bootstrap"), Rival("diff-diff", "diff_diff_wild_bootstrap"))
    loop = (Rival("pyfixest", "pyfixest_reassigned", 100),)
    honest = (Rival("moderndid", "moderndid_honest_bounds"),)
    placebos = (Rival("diff-diff", "diff_diff_synthetic_did"),)
    quicker = (("pyfixest", 1.0),)
    return [
        Row(f"two-way, kernel, {SMALL}", "ten", kernel, both, 0.010, turns=15),
        Row(f"two-way, linearmodels, {SMALL}", "ten", two_way, both, turns=15),
        Row(f"two-way, {LARGE}", "large", two_way, feols, ratios=quicker),
        Row(f"two-way, {LARGE}, weights", "large weights", two_way, feols, ratios=quicker),
        Row(f"two-way, {LARGE}, 5% missing", "large missing", two_way, feols, ratios=quicker),
        Row(f"Callaway-Sant'Anna, 999 draws, {BOOTSTRAP}", "cohorts", group_time, callaway,
            ratios=(("diff-diff", 1.5),)),
        Row(f"1,000 reassignments, {SMALL}", "ten", reassigned, loop, 0.050, turns=3),
        Row(f"wild bootstrap, 999 draws, {SMALL}", "ten", wild_bootstrap, wild, 0.300),
        Row("honest bounds, four magnitudes", "events", honest_bounds, honest, 5.0, turns=3),
        Row(f"synthetic DiD, 200 placebos, {SMALL}", "three", synthetic_did, placebos, 10.0, turns=3),
    ]  # fmt: skip


def data_sets() -> dict[str, Callable[[], Data]]:
    """Return what makes each data set, by name."""
    return {
        "ten": lambda: places(43, 120, 10),
        "three": lambda: places(43, 120, 3),
        "large": lambda: many_rows(False, 0.0),
        "large weights": lambda: many_rows(True, 0.0),
        "large missing": lambda: many_rows(False, 0.05),
        "cohorts": cohorts,
        "events": event_study,
    }


class Timed(NamedTuple):
    """Seconds of evalkit, by package seconds or the reason why there are none, and which packages ran only once."""

    own: float
    others: dict[str, float | str]
    once: frozenset[str]


def timed(row: Row, data: Data, path: Path, peers: Peers) -> Timed:
    """Return seconds by turns: evalkit, then each of the others, again and again."""
    own: list[float] = []
    others: dict[str, list[float]] = {rival.package: [] for rival in row.rivals}
    failed: dict[str, str] = {}
    once: set[str] = set()
    row.own(data)  # The first run loads what is imported late.
    for _ in range(row.turns):
        start = time.perf_counter()
        row.own(data)
        own.append(time.perf_counter() - start)
        for rival in row.rivals:
            if rival.package in failed or rival.package in once:
                continue
            found = peers.run(rival.call, path)
            if "reason" in found:
                failed[rival.package] = f"not measured: {found['reason']}"
                continue
            others[rival.package].append(found["seconds"] * rival.times)
            if found.get("slow"):
                once.add(rival.package)
    seconds: dict[str, float | str] = {name: statistics.median(taken) for name, taken in others.items() if taken}
    return Timed(statistics.median(own), {**seconds, **failed}, frozenset(once))


def verdict(row: Row, found: Timed) -> tuple[str, bool]:
    """Return the bounds in words with whether they are kept; a ratio that cannot be had is not judged."""
    words, kept = [], True
    if np.isfinite(row.seconds):
        kept = found.own <= row.seconds
        words.append(f"bound {row.seconds:g} s: {'kept' if kept else 'NOT KEPT'}")
    for package, ratio in row.ratios:
        other = found.others.get(package)
        if not isinstance(other, float):
            words.append(f"bound {ratio:g} x {package}: not judged")
            continue
        good = found.own <= ratio * other
        words.append(f"bound {ratio:g} x {package}: {'kept' if good else 'NOT KEPT'}")
        kept = kept and good
    return "; ".join(words) or "no bound", kept


def line_of(row: Row, found: Timed) -> str:
    """Return what one row prints before its verdict."""
    beside = [
        f"{name} {each:9.4f} s{' (one run)' * (name in found.once)}, ratio {found.own / each:6.3f}"
        if isinstance(each, float)
        else f"{name} {each}"
        for name, each in found.others.items()
    ]
    return f"{row.name:<56}{found.own:9.4f} s  {'  '.join(beside)}"


def peak() -> float:
    """Return the peak memory of this process in megabytes, by Linux's own count: the other begins at the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024.0**2 if sys.platform == "darwin" else 1024.0)


def memory(path: Path) -> float:
    """Return the peak memory in megabytes of a process that reads a file and fits it."""
    done = subprocess.run([sys.executable, __file__, str(path)], check=True, capture_output=True, text=True)
    return float(done.stdout)


STUDY = """\
evalkit: 1
title: A study
question: Did it change?
data: {{source: csv, path: data/rows.csv, unit: unit, period: {{column: month, frequency: month}}}}
intervention: {{start_column: start}}
outcomes: {{events: {{label: Events, column: events, kind: count, better: lower}}}}
design: {{kind: difference_in_differences, estimator: {estimator}}}
"""


def study_file(folder: Path, estimator: str) -> Path:
    """Return a study of counts in 43 places and 120 months, three of them treated from three dates on."""
    generator = np.random.default_rng(4)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "evaluations").mkdir(exist_ok=True)
    months = [f"{2010 + month // 12}-{month % 12 + 1:02d}" for month in range(120)]
    lines = ["unit,month,events,start"]
    for unit, size in enumerate(generator.lognormal(4.5, 0.6, 43)):
        start = 60 + 12 * unit if unit < 3 else 120
        counts = generator.poisson(size * np.where(np.arange(120) >= start, 0.85, 1.0)) + 1
        name = months[start] if start < 120 else ""
        lines += [f"place {unit},{month},{count},{name}" for month, count in zip(months, counts, strict=True)]
    (folder / "data" / "rows.csv").write_text("\n".join(lines) + "\n")
    path = folder / "evaluations" / f"{estimator.replace('_', '-')}.yaml"
    path.write_text(STUDY.format(estimator=estimator))
    return path


def studies(folder: Path) -> list[tuple[Row, Data]]:
    """Return whole studies of 43 places and 120 months, three treated at three dates, by estimator."""
    return [
        (Row(f"study file, {estimator}, {SMALL}", "", study, seconds=5.0, turns=2),
         {"study": np.array(str(study_file(folder, estimator)))})
        for estimator in ("two_way_fixed_effects", "callaway_santanna", "imputation")
    ]  # fmt: skip


def race() -> tuple[dict[str, Any], bool]:
    """Print one line per row; return seconds by name and package, and whether all bounds are kept."""
    found: dict[str, Any] = {}
    kept, peers = True, Peers()
    with tempfile.TemporaryDirectory(prefix="evalkit-bench-") as place:
        folder, made = Path(place), data_sets()
        for name, make in made.items():
            np.savez(folder / f"{name}.npz", **make())  # type: ignore[arg-type]
        everything = [(row, None) for row in rows()] + studies(folder)
        for row, given in everything:
            path = folder / f"{row.data}.npz"
            data = made[row.data]() if given is None else given
            seconds = timed(row, data, path, peers)
            words, good = verdict(row, seconds)
            print(f"{line_of(row, seconds)}  {words}", flush=True)
            found[row.name] = {"evalkit": seconds.own, **seconds.others}
            kept = kept and good
        for name in ("large", "large weights", "large missing"):
            peak = memory(folder / f"{name}.npz")
            good = peak < MOST_MEMORY
            print(f"{'peak memory, two-way, ' + name:<56}{peak:9.0f} MB  bound {MOST_MEMORY:g} MB: "
                  f"{'kept' if good else 'NOT KEPT'}", flush=True)  # fmt: skip
            found[f"peak memory, {name}"] = {"evalkit": peak}
            kept = kept and good
    peers.close()
    return found, kept


if __name__ == "__main__":
    with np.load(sys.argv[1]) as file:
        two_way(dict(file))
    print(peak())
