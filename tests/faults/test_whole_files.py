"""Files written whole or not at all, and what killed processes leave: taken away at the next build, never too early."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit import building, freshness, whole_files
from evalkit.fetching.fetch import write_table
from evalkit.whole_files import holds, remove_left_over, replacing, write_whole

WRITER = """\
import sys, time
from pathlib import Path
from evalkit.whole_files import replacing
with replacing(Path(sys.argv[1])) as new:
    new.write_text("half")
    print(new, flush=True)
    time.sleep(60)
"""


def writer(target: Path) -> tuple["subprocess.Popen[str]", Path]:
    """Start a process that is in the middle of writing a file; return it with the file on its way."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_file_is_replaced_once_and_only_for_other_bytes(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    assert write_whole(target, "one")
    assert not write_whole(target, b"one")
    assert write_whole(target, "two")
    assert holds(target, "two")
    assert [path.name for path in target.parent.iterdir()] == ["b.txt"]
    assert target.stat().st_mode & 0o777 == 0o644


def interrupted(target: Path) -> None:
    """Write half of a file, and be stopped."""
    with replacing(target) as new:
        new.write_text("half")
        raise KeyboardInterrupt


def test_a_fault_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "b.txt"
    write_whole(target, "old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(target)
    with pytest.raises(FileNotFoundError), replacing(target):
        pass
    assert holds(target, "old")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_name_as_long_as_a_system_allows(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 127)
    assert write_whole(target, "x")
    assert holds(target, "x")


def test_what_a_living_process_writes_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    process, half = writer(tmp_path / "results" / "study" / "result.json")
    try:
        assert half.is_file()
        assert remove_left_over([tmp_path]) == []
        assert half.is_file()
    finally:
        process.kill()
        process.communicate()
    assert half.is_file(), "a killed process takes nothing away"
    assert remove_left_over([tmp_path, tmp_path / "results", tmp_path / "nowhere"]) == [half]
    assert not half.exists()


def test_another_computers_file_goes_after_a_day(tmp_path: Path) -> None:
    other = tmp_path / ".result.json.00000000-999999999-0123abcd.part"
    other.write_text("half")
    assert remove_left_over([tmp_path]) == []
    old = time.time() - whole_files.FORGOTTEN - 60
    os.utime(other, (old, old))
    assert remove_left_over([tmp_path]) == [other]


@pytest.mark.parametrize("name", ["figures.zip.part", "figures.zip.part.json", ".notes.part", "result.json"])
def test_files_of_other_names_are_nobodys_to_remove(tmp_path: Path, name: str) -> None:
    kept = tmp_path / name
    kept.write_text("a download that is gone on with, or somebody's own")
    os.utime(kept, (0, 0))
    assert remove_left_over([tmp_path]) == []
    assert kept.is_file()


def test_below_a_folder_that_is_looked_at_alone_nothing_is_removed(tmp_path: Path) -> None:
    process, half = writer(tmp_path / "below" / "x.txt")
    process.kill()
    process.communicate()
    assert remove_left_over([], [tmp_path]) == []
    assert remove_left_over([], [tmp_path / "below", tmp_path / "nowhere"]) == [half]


def test_a_fetched_table_is_written_by_the_same_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas

    seen: list[list[str]] = []
    sync = whole_files.sync
    monkeypatch.setattr(
        whole_files, "sync", lambda path: (seen.append([p.name for p in tmp_path.iterdir()]), sync(path))
    )
    write_table(pandas.DataFrame({"a": [1]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a\n1\n"
    assert len(seen) == 1
    assert all(whole_files._NAME.match(name) for name in seen[0])


def test_a_build_takes_away_what_killed_ones_left(small: Path) -> None:
    places = building.Places(small, small / "results", small / "_site", "none")
    halves = []
    for name in ("results/first/result.json", "_site/index.html", "data/first.csv", "first.qmd"):
        process, half = writer(small / name)
        process.kill()
        process.communicate()
        halves.append(half)
    done = building.build(places, freshness.find_studies(small))
    assert not done.failed
    assert [half for half in halves if half.exists()] == []
    assert json.loads((small / "results" / "first" / "result.json").read_text())["id"] == "first"
