"""Sentences and tables on what stands beside the headline: of every kind of record, with bounds and without."""

import dataclasses
import math

import demo
import demo_supplements as made
import pytest

from evalkit.records import Diagnostic, ErrorModel, Evaluation, Horizon
from evalkit.report.downloads import csv_text
from evalkit.report.error_model_tables import (
    error_models_caution,
    error_models_sentence,
    error_models_table,
    error_rules_table,
)
from evalkit.report.horizon_tables import horizons_sentences, horizons_table, not_lasting
from evalkit.report.ladder import read
from evalkit.report.other_data import (
    baselines_sentence,
    baselines_table,
    leave_out_sentence,
    leave_out_table,
    rank_caution,
    rank_of,
    unit_placebos_table,
)
from evalkit.report.power_chart import read_power
from evalkit.report.selection import selection_sentences
from evalkit.report.summary import cannot_say
from evalkit.report.tables import table_text

EMPTY = {"horizons": (), "cumulative": (), "error_models": (), "placebos": (), "leave_out": (), "baselines": (),
         "selection": None, "expected_coverage": None, "power": None}  # fmt: skip
INFINITE = math.inf


def study(base: Evaluation | None = None, *, better: str = "", **records) -> Evaluation:
    """Return the seat-belt study with these records of its result in place of its own."""
    base = base or demo.seat_belts()
    primary = base.primary
    outcome = dataclasses.replace(primary.outcome, better=better or primary.outcome.better)
    result = dataclasses.replace(primary.result, **{**EMPTY, **records})
    return dataclasses.replace(base, analyses=(dataclasses.replace(primary, result=result, outcome=outcome),))


def analysis(**records):
    return study(**records).primary


def horizon(label="3 months", change=(-20.0, -28.0, -11.0), average=(-21.0, -29.0, -12.0),
            averted=(975.0, 480.0, 1470.0), period="1983-04", unit="percent", periods=3) -> Horizon:  # fmt: skip
    return Horizon(label, periods, period, *change, 0.01, *average, 0.01, *averted, unit)


def model(name: str, low: float | None, high: float | None, *, value: float = -15.0, registered=False, **more):
    return ErrorModel(name, name, registered, value, low, high, 0.01, unit="percent", **more)


# --- horizons


def test_horizons_say_what_was_seen_soon_and_at_the_end():
    assert horizons_sentences(demo.seat_belts().primary) == [
        "Over the first 3 months: 21% fewer than expected (95% interval: 12% to 29% fewer), on average.",
        "In December 1984 alone: 9% fewer than expected (95% interval: 20% fewer to 4% more).",
        "So it cannot be said whether the change was still there by then.",
    ]


def test_horizons_table_holds_change_average_and_total_each_with_its_interval():
    table = horizons_table(demo.seat_belts())
    assert [column.label for column in table.columns] == [
        "After", "Change in that month alone", "Average change up to then", "Fewer than expected up to then, people",
    ]  # fmt: skip
    assert list(table.rows[0]) == ["3 months: April 1983", "−20.3% (−28.4 to −11.2)", "−20.7% (−29.0 to −11.5)",
                                   "975 (480 to 1,470)"]  # fmt: skip
    assert table.rows[3][0] == "The end (23 months): December 1984"


def test_numbers_of_a_cell_with_its_interval_are_three_columns_of_the_download():
    lines = csv_text(table_text(horizons_table(demo.seat_belts()))).splitlines()
    assert '"Change in that month alone, low"' in lines[0]
    assert lines[1].startswith("3 months: April 1983,-20.3,-28.4,-11.2,percent,-20.7,-29,-11.5,percent,975,480,1470")


def test_one_horizon_without_bounds_is_told_without_an_interval():
    one = analysis(horizons=(horizon("the end (3 months)", (-20.0, None, None), (-21.0, None, None), (None,) * 3),))
    assert horizons_sentences(one) == [
        "Over the whole time (3 months): 21% fewer than expected (no interval), on average.",
        "In April 1983 alone: 20% fewer than expected (no interval).",
        "So it cannot be said whether the change was still there by then.",
    ]
    table = horizons_table(study(horizons=one.result.horizons))
    assert list(table.rows[0]) == ["The end (3 months): April 1983", "−20.0% (no interval)", "−21.0% (no interval)"]


