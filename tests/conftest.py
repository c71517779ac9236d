"""Shared by all tests: the repository, and studies written into an empty project."""

from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

SERIES = """\
evalkit: 1
title: A series
question: Did it change?
data:
  source: counts
  period: {start: 2018-01, frequency: month}
  values: [%s]
intervention: {start: 2021-01}
outcomes:
  incidents: {label: Incidents, column: value, kind: count, better: lower}
design: {kind: interrupted_time_series, season: none}
"""


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, which is the current folder; no data root from outside."""
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    monkeypatch.delenv("EVALKIT_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def write_study(project: Path) -> Callable[..., Path]:
    """Write a study file into the project; without text, a short series of 48 months."""

    def write(text: str = "", name: str = "study") -> Path:
        path = project / "evaluations" / f"{name}.yaml"
        values = ", ".join(str(60 + (7 * i) % 13 - (12 if i >= 36 else 0)) for i in range(48))
        path.write_text(text or SERIES % values, encoding="utf-8")
        return path

    return write
