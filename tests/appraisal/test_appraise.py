"""The appraisal: present values, when a ratio is withheld (T17), break-even (T10), uncertainty (T9) and cautions."""

import dataclasses
import math

import numpy
import pytest
from pydantic import ValidationError

from evalkit.appraisal import AppraisedEffect, appraise, totals_by_kind, without_data
from evalkit.appraisal.uncertainty import (
    normal_probability_positive,
    normal_value_of_perfect_information,
    probability_positive,
    value_of_perfect_information,
)
from evalkit.errors import SpecError
from evalkit.records import Estimate

UNIT = "offences"


def effect(value=60.0, se=10.0, observed=940.0, **keys):
    return AppraisedEffect(averted=Estimate.from_standard_error(value, se, unit=UNIT), observed=observed, **keys)


def test_present_values_ratio_and_interval(block):
    found = appraise(block(), effect(), seed=3)
    benefit = 60 * 19_091.47
    assert found.cost.value == 500_000
    assert found.benefit.value == pytest.approx(benefit, abs=1)
    assert found.net_present_social_value.value == pytest.approx(benefit - 500_000, abs=1)
    assert found.ratio.value == pytest.approx(benefit / 500_000, abs=1e-5)
    assert found.ratio_withheld == ""
    half = 1.96 * 10 * 19_091.47
    assert (found.benefit.low, found.benefit.high) == pytest.approx((benefit - half, benefit + half), rel=0.02)
    assert found.ratio.low == pytest.approx(found.benefit.low / 500_000)
    assert 0.99 < found.probability_positive <= 1
    assert found.unpriced == ()
    assert found.benefit.unit == "£, 2024-25 prices"


def test_t10_break_even_sentence(block):
    found = appraise(block(), effect()).break_even
    assert found["value"] == pytest.approx(26.19, abs=0.01)
    assert found["percent"] == pytest.approx(2.619, abs=0.001)
    sentence = "Benefits would equal costs at 26.2 fewer offences in 2024-25 (2.62% of the 1,000 expected)"
    assert found["sentence"] == f"{sentence}."
    recorded = block(benefits=[{"item": "Violence", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
                                "multiplier": "apply", "outcome_is": "recorded"}])  # fmt: skip
    assert appraise(recorded, effect()).break_even["value"] == pytest.approx(15.97, abs=0.01)


def test_a_break_even_over_all_that_is_expected_cannot_be_reached(block):
    found = appraise(block(), effect(15.0, observed=5.0)).break_even
    assert found["percent"] == pytest.approx(130.95, abs=0.01)
    assert found["sentence"] == ("This outcome alone cannot pay for it, even if all 20 offences expected in 2024-25 "
                                 "were avoided: it would take 26.2.")  # fmt: skip
    within = appraise(block(), effect(15.0, observed=11.5)).break_even
    assert within["sentence"].startswith("Benefits would equal costs at 26.2 fewer offences")
    work = {"item": "Into work", "value": 19_091.47, "price_year": "2024-25", "source": "s", "gainer": "People"}
    more = appraise(block(benefits=[work]), effect(-15.0, observed=35.0, better="higher")).break_even
    assert more["percent"] > 100  # more has no ceiling
    assert more["sentence"].startswith("Benefits would equal costs at 26.2 more")


@pytest.mark.parametrize("keys", [{"level": "monitoring"}, {"design": "before_after"}])
def test_t17_monitoring_prices_nothing_but_break_even(block, keys):
    found = appraise(block(), effect(**keys))
    assert found.ratio is None
    assert found.net_present_social_value is None
    assert found.benefit is None
    assert found.probability_positive is None
    assert found.draws is None
    assert "monitoring" in found.ratio_withheld
    assert found.break_even["sentence"].endswith("This study cannot say whether the programme reached that.")
    lines = [line for line in found.lines if line.side == "benefit"]
    assert all(math.isnan(line.present_value) for line in lines)
    assert {line.edition for line in lines} == {"2019/20"}
    assert math.isnan(found.by_year[0].benefit)


def test_t17_interval_with_zero_has_no_ratio_but_a_net_value(block):
    found = appraise(block(), effect(15, 10))
    assert found.ratio is None
    assert "includes no effect" in found.ratio_withheld
    assert found.net_present_social_value.low < found.net_present_social_value.value
    assert found.probability_positive == pytest.approx(0.13, abs=0.02)
    assert found.break_even is not None


