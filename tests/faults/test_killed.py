"""kill -9 at random moments of a build, a hundred times: never a torn file, never a wrong "up to date"."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

KILLS = int(os.environ.get("EVALKIT_KILLS", "100"))


def test_a_killed_build_leaves_the_old_or_the_new(small: Path) -> None:
    done = subprocess.run([sys.executable, REPOSITORY / "tests" / "faults" / "killing.py", str(KILLS), "20240229"],
                          cwd=small, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["killed"] == KILLS
    assert found["midway"] >= KILLS // 10, f"hardly a kill fell between the old and the new: {found}"
