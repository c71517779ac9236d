"""What a step that fails stops, and what it does not: in the workflow, in `ci/evaluate`, in `ci/diff` and `ci/site`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

WORKFLOW = yaml.safe_load((REPOSITORY / ".github/workflows/evaluate.yml").read_text())
STEPS = ("install", "fetch", "build", "diff", "propose", "site")


def holds(condition: str, outcomes: Mapping[str, str], outputs: Mapping[str, str]) -> bool:
    """Say whether a condition of the workflow holds; it knows what stands in this workflow, and nothing else."""
    text = condition.removeprefix("${{").removesuffix("}}").strip()
    checks = []
    for part in text.split(" && "):
        match = re.fullmatch(r"(?:steps|needs)\.(\w+)\.(outcome|outputs\.\w+) (==|!=) '(\w*)'", part)
        if part == "!cancelled()" or part == "github.ref == 'refs/heads/main'":
            checks.append(True)
        else:
            assert match, f"this test does not know {part!r}"
            step, what, sign, word = match.groups()
            there = outcomes.get(step, "") if what == "outcome" else outputs.get(f"{step}.{what[8:]}", "")
            checks.append((there == word) == (sign == "=="))
    assert "!cancelled()" in text, "without it, a condition also asks that nothing failed before"
    return all(checks)


def run_workflow(ends: Mapping[str, str], moved: str = "no") -> tuple[list[str], str]:
    """Return which scripts the workflow calls, and how the run ends, when steps end as said."""
    called: list[str] = []
    outcomes: dict[str, str] = {}
    outputs = {"diff.moved": moved if ends.get("diff", "") != "crash" else ""}
    failed = False
    for step in WORKFLOW["jobs"]["evaluate"]["steps"]:
        script = re.search(r"ci/(\w+)", step.get("run", ""))
        name = script[1] if script else step.get("id", step.get("name", step.get("uses", "")))
        runs = holds(step["if"], outcomes, outputs) if "if" in step else not failed
        outcome = ends.get(name, "success") if runs else "skipped"
        failed = failed or outcome in ("failure", "crash")
        outcomes[step.get("id", name)] = outcome
        if runs:
            called.append(name)
    needs = {"evaluate.site": outcomes["upload"]}
    if holds(WORKFLOW["jobs"]["publish"]["if"], {}, needs):
        called.append("publish")
    return called, "failure" if failed else "success"


@pytest.mark.parametrize(("ends", "moved", "scripts", "end"), [
    ({}, "no", ["install", "fetch", "build", "diff", "site", "publish"], "success"),
    ({"build": "failure"}, "no", ["install", "fetch", "build", "diff", "site", "publish"], "failure"),
    ({"build": "failure"}, "yes", ["install", "fetch", "build", "diff", "propose"], "failure"),
    ({"fetch": "failure"}, "no", ["install", "fetch", "build", "diff", "site", "publish"], "failure"),
    ({"diff": "failure"}, "no", ["install", "fetch", "build", "diff", "site", "publish"], "failure"),
    ({"diff": "crash"}, "no", ["install", "fetch", "build", "diff"], "failure"),
    ({"site": "failure"}, "no", ["install", "fetch", "build", "diff", "site"], "failure"),
    ({}, "yes", ["install", "fetch", "build", "diff", "propose"], "success"),
    ({"propose": "failure"}, "yes", ["install", "fetch", "build", "diff", "propose"], "failure"),
    ({"install": "failure"}, "", ["install"], "failure"),
])  # fmt: skip
def test_the_workflow_stops_only_what_needs_the_step_that_failed(
    ends: dict[str, str], moved: str, scripts: list[str], end: str
) -> None:
    called, ended = run_workflow(ends, moved)
    assert [name for name in called if name in (*STEPS, "publish")] == scripts
    assert ended == end


def test_what_was_computed_is_kept_also_when_a_study_failed() -> None:
    called, _ = run_workflow({"build": "failure"})
    assert "Results, kept for the next run" in called
    assert "What became of each study" in called
    paths = [step["with"]["path"] for step in WORKFLOW["jobs"]["evaluate"]["steps"] if "cache/" in step.get("uses", "")]
    assert paths[0] == paths[1], "what is kept is what is brought back"


Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with scripts of ci/, some as they are and the others ending as said."""

    def make(*real: str, **ends: str) -> Path:
        (tmp_path / "ci").mkdir()
        for name in (*STEPS, "evaluate"):
            script = tmp_path / "ci" / name
            if name in real:
                shutil.copy(REPOSITORY / "ci" / name, script)
            else:
                script.write_text(f"#!/bin/sh\necho {name} >>called\n{ends.get(name, '')}\n")
            script.chmod(0o755)
        return tmp_path

    return make


