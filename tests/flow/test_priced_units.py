"""What is priced are events: a rate is priced through its exposure, and refused without one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec

RATE = """\
evalkit: 1
title: Patrols
question: Did patrols reduce violence?
data: {source: simulated, units: 12, treated: 4, periods: 48, period: {start: 2019-04, frequency: month},
       baseline: {low: 20, high: 40}, exposure: 50000, dispersion: 1.3, effect: -15, treated_from: 2022-04, seed: 77}
intervention: {start: 2022-04}
outcomes:
  violence: {label: Violence, unit: "per 1,000 people", per: 1000, EXPOSURE kind: KIND, better: lower, role: primary}
design: {kind: DESIGN}
economics:
  price_base: 2024-25
  base_year: 2022-23
  costs:
    - {item: Patrols, payer: Police, annual: 500000, first_year: 2022-23, last_year: 2022-23, price_year: 2024-25,
       source: Plan}
BENEFITS"""
BENEFITS = """\
  benefits:
    - {item: Violence avoided, unit_cost: "crime:violence_with_injury", edition: 2019/20, outcome_is: actual}
"""
DIFFERENCE = "difference_in_differences, estimator: two_way_fixed_effects"


@pytest.fixture
def study(write_study: Callable[..., Path]) -> Callable[..., Path]:
    def write(kind: str, exposure: str, design: str = DIFFERENCE, benefits: str = BENEFITS) -> Path:
        words = {"KIND": kind, "EXPOSURE": exposure, "DESIGN": design, "BENEFITS": benefits}
        text = RATE
        for name, value in words.items():
            text = text.replace(name, value)
        return write_study(text)

    return write


@pytest.mark.parametrize("design", [DIFFERENCE, "before_after"])
def test_the_break_even_of_a_rate_is_in_events(study, design):
    """£500,000 at £19,091.47 an offence are 26.2 offences, whatever the rate is printed per."""
    appraisal = evaluate(load_spec(study("rate", "exposure: exposure,", design))).appraisal
    assert appraisal.break_even["value"] == pytest.approx(500_000 / 19_091.47, rel=1e-5)
    assert appraisal.break_even["unit"] == "events"
    assert "fewer events" in appraisal.break_even["sentence"]
    assert "per 1,000" not in appraisal.break_even["sentence"]


@pytest.mark.parametrize(("kind", "words"), [("rate", "a rate without exposure"), ("continuous", "counts no events")])
def test_what_counts_no_events_is_not_priced(study, kind, words):
    with pytest.raises(SpecError, match=words) as caught:
        load_spec(study(kind, ""))
    (problem,) = caught.value.problems
    assert "exposure" in problem.mend
    assert evaluate(load_spec(study(kind, "", benefits=""))).appraisal.cost.value == pytest.approx(500_000)


def test_a_proportion_without_exposure_is_refused_with_its_data(study):
    path = study("proportion", "", "interrupted_time_series, season: none")
    text = path.read_text(encoding="utf-8")
    shares = ", ".join(f"{0.6 + 0.01 * ((7 * month) % 13):.2f}" for month in range(48))
    begin, end = text.index("data:"), text.index("intervention:")
    data = f"data: {{source: counts, period: {{start: 2019-04, frequency: month}}, values: [{shares}]}}\n"
    text = (text[:begin] + data + text[end:]).replace("{label: Violence,", "{label: Violence, column: value,")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match="a proportion without exposure"):
        evaluate(load_spec(path))
