"""T8, T13, T16: from gross to net impact, the social return worked example, weights by income."""

import pytest
from pydantic import ValidationError

from evalkit.appraisal import AppraisedEffect, appraise, without_data
from evalkit.appraisal.additionality import Additionality
from evalkit.appraisal.distribution import distributional_weight
from evalkit.errors import SpecError
from evalkit.records import Estimate

SOURCE = {"source": "Additionality Guide"}


def additionality(**keys) -> Additionality:
    return Additionality.model_validate(keys | SOURCE)


def test_t8_deadweight_with_the_same_adjustments():
    assert 100 * additionality(deadweight=0.4, leakage=0.1, displacement=0.25).factor == pytest.approx(40.5, abs=1e-12)
    full = additionality(leakage=0.1, displacement=0.25,
                         reference_case={"share": 0.4, "leakage": 0.1, "displacement": 0.25})  # fmt: skip
    assert 100 * full.factor == pytest.approx(40.5, abs=1e-12)


def test_t8_reference_case_without_leakage_or_displacement():
    found = additionality(leakage=0.1, displacement=0.25, reference_case={"share": 0.4})
    assert 100 * found.factor == pytest.approx(27.5, abs=1e-12)


def test_t8_the_triple_of_one_author():
    assert additionality(deadweight=0.2, displacement=0.25, leakage=0.1).factor == pytest.approx(0.54)


def test_t8_deadweight_on_a_counterfactual_effect_is_refused(block):
    economics = block(additionality={"deadweight": 0.2, **SOURCE})
    effect = AppraisedEffect(Estimate.from_standard_error(60.0, 10.0, unit="offences"),
                             design="difference_in_differences")  # fmt: skip
    with pytest.raises(SpecError, match="taken off twice") as caught:
        appraise(economics, effect)
    assert caught.value.problems[0].where == "economics.additionality"
    assert "override_reason" in str(caught.value)
    reason = {"deadweight": 0.2, "override_reason": "the comparison areas ran a like scheme", **SOURCE}
    found = appraise(block(additionality=reason), effect)
    plain = appraise(block(), effect)
    assert found.benefit.value == pytest.approx(0.8 * plain.benefit.value)
    assert any("already has a counterfactual: the comparison areas ran a like scheme" in c for c in found.cautions)


def test_displacement_off_a_counterfactual_effect_is_allowed(block):
    effect = AppraisedEffect(Estimate.from_standard_error(60.0, 10.0, unit="offences"))
    found = appraise(block(additionality={"displacement": 0.25, **SOURCE}), effect)
    plain = appraise(block(), effect)
    assert found.benefit.value == pytest.approx(0.75 * plain.benefit.value)
    assert found.break_even["value"] == pytest.approx(plain.break_even["value"] / 0.75)
    assert found.additionality["words"] == "displacement 25%"
    assert found.scenarios[-1].name == "Without adjustment for additionality"
    assert found.scenarios[-1].benefit == pytest.approx(plain.benefit.value)


def test_deadweight_and_reference_case_together_are_refused():
    with pytest.raises(ValidationError, match="the same twice"):
        additionality(deadweight=0.1, reference_case={"share": 0.1})


def test_t13_social_return_worked_example(block):
    """60 people at £8,500; deadweight 40%, 30% due to others; second year keeps 70%; cost £250,000: 1.4363."""
    economics = block(
        discount_rate=0.035,
        costs=[{"item": "Programme", "payer": "Council", "price_year": "2024-25", "source": "Accounts",
                "amount": 250_000, "year": "2024-25"}],
        benefits=[{"item": "Outcome", "value": 8500, "price_year": "2024-25", "source": "Worked example",
                   "gainer": "Society"}],
        effect={"value": 60, "low": 50, "high": 70, "measure": "events", "unit": "people", "better": "higher",
                "years": {"2024-25": 1}, "transfer_discount": 0, "transfer_reason": "its own figures",
                "compared_with": "nothing", "source": "Worked example"},
        additionality={"deadweight": 0.4, "substitution": 0.3, "source": "Worked example"},
        persistence={"years": 1, "keeps": 0.7, "source": "Worked example"},
    )  # fmt: skip
    found = appraise(economics, without_data(economics, "impact"))
    assert [year.benefit * year.discount_factor for year in found.by_year] == pytest.approx([214_200, 144_869.565],
                                                                                           abs=0.01)  # fmt: skip
    assert found.ratio.value == pytest.approx(1.4363, abs=0.0001)
    assert found.scenarios[-1].name == "The effect ends where the data end"
    assert found.scenarios[-1].benefit == pytest.approx(214_200)


@pytest.mark.parametrize(("income", "weight"), [(15_000, 3.0086), (100_000, 0.2554), (35_000, 1.0)])
def test_t16_distributional_weights(income, weight):
    assert distributional_weight(income, 35_000) == pytest.approx(weight, abs=0.0001)


def test_income_weights_are_a_scenario_and_never_the_headline(block):
    weights = {"median_income": 35_000, "incomes": {"victims and society": 15_000}, "source": "Survey"}
    effect = AppraisedEffect(Estimate.from_standard_error(60.0, 10.0, unit="offences"))
    found, plain = appraise(block(income_weights=weights), effect), appraise(block(), effect)
    assert found.benefit.value == plain.benefit.value
    scenario = next(one for one in found.scenarios if one.name.startswith("Weighted by income"))
    to_victims = sum(line.present_value for line in found.lines if line.payer == "Victims and society")
    assert scenario.benefit - plain.benefit.value == pytest.approx((3.00864 - 1) * to_victims, rel=1e-4)
    assert scenario.cost == plain.cost.value
    wrong = {"median_income": 35_000, "incomes": {"Victims and sociaty": 15_000}, "source": "Survey"}
    with pytest.raises(SpecError, match="did you mean 'Victims and society'"):
        appraise(block(income_weights=wrong), effect)
