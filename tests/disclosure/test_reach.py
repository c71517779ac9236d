"""Numbers of people that the study file counts itself: the study's own rule holds for them too."""

import pytest

from evalkit.errors import SpecError
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import SERIES, Study

REACH = "process: {reach: [{step: eligible, number: %s}, {step: engaged, number: %s}, {step: completed, number: %s}]}\n"


@pytest.mark.parametrize(("profile", "numbers", "where"), [
    ("{profile: police}", (40, 20, 3), [2]),
    ("{profile: police}", (40, 37, 20), [1]),
    ("{profile: police}", (3, 2, 1), [0, 1, 2]),
    ("{profile: hes}", (40, 33, 20), [1]),
    ("{profile: police}", (40, "null", 38), [2]),
    ("{profile: custom, min_cell: 5, zeros: false}", (40, 20, 0), [2]),
])  # fmt: skip
def test_a_small_number_of_people_is_refused(small_study: Study, profile, numbers, where) -> None:
    file = small_study(SERIES, profile, more=REACH % numbers)
    line = 1 + [line.split(":")[0] for line in file.read_text().splitlines()].index("process")
    with pytest.raises(SpecError) as caught:
        load_spec(file)
    assert [problem.where for problem in caught.value.problems] == [f"process.reach.{at}.number" for at in where]
    for problem in caught.value.problems:
        assert problem.line == line
        assert "too small to show" in problem.mend
        assert not any(f" {number} " in problem.message for number in numbers if number != "null")


@pytest.mark.parametrize(("profile", "numbers"), [
    ("", (40, 20, 3)),
    ("{profile: police}", (40, 20, 5)),
    ("{profile: police}", (40, 40, 0)),
    ("{profile: police}", (40, 20, "null")),
    ("{profile: hes, national: true}", (40, 20, 3)),
])  # fmt: skip
def test_other_numbers_stand(small_study: Study, profile, numbers) -> None:
    assert load_spec(small_study(SERIES, profile, more=REACH % numbers)).study.process is not None


CLAIM = "claims: [{id: fall, text: Cases fell, source: A letter, printed: {before: 40, after: %s, n: %s}}]\n"


@pytest.mark.parametrize(("after", "of", "where"), [(3, 40, ["after"]), (3, 2, ["after", "n"]), (30, 4, ["n"])])
def test_a_small_number_of_a_published_claim_is_refused(small_study: Study, after, of, where) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(small_study(SERIES, "{profile: police}", more=CLAIM % (after, of)))
    assert [problem.where for problem in caught.value.problems] == [f"claims.0.printed.{key}" for key in where]


def test_other_numbers_of_a_claim_stand(small_study: Study) -> None:
    assert load_spec(small_study(SERIES, "{profile: police}", more=CLAIM % (30, "null"))).study.claims
    assert load_spec(small_study(SERIES, "", more=CLAIM % (3, 2))).study.claims
