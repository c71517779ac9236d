"""What a page says of a comparison of places: words, tables and drawings from the records, nothing where there is none.

Expected numbers are worked out by hand from the records: a log ratio x is 100 (exp(x) - 1) percent.
"""

import math
from dataclasses import replace

import demo
import demo_comparisons
import pytest

from evalkit.designs.difference_in_differences.inference import chosen_inference
from evalkit.records import Baseline, Placebo
from evalkit.report import (
    by_start,
    departures,
    departures_chart,
    donors,
    downloads,
    event_words,
    fragment,
    inference_words,
    left_out,
    particulars,
    placebo_ranks,
    result_tables,
    rule_words,
    summary,
    supplement_parts,
    two_scales,
    two_way_pairs,
    words,
)
from evalkit.report.drawing import SLIM, WIDE
from evalkit.report.exhibits import Exhibits
from evalkit.report.ladder import read
from evalkit.report.other_data import distinct_baselines, rank_of


@pytest.fixture(scope="module")
def studies():
    return demo_comparisons.everything()


def with_result(evaluation, **changes):
    primary = evaluation.primary
    return replace(evaluation, analyses=(replace(primary, result=replace(primary.result, **changes)),))


def test_title_of_an_event_study_counts_both_sides(studies):
    told = event_words.events_message(studies["staggered"].primary)
    assert told == (
        "Before the start, 0 of 3 intervals are clear of no difference; in the first 5 years from it on, 5 of 5"
    )


def test_power_of_the_test_of_leads_is_told_in_percent(studies):
    told = " ".join(event_words.events_sentences(studies["staggered"].primary))
    assert "a steady drift of 0.8% a year four times in five" in told  # 100 (exp(0.0075) - 1) = 0.753
    assert "an average difference of 3.5%, and of 4.2%" in told  # exp(0.034), exp(0.041)
    assert "They cannot show" in told


def test_effects_by_start_have_both_intervals(studies):
    primary = studies["staggered"].primary
    assert len(by_start.group_time_table(primary).rows) == 3
    assert by_start.group_time_table(primary).rows[0][2:] == ("before", "+1.0% (\u22123.0 to +5.1)")
    assert by_start.averages_table(primary).rows[0][0] == "All treated places and periods alike"
    figure = by_start.starts_figure(studies["staggered"])
    assert figure.title == "By when places started, the change runs from \u221218% to \u221214%"
    assert figure.table[1] == ("Started in 2012", "\u221213.9%", "\u221217.3 to \u221210.4", "\u221218.9 to \u22128.6")


def test_departures_are_told_for_average_and_first(studies):
    primary = studies["staggered"].primary
    told = " ".join(departures.departure_sentences(primary))
    assert "under 0.45 times the largest one before the start, which is less than was seen before" in told
    assert "under 1.9 times" in told
    assert "under 0.8% for the average of all periods and any amount for the first period alone" in told
    read_back = departures.read_departures(primary, departures.RELATIVE)
    assert departures.departures_message(read_back) == (
        "Steps 0.45 times as large as the largest before would undo the average effect")  # fmt: skip
    answer, first = (departures.departures_table(read_back)[row] for row in (1, 2))
    assert answer == ("Answer", "", "\u221217.0 to \u221213.2", "")
    assert first == ("Departure", "0.5", "\u221219.7 to \u22129.5", "\u221215.6 to \u221213.9")


@pytest.mark.parametrize(("at", "words_of"), [(0.0, "includes no change even"), (float("inf"), "No departure of any")])
def test_a_breakdown_at_either_end_has_words_of_its_own(studies, at, words_of):
    evaluation = with_result(studies["staggered"], breakdown={"relative_magnitudes": {"average": at}})
    assert words_of in departures.departures_message(
        departures.read_departures(evaluation.primary, departures.RELATIVE)
    )


@pytest.mark.parametrize("size", [WIDE, SLIM])
def test_drawings_stay_on_their_canvas(studies, size):
    read_back = departures.read_departures(studies["staggered"].primary, departures.SMOOTH)
    drawings = [
        departures_chart._draw(read_back, size, simulated=True),
        two_way_pairs._draw(studies["two_way"].primary, two_way_pairs.pairs_of(studies["two_way"].primary), size),
        donors._draw(studies["synthetic"].primary.result.weights, size, simulated=True),
        placebo_ranks._draw(studies["synthetic"].primary, placebo_ranks.places_of(studies["synthetic"].primary),
                            ("Fewer than expected", "More"), size),
    ]  # fmt: skip
    for drawing in drawings:
        at = drawing.canvas
        assert drawing.points or drawing.lines or drawing.bands
        for point in drawing.points:
            assert 0 <= at.across(point.x) <= at.width
            assert 0 <= at.down(point.y) <= at.height
        assert any(label.words == "Simulated data" for label in drawing.labels)


