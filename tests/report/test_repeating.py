"""Chance of repeating: what earns no point, and what is said of intervals that are far narrower than the main one."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import demo
import pytest
from whole_page import lines_of

from evalkit import evidence
from evalkit.records import Analysis, Diagnostic, Estimate, Evaluation
from evalkit.report import narrower

STUDY = {"outcomes": {"main": {}}, "data": {"source": "package"}}
CLEAR = Diagnostic("negative_controls", "Still.", "no sign against", "It was still.")
RANDOMISED, BOOTSTRAPPED = ({"method": name} for name in ("randomisation", "wild_bootstrap"))


def other(primary: Analysis, low: float, high: float, **changes: Any) -> Analysis:
    middle = (low + high) / 2
    result = dataclasses.replace(primary.result, effect=Estimate(middle, low=low, high=high, scale="log"),
                                 relative=None, **changes)  # fmt: skip
    return dataclasses.replace(primary, id="more", role="sensitivity", label="All months before", result=result)


def study(*checks: Diagnostic, others: tuple[Analysis, ...] = (), main: tuple[float, float] = (-0.25, 0.01)
          ) -> Evaluation:  # fmt: skip
    base = demo.castle()
    low, high = main
    result = dataclasses.replace(base.primary.result, effect=Estimate(-0.12, low=low, high=high, scale="log"),
                                 diagnostics=checks, inference=RANDOMISED)  # fmt: skip
    primary = dataclasses.replace(base.primary, result=result, simulated=False)
    analyses = (primary, *others)
    return dataclasses.replace(base, analyses=analyses, evidence=evidence.assess(base.study | STUDY, analyses, ()))


def repeating(evaluation: Evaluation) -> dict[str, Any]:
    return dict(evaluation.evidence["repeating"])


def test_a_far_narrower_interval_earns_no_point_and_says_why() -> None:
    base = study().primary
    wide, slim = other(base, -0.3, -0.05), other(base, -0.18, -0.13, inference=BOOTSTRAPPED)
    assert "For: every other estimate points the same way; the interval of every other" in repeating(
        study(others=(wide,)))["reason"]  # fmt: skip
    found = study(others=(slim,))
    assert "no other interval counts (1 far narrower than the main one is not counted)" in repeating(found)["reason"]
    both = repeating(study(others=(wide, dataclasses.replace(slim, id="slim"))))
    assert both["score"] == repeating(study(others=(wide,)))["score"]  # one that agrees takes nothing away
    assert ("the interval of every other estimate that counts lies clear of no change "
            "(1 far narrower than the main one is not counted)") in both["reason"].partition("Against")[0]  # fmt: skip
    across = dataclasses.replace(other(base, -0.3, 0.05), id="across")
    several = repeating(study(others=(wide, across, dataclasses.replace(slim, id="slim"))))["reason"]
    assert "the interval of 1 of 2 other estimates lies clear of no change (1 far narrower" in several
    assert repeating(found)["score"] == repeating(study(others=(wide,)))["score"] - 1
    (told,) = narrower.parts(found)
    assert told["sentences"] == [
        "All months before: the interval is 19% as wide as the main one. The main answer rests on a comparison with "
        "others that could have been treated, this one on a wild bootstrap of whole clusters.", narrower.NOT_SURER,
    ]  # fmt: skip
    assert narrower.parts(study(others=(wide,))) == []


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"estimator": {"name": "imputation"}}, "is by callaway santanna, this one by imputation"),
        ({"n_pre_periods": 90}, "uses "),
        ({"standard_errors": "another"}, "takes its standard errors by another rule"),
        ({}, ""),
    ],
)
def test_what_differs_is_named(changes: dict[str, Any], because: str) -> None:
    base = study().primary
    named = dataclasses.replace(base, result=dataclasses.replace(base.result, estimator={"name": "callaway_santanna"}))
    (found,) = evidence.narrower(named, (named, other(named, -0.18, -0.13, **changes)))
    assert found["because"].startswith(because)
    assert bool(found["because"]) == bool(because)
    assert (narrower.UNKNOWN in narrower._sentence(found)) == (not because)


def test_no_interval_or_an_infinite_one_is_not_called_narrow() -> None:
    base = study().primary
    endless = study(main=(float("-inf"), 0.1)).primary
    assert evidence.narrower(endless, (other(base, -0.18, -0.13),)) == []


def test_one_period_against_one_earns_nothing() -> None:
    portsmouth = demo.portsmouth()
    single = Diagnostic("single_period_comparison", "Typical.", "sign against", "1 and 1.", key=True,
                        short="one month is set against one month")  # fmt: skip
    clear = Estimate(-2.0, low=-4.0, high=-1.0, scale="log")
    result = dataclasses.replace(portsmouth.primary.result, effect=clear, diagnostics=(single,))
    primary = dataclasses.replace(portsmouth.primary, result=result)
    found = evidence.assess(portsmouth.study | STUDY, (primary,), ())["repeating"]
    assert (found["score"], found["of"]) == (0, 5)
    assert found["reason"] == "Against: one month is set against one month, which cannot show what would come again."
    several = dataclasses.replace(primary, result=dataclasses.replace(result, diagnostics=()))
    assert evidence.assess(portsmouth.study | STUDY, (several,), ())["repeating"]["score"] == 1


@pytest.mark.parametrize(
    ("verdict", "said", "point"),
    [
        ("no sign against", "For: what should not move did not", 1),
        ("too weak to tell", "looked at too weakly to tell", 0),
        ("sign against", "something that should not move did", 0),
        ("not run", "nothing that should not move was looked at", 0),
    ],
)
def test_what_should_not_move_earns_a_point_only_where_it_was_seen_not_to(verdict, said: str, point: int) -> None:
    found = repeating(study(dataclasses.replace(CLEAR, verdict=verdict)))
    assert said in found["reason"]
    assert found["score"] == point


def test_the_page_prints_it(monkeypatch) -> None:
    base = study().primary
    lines = lines_of(study(others=(other(base, -0.18, -0.13, inference=BOOTSTRAPPED),)), monkeypatch)
    assert any(re.search(r"All months before: the interval is 19% as wide", line) for line in lines)
