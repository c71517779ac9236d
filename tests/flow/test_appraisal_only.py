"""Studies without data: a borrowed effect is priced, marked as such, and held to the same rules."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.archive import from_document, to_document
from evalkit.errors import SpecError
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: What navigators would have to achieve
question: At what effect would they pay for themselves?
design: {kind: appraisal_only}
economics:
  price_base: 2024-25
  base_year: 2024-25
  costs:
    - {item: Navigators, payer: NHS, annual: 500000, first_year: 2024-25, last_year: 2024-25, price_year: 2024-25,
       source: Plan}
  benefits:
    - {item: Violence with injury avoided, unit_cost: "crime:violence_with_injury", edition: 2019/20,
       outcome_is: actual}
EFFECT"""
EFFECT = """\
  effect: {value: -30, low: -45, high: -12, baseline: 200, unit: offences, years: {2024-25: 1}, transfer_discount: 0.5,
           transfer_reason: another city, compared_with: counterfactual, source: A trial elsewhere}
"""


@pytest.fixture
def study(write_study: Callable[..., Path]) -> Callable[..., Path]:
    def write(effect: str = EFFECT) -> Path:
        return write_study(STUDY.replace("EFFECT", effect))

    return write


def test_a_borrowed_effect_is_priced_after_its_discount(study):
    """30% of 200 a year, half of it taken off: 30 offences at £19,091.47."""
    found = flow.evaluate(load_spec(study()))
    assert found.analyses == ()
    appraisal = found.appraisal
    assert appraisal.benefit.value == pytest.approx(30 * 19_091.47, abs=1)
    assert appraisal.ratio.value == pytest.approx(30 * 19_091.47 / 500_000, rel=1e-6)
    assert appraisal.ratio.low == pytest.approx(12 * 19_091.47 / 500_000, rel=0.03)
    assert appraisal.break_even["percent"] == pytest.approx(100 * 500_000 / 19_091.47 / 200, abs=0.01)
    assert "The effect was not estimated here: it is taken from A trial elsewhere, with 50% taken off" in "".join(
        appraisal.cautions
    )


def test_it_is_written_and_read_back_without_loss(study):
    found = flow.evaluate(load_spec(study()))
    document = to_document(found)
    assert to_document(from_document(document)) == document
    assert document["appraisal"]["borrowed"]["source"] == "A trial elsewhere"


def test_a_change_since_before_is_never_priced_whatever_is_taken_off(write_study):
    text = STUDY.replace("EFFECT", EFFECT.replace("compared_with: counterfactual", "compared_with: before"))
    found = flow.evaluate(load_spec(write_study(text + "  additionality: {deadweight: 0.001, source: Guide}\n")))
    assert found.appraisal.benefit is None
    assert found.appraisal.ratio is None
    assert found.appraisal.scenarios == ()


def test_without_a_comparison_only_the_break_even_is_given(study):
    found = flow.evaluate(load_spec(study(EFFECT.replace("compared_with: counterfactual", "compared_with: before"))))
    assert found.appraisal.benefit is None
    assert "monitoring" in found.appraisal.ratio_withheld
    assert "26.2 fewer offences" in found.appraisal.break_even["sentence"]


def test_an_interval_with_nothing_in_it_has_no_ratio(study):
    found = flow.evaluate(load_spec(study(EFFECT.replace("high: -12", "high: 3"))))
    assert found.appraisal.ratio is None
    assert found.appraisal.net_present_social_value.low < 0


def test_without_an_effect_there_is_a_break_even_alone(study):
    found = flow.evaluate(load_spec(study("")))
    assert found.appraisal.benefit is None
    assert found.appraisal.break_even["value"] == pytest.approx(500_000 / 19_091.47, abs=0.01)


@pytest.mark.parametrize(
    ("changed", "words", "where"),
    [
        ((EFFECT, EFFECT.replace("low: -45", "low: -20")), "does not lie in its interval", "economics.effect"),
        ((EFFECT, EFFECT.replace("value: -30, low: -45", "value: -130, low: -145")), "cannot be", "economics.effect"),
        (
            (EFFECT, EFFECT.replace("value: -30, low: -45, high: -12", "value: -0.3, low: -0.45, high: -0.12")),
            "write percent, such as -30",
            "economics.effect",
        ),
        ((EFFECT, EFFECT.replace("low: -45", "level: 0.6, low: -45")), "greater than or equal to 0.9", "level"),
        ((EFFECT, EFFECT.replace("baseline: 200, ", "")), "needs the `baseline`", "economics.effect"),
        ((EFFECT, EFFECT.replace("2024-25: 1", "2023-24: 1")), "before the base year", "economics.base_year"),
        ((EFFECT, EFFECT.replace("transfer_reason: another city, ", "")), "is missing", "transfer_reason"),
        (("design: {kind: appraisal_only}", "design: {kind: theory_only}"), "prices its own effect", "effect"),
    ],
)
def test_what_is_refused(write_study, changed, words, where):
    path = write_study(STUDY.replace("EFFECT", EFFECT).replace(*changed))
    with pytest.raises(SpecError, match=words) as caught:
        load_spec(path)
    assert any(where in problem.where for problem in caught.value.problems)
    assert all(problem.line for problem in caught.value.problems)


def test_costs_are_needed(write_study):
    path = write_study("evalkit: 1\ntitle: x\nquestion: y\ndesign: {kind: appraisal_only}\n")
    with pytest.raises(SpecError, match="give its costs"):
        load_spec(path)
