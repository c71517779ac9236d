"""Two plans beside one another: what differs, field by field, and how a field is named and written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit import provenance

Path = tuple[str | int, ...]


class Absent:
    """What stands where a field is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True)
class Change:
    """One field of a plan, as it was and as it is; `ABSENT` where it was not there, or is not."""

    path: Path
    was: Any
    now: Any

    @property
    def field(self) -> str:
        """The field as a reader writes it."""
        return ".".join(str(part) for part in self.path)


def changes(was: Any, now: Any, path: Path = ()) -> Iterator[Change]:
    """Yield every field that differs, as deep as both have it.

    Mappings are compared key by key, lists of mappings of one length entry by entry; everything else whole. Two plans
    with other canonical JSON always differ in a field.
    """
    if provenance.canonical(_plain(was)) == provenance.canonical(_plain(now)) and (was is ABSENT) == (now is ABSENT):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted({*was, *now}):
            yield from changes(was.get(key, ABSENT), now.get(key, ABSENT), (*path, key))
    elif _alike(was, now):
        for at, (before, after) in enumerate(zip(was, now, strict=True)):
            yield from changes(before, after, (*path, at))
    else:
        yield Change(path, was, now)


def _alike(was: Any, now: Any) -> bool:
    both = isinstance(was, list) and isinstance(now, list) and len(was) == len(now)
    return both and all(isinstance(item, dict) for item in [*was, *now])


def _plain(value: Any) -> Any:
    return None if value is ABSENT else value


def comparable(now: Any, was: Any, own: Any) -> Any:
    """Return a plan without options that evalkit had not when it was fixed and that stand at their default.

    Parameters
    ----------
    now, was : plain data
        The plan of the study file with every default, and as it was fixed.
    own : plain data
        What of `now` differs from the defaults; `ABSENT` for nothing.
    """
    if not (isinstance(now, dict) and isinstance(was, dict)):
        return now
    mine = own if isinstance(own, dict) else {}
    return {key: comparable(value, was.get(key, ABSENT), mine.get(key, ABSENT)) for key, value in now.items()
            if key in was or key in mine}  # fmt: skip


def text_of(value: Any) -> str:
    """Return a value as it is written in an amendment; lists and mappings as JSON, empty text for nothing."""
    if value is ABSENT or value is None:
        return ""
    return value if isinstance(value, str) else provenance.canonical(value)


def yaml_of(value: Any) -> str:
    """Return a value as YAML on one line, to be pasted into an amendment."""
    if value is ABSENT or value is None:
        return "null"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text_of(value)
    return json.dumps(text_of(value), ensure_ascii=False)


def shown(value: Any) -> str:
    """Return a value for a sentence."""
    if value is ABSENT or value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else f"{value:.12g}" if isinstance(value, float) else text_of(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def same(written: Any, value: Any) -> bool:
    """Say whether what an amendment says is a value of the plan."""
    if written is None:
        return value is ABSENT or value is None
    if isinstance(value, bool):  # the study file's own reading makes 1 of true here
        return str(written).strip().lower() in (text_of(value), str(int(value)))
    if text_of(written).strip() == text_of(value).strip():
        return not (value is ABSENT or value is None)
    if isinstance(value, dict | list):
        return provenance.canonical(structure(written)) == provenance.canonical(value)
    return _number(written) is not None and _number(written) == _number(value)


def structure(written: Any) -> Any:
    """Return what an amendment says as plain data: JSON where it is a list or a mapping."""
    if isinstance(written, str) and written.strip()[:1] in ("[", "{"):
        try:
            return json.loads(written)
        except ValueError:
            return written
    return written


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def path_of(tree: Any, field: str) -> Path | None:
    """Return the path of a field that is written with dots (names may hold some), None where a plan has none such."""
    if isinstance(tree, list):
        head, _, rest = field.partition(".")
        if not head.isdigit() or int(head) >= len(tree):
            return None
        below = path_of(tree[int(head)], rest) if rest else ()
        return None if below is None else (int(head), *below)
    if not isinstance(tree, Mapping):
        return None
    if field in tree:
        return (field,)
    for key in sorted(tree, key=len, reverse=True):
        if field.startswith(f"{key}."):
            below = path_of(tree[key], field[len(key) + 1 :])
            if below is not None:
                return (key, *below)
    return None


def fields_of(tree: Any, path: Path = ()) -> Iterator[str]:
    """Yield every field of a plan, for "did you mean"."""
    if path:
        yield ".".join(str(part) for part in path)
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from fields_of(value, (*path, key))
    elif isinstance(tree, list) and all(isinstance(item, Mapping) for item in tree):
        for at, value in enumerate(tree):
            yield from fields_of(value, (*path, at))


def at(tree: Any, path: Path) -> Any:
    """Return what stands at a path, `ABSENT` for nothing."""
    for part in path:
        there = range(len(tree)) if isinstance(tree, list) else tree if isinstance(tree, Mapping) else ()
        if part not in there:
            return ABSENT
        tree = tree[part]
    return tree


def put(tree: Any, path: Path, value: Any) -> Any:
    """Return a plan with another value at a path; `ABSENT` takes the field out."""
    head, rest = path[0], path[1:]
    if isinstance(tree, list):
        return [put(item, rest, value) if number == head and rest else value if number == head else item
                for number, item in enumerate(tree)]  # fmt: skip
    known = dict(tree) if isinstance(tree, Mapping) else {}
    below = put(known.get(head), rest, value) if rest else value
    if below is ABSENT:
        known.pop(head, None)
    else:
        known[head] = below
    return known
