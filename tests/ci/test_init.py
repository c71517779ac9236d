"""`evalkit init` and the scripts of ci/: what a council's CI does, done here with the same scripts."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from evalkit.scaffold import STEPS
from tests.browsers import started
from tests.conftest import REPOSITORY, SERIES

EVALKIT = Path(sys.executable).parent / "evalkit"


def step(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call a script of ci/ with the evalkit that is installed here."""
    return subprocess.run([folder / "ci" / name], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "EVALKIT": str(EVALKIT), **environment})  # fmt: skip


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that `evalkit init` made, with every step of CI done once; tests change what they put back."""
    folder = tmp_path_factory.mktemp("council") / "evaluations of ours"
    done = subprocess.run([EVALKIT, "init", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in STEPS[:-1]:
        done = step(name, folder)
        assert done.returncode == 0, f"ci/{name}\n{done.stdout}{done.stderr}"
    return folder


def test_a_new_repository_has_a_page_that_opens(council: Path) -> None:
    with started() as browser:
        page = browser.new_page()
        page.goto((council / "public" / "index.html").as_uri())
        page.get_by_role("link", name=re.compile("Example on made-up data|An example")).first.click()
        assert "street outreach" in page.title()
        assert "imulated" in page.inner_text("main")
        page.close()


def test_what_ci_shows_is_there(council: Path) -> None:
    cases = ElementTree.parse(council / "ci-results" / "junit.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == ["example"]
    assert json.loads((council / "ci-results" / "build.json").read_text())["studies"][0]["state"] == "run"
    assert "Nothing to compare" in (council / "ci-results" / "diff.md").read_text()


def test_the_second_time_nothing_is_run(council: Path) -> None:
    pages = {path: path.stat().st_mtime_ns for path in (council / "_site").rglob("*") if path.is_file()}
    assert step("build", council).returncode == 0
    assert json.loads((council / "ci-results" / "build.json").read_text())["studies"][0]["state"] == "unchanged"
    assert {path: path.stat().st_mtime_ns for path in (council / "_site").rglob("*") if path.is_file()} == pages


def test_a_failing_study_is_named_and_stops_no_other(council: Path) -> None:
    broken, public = council / "evaluations" / "broken.yaml", council / "public"
    broken.write_text("evalkit: 1\ntitle: Broken\n")
    shutil.rmtree(public)
    try:
        done = step("evaluate", council)
        assert done.returncode == 1, "the exit status says so in the end"
        suite = ElementTree.parse(council / "ci-results" / "junit.xml").getroot()
        assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
        assert "broken has no page" in done.stderr
        assert (public / "studies" / "example.html").is_file()
        assert not (public / "studies" / "broken.html").exists()
        assert "broken" in (public / "index.html").read_text()
        assert "design: is missing" in (council / "ci-results" / "diff.md").read_text()
        assert (council / "ci-results" / "moved").read_text() == "no\n"
    finally:
        broken.unlink()
    assert step("build", council).returncode == 0


def test_headlines_that_moved_open_a_pull_request(council: Path, tmp_path: Path) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(council, folder)
    study = folder / "evaluations" / "example.yaml"  # one on data that are not made up, which can be released
    study.write_text(SERIES % ", ".join(str(60 + (7 * i) % 13 - (12 if i >= 36 else 0)) for i in range(48)))
    assert step("build", folder).returncode == 0
    published = subprocess.run([EVALKIT, "publish", "example", "--reason", "First release", "--name", "A. Person"],
                               cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
    assert published.returncode == 0, published.stderr
    study.write_text(study.read_text().replace("start: 2021-01", "start: 2020-01"))
    assert step("build", folder).returncode == 0
    done = step("diff", folder)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "have moved beyond their tolerance" in (folder / "ci-results" / "diff.md").read_text()

    (folder / "evaluations" / "broken.yaml").write_text("evalkit: 1\ntitle: Broken\n")
    released = folder / "reports" / "published" / "broken.json"
    shutil.copy(released.with_name("example.json"), released)
    (folder / "results" / "broken").mkdir()
    done = step("diff", folder)
    assert done.returncode == 3, "one that cannot be compared hides no other that moved"
    told = (folder / "ci-results" / "diff.md").read_text()
    assert "Not compared: broken" in told
    assert "example primary: " in told

    (call,) = proposed(folder, tmp_path)
    assert call.startswith("pr create --head evaluations-moved --base main")
    assert "refs/heads/evaluations-moved" in git("ls-remote", "--heads", "origin", folder=folder)
    git("fetch", "--quiet", folder=folder)
    assert "beyond their tolerance" in git("show", "origin/evaluations-moved:reports/moved.md", folder=folder)
    raw = folder / "data" / "raw" / "x.zip"
    raw.parent.mkdir()
    raw.write_bytes(b"x")
    assert "raw" not in git("status", "--porcelain", "--untracked-files=all", folder=folder), "it is never committed"


def git(*arguments: str, folder: Path) -> str:
    """Return what git says, away from the settings of whoever runs the tests."""
    settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, env=settings)
    return done.stdout


def proposed(folder: Path, place: Path) -> list[str]:
    """Return what ci/propose asks of GitHub: its program is stood in for by one that writes down its arguments."""
    program, calls = place / "bin" / "gh", place / "calls.txt"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{calls}"\n')
    program.chmod(0o755)
    if not (folder / ".git").is_dir():
        git("init", "--quiet", "--bare", str(place / "origin.git"), folder=place)
        for words in (["init", "--quiet", "--initial-branch", "main"], ["add", "."],
                      ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "First"],
                      ["remote", "add", "origin", str(place / "origin.git")],
                      ["push", "--quiet", "origin", "main"]):  # fmt: skip
            git(*words, folder=folder)
    done = step("propose", folder, PATH=f"{program.parent}:{os.environ['PATH']}", GIT_CONFIG_GLOBAL=os.devnull)
    assert done.returncode == 0, done.stdout + done.stderr
    return calls.read_text().splitlines()


def test_made_up_numbers_that_move_stop_nothing(council: Path, tmp_path: Path) -> None:
    """Nobody can accept them, so a site that waited for it would never be published again."""
    folder = tmp_path / "moved"
    shutil.copytree(council, folder)
    study = folder / "evaluations" / "example.yaml"
    text = study.read_text()
    assert "effect: -15" in text
    study.write_text(text.replace("effect: -15", "effect: -45"))
    assert step("evaluate", folder).returncode == 0
    assert (folder / "ci-results" / "moved").read_text() == "no\n"
    told = (folder / "ci-results" / "diff.md").read_text()
    assert "changed: data, spec" in told
    assert "simulated data" in told


def test_nothing_is_overwritten(council: Path) -> None:
    done = subprocess.run([EVALKIT, "init", council], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nothing was written" in done.stderr


def test_the_lock_names_evalkit_and_what_it_needs_in_one_version_each(council: Path) -> None:
    lines = [line for line in (council / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    names = [line.partition("==")[0].casefold() for line in lines]
    assert {"evalkit", "pandas", "pydantic", "plotnine"} <= set(names)
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", line) for line in lines), lines


def test_the_workflow_calls_the_scripts_and_pins_its_actions() -> None:
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "evaluate.yml").read_text())
    steps = workflow["jobs"]["evaluate"]["steps"]
    text = "\n".join(each.get("run", "") for each in steps)
    assert re.findall(r"ci/(\w+)", text) == ["install", "fetch", "build", "diff", "propose", "site"]
    used = [each["uses"] for job in workflow["jobs"].values() for each in job["steps"] if "uses" in each]
    assert all(re.search(r"@(v\d+|[0-9a-f]{40})$", name) for name in used), used
    assert {"push", "schedule", "workflow_dispatch"} == set(workflow[True])  # YAML 1.1 reads `on` as true