def call(folder: Path, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings: dict[str, Any] = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run([folder / "ci" / name], capture_output=True, text=True, check=False, env=settings)


MOVED, STOOD = "mkdir -p ci-results; echo yes >ci-results/moved; ", "mkdir -p ci-results; echo no >ci-results/moved; "


@pytest.mark.parametrize(("ends", "called", "status"), [
    ({"diff": STOOD}, ["install", "fetch", "build", "diff", "site"], 0),
    ({"build": "exit 1", "diff": STOOD}, ["install", "fetch", "build", "diff", "site"], 1),
    ({"build": "exit 2", "diff": STOOD, "site": "exit 1"}, ["install", "fetch", "build", "diff", "site"], 2),
    ({"diff": MOVED + "exit 3"}, ["install", "fetch", "build", "diff", "propose"], 3),
    ({"diff": MOVED + "exit 3", "propose": "exit 1"}, ["install", "fetch", "build", "diff", "propose"], 1),
    ({"build": "exit 1", "diff": MOVED + "exit 3"}, ["install", "fetch", "build", "diff", "propose"], 1),
    ({"diff": "exit 1"}, ["install", "fetch", "build", "diff"], 1), ({"install": "exit 1"}, ["install"], 1),
])  # fmt: skip
def test_all_steps_in_one_call(folder: Folder, ends: dict[str, str], called: list[str], status: int) -> None:
    place = folder("evaluate", **ends)
    (place / "bin").mkdir()
    (place / "bin/gh").symlink_to("/bin/true")
    done = call(place, "evaluate", PATH=f"{place / 'bin'}:/usr/bin:/bin")
    assert (place / "called").read_text().split() == called, done.stderr
    assert done.returncode == status


def says(place: Path, words: str, status: int, problems: str = "") -> str:
    """Return a command that stands in for evalkit: it says words and ends with a status."""
    (place / "evalkit").write_text(f"#!/bin/sh\nprintf '{words}'\nprintf '{problems}' >&2\nexit {status}\n")
    (place / "evalkit").chmod(0o755)
    return str(place / "evalkit")


@pytest.mark.parametrize(("words", "status", "problems", "ended", "moved"), [
    ("a: 1 -> 1\\n", 0, "", 0, "no"), ("a: 1 -> 2\\n", 3, "", 3, "yes"), ("a: 1 -> 2\\n", 3, "b is broken", 3, "yes"),
    ("a: 1 -> 1\\nNot compared: b\\n", 1, "b is broken", 1, "no"), ("", 1, "stopped unexpectedly", 1, None),
    ("", 0, "", 1, None),
])  # fmt: skip
def test_what_is_known_of_moves(
    folder: Folder, words: str, status: int, problems: str, ended: int, moved: str | None
) -> None:
    place = folder("diff")
    (place / "ci-results").mkdir()
    (place / "ci-results/moved").write_text("no\n")  # of the run before
    (place / "ci-results/failed.txt").write_text("c has no data\n")
    done = call(place, "diff", EVALKIT=says(place, words, status, problems))
    assert done.returncode == ended
    assert problems in done.stderr
    known = place / "ci-results/moved"
    assert (known.read_text().strip() if known.exists() else None) == moved
    if moved is not None:
        told = (place / "ci-results/diff.md").read_text()
        assert "a: 1 ->" in told
        assert "c has no data" in told
        assert problems in told
        assert ("To accept the new numbers" in told) == (moved == "yes")


def test_the_site_has_the_pages_that_stand_and_names_the_others(folder: Folder) -> None:
    place = folder("site")
    for name in ("evaluations/one.yaml", "evaluations/two.yaml", "evaluations/three.yml", "_site/index.html",
                 "_site/studies/one.html", "_site/studies/three.html", "public/old.html"):  # fmt: skip
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
    done = call(place, "site")
    assert done.returncode == 0
    assert "two has no page" in done.stderr
    assert "one has" not in done.stderr
    assert "three has" not in done.stderr
    assert (place / "public/studies/one.html").is_file()
    assert not (place / "public/old.html").exists()


@pytest.mark.parametrize("there", [[], ["_site/index.html"], ["_site/studies/one.html"]])
def test_a_site_without_pages_leaves_what_was_published(folder: Folder, there: list[str]) -> None:
    place = folder("site")
    for name in ("evaluations/one.yaml", "public/old.html", *there):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
    done = call(place, "site")
    assert done.returncode == 1
    assert done.stderr
    assert (place / "public/old.html").is_file()