def test_infinite_bounds_of_a_horizon_are_words():
    rows = (horizon(change=(-20.0, -28.0, INFINITE), averted=(975.0, -INFINITE, 1470.0)),)
    table = horizons_table(study(horizons=rows))
    assert table.rows[0][1] == "−20.0% (−28.0 or more)"
    assert table.rows[0][3] == "975 (1,470 or less)"
    assert "28% fewer to more without limit" in horizons_sentences(analysis(horizons=rows))[1]


def test_a_pulse_that_is_over_is_told_as_the_model_has_it():
    rows = (horizon(), horizon("the end (23 months)", (0.0, None, None), period="1984-12"))
    assert horizons_sentences(analysis(horizons=rows))[-1] == (
        "In December 1984 alone there is none: the model lets the change end before.")  # fmt: skip
    assert horizons_table(study(horizons=rows)).rows[1][1] == "none, by the model"
    assert not_lasting(analysis(horizons=rows)) == ""


def test_totals_count_what_is_better():
    table = horizons_table(study(horizons=(horizon(),), better="higher"))
    assert table.columns[3].label == "More than expected up to then, people"
    assert table.rows[0][3] == "−975 (−1,470 to −480)"


def test_an_unreliable_study_prints_no_totals():
    check = Diagnostic("leads", "Alike before.", "sign against", "They differed.", key=True)
    table = horizons_table(study(horizons=(horizon(),), diagnostics=(check,)))
    assert len(table.columns) == 3
    assert "a key check speaks against the result" in table.note


def test_a_change_in_the_outcomes_own_unit_has_no_percent():
    table = horizons_table(study(horizons=(horizon(unit="per 100,000"),)))
    assert table.rows[0][1] == "−20 per 100,000 (−28 to −11)"
    assert horizons_table(study(horizons=(horizon(unit="percent of cases"),))).rows[0][1].startswith("−20 percent of")


def test_how_long_it_lasted_is_a_caution_where_the_last_month_cannot_show_it():
    assert not_lasting(demo.seat_belts().primary) == (
        "That it lasts: in December 1984 alone it was 9% fewer (95% interval: 20% fewer to 4% more).")  # fmt: skip
    assert not_lasting(analysis(horizons=(horizon(),))) == ""
    unclear = study(horizons=demo.seat_belts().primary.result.horizons, relative=demo.percent(-8, -21, 4))
    assert not_lasting(unclear.primary) == ""


def test_what_the_authors_say_of_lasting_is_not_said_again():
    whole = demo.seat_belts()
    assert sum("lasts" in text for text in cannot_say(whole, read(whole))) == 1
    told = {**whole.study, "narrative": {"cannot_say": ["That it lasts. The gap narrows."]}}
    said = cannot_say(dataclasses.replace(whole, study=told), read(whole))
    assert [text for text in said if "lasts" in text] == ["That it lasts. The gap narrows."]


# --- error models


def test_error_models_stand_side_by_side_with_the_registered_one_marked():
    table = error_models_table(demo.seat_belts().primary)
    assert table.main == 0
    assert [list(row) for row in table.rows] == [
        ["First-order autoregressive, restricted maximum likelihood (main)", "−15.1% (−21.5 to −8.3)",
         "−21.1% (−29.5 to −11.7)", "0.52"],
        ["Newey-West", "−15.0% (−19.1 to −10.7)", "−21.5% (−27.0 to −15.5)", "0.49"],
        ["Prais-Winsten, iterated", "−15.1% (−21.0 to −8.8)", "−21.1% (−28.9 to −12.4)", "0.50"],
        ["ARIMA, order chosen before the start", "could not be fitted", "could not be fitted", "not stated"],
    ]  # fmt: skip
    assert table.note == ("In brackets: 95% interval. ARIMA, order chosen before the start could not be fitted: the "
                          "likelihood did not settle.")  # fmt: skip
    assert len(error_rules_table(demo.seat_belts().primary).rows) == 3


