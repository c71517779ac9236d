"""Pages of the made-up evaluations, written and rendered once for all tests of this folder."""

import re
import shutil
import sys
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from evalkit import report

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

INLINE = {"a", "em", "strong", "code", "span", "b", "i"}

import demo  # noqa: E402 - found through the line above
import demo_money  # noqa: E402


class Rendered:
    """A page as a reader meets it: its source, its elements, its words."""

    def __init__(self, source: str) -> None:
        self.source = source
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.tree: Element = parser.parse(source)

    def all(self, tag: str) -> list[Element]:
        return list(self.tree.iter(tag))

    def text(self, without: tuple[str, ...] = ()) -> str:
        """Return the words of the body, without the elements that have one of these classes."""
        parts: list[str] = []

        def walk(element: Element) -> None:
            if not isinstance(element.tag, str) or element.tag in ("script", "style"):
                return
            if set((element.get("class") or "").split()) & set(without):
                return
            parts.append(element.text or "")
            for child in element:
                walk(child)
                parts.append(child.tail or "")
            parts.append("" if element.tag in INLINE else " ")

        body = self.tree.find("body")
        assert body is not None
        walk(body)
        return re.sub(r"\s+", " ", "".join(parts)).strip()

    def find(self, identifier: str) -> Element:
        return next(element for element in self.tree.iter() if element.get("id") == identifier)


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """Return a project whose documents are written and whose site is rendered by the bundled engine."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(HERE.parents[1] / "_quarto.yml", folder)
    studies = [*demo.everything(), demo_money.hot_spots(), demo_money.borrowed()]
    report.write_sources(studies, folder, [("op-deter", "data/x.csv does not exist")])
    report.render(folder, folder / "_site", "bundled")
    return folder


@pytest.fixture(scope="session")
def pages(project: Path) -> dict[str, Rendered]:
    """Return every page of the site, parsed as strict HTML5."""
    site = project / "_site"
    return {path.stem: Rendered(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


@pytest.fixture
def render_one(tmp_path: Path):
    """Return a function that renders one evaluation in a project of its own."""

    def rendered(evaluation) -> Rendered:
        report.write_sources([evaluation], tmp_path)
        report.render(tmp_path, tmp_path / "_site", "bundled", [evaluation.id])
        return Rendered((tmp_path / "_site" / "studies" / f"{evaluation.id}.html").read_text(encoding="utf-8"))

    return rendered