def test_share_of_comparisons_with_places_under_way_is_in_the_title(studies):
    primary = studies["two_way"].primary
    assert two_way_pairs.pairs_message(primary) == (
        "15% of the two-way estimate compares places with others already under way")  # fmt: skip
    told = " ".join(two_way_pairs.pair_sentences(primary))
    assert "Those comparisons give +5.1%; the others give \u221214.8% to \u221213.1%." in told
    assert [pair.under_treatment for pair in two_way_pairs.pairs_of(primary)] == [False, False, True]


def test_donors_and_their_fit_are_told(studies):
    primary = studies["synthetic"].primary
    assert donors.donors_message(primary) == "The comparison is made of 3 places; Area 02 counts most, 50%"
    told = " ".join(donors.donor_sentences(primary))
    assert "26 of the 29 places that could be in it have no weight." in told
    assert "differ by 10.0% in a typical year" in told  # exp(0.0953)
    assert "No mix of the other places matches" in told
    assert [row[0] for row in donors.time_weights_table(primary).rows] == ["2009", "2011"]


def test_rank_smallest_p_and_normal_interval_stand_together(studies):
    primary = studies["synthetic"].primary
    told = " ".join(placebo_ranks.places_sentences(primary))
    assert "Among all 30, the true one among them, the true result is number 1" in told
    assert "it could not have been under 0.033" in told
    assert "\u221234.0% to \u221217.6%" in told  # exp(-0.4156), exp(-0.1932)
    places = placebo_ranks.places_of(primary)
    assert placebo_ranks.rank_message(places) == "In none of 29 other places is the change as large as in Area 01"
    assert places[-1].change.value == pytest.approx(-26.2414, abs=1e-3)  # a log ratio is read as a percentage


def test_marks_that_would_cover_each_other_are_piled_up():
    assert placebo_ranks._piled([0, 1, 2, 50], 10) == [0, 1, 2, 0]
    assert placebo_ranks._piled([0, 30, 1], 10) == [0, 0, 1]  # the last one, the treated, lies anywhere


def test_a_thousand_sets_of_places_stay_a_chart_of_its_height(studies):
    base = studies["synthetic"]
    many = [Placebo("unit", f"A{n} and B{n}", "", 0.2 * math.sin(n), measure="log ratio") for n in range(999)]
    true = Placebo("unit", "Area 01 and Area 02", "", -0.3, measure="log ratio", true=True)
    primary = with_result(base, placebos=(*many, true)).primary
    places = placebo_ranks.places_of(primary)
    assert placebo_ranks.rank_message(places) == (
        "In none of 999 other sets of places is the change as large as in Area 01 and Area 02")  # fmt: skip
    drawing = placebo_ranks._draw(primary, places, ("Fewer", "More"), SLIM)
    assert len(drawing.points) == 1000
    assert drawing.canvas.height < 450


def test_inference_box_names_rule_reason_and_seed(studies):
    pairs = dict(inference_words.inference_pairs(studies["staggered"].primary))
    assert pairs["Rule used"].startswith("Cluster-robust standard errors.")
    assert pairs["Why this one"] == (
        "22 of 60 places were treated. With 50 places or more, how much they differ can be read off them "
        "(cluster-robust).")  # fmt: skip
    assert pairs["Drawn at random"] == "999 draws from seed 7."
    few = dict(inference_words.inference_pairs(studies["too_few"].primary))
    assert (
        few["Smallest p-value that could come out"] == "0.067, with 15 cases to compare. No result could have counted."
    )
    assert "no effect is too large to fit" in few["p-value"]


def test_summary_says_that_no_result_could_have_counted(studies):
    answer = words.headline(studies["too_few"])
    assert "Not reliable: too few places to tell any effect from none." in answer.sentence
    assert "No change, however large, can be ruled out." in answer.sentence
    assert "could not have been under 0.067" in " ".join(answer.notes)
    assert "(95% interval: no limits, fewer or more)" in answer.detail
    assert result_tables.written(read(studies["too_few"]).change)[1] == "no limits"


