"""Benefits are pounds per event: an outcome whose events cannot be counted has none."""

import pytest

from evalkit.appraisal.countable import counting_problem


@pytest.mark.parametrize(
    ("kind", "exposure", "words"),
    [
        ("count", False, ""),
        ("count", True, ""),
        ("rate", True, ""),
        ("proportion", True, ""),
        ("binary", True, ""),
        ("rate", False, "a rate without exposure"),
        ("proportion", False, "a proportion without exposure"),
        ("binary", False, "a yes/no outcome without exposure"),
        ("continuous", False, "continuous outcome counts no events"),
        ("continuous", True, "continuous outcome counts no events"),
    ],
)
def test_what_can_be_priced(kind, exposure, words):
    problem = counting_problem(kind, exposure=exposure, per=1000)
    assert (problem is None) == (words == "")
    if problem is not None:
        assert words in problem.message
        assert problem.where == "economics.benefits"
        assert ("`per` (1,000 here)" in problem.mend) == (kind == "rate")