def test_a_key_check_against_the_result_withholds_all_that_rests_on_a_ratio(block):
    cashable = {"share": 0.1, "source": "Finance director"}
    made = block(benefits=[{"item": "Violence", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
                            "outcome_is": "actual", "cashable": cashable}])  # fmt: skip
    open_, shut = appraise(made, effect()), appraise(made, effect(key_check="parallel trends"))
    assert open_.ratio is not None
    assert (shut.ratio, shut.payback, shut.cost_per_outcome) == (None, None, None)
    assert "A key check speaks against the result (parallel trends)" in shut.ratio_withheld
    assert [one.ratio for one in shut.returns] == [None, None]
    assert all(one.ratio is None for one in shut.scenarios)
    assert shut.net_present_social_value.low == open_.net_present_social_value.low
    assert any("not to be relied on" in text for text in shut.cautions)
    assert shut.break_even["value"] == open_.break_even["value"]
    assert shut.break_even["percent"] is None
    assert shut.break_even["sentence"] == ("Benefits would equal costs at 26.2 fewer offences in 2024-25. "
                                           "This study cannot say whether the programme reached that.")  # fmt: skip


def test_every_number_is_a_row_and_an_edition_without_the_offence_is_named(block):
    benefit = {"item": "Damage avoided", "unit_cost": "crime:criminal_damage", "edition": "2019/20",
               "outcome_is": "actual"}  # fmt: skip
    lent = {"value": -14.0, "low": -23.0, "high": -4.0, "baseline": 420, "unit": "cases", "years": {"2024-25": 0.5},
            "transfer_discount": 0.25, "transfer_reason": "Larger cities", "compared_with": "counterfactual",
            "source": "Review (2019), table 2"}  # fmt: skip
    made = block(benefits=[benefit], effect=lent, optimism_bias={"costs": 0.1, "benefits": -0.05},
                 additionality={"displacement": 0.1, "source": "Survey"},
                 persistence={"years": 1, "keeps": 0.5, "source": "Assumed"})  # fmt: skip
    found = appraise(made, without_data(made, "impact"))
    rows = {one.name: one.stated for one in found.parameters}
    assert rows["Expected without the programme"] == 420
    assert rows["Taken off for carrying the effect here"] == 25
    assert rows["Share of the full effect in 2024-25"] == 50
    assert rows["Additionality: displacement"] == 10
    assert rows["Optimism: Team (NHS)"] == 10
    assert rows["Optimism: benefits"] == -5
    assert rows["Effect kept from one of these years to the next"] == 50
    assert rows["Discount rate"] == pytest.approx(3.5)
    assert (found.parameters[0].source, found.parameters[0].status) == ("Review (2019), table 2", "borrowed")
    left = [one for one in found.scenarios if one.reason]
    assert [one.net for one in left] == [None] * len(left)
    assert any("criminal damage" in one.reason for one in left)
    assert found.payback is None or "estimated" not in found.payback["sentence"]


def test_relative_interval_with_zero_withholds_as_well(block):
    relative = Estimate(-6.0, unit="percent", low=-13.0, high=1.0)
    assert appraise(block(), effect(relative=relative)).ratio is None


def test_harm_has_no_ratio_and_a_negative_net_value(block):
    found = appraise(block(), effect(-60, 10))
    assert found.ratio is None
    assert "not in the direction" in found.ratio_withheld
    assert found.net_present_social_value.high < 0


def test_effect_without_interval_or_without_estimate(block):
    found = appraise(block(), AppraisedEffect(Estimate(60.0, unit=UNIT)))
    assert found.ratio is None
    assert "no interval" in found.ratio_withheld
    assert found.net_present_social_value.low is None
    assert found.probability_positive is None
    found = appraise(block(), AppraisedEffect(Estimate(60.0, unit=UNIT, low=10.0, high=math.inf, rule="inversion")))
    assert found.ratio is None
    found = appraise(block(), AppraisedEffect(None, design="appraisal_only"))
    assert found.benefit is None
    assert "no estimated effect" in found.ratio_withheld
    assert found.break_even["percent"] is None
    found = appraise(block(), AppraisedEffect(None, design="before_after", level="monitoring", unit="robberies"))
    assert "monitoring" in found.ratio_withheld
    assert "26.2 fewer robberies in 2024-25." in found.break_even["sentence"]