def test_treated_unlike_the_rest_are_among_the_first_three_cautions(studies):
    evaluation = studies["too_few"]
    assert any("those treated are larger" in text
               for text in summary.cannot_say(evaluation, read(evaluation))[:3])  # fmt: skip


def test_one_line_for_all_places_left_out(studies):
    told = left_out.places_sentence(studies["staggered"].primary)
    assert told.startswith("Leaving out any one of 9 places, the change is between \u221215.0% and \u221214.2%; it "
                           "moves most without Area 8, to \u221214.2%.")  # fmt: skip
    assert "Without Area 9, there is no estimate: no treated unit is left." in told
    assert "Without all places of one start: 2012 (\u221213.0%)." in told


def test_years_left_out_of_one_series_are_no_places():
    assert left_out.places_sentence(demo.seat_belts().primary) == ""


def test_units_left_out_are_named_with_the_reason(studies):
    table = left_out.dropped_table(studies["staggered"].primary)
    assert table.rows[0] == ("Area 90", "Treated from the first period on")
    assert left_out.dropped_sentence(studies["staggered"].primary).startswith("5 units are not in the result: Area 90,")


def test_estimator_its_rule_and_what_it_takes_as_given(studies):
    evaluation = studies["staggered"]
    pairs = dict(particulars.design_pairs(evaluation))
    assert pairs["Estimator"].startswith("Callaway and Sant'Anna, chosen by the rule below. It compares each group")
    assert pairs["Rule for the estimator"] == "Places that start at different times: Callaway and Sant'Anna."
    assert pairs["Why this estimator"] == "Places start in 3 different years."
    assert particulars.assumptions(evaluation) == ["Cohorts are on parallel paths."]


def test_percent_and_amounts_stand_side_by_side(studies):
    table = two_scales.scales_table(studies["staggered"].primary)
    assert table.main == 0
    assert table.rows[0][1] == "\u221215.1% (\u221217.0 to \u221213.2)"
    assert table.rows[1][1] == "not estimated: no unit is left"


def test_dates_without_errors_are_ranked_by_size():
    evaluation = demo.seat_belts()
    bare = tuple(replace(p, low=None, high=None, p_value=None) for p in evaluation.primary.result.placebos)
    check = replace(evaluation.primary.result.diagnostics[0], name="placebo_dates", statistic=0.0)
    found = rank_of(with_result(evaluation, placebos=bare, diagnostics=(check,)).primary)
    assert not found.clear
    assert found.at_least == found.larger >= 0


def test_a_window_that_holds_the_same_months_is_listed_once():
    short = Baseline("July to December 2016", "2016-07", "2016-12", -5.0, -9.0, 1.0, "percent", registered=True)
    year = Baseline("2016", "2016-01", "2016-12", -5.0, -9.0, 1.0, "percent")
    other = Baseline("2015", "2015-01", "2015-12", -5.0, -9.0, 1.0, "percent")
    found = distinct_baselines(with_result(demo.seat_belts(), baselines=(other, year, short)).primary)
    assert found == [other, short]


def test_nothing_is_shown_where_nothing_is_stored():
    evaluation = demo.castle()
    exhibits = Exhibits("x", None, simulated=False)
    bare = with_result(evaluation, event_study=(), placebos=(), leave_out=(), inference=None)
    assert supplement_parts.events(bare, exhibits, {}) == []
    assert supplement_parts.composition(bare, exhibits, {}) == []
    assert supplement_parts.in_other_ways(bare, exhibits, {}) == []
    assert supplement_parts.inference(bare) == {}


def test_every_part_of_simulated_numbers_says_so(studies):
    for evaluation in studies.values():
        exhibits = Exhibits("x", None, simulated=True)
        parts = [*supplement_parts.events(evaluation, exhibits, {}),
                 *supplement_parts.composition(evaluation, exhibits, {}),
                 *supplement_parts.in_other_ways(evaluation, exhibits, {}),
                 *supplement_parts.robustness(evaluation, exhibits, {})]  # fmt: skip
        assert all(part["sentences"][0] == "Simulated data." for part in parts if part["sentences"])
        assert supplement_parts.inference(evaluation).get("simulated", True)


