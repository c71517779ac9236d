"""The project's own site, built once, and a real browser."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browsers import started
from tests.conftest import REPOSITORY


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the site that `evalkit build` makes of the project's studies."""
    project = tmp_path_factory.mktemp("project")
    for name in ("evaluations", "data", "reports"):
        shutil.copytree(REPOSITORY / name, project / name)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "build", "--engine", "bundled", "--jobs", "2"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return project / "_site"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium; a machine without it fails here, with the package to install."""
    with started() as found:
        yield found
