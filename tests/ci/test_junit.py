"""The summary for CI: JUnit XML that its readers can read, whatever a study is called or says."""

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import Problem
from evalkit.freshness import Outcome
from evalkit.junit import junit_text

STATES = st.sampled_from(["unchanged", "run", "failed"])
OUTCOMES = st.lists(st.tuples(st.text(min_size=1), STATES, st.text()), max_size=6)


def outcome(name: str, state: str, words: str) -> Outcome:
    problems = (Problem(words, "mend it"),) if state == "failed" else ()
    return Outcome(name, Path("evaluations/study.yaml"), state, (words,) if state == "run" else (), problems)


@settings(deadline=None)  # a machine that does much else is slow
@given(OUTCOMES, st.lists(st.text(), max_size=2))
def test_counts_are_those_of_the_cases(rows: list[tuple[str, str, str]], faults: list[str]) -> None:
    outcomes = [outcome(*row) for row in rows]
    text = junit_text(outcomes, [Problem(words, "") for words in faults])
    suite = ElementTree.fromstring(text.encode()).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases)) == str(len(rows) + bool(faults))
    assert suite.get("failures") == str(sum(case.find("failure") is not None for case in cases))
    assert suite.get("skipped") == str(sum(case.find("skipped") is not None for case in cases))
    assert all(set(case.attrib) == {"classname", "name"} for case in cases)
    assert junit_text(outcomes, [Problem(words, "") for words in faults]) == text
