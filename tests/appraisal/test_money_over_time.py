"""T7 through a block: costs in every form, optimism, persistence, health discounting, payback, returns."""

import itertools
import math
from pathlib import Path

import numpy
import numpy_financial
import pytest
from pydantic import ValidationError

from evalkit.appraisal import AppraisedEffect, Economics, Reference, appraise, reference_table
from evalkit.appraisal.cost import Cost
from evalkit.appraisal.economics import economics_problems
from evalkit.appraisal.prices import discount_factor, present_value
from evalkit.appraisal.returns import equivalent_annual
from evalkit.errors import SpecError
from evalkit.records import Estimate

YEARS = ("2024-25", "2025-26", "2026-27", "2027-28", "2028-29")
GAINS = (200_000.0, 600_000.0, 900_000.0, 600_000.0, 300_000.0)
PRICE = {"price_year": "2024-25", "source": "Plan"}


def effect(value=26.0, se=3.0, shares=None) -> AppraisedEffect:
    """Return 26 units averted, spread over the years as the benefits of the worked example."""
    shares = {year: gain / sum(GAINS) for year, gain in zip(YEARS, GAINS, strict=True)} if shares is None else shares
    return AppraisedEffect(Estimate.from_standard_error(value, se, unit="offences"), averted_by_year=shares,
                           years_observed=5.0)  # fmt: skip


def five_years(**changes) -> Economics:
    """Return £500,000 in each of three years against units worth £100,000 each: T7."""
    document = {
        "price_base": "2024-25", "base_year": "2024-25",
        "costs": [{"item": "Team", "payer": "Police", "annual": 500_000, "first_year": "2024-25",
                   "last_year": "2026-27", **PRICE}],
        "benefits": [{"item": "Offences avoided", "value": 100_000, "gainer": "Victims", **PRICE}],
    }  # fmt: skip
    return Economics.model_validate(document | changes)


@pytest.fixture
def short_schedule(tmp_path) -> Path:
    """Return a project whose own table of discount rates ends after 30 years."""
    rows = reference_table("discount_rates").path.read_text("utf-8").splitlines()
    own = tmp_path / "data" / "reference" / "discount_rates.csv"
    own.parent.mkdir(parents=True)
    own.write_text("\n".join(rows[:2]) + "\n", "utf-8")
    return tmp_path


class TestWorkedExample:
    def test_t7_through_the_block(self):
        found = appraise(five_years(), effect())
        assert found.cost.value == pytest.approx(1_449_847.14, abs=0.01)
        assert found.benefit.value == pytest.approx(2_422_468.07, abs=0.01)
        assert found.net_present_social_value.value == pytest.approx(972_620.93, abs=0.01)
        assert found.ratio.value == pytest.approx(1.6708, abs=0.0001)
        expected = [-300_000.00, -203_381.64, 170_022.64, 711_188.26, 972_620.93]
        assert [year.cumulative for year in found.by_year] == pytest.approx(expected, abs=0.01)
        assert found.payback["years"] == 2
        assert "by the end of 2026-27" in found.payback["sentence"]

    def test_t7_with_costs_ten_per_cent_up_and_benefits_fifteen_down(self):
        found = appraise(five_years(optimism_bias={"costs": 0.1, "benefits": -0.15}), effect())
        values = (found.cost.value, found.benefit.value, found.net_present_social_value.value)
        assert values == pytest.approx((1_594_831.85, 2_059_097.86, 464_266.01), abs=0.01)
        assert found.ratio.value == pytest.approx(1.2911, abs=0.0001)
        plain = next(one for one in found.scenarios if one.name == "Without adjustment for optimism")
        assert found.ratio.value / plain.ratio == pytest.approx(0.7727, abs=0.0001)
        assert found.optimism["cost_before"] == pytest.approx(1_449_847.14, abs=0.01)
        assert found.optimism["benefit_before"] == pytest.approx(2_422_468.07, abs=0.01)

    def test_net_of_nought_at_the_break_even_effect(self):
        found = appraise(five_years(optimism_bias={"costs": "grade_4", "benefits": "grade_4"}), effect())
        level = appraise(five_years(optimism_bias={"costs": "grade_4", "benefits": "grade_4"}),
                         effect(found.break_even["value"]))  # fmt: skip
        assert level.net_present_social_value.value == pytest.approx(0.0, abs=1e-6)
        first = found.parameters[0]
        assert (first.kind, first.switching) == ("effect", pytest.approx(found.break_even["value"]))

    def test_cost_per_offence_averted(self):
        found = appraise(five_years(), effect())
        assert found.cost_per_outcome.value == pytest.approx(1_449_847.14 / 26, abs=0.01)
        half = 1.959964 * 3.0
        assert found.cost_per_outcome.low == pytest.approx(1_449_847.14 / (26 + half), rel=0.01)
        assert found.cost_per_outcome.high == pytest.approx(1_449_847.14 / (26 - half), rel=0.01)
        assert appraise(five_years(), effect(2.0)).cost_per_outcome is None

    def test_ratios_paybacks_and_returns_are_withheld_together(self):
        found = appraise(five_years(), effect(2.0))
        assert found.ratio is None
        assert found.payback is None
        assert all(one.ratio is None for one in found.returns)
        assert all(one.ratio is None for one in found.scenarios)
        assert found.net_present_social_value.low < found.net_present_social_value.value


