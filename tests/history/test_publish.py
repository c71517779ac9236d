"""Accepting numbers as released: what speaks against it, what is written, and faults on the way."""

import datetime
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.history.conftest import STUDY, Made, made_counts


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_record_holds_result_reason_and_what_went_in(made: Made) -> None:
    made.call("run", "study")
    made.publish("--date", "2026-01-05")
    record = json.loads(made.record.read_text())
    result = made.document()
    assert {key: value for key, value in record.items() if key not in ("release", "guards")} == {
        key: value for key, value in result.items() if key not in ("releases", "guards", "seal")}  # fmt: skip
    held = [{each["guard"]: each["found"] for each in one["guards"]}["withdrawn_rows"] for one in (record, result)]
    assert held == ["not_run", "met"], "from now on there is a release that the data are held against"
    (release,) = record["release"]["history"]
    assert (release["version"], release["date"], release["reason"], release["name"]) == (
        1, "2026-01-05", "Yearly figures", "A. Analyst")  # fmt: skip
    assert release["headline"]["data_to"] == "2023-12"
    assert release["headline"]["value"] == result["analyses"][0]["relative"]["value"]
    assert record["release"]["study_file"] == STUDY
    assert (made.record.parent / record["release"]["rows"]["file"]).is_file()
    assert made.document()["releases"]["history"] == record["release"]["history"]


