"""Ctrl-C wherever it falls: exit status 130, one sentence, and for CI what ended so far and what was not run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from evalkit import releases, workers
from evalkit.errors import Problem
from evalkit.freshness import Outcome
from evalkit.junit import NOT_RUN, Summaries, outcomes_when_stopped
from evalkit.terminal import Interruption, Progress, outcome_rows, problem_rows

STOPPED = "Stopped. What was finished is kept; nothing is half-written."
PRESS = "os.kill(os.getpid(), signal.SIGINT)"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run text as `python -m` runs evalkit."""

    def run(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pressed.py").write_text(f"import os, signal, sys\n{text}")
        return subprocess.run([sys.executable, "-m", "pressed"], cwd=tmp_path, capture_output=True, text=True,
                              check=False, timeout=60)  # fmt: skip

    return run


Program = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("where", [
    f"exec({PRESS!r})",  # as dataclasses do: Python would end by the signal, whatever status it is given
    PRESS,
    f"try:\n    {PRESS}\n  except KeyboardInterrupt:\n    raise ImportError('a library made this of it')",
    f"try:\n    {PRESS}\n  except KeyboardInterrupt:\n    raise OSError(5, 'a library made this of it')",
])  # fmt: skip
def test_wherever_it_falls_it_ends_in_one_sentence_and_130(program: Program, where: str) -> None:
    done = program(f"from evalkit import cli\ndef app(*_, **__):\n  {where}\ncli.app = app\ncli.main()\n")
    assert (done.returncode, done.stderr.strip(), done.stdout) == (130, STOPPED, "")


def test_while_it_is_still_being_read_it_ends_in_one_sentence_too(program: Program) -> None:
    done = program(f"""
class Pressing:
  def find_spec(name, *_):
    if name == "typer":
      {PRESS}
sys.meta_path.insert(0, Pressing)
from evalkit.__main__ import main
main()
""")
    assert (done.returncode, done.stderr.strip(), done.stdout) == (130, "Stopped before anything was begun.", "")


WORK = """
from evalkit.terminal import Interruption
from evalkit.workers import Processes
import multiprocessing.process, time

def pressed(self, run=multiprocessing.process.BaseProcess.run):
    os.kill(os.getpid(), signal.SIGINT)
    run(self)

if {in_worker}:
    multiprocessing.process.BaseProcess.run = pressed
else:
    os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
Interruption.listen()
print(sorted(place for place, _ in Processes(2).map(time.sleep, [{seconds}] * 40)))
"""


def test_a_worker_that_has_just_begun_leaves_it_to_the_process_that_began_it(program: Program) -> None:
    done = program(WORK.format(in_worker=True, seconds=0))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{list(range(40))}\n", "")


def test_pressed_while_work_is_handed_out_it_does_not_wait_for_the_work(program: Program) -> None:
    began = time.monotonic()
    done = program(WORK.format(in_worker=False, seconds=0.5))
    assert "KeyboardInterrupt" in done.stderr
    assert done.stdout == ""
    assert time.monotonic() - began < 8, "two at a time, all of it takes ten seconds"


def paths_of(names: str) -> list[Path]:
    return [Path("evaluations") / f"{name}.yaml" for name in names]


WHY = Problem("column 'n' is not in data/x.csv", "name one that is")


def outcome(name: str, state: str) -> Outcome:
    return Outcome(name, Path("evaluations") / f"{name}.yaml", state, ("never run",), (WHY,) * (state == "failed"))


def stopped(summaries: Summaries, *ends: tuple[str, str]) -> None:
    """Do what a run does that is stopped after these ends, and one page."""

    def work() -> None:
        progress = Progress(quiet=True)
        with summaries.when_stopped(progress):
            for study, state in ends:
                progress.study(study, state)
                progress.outcome(outcome(study, state))
            progress.page("index", 1, 3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def test_what_ended_is_told_and_the_rest_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit = tmp_path / "ci" / "junit.xml"
    summaries = Summaries(paths_of("abcd"), tmp_path, None, junit, as_json=True, of_build=True)
    stopped(summaries, ("a", "to run"), ("c", "to run"), ("a", "run"), ("b", "failed"))
    told = json.loads(capsys.readouterr().out)
    assert {row["id"]: row["state"] for row in told["studies"]} == {"a": "run", "b": "failed", "c": NOT_RUN,
                                                                   "d": NOT_RUN}  # fmt: skip
    assert [row["result"] is None for row in told["studies"]] == [False, True, True, True]
    assert (told["stopped"], told["pages"]) == (True, ["index"])
    suite = ElementTree.parse(junit).find("testsuite")
    assert suite is not None
    assert [suite.get(key) for key in ("tests", "failures", "skipped")] == ["4", "1", "2"]
    assert [case.get("name") for case in suite.findall("testcase[skipped]")] == ["c", "d"]
    assert suite.findtext("testcase/failure") == str(WHY), "what was wrong is told also of a run that was stopped"
    assert [row["problems"] for row in told["studies"]] == [[], problem_rows([WHY]), [], []]


def test_a_failure_that_ctrl_c_made_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(path: Path, *_: object) -> Outcome:
        Interruption.asked = path.stem == "b"
        return outcome(path.stem, "failed" if path.stem == "b" else "run")

    monkeypatch.setattr(Interruption, "asked", False)
    monkeypatch.setattr(releases, "_run_one", pressed)
    progress = Progress(quiet=True)
    with pytest.raises(KeyboardInterrupt):
        releases.run_studies(paths_of("ab"), tmp_path, report=progress.study, ended=progress.outcome)
    outcomes = outcomes_when_stopped(paths_of("ab"), progress.ended, tmp_path)
    assert [(each.id, each.state) for each in outcomes] == [("a", "run"), ("b", NOT_RUN)]
    assert outcome_rows(outcomes, tmp_path)[1]["result"] is None


def test_what_workers_finish_after_ctrl_c_was_run_and_what_failed_says_why(
    project: Path, write_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [write_study(name=name) for name in ("up-to-date", "right", "wrong")]
    releases.run_studies(written[:1], project / "results")
    written[2].write_text(written[2].read_text().replace("start: 2021-01", "start: 2040-01"))

    def slow(path: Path, *rest: object, run: Any = releases._run_one) -> Outcome:
        time.sleep(0.5)  # so that both have begun, and none has ended, when Ctrl-C comes
        done: Outcome = run(path, *rest)
        return done

    monkeypatch.setattr(releases, "_run_one", slow)  # processes that are forked have it too
    progress = Progress(quiet=True)
    monkeypatch.setattr(workers, "wait", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        releases.run_studies(written, project / "results", jobs=2, only_changed=True, report=progress.study,
                             ended=progress.outcome)  # fmt: skip
    outcomes = outcomes_when_stopped(written, progress.ended, project / "results")
    assert {each.id: each.state for each in outcomes} == {"up-to-date": "unchanged", "right": "run", "wrong": "failed"}
    assert outcomes[1].reasons == ("never run",)
    assert outcomes[2].problems
    assert "stopped" not in str(outcomes[2].problems)


def test_a_result_that_came_of_this_run_though_nobody_could_be_told_is_not_called_up_to_date(
    project: Path, write_study: Callable[..., Path]
) -> None:
    path = write_study(name="a")
    releases.run_studies([path], project / "results")
    for told, state in (({"a": outcome("a", "to run")}, "run"), ({}, "unchanged")):
        assert [each.state for each in outcomes_when_stopped([path], told, project / "results")] == [state]


def test_without_files_asked_for_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stopped(Summaries(paths_of("ab"), tmp_path))
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def test_a_build_that_is_stopped_writes_both(write_study: Callable[..., Path], project: Path) -> None:
    names = [f"study-{number:02d}" for number in range(12)]
    for name in names:
        write_study(name=name)
    command = ["build", "--engine", "bundled", "--jobs", "2", "--junit", "ci/junit.xml", "--json"]
    with subprocess.Popen([sys.executable, "-m", "evalkit", *command], cwd=project, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True) as running:  # fmt: skip
        until = time.monotonic() + 60
        while not list(project.glob("results/*/result.json")) and time.monotonic() < until:
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err.strip()) == (130, STOPPED)
    told = json.loads(out)
    states = {row["id"]: row["state"] for row in told["studies"]}
    assert list(states) == names
    assert told["stopped"]
    finished = {path.parent.name for path in project.glob("results/*/result.json")}
    ended = {name for name, state in states.items() if state != NOT_RUN}
    assert ended <= finished, "nothing is called finished that is not"
    assert NOT_RUN in states.values()
    cases = ElementTree.parse(project / "ci" / "junit.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == names
    assert {str(case.get("name")) for case in cases if (skipped := case.find("skipped")) is not None
            and "not run" in str(skipped.get("message"))} == set(states) - ended  # fmt: skip