class TestCosts:
    def test_every_form_gives_the_same_years(self):
        forms = (
            {"amounts": {"2024-25": 500, "2025-26": 1000}},
            {"annual": "£1,000", "first_year": "2024-25", "last_year": "2025-26", "ramp_up": [0.5]},
            {"hours": {"2024-25": 25, "2025-26": 50}, "hourly_value": 20},
        )
        for form in forms:
            cost = Cost.model_validate({"item": "x", "payer": "Police", **PRICE, **form})
            assert cost.by_year == {"2024-25": 500.0, "2025-26": 1000.0}

    def test_volunteer_time_is_social_and_no_public_money(self):
        volunteers = {"item": "Mentors", "payer": "Volunteers", "kind": "volunteer", "hours": {"2024-25": 100},
                      "hourly_value": 12.5, **PRICE}  # fmt: skip
        found = appraise(
            five_years(costs=[*five_years().model_dump(exclude_unset=True)["costs"], volunteers]), effect()
        )
        assert {kind: cost for kind, cost, _ in found.by_kind}["social"] == pytest.approx(1250.0)
        fiscal = next(one for one in found.returns if one.name == "fiscal")
        assert fiscal.cost == pytest.approx(1_449_847.14, abs=0.01)
        assert [(one.payer, one.amount) for one in found.costs_by_payer if one.kind == "volunteer"] == [
            ("Volunteers", 1250.0)
        ]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"amount": "€4,000", "year": "2024-25"}, "in another currency"),
            ({"amount": "4000 USD", "year": "2024-25"}, "in another currency"),
            ({"annual": 4, "first_year": "2024-25"}, "`annual` needs its `last_year`"),
            ({"annual": 4, "first_year": "2025-26", "last_year": "2024-25"}, "lies before"),
            ({"annual": 4, "first_year": "2024-25", "last_year": "2024-25", "ramp_up": [0.1, 1]}, "has 2 years"),
            ({"hours": {"2024-25": 4}}, "`hours` needs its `hourly_value`"),
            ({"amounts": {"2024-25": 4}, "hourly_value": 3}, "`hourly_value` belongs to `hours`"),
            ({"amount": 0, "year": "2024-25"}, "a cost of nil"),
            ({"amount": -4, "year": "2024-25"}, "greater than or equal to 0"),
            ({"amounts": {"2024-25": 4}, "amount": 4, "year": "2024-25"}, "give one of `amount`"),
        ],
    )
    def test_what_is_refused(self, form, words):
        with pytest.raises(ValidationError, match=words):
            Cost.model_validate({"item": "x", "payer": "Police", **PRICE, **form})

    def test_a_cost_without_payer_is_refused(self):
        with pytest.raises(ValidationError, match="payer"):
            Cost.model_validate({"item": "x", "amount": 4, "year": "2024-25", **PRICE})

    def test_past_the_schedule(self, short_schedule):
        late = {"item": "x", "payer": "Police", "amounts": {"2060-61": 4}, **PRICE}
        (problem,) = economics_problems(five_years(costs=[late]), short_schedule)
        assert problem.where == "economics.costs.0.amounts"
        assert "past the discount schedule, which ends with year 30" in problem.message

    def test_an_effect_past_the_schedule(self, short_schedule):
        lasting = five_years(persistence={"years": 27, "keeps": 0.9, "source": "s"})
        with pytest.raises(SpecError, match="the effect runs to year 31, and the discount schedule ends with year 30"):
            appraise(lasting, effect(), short_schedule)


