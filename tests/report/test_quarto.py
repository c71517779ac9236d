"""The pages by the bundled engine beside those by real Quarto: a committed snapshot everywhere, Quarto where it is.

`tests/report/quarto` holds words, anchors and links of each page as a real `quarto render` wrote them, and its version.
Templates or words that change on purpose need it anew. With Quarto on PATH:

    EVALKIT_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/report/test_quarto.py
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import demo
import outline
import pytest
from notes import NOTE

from evalkit import report

QUARTO = shutil.which("quarto")
SNAPSHOT = Path(__file__).resolve().parent / "quarto"
NOT_KEPT = {"methods"}
"""Pages that are a document of the project's own, compared where Quarto is and not kept a second time."""
UPDATE = bool(os.environ.get("EVALKIT_UPDATE_SNAPSHOTS"))
needs_quarto = pytest.mark.skipif(QUARTO is None, reason="quarto is not on PATH: the snapshot stands for it")


@pytest.fixture(scope="session")
def by_quarto(project, tmp_path_factory):
    """Return a function that renders a project by Quarto; by default the one of all tests of this folder."""

    def rendered(folder: Path) -> Path:
        copy = tmp_path_factory.mktemp("quarto") / "project"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("_site", "documents"))
        settings = (copy / "_quarto.yml").read_text().replace("  pre-render: evalkit report --engine none\n", "")
        (copy / "_quarto.yml").write_text(settings)  # the documents are written, and this is no project of studies
        site = report.render(copy, copy / "_site", "quarto")
        assert site.engine == "quarto"
        return copy / "_site"

    return rendered


@pytest.fixture(scope="session")
def of_quarto(project, by_quarto) -> Path:
    return by_quarto(project)


def kept(site: Path) -> dict[str, list[str]]:
    """Return the lines of every page of a site that the snapshot keeps."""
    return {path.stem: outline.outline(outline.read(path)) for path in sorted(site.rglob("*.html"))
            if path.stem not in NOT_KEPT}  # fmt: skip


@needs_quarto
def test_snapshot_is_what_quarto_writes(of_quarto):
    assert QUARTO is not None
    version = subprocess.run([QUARTO, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    pages = kept(of_quarto)
    if UPDATE:
        shutil.rmtree(SNAPSHOT, ignore_errors=True)
        SNAPSHOT.mkdir()
        for name, lines in pages.items():
            text = "\n".join([f"Rendered by Quarto {version}.", *lines])
            (SNAPSHOT / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    assert pages == {path.stem: snapshot(path) for path in sorted(SNAPSHOT.glob("*.txt"))}


def snapshot(path: Path) -> list[str]:
    """Return the lines of a page as Quarto wrote it; the first line of the file names the version."""
    version, *lines = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"Rendered by Quarto 1\.\d+\.\d+\.", version), f"{path.name}: {version}"
    return lines


def test_bundled_pages_are_those_of_the_snapshot(project):
    pages = kept(project / "_site")
    assert sorted(pages) == sorted(path.stem for path in SNAPSHOT.glob("*.txt"))
    for name, lines in pages.items():
        assert lines == snapshot(SNAPSHOT / f"{name}.txt"), f"{name}: remake the snapshot, if this is meant (see above)"


@needs_quarto
def test_every_element_is_the_same_by_both_engines(project, of_quarto):
    bundled = sorted((project / "_site").rglob("*.html"))
    assert bundled
    for path in bundled:
        tree = outline.read(of_quarto / path.relative_to(project / "_site"))
        assert outline.elements(tree) == outline.elements(outline.read(path)), path.stem


@needs_quarto
def test_notes_of_an_author_are_the_same_by_both_engines(tmp_path, project, by_quarto):
    evaluation = demo.seat_belts(id="notes")
    narrative = {**evaluation.study["narrative"], "background": NOTE}
    shutil.copy(project / "_quarto.yml", tmp_path)
    report.write_sources([demo.seat_belts(id="notes", study={**evaluation.study, "narrative": narrative})], tmp_path)
    report.render(tmp_path, tmp_path / "_site", "bundled")
    bundled, quarto = (
        outline.read(site / "studies" / "notes.html") for site in (tmp_path / "_site", by_quarto(tmp_path))
    )
    assert "A heading" in " ".join(outline.outline(bundled))
    assert outline.outline(quarto) == outline.outline(bundled)
    assert outline.elements(quarto) == outline.elements(bundled)


@pytest.mark.parametrize(("before", "after"), [
    ('id="answer"', 'id="other"'), ("<h2>Clear", "<h3>Clear"), ('href="#glance"', 'href="#design"'), ("1,551", "1,552"),
    ('lang="en-GB"', 'lang="en"'), ("<desc", "<desc>More. </desc><desc"), ("<caption>", "<caption>More "),
])  # fmt: skip
def test_an_outline_shows_what_differs(project, tmp_path, before, after):
    page = project / "_site" / "studies" / "seat-belts.html"
    text = page.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "a.html").write_text(text.replace(before, after, 1), encoding="utf-8")
    assert outline.outline(outline.read(tmp_path / "a.html")) != outline.outline(outline.read(page))
