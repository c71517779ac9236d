"""Shared by the tests of guards: their made panels can be imported, and a study with its data can be run."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from evalkit.errors import DataError, EvalkitError  # noqa: E402
from evalkit.flow import disclosure_rule  # noqa: E402
from evalkit.gathering import Tables  # noqa: E402
from evalkit.records import GuardFinding, Panel  # noqa: E402
from evalkit.spec.loading import load_spec  # noqa: E402

STUDY = """\
evalkit: 1
title: A study
question: Did it change?
data: {source: csv, path: data/t.csv, period: month, unit: area%s}
intervention: %s
outcomes: {incidents: {label: Incidents, column: incidents, kind: count, better: lower%s}}
design: %s
%s
"""
SERIES = "{kind: interrupted_time_series, season: none}"
PANEL = "{kind: difference_in_differences, estimator: two_way_fixed_effects, transform: log}"


def rows_of(series: dict[str, list[Any]], first: int = 2017) -> str:
    """Return CSV text of monthly series by area; None leaves a row out."""
    lines = ["area,month,incidents"]
    lines += [f"{area},{first + at // 12}-{1 + at % 12:02},{value:g}" for area, values in series.items()
              for at, value in enumerate(values) if value is not None]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture
def study(project: Path) -> Callable[..., Path]:
    """Write a study of CSV text; keys of its blocks may be given."""

    def write(text: str, *, data: str = "", intervention: str = "{starts: {Greater Manchester: 2019-01}}",
              outcome: str = "", design: str = PANEL, rest: str = "") -> Path:  # fmt: skip
        (project / "data" / "t.csv").write_text(text, encoding="utf-8")
        path = project / "evaluations" / "t.yaml"
        path.write_text(STUDY % (data, intervention, outcome, design, rest), encoding="utf-8")
        return path

    return write


@dataclass(frozen=True)
class Held:
    """The data of a study after the guards: what they found, their shape and the panel."""

    guards: tuple[GuardFinding, ...]
    shape: Mapping[str, Any]
    panel: Panel


def held_against(path: Path, before: Any = None) -> Held:
    """Hold the data of a study's primary analysis against the guards, as the flow does, and compute no effect."""
    spec = load_spec(path)
    tables, request = Tables(spec), spec.requests[0]
    tables.before = before.shape if before else None
    try:
        panel = tables.panel(request)
        design: Any = request.study.needed_design
        tables.guard(
            request, panel, design.resolve(panel).model_dump(mode="json", by_alias=True), disclosure_rule(spec)
        )
    except DataError as error:
        raise spec.located(error) from None
    assert tables.shape is not None
    return Held(tables.findings, tables.shape, panel)


@pytest.fixture
def run() -> Callable[..., Held]:
    """Hold a study's data against the guards, and against an earlier run's where that is given."""
    return held_against


@pytest.fixture
def stopped(run: Callable[..., Held]) -> Callable[..., str]:
    """Return the message with which a study is stopped."""

    def do(path: Path, before: Any = None) -> str:
        with pytest.raises(EvalkitError) as caught:
            run(path, before)
        return str(caught.value)

    return do