class TestOptimism:
    @pytest.mark.parametrize(
        ("bias", "kind", "share"),
        [("grade_3", "running", 0.1), ("standard_buildings", "capital", 0.24), ("standard_buildings lower", "capital",
          0.02), ("outsourcing", "running", 0.41), (0.3, "in_kind", 0.3)],
    )  # fmt: skip
    def test_shares_of_the_table(self, bias, kind, share):
        cost = {"item": "x", "payer": "Police", "amount": 100, "year": "2024-25", "kind": kind, "optimism_bias": bias}
        found = appraise(five_years(costs=[cost | PRICE]), effect())
        assert found.cost.value == pytest.approx(100 * (1 + share))

    @pytest.mark.parametrize(
        ("block", "words"),
        [
            ({"costs": "grade_33"}, "did you mean 'grade_3'"),
            ({"costs": "standard_buildings"}, "standard_buildings has no figure for running costs"),
            ({"benefits": "outsourcing"}, "no figure for benefits"),
            ({"benefits": 0.2}, "it lowers them: write -0.2"),
            ({"costs": -0.5}, "it raises them: write 0.5"),
        ],
    )
    def test_what_is_refused(self, block, words):
        (problem,) = economics_problems(five_years(optimism_bias=block))
        assert words in str(SpecError([problem]))
        assert problem.where.startswith("economics.optimism_bias.")

    def test_a_number_of_percent_is_no_share(self):
        with pytest.raises(ValidationError, match=r"15 is a share of the amount: write 0\.15 for 15%"):
            five_years(optimism_bias={"costs": 15})

    def test_grades_from_memory_are_said_to_be(self):
        found = appraise(five_years(optimism_bias={"costs": "grade_3", "benefits": "grade_3"}), effect())
        assert any(
            "adjustment for optimism +10% (grade 3) is recalled and unchecked" in each for each in found.cautions
        )


