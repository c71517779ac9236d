"""YAML to plain data, with the place of every key and value kept.

YAML is data here: no tags, no code, no dates, no yes/no guessing. Aliases are allowed within a bound, so that a
"bomb" of nested anchors cannot fill the memory: written out, a file may not be larger than a file may be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from evalkit.errors import Problem, SpecError

MAX_BYTES = 2_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
MAX_DIGITS = 40
Path = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_IMPLICIT_TAGS = _CORE_TAGS | {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "value", "merge")}
_TRUE_FALSE = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULL = {"", "~", "null", "Null", "NULL"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Place:
    """Where a key or value stands: line and column from 1, and how much a caret underlines."""

    line: int
    column: int
    length: int = 1


@dataclass
class Document:
    """What a YAML file says, and where it says it.

    Attributes
    ----------
    file : str
        File as the user knows it.
    data : dict
        Plain data: text, numbers, true/false, null, lists, mappings.
    keys, values : dict
        Path to the place of the key and of the value.
    """

    file: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def problem(self, message: str, mend: str, path: Path, *, at_key: bool = False) -> Problem:
        """Return a problem at the nearest place that the file has for `path`."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        known = path
        while known and known not in first and known not in second:
            known = known[:-1]
        place = first.get(known) or second.get(known) or Place(1, 1)
        if known != path and known in self.keys:
            place = self.keys[known]
        return Problem(message, mend, dotted(path), self.file, place.line, place.column,
                       self._line(place.line), place.length)  # fmt: skip

    def locate(self, problem: Problem) -> Problem:
        """Return a problem that names a key of a block of this file with its place; any other as it is."""
        path = tuple(int(part) if part.isdigit() else part for part in problem.where.split("."))
        if problem.line is not None or not isinstance(self.data.get(str(path[0])), dict):
            return problem
        return self.problem(problem.message, problem.mend, path)

    def _line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def dotted(path: Path) -> str:
    """Return a path as a reader writes it: outcomes.drivers.label, sensitivity.0.id."""
    return ".".join(str(part) for part in path)


def read_yaml(text: str | bytes, file: str) -> Document:
    """Return what a YAML text says and where.

    Parameters
    ----------
    text : str or bytes
        Content of the file; bytes must be UTF-8.
    file : str
        Name to print in messages.

    Raises
    ------
    SpecError
        Naming line, column and mend: not text, not YAML, tags, duplicate keys, numbers that two readers would read
        differently, too large or too deep. All that can be found are reported at once.
    """
    text = _decoded(text, file)
    document = Document(file, text, lines=text.splitlines())
    root = _composed(text, file, document)
    if not isinstance(root, yaml.MappingNode):
        raise SpecError(Problem("holds no keys", "start from `evalkit new ID`", file=file, line=1, column=1))
    walker = _Walker(document)
    document.data = walker.walk(root, ())
    if walker.problems:
        raise SpecError(walker.problems)
    return document


def _decoded(text: str | bytes, file: str) -> str:
    if len(text) > MAX_BYTES:
        raise SpecError(Problem(f"is larger than {MAX_BYTES:,} bytes", "a study file holds words, not data", file=file))
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SpecError(Problem("is not UTF-8 text", "save it as UTF-8 (in Notepad: Save as, Encoding)", "", file,
                                line, column)) from None  # fmt: skip


