"""Spark on this machine gives the same panel.

It runs in a process of its own (`spark_session`): a session takes seconds to start, and leaves connections to its
virtual machine open until the process ends.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_the_panel_by_spark_is_that_of_the_files() -> None:
    left_open = ["-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_open,
                           str(HERE / "spark_session.py")], capture_output=True, text=True, check=False,
                          cwd=HERE.parents[2], timeout=400)  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "1 passed" in done.stdout
