"""`evalkit guide`, and the registers in `evalkit check`."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from tests.conftest import REPOSITORY


def evalkit(*arguments: str):
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def registers(project, write_study):
    """Return a project with one study and the measures of this project."""
    write_study()
    shutil.copy(REPOSITORY / "data" / "measures.yaml", project / "data")
    return project


def test_guide_prints_the_questions_and_each_design(project):
    done = evalkit("guide")
    assert done.exit_code == 0
    assert done.stdout.startswith("1. Is there a number that was counted")
    assert "evalkit new ID --design difference_in_differences" in done.stdout
    assert "Theory of change only" in done.stdout


def test_check_flags_targets_that_cannot_be_met_and_still_passes(registers):
    done = evalkit("check")
    assert done.exit_code == 0, done.output
    assert "data/measures.yaml: 21 measures of success, no problems" in done.stdout
    assert "st-m2 (R19): 20% of 43 people is 8.6 people." in done.stdout
    assert evalkit("check", "--all").stdout == done.stdout
    assert "measures" not in evalkit("check", "study").stdout


def test_check_names_a_link_to_a_study_that_is_not_there(registers):
    shutil.copy(REPOSITORY / "data" / "programmes.yaml", registers / "data")
    done = evalkit("check")
    assert done.exit_code == 1
    assert "there is no evaluations/" in done.stderr
    assert "data/programmes.yaml: " in done.stderr


def test_check_holds_what_a_study_quotes(registers):
    path = registers / "evaluations" / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "strategies:\n  - {strategy: Crime Strategy 2015-2018, wording: "
                    "Keep the position of Trafford}\n", encoding="utf-8")  # fmt: skip
    done = evalkit("check", "study")
    assert done.exit_code == 1
    assert "Safer Trafford Partnership Crime Strategy 2015-2018 has no measure of these words" in done.stderr


def test_check_as_json(registers):
    found = json.loads(evalkit("check", "--json").stdout)
    assert [row["file"] for row in found] == [str(registers / "evaluations" / "study.yaml"), "data/measures.yaml"]
    assert len(found[1]["flags"]) == 7


def test_check_without_registers_is_as_it_was(project, write_study):
    write_study()
    done = evalkit("check", "--json")
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)) == 1
