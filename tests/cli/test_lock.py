"""`lock`, `simulate` and the gate in `check`, `run` and `build`: exit statuses, words, and what is on the page."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_cli import evalkit
from tests.flow.plans import PLAN

Write = Callable[..., Path]
DATE = "2025-11-21"


@pytest.fixture
def study(write_study: Write) -> Path:
    return write_study(PLAN)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def real_data(project: Path) -> None:
    """Put numbers where the study looks for them: made up, but nothing in them says so."""
    simulated = project / "data" / "simulated" / "study" / "data" / "attendances.csv"
    with simulated.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    kept = [row[:-1] for row in rows]
    (project / "data" / "attendances.csv").write_text("".join(",".join(row) + "\n" for row in kept), encoding="utf-8")


def test_lock_writes_the_lock_and_names_the_lines(study: Path, project: Path) -> None:
    before = study.read_bytes()
    done = evalkit("lock", "study", "--date", DATE, folder=project)
    assert done.returncode == 0, done.stderr
    kept = json.loads((project / "protocols" / "study.lock.json").read_text())
    assert f"fixed as of {DATE}: protocols/study.lock.json" in done.stdout
    assert "By then no data had been seen." in done.stdout
    assert "Not there yet: data/attendances.csv. Until then: evalkit simulate study" in done.stdout
    assert f'  locked_at: "{DATE}"\n  protocol_sha256: {kept["sha256"]}\n' in done.stdout
    assert study.read_bytes() == before


def test_lock_writes_into_the_study_file_when_asked(study: Path, project: Path) -> None:
    done = evalkit("lock", "study", "--date", DATE, "--write", folder=project)
    assert done.returncode == 0, done.stderr
    assert f'registration:\n  locked_at: "{DATE}"\n' in study.read_text(encoding="utf-8")
    assert "# monthly counts" in study.read_text(encoding="utf-8")


def test_lock_in_json(study: Path, project: Path) -> None:
    found = json.loads(evalkit("lock", "study", "--date", DATE, "--json", folder=project).stdout)
    assert (found["id"], found["locked_at"], found["written"]) == ("study", DATE, False)
    assert len(found["lines"]) == 2


def test_a_study_that_says_too_little_is_refused(write_study: Write, project: Path) -> None:
    write_study()
    done = evalkit("lock", "study", folder=project)
    assert done.returncode == 2
    assert "outcomes.incidents.minimum_important_change: is missing" in done.stderr
    assert "outcomes.incidents.measurement_affected: is missing" in done.stderr
    assert "governance: is missing; add the block with commissioner" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "protocols").exists()


def test_a_second_lock_is_refused(study: Path, project: Path) -> None:
    evalkit("lock", "study", "--date", DATE, folder=project)
    done = evalkit("lock", "study", folder=project)
    assert done.returncode == 2
    assert "a lock is never made anew" in done.stderr


def test_a_study_file_that_is_wrong_is_wrong_and_not_refused(write_study: Write, project: Path) -> None:
    write_study(PLAN.replace("better: lower", "beter: lower"))
    assert evalkit("lock", "study", folder=project).returncode == 1


def test_a_change_is_refused_until_it_is_amended(study: Path, project: Path) -> None:
    evalkit("lock", "study", "--date", DATE, "--write", folder=project)
    edit(study, "minimum_important_change: 10", "minimum_important_change: 5")
    done = evalkit("check", "study", folder=project)
    assert done.returncode == 2
    assert "data/attendances.csv does not exist" in done.stderr
    found = re.search(r"- \{date: .*\}$", done.stderr, re.MULTILINE)
    assert found
    assert (
        "outcomes.attendances.minimum_important_change was fixed on 2025-11-21 as 10, and here it is 5" in done.stderr
    )
    line = found[0].replace("YYYY-MM-DD", "2026-01-02").replace("WHY", "Less is enough")
    edit(study, "  final_look: 2028-03\n", f"  final_look: 2028-03\n  amendments:\n    {line}\n")
    done = evalkit("check", "study", folder=project)
    assert done.returncode == 1  # what is left are the data, which are not there yet
    assert "minimum_important_change" not in done.stderr


def test_simulate_then_the_real_data(study: Path, project: Path) -> None:
    """The report is ready before the answer is known; the real run uses the same file and the same lock."""
    evalkit("lock", "study", "--date", DATE, "--write", folder=project)
    done = evalkit("simulate", "study", "--effect", "-30", "--comparison", "20", "--seed", "3", folder=project)
    assert done.returncode == 0, done.stderr
    assert "Simulated data." in done.stdout
    result = project / "results" / "study" / "result.json"
    kept = json.loads(result.read_text())
    assert all(analysis["simulated"] for analysis in kept["analyses"])
    assert kept["protocol"]["state"] == "as_locked"
    assert kept["study"]["registration"]["locked_at"] == DATE
    assert kept["failures"] == []
    assert "protocols/study.lock.json" in [item["name"] for item in kept["provenance"]["data"]]
    done = evalkit("build", "--simulated", "--engine", "bundled", folder=project)
    assert done.returncode == 0, done.stderr
    page = (project / "_site" / "studies" / "study.html").read_text(encoding="utf-8")
    assert "As it was fixed" in page
    assert "The plan in this study file is the one that was fixed" in page
    assert evalkit("run", "study", folder=project).returncode == 1  # without being asked for, nothing is made up
    real_data(project)
    assert evalkit("check", "study", folder=project).returncode == 0
    done = evalkit("run", "study", "--simulated", folder=project)
    assert done.returncode == 0, done.stderr
    now = json.loads(result.read_text())
    assert not any(analysis["simulated"] for analysis in now["analyses"])
    assert now["provenance"]["protocol_sha256"] == kept["provenance"]["protocol_sha256"]
    assert now["protocol"] == kept["protocol"]
    done = evalkit("simulate", "study", folder=project)
    assert done.returncode == 1
    assert "there is nothing to rehearse" in done.stderr
    edit(study, "South: 2026-03", "South: 2026-04")
    for verb in (["run", "study"], ["build", "--engine", "none"]):
        done = evalkit(*verb, folder=project)
        assert (verb, done.returncode) == (verb, 2)
        assert "intervention.starts.South was fixed on 2025-11-21 as '2026-03'" in done.stderr
    assert json.loads(result.read_text()) == now


def test_a_lock_that_is_gone_makes_the_study_stale_and_is_missed(study: Path, project: Path) -> None:
    evalkit("lock", "study", "--date", DATE, "--write", folder=project)
    evalkit("simulate", "study", folder=project)
    unchanged = evalkit("run", "--changed", "--simulated", folder=project)
    assert (unchanged.returncode, unchanged.stdout) == (0, "study: up to date\n")
    (project / "protocols" / "study.lock.json").unlink()
    done = evalkit("run", "--changed", "--simulated", folder=project)
    assert done.returncode == 2
    assert "its lock protocols/study.lock.json is not there" in done.stderr
    assert evalkit("check", folder=project).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "2026-02"], "no period before the start"),
        (["--to", "soon"], "'soon' is not a month"),
        (["--effect", "-200"], "greater than or equal to -100"),
    ],
)
def test_a_shape_that_cannot_be(study: Path, project: Path, arguments: list[str], says: str) -> None:
    done = evalkit("simulate", "study", *arguments, folder=project)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_data_that_are_no_file_are_not_rehearsed(write_study: Write, project: Path) -> None:
    write_study()
    done = evalkit("simulate", "study", folder=project)
    assert done.returncode == 1
    assert "there is no file of data to rehearse (source: counts)" in done.stderr


def test_a_lock_that_the_study_file_does_not_name_is_called_to_mind(study: Path, project: Path) -> None:
    """The lines are not pasted: `check` and `run` say so, and once they are there no longer."""
    evalkit("lock", "study", folder=project)
    evalkit("simulate", "study", folder=project)
    real_data(project)
    told = "evaluations/study.yaml does not name its lock, protocols/study.lock.json, so nobody would miss it"
    for verb in (["check", "study"], ["run", "study"]):
        done = evalkit(*verb, folder=project)
        assert done.returncode == 0, done.stderr
        assert told in done.stdout, verb
    (project / "protocols" / "study.lock.json").unlink()
    done = evalkit("check", "study", folder=project)
    assert done.returncode == 2
    assert "the plan was fixed when results/study/result.json was made, and its lock is not there" in done.stderr
    done = evalkit("lock", "study", folder=project)
    assert done.returncode == 2, "the result was made from the outcomes, and from the plan that was fixed"


def test_a_plan_cannot_be_backdated_unseen(study: Path, project: Path) -> None:
    done = evalkit("lock", "study", "--date", "2099-01-01", folder=project)
    assert done.returncode == 2
    assert "2099-01-01 is yet to come" in done.stderr
    done = evalkit("lock", "study", "--date", "2019-01-01", "--write", folder=project)
    assert done.returncode == 0, done.stderr
    assert "The date is stated, not recorded: the lock was written on" in done.stdout
    assert evalkit("simulate", "study", folder=project).returncode == 0
    kept = json.loads((project / "results" / "study" / "result.json").read_text())["protocol"]
    assert (kept["locked_at"], kept["dated"]) == ("2019-01-01", "stated")
