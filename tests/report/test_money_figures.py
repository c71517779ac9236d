"""Charts and tables of the money: they add up, agree with the appraisal, and are left out where they would mislead."""

import dataclasses
import itertools
import math

import demo_money
import pytest

from evalkit.appraisal import AppraisedEffect, appraise
from evalkit.records import Acceptability, Appraisal, Estimate, Evaluation, MoneyLine, MoneyReturn
from evalkit.report import acceptability_chart
from evalkit.report.acceptability_chart import acceptability_figure, acceptability_message, probability_at
from evalkit.report.bar_chart import Bar, Bars, Piece, draw_bars
from evalkit.report.drawing import SLIM, WIDE, text_width
from evalkit.report.money_costs import costs_table, optimism_table, payers_figure
from evalkit.report.money_parts import FIGURES, money_figures
from evalkit.report.money_reading import MoneyReading, read_money
from evalkit.report.money_scale import chance, money_range, money_ticks, pounds_and_pence, whole, with_range
from evalkit.report.money_scenarios import scenarios_figure
from evalkit.report.money_spread import UNSETTLED, spread_figure
from evalkit.report.money_tables import (
    by_kind_table,
    by_payer_table,
    by_year_table,
    lines_table,
    parameters_table,
    returns_table,
    totals_table,
    worth_table,
)
from evalkit.report.money_waterfall import waterfall_bars, waterfall_figure
from evalkit.report.tornado import exact_note, parameter_effects, ranged_numbers, tornado_figure


def clear() -> MoneyReading:
    found = read_money(demo_money.hot_spots())
    assert found is not None
    return found


def reading(evaluation: Evaluation) -> MoneyReading:
    found = read_money(evaluation)
    assert found is not None
    return found


def with_appraisal(appraisal: Appraisal) -> MoneyReading:
    return reading(demo_money.hot_spots(appraisal=appraisal))


def numbers(rows, place=1) -> list[float]:
    return [row[place].numbers[0] for row in rows]


class TestWaterfall:
    def test_parts_add_up_to_benefits_and_to_the_net_value(self):
        found = clear()
        head, *rows = waterfall_figure(found).table
        assert head[3] == "Present value"
        by_name = {row[0]: row[3].numbers[0] for row in rows}
        place = [row[0] for row in rows].index("Benefits")
        assert sum(numbers(rows[:place], 3)) == pytest.approx(by_name["Benefits"], rel=1e-9)
        assert by_name["Benefits"] == pytest.approx(found.appraisal.benefit.value)
        costs = sum(numbers(rows[place + 1 : -2], 3))
        assert costs == pytest.approx(-found.appraisal.cost.value, rel=1e-9)
        assert by_name["Benefits"] + costs == pytest.approx(by_name["Net"], rel=1e-9)

    def test_each_bar_begins_where_the_one_before_ends(self):
        appraisal = demo_money.priced()
        gains, costs = ([line for line in appraisal.lines if line.side == side] for side in ("benefit", "cost"))
        bars = waterfall_bars(gains, costs, appraisal.benefit, appraisal.net_present_social_value).bars
        pieces = [bar.pieces[0] for bar in bars]
        steps = [piece for bar, piece in zip(bars, pieces, strict=True) if not bar.strong]
        assert steps[0].start == 0.0
        for before, after in itertools.pairwise(steps):
            assert after.start == pytest.approx(before.end)
        assert max(piece.end for piece in steps) == pytest.approx(appraisal.benefit.value)
        assert steps[-1].end == pytest.approx(appraisal.net_present_social_value.value)

    def test_kinds_are_named(self):
        figure = waterfall_figure(clear())
        assert {row[2] for row in figure.table[1:]} == {"social", "fiscal", "all"}
        assert "Victims and society, social" in figure.wide_svg

    def test_not_drawn_where_no_ratio_may_stand(self):
        assert waterfall_figure(reading(demo_money.unclear())) is None
        assert waterfall_figure(reading(demo_money.monitored())) is None
        assert worth_table(clear()) is None
        assert len(worth_table(reading(demo_money.unclear())).rows) == 2

    def test_many_lines_are_drawn_together_and_stay_in_the_table(self):
        lines = tuple(MoneyLine(f"Part {place}", "benefit", "Victims", 10.0 + place) for place in range(12))
        cost = MoneyLine("Team", "cost", "Police", 50.0)
        appraisal = dataclasses.replace(demo_money.priced(), lines=(*lines, cost), cost=Estimate(50.0),
                                        benefit=Estimate(186.0), net_present_social_value=Estimate(136.0))  # fmt: skip
        figure = waterfall_figure(with_appraisal(appraisal))
        assert "6 smaller lines together" in figure.wide_svg
        assert len(figure.table) == 1 + 12 + 1 + 1 + 2


