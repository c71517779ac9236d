"""The verbs as a user meets them: exit statuses, words, --json, nothing half-written, no traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import plan_commands
from tests.conftest import SERIES

Write = Callable[..., Path]


def evalkit(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_check_says_no_problems(write_study: Write, project: Path) -> None:
    write_study()
    done = evalkit("check", "study", folder=project)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "evaluations/study.yaml: no problems")


def test_check_notes_an_impact_study_that_sets_no_size_that_matters(write_study: Write, project: Path) -> None:
    path = write_study()
    told = plan_commands.reminders(path)
    assert len(told) == 1
    assert "outcomes.incidents.minimum_important_change" in told[0]
    assert "can never say more than that the size of the change is uncertain" in told[0]
    done = evalkit("check", "study", folder=project)
    assert done.returncode == 0
    assert f"Note: {told[0].split()[0]}" in done.stdout
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("better: lower", "better: lower, minimum_important_change: 10"), encoding="utf-8")
    assert plan_commands.reminders(path) == []
    path.write_text(f"{text}level: interim\n", encoding="utf-8")
    assert plan_commands.reminders(path) == []


def test_check_shows_every_problem_with_a_caret(write_study: Write, project: Path) -> None:
    text = (SERIES % "1, 2, 3").replace("better: lower", "beter: lower").replace("season: none", "season: yes")
    write_study(text)
    done = evalkit("check", folder=project)
    assert done.returncode == 1
    assert "evaluations/study.yaml: 2 problems" in done.stderr
    assert "did you mean 'better'?" in done.stderr
    assert "^^^^^" in done.stderr
    assert "Nothing was run." in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_check_json(write_study: Write, project: Path) -> None:
    write_study((SERIES % "1, 2, 3").replace("better: lower", "beter: lower"))
    done = evalkit("check", "--json", folder=project)
    (row,) = json.loads(done.stdout)
    assert row["problems"][0]["where"] == "outcomes.incidents.beter"
    assert row["problems"][0]["line"] == 10


def test_run_writes_a_result_and_tells_it(write_study: Write, project: Path) -> None:
    write_study()
    done = evalkit("run", "study", folder=project)
    assert done.returncode == 0, done.stderr
    assert (project / "results" / "study" / "result.json").is_file()
    assert "A series" in done.stdout
    assert "(" in done.stdout
    assert "results/study/result.json" in done.stdout


def test_one_failing_study_does_not_stop_the_others(write_study: Write, project: Path) -> None:
    write_study(name="good")
    write_study(SERIES % ", ".join(["0"] * 48), name="zero")
    write_study("a: [", name="broken")
    done = evalkit("run", "--all", folder=project)
    assert done.returncode == 1
    assert (project / "results" / "good" / "result.json").is_file()
    assert not (project / "results" / "zero").exists()
    assert "evaluations/zero.yaml" in done.stderr
    assert "evaluations/broken.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_and_run_changed(write_study: Write, project: Path) -> None:
    path = write_study()
    assert "never run" in evalkit("status", folder=project).stdout
    evalkit("run", "--all", folder=project)
    assert "up to date" in evalkit("status", folder=project).stdout
    before = (project / "results" / "study" / "result.json").stat().st_mtime_ns
    assert "up to date" in evalkit("run", "--changed", folder=project).stdout
    assert (project / "results" / "study" / "result.json").stat().st_mtime_ns == before
    path.write_text(path.read_text().replace("season: none", "impact: level, season: none"))
    done = evalkit("status", "--json", folder=project)
    assert json.loads(done.stdout)[0]["reasons"] == ["study file changed"]


def test_a_damaged_result_is_run_again(write_study: Write, project: Path) -> None:
    write_study()
    evalkit("run", "--all", folder=project)
    path = project / "results" / "study" / "result.json"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in evalkit("status", folder=project).stdout
    evalkit("run", "--changed", folder=project)
    assert path.read_bytes() == whole


def test_diff_says_what_moved_and_why(write_study: Write, project: Path) -> None:
    path = write_study()
    evalkit("run", "--all", folder=project)
    path.write_text(path.read_text().replace("[60,", "[90,"))
    evalkit("run", "--all", folder=project)
    done = evalkit("diff", "--json", folder=project)
    (row,) = json.loads(done.stdout)
    assert "data" in row["causes"]
    assert row["before"] != row["now"]
    assert done.returncode == (3 if row["beyond"] else 0)
    words = evalkit("diff", "study", folder=project)
    assert "->" in words.stdout


def test_build_is_quick_and_silent_the_second_time(write_study: Write, project: Path) -> None:
    write_study()
    first = evalkit("build", "--engine", "bundled", folder=project)
    assert first.returncode == 0, first.stderr
    assert "_site/index.html" in first.stdout
    pages = {path: path.stat().st_mtime_ns for path in (project / "_site").rglob("*") if path.is_file()}
    assert project / "_site" / "studies" / "study.html" in pages
    second = evalkit("build", "--engine", "bundled", folder=project)
    assert "nothing changed" in second.stdout
    assert {path: path.stat().st_mtime_ns for path in (project / "_site").rglob("*") if path.is_file()} == pages


def test_build_lists_what_failed_and_drops_its_old_page(write_study: Write, project: Path) -> None:
    path = write_study(name="first")
    write_study(name="second")
    evalkit("build", "--engine", "bundled", folder=project)
    path.write_text(path.read_text().replace("counts", "csv"))
    done = evalkit("build", "--engine", "bundled", folder=project)
    assert done.returncode == 1
    assert not (project / "_site" / "studies" / "first.html").exists()
    assert "first" in (project / "_site" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "no study is named"),
        (("check",), "evalkit new ID"),
        (("run", "nothing"), "does not exist"),
        (("report", "study", "--engine", "latex"), "one of auto, quarto, bundled, none"),
        (("new", "Not An Id"), "small letters"),
        (("new", "x", "--design", "trial"), "one of before_after"),
        (("diff", "study"), "run"),
        (("frobnicate",), "evalkit --help"),
        (("run", "--jobs", "0", "--all"), "evalkit --help"),
    ],
)
def test_wrong_calls_say_the_mend_and_exit_1(project: Path, arguments: tuple[str, ...], words: str) -> None:
    done = evalkit(*arguments, folder=project)
    assert done.returncode == 1
    assert words in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_every_verb(project: Path) -> None:
    done = evalkit("--help", folder=project)
    for verb in ("new", "check", "run", "report", "build", "status", "diff", "schema"):
        assert verb in done.stdout


def test_new_then_check(project: Path) -> None:
    assert evalkit("new", "my-study", folder=project).returncode == 0
    done = evalkit("check", "my-study", folder=project)
    assert done.returncode == 1
    assert "data.path" in done.stderr


def test_schema_is_json(project: Path) -> None:
    assert json.loads(evalkit("schema", folder=project).stdout)["title"] == "evalkit study file"


def test_data_root_from_the_option_and_the_environment(
    write_study: Write, project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path_factory.mktemp("elsewhere")
    rows = "\n".join(f"{2018 + i // 12}-{i % 12 + 1:02d},{40 + i % 7}" for i in range(48))
    (root / "series.csv").write_text("month,value\n" + rows + "\n")
    text = (SERIES % "1").replace("source: counts", "source: csv\n  path: series.csv").replace("  values: [1]\n", "")
    write_study(text.replace("period: {start: 2018-01, frequency: month}", "period: {column: month, frequency: month}"))
    assert evalkit("run", "study", folder=project).returncode == 1
    assert evalkit("run", "study", "--data", str(root), folder=project).returncode == 0
    monkeypatch.setenv("EVALKIT_DATA", str(root))
    assert "up to date" in evalkit("status", folder=project).stdout


def test_one_bad_sentence_costs_its_own_page_alone(write_study: Write, project: Path) -> None:
    write_study(name="good")
    path = write_study(name="bad")
    path.write_text(path.read_text() + "narrative: {next: see @fig-nothing}\n")
    done = evalkit("build", "--engine", "bundled", folder=project)
    assert done.returncode == 1
    assert "fig-nothing" in done.stderr
    assert (project / "_site" / "studies" / "good.html").is_file()
    assert not (project / "_site" / "studies" / "bad.html").exists()


def test_build_json_tells_studies_pages_and_problems(write_study: Write, project: Path) -> None:
    write_study(name="good")
    write_study(SERIES % ", ".join(["0"] * 48), name="zero")
    done = evalkit("build", "--engine", "bundled", "--json", folder=project)
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert {row["id"]: row["state"] for row in told["studies"]} == {"good": "run", "zero": "failed"}
    assert "good" in told["pages"]
    assert told["studies"][1]["problems"][0]["mend"]


def test_build_stops_at_a_released_headline_that_moved(write_study: Write, project: Path) -> None:
    path = write_study()
    evalkit("run", "--all", folder=project)
    released = project / "reports" / "published" / "study.json"
    released.parent.mkdir(parents=True)
    released.write_bytes((project / "results" / "study" / "result.json").read_bytes())
    assert evalkit("build", "--engine", "bundled", folder=project).returncode == 0
    path.write_text(path.read_text().replace("start: 2021-01", "start: 2020-01"))
    done = evalkit("build", "--engine", "bundled", folder=project)
    assert done.returncode == 3, done.stdout
    assert "Moved since the last release" in done.stdout
    assert "spec" in done.stdout


@pytest.mark.parametrize(("arguments", "traceback"), [
    (["--debug", "build"], True), (["build", "--debug"], True), (["build"], False),
])  # fmt: skip
def test_tracebacks_are_asked_for_before_the_verb_or_after_it(
    arguments: list[str], traceback: bool, tmp_path: Path
) -> None:
    done = subprocess.run([sys.executable, "-m", "evalkit", *arguments], cwd=tmp_path, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) == traceback
    assert "No such option" not in done.stderr
