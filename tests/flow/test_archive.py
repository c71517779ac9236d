"""result.json: the contract's keys, the same bytes for the same inputs, back and forth without loss."""

import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import archive, flow
from evalkit.errors import DataError
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]

ANALYSIS_KEYS = {
    "id", "role", "label", "outcome", "design", "estimand", "standard_errors", "effect", "relative", "absolute",
    "averted", "path", "diagnostics", "n_observations", "n_units", "n_treated_units", "n_pre_periods",
    "n_post_periods", "dropped",
}  # fmt: skip


@pytest.fixture
def document(write_study: Write) -> dict:
    return archive.to_document(flow.evaluate(load_spec(write_study())))


def test_the_contract(document: dict) -> None:
    top = {"schema", "id", "title", "status", "level", "analyses", "appraisal", "evidence", "claims", "provenance"}
    assert top <= set(document)
    (analysis,) = document["analyses"]
    assert set(analysis) >= ANALYSIS_KEYS
    assert {"value", "se", "df", "low", "high", "level", "p_value", "scale", "unit"} <= set(analysis["effect"])
    assert set(analysis["relative"]) == {"value", "low", "high"}
    assert set(analysis["absolute"]) == {"value", "low", "high", "unit"}
    assert {"unit", "period", "observed", "counterfactual", "low", "high"} <= set(analysis["path"][0])
    assert {"name", "assumption", "verdict", "reading", "statistic", "low", "high", "p_value"} <= set(
        analysis["diagnostics"][0]
    )
    provenance = document["provenance"]
    assert set(provenance) == {"spec_sha256", "protocol_sha256", "data", "code_version", "packages", "seed"}
    assert {"name", "sha256", "rows", "first", "last"} == set(provenance["data"][0])
    assert provenance["data"][0]["rows"] == 48


def test_every_option_of_the_design_is_there_as_resolved(document: dict) -> None:
    design = document["analyses"][0]["design"]
    assert design["kind"] == "interrupted_time_series"
    assert "auto" not in {str(value) for value in design.values()}


def test_floats_have_ten_significant_digits_and_no_text_for_nothing(document: dict) -> None:
    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [n for item in value.values() for n in numbers(item)]
        if isinstance(value, list):
            return [n for item in value for n in numbers(item)]
        return [value] if isinstance(value, float) else []

    found = numbers(document)
    assert found
    assert all(number == float(f"{number:.10g}") for number in found)
    assert "NaN" not in json.dumps(document)


def test_back_and_forth(write_study: Write) -> None:
    evaluation = flow.evaluate(load_spec(write_study()))
    text = archive.to_text(evaluation)
    again = archive.from_document(json.loads(text))
    assert archive.to_text(again) == text


def test_infinite_bounds_survive(document: dict) -> None:
    document["analyses"][0]["relative"]["high"] = "Infinity"
    assert archive.from_document(document).primary.result.relative.high == math.inf


def test_the_same_bytes_in_another_process_hash_seed_and_locale(write_study: Write, tmp_path: Path) -> None:
    path = write_study()
    texts = []
    for index, (seed, locale) in enumerate([("0", "C"), ("12345", "C.UTF-8")]):
        target = tmp_path / f"results{index}"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": ["UTC", "Asia/Tokyo"][index]}
        subprocess.run(
            [sys.executable, "-m", "evalkit", "run", str(path), "--output", str(target)],
            check=True, env=environment, capture_output=True, cwd=tmp_path,
        )  # fmt: skip
        texts.append((target / "study" / "result.json").read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"schema": "other"}', '{"schema": "evalkit/result/1"}'])
def test_a_damaged_result_is_named_and_never_believed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"evalkit run"):
        archive.read_result(path)


@pytest.mark.parametrize(("was", "becomes"), [
    ('"n_observations": ', '"n_observations": 1'), ('"title": "', '"title": "Not '), ('"seal": "', '"seal": "0'),
    ("\n", "\n\n"),
])  # fmt: skip
def test_an_altered_result_is_named_and_never_believed(
    write_study: Write, tmp_path: Path, was: str, becomes: str
) -> None:
    path = archive.write_result(flow.evaluate(load_spec(write_study())), tmp_path)
    assert archive.read_result(path).id == path.parent.name
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    for read in (archive.read_result, lambda path: archive.Stored(path).evaluation):
        with pytest.raises(DataError, match=r"altered after it was written.*evalkit run"):
            read(path)


def test_a_text_that_looks_like_a_seal_is_none(write_study: Write, tmp_path: Path) -> None:
    evaluation = flow.evaluate(load_spec(write_study()))
    study = {**evaluation.study, "title": '\n "seal": ""', "area": '"seal": ""'}
    path = archive.write_result(dataclasses.replace(evaluation, study=study), tmp_path)
    assert archive.read_result(path).study["title"] == study["title"]


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    archive.write_whole(path, "old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        archive.write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