@pytest.mark.parametrize(("value", "low", "high", "written"), [
    (946_365, 860_000, 1_150_000, "£0.95m (£0.86m to £1.15m)"), (101_418, -1.2e6, 1.6e6, "£0.1m (−£1.2m to £1.6m)"),
    (2_112_000, 2_101_000, 2_144_000, "£2.112m (£2.101m to £2.144m)"),
    (5_000, 4_000, 6_000, "£5,000 (£4,000 to £6,000)"),
])  # fmt: skip
def test_an_amount_is_written_as_its_range_is(value, low, high, written):
    assert with_range(value, low, high) == written


def test_less_than_a_penny_is_not_nothing():
    assert [pounds_and_pence(x) for x in (1.666, 0.004, 0.0001, 0.0)] == ["£1.67", "£0.004", "under £0.001", "£0.00"]


class TestTornado:
    def test_widest_first_and_exact_ones_named(self):
        found = clear()
        widths = [abs(one.net_high - one.net_low) for one in ranged_numbers(found)]
        assert widths == sorted(widths, reverse=True)
        assert len(widths) == 4
        figure = tornado_figure(found)
        assert "Without a range, and so without a bar: “Set-up and training (Police)”" in figure.subtitle

    @pytest.mark.parametrize("extra", [1, 2])
    def test_what_is_not_named_is_counted(self, extra):
        found = clear()
        some = dataclasses.replace(found.appraisal.parameters[0], kind="rate", low=None, high=None)
        bare = dataclasses.replace(found.appraisal, parameters=(some,) * extra)
        told = "1 adjustment or rate of the" if extra == 1 else "2 adjustments and rates of the"
        assert told in exact_note(dataclasses.replace(found, appraisal=bare))

    def test_both_ends_are_what_the_appraisal_gives_there(self):
        """At the ends of the effect's interval: the same block, appraised anew with that effect."""
        found = clear()
        first = found.appraisal.parameters[0]
        shares = {"2023-24": 0.5, "2024-25": 0.5}
        for end, net in ((first.low, first.net_low), (first.high, first.net_high), (first.switching, 0.0)):
            anew = appraise(demo_money.economics(draws=1000), AppraisedEffect(
                Estimate(end, unit="offences", low=end - 1, high=end + 1, rule="profile"), averted_by_year=shares,
                years_observed=2.0))  # fmt: skip
            assert anew.net_present_social_value.value == pytest.approx(net, abs=1e-3)
        row = next(row for row in parameter_effects(found) if row[0].startswith("Fewer offences"))
        assert row[3].numbers == (first.net_low, first.net_high)
        assert row[4].numbers == (first.switching,)
        assert row[5].numbers == (first.information,)

    def test_left_out_where_nothing_has_a_range(self):
        bare = tuple(dataclasses.replace(one, low=None, high=None, net_low=None, net_high=None)
                     for one in demo_money.priced().parameters)  # fmt: skip
        assert tornado_figure(with_appraisal(dataclasses.replace(demo_money.priced(), parameters=bare))) is None


