"""A whole page as its sentences: everything that would be printed, without the ink of its charts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from evalkit.records import Evaluation
from evalkit.report import painting
from evalkit.report.pages import Page

HIDDEN = ("stated", "author", "code", "hash")
"""Classes of the study file's own words and of fingerprints, in which evalkit's rules of wording do not hold."""


class _Words(HTMLParser):
    """Reads what a raw block prints; figures are told by title, subtitle and alternative text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "td", "th", "li", "h1", "h2", "h3", "h4", "dd", "dt", "figcaption", "caption", "div", "summary",
                   "title", "desc"):  # fmt: skip
            self.found.append("\n")


def lines_of(evaluation: Evaluation, monkeypatch) -> list[str]:
    """Return every line of a study's page that evalkit words itself, alternative texts of charts among them."""
    monkeypatch.setattr(painting, "paint", lambda drawings: [""] * len(drawings))
    return spoken(Page(evaluation, None).document())


def spoken(document: str) -> list[str]:
    """Return the lines of a Quarto document as they are read: raw blocks as their text, marked divs left out."""
    lines: list[str] = []
    raw: list[str] | None = None
    fence, depth, silent = "", 0, 0
    for line in document.split("---\n", 2)[2].splitlines():
        if raw is not None:
            if line.strip() == fence:
                reader = _Words()
                reader.feed("\n".join(raw))
                lines += [] if silent else "".join(reader.found).split("\n")
                raw = None
            else:
                raw.append(line)
            continue
        if opened := re.match(r"(`{3,})\{=html\}", line.strip()):
            raw, fence = [], opened.group(1)
        elif line.startswith(":::"):
            opening = line.strip(": ")
            depth += 1 if opening else -1
            if opening and not silent and any(f".{name}" in opening for name in HIDDEN):
                silent = depth
            elif not opening and depth < silent:
                silent = 0
        elif not silent:
            lines.append(re.sub(r"\\(.)", r"\1", line))
    return [text for line in lines if (text := " ".join(line.split()))]
