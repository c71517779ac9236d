"""What is kept of the run before: always of one run, whenever a run was killed, and never of itself."""

import gzip
import json
from pathlib import Path

import pytest

from evalkit import archive
from evalkit.history import earlier, rows
from evalkit.provenance import canonical
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


def test_a_rehearsal_is_no_run_that_real_data_are_held_against(made, monkeypatch):
    monkeypatch.setenv("EVALKIT_SIMULATED", "")
    (made.project / "data" / "incidents.csv").unlink()
    made.call("run", "study", "--simulated")
    assert made.document()["analyses"][0]["simulated"]
    made.write(FIRST)
    monkeypatch.setenv("EVALKIT_SIMULATED", "")
    assert "incidents.csv changed\n" in made.call("status").output
    made.call("run", "study")
    assert not (made.project / "results" / "study" / "previous.json").is_file()
    assert "Nothing to compare" in made.call("diff").output
    made.write(SECOND)
    assert "cells revised" in made.call("status").output


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


@pytest.mark.parametrize("place", ["rows", "first line"])
def test_rows_that_were_altered_are_not_believed(made, place):
    folder = made.project / "results" / "study"
    made.write(FIRST)
    made.call("run", "study")
    path = folder / rows.FILE_NAME
    text = gzip.decompress(path.read_bytes()).decode()
    head, _, body = text.partition("\n")
    said = '"frequency":"month"'
    assert said in head
    forged = (
        f"{head}\n{body.replace(',40.0,', ',999.0,', 1)}"
        if place == "rows"
        else text.replace(said, '"frequency":"year"')
    )
    assert forged != text
    changed = {**FIRST, ("Northside", "2022-05"): 77}
    made.write(changed)
    assert "1 cell revised" in made.call("status").output
    path.write_bytes(gzip.compress(forged.encode()))
    assert earlier.last_run(folder).rows is None
    said = made.call("status").output
    assert "data/incidents.csv changed" in said
    assert "revised" not in said, "what the rows were is not known any more, so nothing is said of cells"
    made.call("run", "study")
    assert earlier.last_run(folder).rows is not None, "and they are made again"


def test_rows_without_a_seal_count_only_where_the_whole_file_is_vouched_for(made):
    made.call("run", "study")
    folder = made.project / "results" / "study"
    path, document = folder / rows.FILE_NAME, archive.read_document(folder / archive.FILE_NAME)
    head, _, body = gzip.decompress(path.read_bytes()).decode().partition("\n")
    about = {key: value for key, value in json.loads(head[2:]).items() if key != rows.SEAL}
    bare = gzip.compress(f"# {canonical(about)}\n{body}".encode())
    assert rows.from_bytes(bare, rows.run_key(document)) is None
    assert rows.from_bytes(bare) is not None, "the record of a release holds the hash of the file"
    assert rows.from_bytes(path.read_bytes(), rows.run_key(document)) is not None