class TestAcceptability:
    def test_value_used_is_the_unit_cost_of_the_table(self):
        """One offence: the table's unit cost, times offences per recorded one, less 5% for optimism."""
        appraisal = demo_money.priced()
        unit, multiplier = (next(one.stated for one in appraisal.parameters if one.kind == kind)
                            for kind in ("unit_cost", "multiplier"))  # fmt: skip
        assert appraisal.acceptability_priced == pytest.approx(unit * multiplier * 0.95, rel=1e-9)
        assert "Used here: £29,745" in acceptability_figure(clear()).wide_svg

    def test_the_worth_of_a_unit_is_worked_out_and_said_to_be_fixed(self):
        figure = acceptability_figure(clear())
        assert "£19,091 × 1.64 × 0.95 for optimism" in figure.subtitle
        assert "held fixed" in figure.subtitle

    def test_half_of_the_draws_at_the_break_even_worth_of_the_median_effect(self):
        """With cost and effect near their medians, one in two is where the worth of a unit equals cost per unit."""
        appraisal = demo_money.priced()
        units = sum(year.averted * year.discount_factor for year in appraisal.by_year)
        each = appraisal.cost.value / units
        assert probability_at(appraisal.acceptability, each) == pytest.approx(0.5, abs=0.06)

    def test_between_two_points_and_beyond_the_end(self):
        curve = (Acceptability(0.0, 0.0), Acceptability(10.0, 0.5), Acceptability(20.0, 0.6))
        assert probability_at(curve, 5.0) == pytest.approx(0.25)
        assert probability_at(curve, 15.0) == pytest.approx(0.55)
        assert probability_at(curve, 21.0) is None

    @pytest.mark.parametrize(("at", "told", "cell"), [
        (1.0, "the probability is over 99%;", "over 99.9%"), (0.6, "the probability is about 60%;", "60.0%"),
        (0.0, "the probability is under 1%;", "under 0.1%"),
    ])  # fmt: skip
    def test_a_probability_is_never_told_as_certain(self, at, told, cell):
        curve = (Acceptability(0.0, at), Acceptability(10.0, at), Acceptability(20.0, 0.6))
        assert told in acceptability_message(curve, 5.0)
        assert acceptability_chart._table(curve)[1][1] == cell

    def test_left_out_without_a_curve(self):
        assert acceptability_figure(reading(demo_money.monitored())) is None
        assert acceptability_figure(reading(demo_money.borrowed(interval=False))) is None


class TestSpread:
    def test_bars_hold_all_draws_and_the_message_is_the_probability(self):
        found = reading(demo_money.unclear())
        figure = spread_figure(found)
        assert math.fsum(numbers(figure.table[1:])) == pytest.approx(1.0)
        above = math.fsum(one.share for one in found.appraisal.distribution if one.low >= 0)
        across = math.fsum(one.share for one in found.appraisal.distribution if one.low < 0 < one.high)
        assert above <= found.appraisal.probability_positive <= above + across
        assert figure.title == UNSETTLED  # its interval includes no change: no chance of a gain leads
        likely = chance(found.appraisal.probability_positive)
        settled = spread_figure(dataclasses.replace(found, unsettled=False))
        assert settled.title == f"Benefits exceed costs with a probability of {likely}"

    def test_left_out_without_draws(self):
        assert spread_figure(reading(demo_money.borrowed(interval=False))) is None


class TestScenarios:
    def test_every_choice_stands_beside_the_stated_one(self):
        figure = scenarios_figure(clear())
        names = [row[0] for row in figure.table[1:]]
        assert names[0] == "As stated"
        for words in ("2015/16 edition", "anticipation", "without the multiplier", "Lower discount rates",
                      "Without adjustment for optimism", "ends where the data end", "Weighted by income"):  # fmt: skip
            assert any(words in name for name in names), words
        assert figure.table[0][-1] == "Benefit for each £1"
        assert figure.title.startswith("Net value £1.8m to £7.1m under 8 choices; ")

    def test_without_intervals_nothing_is_said_of_them(self):
        figure = scenarios_figure(reading(demo_money.borrowed(interval=False)))
        assert figure.title.endswith("under 7 choices, with no interval")
        assert "Lines:" not in figure.subtitle

    def test_no_ratio_where_none_may_stand(self):
        figure = scenarios_figure(reading(demo_money.unclear()))
        assert not any("£1" in cell for cell in figure.table[0])
        assert figure.title.endswith("every interval includes £0")


