"""Pages of 30 generated studies: time and size. Part of `make bench`; `python benchmarks/pages.py` alone too.

The studies (18 before and after, 9 interrupted time series, 3 panels, all priced but the first kind) are run first, and
that is not timed. Timed are the commands that an author waits for: `evalkit report` with all results at hand and no
page yet, and again after the data of one study have changed and it has been run anew. The bundled engine renders, and
figures are painted. Nothing else in Python makes such pages, so the bounds are the project's own.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parent.parent
EVALKIT = str(Path(sys.executable).parent / "evalkit")
BEFORE_AND_AFTER, SERIES, PANELS = 18, 9, 3
MOST_SECONDS, MOST_SECONDS_CHANGED = 45.0, 3.0
MOST_HTML, MOST_PAGE = 500.0, 3000.0
"""Kilobytes (of 1,000 bytes) of a page without its drawings, and with them."""
MONTHS = 60
NUMBERS = {"before": BEFORE_AND_AFTER, "series": SERIES, "panel": PANELS}
BEGINS = 40
"""The first treated month, counted from 0."""


class Bounded(NamedTuple):
    """A measurement, its bound, and the unit of both."""

    name: str
    value: float
    bound: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.value <= self.bound


def month(place: int) -> str:
    """Return a month by its place: 2019-04 is 0."""
    return f"{2019 + (place + 3) // 12}-{(place + 3) % 12 + 1:02d}"


def counts(generator: np.random.Generator, level: float, change: float) -> list[int]:
    """Return monthly counts with a season and a change of level."""
    at = np.arange(MONTHS)
    expected = level * (1 + 0.1 * np.sin(at * np.pi / 6)) * np.where(at >= BEGINS, change, 1.0)
    return [int(drawn) for drawn in generator.poisson(expected)]


def common(name: str, question: str) -> dict[str, Any]:
    """Return what every study file holds."""
    return {
        "evalkit": 1,
        "title": f"Generated study {name}",
        "question": question,
        "data": {"source": "csv", "path": f"data/{name}.csv", "period": {"column": "month", "frequency": "month"},
                 "publisher": "A random generator"},
        "intervention": {"start": month(BEGINS), "label": "Programme begins"},
        "outcomes": {"incidents": {
            "label": "Incidents recorded", "unit": "incidents", "column": "incidents", "kind": "count",
            "better": "lower", "role": "primary", "minimum_important_change": 10,
        }},
        "programme": {
            "name": "Extra visits", "why": "A visit is a moment in which help is accepted", "where": "Generated places",
            "what_procedures": ["Visit", "Make a plan", "Follow up"], "who_provides": "Trained youth workers",
        },
        "narrative": {"cannot_say": ["Anything about a real programme: a random generator drew the data."]},
    }  # fmt: skip


def priced() -> dict[str, Any]:
    """Return costs, and benefits by a unit cost of the reference tables."""
    stated = {"price_year": "2022-23", "source": "Made up"}
    return {
        "perspective": ["nhs", "society"], "analysis": "primary", "price_base": "2024-25", "base_year": "2022-23",
        "discount_rate": "standard",
        "costs": [{"item": "Visits", "payer": "NHS", "amounts": {"2022-23": 90000, "2023-24": 60000}, **stated},
                  {"item": "Set-up", "payer": "Council", "amounts": {"2022-23": 20000}, **stated}],
        "benefits": [{"item": "Attendances avoided", "unit_cost": "service:nhs_ae_attendance", "gainer": "NHS",
                      "events_per_outcome": 1.0}],
    }  # fmt: skip


def before_and_after(name: str) -> dict[str, Any]:
    """Return a study that compares a year with the year before."""
    design = {"kind": "before_after", "before": {"from": month(BEGINS - 12), "to": month(BEGINS - 1)},
              "after": {"from": month(BEGINS), "to": month(BEGINS + 11)}}  # fmt: skip
    shorter = {"after": {"from": month(BEGINS), "to": month(BEGINS + 5)},
               "before": {"from": month(BEGINS - 12), "to": month(BEGINS - 7)}}  # fmt: skip
    half = [{"id": "half-year", "label": "The same half of both years", "design": shorter}]
    return {**common(name, "Did incidents fall from one year to the next?"), "design": design, "sensitivity": half}


def series(name: str) -> dict[str, Any]:
    """Return an interrupted time series with other choices and a pretend start."""
    return {
        **common(name, "Did incidents fall below the earlier path?"),
        "design": {"kind": "interrupted_time_series", "season": "month"},
        "sensitivity": [{"id": "level-only", "label": "Step only", "design": {"impact": "level"}},
                        {"id": "newey-west", "label": "Newey-West errors", "design": {"errors": "newey_west"}}],
        "falsification": [{"id": "pretend", "label": "Pretend start", "intervention": {"start": month(BEGINS - 15)},
                           "design": {"after": {"to": month(BEGINS - 1)}}}],
        "economics": priced(),
    }  # fmt: skip


def panel(name: str) -> dict[str, Any]:
    """Return a comparison of four places with sixteen others, which begins in two steps."""
    study = common(name, "Did incidents fall, set against other places?")
    study["data"]["unit"] = "place"
    starts = {f"Place {unit:02d}": month(BEGINS + 6 * (unit % 2)) for unit in range(4)}
    return {
        **study,
        "intervention": {"starts": starts},
        "design": {"kind": "difference_in_differences", "transform": "log"},
        "sensitivity": [{"id": "in-numbers", "label": "In numbers", "design": {"transform": "identity"}}],
        "economics": priced(),
    }


def write_data(project: Path, name: str, kind: str, seed: int) -> None:
    """Write the table of a study: months, and places where it compares some."""
    generator = np.random.default_rng(seed)
    units = 20 if kind == "panel" else 1
    levels = generator.uniform(40, 90, units)
    with (project / "data" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["place", "month", "incidents"])
        for unit in range(units):
            drawn = counts(generator, levels[unit], 0.82 if unit < 4 else 1.0)
            writer.writerows((f"Place {unit:02d}", month(at), value) for at, value in enumerate(drawn))


def studies(numbers: Mapping[str, int]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, kind and content of each study."""
    makers = {"before": before_and_after, "series": series, "panel": panel}
    for kind, number in numbers.items():
        for place in range(1, number + 1):
            yield f"{kind}-{place:02d}", kind, makers[kind](f"{kind}-{place:02d}")