@pytest.mark.parametrize(("name", "shown", "titles"), [
    ("staggered", ("fig-starts", "fig-calendar", "fig-events", "fig-departures", "fig-bends", "tbl-group-time",
                   "tbl-pretest", "tbl-breakdown", "tbl-scales", "tbl-dropped"),
     ("By when places started", "How much would paths have to differ to overturn this?", "Without one place",
      "How sure, and by which rule", "Left out")),
    ("two_way", ("fig-pairs",), ("What the two-way estimate is made of",)),
    ("synthetic", ("fig-donors", "fig-places", "tbl-time-weights"),
     ("Who makes up the comparison", "Places where nothing began", "How sure, and by which rule")),
    ("too_few", (), ("How sure, and by which rule",)),
])  # fmt: skip
def test_page_of_each_kind_of_estimate(studies, render_one, name, shown, titles):
    """The page is strict HTML5; each exhibit is on it once, says that its numbers are made up, and has its table."""
    page = render_one(studies[name])
    text = page.text()
    for title in titles:
        assert title in text
    for identifier in shown:
        element = page.find(identifier)
        if identifier.startswith("fig-"):
            words_inside = "".join(element.itertext())
            assert words_inside.count("Simulated data") >= 3  # in the title, in both drawings
            assert list(element.iter("table"))
            assert all(svg.get("role") == "img" for svg in element.iter() if str(svg.tag).endswith("svg"))
        else:
            assert "Simulated data" in "".join(element.itertext())
    ids = [element.get("id") for element in page.tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_a_start_of_one_place_stands_beside_those_with_simultaneous_intervals():
    study = demo_comparisons.staggered()
    averages = dict(study.primary.result.aggregations)
    lone = {"label": "2018", "value": -0.1, "se": None, "low": None, "high": None}
    averages["group"] = {**averages["group"], "by": [*averages["group"]["by"], lone]}
    averages["calendar"] = {**averages["calendar"], "by": [*averages["calendar"]["by"], lone]}
    study = with_result(study, aggregations=averages)
    for figure in (by_start.starts_figure(study), by_start.calendar_figure(study)):
        assert {len(row) for row in figure.table} == {4}
        assert figure.table[-1][2:] == ("not known", "not known")
        written = downloads.csv_text(figure.table).splitlines()
        assert written[-1].endswith(",,,,")


def test_bounds_of_thousands_of_percent_are_capped():
    rows = [{"restriction": "relative_magnitudes", "target": "average", "m": 1.0, "low": -30.0, "high": 60.0}]
    study = with_result(demo_comparisons.staggered(), robust_bounds=tuple(rows))
    table = departures.departures_table(departures.read_departures(study.primary, departures.RELATIVE))
    assert table[2][2] == "\u2212100.0 to over +1,000"
    huge = result_tables.written(words.Change(5.0, -20.0, 1157.0, True, 0.95))[1]
    assert (huge, huge.numbers) == ("\u221220.0 to over +1,000", (-20.0, 1157.0))


@pytest.mark.parametrize(("reason", "told"), [
    ("8 treated clusters of 15: randomisation (fewer than 50, no regression to bootstrap)", "8 of 15 places were"),
    ("1 treated cluster of 43: Ferman and Pinto (one treated)", "1 of 43 places was treated. How much a single"),
    ("2 treated clusters of 43: randomisation (at most 5 treated)", "With 5 or fewer the usual clustered errors"),
])  # fmt: skip
def test_reasons_of_the_rule_are_sentences(reason, told):
    plain = rule_words.plain_reason(reason)
    assert told in plain
    assert "cluster " not in plain
    assert "bootstrap)" not in plain


def test_every_reason_of_the_rule_has_words():
    """Whatever the rule answers is put into words, so that a reason that is added is missed here."""
    for estimator in ("two_way_fixed_effects", "callaway_santanna", "synthetic_did"):
        for treated, places, never in ((1, 43, 42), (1, 4, 1), (3, 43, 40), (10, 43, 33), (20, 80, 60)):
            for lone in (False, True):
                reason = chosen_inference(estimator, treated, places, never, lone=lone).reason
                assert ". " in rule_words.plain_reason(reason), reason


def test_the_terminal_says_which_estimator_and_inference_ran():
    told = " ".join(" ".join(fragment.terminal_summary(demo_comparisons.staggered())).split())
    assert "Estimator: Callaway and Sant'Anna, chosen by the rule of METHODS.md. It compares each group" in told
    assert "How sure: Cluster-robust standard errors. 22 of 60 places were treated." in told