class TestTables:
    def test_costs_by_payer_add_up_to_the_costs_of_each_year(self):
        found = clear()
        table = costs_table(found)
        *rows, everything = table.rows
        for place, year in enumerate(year for year in found.appraisal.by_year if year.cost):
            assert sum(row[3 + place].numbers[0] or 0.0 for row in rows) == pytest.approx(year.cost)
            assert everything[3 + place].numbers[0] == pytest.approx(year.cost)
        assert {row[2] for row in rows} == {"running", "set-up", "in kind", "volunteer time"}

    def test_many_years_stand_one_to_a_row(self):
        entry = demo_money.priced().costs_by_payer[0]
        entries = tuple(dataclasses.replace(entry, year=f"20{year}-{year + 1}") for year in range(23, 31))
        table = costs_table(with_appraisal(dataclasses.replace(demo_money.priced(), costs_by_payer=entries)))
        assert [column.label for column in table.columns] == ["Item", "Who pays", "Kind", "Year", "Amount"]
        assert len(table.rows) == 8

    def test_a_cost_that_is_not_known_makes_its_sum_not_known(self):
        first, *rest = demo_money.priced().costs_by_payer
        entries = (dataclasses.replace(first, amount=None), *rest)
        *_, everything = costs_table(with_appraisal(
            dataclasses.replace(demo_money.priced(), costs_by_payer=entries))).rows  # fmt: skip
        assert everything[3] == "not known"
        assert everything[5] == "not known"

    def test_optimism_before_and_after(self):
        (_, before, after), (_, gain_before, gain_after) = optimism_table(clear()).rows
        assert after.numbers[0] / before.numbers[0] == pytest.approx(1.1)
        assert gain_after.numbers[0] / gain_before.numbers[0] == pytest.approx(0.95)

    def test_always_three_lines_and_cashability_is_stated_or_said_not_to_be(self):
        rows = by_kind_table(clear()).rows
        assert [row[0] for row in rows] == ["Public budgets (fiscal)", "The economy", "People (social)"]
        assert sum(numbers(rows, 2)) == pytest.approx(demo_money.priced().benefit.value)
        assert rows[0][3].numbers[0] > 0
        silent = dataclasses.replace(demo_money.priced(), returns=(MoneyReturn("fiscal", 1.0, 2.0, 0.5, 0.4, 0.6),))
        assert by_kind_table(with_appraisal(silent)).rows[0][3] == "not stated"
        assert returns_table(with_appraisal(silent)).rows[1][1:] == ("not stated",) * 4

    def test_returns_are_left_out_where_ratios_are(self):
        assert returns_table(reading(demo_money.unclear())) is None
        assert totals_table(reading(demo_money.monitored())) is None

    def test_monitoring_tables_hold_no_benefit(self):
        found = reading(demo_money.monitored())
        for made in (by_kind_table, by_payer_table, by_year_table):
            assert not any("enefit" in column.label for column in made(found).columns)
        assert all(row[1].startswith("Cost") for row in lines_table(found).rows)

    def test_every_number_with_range_source_price_year_and_status(self):
        table = parameters_table(clear())
        rows = {row[0]: row for row in table.rows}
        crime = next(row for name, row in rows.items() if "Violence with injury, 2019/20" in name)
        assert "lognormal, standard deviation 20%" in crime[2]
        assert "(range: Judgement of the authors)" in crime[3]
        assert crime[4] == "2019-20, edition 2019/20"
        assert crime[5] == "Second-hand: check before use"
        assert table.note == "2 of these were not checked at their source."
        assert "taken as exact" in rows["Mentors (Volunteers)"][2]