def _composed(text: str, file: str, document: Document) -> yaml.Node | None:
    """Return the node tree; the parser's own complaint becomes a problem with its place."""
    try:
        _bound_depth(text, document)
        loader = _LOADER(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
            return node
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        message = f"is not YAML: {error.problem or error.context or 'unreadable'}"
        line = document._line(place.line)
        mend = "a tab cannot indent YAML; use spaces" if line.lstrip(" ").startswith("\t") else _hint(message)
        raise SpecError(Problem(message, mend, "", file, place.line, place.column, line)) from None
    except yaml.reader.ReaderError as error:
        # The parser written in C counts bytes, the other one characters: the character itself tells the place.
        before = text[: text.index(chr(error.character))]
        message = f"is not YAML: it holds the control character U+{error.character:04X}"
        raise SpecError(Problem(message, "save it as plain UTF-8 text", "", file,
                                before.count("\n") + 1, len(before) - before.rfind("\n"))) from None  # fmt: skip
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"is not YAML: {_first_line(error)}"
        raise SpecError(Problem(message, "save it as plain UTF-8 text", file=file)) from None


def _bound_depth(text: str, document: Document) -> None:
    """Refuse nesting that the parser's own recursion could not survive, before the tree is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark: Any = event.start_mark
                raise SpecError(Problem(f"is nested more than {MAX_DEPTH} deep", "write it flatter", "", document.file,
                                        mark.line + 1, mark.column + 1))  # fmt: skip
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _hint(message: str) -> str:
    if "mapping values are not allowed" in message:
        return "put text that holds ': ' in quotes"
    if "undefined alias" in message or "alias" in message:
        return "put text that starts with * or & in quotes"
    return "look at indentation, brackets and quotes there"


class _Walker:
    """Turns nodes into plain data; collects every problem on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.count = 0
        self.characters = 0

    def walk(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        self.characters += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        if self.count > MAX_NODES or len(path) > MAX_DEPTH or self.characters > MAX_BYTES:
            raise SpecError(
                self.document.problem("grows too large when its anchors are followed", "write the values out", path[:1])
            )
        self._check_tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, index)) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, path)

    def _value(self, node: yaml.Node, path: Path) -> Any:
        start, end = node.start_mark, node.end_mark
        length = end.column - start.column if end.line == start.line else 1
        self.document.values[path] = Place(start.line + 1, start.column + 1, max(length, 1))
        return self.walk(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._add("a key must be plain text", "write one word or quoted text", path, key_node)
                continue
            key = str(key_node.value)
            if key == "<<":
                self._add("merge keys (<<) are not read here", "write the keys out", path, key_node)
                continue
            here = (*path, key)
            if key in found:
                first = self.document.keys[here].line
                self._add(f"the key stands twice; it is first on line {first}", "keep one", here, key_node)
                continue
            mark = key_node.start_mark
            self.document.keys[here] = Place(mark.line + 1, mark.column + 1, max(len(key), 1))
            found[key] = self._value(value_node, here)
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text = node.value
        if node.style:  # quoted or block text is text
            return text
        if text in _NULL:
            return None
        if text in _TRUE_FALSE:
            return _TRUE_FALSE[text]
        if len(text) > MAX_DIGITS and (_INTEGER.fullmatch(text) or _LEADING_ZERO.fullmatch(text)):
            self._add(f"a number of {len(text):,} digits", "look for digits that ran together", path, node)
            return text
        if _LEADING_ZERO.fullmatch(text):
            self._add(f"{text} has a leading zero, which programs read differently", f'write "{text}" in quotes, or '
                      f"{int(text.replace('_', ''))}", path, node)  # fmt: skip
            return text
        if _INTEGER.fullmatch(text):
            return int(text.replace("_", ""))
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        return text

    def _check_tag(self, node: yaml.Node, path: Path) -> None:
        tag = str(node.tag)
        unknown = tag not in _IMPLICIT_TAGS
        if unknown or self._written_tag(node):
            self._add(f"the tag {tag!r} is not data", "remove it; a study file cannot run code", path, node)

    def _written_tag(self, node: yaml.Node) -> bool:
        """Say whether a tag was written out in the file (even a harmless one such as !!str)."""
        mark = node.start_mark
        line = self.document._line(mark.line + 1)
        return line[mark.column : mark.column + 1] == "!"

    def _add(self, message: str, mend: str, path: Path, node: yaml.Node) -> None:
        mark, end = node.start_mark, node.end_mark
        length = end.column - mark.column if end.line == mark.line else 1
        self.problems.append(Problem(message, mend, dotted(path), self.document.file, mark.line + 1, mark.column + 1,
                                     self.document._line(mark.line + 1), max(length, 1)))  # fmt: skip