class TestEffectOverTime:
    def test_persistence_adds_whole_years_that_fade(self):
        """Five years observed: one year is a fifth of the effect; 80% of it is left, then 64%."""
        found = appraise(five_years(persistence={"years": 2, "keeps": 0.8, "source": "Follow-up study"}), effect())
        averted = [year.averted for year in found.by_year]
        assert averted[-2:] == pytest.approx([26 / 5 * 0.8, 26 / 5 * 0.64])
        assert sum(averted[:-2]) == pytest.approx(26)
        assert any("assumed to go on for 2 more years" in each for each in found.cautions)

    def test_health_effects_are_discounted_at_the_health_rate(self):
        late = effect(shares={"2029-30": 1.0})
        plain = appraise(five_years(), late)
        healthy = five_years(benefits=[{"item": "Life years", "value": 100_000, "gainer": "Patients",
                                        "discount": "health", **PRICE}])  # fmt: skip
        found = appraise(healthy, late)
        bands = Reference().discounting
        ratio = discount_factor(5, "health", bands) / discount_factor(5, "standard", bands)
        assert found.benefit.value == pytest.approx(plain.benefit.value * ratio)
        assert "at the health rate" in found.discounting

    def test_income_uprated_values_never_meet_the_health_rate(self):
        with pytest.raises(ValidationError, match="the health rate already leaves growth of incomes out"):
            five_years(benefits=[{"item": "QALY", "value": 70_000, "gainer": "Patients", "discount": "health",
                                  "income_uprated": True, **PRICE}])  # fmt: skip

    @pytest.mark.parametrize(
        ("benefit", "words"),
        [
            ({"unit_cost": "service:nhs_ae_attendance", "discount": "health"}, "the health rate is for"),
            ({"unit_cost": "service:qaly", "price_year": "2024-25",
              "uncertainty": {"shape": "triangular", "low": 0.5, "high": 1.5, "source": "s"}}, "never drawn"),
            ({"value": 4, "gainer": "People", "cashable": {"share": 0.5, "source": "s"}, **PRICE}, "public money"),
        ],
    )  # fmt: skip
    def test_what_a_benefit_may_not_be(self, benefit, words):
        with pytest.raises(ValidationError, match=words):
            five_years(benefits=[{"item": "x", **benefit}])

    def test_a_gain_after_the_effect_and_nothing_left_of_it_are_refused(self):
        late = {"item": "x", "value": 1, "gainer": "NHS", "first_year": "2030-31", **PRICE}
        with pytest.raises(SpecError, match="after the effect ends in 2028-29"):
            appraise(five_years(benefits=[late]), effect())
        moved = five_years(additionality={"displacement": 1.0, "source": "s"})
        with pytest.raises(SpecError, match="nothing is left of the effect after displacement 100%"):
            appraise(moved, effect())

    def test_other_values_of_policy_are_scenarios(self):
        """A QALY at the table's value, and at £60,000 beside it."""
        qaly = {"item": "Health", "unit_cost": "service:qaly", "price_year": "2024-25", "gainer": "Patients",
                "events_per_outcome": 0.01, "discount": "health", "other_values": [60_000]}  # fmt: skip
        found = appraise(five_years(benefits=[qaly]), effect())
        (other,) = (one for one in found.scenarios if one.name.startswith("Health: £60,000 each in place of £"))
        assert other.benefit / found.benefit.value == pytest.approx(60_000 / found.lines[-1].unit_cost_printed)

    def test_a_gain_before_the_effect_is_refused(self):
        early = {"item": "x", "value": 1, "gainer": "NHS", "first_year": "2024-25", **PRICE}
        with pytest.raises(SpecError, match="before the effect begins in 2026-27") as caught:
            appraise(five_years(benefits=[early]), effect(shares={"2026-27": 1.0}))
        assert caught.value.problems[0].where == "economics.benefits.0.first_year"

    def test_a_gain_that_comes_later_leaves_out_the_years_before(self):
        late = {"item": "x", "value": 100_000, "gainer": "Courts", "first_year": "2027-28", **PRICE}
        found = appraise(five_years(benefits=[late]), effect())
        assert [year.benefit for year in found.by_year] == pytest.approx([0, 0, 0, 600_000, 300_000])


class TestReturns:
    def test_cashable_share_from_a_year_on(self):
        fiscal = {"item": "Stays", "value": 100_000, "gainer": "NHS", "value_type": "fiscal", **PRICE,
                  "cashable": {"share": 0.4, "from_year": "2026-27", "source": "NHS finance lead"}}  # fmt: skip
        found = appraise(five_years(benefits=[fiscal]), effect())
        by_name = {one.name: one for one in found.returns}
        assert by_name["fiscal"].ratio == pytest.approx(found.ratio.value)
        factors = [discount_factor(t, "standard", Reference().discounting) for t in range(5)]
        cash = 0.4 * sum(gain * factor for gain, factor in zip(GAINS[2:], factors[2:], strict=True))
        assert by_name["cashable"].benefit == pytest.approx(cash)
        assert by_name["cashable"].ratio == pytest.approx(cash / found.cost.value)
        assert by_name["cashable"].low < by_name["cashable"].ratio < by_name["cashable"].high

    def test_without_a_statement_nothing_is_called_cashable(self):
        assert [one.name for one in appraise(five_years(), effect()).returns] == ["fiscal"]

    @pytest.mark.parametrize(("rate", "years"), [(0.035, 5), (0.035, 30), (0.015, 12)])
    def test_equivalent_annual_cost_and_present_values_against_numpy_financial(self, rate, years):
        factors = [discount_factor(t, rate) for t in range(years)]
        assert equivalent_annual(1_000_000.0, factors) == pytest.approx(
            -numpy_financial.pmt(rate, years, 1_000_000.0, when="begin"), rel=1e-12
        )
        flows = numpy.random.default_rng(1).normal(0, 1e5, years)
        assert present_value(list(flows), rate) == pytest.approx(numpy_financial.npv(rate, flows), rel=1e-12)

    def test_equivalent_annual_cost_of_a_level_cost_is_that_cost(self):
        assert appraise(five_years(), effect()).equivalent_annual_cost == pytest.approx(500_000)


