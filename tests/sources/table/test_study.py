"""A whole study whose rows stay where they are: checked, run, and stale when the rows change."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from evalkit.flow import evaluate, input_hashes
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: Incidents in three areas
question: Did it change?
data:
  source: {source}
  path: {path}
  period: {{column: day, frequency: month}}
  {more}
intervention: {{start: 2023-07}}
outcomes:
  violence: {{label: Violence, count: rows, filter: {{kind: violence}}, kind: count, better: lower}}
  young: {{label: Young, count: rows, filter: {{age: {{from: 10, to: 25}}}}, kind: count, role: secondary}}
design: {{kind: interrupted_time_series, season: none}}
"""


@pytest.mark.usefixtures("as_files")
def test_the_study_is_that_of_the_file(write_study: Callable[..., Path], folders: object) -> None:
    plain = evaluate(load_spec(write_study(STUDY.format(source="parquet", path="data/incidents.parquet", more=""))))
    own = "memory_limit: 500MB"
    large = STUDY.format(source="table", path="data/incidents.parquet", more=own)
    table = evaluate(load_spec(write_study(large, "large")))
    assert table.primary.result == plain.primary.result
    assert [analysis.result for analysis in table.analyses] == [analysis.result for analysis in plain.analyses]
    assert table.provenance.data == plain.provenance.data
    assert table.provenance.data[0].rows == 400


def test_it_is_stale_when_a_file_of_the_pattern_is_added(
    as_files: pandas.DataFrame, write_study: Callable[..., Path]
) -> None:
    Path("data/parts").mkdir()
    as_files[as_files["day"] < "2024-06"].to_parquet("data/parts/a.parquet")
    study = STUDY.format(source="table", path="data/parts/*.parquet", more="")
    spec = load_spec(write_study(study))
    before = input_hashes(spec)
    assert input_hashes(spec) == before
    used = {item.name: item.sha256 for item in evaluate(spec).provenance.data}
    assert used.items() >= before.items()
    as_files[as_files["day"] >= "2024-06"].to_parquet("data/parts/b.parquet")
    assert input_hashes(spec) != before


@pytest.mark.usefixtures("as_files")
def test_check_says_what_is_missing_with_its_line(write_study: Callable[..., Path]) -> None:
    study = STUDY.format(source="table", path="data/incidents.parquet", more="unit: aera")
    path = write_study(study.replace("kind: violence", "kinds: violence"))
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 1 or done.exit_code == 2
    assert "did you mean 'area'?" in " ".join(done.output.split())
    assert "did you mean 'kind'?" in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_check_and_run_without_the_address(write_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("EVALKIT_CONNECTIONS", raising=False)
    study = STUDY.format(source="table", path="x", more="").replace("path: x", "connection: police\n  table: incidents")
    path = write_study(study)
    for verb in ("check", "run"):
        done = CliRunner().invoke(app, [verb, str(path)])
        assert done.exit_code != 0
        assert "set EVALKIT_CONNECTION_POLICE to its address" in " ".join(done.output.split())
        assert "Traceback" not in done.output


@pytest.mark.usefixtures("as_files")
def test_two_runs_give_the_same_bytes(write_study: Callable[..., Path]) -> None:
    path = write_study(STUDY.format(source="table", path="data/incidents.csv", more=""))
    results = []
    for _ in range(2):
        done = CliRunner().invoke(app, ["run", str(path)])
        assert done.exit_code == 0, done.output
        results.append(Path("results/study/result.json").read_bytes())
    assert results[0] == results[1]
    assert json.loads(results[0])["provenance"]["data"][0]["rows"] == 400
