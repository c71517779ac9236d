"""Figures of what stands beside the headline: what is drawn, what is said, and what happens at the edges."""

import dataclasses
import math
import re
from xml.etree import ElementTree

import demo
import demo_supplements as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_supplement_words import study

from evalkit.periods import format_period, parse_period
from evalkit.records import Baseline, CumulativePoint, Diagnostic, Placebo
from evalkit.report.cumulative_chart import totals_message
from evalkit.report.figures import Figure
from evalkit.report.supplement_figures import baseline_figure, placebo_figure, power_figure, totals_figure

MAKERS = (totals_figure, placebo_figure, baseline_figure, power_figure)


def everything(simulated: bool = False):
    whole = study(**made.of_a_series(), baselines=made.baselines(8))
    return dataclasses.replace(whole, analyses=(dataclasses.replace(whole.primary, simulated=simulated),))


@pytest.fixture(scope="module")
def drawn() -> list[Figure]:
    return [make(everything()) for make in MAKERS]


def texts(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in ElementTree.fromstring(svg).iter("text"))


def marks(svg: str) -> int:
    return sum(1 for element in ElementTree.fromstring(svg).iter() if element.tag == "circle")


def point(period: str, value: float, low=None, high=None, all_low=None, all_high=None) -> CumulativePoint:
    return CumulativePoint(period, value, low, high, all_low, all_high)


def total(*points: CumulativePoint, better: str = "lower") -> Figure:
    figure = totals_figure(study(cumulative=points, better=better))
    assert figure is not None
    return figure


def test_drawings_are_whole_and_coloured_by_the_page(drawn):
    ids = []
    for figure in drawn:
        for svg in (figure.wide_svg, figure.slim_svg):
            root = ElementTree.fromstring(svg)
            assert root.get("role") == "img"
            assert len(root.find("desc").text) > 40
            styles = re.findall(r"(?:fill|stroke):([^;\"]+)", svg)
            assert all(style == "none" or re.fullmatch(r"var\(--[a-z]+\)", style) for style in styles)
            narrowest = 576 if svg is figure.wide_svg else 288
            width = float(root.get("viewBox").split()[2])
            assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) * narrowest / width >= 10
            ids += re.findall(r' id="([^"]+)"', svg)
        assert len({len(row) for row in figure.table}) == 1
        assert figure.source.startswith("Source: ")
    assert len(ids) == len(set(ids))