@pytest.mark.parametrize(("bounds", "sentence"), [
    ([(-20, -8), (-19, -9)], "Both intervals of the average change lie clear of no change, on the same side: "
                             "fewer."),
    ([(2, 8), (1, 9), (3, 4)], "All 3 intervals of the average change lie clear of no change, on the same side: "
                               "more."),
    ([(-20, 8), (-INFINITE, INFINITE)], "Both intervals of the average change take in no change."),
    ([(-20, -8), (-20, 0)], "The error models differ: the interval lies clear of no change under a, and not under b."),
    ([(-20, -8), (-20, 1), (-9, -1), (-9, 1)], "The error models differ: the interval lies clear of no "
                                               "change under a and c, and not under b and d."),
    ([(-20, -8), (1, 2)], "The error models differ on the direction of the average change."),
    ([(-20, -8), (None, None)], "There is no second error model to set beside it."),
    ([], ""),
])  # fmt: skip
def test_whether_error_models_agree(bounds, sentence):
    models = tuple(model(name, *ends, registered=name == "a") for name, ends in zip("abcd", bounds, strict=False))
    assert error_models_sentence(analysis(error_models=models)) == sentence


def test_a_caution_only_where_error_models_disagree_with_the_registered_one():
    agreeing = (model("a", -20, -8, registered=True), model("b", -19, -9))
    assert error_models_caution(analysis(error_models=agreeing)) == ""
    apart = (agreeing[0], model("Newey-West", -19, 1))
    assert error_models_caution(analysis(error_models=apart)) == (
        "That it holds whatever is assumed of the errors: under Newey-West the interval does not lie clear of "
        "no change."
    )
    unclear = (model("a", -20, 8, registered=True), model("b", -19, -9))
    assert "lies clear of no change; here it does not" in error_models_caution(analysis(error_models=unclear))
    opposite = (agreeing[0], model("b", 1, 9))
    assert "lies on the other side" in error_models_caution(analysis(error_models=opposite))


def test_error_models_without_a_change_at_once_have_no_column_for_it():
    table = error_models_table(analysis(error_models=(model("a", None, None, registered=True),)))
    assert [column.label for column in table.columns] == ["Assumption about the errors", "Average change"]
    assert table.rows[0][1] == "−15.0% (no interval)"


def test_nothing_is_told_of_records_that_are_not_there():
    bare = study()
    primary = bare.primary
    assert horizons_table(bare) is None
    assert horizons_sentences(primary) == []
    for table in (error_models_table, error_rules_table, unit_placebos_table, leave_out_table, baselines_table):
        assert table(primary) is None
    for told in (error_models_sentence, error_models_caution, rank_caution, leave_out_sentence, baselines_sentence,
                 not_lasting):  # fmt: skip
        assert told(primary) == ""
    assert rank_of(primary) is None
    assert selection_sentences(primary) == []
    assert read_power(primary, 5.0) is None


# --- cautions of the summary


def test_what_cannot_be_said_follows_error_models_and_pretend_dates():
    apart = (model("a", -20, -8, registered=True), model("Newey-West", -19, 1))
    shaky = study(error_models=apart, placebos=made.placebos(-3.0))
    said = cannot_say(shaky, read(shaky))
    assert said[1].startswith("That it holds whatever is assumed of the errors")
    assert any(text.startswith("That the date stands out") for text in said)
    unmarked = dataclasses.replace(shaky, analyses=(dataclasses.replace(shaky.primary, simulated=True),))
    assert not any("stands out" in text for text in cannot_say(unmarked, read(unmarked)))
    steady = study(error_models=apart[:1], placebos=made.placebos(-15.0))
    assert not any("whatever is assumed" in text or "stands out" in text for text in cannot_say(steady, read(steady)))


def test_a_check_that_says_it_already_is_not_said_twice():
    check = Diagnostic("placebo_dates", "Nothing like it before.", "sign against", "At 40 of 96 dates.")
    shaky = study(placebos=made.placebos(-3.0), diagnostics=(check,))
    said = cannot_say(shaky, read(shaky))
    assert sum("date" in text for text in said) == 1
