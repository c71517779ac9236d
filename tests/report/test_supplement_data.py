"""Sentences and tables on pretend dates, parts left out, other baselines, selection, coverage and power."""

import dataclasses

import demo
import demo_supplements as made
import pytest
from test_supplement_words import analysis

from evalkit.records import Baseline, Diagnostic, LeftOut, Placebo
from evalkit.report.downloads import csv_text
from evalkit.report.other_data import (
    Rank,
    baselines_message,
    baselines_sentence,
    baselines_table,
    leave_out_sentence,
    leave_out_table,
    rank_caution,
    rank_message,
    rank_of,
    rank_sentences,
    unit_placebos_table,
)
from evalkit.report.power_chart import against_margin, power_message, power_table, read_power, times_in
from evalkit.report.selection import coverage_sentences, selection_sentences
from evalkit.report.supplement_figures import placebo_figure
from evalkit.report.tables import table_text
from evalkit.report.words import smallest_found

# --- pretend dates and units


def test_rank_of_the_true_start():
    rank = rank_of(demo.seat_belts().primary)
    assert rank == Rank(96, 2, larger=2)
    assert rank_message(rank) == "2 of 96 earlier dates show a change at least as large as the true start"
    assert rank_sentences(demo.seat_belts().primary, rank) == [
        "By the size of the change, the true start is number 3 of 97.",
        "Neighbouring dates share most of their months and are not independent: read the rank as a rough guide.",
    ]
    assert rank_caution(demo.seat_belts().primary) == ""


def ranked(share: float, verdict: str, count: int = 96):
    check = Diagnostic("placebo_dates", "Nothing as clear before.", verdict, "Read.", statistic=share)
    return analysis(placebos=made.placebos()[-1 - count :], diagnostics=(check,))


def test_the_rank_is_that_of_the_check():
    found = ranked(6 / 97, "no sign against")
    rank = rank_of(found)
    assert (rank.others, rank.at_least, rank.larger) == (96, 5, 2)
    assert rank_message(rank) == "5 of 96 earlier dates show a change at least as clear as the true start"
    assert rank_sentences(found, rank)[:2] == [
        "By the size of the change over its standard error, the true start is number 6 of 97.",
        "By its size alone, that at 2 of 96 earlier dates is at least as large.",
    ]
    assert rank_caution(found) == ""
    assert "quite often" in " ".join(rank_sentences(found, rank_of(ranked(0.3, "sign against"))))
    few = ranked(2 / 6, "not run", 5)
    assert rank_caution(few) == ""


@pytest.mark.parametrize(("verdict", "count", "told"), [
    ("not run", 5, True), ("too weak to tell", 9, True), ("too weak to tell", 10, False), ("sign against", 5, False),
])  # fmt: skip
def test_too_few_dates_are_not_ranked(verdict, count, told):
    few = ranked(2 / (count + 1), verdict, count)
    title, said = rank_message(rank_of(few)), rank_sentences(few, rank_of(few))
    assert (title == "Too few earlier dates to rank the true start") == told
    assert any("is number" in sentence for sentence in said) != told
    assert (said[0].startswith(f"Only {count} earlier dates could be tried.")) == told
    shown = placebo_figure(dataclasses.replace(demo.seat_belts(), analyses=(few,)))
    assert ("Ranked by" in shown.subtitle) != told


def test_an_unremarkable_rank_is_a_caution():
    many = analysis(placebos=made.placebos(-3.0))
    rank = rank_of(many)
    assert rank.unremarkable
    assert "quite often where nothing began" in " ".join(rank_sentences(many, rank))
    assert rank_caution(many) == (f"That the date stands out: {rank.at_least} of 96 earlier dates show a change at "
                                  "least as large.")  # fmt: skip


@pytest.mark.parametrize(("rank", "words"), [
    (Rank(96, 0), "None of 96 earlier dates show a change at least as large as the true start"),
    (Rank(96, 1), "1 of 96 earlier dates shows a change at least as large as the true start"),
    (Rank(1, 0), "The only earlier date shows no change as large as the true start"),
    (Rank(1, 1), "The only earlier date shows a change at least as large as the true start"),
])  # fmt: skip
def test_rank_in_words(rank, words):
    assert rank_message(rank) == words


def test_no_rank_without_the_true_start_or_another():
    assert rank_of(analysis(placebos=made.placebos()[:-1])) is None
    assert rank_of(analysis(placebos=made.placebos()[-1:])) is None


def test_places_where_nothing_began_stand_in_a_table():
    units = tuple(Placebo("unit", name, "", value, low, high, 0.4, "percent", true=name == "B")
                  for name, value, low, high in (("A", 4.0, -5, 13), ("B", -18.0, -27, -9),
                                                 ("C", 1.0, None, None)))  # fmt: skip
    table = unit_placebos_table(analysis(placebos=units))
    assert [list(row) for row in table.rows] == [
        ["B (true)", "−18.0% (−27.0 to −9.0)"], ["A", "+4.0% (−5.0 to +13.0)"], ["C", "+1.0%"],
    ]  # fmt: skip
    assert unit_placebos_table(demo.seat_belts().primary) is None


