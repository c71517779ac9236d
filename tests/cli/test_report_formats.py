"""`evalkit report ID --format`: documents beside the pages, their file, and what is refused before anything is done."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


def evalkit(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def ran(write_study: Write, project: Path) -> Path:
    """Return a project with two studies that have been run."""
    write_study()
    write_study(name="other")
    done = evalkit("run", "--all", folder=project)
    assert done.returncode == 0, done.stderr
    return project


def test_documents_stand_beside_the_pages(ran: Path) -> None:
    done = evalkit("report", "study", "--format", "pdf", "--engine", "bundled", folder=ran)
    assert done.returncode == 0, done.stderr
    assert "Wrote _site/studies/study.pdf" in done.stdout
    studies = ran / "_site" / "studies"
    assert (studies / "study.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert (studies / "other.html").is_file()
    assert not (studies / "other.pdf").exists()
    done = evalkit("report", "--all", "--format", "docx", "--engine", "bundled", folder=ran)
    assert done.returncode == 0, done.stderr
    assert all((studies / name).read_bytes().startswith(b"PK") for name in ("study.docx", "other.docx"))
    assert (studies / "study.pdf").is_file()  # its page was not made again, so it still says the same


def test_a_file_of_ones_own(ran: Path) -> None:
    done = evalkit("report", "study", "--format", "docx", "--file", "out/for the board.docx", "--engine", "bundled",
                   folder=ran)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (ran / "out" / "for the board.docx").read_bytes().startswith(b"PK")
    assert not (ran / "_site" / "studies" / "study.docx").exists()
    done = evalkit("report", "--format", "pdf", "--file", "a.pdf", "--engine", "bundled", folder=ran)
    assert done.returncode == 1
    assert "2 studies cannot go into the one file a.pdf; name one study" in " ".join(done.stderr.split())
    assert not (ran / "a.pdf").exists()


@pytest.mark.parametrize(("options", "words"), [
    (("--format", "odt"), "'odt' is not a format; use html or pdf or docx"),
    (("--format", "pdf", "--engine", "none"), "a pdf is made from a rendered page; leave --engine none out"),
    (("--file", "a.pdf"), "pages go into a folder"),
    (("--format", "pdf"), "study has no result; run `evalkit run study` first"),
])  # fmt: skip
def test_what_is_refused(write_study: Write, project: Path, options: tuple[str, ...], words: str) -> None:
    write_study()
    done = evalkit("report", *options, folder=project)
    assert done.returncode == 1
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert [path.name for path in project.rglob("*.*")] == ["study.yaml"]
