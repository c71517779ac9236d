"""From pydantic's findings to problems an author can mend: place, what was found, what was expected."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from evalkit.errors import Problem
from evalkit.spec.reading import Document, Path

_WANTED = {
    "string_type": "text", "int_type": "a whole number", "int_parsing": "a whole number", "float_type": "a number",
    "int_from_float": "a whole number", "float_parsing": "a number", "bool_type": "true or false",
    "bool_parsing": "true or false", "list_type": "a list: [...]", "dict_type": "a mapping: key: value",
    "model_type": "a mapping: key: value", "model_attributes_type": "a mapping: key: value",
    "finite_number": "a finite number", "tuple_type": "a list: [...]", "none_required": "nothing",
}  # fmt: skip
_UNION_ENDS = set(_WANTED)


def problems_from(
    error: ValidationError, document: Document, model: type[BaseModel], prefix: Path = ()
) -> list[Problem]:
    """Return one problem per place, in the order of the file.

    Parameters
    ----------
    error : pydantic.ValidationError
    document : Document
        The file that was read; gives the places.
    model : type
        The model that was validated, for "did you mean".
    prefix : tuple
        Path of the block that was merged over the study (a sensitivity analysis), or empty.
    """
    found = [(_in_file(tuple(item["loc"]), document, prefix), item) for item in error.errors(include_url=False)]
    kept = _most_telling(found)
    problems = [_problem(path, items, document, model, prefix) for path, items in kept.items()]
    meant = {(p.where.rpartition(".")[0], p.mend) for p in problems if p.mend.startswith("did you mean")}
    problems = [p for p in problems if p.message != "is missing" or _suggestion(p.where) not in meant]
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))


def _suggestion(where: str) -> tuple[str, str]:
    """Return the block and the mend that a mistyped sibling of a missing key would carry."""
    block, _, key = where.rpartition(".")
    return block, f"did you mean '{key}'?"


def _in_file(location: tuple[Any, ...], document: Document, prefix: Path) -> tuple[Path, Path]:
    """Return the path in the file and the rest of pydantic's location that the file does not have.

    Pydantic puts the names of union branches into its locations; the file does not have these.
    """
    path: Path = ()
    missing: Path = ()
    for index, part in enumerate(location):
        step = (*path, part)
        if _known(step, document, prefix):
            path = step
        elif index == len(location) - 1 and isinstance(part, str):
            missing = (part,)
    return path, missing


def _known(path: Path, document: Document, prefix: Path) -> bool:
    return any(p in document.keys or p in document.values for p in {(*prefix, *path), path})


Found = tuple[tuple[Path, Path], Any]


def _most_telling(found: list[Found]) -> dict[tuple[Path, Path], list[Any]]:
    """Keep what stands deepest in the file: a union reports each branch, and the shallow ones say little."""
    grouped: dict[tuple[Path, Path], list[Any]] = {}
    for (path, missing), item in found:
        missing = missing if item["type"] == "missing" else ()
        grouped.setdefault((path, missing), []).append(item)
    paths = {path for path, _ in grouped}
    return {
        (path, missing): items
        for (path, missing), items in grouped.items()
        if not (
            all(item["type"] in _UNION_ENDS for item in items)
            and any(other != path and other[: len(path)] == path for other in paths)
        )
    }


def _problem(
    key: tuple[Path, Path], items: list[Any], document: Document, model: type[BaseModel], prefix: Path
) -> Problem:
    path, missing = key
    place = (*prefix, *path) if _known((*prefix, *path), document, ()) else path
    item = items[0]
    kind = item["type"]
    if kind == "extra_forbidden":
        names = _fields_at(model, tuple(item["loc"][:-1]))
        return document.problem("not a key here", _meant(str(path[-1]), names), place, at_key=True)
    if kind == "missing":
        mend = _description(model, tuple(item["loc"]))
        return document.problem("is missing", mend, (*place, *missing), at_key=True)
    if kind in ("union_tag_invalid", "literal_error"):
        return _choice(item, items, document, place)
    if kind == "union_tag_not_found":
        tag = str(item["ctx"]["discriminator"]).strip("'")
        return document.problem(f"does not say `{tag}`", f"add {tag}: ...", place, at_key=True)
    if kind == "value_error":
        message, _, mend = str(item["ctx"]["error"]).partition("; ")
        return document.problem(message, mend, place)
    kinds = dict.fromkeys(_WANTED[i["type"]] for i in items if i["type"] in _WANTED)
    if "a number" in kinds:
        kinds.pop("a whole number", None)  # which is a number
    wanted = " or ".join(kinds)
    if wanted:
        return document.problem(f"{_shown(item['input'])} is not {wanted}", f"write {wanted}", place)
    return document.problem(f"{_shown(item['input'])}: {item['msg'].lower()}", "", place)


def _choice(item: Any, items: list[Any], document: Document, place: Path) -> Problem:
    context = item["ctx"]
    expected = str(context.get("expected_tags") or context.get("expected") or "")
    choices = [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]
    value = context.get("tag", item["input"])
    if item["type"] == "union_tag_invalid":
        place = (*place, str(context["discriminator"]).strip("'"))
    noun = {"design.kind": "a design", "data.source": "a source"}.get(".".join(map(str, place)), "one of the choices")
    close = difflib.get_close_matches(str(value), choices, n=1)
    tail = f"did you mean '{close[0]}'? one of {', '.join(choices)}" if close else f"one of {', '.join(choices)}"
    return document.problem(f"{_shown(value)} is not {noun}", tail, place)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _meant(word: str, names: Iterable[str]) -> str:
    if not word.replace("-", "_").isidentifier():  # {label: Offences per 100,000 people, ...} ends at its comma
        return "put text that holds a comma or a colon in quotes"
    names = sorted(set(names))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"one of {', '.join(names)}" if names else "remove it"


def _types_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[Any]:
    """Return the annotations that pydantic's location may lead to."""
    current: list[Any] = [model]
    for part in location:
        following: list[Any] = []
        for kind in _branches(current):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                field = _field(kind, part)
                if field is not None:
                    following.append(field.annotation)
            elif typing.get_origin(kind) in (dict, list, tuple):
                following.append(typing.get_args(kind)[-1])
        tagged = [kind for kind in _branches(current) if _is_branch(kind, part)]
        current = following or tagged or current
    return list(_branches(current))


def _branches(kinds: Iterable[Any]) -> Iterable[Any]:
    for kind in kinds:
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            yield from _branches([typing.get_args(kind)[0]])
        elif origin in (typing.Union, types.UnionType):
            yield from _branches(typing.get_args(kind))
        else:
            yield kind


def _is_branch(kind: Any, part: Any) -> bool:
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    if kind.__name__ == part:
        return True
    return any(part in typing.get_args(kind.model_fields[name].annotation)
               for name in ("kind", "source") if name in kind.model_fields)  # fmt: skip


def _field(kind: type[BaseModel], part: Any) -> Any:
    for name, field in kind.model_fields.items():
        if part in (name, field.alias):
            return field
    return None


def _fields_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    names: list[str] = []
    for kind in _types_at(model, location):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [field.alias or name for name, field in kind.model_fields.items()]
    return names


def _description(model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """Return what the missing key is for, from the model's own description."""
    for kind in _types_at(model, location[:-1]):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = _field(kind, location[-1])
            if field is not None and field.description:
                return f"add it: {field.description}"
    return f"add {location[-1]}: ..."
