"""What of Quarto the bundled engine renders: includes are put in place, everything it cannot render is named.

Rendered: Markdown, front matter, includes inside the project, callouts, tabsets, references to figures and tables.
Refused, with file and line: code cells, other shortcodes, other kinds of block that only Quarto lays out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evalkit.errors import Problem, SpecError
from evalkit.report.narrative import included_file

Line = tuple[str, str, int]
"""Text, file as shown, number of the line in it."""

_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")
_SHORTCODE = re.compile(r"(?<!\{)\{\{<\s*(/?[\w-]*)\s*(.*?)>\}\}(?!\})")
_CELL = re.compile(r"^\s*\{\s*([A-Za-z][\w-]*)[^}]*\}\s*$")
_QUARTO_ONLY = re.compile(
    r"\.(content-visible|content-hidden|column-[\w-]+|aside|panel-(?:sidebar|fill|center|input)|layout[\w-]*|grid|g-col-[\w-]+"
    r"|landscape|incremental|notes|proof|remark|solution)\b|\b(layout-ncol|layout-nrow|layout)\s*="
)  # fmt: skip
_LABEL = re.compile(r"\{[^}]*#((?:fig|tbl|sec)-[\w-]+)")
_REFERENCE = re.compile(r"(?<![\w\\`])-?@((?:fig|tbl|sec|lst|eq|thm)-[\w-]*\w)")
_DEEPEST = 8
_ELSEWHERE = "take it out, or render with --engine quarto"


def prepared(document: Path, project: Path) -> tuple[dict[str, Any], str]:
    """Return front matter and body of a document, includes put in place.

    Raises
    ------
    SpecError
        With every feature that cannot be rendered, each with file and line.
    """
    shown = str(document.relative_to(project)) if document.is_relative_to(project) else str(document)
    lines = document.read_text(encoding="utf-8").splitlines()
    metadata, first = _front_matter(lines, shown)
    body = list(_expanded([(line, shown, place) for place, line in enumerate(lines[first:], start=first + 1)],
                          document.parent, project, 0))  # fmt: skip
    problems = list(_problems(body))
    if problems:
        raise SpecError(problems)
    return metadata, "\n".join(line for line, _, _ in body) + "\n"


def _front_matter(lines: list[str], shown: str) -> tuple[dict[str, Any], int]:
    """Return the metadata and the number of lines they take."""
    if not lines or lines[0].strip() != "---":
        return {}, 0
    end = next((place for place, line in enumerate(lines[1:], start=1) if line.strip() in ("---", "...")), None)
    if end is None:
        raise SpecError(Problem("the front matter has no end", "close it with ---", file=shown, line=1))
    try:
        metadata = yaml.safe_load("\n".join(lines[1:end])) or {}
    except yaml.YAMLError as error:
        raise SpecError(Problem(f"the front matter is not YAML: {error}", "mend it", file=shown, line=1)) from None
    if not isinstance(metadata, dict):
        raise SpecError(Problem("the front matter is not a mapping", "write `key: value` lines", file=shown, line=1))
    return metadata, end + 1


def _expanded(lines: list[Line], folder: Path, project: Path, depth: int) -> Iterator[Line]:
    """Yield the lines with every include outside code replaced by what it names."""
    for line, code in _with_code(lines):
        match = None if code else _SHORTCODE.fullmatch(line[0].strip())
        if match is None or match.group(1) != "include":
            yield line
            continue
        if depth >= _DEEPEST:
            raise SpecError(Problem(f"includes are more than {_DEEPEST} files deep", "does a file include itself?",
                                    file=line[1], line=line[2]))  # fmt: skip
        try:
            file = included_file(match.group(2).strip().strip("\"'"), folder, project)
        except SpecError as error:
            raise SpecError([Problem(p.message, p.mend, file=line[1], line=line[2]) for p in error.problems]) from None
        shown = str(file.relative_to(project.resolve()))
        inside = [
            (text, shown, place) for place, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        ]
        yield from _expanded(inside, file.parent, project, depth + 1)


def _with_code(lines: list[Line]) -> Iterator[tuple[Line, bool]]:
    """Yield each line with whether it lies inside a fenced block (the fences themselves do not)."""
    fence = ""
    for line in lines:
        match = _FENCE.match(line[0])
        if fence:
            closing = match and match.group(2).startswith(fence) and not match.group(3).strip()
            yield line, not closing
            fence = "" if closing else fence
        else:
            yield line, False
            fence = match.group(2) if match else ""


def _problems(lines: list[Line]) -> Iterator[Problem]:
    labels = {label for line, _ in _with_code(lines) for label in _LABEL.findall(line[0])}
    for (text, file, number), code in _with_code(lines):
        if code:
            continue
        fence = _FENCE.match(text)
        cell = _CELL.match(fence.group(3)) if fence else None
        if cell:
            yield Problem(
                f"a code cell ({cell.group(1)}): the bundled engine runs no code", _ELSEWHERE, file=file, line=number
            )
        for match in _SHORTCODE.finditer(text):
            yield Problem(f"the shortcode {match.group(1) or match.group(0)!r} is not rendered by the bundled engine",
                          _ELSEWHERE, file=file, line=number)  # fmt: skip
        only = _QUARTO_ONLY.search(text) if "{" in text else None
        if only and not fence:
            yield Problem(
                f"{(only.group(1) or only.group(2))!r} is laid out by Quarto alone", _ELSEWHERE, file=file, line=number
            )
        for name in _REFERENCE.findall(text):
            if name not in labels:
                yield Problem(f"@{name} names nothing in this document", "give a figure or table this label",
                              file=file, line=number)  # fmt: skip