def test_unknown_cost_is_not_known_everywhere(block):
    unknown = {"item": "Police time", "payer": "Police", "amount": None}
    costs = [block().costs[0].model_dump(exclude_unset=True), unknown]
    found = appraise(block(costs=costs), effect())
    assert math.isnan(found.cost.value)
    assert found.net_present_social_value is None
    assert found.break_even is None
    assert found.ratio_withheld == "Not every cost is known (Police time)."
    assert "Not every cost is known (Police time): the total is at least £500,000." in found.cautions
    payers = {name: (cost, benefit) for name, cost, benefit in found.by_payer}
    assert payers["NHS"] == (500_000, 0)
    assert math.isnan(payers["Police"][0])
    assert next(line for line in found.lines if line.item == "Police time").note == "running; not known"


def test_higher_is_better_turns_the_sign(block):
    work = {"item": "Into work", "value": 19_091.47, "price_year": "2024-25", "source": "s", "gainer": "People"}
    found = appraise(block(benefits=[work]), effect(-60, 10, better="higher"))
    assert found.benefit.value == pytest.approx(60 * 19_091.47, abs=1)
    assert found.ratio is not None
    assert "at 26.2 more offences" in found.break_even["sentence"]
    with pytest.raises(SpecError, match="prices offences that did not happen"):
        appraise(block(), effect(-60, 10, better="higher"))
    with pytest.raises(SpecError, match="neither lower nor higher"):
        appraise(block(), effect(better="neither"))


def test_costs_of_several_price_years_by_year(block, reference):
    costs = [
        {"item": "Team", "payer": "NHS", "price_year": "2022-23", "source": "s",
         "amounts": {"2022-23": 100_000, "2023-24": 100_000}},
        {"item": "Office", "payer": "Council", "price_year": "cash", "source": "s", "amounts": {"2023-24": 10_000}},
    ]  # fmt: skip
    shares = {"2023-24": 0.25, "2024-25": 0.75}
    found = appraise(block(costs=costs, base_year="2022-23"), effect(averted_by_year=shares))
    index = reference.deflator.index
    team, office = 100_000 * 100 / index["2022-23"], 10_000 * 100 / index["2023-24"]
    assert [year.year for year in found.by_year] == ["2022-23", "2023-24", "2024-25"]
    assert [year.cost for year in found.by_year] == pytest.approx([team, team + office, 0])
    assert [year.discount_factor for year in found.by_year] == pytest.approx([1, 1 / 1.035, 1 / 1.035**2])
    assert found.cost.value == pytest.approx(team + (team + office) / 1.035)
    worth = 60 * 15_440 * 100 / index["2019-20"]
    assert [year.benefit for year in found.by_year] == pytest.approx([0, 0.25 * worth, 0.75 * worth])
    assert found.benefit.value == pytest.approx(worth * (0.25 / 1.035 + 0.75 / 1.035**2))
    assert found.net_present_social_value.value == pytest.approx(
        sum((year.benefit - year.cost) * year.discount_factor for year in found.by_year)
    )


def test_effect_before_the_base_year_and_shares_that_do_not_sum(block):
    with pytest.raises(SpecError, match="the effect begins in 2023-24, before the base year 2024-25"):
        appraise(block(), effect(averted_by_year={"2023-24": 1.0}))
    with pytest.raises(ValueError, match="sum to one"):
        appraise(block(), effect(averted_by_year={"2024-25": 0.5}))


def test_lines_carry_unit_cost_source_edition_and_status(block):
    found = appraise(block(), effect())
    lines = {line.kind: line for line in found.lines if line.side == "benefit"}
    assert set(lines) == {"fiscal", "social"}
    response = lines["fiscal"]
    assert response.unit_cost_printed == 2_050
    assert response.unit_cost == pytest.approx(2_050 * 100 / 80.8738)
    assert (response.price_year, response.edition, response.status) == ("2019-20", "2019/20", "secondary")
    assert "Home Office" in response.source
    assert response.low < response.present_value < response.high
    total = sum(line.present_value for line in lines.values())
    assert total == pytest.approx(found.benefit.value)
    kinds = totals_by_kind(found.lines)
    assert [kind for kind, _, _ in kinds] == ["fiscal", "economic", "social"]
    assert sum(benefit for _, _, benefit in kinds) == pytest.approx(found.benefit.value)
    assert kinds[0][1] == 500_000


