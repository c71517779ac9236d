"""`ci/propose` with a real remote and a program `gh` that knows which pull requests are open and notes its calls."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

GH = """#!/bin/sh
# pull requests that are open stand in the file `open`, one a line: NUMBER BRANCH
here="$(dirname "$0")/.."
printf '%s\\n' "$*" >>"$here/calls"
if [ "$1 $2" = "pr list" ]; then
  case "$*" in *"--state open"*) ;; *) echo "asked for more than open ones" >&2; exit 1 ;; esac
  while [ "$1" != --head ]; do shift; done
  [ -f "$here/open" ] && sed -n "s|^\\([0-9]*\\) $2\\$|\\1|p" "$here/open"
  exit 0
fi
if [ "$1 $2" = "pr create" ]; then
  while [ "$1" != --head ]; do shift; done
  echo "7 $2" >>"$here/open"
fi
"""


@dataclass
class Repository:
    """A folder with ci/propose in it, its remote, and what was asked of GitHub."""

    folder: Path
    place: Path

    def git(self, *arguments: str) -> str:
        settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True,
                              env=settings)  # fmt: skip
        return done.stdout

    def propose(self, **environment: str) -> list[str]:
        """Call ci/propose; return what it asked of GitHub."""
        (self.place / "calls").write_text("")
        settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **environment}
        settings["PATH"] = f"{self.place / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run([self.folder / "ci/propose"], cwd=self.place, capture_output=True, text=True,
                              check=False, env=settings)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.place / "calls").read_text().splitlines()

    def close(self) -> None:
        """Close every pull request, and leave the branches."""
        (self.place / "open").unlink()

    @property
    def branches(self) -> list[str]:
        self.git("fetch", "--quiet", "--prune")
        heads = self.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin")
        return sorted(name for name in heads.split() if name not in ("main", "HEAD"))

    def at(self, branch: str) -> list[str]:
        """Return the files of a branch."""
        return self.git("ls-tree", "-r", "--name-only", "-z", f"origin/{branch}").strip("\0").split("\0")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder, made = tmp_path / "our evaluations", Repository(tmp_path / "our evaluations", tmp_path)
    for path, text in {
        "ci/propose": (REPOSITORY / "ci/propose").read_text(), "ci-results/diff.md": "Numbers moved\n",
        "data/README.md": "Data\n", "data/tidy/old one.csv": "a,1\n", "data/gone.csv": "a,1\n",
        ".gitignore": "ci-results/\n", "README.md": "Ours\n",
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "ci/propose").chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH)
    (tmp_path / "bin/gh").chmod(0o755)
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "origin.git"], check=True)
    for words in (["init", "--quiet", "--initial-branch", "main"], ["add", "."],
                  ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "First"],
                  ["remote", "add", "origin", str(tmp_path / "origin.git")],
                  ["push", "--quiet", "origin", "main"]):  # fmt: skip
        made.git(*words)
    return made


def fetched(repository: Repository) -> None:
    """What a fetch leaves: raw files, tidy tables, and the list of both."""
    folder = repository.folder
    table = {"path": "data/tidy/nëw.csv", "sha256": "0", "rows": 1, "reader_sha256": "0"}
    record = {"file": "data/raw/x.zip", "sha256": "0", "size": 1, "tables": [table]}
    (folder / "data/raw").mkdir()
    (folder / "data/raw/x.zip").write_bytes(b"x")
    (folder / "data/tidy/nëw.csv").write_text("a,1\n")
    (folder / "data/sources.lock.json").write_text(
        json.dumps({"evalkit": 1, "sources": {"x": record}}, indent=1, ensure_ascii=False) + "\n")  # fmt: skip


def created(calls: list[str]) -> list[str]:
    return [call.split("--head ")[1].split()[0] for call in calls if call.startswith("pr create")]


def test_the_first_time_a_pull_request_is_opened_and_then_kept_up_to_date(repository: Repository) -> None:
    calls = repository.propose()
    assert created(calls) == ["evaluations-moved"]
    assert "--base main" in calls[-1]
    before = repository.git("rev-parse", "origin/evaluations-moved") if repository.branches else ""
    (repository.folder / "ci-results/diff.md").write_text("They moved further\n")
    calls = repository.propose()
    assert [call for call in calls if call.startswith("pr edit")] == ["pr edit 7 --body-file ci-results/diff.md"]
    assert created(calls) == []
    assert repository.branches == ["evaluations-moved"]
    assert repository.git("rev-parse", "origin/evaluations-moved") == before, "what people committed there stays"


def test_a_pull_request_that_was_closed_is_never_edited(repository: Repository) -> None:
    repository.propose()
    repository.close()
    assert created(repository.propose()) == ["evaluations-moved-2"]
    repository.close()
    calls = repository.propose()
    assert created(calls) == ["evaluations-moved-3"]
    assert not any(call.startswith("pr edit") for call in calls)
    assert repository.branches == ["evaluations-moved", "evaluations-moved-2", "evaluations-moved-3"]
    calls = repository.propose()
    assert (created(calls), calls[-1].startswith("pr edit 7 ")) == ([], True)


def test_branches_of_others_are_not_touched(repository: Repository) -> None:
    for name in ("evaluations-moved-notes", "my/evaluations-moved", "evaluations-moved-2024-05"):
        repository.git("push", "--quiet", "origin", f"main:refs/heads/{name}")
        with (repository.place / "open").open("a") as opened:
            opened.write(f"9 {name}\n")
    calls = repository.propose()
    assert created(calls) == ["evaluations-moved"]
    assert not any(call.startswith("pr edit") for call in calls)


def test_tables_are_committed_and_raw_files_never(repository: Repository) -> None:
    fetched(repository)
    (repository.folder / "data/gone.csv").unlink()
    (repository.folder / "data/tidy/old one.csv").write_text("a,2\n")
    (repository.folder / "data/private.csv").write_text("A. Person\n")
    repository.propose()
    assert repository.branches == ["evaluations-moved"]
    files = repository.at("evaluations-moved")
    assert {"data/tidy/nëw.csv", "data/sources.lock.json", "reports/moved.md", "README.md"} <= set(files)
    assert not {"data/raw/x.zip", "data/private.csv", "data/gone.csv"} & set(files)
    assert repository.git("show", "origin/evaluations-moved:data/tidy/old one.csv") == "a,2\n"
    assert repository.git("show", "origin/evaluations-moved:reports/moved.md") == "Numbers moved\n"


def test_what_is_ignored_or_too_large_stays_out_and_the_latter_is_named(repository: Repository) -> None:
    fetched(repository)
    (repository.folder / "data/tidy/old one.csv").write_text("a,2\n" * 50)
    with (repository.folder / ".gitignore").open("a") as ignored:
        ignored.write("/data/tidy/\n")
    repository.propose(LARGEST="100")
    assert repository.branches == ["evaluations-moved"]
    assert "data/tidy/nëw.csv" not in repository.at("evaluations-moved")
    assert repository.git("show", "origin/evaluations-moved:data/tidy/old one.csv") == "a,1\n"
    assert "Too large to be part of this: `data/tidy/old one.csv`" in repository.git(
        "show", "origin/evaluations-moved:reports/moved.md")  # fmt: skip


def test_the_folder_stays_as_it_was(repository: Repository) -> None:
    fetched(repository)
    (repository.folder / "staged.txt").write_text("half done\n")
    repository.git("add", "staged.txt")
    before = [repository.git(*words) for words in (["status", "--porcelain"], ["branch"], ["rev-parse", "HEAD"])]
    repository.propose()
    assert before == [repository.git(*w) for w in (["status", "--porcelain"], ["branch"], ["rev-parse", "HEAD"])]
    assert repository.branches == ["evaluations-moved"]
    assert "staged.txt" not in repository.at("evaluations-moved")
    assert not list((repository.folder / ".git").glob("index.proposed*"))


def test_without_what_moved_nothing_is_asked(repository: Repository) -> None:
    (repository.folder / "ci-results/diff.md").unlink()
    done = subprocess.run([repository.folder / "ci/propose"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run ci/diff first" in done.stderr
