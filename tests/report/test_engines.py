"""Both engines: what of Quarto the bundled one renders, what it refuses, and that files are replaced whole."""

from pathlib import Path

import demo
import pytest

from evalkit import report
from evalkit.errors import DesignError, SpecError
from evalkit.report.engines import engine_files
from evalkit.report.templates import escape_markdown, find_template, templates_version


@pytest.fixture
def page(tmp_path: Path, rendered_type):
    """Return a function that renders one Quarto document of a project."""
    (tmp_path / "studies").mkdir()
    engine_files(tmp_path)

    def rendered(text: str, name: str = "own.qmd"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        site = report.render(tmp_path, tmp_path / "_site", "bundled", [Path(name)])
        return rendered_type(site.pages[0].read_text(encoding="utf-8"))

    rendered.project = tmp_path
    return rendered


@pytest.fixture
def rendered_type(pages):
    return type(next(iter(pages.values())))


def test_callout(page):
    found = page("---\npagetitle: T\n---\n# One\n\n::: {.callout-warning}\n## Read this\nBody.\n:::\n")
    box = next(e for e in found.all("div") if "boxed-warning" in (e.get("class") or ""))
    assert box.get("role") == "note"
    assert "Read this Body." in " ".join("".join(box.itertext()).split())
    assert "Tip" in page("::: {.callout-tip}\nBody.\n:::\n").text()


def test_tabset_needs_no_script(page):
    found = page("::: {.panel-tabset}\n### First\nOne.\n\n### Second\nTwo.\n:::\n")
    parts = found.all("details")
    assert [part.get("open") is not None for part in parts] == [True, False]
    assert [part.find("summary").text.strip() for part in parts] == ["First", "Second"]


def test_references_to_figures_and_tables(page):
    text = "![A picture](a.png){#fig-a}\n\nSee @fig-a and @tbl-b.\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n"
    text += ": A table {#tbl-b}\n\nThe number alone: [-@fig-a]. Not one: @nobody.\n"
    found = page(text)
    assert "The number alone: 1. Not one: @nobody." in found.text()
    links = {a.get("href"): a.text for a in reversed(found.all("a"))}
    assert links["#fig-a"] == "Figure 1"
    assert links["#tbl-b"] == "Table 1"
    assert "Table 1: A table" in found.text()
    assert found.find("tbl-b").tag == "table"
    assert found.find("fig-a").tag == "figure"


def test_include_inside_the_project(page):
    (page.project / "parts").mkdir()
    (page.project / "parts" / "a.md").write_text("Included *text*.\n")
    assert "Included text." in page("{{< include parts/a.md >}}\n").text()
    (page.project / "parts" / "loop.md").write_text("{{< include loop.md >}}\n")
    with pytest.raises(SpecError, match="include itself"):
        page("{{< include parts/loop.md >}}\n")


@pytest.mark.parametrize(("text", "words", "line"), [
    ("{{< include ../secret.md >}}", "outside the project", 4),
    ("{{< include /etc/passwd >}}", "does not exist", 4),
    ("{{< video https://example.org >}}", "shortcode 'video'", 4),
    ("A {{< meta title >}} here", "shortcode 'meta'", 4),
    ("```{python}\n1 + 1\n```", "code cell", 4),
    ("::: {.content-visible when-format=html}\n:::", "content-visible", 4),
    ("::: {layout-ncol=2}\n:::", "layout-ncol", 4),
    ("See @fig-nothing.", "@fig-nothing", 4),
])  # fmt: skip
def test_what_cannot_be_rendered_is_an_error_with_its_line(page, text, words, line):
    with pytest.raises(SpecError, match=words) as caught:
        page(f"---\npagetitle: T\n---\n{text}\n")
    problem = caught.value.problems[0]
    assert (problem.file, problem.line) == ("own.qmd", line)
    assert not (page.project / "_site" / "own.html").exists()


def test_code_is_printed_and_not_read(page):
    assert "{{< video x >}}" in page("````\n{{< video x >}}\n```{python}\n```\n````\n").text()


def test_links_out_are_kept_and_scripts_are_not(page):
    found = page("[a](https://example.org) [b](javascript:alert) [c](other.qmd#x) ![d](http://example.org/a.png)\n")
    assert [a.get("href") for a in found.all("a")][-2:] == ["https://example.org", "other.html#x"]
    assert not found.all("img")


def test_unknown_engine():
    with pytest.raises(DesignError, match="not an engine"):
        report.render(Path(), Path(), "word")


def test_missing_page_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"nobody\.qmd has not been written"):
        report.render(tmp_path, tmp_path / "_site", "bundled", ["nobody"])


def test_own_template_wins(tmp_path):
    own = tmp_path / "reports" / "templates"
    own.mkdir(parents=True)
    before = templates_version(tmp_path)
    (own / "style.css").write_text("body {}")
    assert find_template("style.css", tmp_path) == own / "style.css"
    assert find_template("study.qmd", tmp_path).parent != own
    assert templates_version(tmp_path) != before
    with pytest.raises(SpecError, match="was not found"):
        find_template("nothing.html", tmp_path)


def test_escape_markdown_is_one_line_and_plain():
    assert str(escape_markdown("# a\n*b* `c` <d> {{< e >}}")) == r"\# a \*b\* \`c\` \<d\> \{\{\< e \>\}\}"


def test_only_what_changed_is_written_and_what_is_gone_goes(tmp_path, monkeypatch):
    studies = [demo.portsmouth(), demo.portsmouth(id="other")]
    report.write_sources(studies, tmp_path)
    report.render(tmp_path, tmp_path / "_site", "bundled")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr("evalkit.report.sources.study_files", lambda *_: pytest.fail("made again"))
    report.write_sources(studies, tmp_path)
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    report.write_sources(studies[:1], tmp_path)
    report.render(tmp_path, tmp_path / "_site", "bundled", ["index"])
    assert not list(tmp_path.rglob("other*"))
    assert (tmp_path / "_site" / "studies" / "portsmouth-robberies" / "headline.csv").is_file()


def test_rendering_twice_gives_the_same_bytes(project, tmp_path):
    report.render(project, tmp_path / "again", "bundled")
    for path in (project / "_site").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(project / "_site")).read_bytes()