def test_words_stay_inside_the_drawings(drawn):
    from evalkit.report.drawing import text_width

    for figure in drawn:
        for svg in (figure.wide_svg, figure.slim_svg):
            root = ElementTree.fromstring(svg)
            width, height = (float(x) for x in root.get("viewBox").split()[2:])
            for element in root.iter("text"):
                bold = element.get("font-weight") == "700"
                room = text_width("".join(element.itertext()), float(element.get("font-size")), bold=bold)
                shift = {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor"), 0.0)
                left = float(element.get("x")) - room * shift
                assert left >= -room * 0.12 - 1, "".join(element.itertext())
                assert left + room <= width + room * 0.12 + 1, "".join(element.itertext())
                assert 0 <= float(element.get("y")) <= height


def test_simulated_data_are_marked_in_every_drawing():
    for make in MAKERS:
        figure = make(everything(simulated=True))
        assert figure.alt_description.startswith("Simulated data. ")
        for svg in (figure.wide_svg, figure.slim_svg):
            assert "Simulated data" in texts(svg)
            assert "var(--notice)" in svg


def test_nothing_is_drawn_where_there_is_nothing():
    assert [make(study()) for make in MAKERS] == [None] * 4


# --- the running total


def test_total_says_its_message_with_the_interval_of_that_month(drawn):
    figure = drawn[0]
    assert figure.title == "By December 1984, about 5,300 fewer people than expected (2,600 to 8,000)"
    assert figure.subtitle == (
        "Car drivers killed or seriously injured, fewer than expected, added up since the start. Darker: 95% interval "
        "for each month alone. Lighter: for all at once. What was observed is added up, with the chance of each single "
        "month; a total in the headline is that of the fitted line."
    )
    assert figure.table[0] == ("Up to", "Fewer than expected so far, people", "95% interval, this month alone",
                               "95% interval, all at once")  # fmt: skip
    assert len(figure.table) == 24
    assert "var(--deep)" in figure.wide_svg
    assert "var(--band)" in figure.wide_svg
    assert figure.alt_description.startswith("Fewer than expected, added up from February 1983 to December 1984. At "
                                             "the end: 5,265 people. Interval for that month alone: ")  # fmt: skip


@pytest.mark.parametrize(("end", "title"), [
    ((-300.0, -900.0, -40.0), "By February 1983, about 300 more people than expected (40 to 900)"),
    ((300.0, -900.0, 1240.0), "By February 1983, the total cannot be told from none (900 more to 1,200 fewer)"),
    ((300.0, 0.0, 1240.0), "By February 1983, the total cannot be told from none (none to 1,200 fewer)"),
    ((300.0, None, None), "By February 1983, about 300 fewer people than expected, with no interval"),
    ((300.0, 40.0, math.inf), "By February 1983, about 300 fewer people than expected (40 or more)"),
    ((300.0, -math.inf, math.inf),
     "By February 1983, the total cannot be told from none (more without limit to fewer without limit)"),
    ((0.0, None, None), "By February 1983, as many people as expected, with no interval"),
])  # fmt: skip
def test_message_of_the_total(end, title):
    assert total(point("1983-02", *end)).title == title


bounds = st.floats(-1e6, 1e6).map(lambda x: round(x, 2)) | st.sampled_from([0.0, math.inf, -math.inf])


@settings(max_examples=500, deadline=None)
@given(st.floats(-1e5, 1e5).map(lambda x: round(x, 1)), bounds, bounds, st.sampled_from(["lower", "higher"]))
def test_the_message_agrees_with_its_interval(value, one, other, better):
    low, high = sorted((one, other))
    low, high = min(low, value), max(high, value)
    words = totals_message(study(cumulative=(point("1983-02", value, low, high),), better=better).primary)
    assert ("cannot be told from none" in words) == (low <= 0 <= high)
    assert (" fewer people than expected" in words) == (low > 0)
    assert (" more people than expected" in words) == (high < 0)


def test_up_is_better_whichever_way_that_is():
    figure = total(point("1983-02", -300.0, -900.0, -40.0, -1000.0, -10.0), better="higher")
    assert figure.title == "By February 1983, about 300 more people than expected (40 to 900)"
    assert figure.table[0][1] == "More than expected so far, people"
    assert figure.table[1] == ("February 1983", "300", "40 to 900", "10 to 1,000")
    assert "↑ More than expected, people" in texts(figure.wide_svg)


def test_a_total_without_bounds_has_no_band_and_says_so():
    figure = total(point("1983-02", 300.0), point("1983-03", 500.0))
    assert "var(--band)" not in figure.wide_svg
    assert "There is no interval." in figure.subtitle
    assert figure.table[0] == ("Up to", "Fewer than expected so far, people")


def test_a_total_with_one_kind_of_bounds_names_it():
    assert "Shaded: 95% interval for each month alone." in total(point("1983-02", 300.0, 1.0, 600.0)).subtitle
    only = total(point("1983-02", 300.0, None, None, -1.0, 600.0))
    assert "Shaded: 95% interval for all at once." in only.subtitle


def test_infinite_bounds_of_a_total_do_not_press_it_flat():
    rows = [point(format_period(parse_period("1983-02", "month") + place, "month"), 100.0 * place, 50.0 * place,
                  math.inf if place == 5 else 150.0 * place, -math.inf, math.inf) for place in range(1, 6)]  # fmt: skip
    figure = total(*rows)
    assert "The interval goes beyond the scale." in figure.subtitle
    assert "inf" not in figure.wide_svg
    assert "nan" not in figure.wide_svg
    assert figure.table[-1][2:] == ("250 or more", "no limits")


def test_totals_are_not_drawn_for_an_unreliable_or_monitoring_study():
    check = Diagnostic("leads", "Alike before.", "sign against", "They differed.", key=True)
    assert totals_figure(study(cumulative=made.cumulative(), diagnostics=(check,))) is None
    monitoring = study(cumulative=made.cumulative())
    assert totals_figure(dataclasses.replace(monitoring, study={**monitoring.study, "level": "monitoring"})) is None


# --- pretend dates and baselines


def test_pretend_dates_are_rings_and_the_true_start_a_diamond(drawn):
    figure = drawn[1]
    assert figure.title == "2 of 96 earlier dates show a change at least as large as the true start"
    assert marks(figure.wide_svg) == marks(figure.slim_svg) == 96
    assert "True start" in texts(figure.wide_svg)
    assert "Lines: 95% interval, for each alone." in figure.subtitle
    assert figure.table[0] == ("Start", "Change", "95% interval")
    assert figure.table[-1] == ("February 1983 (true start)", "−15.1%", "−21.5 to −8.3")
    assert figure.alt_description.endswith("True start, February 1983: −15.1% (−21.5 to −8.3).")


def test_pretend_dates_without_bounds_or_in_another_unit():
    bare = tuple(Placebo("period", "", f"198{year}-01", float(year), measure="per 100,000") for year in range(3))
    figure = placebo_figure(study(placebos=(*bare, Placebo("period", "", "1983-02", -4.0, measure="per 100,000",
                                                           true=True))))  # fmt: skip
    assert figure.table[0] == ("Start", "Change, per 100,000")
    assert figure.table[-1] == ("February 1983 (true start)", "−4.00")
    assert "interval" not in figure.subtitle


def test_one_pretend_date_and_places_alone_are_no_chart():
    assert placebo_figure(study(placebos=made.placebos()[-2:])) is None
    places = tuple(Placebo("unit", name, "", 1.0, measure="percent", true=name == "A") for name in "ABC")
    assert placebo_figure(study(placebos=places)) is None


def test_infinite_bounds_of_the_true_start_are_clipped():
    true = dataclasses.replace(made.placebos()[-1], low=-math.inf, high=math.inf)
    figure = placebo_figure(study(placebos=(*made.placebos()[:-1], true)))
    assert figure.table[-1][2] == "no limits"
    assert "Some intervals go beyond the scale." in figure.subtitle
    assert "inf" not in figure.wide_svg


def test_baselines_are_drawn_with_every_interval(drawn):
    figure = drawn[2]
    assert figure.title == "By the earlier window that is taken, the change runs from −46% to +8%"
    assert marks(figure.wide_svg) == 7
    assert figure.table[-1] == ("December 2019 (the window of this study)", "−45.9%", "−70.9 to −5.9")
    assert "Lines: 95% interval, for each alone." in figure.subtitle


def test_two_baselines_are_a_table_and_no_chart():
    assert baseline_figure(demo.portsmouth()) is None


def test_windows_that_are_no_periods_are_left_to_the_table():
    words = tuple(Baseline(name, "sometime", "later", -3.0, measure="percent") for name in ("a", "b", "c"))
    assert baseline_figure(study(baselines=words)) is None


# --- power


def test_power_is_a_line_for_each_length_before(drawn):
    figure = drawn[3]
    assert figure.title == "With 169 months before and 23 after, a change of 9.4% could be found four times in five"
    assert marks(figure.wide_svg) == 16
    for words in ("24 before", "169 before", "Large enough to matter", "This study"):
        assert words in re.sub(r"\s+", " ", texts(figure.wide_svg))
    assert figure.table[1] == ("169", "23", "9.4%")
    assert len(figure.table) == 18
    assert "A dashed line marks 5%, the change that matters." in figure.alt_description


def test_power_of_one_cell_without_own_or_margin():
    power = {"target": 0.8, "cells": [{"before": 24, "after": 12, "smallest_change_percent": -18.0}]}
    whole = study(power=power)
    outcomes = {"main": {**whole.study["outcomes"]["main"], "minimum_important_change": None}}
    figure = power_figure(dataclasses.replace(whole, study={**whole.study, "outcomes": outcomes}))
    assert marks(figure.wide_svg) == 1
    assert "Large enough" not in texts(figure.wide_svg)
    assert figure.table[1:] == (("24", "12", "18%"),)


def test_power_that_found_nothing_is_not_drawn():
    cells = [{"before": 24, "after": 12, "smallest_change_percent": None},
             {"before": 24, "after": 24, "smallest_change_percent": math.inf}]  # fmt: skip
    assert power_figure(study(power={"target": 0.8, "cells": cells})) is None
