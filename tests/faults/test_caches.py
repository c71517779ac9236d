"""What is remembered is not believed when damaged, old or forged; staleness goes by content, not by time."""

import json
import os
import shutil
from pathlib import Path

import pytest

from evalkit import building, freshness
from evalkit.fetching.lock import Record, TableRecord, add_to_lock
from evalkit.provenance import canonical, sha256_of
from tests.faults.conftest import evalkit, made, write_data
from tests.fetching.test_fixed import SOURCES

MEMORIES = ("results/first/freshness.json", "results/build.json", "results/pages.json", "results/first/result.json",
            "studies/_page/made.json")  # fmt: skip
FORM = f'"form": {freshness.FORM}'.encode()
HARMS = {
    "cut in half": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "not JSON": lambda _: b"\x00\xff" * 200,
    "another shape": lambda _: b"[1, 2, 3]",
    "another version": lambda content: content.replace(FORM, b'"form": 0').replace(b"result/1", b"result/0"),
}


def states(project: Path) -> dict[str, str]:
    """Return what is said of each study."""
    return {o.id: o.state for o in building.state_of(freshness.find_studies(project), Path("results"))}


def test_each_memory_is_rebuilt_whatever_befell_it(whole: Path) -> None:
    clean = made(whole)
    for harm, change in HARMS.items():
        for name in MEMORIES:
            path = whole / name
            path.write_bytes(change(path.read_bytes()))
        done = evalkit("build", "--engine", "bundled", folder=whole)
        assert done.returncode == 0, (harm, done.stderr)
        more = {Path(name).name.partition(".")[0] for name in made(whole).keys() - clean.keys()}
        assert more <= {"previous"}, harm
        assert {name: content for name, content in made(whole).items() if name in clean} == clean, harm


def test_memories_that_cannot_be_read_or_written_cost_only_time(whole: Path) -> None:
    clean = made(whole)
    for name in ("results/first/freshness.json", "results/build.json"):
        (whole / name).unlink()
        (whole / name / "in the way").mkdir(parents=True)
    done = evalkit("build", "--engine", "bundled", folder=whole)
    assert (done.returncode, "nothing changed" in done.stdout) == (0, True), done.stderr
    assert made(whole) == {name: content for name, content in clean.items()
                           if name not in ("results/first/freshness.json", "results/build.json")}  # fmt: skip


def test_a_sealed_record_of_other_bytes_is_not_believed(whole: Path) -> None:
    path = whole / "results" / "first" / "freshness.json"
    record = json.loads(path.read_text())
    del record["sha256_of_this_record"]
    write_data(whole, "first", shift=3)
    assert states(whole)["first"] == "to run"
    data = str(whole / "data" / "first.csv")
    record["files"][data] = sha256_of((whole / "data" / "first.csv").read_bytes())
    path.write_text(json.dumps({**record, "sha256_of_this_record": sha256_of("something else")}))
    assert states(whole)["first"] == "to run", "its seal does not fit"
    path.write_text(json.dumps({**record, "sha256_of_this_record": sha256_of(canonical(record))}))
    assert freshness.stands(whole / "evaluations" / "first.yaml", Path("results")), "whole, and every hash fits"


