"""Properties that hold for every appraisal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from evalkit.appraisal import AppraisedEffect, Economics, Reference, appraise
from evalkit.appraisal.prices import discount_factor, uprate
from evalkit.records import Estimate

REFERENCE = Reference()
YEARS = sorted(REFERENCE.deflator.index)
SPENT = ("2020-21", "2021-22", "2022-23", "2023-24")
amounts = some.dictionaries(some.sampled_from(SPENT), some.floats(1, 1e7), min_size=1)
rates = some.one_of(some.just("standard"), some.floats(0, 0.2))
OUTCOMES = ("service:gmca_cr4_0", "service:nhs_elective_inpatient", "service:gmca_ss1_0")


def economics(costs, rate="standard", price_base="2024-25", benefits=OUTCOMES[:1]):
    return Economics.model_validate({
        "price_base": price_base, "base_year": "2020-21", "discount_rate": rate, "draws": 1000,
        "costs": [{"item": f"cost {number}", "payer": "NHS", "price_year": "2021-22", "source": "s", "amounts": cost}
                  for number, cost in enumerate(costs)],
        "benefits": [{"item": name, "unit_cost": name} for name in benefits],
    })  # fmt: skip


def effect(value=200.0, se=20.0):
    shares = {"2020-21": 0.5, "2022-23": 0.5}
    return AppraisedEffect(Estimate.from_standard_error(value, se, unit="people"), averted_by_year=shares)


def run(*args, **keys):
    return appraise(economics(*args, **keys), effect())


@settings(max_examples=25, deadline=None)
@given(amounts, some.floats(0.1, 50), rates)
def test_scaling_every_cost_scales_cost_and_break_even(cost, factor, rate):
    first = run([cost], rate)
    scaled = run([{year: amount * factor for year, amount in cost.items()}], rate)
    assert scaled.cost.value == pytest.approx(factor * first.cost.value)
    assert scaled.break_even["value"] == pytest.approx(factor * first.break_even["value"])
    assert scaled.benefit.value == first.benefit.value
    assert scaled.ratio.value == pytest.approx(first.ratio.value / factor)


@given(some.integers(0, 400), rates)
def test_discounting_never_rises(year, rate):
    factors = [discount_factor(t, rate, REFERENCE.discounting) for t in (year, year + 1)]
    assert 0 < factors[1] <= factors[0] <= 1


@given(some.integers(0, 150), some.floats(0, 0.19), some.floats(0.0001, 0.01))
def test_a_higher_rate_discounts_more(year, rate, more):
    assert discount_factor(year, rate + more) <= discount_factor(year, rate)


@settings(max_examples=25, deadline=None)
@given(amounts, some.sampled_from(YEARS))
def test_price_base_moves_money_and_leaves_the_ratio(cost, price_base):
    first, other = run([cost]), run([cost], price_base=price_base)
    level = REFERENCE.deflator.index[price_base] / 100
    assert other.cost.value == pytest.approx(level * first.cost.value)
    assert other.benefit.value == pytest.approx(level * first.benefit.value)
    for bound in ("value", "low", "high"):
        assert getattr(other.ratio, bound) == pytest.approx(getattr(first.ratio, bound))
    assert other.break_even["value"] == pytest.approx(first.break_even["value"])
    assert other.probability_positive == pytest.approx(first.probability_positive, abs=0.005)


@settings(max_examples=25, deadline=None)
@given(some.lists(amounts, min_size=2, max_size=3), rates)
def test_net_value_adds_up_over_lines_years_and_payers(costs, rate):
    found = run(costs, rate, benefits=OUTCOMES)
    net = found.net_present_social_value.value
    signs = {"cost": -1, "benefit": 1}
    size = found.cost.value + found.benefit.value
    assert sum(signs[line.side] * line.present_value for line in found.lines) == pytest.approx(net, abs=1e-9 * size)
    by_year = sum((year.benefit - year.cost) * year.discount_factor for year in found.by_year)
    assert by_year == pytest.approx(net, abs=1e-9 * size)
    assert sum(benefit - cost for _, cost, benefit in found.by_payer) == pytest.approx(net, abs=1e-9 * size)
    parts = [run(costs, rate, benefits=[name]).benefit.value for name in OUTCOMES]
    assert found.benefit.value == pytest.approx(sum(parts))


@settings(max_examples=25, deadline=None)
@given(amounts, some.floats(-500, 500), some.floats(1, 200))
def test_a_ratio_is_given_only_where_the_interval_is_clear_of_zero(cost, value, se):
    found = appraise(economics([cost]), effect(value, se))
    clear = value - 1.959964 * se > 0
    assert (found.ratio is not None) == clear
    assert bool(found.ratio_withheld) != clear
    assert found.net_present_social_value is not None


@given(some.floats(0.01, 1e9), some.sampled_from(YEARS), some.sampled_from(YEARS), some.sampled_from(YEARS))
def test_uprating_by_way_of_a_third_year_changes_nothing(value, start, middle, end):
    index = REFERENCE.deflator.index
    direct = uprate(value, start, end, index)
    assert uprate(uprate(value, start, middle, index), middle, end, index) == pytest.approx(direct)
    assert uprate(direct, end, start, index) == pytest.approx(value)
