"""What is kept of the run before: always of one run, whenever a run was killed, and never of itself."""

from pathlib import Path

import pytest

from evalkit.history import earlier
from tests.history.conftest import made_counts

FIRST, SECOND = made_counts(), {key: count + 3 for key, count in made_counts().items()}
KEPT = ("study.yaml", "rows.csv.gz")


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"}


@pytest.mark.parametrize("left", [KEPT[:0], KEPT[:1], KEPT])
def test_a_run_killed_before_its_result_leaves_what_a_whole_one_leaves(made, left):
    folder = made.project / "results" / "study"
    texts = [made.path.read_text(), made.path.read_text() + "short_title: Another\n"]
    made.write(FIRST, texts[0])
    made.call("run", "study")
    before = files(folder)
    made.write(SECOND, texts[1])
    made.call("run", "study")
    clean = files(folder)
    assert clean["previous.rows.csv.gz"] == before["rows.csv.gz"] != clean["rows.csv.gz"]

    for file in folder.iterdir():
        file.unlink()
    for name, content in before.items():
        (folder / name).write_bytes(content)
    earlier.set_back(folder, None)
    for name in left:
        (folder / name).write_bytes(clean[name])
    made.call("run", "study")
    assert files(folder) == clean


def test_a_run_made_again_is_not_the_run_before_itself(made):
    folder = made.project / "results" / "study"
    for counts in (FIRST, SECOND):
        made.write(counts)
        made.call("run", "study")
    once = files(folder)
    made.call("run", "study")
    assert files(folder) == once


def test_rows_of_another_run_are_not_kept_as_those_of_the_run_before(made):
    folder = made.project / "results" / "study"
    made.call("run", "study")
    first = (folder / "rows.csv.gz").read_bytes()
    made.write(SECOND, made.path.read_text() + "short_title: Another\n")
    made.call("run", "study")
    (folder / "rows.csv.gz").write_bytes(first)
    (folder / "study.yaml").write_text("title: another\n")
    earlier.set_back(folder, None)
    assert {name for name in files(folder) if name.startswith("previous.")} == {"previous.json"}
