"""The author's Markdown, made safe: words and simple markup stay, everything that could run or load does not.

Kept: paragraphs, headings, lists, emphasis, tables, block quotes, code, footnotes, links, fenced blocks with a class
(callouts, tabsets), references to exhibits of the page (`@fig-headline`) and includes of files inside the project.
Shown as typed: HTML, attributes, mathematics, metadata blocks, code cells and every other shortcode. Links to
anything but web pages, mail and places in the site are taken away when the page is rendered (see `evalkit.lua`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import SpecError

_INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*$")
_FENCED_DIV = re.compile(r"^\s*:::+\s*(?:\{\s*\.([\w-]+)\s*\})?\s*$")
_CLASSES = {"callout-note", "callout-tip", "callout-important", "callout-warning", "callout-caution", "panel-tabset"}
_REFERENCE = re.compile(r"(?<![\w\\@])@((?:fig|tbl)-[\w-]*\w)")
_RULE = re.compile(r"^\s*(?:-{3,}|\.{3})\s*$")
_THRESHOLD = re.compile(
    r"\b(?:high|low|medium|poor|good|excellent|outstanding|acceptable|great)[ -]value(?: for money| category| band)\b",
    re.IGNORECASE,
)
_DEEPEST = 5


def safe_markdown(text: str, project: Path | None, numbers: Mapping[str, str], where: str) -> str:
    """Return the author's Markdown with nothing in it that runs, loads or leaves its place.

    Parameters
    ----------
    text : str
        What the author wrote.
    project : Path or None
        Folder that included files must lie in; None refuses includes.
    numbers : mapping
        Exhibits of the page by id: `{"fig-headline": "Figure 1"}`.
    where : str
        Key of the study file, for errors.

    Raises
    ------
    SpecError
        When an included file is missing or outside the project, a reference names no exhibit of the page, or the
        author grades value for money by a threshold; what others said may stand in a block quote.
    """
    lines = _included(text.splitlines(), project, where, 0)
    safe: list[str] = []
    depth = 0
    for line in lines:
        fence = _FENCED_DIV.match(line)
        if fence and (fence.group(1) in _CLASSES or (fence.group(1) is None and depth)):
            depth += 1 if fence.group(1) else -1
            safe.append(f"::: {{.{fence.group(1)}}}" if fence.group(1) else ":::")
        else:
            safe.append(_safe_line(line, numbers, where))
    return "\n".join([*safe, *[":::"] * depth])


def _safe_line(line: str, numbers: Mapping[str, str], where: str) -> str:
    graded = None if line.lstrip().startswith(">") else _THRESHOLD.search(line)
    if graded:
        raise SpecError(
            f"“{graded.group()}” grades by a threshold, which HM Treasury's review of the Green Book (2025) "
            "does not endorse",
            "give the amounts with their range; put what others said into a block quote (> ...) or under claims", where,
        )  # fmt: skip
    if _RULE.match(line):
        return "* * *"
    if line.lstrip().startswith(":::"):
        return "\\" + line.lstrip().replace("{", "&#123;").replace("<", "&lt;")
    line = line.replace("<", "&lt;").replace("{", "&#123;").replace("$", "&#36;")
    if line.startswith("#"):
        line = re.sub(r"^#{1,3}(?=\s)", "####", line)
    return _REFERENCE.sub(lambda match: _reference(match.group(1), numbers, where), line)


def _reference(name: str, numbers: Mapping[str, str], where: str) -> str:
    if name not in numbers:
        known = ", ".join(f"@{known}" for known in numbers) or "none"
        raise SpecError(f"@{name} is not on this page", f"it has {known}", where)
    return f"[{numbers[name]}](#{name})"


def _included(lines: list[str], project: Path | None, where: str, depth: int) -> list[str]:
    found: list[str] = []
    for line in lines:
        match = _INCLUDE.match(line)
        found += _included(_read(match.group(1), project, where, depth), project, where, depth + 1) if match else [line]
    return found


def _read(name: str, project: Path | None, where: str, depth: int) -> list[str]:
    if depth >= _DEEPEST:
        raise SpecError(f"{name} is included more than {_DEEPEST} files deep", "does it include itself?", where)
    return included_file(name, project, project, where).read_text(encoding="utf-8").splitlines()


def included_file(name: str, folder: Path | None, project: Path | None, where: str = "") -> Path:
    """Return the file that an include names, which must lie inside the project.

    Raises
    ------
    SpecError
        When it lies outside, or does not exist.
    """
    if project is None or folder is None:
        raise SpecError(f"{name} cannot be included here", "paste its text", where)
    root = project.resolve()
    file = (root / name.lstrip("/") if name.startswith("/") else folder.resolve() / name).resolve()
    if not file.is_relative_to(root):
        raise SpecError(f"{name} lies outside the project", "include files of the project only", where)
    if not file.is_file():
        raise SpecError(f"{name} does not exist", "give its path from the project's folder", where)
    return file
