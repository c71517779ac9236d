"""METHODS.md as a page of the site, with the ids that its own links lead to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from evalkit.archive import write_whole
from evalkit.errors import DesignError
from evalkit.provenance import WORDING, code_version, sha256_of
from evalkit.report.engines import pandoc_path
from evalkit.report.site.library import Library, SitePage
from evalkit.report.templates import find_methods

FILE = "METHODS.md"
KEPT = "studies/_page/methods.html"
_PART = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>|<table>.*?</table>", re.DOTALL)
_CODE = re.compile(r"<pre.*?</pre>", re.DOTALL)
_LINK = re.compile(r'<a\s+href="(?!https?:|#)[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
_IMAGE = re.compile(r'<img[^>]*?alt="([^"]*)"[^>]*>|<img[^>]*>')
_TAG = re.compile(r"<[^>]+>")


def methods_page(library: Library) -> SitePage:
    """Return the page of methods; without the file, which comes with evalkit, there is none."""
    file = find_methods()
    words = library.words["methods"]
    if file is None:
        return SitePage("methods", "", linked=False)
    body = _kept(file.read_text(encoding="utf-8"), library.project)
    document = library.page("methods", words["title"], words["lead"],
                            title=library.exhibit("title", title=words["title"]),
                            body=library.exhibit("methods", body=body))  # fmt: skip
    return SitePage("methods", document)


def _kept(text: str, project: Path | None) -> str:
    """Return the text as HTML: as kept from the last time, where it is whole and of the same text, or made now."""
    kept = None if project is None else project / KEPT
    source = sha256_of(code_version(WORDING) + text)
    if kept is not None and kept.is_file():
        stamp, _, body = kept.read_text(encoding="utf-8").partition("\n")
        if stamp == f"{source} {sha256_of(body)}":
            return body
    body = as_html(text)
    if kept is not None:
        write_whole(kept, f"{source} {sha256_of(body)}\n{body}")
    return body


def as_html(text: str) -> str:
    """Return Markdown as HTML for the middle of a page: no title, tables with a name and headings with a scope.

    Raises
    ------
    DesignError
        When pandoc fails.
    """
    command = [pandoc_path(), "--from", "gfm-raw_html-tex_math_dollars", "--to", "html5", "--wrap", "preserve",
               "--no-highlight"]  # fmt: skip
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=120)  # noqa: S603
    if done.returncode:
        raise DesignError(f"pandoc could not read {FILE}: {done.stderr.decode(errors='replace').strip()}",
                          "restore the file")  # fmt: skip
    html = _LINK.sub(r"\1", _IMAGE.sub(lambda found: found.group(1) or "", done.stdout.decode()))
    html = re.sub(r"<h1[^>]*>.*?</h1>", "", html, count=1, flags=re.DOTALL)
    # A raw block of a document keeps no empty lines; those of code are written as signs.
    html = _CODE.sub(lambda found: re.sub(r"\n(?=\n)", "\n&#10;", found.group()).replace("&#10;\n", "&#10;"), html)
    pieces, heading, place, count = [], FILE, 0, 0
    for found in _PART.finditer(html):
        pieces.append(html[place : found.start()])
        if found.group(1):
            heading, count = " ".join(_TAG.sub("", found.group(2)).split()), 0
            pieces.append(found.group())
        else:
            count += 1
            pieces.append(_table(found.group(), heading if count == 1 else f"{heading}, table {count}"))
        place = found.end()
    return "".join([*pieces, html[place:]])


def _table(html: str, name: str) -> str:
    """Return a table in a box that scrolls, named after the heading before it (which is HTML already)."""
    head, body = html.split("</thead>", 1) if "</thead>" in html else ("<table>", html.removeprefix("<table>"))
    head = re.sub(r"<th(?=[\s>])", '<th scope="col"', head)
    head = head.replace("<table>", f"<table><caption>{name}</caption>", 1)
    closed = "</thead>" if "</thead>" in html else ""
    label = name.replace('"', "&quot;")
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">{head}{closed}{body}</div>'
