"""Where templates are found, and how text gets into them without becoming markup.

Pages are Quarto documents (Markdown): whatever a template prints is escaped as Markdown, unless it is already
`Markup`. Exhibits are HTML: whatever their templates print is escaped as HTML. There is no third way in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import SpecError

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

PAGE_FILES = {
    "style.css": "style.css", "page.html": "studies/_page/page.html", "evalkit.lua": "studies/_page/evalkit.lua",
}  # fmt: skip
"""Files that both engines read, and where they stand in a project."""
SITE_PAGES = ("index", "programmes", "claims", "strategies", "compare", "gallery", "reading", "methods",
              "accessibility")  # fmt: skip
"""Pages around the studies, by name; each may have a folder of that name with what it offers for download."""
WAITING = "is-waiting:"
"""Stands in the front matter of the page of a study that waits for data, and of no other."""
SITE_FOLDER = "strategies"
"""The folder of a page around the studies that has pages of its own, one for each strategy of the register."""

_PACKAGE = Path(__file__).resolve().parents[1]
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_BACKTICKS = re.compile(r"`+")


def template_folders(project: Path | None = None) -> list[Path]:
    """Return the folders that are searched for a template, the winning one first.

    A project's own `reports/templates` wins, file by file, over the templates that come with evalkit.
    """
    own = [] if project is None else [project.resolve() / "reports" / "templates"]
    shipped = [_PACKAGE / "shipped" / "templates", _PACKAGE.parent / "reports" / "templates"]
    return [folder for folder in dict.fromkeys([*own, *shipped]) if folder.is_dir()]


def find_template(name: str, project: Path | None = None) -> Path:
    """Return the file of a template.

    Raises
    ------
    SpecError
        When no folder holds it.
    """
    folders = template_folders(project)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    searched = " and ".join(str(folder) for folder in folders) or "no folder"
    raise SpecError(f"the template {name} was not found in {searched}", "install evalkit again, or restore the file")


def site_documents(project: Path) -> list[Path]:
    """Return the documents of the pages around the studies, where they stand or would stand: the index first."""
    of_strategies = sorted((project / SITE_FOLDER).glob("*.qmd"))
    return [*(project / f"{name}.qmd" for name in SITE_PAGES), *of_strategies, *waiting_documents(project)]


def waiting_documents(project: Path) -> list[Path]:
    """Return the documents of studies that wait for data, which stand among those of the studies."""
    return [file for file in sorted((project / "studies").glob("*.qmd")) if _waits(file)]


def _waits(file: Path) -> bool:
    return any(line.startswith(WAITING) for line in file.read_text(encoding="utf-8").splitlines()[:20])


def find_methods() -> Path | None:
    """Return METHODS.md of the evalkit that runs: as it ships, or as it stands beside the sources; None without it."""
    places = (_PACKAGE / "shipped" / "METHODS.md", _PACKAGE.parent / "METHODS.md")
    return next((place for place in places if place.is_file()), None)


def templates_version(project: Path | None = None) -> str:
    """Return a hash of every template that a project's pages are made from."""
    import hashlib

    known: dict[str, Path] = {}
    for folder in reversed(template_folders(project)):
        known |= {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    digest = hashlib.sha256()
    for name in sorted(known):
        digest.update(name.encode() + b"\0" + known[name].read_bytes() + b"\0")
    return digest.hexdigest()


def page_environment(project: Path | None = None) -> Environment:
    """Return the environment of page templates: everything printed is escaped as Markdown."""
    return _in_language("markdown", project)


def exhibit_environment(project: Path | None = None) -> Environment:
    """Return the environment of exhibit templates: everything printed is escaped as HTML."""
    return _in_language("html", project)


def escape_markdown(value: Any) -> Markup:
    """Return text that Markdown prints as it stands, on one line: no markup, no link, no shortcode, no citation."""
    from markupsafe import Markup

    if hasattr(value, "__html__"):
        return Markup(value)  # noqa: S704 - already markup, made by a template or by `raw_block`
    text = " ".join(str("" if value is None else value).split())
    return Markup(_PUNCTUATION.sub(r"\\\1", _printable(text)))  # noqa: S704 - every sign is escaped


def raw_block(html: str) -> Markup:
    """Return HTML as a raw block of a Quarto document, fenced longer than any fence inside it."""
    from markupsafe import Markup

    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(html)), default=2) + 1)
    fence = fence if len(fence) > 2 else "```"
    lines = "\n".join(line for line in html.splitlines() if line.strip())
    return Markup(f"\n\n{fence}{{=html}}\n{lines}\n{fence}\n\n")  # noqa: S704 - made by exhibit templates


def render_exhibit(name: str, values: Mapping[str, Any], project: Path | None = None) -> str:
    """Return the HTML of one exhibit."""
    return exhibit_environment(project).get_template(f"exhibits/{name}.html").render(values).strip()


def _in_language(kind: str, project: Path | None) -> Environment:
    """Return an environment whose templates find the words of the site, in its language, under `words`."""
    from evalkit.report.catalogue import read_settings  # which looks for its files by this module

    return _environment(tuple(template_folders(project)), kind, read_settings(project).language)


@cache
def _environment(folders: tuple[Path, ...], kind: str, language: str) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from evalkit.report.catalogue import catalogue

    finalize = escape_markdown if kind == "markdown" else _empty_for_none
    made = Environment(loader=FileSystemLoader([str(folder) for folder in folders]), autoescape=True,
                       finalize=finalize, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                       keep_trailing_newline=True, auto_reload=False, comment_start_string="<%#",
                       comment_end_string="#%>")  # fmt: skip
    made.globals["words"] = catalogue(folders, language)
    return made


def _empty_for_none(value: Any) -> Any:
    return "" if value is None else value


def _printable(text: str) -> str:
    """Return the text without the control characters that HTML refuses."""
    return "".join(sign for sign in text if sign.isprintable() or sign == " ")