# --- leaving out, baselines


def test_leave_out():
    primary = demo.seat_belts().primary
    assert leave_out_sentence(primary) == (
        "Leaving out one part at a time, the change runs from −15.4% to −14.2%. Every interval lies clear of no "
        "change, on the same side as the headline."
    )
    table = leave_out_table(primary)
    assert list(table.rows[0]) == ["October 1973 to March 1975: fuel shortage", "−14.2% (−19.9 to −8.2)"]
    assert table.rows[-1][1] == "not estimated: fewer than three points are left before"


def test_one_part_that_decides_is_named():
    parts = (LeftOut("1974", -9.0, -20.0, 3.0, "percent"), LeftOut("1975", -15.0, -20.0, -9.0, "percent"))
    assert leave_out_sentence(analysis(leave_out=parts)).endswith(
        "Otherwise than in the headline, the interval does not lie clear of no change without “1974”.")  # fmt: skip
    assert leave_out_sentence(analysis(leave_out=parts[1:])) == (
        "Without “1975”, the change is −15.0% (−20.0 to −9.0). Its interval lies clear of no change, on the same side "
        "as the headline."
    )


def test_where_nothing_can_be_left_out_one_sentence_says_so_in_place_of_a_table():
    none = analysis(leave_out=(LeftOut("2022", problem="more than 25% of the periods before would be gone"),
                               LeftOut("2023", problem="fewer than 3 periods on a side would be left")))  # fmt: skip
    assert leave_out_table(none) is None
    assert leave_out_sentence(none) == (
        "No part of the data can be left out to see what hangs on it: without “2022”, more than 25% of the periods "
        "before would be gone; without “2023”, fewer than 3 periods on a side would be left.")  # fmt: skip
    assert leave_out_sentence(analysis(leave_out=())) == ""


def test_few_baselines_are_all_named_with_their_intervals():
    assert baselines_sentence(demo.portsmouth().primary) == (
        "The change is −46% (−71 to −6) against December 2019 and −31% (−56 to +9) against November 2019.")  # fmt: skip
    two = tuple(Baseline(year, year, year, value, measure="percent", registered=year == "2019")
                for year, value in (("2019", -8.0), ("2018", 3.0)))  # fmt: skip
    assert baselines_sentence(analysis(baselines=two)) == (
        "The change is −8% (no interval) against 2019 and +3% (no interval) against 2018.")  # fmt: skip


def test_many_baselines_are_told_by_their_ends():
    many = analysis(baselines=made.baselines(8))
    assert baselines_sentence(many) == (
        "Against December 2019, the window of this study, the change is −46% (−71 to −6). Against the 7 other windows "
        "it runs from −40% (against June 2019) to +8% (against August 2019)."
    )
    years = tuple(dataclasses.replace(each, window=str(2012 + place)) for place, each in enumerate(made.baselines(8)))
    assert baselines_sentence(analysis(baselines=years)).endswith(
        "Calendar years: −22% (−47 to +18) against 2017, −40% (−65 to 0) against 2018 and −5% (−30 to +35) against "
        "2019."
    )
    assert baselines_message(many) == "By the earlier window that is taken, the change runs from −46% to +8%"
    assert baselines_table(many).main == 0


def test_the_own_window_alone_is_no_panel():
    assert baselines_table(analysis(baselines=made.baselines(1))) is None
    assert baselines_sentence(analysis(baselines=made.baselines(1))) == ""


# --- selection, coverage, power


def test_selection_says_what_would_be_seen_with_no_programme():
    assert selection_sentences(demo.portsmouth().primary) == [
        "Those studied were chosen to start after December 2019, the highest of 12 such times.",
        "With no programme at all, a rate 21% to 33% lower would be expected afterwards, by the method of "
        "Hauer (1997).",
        "The rate that was seen afterwards is 46% lower.",
        "Selection alone would give 46% to 72% of the fall.",
        "Reference: counts of such times as the study gives them: mean 24, shape 12.",
    ]


@pytest.mark.parametrize(("change", "words"), [
    ({"share_low": -29.0, "share_high": -28.0}, "Selection alone would give none of the fall."),
    ({"share_low": 120.0, "share_high": 150.0}, "Selection alone would give all of the fall."),
    ({"share_low": 60.0, "share_high": 140.0}, "Selection alone would give 60% to all of the fall."),
    ({"share_low": 60.0, "share_high": 60.2}, "Selection alone would give about 60% of the fall."),
    ({"unequal_exposure": -50.0}, "Apart from this, the two windows are not of the same length: for that reason alone "
                                  "a raw count would be 50% lower."),
    ({"expected_change_low": -5.0, "expected_change_high": 3.0}, "between 5% lower and 3% higher would be expected"),
    ({"expected_change_low": -25.0, "expected_change_high": None}, "a rate 25% lower would be expected"),
    ({"unequal_exposure": {"words": "The time after is 0.5 times as long."}}, "The time after is 0.5 times as long."),
    ({"observed_change": 0.0}, "The rate that was seen did not change."),
])  # fmt: skip
def test_selection_in_other_cases(change, words):
    found = " ".join(selection_sentences(analysis(selection={**made.selection(), **change})))
    assert words in found


