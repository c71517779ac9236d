"""Which of data, study file, code and packages are not what they were between two runs, and what about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.provenance import canonical
from evalkit.spec.reading import read_yaml

NOT_COMPUTED = frozenset({"title", "short_title", "status", "version", "narrative", "governance", "claims", "release",
                          "question", "questions", "programme", "theory_of_change", "process", "assurance", "ethics",
                          "standards", "registration", "recommendations", "limitations", "emmie", "disparities",
                          "unintended_effects", "strategies", "area", "evaluation_types"})  # fmt: skip
"""Blocks of a study file that no number rests on."""
CONTENT = ("path", "values")
"""Keys of the data block that are the data themselves: a new file is new data, not another plan."""
_WORDS = ("publisher", "licence", "note")
_REFERENCE = "reference/"
NAMED = 6
CAUSES = ("data", "spec", "code", "packages")


@dataclass(frozen=True)
class Run:
    """One run of a study: its result, and the study file that it was made from where that is known."""

    document: Mapping[str, Any]
    text: str = ""

    @property
    def written(self) -> dict[str, Any] | None:
        """The study file as plain data; None where its text is not kept."""
        try:
            return read_yaml(self.text.encode(), "").data if self.text else None
        except EvalkitError:
            return None


@dataclass(frozen=True)
class Causes:
    """What changed, by cause: the words for it, empty where it only differs; a cause that is not there is the same."""

    found: Mapping[str, tuple[str, ...]]

    def __contains__(self, cause: str) -> bool:
        """Say whether a cause changed."""
        return cause in self.found

    @property
    def names(self) -> tuple[str, ...]:
        """The causes that changed, in their order."""
        return tuple(cause for cause in CAUSES if cause in self.found)

    @property
    def remainder(self) -> str:
        """Name of what cannot be run again as it was: code, packages, or both."""
        return " and ".join(cause for cause in ("code", "packages") if cause in self.found) or "code"


def causes_of(then: Run, now: Run) -> Causes:
    """Return what changed between two runs."""
    before, after = then.document["provenance"], now.document["provenance"]
    found: dict[str, tuple[str, ...]] = {}
    data = tuple(_data(before, after))
    if data:
        found["data"] = data
    spec = tuple(_spec(then, now))
    if spec:
        found["spec"] = spec
    if before["code_version"] != after["code_version"]:
        found["code"] = (f"evalkit's code: {before['code_version'][:10]} -> {after['code_version'][:10]}",)
    old, new = before["packages"], after["packages"]
    packages = tuple(f"{name} {old[name]} -> {new[name]}"  # one that reads other data came with these
                     for name in sorted({*old} & {*new}) if old[name] != new[name])  # fmt: skip
    if packages:
        found["packages"] = packages
    return Causes(found)


def _data(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield which inputs changed; a file of another name with the same bytes is no change, nor are prices."""
    old, new = ({item["name"]: item["sha256"] for item in one["data"] if not item["name"].startswith(_REFERENCE)}
                for one in (before, after))  # fmt: skip
    if sorted(old.values()) == sorted(new.values()):
        return
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield name if name in old and name in new else f"{name} {'added' if name in new else 'no longer read'}"


def _spec(then: Run, now: Run) -> Iterator[str]:
    """Yield the keys of the study file that changed, as written or, where a text is not kept, as they were read."""
    if then.document["provenance"]["spec_sha256"] == now.document["provenance"]["spec_sha256"]:
        return
    written = (then.written, now.written)
    if written[0] is not None and written[1] is not None:
        differing = list(_differing(_computed(written[0]), _computed(written[1])))
    else:
        old, new = _computed(then.document["study"]), _computed(now.document["study"])
        differing = list(_differing(_in_both(old, new), _in_both(new, old)))
    yield from differing[:NAMED]
    if len(differing) > NAMED:
        yield f"{len(differing) - NAMED} more keys"


def _computed(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return what numbers rest on, without the data themselves."""
    kept = {key: value for key, value in study.items() if key not in NOT_COMPUTED and value is not None}
    data = kept.get("data")
    if isinstance(data, Mapping):
        kept["data"] = {key: value for key, value in data.items() if key not in (*CONTENT, *_WORDS)}
    return kept


def _in_both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that the other has too: a key that came with a newer evalkit is no change of the author's."""
    return {key: _in_both(value, other[key]) if isinstance(value, Mapping) and isinstance(other[key], Mapping)
            else value for key, value in one.items() if key in other}  # fmt: skip


def _differing(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Yield the dotted keys at which two studies differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _differing(before.get(key), after.get(key), f"{where}.{key}" if where else str(key))
    elif canonical(before) != canonical(after):
        plain = [isinstance(value, str | int | float | bool) for value in (before, after)]
        yield f"{where}: {_short(before)} -> {_short(after)}" if any(plain) and not _long(before, after) else where


def _long(*values: Any) -> bool:
    return any(isinstance(value, Mapping | list) or len(str(value)) > 40 for value in values)


def _short(value: Any) -> str:
    return "none" if value is None else str(value)
