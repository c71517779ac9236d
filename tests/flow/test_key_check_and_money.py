"""A key check against the analysis that is priced: the file withholds what the page withholds."""

import dataclasses

import pytest

from evalkit.flow import _appraise, evaluate
from evalkit.records import Diagnostic
from evalkit.report.money_reading import read_money
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: Patrols
question: Did patrols reduce violence?
data: {source: simulated, units: 12, treated: 4, periods: 48, period: {start: 2019-04, frequency: month},
       baseline: {low: 20, high: 40}, exposure: 50000, dispersion: 1.3, effect: -15, treated_from: 2022-04, seed: 77}
intervention: {start: 2022-04}
outcomes:
  violence: {label: Violence, exposure: exposure, kind: count, better: lower, role: primary}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
economics:
  price_base: 2024-25
  base_year: 2022-23
  costs:
    - {item: Patrols, payer: Police, annual: 500000, first_year: 2022-23, last_year: 2022-23, price_year: 2024-25,
       source: Plan}
  benefits:
    - {item: Violence avoided, unit_cost: "crime:violence_with_injury", edition: 2019/20, outcome_is: actual}
"""


@pytest.mark.parametrize(("key", "verdict", "withheld"), [
    (True, "sign against", True), (False, "sign against", False), (True, "no sign against", False),
])  # fmt: skip
def test_the_file_withholds_what_the_page_withholds(write_study, key, verdict, withheld):
    spec = load_spec(write_study(STUDY))
    evaluation = evaluate(spec)
    check = Diagnostic("placebo_in_time", "No change before the start", verdict, "Seen", key=key)
    analysis = dataclasses.replace(evaluation.primary, result=dataclasses.replace(
        evaluation.primary.result, diagnostics=(check,)))  # fmt: skip
    found = _appraise(spec, [analysis])
    said = "A key check speaks against the result (placebo in time)" in found.ratio_withheld
    assert said is withheld
    if withheld:
        assert (found.ratio, found.payback, found.cost_per_outcome) == (None, None, None)
    page = read_money(dataclasses.replace(evaluation, analyses=(analysis,), appraisal=found))
    assert page.priced is not withheld
    assert page.break_even.startswith("Benefits would equal costs at 26.2 fewer")