@pytest.mark.parametrize("record", ["kept", "lost", "damaged", "of another form"])
def test_a_result_that_was_changed_by_hand_is_made_again(whole: Path, record: str) -> None:
    """Its seal tells, also where the record that holds its hash tells nothing."""
    path = whole / "results" / "first" / "result.json"
    written = path.read_bytes()
    document = json.loads(written)
    document["analyses"][0]["effect"]["value"] *= 2
    path.write_text(json.dumps(document, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    if record == "lost":
        path.with_name("freshness.json").unlink()
    elif record != "kept":
        path.with_name("freshness.json").write_text("{" if record == "damaged" else '{"form": 1}')
    (told,) = [o for o in building.state_of(freshness.find_studies(whole), Path("results")) if o.id == "first"]
    assert told.reasons == ("its result is damaged, was altered or is from another version",)
    assert evalkit("build", "--engine", "bundled", folder=whole).returncode == 0
    assert path.read_bytes() == written


def test_what_the_list_of_published_files_fixes_is_part_of_a_result(whole: Path) -> None:
    """A copy that is fixed counts on the page; a list that says so now, and did not, makes the result another."""
    table, content = "data/first.csv", (whole / "data" / "first.csv").read_bytes()
    (whole / "data" / "sources.yaml").write_text(SOURCES.replace("data/tidy/a.csv", table), encoding="utf-8")
    assert states(whole)["first"] == "unchanged", "declared, and never fetched by it"
    read = TableRecord(table, sha256_of(content), 1, "e" * 64)
    add_to_lock(whole, "one", Record("data/raw/a.csv", "a" * 64, 1, (read,)))
    (told,) = [o for o in building.state_of(freshness.find_studies(whole), Path("results")) if o.id == "first"]
    assert told.reasons == ("data/sources.yaml, or what was fetched by it, fixes other files",)
    assert evalkit("run", "first", folder=whole).returncode == 0
    assert states(whole)["first"] == "unchanged"
    (whole / "data" / "sources.yaml").unlink()
    assert states(whole)["first"] == "to run"


def test_every_part_of_what_was_read_counts(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = whole / "evaluations" / "first.yaml"
    assert freshness.stands(study, Path("results"))
    for path in (study, whole / "data" / "first.csv", whole / "results" / "first" / "result.json"):
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert not freshness.stands(study, Path("results")), path
        path.write_bytes(content)
        assert freshness.stands(study, Path("results")), path
    for module, name, value in (("provenance", "code_version", lambda parts=(): "other"),
                                ("provenance", "package_versions", lambda: {"numpy": "0"})):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(f"evalkit.{module}.{name}", value)
            assert not freshness.stands(study, Path("results")), name
    (whole / "protocols").mkdir()
    (whole / "protocols" / "first.lock.json").write_text("{}")
    assert not freshness.stands(study, Path("results")), "a protocol was fixed since"


def test_a_file_that_comes_before_the_one_that_was_read_counts(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path_factory.mktemp("root")
    monkeypatch.setenv("EVALKIT_DATA", str(root))
    study = whole / "evaluations" / "first.yaml"
    assert not freshness.stands(study, Path("results")), "another data root"
    assert states(whole)["first"] == "unchanged"
    assert freshness.stands(study, Path("results")), "looked at in full, it is remembered"
    (root / "data").mkdir()
    (root / "data" / "first.csv").write_text("month,value\n2018-01,1\n")
    assert not freshness.stands(study, Path("results"))


def test_a_link_that_leads_elsewhere_counts(whole: Path) -> None:
    study, data = whole / "evaluations" / "first.yaml", whole / "data" / "first.csv"
    data.rename(data.with_name("kept.csv"))
    data.symlink_to("kept.csv")
    assert states(whole)["first"] == "unchanged"
    assert freshness.stands(study, Path("results"))
    write_data(whole, "other", shift=3)
    data.unlink()
    data.symlink_to("other.csv")
    assert not freshness.stands(study, Path("results"))
    assert states(whole)["first"] == "to run"


@pytest.mark.parametrize("when", [0, 946_684_800, 4_102_444_800], ids=["1970", "2000", "2100"])
def test_a_clock_that_was_set_changes_nothing(whole: Path, when: int) -> None:
    clean = made(whole)
    for path in [path for path in whole.rglob("*") if path.is_file()]:
        os.utime(path, (when, when))
    assert "nothing changed" in evalkit("build", "--engine", "bundled", folder=whole).stdout
    assert made(whole) == clean
    data = whole / "data" / "first.csv"
    size = data.stat().st_size
    os.utime(write_data(whole, "first", shift=3), (when, when))
    assert data.stat().st_size == size
    assert states(whole) == {"first": "to run", "second": "unchanged"}, "same size, same time, other bytes"


def test_a_page_that_was_edited_or_lost_is_made_again(whole: Path) -> None:
    clean = made(whole)
    (whole / "_site" / "studies" / "first.html").write_text("something else")
    (whole / "_site" / "studies" / "second.html").unlink()
    assert evalkit("build", "--engine", "bundled", folder=whole).returncode == 0
    assert made(whole) == clean


def test_what_was_put_back_is_said(whole: Path) -> None:
    (whole / "_site" / "style.css").unlink()
    done = evalkit("build", "--engine", "bundled", folder=whole)
    assert "files of the site were put back" in done.stdout
    assert (whole / "_site" / "style.css").is_file()
    assert "Site is up to date" in evalkit("build", "--engine", "bundled", folder=whole).stdout


def test_a_project_that_was_copied_is_right_in_its_new_place(whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "copy"
    shutil.copytree(whole, other, ignore=shutil.ignore_patterns("copy"))
    write_data(other, "first", shift=3)
    done = evalkit("build", "--engine", "bundled", "--json", folder=other)
    told = {row["id"]: row["state"] for row in json.loads(done.stdout)["studies"]}
    assert told == {"first": "run", "second": "unchanged"}, "the data beside it count, not those it was copied from"
