"""How often the interval of each rehearsed study plan holds the effect that was planted in its simulated data.

A study is run again and again as its file says, with seeds 1, 2, 3 and so on in place of its own (which is the first):
the same options, the same choice of estimator and inference, the same interval as on its page. Written:
benchmarks/rehearsals.csv, a row for each study that was run; rows of other studies stay as they are.

    .venv/bin/python benchmarks/calibrate_rehearsals.py                        # all of them, 500 seeds: hours
    .venv/bin/python benchmarks/calibrate_rehearsals.py --seeds 200 intact     # one study, fewer seeds
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from evalkit import flow
from evalkit.gathering import Tables
from evalkit.spec.loading import load_spec
from evalkit.workers import in_order, open_workers

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "benchmarks" / "rehearsals.csv"
PLANS = (
    "operation-deter", "act-now", "west-yorkshire-navigators", "safe-mentors", "intact", "south-wales-hospital-team",
    "champions-places-by-lot",
)  # fmt: skip
"""Plans of programmes."""
STUDIES = (*PLANS, "ae-navigators-rehearsal")
"""With the example of the gallery."""
SEEDS = 500
COLUMNS = ("study", "first_seed", "seeds", "planted_percent", "held", "held_percent", "mean_estimate_percent")
_SEED = re.compile(r"^  seed: \d+$", re.MULTILINE)
_EFFECT = re.compile(r"^  effect: (\S+)$", re.MULTILINE)


def planted(study: str) -> float:
    """Return the effect that the study file plants, in percent."""
    found = _EFFECT.search(written(study))
    if found is None:
        raise SystemExit(f"evaluations/{study}.yaml plants no effect: write `effect:` under data")
    return float(found.group(1))


def written(study: str) -> str:
    """Return the study file."""
    return (ROOT / "evaluations" / f"{study}.yaml").read_text(encoding="utf-8")


def interval(study: str, seed: int) -> tuple[float, float, float]:
    """Return estimate and interval, in percent, of a study as its file says but with another seed."""
    text, replaced = _SEED.subn(f"  seed: {seed}", written(study))
    if replaced != 1:
        raise SystemExit(f"evaluations/{study}.yaml has {replaced} seeds: the data need one")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "evaluations" / f"{study}.yaml"
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        spec = load_spec(file)
        found = flow.alone(spec, Tables(spec).panel(spec.requests[0])).result.relative
    if found is None or found.low is None or found.high is None:
        raise SystemExit(f"{study}, seed {seed}: the estimate has no interval in percent")
    return found.value, found.low, found.high


def measured(study: str, seeds: int, jobs: int) -> dict[str, str]:
    """Return the row of a study: of how many seeds the interval holds the planted effect."""
    effect, began = planted(study), time.monotonic()
    with open_workers(jobs) as workers:
        found = list(in_order(workers, partial(interval, study), range(1, seeds + 1)))
    held = sum(low <= effect <= high for _, low, high in found)
    mean = sum(value for value, _, _ in found) / seeds
    print(f"{study}: planted {effect:g}%, held by {held} of {seeds} intervals ({100 * held / seeds:.1f}%), "
          f"mean estimate {mean:.2f}%, {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    numbers = (study, 1, seeds, f"{effect:g}", held, f"{100 * held / seeds:.1f}", f"{mean:.2f}")
    return dict(zip(COLUMNS, map(str, numbers), strict=True))


def kept() -> dict[str, Mapping[str, str]]:
    """Return the rows that the table has now, by study."""
    if not TABLE.is_file():
        return {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["study"]: row for row in csv.DictReader(file)}


def write(rows: Iterable[Mapping[str, str]]) -> None:
    """Write the table, studies in the order of `STUDIES`."""
    by_study = {row["study"]: row for row in rows}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(by_study[study] for study in STUDIES if study in by_study)


def main() -> None:
    """Measure the studies that are named, or all, and write each row as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", help="ids of studies; left out, all")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    unknown = sorted(set(options.studies) - set(STUDIES))
    if unknown:
        sys.exit(f"no rehearsal: {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    for study in options.studies or STUDIES:
        row = measured(study, options.seeds, options.jobs)
        write([*kept().values(), row])  # a row measured again takes the place of the one before


if __name__ == "__main__":
    main()
