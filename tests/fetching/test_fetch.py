"""Sources are brought here, read and written down; one that fails stops nothing and breaks nothing."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas
import pytest

from evalkit.errors import DataError
from evalkit.fetching import fetch
from evalkit.fetching.catalogue import CatalogueError, load_catalogue
from evalkit.fetching.fetch import Fetched, Fetcher
from evalkit.fetching.lock import FILE as LOCK
from evalkit.fetching.lock import read_lock
from evalkit.fetching.states import State, states
from tests.fetching import shapes
from tests.fetching.server import QUICK, Publisher, status, whole
from tests.fetching.written import EXTRACT, extract_of, source, written

BODY = b"area,n\nLeeds,3\nYork,*\n"
NEWER = b"area,n\nLeeds,4\nYork,*\n"


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def run(project: Path, trust: ssl.SSLContext) -> Callable[..., list[Fetched]]:
    def bring(*names: str, mirror: Path | None = None, again: bool = False, root: Path | None = None) -> list[Fetched]:
        fetcher = Fetcher(project, root or project, mirror, again, QUICK, trust)
        return fetcher.run(load_catalogue(project), names)

    return bring


Run = Callable[..., list[Fetched]]


def ended(found: Sequence[Fetched]) -> list[str]:
    return [item.ended for item in found]


def words(project: Path, *names: str) -> list[str]:
    return [state.word for state in found_states(project, *names)]


def found_states(project: Path, *names: str) -> list[State]:
    return states(load_catalogue(project), read_lock(project), project, list(names))


def test_a_source_is_fetched_read_and_written_down(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    assert words(project) == ["missing"]
    (found,) = run()
    assert (found.ended, found.rows, found.changes, found.extract) == ("fetched", 2, (), False)
    assert (project / "data/raw/x.csv").read_bytes() == BODY
    assert (project / "data/tidy/x.csv").read_bytes() == BODY
    assert words(project) == ["fetched"]
    assert ended(run()) == ["up to date"]
    assert len(publisher.seen) == 1


def test_what_is_written_down_has_no_dates_and_no_places(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    run()
    text = (project / LOCK).read_text()
    assert str(project) not in text
    assert "localhost" not in text
    (project / LOCK).unlink()
    run()
    assert (project / LOCK).read_text() == text


def test_a_pinned_source(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY)), sha256=sha(BODY).upper()))
    assert ended(run()) == ["fetched"]
    assert words(project) == ["pinned"]


def test_one_failing_source_does_not_stop_the_others(project: Path, publisher: Publisher, run: Run) -> None:
    def named(name: str, *replies: Any, **changed: Any) -> dict[str, Any]:
        return source(address=publisher.says(f"/{name}", *replies), file=f"data/raw/{name}.csv",
                      tables=[{"path": f"data/tidy/{name}.csv", "reader": EXTRACT}], **changed)  # fmt: skip

    written(project, gone=named("gone", status(404)), wrong=named("wrong", whole(BODY), sha256="0" * 64),
            odd=named("odd", whole(b"a,b\n1,2\n")), right=named("right", whole(BODY)),
            web=named("web", whole(b"<html><title>Moved</title>")))  # fmt: skip
    found = {item.id: item for item in run()}
    assert {name: item.ended for name, item in found.items()} == {
        "gone": "failed", "wrong": "failed", "odd": "failed", "right": "fetched", "web": "failed"}  # fmt: skip
    assert "answers 404" in str(found["gone"].problems[0])
    assert sha(BODY) in str(found["wrong"].problems[0])
    assert "data/tidy/odd.csv cannot be read from it: there is no column 'area'" in str(found["odd"].problems[0])
    assert set(read_lock(project)) == {"right"}


def test_a_disk_that_refuses_fails_one_source_alone(
    project: Path, publisher: Publisher, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    (project / "data/tidy").write_text("a file where a folder is needed")
    (found,) = run()
    assert found.ended == "failed"
    assert "a file stands where a folder is needed" in str(found.problems[0])


def test_a_table_that_was_changed_is_read_again_without_asking(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    run()
    (project / "data/tidy/x.csv").write_text("area,n\nLeeds,999\n")
    assert words(project) == ["differs"]
    assert ended(run()) == ["read again"]
    assert (project / "data/tidy/x.csv").read_bytes() == BODY
    assert len(publisher.seen) == 1


def test_a_file_that_was_changed_is_fetched_again(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    run()
    (project / "data/raw/x.csv").write_bytes(NEWER)
    (state,) = found_states(project)
    assert state.word == "differs"
    assert f"data/raw/x.csv has sha256 {sha(NEWER)}, and {sha(BODY)} is recorded" in str(state.problems[0])
    assert ended(run()) == ["fetched"]
    assert (project / "data/raw/x.csv").read_bytes() == BODY


def test_a_new_reader_reads_again_without_asking(
    project: Path, publisher: Publisher, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = publisher.says("/x.csv", whole(BODY))
    written(project, a=source(address=address))
    run()
    keep = {"kind": "extract", "keep": {"place": "area"}, "key": ["place"]}
    written(project, a=source(address=address, tables=[{"path": "data/tidy/x.csv", "reader": keep}]))
    (found,) = run()
    assert (found.ended, found.changes) == ("read again", ("data/tidy/x.csv",))
    assert (project / "data/tidy/x.csv").read_text() == "place\nLeeds\nYork\n"
    monkeypatch.setattr(fetch, "code_version", lambda parts: "another version of the readers")
    assert ended(run()) == ["read again"]
    assert len(publisher.seen) == 1


def test_a_publisher_that_revises_is_asked_again_on_request(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(NEWER, '"2"'))))
    run()
    assert ended(run()) == ["up to date"]
    (found,) = run(again=True)
    assert (found.ended, found.changes) == ("fetched", ("data/raw/x.csv", "data/tidy/x.csv"))
    assert words(project) == ["fetched"]


@pytest.mark.parametrize(("newer", "told"), [
    (b"area,n\nYork,*\n", "2 rows before, 1 now; area: 1 no longer there (Leeds)"),
    (b"area,n\nYork,*\nBath,1\n", "2 rows before, 2 now; area: 1 no longer there (Leeds)"),
])  # fmt: skip
def test_what_a_publisher_takes_down_is_kept_and_told(
    project: Path, publisher: Publisher, run: Run, newer: bytes, told: str
) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(newer, '"2"'), whole(BODY, '"3"'))))
    run()
    before = (project / "data/tidy/x.csv").read_bytes()
    (found,) = run(again=True)
    kept = project / "data/tidy" / f"x.kept-{sha(before)[:8]}.csv"
    assert kept.read_bytes() == before
    assert found.gone == (f"data/tidy/x.csv: {told}; the table before is kept as {kept.name}",)
    (found,) = run(again=True)
    assert (project / "data/tidy/x.csv").read_bytes() == before


def test_revised_numbers_alone_are_no_loss(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(NEWER, '"2"'))))
    run()
    (found,) = run(again=True)
    assert (found.gone, sorted(file.name for file in (project / "data/tidy").iterdir())) == ((), ["x.csv"])


def test_a_file_that_was_cut_short_is_refused(project: Path, publisher: Publisher, run: Run) -> None:
    columns = {"area": "area", "month": "month", "n": "n"}
    reader = {"kind": "extract", "keep": columns, "key": ["area", "month"]}
    body = b"area,month,n\nLeeds,2023-01,3\nLeeds,2023-02,4\nA,"
    address = publisher.says("/x.csv", whole(body))
    written(project, a=source(address=address, tables=[{"path": "data/tidy/x.csv", "reader": reader}]))
    (found,) = run()
    assert found.ended == "failed"
    assert "its last row has fewer cells than its first: it was cut short" in str(found.problems[0])
    assert not (project / "data/tidy/x.csv").exists()


def test_a_pinned_source_is_not_asked_again(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(NEWER)), sha256=sha(BODY)))
    run()
    assert ended(run(again=True)) == ["up to date"]


def test_a_new_pin_is_a_difference_until_the_file_has_it(project: Path, publisher: Publisher, run: Run) -> None:
    address = publisher.says("/x.csv", whole(BODY), whole(NEWER, '"2"'))
    written(project, a=source(address=address))
    run()
    written(project, a=source(address=address, sha256=sha(NEWER)))
    (state,) = found_states(project)
    assert "is declared" in str(state.problems[0])
    assert ended(run()) == ["fetched"]
    assert words(project) == ["pinned"]


def test_a_revision_that_cannot_be_read_leaves_the_tables(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(b"place,n\nLeeds,4\n", '"2"'))))
    run()
    (found,) = run(again=True)
    assert found.ended == "failed"
    assert (project / "data/tidy/x.csv").read_bytes() == BODY
    assert words(project) == ["differs"]


@pytest.fixture
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "x.csv").write_bytes(BODY)
    return folder


def test_a_mirror_takes_the_place_of_publishers(project: Path, publisher: Publisher, run: Run, mirror: Path) -> None:
    address = publisher.says("/x.csv", whole(BODY))
    written(project, a=source(address=address, mirror="x.csv", sha256=sha(BODY)))
    assert ended(run(mirror=mirror)) == ["fetched"]
    assert publisher.seen == []
    lock = (project / LOCK).read_bytes()
    for path in ("data/raw/x.csv", "data/tidy/x.csv", LOCK):
        (project / path).unlink()
    assert ended(run()) == ["fetched"]
    assert (project / LOCK).read_bytes() == lock


@pytest.mark.parametrize(("changed", "words"), [
    ({"mirror": "y.csv"}, "the mirror has no file 'y.csv'"),
    ({"mirror": "x.csv", "sha256": "0" * 64}, "x.csv in the mirror has sha256"),
    ({"mirror": "x.csv", "max_size": 5}, "at most 5 are taken"),
])  # fmt: skip
def test_a_mirror_is_checked_as_publishers_are(
    project: Path, run: Run, mirror: Path, changed: dict[str, Any], words: str
) -> None:
    written(project, a=source(**changed))
    (found,) = run(mirror=mirror)
    assert found.ended == "failed"
    assert words in str(found.problems[0])
    assert not (project / "data/raw").exists() or list((project / "data/raw").iterdir()) == []


def test_a_mirror_that_is_no_folder(project: Path, run: Run) -> None:
    written(project, a=source())
    with pytest.raises(DataError, match="is not a folder"):
        run(mirror=project / "nowhere")


def test_a_source_that_no_mirror_has_is_left_out_or_fails_when_named(project: Path, run: Run, mirror: Path) -> None:
    written(project, a=source())
    assert ended(run(mirror=mirror)) == ["left out"]
    assert ended(run("a", mirror=mirror)) == ["failed"]


def test_a_source_without_address(project: Path, run: Run, mirror: Path) -> None:
    written(project, a=source(address=None, note="ask the press office", mirror="x.csv"))
    (found,) = run()
    assert found.ended == "left out"
    assert "`--mirror FOLDER` takes x.csv from a folder; ask the press office" in str(found.problems[0])
    assert ended(run("a")) == ["failed"]
    assert ended(run(mirror=mirror)) == ["fetched"]
    assert ended(run()) == ["up to date"]
    (project / "data/raw/x.csv").unlink()
    assert ended(run()) == ["failed"]  # it was here, so its loss is told


def test_a_source_that_is_fetched_only_when_named(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY)), only_when_named=True))
    assert run() == []
    assert ended(run("a")) == ["fetched"]
    assert words(project) == ["fetched"]


TIDY = b"place,count\nLeeds,3\nYork,*\n"


def test_an_extract_gives_way_to_the_publishers_file(
    project: Path, publisher: Publisher, run: Run, mirror: Path
) -> None:
    (mirror / "x_tidy.csv").write_bytes(TIDY)
    reader = {"kind": "extract", "keep": {"area": "place", "n": "count"}, "key": ["area"]}
    of = extract_of(sha256=sha(TIDY), reader=reader)
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY)), mirror=of))
    (found,) = run(mirror=mirror)
    assert (found.ended, found.extract) == ("fetched", True)
    assert (project / "data/raw/x_tidy.csv").read_bytes() == TIDY
    table = (project / "data/tidy/x.csv").read_bytes()
    assert table == BODY
    (state,) = found_states(project)
    assert (state.word, state.extract) == ("pinned", True)
    assert ended(run(mirror=mirror)) == ["up to date"]
    (found,) = run()
    assert (found.ended, found.extract) == ("fetched", False)
    assert words(project) == ["fetched"]
    assert ended(run(mirror=mirror)) == ["up to date"]  # the publisher's own file stays


def test_an_extract_with_another_hash_is_refused(project: Path, run: Run, mirror: Path) -> None:
    (mirror / "x_tidy.csv").write_bytes(TIDY)
    written(project, a=source(mirror=extract_of()))
    assert ended(run(mirror=mirror)) == ["failed"]


def test_several_tables_of_a_workbook_are_written_all_or_none(project: Path, run: Run, mirror: Path) -> None:
    def tables(*names: str) -> list[dict[str, Any]]:
        return [{"path": f"data/tidy/{name}.csv", "reader": {"kind": "ons_police_force_areas", "tables": [name]}}
                for name in names]  # fmt: skip

    shapes.police_force_areas(mirror / "pfa.xlsx")
    written(project, a=source(file="data/raw/pfa.xlsx", mirror="pfa.xlsx", tables=tables("P6", "P8", "P3")))
    (found,) = run(mirror=mirror)
    assert found.rows == 13 * 4 + 12 * 4 + 11
    rows = shapes.firearm_rows()
    rows[10][2] = 999
    shapes.police_force_areas(mirror / "pfa.xlsx", Table_P8=rows, Table_P6=shapes.knife_rows()[:-1])
    before = {path.name: path.read_bytes() for path in (project / "data/tidy").iterdir()}
    (found,) = run(mirror=mirror, again=True)
    assert found.ended == "failed"
    assert "forces add up to" in str(found.problems[0])
    assert {path.name: path.read_bytes() for path in (project / "data/tidy").iterdir()} == before


def test_a_parquet_table(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(b"area,n\nLeeds,3\n")),
                              tables=[{"path": "data/tidy/x.parquet", "reader": EXTRACT}]))  # fmt: skip
    assert ended(run()) == ["fetched"]
    assert pandas.read_parquet(project / "data/tidy/x.parquet").to_dict("list") == {"area": ["Leeds"], "n": [3]}


def test_another_data_root(
    project: Path, publisher: Publisher, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root")
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    run(root=root)
    assert (root / "data/tidy/x.csv").read_bytes() == BODY
    assert not (project / "data/tidy").exists()
    assert (project / LOCK).is_file()


def test_a_damaged_lock_file_stops_before_anything_is_asked(project: Path, publisher: Publisher, run: Run) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    (project / LOCK).write_text("{")
    with pytest.raises(CatalogueError, match="is damaged"):
        run()
    assert publisher.seen == []


def test_what_others_wrote_down_meanwhile_is_kept(project: Path, publisher: Publisher, run: Run) -> None:
    address = publisher.says("/x.csv", whole(BODY))
    written(project, a=source(address=address), b=source(address=address, file="data/raw/y.csv",
            tables=[{"path": "data/tidy/y.csv", "reader": EXTRACT}]))  # fmt: skip
    run("a")
    run("b")
    assert list(json.loads((project / LOCK).read_text())["sources"]) == ["a", "b"]


def test_a_file_that_lies_there_unasked_is_no_fetched_file(project: Path) -> None:
    written(project, a=source())
    (project / "data/raw").mkdir()
    (project / "data/raw/x.csv").write_bytes(BODY)
    (state,) = found_states(project)
    assert state.word == "differs"
    assert "nothing says that it was fetched" in str(state.problems[0])


def test_a_pinned_file_that_lies_there_needs_no_asking(project: Path, run: Run) -> None:
    written(project, a=source(sha256=sha(BODY)))
    (project / "data/raw").mkdir()
    (project / "data/raw/x.csv").write_bytes(BODY)
    assert ended(run()) == ["read again"]
    assert words(project) == ["pinned"]


@pytest.mark.parametrize("at", ["_bring", "_read", "write_table", "add_to_lock"])
def test_an_interruption_at_any_step_is_mended_by_the_next_fetch(
    project: Path, publisher: Publisher, run: Run, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY), whole(NEWER, '"2"'))))
    run()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Fetcher if at.startswith("_") else fetch, at, stop)
        with pytest.raises(KeyboardInterrupt):
            run(again=True)
    assert (project / "data/tidy/x.csv").read_bytes() in (BODY, NEWER)
    run()
    assert words(project) == ["fetched"]
    run(again=True)
    assert (project / "data/tidy/x.csv").read_bytes() == NEWER
    assert sorted(path.name for path in (project / "data").rglob("*") if path.is_file()) == [
        "sources.lock.json", "sources.yaml", "x.csv", "x.csv"]  # fmt: skip