def test_cautions(block):
    found = appraise(block(price_base="2025-26", perspective=["police", "society"]), effect(simulated=True)).cautions
    assert found[0].startswith("The effect comes from simulated data")
    text = " ".join(found)
    assert "Unit cost “Violence with injury, 2019/20 edition” is second-hand (secondary)" in text
    assert "The GDP deflator (March 2026 vintage) is second-hand (secondary)" in text
    assert "The GDP deflator for 2025-26 is a forecast, not an outturn." in text
    assert "in the 2015/16 edition (2025-26 prices)" in text
    assert "Perspective “police”: no cost and no benefit" in text
    assert "simulated" not in " ".join(appraise(block(), effect()).cautions)
    memory = block(
        benefits=[{"item": "R", "unit_cost": "crime:robbery", "edition": "2015/16", "outcome_is": "recorded"}]
    )
    text = " ".join(appraise(memory, effect(level="interim")).cautions)
    assert "recalled and unchecked (memory)" in text
    assert "priced without the multiplier" in text
    assert "interim" in text


def test_primary_figures_of_one_year_need_no_caution(block):
    arrest = [{"item": "First-time entrants", "unit_cost": "service:gmca_cr4_0"}]
    costs = [
        {"item": "Team", "payer": "NHS", "price_year": "2008-09", "source": "s", "amount": 1000, "year": "2008-09"}
    ]
    economics = block(benefits=arrest, price_base="2008-09", base_year="2008-09", costs=costs)
    assert appraise(economics, effect()).cautions == ()


def test_no_words_of_worth(block):
    found = appraise(block(), effect())
    words = " ".join([*found.cautions, found.ratio_withheld, found.break_even["sentence"], found.discounting]).lower()
    assert "value for money" not in words
    assert "good value" not in words
    assert found.discounting == "Green Book standard schedule: 3.5% a year; year 0 is 2024-25"
    declared = appraise(block(discount_rate=0.02), effect()).discounting
    assert declared == "2% a year, declared in the study file; year 0 is 2024-25"
    late = [block().costs[0].model_dump(exclude_unset=True) | {"year": "2060-61"}]
    words = appraise(block(costs=late), effect()).discounting
    assert "3.5% a year to year 30, 3% a year after that; year 0" in words
    assert "March 2026" in found.deflator


def test_overlap_is_refused(block):
    both = [
        block().benefits[0].model_dump(exclude_unset=True),
        {"item": "A&E", "unit_cost": "service:nhs_ae_attendance"},
    ]
    with pytest.raises(SpecError, match="count the same money twice"):
        appraise(block(benefits=both), effect())


def test_overlap_to_watch_is_a_caution(block):
    lines = [
        {"item": "Truancy", "unit_cost": "service:gmca_es1_0"},
        {"item": "Excluded", "unit_cost": "service:gmca_es2_0"},
    ]
    assert any("may count the same money twice" in each for each in appraise(block(benefits=lines), effect()).cautions)


def test_no_benefits_and_costs_of_nil(block):
    found = appraise(block(benefits=[]), effect())
    assert found.ratio_withheld == "No benefit is priced."
    assert found.break_even is None
    free = block().costs[0].model_dump(exclude_unset=True) | {"amount": 0}
    with pytest.raises(ValidationError, match="no additional funding does not mean no cost"):
        block(costs=[free])


def test_same_seed_same_numbers(block):
    first, again, other = (appraise(block(), effect(), seed=seed) for seed in (1, 1, 2))
    assert dataclasses.replace(first, draws=None) == dataclasses.replace(again, draws=None)
    assert first.benefit.low != other.benefit.low
    numpy.testing.assert_array_equal(first.draws, again.draws)


def test_t9_uncertainty_of_a_normal_net_benefit():
    assert normal_probability_positive(1.0, 1.5) == pytest.approx(0.7475, abs=0.0001)
    assert normal_value_of_perfect_information(1.0, 1.5) == pytest.approx(0.2267, abs=0.0001)
    assert normal_value_of_perfect_information(-1.0, 1.5) == pytest.approx(0.2267, abs=0.0001)
    size = 400_000
    draws = numpy.random.Generator(numpy.random.PCG64(9)).normal(1.0, 1.5, size)
    assert probability_positive(draws) == pytest.approx(0.7475, abs=3 * math.sqrt(0.7475 * 0.2525 / size))
    error = draws.clip(min=0).std() / math.sqrt(size) + 1.5 / math.sqrt(size)
    assert value_of_perfect_information(draws) == pytest.approx(0.2267, abs=3 * error)
