"""Every committed record of a release can be computed again: the same data, the same numbers."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.archive import to_document
from evalkit.flow import evaluate
from evalkit.history.record import history_of, released
from evalkit.spec.loading import load_spec
from tests.conftest import REPOSITORY

RECORDS = sorted((REPOSITORY / "reports" / "published").glob("*.json"))
NUMBERS = ("analyses", "appraisal", "evidence", "claims")
TOLERANCE = 1e-8


def differing(then: Any, now: Any, where: str = "") -> Iterator[str]:
    """Yield where a number of a record is another one now, or is gone; what came with a newer evalkit is no matter."""
    if isinstance(then, dict):
        for key in then:
            if not isinstance(now, dict) or key not in now:
                yield f"{where}.{key} is gone"
            else:
                yield from differing(then[key], now[key], f"{where}.{key}")
    elif isinstance(then, list):
        if not isinstance(now, list) or len(then) != len(now):
            yield f"{where} has another length"
        else:
            for at, (one, other) in enumerate(zip(then, now, strict=True)):
                yield from differing(one, other, f"{where}[{at}]")
    elif isinstance(then, int | float) and not isinstance(then, bool):
        known = isinstance(now, int | float) and math.isclose(then, now, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not known:
            yield f"{where}: {then} -> {now}"


def test_there_are_records() -> None:
    assert {path.stem for path in RECORDS} >= {"seat-belts", "castle-doctrine", "portsmouth-robberies"}


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
def test_a_record_can_be_computed_again(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    now = to_document(evaluate(load_spec(REPOSITORY / "evaluations" / f"{path.stem}.yaml")))
    found = list(differing({key: record[key] for key in NUMBERS}, {key: now[key] for key in NUMBERS}))
    assert found == [], f"{len(found)} differ; if that is meant: evalkit publish {path.stem} --reason ... --name ..."


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
def test_a_record_is_whole(path: Path) -> None:
    then = released(REPOSITORY, path.stem)
    assert then.run.text, "the study file of the release is not in it"
    assert then.rows is not None, then.why_no_rows
    history = history_of(json.loads(path.read_text(encoding="utf-8")))
    assert [one.version for one in history] == list(range(1, len(history) + 1))
    assert all(one.reason and one.name and one.date for one in history)


def test_a_number_that_moved_is_found() -> None:
    assert list(differing({"a": [1.0, {"b": 2.0}]}, {"a": [1.0, {"b": 2.0 + 1e-6}]})) == [".a[1].b: 2.0 -> 2.000001"]
    assert list(differing({"a": [1.0]}, {"a": []})) == [".a has another length"]
    assert list(differing({"a": 1.0}, {})) == [".a is gone"]
    assert list(differing({"a": 1.0, "b": "x"}, {"a": 1.0 + 1e-10, "b": "y", "c": 3})) == []
