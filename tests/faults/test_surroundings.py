"""Two builds at once, a full disk, folders that cannot be written to, Ctrl-C."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.conftest import evalkit, made, write_data

BUILD = [sys.executable, "-m", "evalkit", "build", "--engine", "bundled"]


def test_two_builds_at_once_end_well_with_the_bytes_of_one(small: Path) -> None:
    both = [subprocess.Popen(BUILD, cwd=small, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]  # fmt: skip
    for each in both:
        _, words = each.communicate(timeout=300)
        assert each.returncode == 0, words
    together = made(small)
    evalkit("build", "--engine", "bundled", folder=small)
    for name in ("results", "_site", "studies"):
        subprocess.run(["rm", "-rf", str(small / name)], check=True)
    assert evalkit("build", "--engine", "bundled", folder=small).returncode == 0
    clean = made(small)
    assert {name: content for name, content in together.items() if name in clean} == clean
    assert {Path(name).name.partition(".")[0] for name in together.keys() - clean.keys()} <= {"previous"}


def test_a_full_disk_leaves_the_old_and_says_so(whole: Path) -> None:
    clean = made(whole)
    write_data(whole, "first", shift=3)

    def limit() -> None:  # as on a disk that is full: writing more than so many bytes fails
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    done = subprocess.run(BUILD, cwd=whole, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "larger than this system allows" in done.stderr
    left = made(whole)
    assert all(left[name] == clean[name] for name in clean if name.endswith("result.json")), "the old results stay"
    assert not [name for name in left if name.endswith(".part")], "nothing half-written is left"
    told = evalkit("status", folder=whole).stdout.splitlines()
    assert "stale" in next(line for line in told if line.startswith("first"))
    assert evalkit("build", "--engine", "bundled", folder=whole).returncode == 0


@pytest.mark.parametrize("option", ["--output", "--site"])
def test_a_folder_that_cannot_be_written_to_is_named(whole: Path, option: str) -> None:
    write_data(whole, "first", shift=3)
    clean = made(whole)
    locked = whole / "locked"
    if os.geteuid() == 0:  # root may write everywhere but where there is no folder
        locked.write_text("a file")
    else:
        locked.mkdir(mode=0o500)
    done = evalkit("build", "--engine", "bundled", option, "locked", folder=whole)
    assert done.returncode == 1
    assert "locked" in done.stderr
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    if option == "--output":
        assert made(whole) == clean


def test_ctrl_c_keeps_what_was_finished(small: Path) -> None:
    for name in ("third", "fourth", "fifth"):
        text = (small / "evaluations" / "first.yaml").read_text()
        (small / "evaluations" / f"{name}.yaml").write_text(text)
    running = subprocess.Popen(BUILD, cwd=small, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((small / "results").glob("*/result.json")) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    said, words = running.communicate(timeout=120)
    assert running.returncode == 130, said + words
    assert "What was finished is kept" in words
    assert "Traceback" not in said + words
    finished = evalkit("status", folder=small).stdout.count("up to date")
    assert finished >= 1
    assert finished == len(list((small / "results").glob("*/result.json")))
