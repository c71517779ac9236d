"""What `make bench` says of a bound: kept, not kept, or not judged where the other package could not be measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def panels(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import panels

    return panels


def test_verdicts(panels):
    row = panels.Row("a row", "", lambda data: None, (), 0.5, (("other", 1.5),))
    words, kept = panels.verdict(row, panels.Timed(0.4, {"other": 0.3}, frozenset()))
    assert (words, kept) == ("bound 0.5 s: kept; bound 1.5 x other: kept", True)
    words, kept = panels.verdict(row, panels.Timed(0.4, {"other": 0.2}, frozenset()))
    assert (words, kept) == ("bound 0.5 s: kept; bound 1.5 x other: NOT KEPT", False)
    words, kept = panels.verdict(row, panels.Timed(0.6, {"other": "not measured: no network"}, frozenset()))
    assert (words, kept) == ("bound 0.5 s: NOT KEPT; bound 1.5 x other: not judged", False)
    line = panels.line_of(row, panels.Timed(0.6, {"other": "not measured: no network"}, frozenset()))
    assert "not measured: no network" in line


def test_every_row_has_data_and_every_rival_a_call(panels):
    calls = (BENCHMARKS / "peer_calls.py").read_text()
    for row in panels.rows():
        assert row.data in panels.data_sets()
        assert all(f"def {rival.call}(" in calls for rival in row.rivals)


def test_a_call_that_fails_gives_its_reason(tmp_path):
    data = tmp_path / "rows.npz"
    np.savez(data, y=np.zeros(2))
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import peer_calls; peer_calls.main()",
         str(BENCHMARKS)],
        input=json.dumps({"call": "diff_diff_group_time", "data": str(data)}) + "\n",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "ModuleNotFoundError" in json.loads(done.stdout)["reason"]


def test_the_reassignments_are_a_thousand(panels):
    assert panels.reassigned(panels.places(43, 12, 10)).shape == (1000,)
