"""A small project whose studies are quick to run, built as users build it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SERIES


def evalkit(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command line."""
    return subprocess.run([sys.executable, "-m", "evalkit", *arguments], cwd=folder, capture_output=True, text=True,
                          check=False, env={**os.environ, **environment})  # fmt: skip


def made(project: Path) -> dict[str, bytes]:
    """Return every file that a build made and means to keep."""
    files = [file for folder in ("results", "_site") for file in (project / folder).rglob("*") if file.is_file()]
    return {str(file.relative_to(project)): file.read_bytes() for file in files if not file.name.endswith(".lock")}


def write_data(project: Path, study: str, shift: int = 0) -> Path:
    """Write the table of a study: 48 months, others for another shift, always as many bytes."""
    rows = "\n".join(f"{2018 + i // 12}-{i % 12 + 1:02d},{50 + (7 * i + shift * (i % 5)) % 17}" for i in range(48))
    path = project / "data" / f"{study}.csv"
    path.write_text(f"month,value\n{rows}\n", encoding="utf-8")
    return path


@pytest.fixture
def small(project: Path) -> Path:
    """A project of two short series in files, not built yet."""
    text = (SERIES % "").replace("source: counts", "source: csv\n  path: data/NAME.csv").replace("  values: []\n", "")
    text = text.replace("period: {start: 2018-01, frequency: month}", "period: {column: month, frequency: month}")
    for name in ("first", "second"):
        (project / "evaluations" / f"{name}.yaml").write_text(text.replace("NAME", name), encoding="utf-8")
        write_data(project, name)
    return project


@pytest.fixture
def whole(small: Path) -> Path:
    """The small project, built."""
    done = evalkit("build", "--engine", "bundled", folder=small)
    assert done.returncode == 0, done.stderr
    return small
