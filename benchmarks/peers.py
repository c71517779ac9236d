"""Other packages as opponents: an environment of their own, and a process in it that times their calls."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-bench.lock"
PLACE = Path(sys.prefix) / "peers"


class Peers:
    """The packages of `requirements-bench.lock`, ready to be timed.

    Attributes
    ----------
    reason : str
        Why there are none; empty where they are ready.
    """

    def __init__(self) -> None:
        self.reason = _installed()
        self.process: subprocess.Popen[str] | None = None
        if not self.reason:
            self.process = subprocess.Popen(
                [str(PLACE / "bin" / "python"), str(ROOT / "benchmarks" / "peer_calls.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=PLACE,
            )  # fmt: skip

    def run(self, call: str, data: Path) -> dict[str, Any]:
        """Return the seconds of one run of a call on a file, or the reason why there are none."""
        if self.process is None or self.process.poll() is not None:
            return {"reason": self.reason or "its process ended"}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"call": call, "data": str(data)}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"reason": "its process ended, perhaps out of memory"}
        return found

    def close(self) -> None:
        """End the process."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(timeout=60)


def _installed() -> str:
    """Install the packages where the lock file has changed; return why that failed, or nothing."""
    wanted, mark = hashlib.sha256(LOCK.read_bytes()).hexdigest(), PLACE / "installed"
    if mark.exists() and mark.read_text() == wanted:
        return ""
    pip = [str(PLACE / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    steps = ([sys.executable, "-m", "venv", str(PLACE)], [*pip, "--require-hashes", "-r", str(LOCK)])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            return f"could not be installed ({said[-1] if said else 'no message'})"
    mark.write_text(wanted)
    return ""
