"""Made histories: a small study before and after a release, whose headlines can be worked out by hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from evalkit.errors import EvalkitError, ReleaseError

STUDY = """\
evalkit: 1
title: Incidents before and after
question: How many incidents were there?
data:
  source: csv
  path: data/incidents.csv
  unit: place
  period: {column: month, frequency: month}
intervention: {start: 2023-01}
outcomes:
  incidents: {label: Incidents, unit: incidents, column: count, kind: count, better: lower}
design: {kind: before_after, before: {from: 2022-01, to: 2022-12}, after: {from: 2023-01, to: 2023-12}}
"""
PLACES = ("Northside", "Southside")
Counts = dict[tuple[str, str], int]


def made_counts(months: int = 24) -> Counts:
    """Return counts of two places from January 2022 on, by place and month."""
    return {(place, f"{2022 + at // 12}-{at % 12 + 1:02}"): 40 + (7 * at + 11 * number) % 9 - (4 if at >= 12 else 0)
            for number, place in enumerate(PLACES) for at in range(months)}  # fmt: skip


def change_of(counts: Counts, before: tuple[str, str], after: tuple[str, str]) -> float:
    """Return the change in percent from one window to another, by month, as a before-and-after study finds it."""
    sums = [sum(count for (_, month), count in counts.items() if first <= month <= last)
            for first, last in (before, after)]  # fmt: skip
    months = [len({month for _, month in counts if first <= month <= last}) for first, last in (before, after)]
    return 100 * (sums[1] / months[1] / (sums[0] / months[0]) - 1)


@dataclass
class Told:
    """What a verb said, and its exit status."""

    status: int
    output: str


class Made:
    """A project with one study: write its data and its file, then call verbs."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.path = project / "evaluations" / "study.yaml"
        self.write()

    def write(self, counts: Counts | None = None, text: str = STUDY) -> None:
        rows = "\n".join(f"{month},{place},{count}" for (place, month), count in (counts or made_counts()).items())
        (self.project / "data" / "incidents.csv").write_text(f"month,place,count\n{rows}\n")
        self.path.write_text(text)

    def call(self, *arguments: str, status: int | None = 0) -> Told:
        """Call a verb, as `evalkit` does, and check its exit status."""
        done = CliRunner().invoke(app, list(arguments))
        told = Told(done.exit_code, done.output)
        if isinstance(done.exception, EvalkitError):
            told = Told(2 if isinstance(done.exception, ReleaseError) else 1, str(done.exception))
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert status in (None, told.status), told.output
        return told

    def publish(self, *more: str, status: int | None = 0) -> Told:
        return self.call("publish", "study", "--reason", "Yearly figures", "--name", "A. Analyst", *more,
                         status=status)  # fmt: skip

    @property
    def record(self) -> Path:
        return self.project / "reports" / "published" / "study.json"

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.project / "results" / "study" / "result.json").read_text())
        return found


@pytest.fixture
def made(project: Path) -> Made:
    return Made(project)


@pytest.fixture
def write_counts(made: Made) -> Callable[..., None]:
    return made.write