@pytest.mark.parametrize("make", [demo_money.hot_spots, demo_money.unclear, demo_money.monitored, demo_money.borrowed])
def test_every_figure_has_words_table_and_alternative_text(make):
    drawn = [(name, figure) for name, figure in money_figures(make()) if figure is not None]
    assert drawn
    for _, figure in drawn:
        assert figure.source.startswith("Source:")
        assert len(figure.alt_description) > 40
        assert len({len(row) for row in figure.table}) == 1
        assert "nan" not in figure.wide_svg
        assert "no limit" not in figure.title


def test_simulated_is_inside_every_drawing():
    marked = dataclasses.replace(clear(), simulated=True)
    for name, make in FIGURES:
        figure = make(marked)
        assert "Simulated data" in figure.wide_svg, name
        assert "Simulated data" in figure.slim_svg, name
        assert figure.alt_description.startswith("Simulated data.")


@pytest.mark.parametrize("size", [WIDE, SLIM])
def test_texts_of_bars_stay_on_the_drawing_and_apart(size):
    bars = Bars((Bar("A very long label that has to be wrapped over more than one line of the chart",
                     (Piece(4e6, -2e6, "muted", "low"), Piece(4e6, 9.9e6, "observed", "high")), "−£2m to £9.9m",
                     "70 to 290"),
                 Bar("Short", (Piece(4e6, 4e6),), "£4m", interval=(1e6, 8e6))), (4e6, "As stated: £4m"))  # fmt: skip
    drawing = draw_bars(bars, size, simulated=True)
    at = drawing.canvas
    boxes = []
    for label in drawing.labels:
        wide = text_width(label.words, label.size, bold=label.bold) / 1.1
        begin = at.across(label.x) - {"start": 0.0, "middle": wide / 2, "end": wide}[label.anchor]
        down = at.down(label.y)
        assert begin >= -1
        assert begin + wide <= at.width + 1
        boxes.append((begin, begin + wide, down - 0.7 * label.size, down))
    for (a, b, c, d), (e, f, g, h) in itertools.combinations(boxes, 2):
        assert b <= e + 1 or f <= a + 1 or d <= g + 1 or h <= c + 1


def test_a_single_payer_has_no_chart():
    appraisal = dataclasses.replace(demo_money.priced(), by_payer=(("Police", 5.0, 0.0), ("Victims", 0.0, 9.0)))
    assert payers_figure(with_appraisal(appraisal)) is None


@pytest.mark.parametrize(("ends", "step", "value", "words"), [
    ((0, 1.2e6), 2e5, 2e5, "£0.2m"), ((-5e5, 9e5), 5e5, -5e5, "−£500,000"), ((0, 3e9), 1e9, 2e9, "£2bn"),
    ((0, 12e6), 5e5, 10.5e6, "£10.5m"), ((-1e6, 1e6), 5e5, 1e-9, "£0")])  # fmt: skip
def test_ticks_are_in_one_unit(ends, step, value, words):
    assert money_ticks(*ends, step)(value) == words


@pytest.mark.parametrize(("low", "high", "words"), [
    (234_850, 10_900_000, "£0.2m to £10.9m"), (-142_000, 690_000, "−£142,000 to £690,000"), (None, None, "no interval"),
    (-20_000, 4e6, "£0 to £4m"), (1.5e6, math.inf, "£1.5m or more"),
    (None, math.nan, "interval not known")])  # fmt: skip
def test_ends_of_a_range_are_in_one_unit(low, high, words):
    assert money_range(low, high) == words


def test_small_words():
    assert [chance(p) for p in (0.0, 0.004, 0.5, 0.995, 1.0)] == ["under 1%", "under 1%", "50%", "over 99%", "over 99%"]
    assert [whole(x) for x in (1_036_689.7, -97_283.2, -0.2, None, math.nan)] == [
        "£1,036,690", "−£97,283", "£0", "not known", "not known"]  # fmt: skip