class TestUncertainty:
    RANGE = {"shape": "pert", "low": 0.8, "high": 1.5, "source": "Expert judgement"}

    def test_a_range_of_costs_widens_and_shifts_the_net(self):
        cost = {"item": "Team", "payer": "Police", "annual": 500_000, "first_year": "2024-25", "last_year": "2026-27",
                "uncertainty": self.RANGE, **PRICE}  # fmt: skip
        found, plain = appraise(five_years(costs=[cost]), effect()), appraise(five_years(), effect())
        assert found.cost.low < found.cost.value < found.cost.high
        assert found.net_present_social_value.value == plain.net_present_social_value.value
        mean = (0.8 + 4 + 1.5) / 6
        error = (0.7**2 * 0.25 / 7) ** 0.5 * plain.cost.value / 20_000**0.5  # PERT: at most width^2 / 4 / 7
        shift = found.expected_net - plain.expected_net
        assert shift == pytest.approx((1 - mean) * plain.cost.value, abs=4 * error)
        widths = [one.net_present_social_value.high - one.net_present_social_value.low for one in (found, plain)]
        assert widths[0] > widths[1]

    def test_an_added_range_moves_no_draw_of_the_effect(self):
        """Common random numbers: the draws differ by the cost alone."""
        cost = {"item": "Team", "payer": "Police", "annual": 500_000, "first_year": "2024-25", "last_year": "2026-27",
                "uncertainty": self.RANGE, **PRICE}  # fmt: skip
        found, plain = appraise(five_years(costs=[cost]), effect()), appraise(five_years(), effect())
        cost_draws = plain.draws - found.draws + plain.cost.value
        assert cost_draws.min() >= 0.8 * plain.cost.value - 1e-6
        assert cost_draws.max() <= 1.5 * plain.cost.value + 1e-6

    def test_the_acceptability_curve_rises_and_meets_the_probability_at_the_unit_value(self):
        found = appraise(five_years(), effect())
        curve = found.acceptability
        assert [one.value for one in curve] == sorted(one.value for one in curve)
        assert all(a.probability <= b.probability for a, b in itertools.pairwise(curve))
        at = next(one for one in curve if math.isclose(one.value, 100_000))
        assert at.probability == pytest.approx(found.probability_positive)

    def test_every_number_is_listed_with_what_hangs_on_it(self):
        benefit = {"item": "Violence", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
                   "outcome_is": "recorded", "multiplier": "apply", "multiplier_uncertainty":
                   {"shape": "gamma", "standard_deviation": 0.1, "source": "Crime survey"}}  # fmt: skip
        found = appraise(five_years(benefits=[benefit]), effect(60.0, 10.0))
        kinds = [one.kind for one in found.parameters]
        assert kinds == ["effect", "cost", "unit_cost", "multiplier", "rate"]
        multiplier = found.parameters[3]
        assert multiplier.stated == pytest.approx(1.64)
        assert multiplier.distribution == "gamma, standard deviation 10%"
        assert multiplier.net_low < found.net_present_social_value.value < multiplier.net_high
        exact = found.parameters[1]
        assert (exact.distribution, exact.low, exact.information) == ("taken as exact", None, None)
        assert exact.switching == pytest.approx(found.benefit.value)

    def test_editions_and_anticipation_stand_side_by_side(self):
        benefit = {"item": "Violence", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
                   "outcome_is": "recorded", "multiplier": "apply"}  # fmt: skip
        found = appraise(five_years(benefits=[benefit]), effect(60.0, 10.0))
        by_name = {one.name: one for one in found.scenarios}
        assert next(iter(by_name)) == "As stated"
        assert any(name.startswith("Unit costs of crime of the 2015/16 edition") for name in by_name)
        base = by_name["As stated"].benefit
        assert by_name["Unit costs with spending in anticipation of crime"].benefit / base == pytest.approx(
            15_720 / 15_440
        )
        assert by_name["Recorded offences alone, without the multiplier"].benefit == pytest.approx(base / 1.64)
        assert by_name["Lower discount rates (Green Book sensitivity)"].benefit > base