@pytest.mark.parametrize("gone", ["share_low", "observed_change", "expected_change_low", "reference", "words"])
def test_selection_without_a_part_says_the_rest(gone):
    told = {key: value for key, value in made.selection().items() if key != gone}
    told |= {"share_high": None, "expected_change_high": None} if gone in ("share_low", "expected_change_low") else {}
    found = " ".join(selection_sentences(analysis(selection=told)))
    assert found
    assert "None" not in found
    assert "not known" not in found


def test_nothing_fell_so_selection_has_no_share():
    found = " ".join(selection_sentences(analysis(selection={**made.selection(), "observed_change": 4.0})))
    assert "The rate that was seen afterwards is 4% higher." in found
    assert "of the fall" not in found


def test_expected_coverage():
    assert coverage_sentences(made.expected_coverage()) == [
        "In 4,000 simulated series like this one (96 periods, autocorrelation 0.6, month season), 95% intervals made "
        "this way held the true average change in 94.6%.",
        "Held in simulation: average change 94.6%, change at once 94.1%.",
    ]
    assert coverage_sentences(None) == []
    both = "Held in 94.6% and at once in 94.1%."
    assert coverage_sentences({**made.expected_coverage(), "words": both}) == [both]
    assert coverage_sentences({"words": "No cell is near.", "average": None}) == ["No cell is near."]


def test_power_beside_the_change_that_matters():
    primary = demo.seat_belts().primary
    found = read_power(primary, 5.0)
    assert (
        power_message(found)
        == "With 169 months before and 23 after, a change of 9.4% could be found four times in five"
    )
    assert against_margin(found) == (
        "The change set in advance as large enough to matter is 5%: a study of this length would miss a change of that "
        "size more than one time in five."
    )
    assert against_margin(read_power(primary, 10.0)).endswith("a study of this length is long enough to find it.")
    assert against_margin(read_power(primary, None)).startswith("No smallest change that matters was set")
    assert "four times in five, is 9.4%" in smallest_found(primary)


def test_where_no_change_is_large_enough_both_places_say_so():
    primary = demo.seat_belts().primary
    power = {**primary.result.power, "own": {**primary.result.power["own"], "smallest_change_percent": None}}
    found = dataclasses.replace(primary, result=dataclasses.replace(primary.result, power=power))
    assert "was large enough to be found four times in five" in power_message(read_power(found, 5.0))
    assert smallest_found(found) == "No change was large enough for it to find four times in five."


def test_power_is_for_a_fall_or_a_rise_where_the_measure_says_so():
    fall = read_power(analysis(power={**made.power(), "measure": "fall, percent of the rate before"}), 5.0)
    assert power_message(fall).endswith("a fall of 9.4% could be found four times in five")
    assert "would miss a fall of that size" in against_margin(fall)
    assert power_table(fall, {}).caption == "The smallest fall that could be found four times in five"


def test_the_grid_of_power():
    table = power_table(read_power(demo.seat_belts().primary, 5.0), made.power())
    assert [column.label for column in table.columns][:2] == ["Before", "3 months after, percent"]
    assert list(table.rows[0]) == ["24 months", "36.3%", "26.6%", "19.7%", "14.8%"]
    lines = csv_text(table_text(table)).splitlines()
    assert lines[1] == "24 months,-36.3,-26.6,-19.7,-14.8"


def test_power_with_cells_that_found_nothing():
    cells = [{"before": 12, "after": 3, "smallest_change_percent": None, "problem": "Too few points."},
             {"before": 24, "after": 6, "smallest_change_percent": -30.0, "error_percent": 1.24}]  # fmt: skip
    note = power_table(read_power(analysis(power={"target": 0.9, "cells": cells}), None),
                       {"cells": cells, "replications": 500}).note  # fmt: skip
    assert note == "None found: Too few points."
    found = read_power(analysis(power={"target": 0.9, "cells": cells}), None)
    assert [list(row) for row in power_table(found, {}).rows] == [
        ["12 months", "none found", "not looked at"], ["24 months", "not looked at", "30%"]]  # fmt: skip
    assert power_message(found).endswith("could be found nine times in ten")
    assert against_margin(found) == ""
    none = read_power(analysis(power={"target": 0.85, "cells": cells[:1]}), None)
    assert power_message(none) == "No change was large enough to be found in 85% of such studies"
    assert times_in(0.5) == "every other time"