def test_today_is_written_down_when_no_date_is_given(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    dates = {datetime.date.today(), datetime.date.today() - datetime.timedelta(days=1)}
    assert json.loads(made.record.read_text())["release"]["history"][0]["date"] in {day.isoformat() for day in dates}


def test_the_same_numbers_are_not_released_twice(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    before = made.record.read_bytes()
    assert "released already, as version 1" in made.publish().output
    assert made.record.read_bytes() == before


def test_a_second_release_keeps_the_history_and_one_file_of_rows(made: Made) -> None:
    made.call("run", "study")
    made.publish("--date", "2026-01-05")
    made.write(made_counts(25))
    made.call("run", "study")
    made.publish("--date", "2026-02-05")
    assert [path.name for path in sorted(made.record.parent.iterdir())] == ["study.json", "study.rows-2.csv.gz"]
    assert len(json.loads(made.record.read_text())["release"]["history"]) == 2


def refused(made: Made, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "publish", "study", "--reason", "r", "--name", "n", *more],
        cwd=made.project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not made.record.exists()
    return " ".join(done.stderr.split())


def test_refused_without_a_result_and_with_an_old_one(made: Made) -> None:
    assert "its result is out of date: never run; run `evalkit run study` first" in refused(made)
    made.call("run", "study")
    made.write(made_counts(25))
    assert "1 month added (2024-01)" in refused(made)


def test_everything_that_speaks_against_it_at_once(made: Made) -> None:
    made.write(text=STUDY + "status: withdrawn\nnarrative: {next: see @fig-nothing}\n")
    made.call("run", "study")
    said = refused(made, "--date", "Friday")
    for words in ("it was withdrawn", "its page cannot be made", "fig-nothing", "'Friday' is no date"):
        assert words in said


def test_refused_where_the_difference_gives_a_small_number_away(made: Made) -> None:
    text = STUDY + "disclosure: {profile: police}\n"
    made.write(text=text)
    made.call("run", "study")
    made.publish()
    assert not list(made.record.parent.glob("*.csv.gz"))
    assert not (made.project / "results" / "study" / "rows.csv.gz").exists()
    record = json.loads(made.record.read_text())
    assert record["release"]["rows"] == {"file": None, "sha256": None, "why_not": "the study hides small numbers"}
    made.write(made_counts() | {("Northside", "2023-03"): 46}, text)  # two more than were released
    assert "changed by so little since the last release" in " ".join(made.call("run", "study", status=1).output.split())


def test_names_without_numbers_under_a_rule(made: Made) -> None:
    text = STUDY + "disclosure: {profile: police}\n"
    made.write(text=text)
    made.call("run", "study")
    made.publish()
    made.write(made_counts() | {("Northside", "2023-03"): 99}, text)
    made.call("run", "study")
    said = made.call("diff", "study", status=3).output
    assert "data/incidents.csv" in said
    assert "99" not in said
    cells = made.document()["releases"]["move"]["cells"]
    assert cells is None or not cells["numbers"]


def test_a_rule_that_came_later_tells_no_number_of_what_was_open(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    made.write(made_counts() | {("Northside", "2023-03"): 77}, STUDY + "disclosure: {profile: police}\n")
    assert "77" not in made.call("status").output
    made.call("run", "study", status=None)
    move = made.document()["releases"]["move"]
    assert move["cells"] is None or not move["cells"]["numbers"]
    assert {share["cause"] for share in move["shares"]} == {"data and spec", "code"}
    assert "no further run of the same data is shown" in move["notes"][0]
    assert "77" not in json.dumps(move["cells"])


def test_a_date_that_is_yet_to_come_is_refused(made: Made) -> None:
    made.call("run", "study")
    assert "2999-01-01 is yet to come" in made.publish("--date", "2999-01-01", status=2).output
    assert not made.record.exists()


def test_a_date_before_the_last_release_is_refused(made: Made) -> None:
    made.call("run", "study")
    made.publish("--date", "2026-02-05")
    made.write(made_counts(25))
    made.call("run", "study")
    before = files(made.record.parent)
    made.publish("--date", "2026-01-05", status=None)
    assert files(made.record.parent) == before


LIMITED = """\
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.argv = ["evalkit", "publish", "study", "--reason", "r", "--name", "n"]
from evalkit import archive, cli
whole = archive.write_whole
def write(path, content):
    if path.suffix == ".json" and "published" in str(path):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    return whole(path, content)
archive.write_whole = write
cli.main()
"""


def test_a_full_disk_leaves_the_old_release_whole(made: Made) -> None:
    made.call("run", "study")
    made.publish("--date", "2026-01-05")
    made.write(made_counts(25))
    made.call("run", "study")
    before = files(made.record.parent)
    done = subprocess.run([sys.executable, "-c", LIMITED], cwd=made.project, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "larger than this system allows" in done.stderr
    assert files(made.record.parent) == before
    made.publish()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into a folder that is read-only")
def test_a_read_only_folder(made: Made) -> None:
    made.call("run", "study")
    made.record.parent.mkdir(parents=True)
    made.record.parent.chmod(0o555)
    try:
        done = subprocess.run([sys.executable, "-m", "evalkit", "publish", "study", "--reason", "r", "--name", "n"],
                              cwd=made.project, capture_output=True, text=True, check=False)  # fmt: skip
    finally:
        made.record.parent.chmod(0o755)
    assert done.returncode == 1
    assert "not allowed" in done.stderr
    assert files(made.record.parent) == {}


def test_a_file_in_place_of_the_folder(made: Made) -> None:
    made.call("run", "study")
    (made.project / "reports").write_text("")
    done = subprocess.run([sys.executable, "-m", "evalkit", "publish", "study", "--reason", "r", "--name", "n"],
                          cwd=made.project, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a file stands where a folder is needed" in done.stderr


def test_a_damaged_record_is_named(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    made.record.write_bytes(made.record.read_bytes()[:100])
    assert "is damaged" in made.call("run", "study", status=1).output


def alter(made: Made, old: str, new: str) -> None:
    text = made.record.read_text()
    assert text.count(old), old
    made.record.write_text(text.replace(old, new))


def test_a_record_altered_by_hand_is_named_by_every_verb_and_nothing_is_written(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    value = json.dumps(json.loads(made.record.read_text())["analyses"][0]["relative"]["value"])
    alter(made, value, value.replace(".", "0."))
    altered, result = made.record.read_bytes(), made.document()
    for verb in (["diff", "study"], ["build", "--engine", "none"], ["run", "study"]):
        said = " ".join(made.call(*verb, status=1).output.split())
        assert "reports/published/study.json was altered after it was released" in said, verb
        assert "put back the file that `evalkit publish` wrote" in said
    assert "was altered after it was released" in made.publish(status=2).output
    assert (made.record.read_bytes(), made.document()) == (altered, result)
    alter(made, value.replace(".", "0."), value)
    made.call("diff", "study")


@pytest.mark.parametrize(("old", "new"), [
    ('"name": "A. Analyst"', '"name": "B. Better"'), ('"reason": "Yearly figures"', '"reason": "None"'),
    ('"why_not": ""', '"why_not": "x"'), ("evalkit: 1", "evalkit: 1 "), ('"sha256": ', '"sha-256": '),
])  # fmt: skip
def test_whatever_is_altered_in_a_record_is_found(made: Made, old: str, new: str) -> None:
    made.call("run", "study")
    made.publish()
    alter(made, old, new)
    assert "was altered after it was released" in made.call("diff", "study", status=1).output


def test_a_study_that_was_released_is_up_to_date_at_once(made: Made) -> None:
    made.call("run", "study")
    made.publish()
    assert "up to date" in made.call("status").output


def test_a_result_altered_by_hand_is_not_released(made: Made) -> None:
    made.call("run", "study")
    path = made.project / "results" / "study" / "result.json"
    path.write_text(path.read_text().replace('"value": -', '"value": -5'))
    assert "its result is damaged, was altered" in made.publish(status=2).output
    assert not made.record.exists()