def generated(numbers: Mapping[str, int] = NUMBERS) -> Path:
    """Return a new project with all studies, so many of each kind, none of them run."""
    project = Path(tempfile.mkdtemp(prefix="evalkit-pages-"))
    (project / "evaluations").mkdir()
    shutil.copytree(ROOT / "data" / "reference", project / "data" / "reference")
    for seed, (name, kind, study) in enumerate(studies(numbers)):
        write_data(project, name, kind, seed)
        text = yaml.safe_dump(study, sort_keys=False, allow_unicode=True)
        (project / "evaluations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return project


def seconds(project: Path, *arguments: str) -> float:
    """Return the wall time of a command of evalkit."""
    start = time.perf_counter()
    done = subprocess.run([EVALKIT, *arguments], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"evalkit {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def kilobytes(page: Path) -> tuple[float, float]:
    """Return the size of a page without its drawings, and with them."""
    text = page.read_text(encoding="utf-8")
    pieces = text.split("<svg")
    plain = pieces[0] + "".join(piece.partition("</svg>")[2] for piece in pieces[1:])
    return len(plain.encode()) / 1000, len(text.encode()) / 1000


def measured() -> list[Bounded]:
    """Return times and sizes of one site."""
    project = generated()
    try:
        seconds(project, "run", "--all", "--jobs", "2")
        whole = seconds(project, "report", "--all", "--engine", "bundled")
        write_data(project, "series-01", "series", 1001)
        seconds(project, "run", "series-01")
        changed = seconds(project, "report", "--all", "--engine", "bundled")
        pages = sorted((project / "_site" / "studies").glob("*.html"))
        if len(pages) != BEFORE_AND_AFTER + SERIES + PANELS:
            raise SystemExit(f"{len(pages)} pages were made of {BEFORE_AND_AFTER + SERIES + PANELS} studies")
        sizes = [kilobytes(page) for page in pages]
    finally:
        shutil.rmtree(project)
    return [
        Bounded("pages of 30 studies, figures painted", whole, MOST_SECONDS, "s"),
        Bounded("pages after one study changed", changed, MOST_SECONDS_CHANGED, "s"),
        Bounded("largest page, without its drawings", max(plain for plain, _ in sizes), MOST_HTML, "kB"),
        Bounded("largest page, with its drawings", max(page for _, page in sizes), MOST_PAGE, "kB"),
    ]


def race() -> tuple[dict[str, float], bool]:
    """Print times and sizes with their bounds; return them, and whether all are kept."""
    return told(measured())


def told(rows: Sequence[Bounded]) -> tuple[dict[str, float], bool]:
    """Print measurements with their bounds; return them, and whether all are kept."""
    for row in rows:
        said = "kept" if row.kept else "NOT KEPT"
        print(f"{row.name:<56}{row.value:9.2f} {row.unit}  bound {row.bound:g} {row.unit}: {said}")
    return {f"{row.name}, {row.unit}": round(row.value, 3) for row in rows}, all(row.kept for row in rows)


if __name__ == "__main__":
    sys.exit(int(not race()[1]))
