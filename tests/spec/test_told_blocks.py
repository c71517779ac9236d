"""What a study file tells: measures of strategies, people who check, numbers that fit together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.spec.loading import load_spec
from tests.conftest import SERIES

Write = Callable[..., Path]
VALUES = ", ".join(str(60 + (7 * i) % 13) for i in range(48))


@pytest.fixture
def told(write_study: Write) -> Callable[[str], Path]:
    """Return a function that writes a sound study with these blocks added."""
    return lambda blocks: write_study(SERIES % VALUES + blocks)


def refused(path: Path) -> list:
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return list(caught.value.problems)


def test_a_measure_names_an_outcome_of_the_study(told) -> None:
    known = "strategies:\n  - {strategy: Serious Violence Duty, wording: Fewer incidents, outcome: incidents}\n"
    assert load_spec(told(known)).study.strategies[0].outcome == "incidents"
    found = refused(told(known.replace("outcome: incidents", "outcome: incident")))
    assert [problem.where for problem in found] == ["strategies.0.outcome"]
    assert "'incident' is not an outcome of this study" in found[0].message
    assert "did you mean 'incidents'?" in found[0].mend
    assert found[0].line == 13


def test_a_measure_without_an_outcome_is_accepted(told) -> None:
    load_spec(told("strategies:\n  - {strategy: Serious Violence Duty, wording: Fewer incidents}\n"))


@pytest.mark.parametrize(
    ("blocks", "where"),
    [
        ("governance: {analyst: A. Nurse, assurer: a.  nurse}\n", "governance.assurer"),
        ("governance: {analyst: {name: A. Nurse, role: Analyst}, assurer: A. Nurse}\n", "governance.assurer"),
        ("governance: {analyst: A. Nurse}\nassurance: {reviewer: A. Nurse}\n", "assurance.reviewer"),
    ],
)
def test_whoever_checks_is_not_whoever_made_it(told, blocks: str, where: str) -> None:
    found = refused(told(blocks))
    assert [problem.where for problem in found] == [where]
    assert "is the analyst as well" in found[0].message
    assert "name somebody else" in found[0].mend


@pytest.mark.parametrize(
    "blocks",
    [
        "governance: {analyst: A. Nurse, assurer: B. Porter}\nassurance: {reviewer: C. Clerk}\n",
        "governance: {analyst: A. Nurse}\n",
        "governance: {assurer: A. Nurse}\nassurance: {reviewer: A. Nurse}\n",
    ],
)
def test_two_people_are_accepted(told, blocks: str) -> None:
    load_spec(told(blocks))


def test_both_faults_are_told_at_once(told) -> None:
    blocks = "governance: {analyst: X, assurer: X}\nstrategies:\n  - {strategy: S, wording: W, outcome: other}\n"
    assert {problem.where for problem in refused(told(blocks))} == {"governance.assurer", "strategies.0.outcome"}


@pytest.mark.parametrize(
    ("ratio", "says"),
    [
        ("ratio: 1.8, low: 2, high: 3", "the ratio 1.8 lies outside its interval, 2 to 3"),
        ("ratio: 1.8, low: 1.2", "an interval has both `low` and `high`"),
        ("ratio: 0", "disparities.0.ratio"),
    ],
)
def test_a_ratio_and_its_interval_fit(told, ratio: str, says: str) -> None:
    blocks = f"disparities:\n  - {{measure: Stops, group: A, compared_with: B, source: Report, {ratio}}}\n"
    assert says in "\n".join(f"{problem.where}: {problem.sentence()}" for problem in refused(told(blocks)))


@pytest.mark.parametrize("quality", ["-1", "5", "2.5"])
def test_a_score_is_a_whole_number_from_0_to_4(told, quality: str) -> None:
    found = refused(told(f"emmie:\n  mechanism: {{text: Seen, quality: {quality}}}\n"))
    assert [problem.where for problem in found] == ["emmie.mechanism.quality"]


def test_a_date_is_kept_as_it_was_written(told) -> None:
    study = load_spec(told("recommendations:\n  - {text: Go on, by: 2027-03}\ngovernance: {sunset_date: 2028}\n")).study
    assert study.recommendations[0].by == "2027-03"
    assert study.governance is not None
    assert str(study.governance.sunset_date) == "2028"
