"""The Python API: what a notebook uses, tidy frames, and an evaluation that shows itself."""

from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

import evalkit
from evalkit import archive, flow

Write = Callable[..., Path]


@pytest.fixture
def evaluation(write_study: Write) -> evalkit.Evaluation:
    return evalkit.evaluate(write_study())


def test_evaluate_and_load_give_the_same(write_study: Write, project: Path) -> None:
    path = write_study()
    archive.write_result(flow.evaluate(evalkit.load_spec(path)), project / "results")
    computed, loaded = evalkit.evaluate(path), evalkit.load("study")
    pandas.testing.assert_frame_equal(computed.effects(), loaded.effects())
    assert archive.to_text(computed) == archive.to_text(loaded)


def test_frames_are_tidy(evaluation: evalkit.Evaluation) -> None:
    effects = evaluation.effects()
    assert list(effects["id"]) == ["primary"]
    assert effects["relative_low"][0] < effects["relative"][0] < effects["relative_high"][0]
    path = evaluation.path()
    assert len(path) == 48
    assert {"unit", "period", "observed", "counterfactual", "low", "high", "fitted"} <= set(path)
    assert {"term", "value", "se"} <= set(evaluation.coefficients())
    assert {"name", "verdict", "reading", "analysis"} <= set(evaluation.diagnostics())


def test_it_shows_itself(evaluation: evalkit.Evaluation) -> None:
    html = evaluation._repr_html_()
    assert "<svg" in html
    assert "<table" in html
    assert "<script" not in html
    assert repr(evaluation).startswith("<Evaluation study (impact): ")


def test_what_is_not_there_says_how_to_make_it(project: Path, evaluation: evalkit.Evaluation) -> None:
    with pytest.raises(evalkit.DataError, match=r"evalkit run evaluations/nothing\.yaml"):
        evalkit.load("nothing")
    with pytest.raises(KeyError, match="there are primary"):
        evaluation.analysis("other")


def test_import_is_cheap(repository: Path) -> None:
    import subprocess
    import sys

    code = "import sys, evalkit; print(sorted({'pandas', 'numpy', 'pydantic', 'typer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
