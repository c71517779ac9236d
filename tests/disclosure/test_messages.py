"""What stops a study is told without the small counts that it is about."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from evalkit.disclosure import rule_of, without_numbers, without_small
from evalkit.errors import DesignError
from tests.disclosure.designs import DESIGNS, PLACES, TIMES, write_design, write_places

POLICE = rule_of({"profile": "police"})
assert POLICE is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [("its totals are 3, 20 and 0", "its totals are some, 20 and 0"), ("4.0 events.", "some events."),
     ("in 2021-03, 1,204 of them", "in 2021-03, 1,204 of them"), ("E0500003 has 2.", "E0500003 has some.")],
)  # fmt: skip
def test_by_hand(text: str, told: str) -> None:
    assert POLICE is not None
    (problem,) = without_small(DesignError(text, "wait", "design"), POLICE).problems
    assert problem.message == told
    assert (problem.mend, problem.where) == ("wait", "design")


def test_sentences_keep_their_stops() -> None:
    assert without_numbers("There are 3. In 2021-03 there were 1,204.5 of 7.") == (
        "There are some. In 2021-03 there were some of some."
    )


@pytest.mark.parametrize(("profile", "shown"), [("police", False), ("none", True)])
def test_a_study_that_stops_prints_no_small_total(project: Path, profile: str, shown: bool) -> None:
    """Treated areas have 3 events before and none after, so their ratio has no logarithm."""
    assert "comparison_areas" in DESIGNS
    write_design(project, "comparison_areas", f"{{profile: {profile}}}")
    write_places(project, PLACES, {("A", time): 3 if time == "2019-03" else 0 for time in TIMES})
    done = CliRunner().invoke(app, ["run", "small"])
    words = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "is zero, so their ratio has no logarithm" in words
    assert (" 3, 0, " in words) is shown
