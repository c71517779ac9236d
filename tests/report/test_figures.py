"""What readers see: structure, words and bytes of the drawings."""

import math
import re
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evalkit.periods import format_period, parse_period
from evalkit.records import Analysis, Estimate, EventTime, Measure, PathPoint, Result
from evalkit.report import figures
from evalkit.report.drawing import spread, text_width, wrapped
from evalkit.report.figures import Figure
from evalkit.report.scales import change_range, level_range, period_ticks, ticks_within
from evalkit.report.svg import tidy

REPOSITORY = Path(__file__).resolve().parents[2]
DRIVERS = Measure("drivers", "Car drivers killed or seriously injured", "people", "count", "lower")
NASTY = 'A <script>alert("x")</script> & $a$ b\x07c ' + "very long words " * 12
WORDS = {"title": "Fewer than expected", "subtitle": "People a month", "source": "Source: by hand."}


def estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value, low=low, high=high, unit="percent")


def analysis(result: Result, frequency: str = "month", first: str = "", **more: object) -> Analysis:
    values = {"id": "primary", "role": "primary", "label": "Main analysis", "outcome": DRIVERS, "design": {"kind": "x"}}
    return Analysis(**{**values, "result": result, "frequency": frequency, "first_treated": first, **more})


def series(periods: int = 24, start: int = 16, frequency: str = "month", **more: object) -> Analysis:
    first = parse_period("1981-10", frequency) if frequency != "number" else 1
    path = []
    for place in range(periods):
        level, after = 1650.0 - 2 * place, place >= start
        fitted = level * (0.8 if after else 1.0)
        path.append(PathPoint(
            "Great Britain", format_period(first + place, frequency), round(fitted + 60 * math.sin(place * 2.3)),
            *((level, level * 0.93, level * 1.07) if after else (None, None, None)), fitted))  # fmt: skip
    result = Result("", "", Estimate(-0.22, scale="log"), relative=estimate(-20.0, -26.4, -13.1), path=tuple(path))
    return analysis(result, frequency, format_period(first + start, frequency), **more)


def two_groups(periods: int = 11, start: int = 6) -> Analysis:
    path = []
    for unit, level in (("treated", 5.4), ("comparison", 4.1)):
        for place in range(periods):
            expected = level + 0.03 * place
            after = unit == "treated" and place >= start
            bounds = (expected, expected - 0.2, expected + 0.2) if after else (None, None, None)
            path.append(PathPoint(unit, str(2000 + place), expected * (1.08 if after else 1), *bounds))

    def event(at: int) -> EventTime:
        value = 0.02 * at
        return EventTime(at, value, 0.03, value - 0.065, value + 0.065, value - 0.1, value + 0.1)

    events = tuple(EventTime(at, 0.0) if at == -1 else event(at) for at in range(-4, 4))
    result = Result(
        "", "", Estimate(0.077, scale="log"), relative=estimate(8.0, 1.0, 15.4), path=tuple(path), event_study=events
    )
    outcome = Measure("homicide", "Homicides", "per 100,000", "rate", "lower")
    return analysis(result, "year", str(2000 + start), outcome=outcome)


def change(
    name: str, value: float, low: float | None, high: float | None, role: str = "sensitivity", **more: object
) -> Analysis:
    result = Result("", "", Estimate(-0.1, scale="log"), relative=estimate(value, low, high))
    return analysis(result, **{"id": name, "role": role, "label": f"Analysis {name}", **more})


def paths_figure(of: Analysis, **more: object) -> Figure:
    return figures.observed_against_expected(of, **{"interruption_label": "Law in force", **WORDS, **more})


def every_figure() -> list[Figure]:
    rows = [change("other", -10, -20, 1), change("primary", -15, -21, -8, "primary")]
    return [
        paths_figure(series()),
        paths_figure(two_groups()),
        figures.before_and_after(rows, **WORDS),
        figures.forest(rows, **WORDS),
        figures.event_study(two_groups(), **WORDS),
    ]


@pytest.fixture(scope="module")
def drawn() -> list[Figure]:
    return every_figure()


def drawings(found: list[Figure]) -> list[str]:
    hundred = figures.of_every_hundred(-15.1, -21.5, -8.3)
    strip = figures.interval_strip(-15, -21, -8, "impact", name="belt", note="two & more")
    return [svg for figure in found for svg in (figure.wide_svg, figure.slim_svg)] + [hundred, strip]


def marks(svg: str, tag: str = "circle") -> int:
    return sum(1 for element in ElementTree.fromstring(svg).iter() if element.tag == tag)


def texts(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in ElementTree.fromstring(svg).iter("text"))


def squares(svg: str) -> int:
    groups = ElementTree.fromstring(svg).iter("g")
    hollow = [group for group in groups if "fill:var(--paper)" in group.get("style", "")]
    return sum(len(group.findall("path")) for group in hollow)


def test_every_drawing_is_a_self_contained_svg(drawn: list[Figure]) -> None:
    for svg in drawings(drawn):
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        labels = root.get("aria-labelledby", "").split()
        assert [root.find("title").get("id"), root.find("desc").get("id")] == labels
        assert root.find("title").text
        assert root.find("desc").text
        assert not re.search(r"https?:|href|<script|<style|<image|<\?xml|url\(|font-family|on\w+=", svg)


def test_colours_are_variables_of_the_page(drawn: list[Figure]) -> None:
    for svg in drawings(drawn):
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb", svg.replace("&#39;", ""))
        styles = re.findall(r"(?:fill|stroke):([^;\"]+)", svg)
        assert styles
        assert all(style == "none" or re.fullmatch(r"var\(--[a-z]+\)", style) for style in styles)


def test_ids_differ_between_figures_and_sizes(drawn: list[Figure]) -> None:
    ids = re.findall(r' id="([^"]+)"', "".join(drawings(drawn)[:2] + drawings(drawn)[4:]))
    assert len(ids) == len(set(ids))


def test_text_is_never_under_ten_pixels_where_it_is_shown(drawn: list[Figure]) -> None:
    for figure in drawn:
        for svg, narrowest in ((figure.wide_svg, 576), (figure.slim_svg, 288)):
            width = float(ElementTree.fromstring(svg).get("viewBox", "").split()[2])
            sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)]
            assert min(sizes) * narrowest / width >= 10


@pytest.mark.parametrize("periods", [2, 11, 192, 500])
def test_one_mark_for_each_observation(periods: int) -> None:
    figure = paths_figure(series(periods, periods // 2, "number"))
    assert marks(figure.wide_svg) == marks(figure.slim_svg) == periods
    assert "stroke-dasharray" in figure.wide_svg
    assert "stroke-dasharray" in figure.slim_svg
    assert len(figure.table) == periods + 1


def test_points_are_hollow_before_and_solid_after() -> None:
    root = ElementTree.fromstring(paths_figure(series()).wide_svg)
    groups = [group for group in root.iter("g") if group[0].tag == "circle"]
    assert [len(group) for group in groups] == [16, 8]
    assert "fill:var(--paper)" in groups[0].get("style", "")
    assert "fill:var(--observed)" in groups[1].get("style", "")


def test_two_groups_have_circles_and_squares() -> None:
    figure = paths_figure(two_groups())
    for svg in (figure.wide_svg, figure.slim_svg):
        assert (marks(svg), squares(svg)) == (11, 11)
        assert "Comparison places" in texts(svg)


def test_labels_stand_in_the_drawing_and_notes_in_the_subtitle() -> None:
    figure = paths_figure(series(), expected_label="Expected without", effect_lines=["20% fewer"])
    for svg in (figure.wide_svg, figure.slim_svg):
        for words in ("Law in force", "Expected without", "What happened", "20% fewer"):
            assert words in texts(svg)
    assert "interval shaded" in texts(figure.slim_svg)
    assert figure.subtitle == "People a month. Each dot is one month. Scale starts at 1,000."


def test_season_taken_out_is_drawn_and_the_record_stays_in_the_table() -> None:
    of = series()
    flat = tuple(PathPoint(p.unit, p.period, 1500.0, p.counterfactual, p.low, p.high, p.fitted) for p in of.result.path)
    figure = paths_figure(of, season_adjusted=flat)
    assert "with the usual season taken out." in figure.subtitle
    assert figure.table[0] == ("Period", "Observed", "Season taken out", "Expected", "95% interval")
    assert figure.table[1] == ("October 1981", "1,650", "1,500", "", "")
    assert figure.table[-1] == ("September 1983", "1,312", "1,500", "1,604", "1,492 to 1,716")


def test_alternative_text_comes_from_the_records(drawn: list[Figure]) -> None:
    assert [figure.alt_description for figure in drawn] == [
        "Points from October 1981 to September 1983. 16 points between 1,564 and 1,695 before. From February 1983, "
        "8 points between 1,231 and 1,352. The dashed expected line runs from 1,618 to 1,604, interval at the end "
        "1,492 to 1,716. Average difference from expected: −20% (−26 to −13). "
        "The whole interval lies below no change.",
        "Points from 2000 to 2010. 6 points between 5.40 and 5.55 before. From 2006, 5 points between 6.03 and 6.16. "
        "The dashed expected line runs from 5.58 to 5.70, interval at the end 5.50 to 5.90. Comparison: "
        "11 points between 4.10 and 4.40. Average difference from expected: +8% (+1 to +15). "
        "The whole interval lies above no change.",
        "2 analyses, one row each. Analysis other: −10% (−20 to +1); Analysis primary: −15% (−21 to −8).",
        "2 analyses, one row each. Analysis primary: −15% (−21 to −8); Analysis other: −10% (−20 to +1).",
        "3 years before the start: effects from −8% to −4%, 2 of 3 intervals cover zero. 4 years from the start "
        "on: effects from 0% to +6%, 4 of 4 intervals cover zero. All are compared with year −1.",
    ]


def test_simulated_data_says_so_inside_every_drawing() -> None:
    rows = [change("primary", -15, -21, -8, "primary", simulated=True)]
    found = [
        paths_figure(series(simulated=True)),
        paths_figure(series(), simulated=True),
        figures.before_and_after(rows, **WORDS),
        figures.forest(rows, **WORDS),
        figures.event_study(two_groups(), simulated=True, **WORDS),
    ]
    strips = [figures.of_every_hundred(-15, -21, -8, simulated=True)]
    strips.append(figures.interval_strip(-15, -21, -8, "impact", name="x", simulated=True))
    for svg in [*strips, *(svg for figure in found for svg in (figure.wide_svg, figure.slim_svg))]:
        assert "Simulated data" in texts(svg)
        assert "var(--notice)" in svg
    assert all(figure.alt_description.startswith("Simulated data. ") for figure in found)
    assert "Simulated data" not in paths_figure(series()).wide_svg


def test_hostile_and_long_labels_are_escaped_and_wrapped() -> None:
    found = [
        paths_figure(series(), interruption_label=NASTY, expected_label=NASTY, observed_label=NASTY, name=NASTY),
        figures.forest([change("a", -1, -2, 3, label=NASTY)], heads=(NASTY[:40], NASTY[:40]), name="a", **WORDS),
        figures.event_study(two_groups(), before_label=NASTY, after_label=NASTY, reference_label=NASTY, **WORDS),
    ]
    for figure in found:
        for svg in (figure.wide_svg, figure.slim_svg):
            assert "<script" not in svg
            assert "&lt;script&gt;" in svg
            ElementTree.fromstring(svg)
    assert "<script" not in figures.interval_strip(1, 0, 2, "impact", name=NASTY, note=NASTY)


def test_missing_and_infinite_bounds_are_drawn_as_what_they_are() -> None:
    rows = [
        change("a", 12, -40, math.inf),
        change("b", -20, None, None),
        change("c", -5, -math.inf, 3),
        change("d", 0, -1, 1),
    ]
    figure = figures.before_and_after(rows, **WORDS)
    assert "An arrow: the interval goes beyond the scale." in figure.subtitle
    assert [row[1:] for row in figure.table[1:]] == [
        ("+12%", "−40 or more"), ("−20%", "interval not known"), ("−5%", "+3 or less"), ("0%", "−1 to +1"),
    ]  # fmt: skip
    assert marks(figure.wide_svg) == 4


def test_a_path_without_bounds_or_with_gaps_is_drawn() -> None:
    path = [PathPoint("", "2020", 5.0), PathPoint("", "2021", None), PathPoint("", "2022", 4.0, 5.0, None, math.inf)]
    figure = paths_figure(analysis(Result("", "", Estimate(-0.2), path=tuple(path)), "year", "2022"))
    assert marks(figure.wide_svg) == 2
    assert "(dashed)" in texts(figure.wide_svg)
    assert figure.table[-1] == ("2022", "4", "5", "interval not known")


def test_an_interval_far_beyond_the_data_does_not_press_it_flat() -> None:
    bounds = (52.0, 1.0, 9e9)
    path = [PathPoint("", str(2000 + t), 50.0 + t, *(bounds if t > 5 else (None, None, None))) for t in range(9)]
    figure = paths_figure(analysis(Result("", "", Estimate(-0.2), path=tuple(path)), "year", "2006"))
    assert "The shaded interval goes beyond the scale." in figure.subtitle


def test_an_effect_without_percentage_is_drawn_in_its_own_unit() -> None:
    result = Result("", "", Estimate(-0.021, low=-0.05, high=0.008, unit="per 100,000"))
    figure = figures.forest([analysis(result)], **WORDS)
    assert figure.table == (
        ("Analysis", "Difference, per 100,000", "95% interval"),
        ("Main analysis", "−0.021", "−0.050 to +0.008"),
    )
    mixed = figures.forest(
        [change("primary", -3, -5, -1, "primary"), analysis(result, id="b", role="sensitivity")], **WORDS
    )
    assert mixed.subtitle.endswith("A row without a mark is in another unit.")
    assert mixed.table[-1] == ("Main analysis", "−0.021 per 100,000", "−0.050 to +0.008")


def test_nothing_is_drawn_where_there_is_nothing() -> None:
    with pytest.raises(ValueError, match="no observed path"):
        paths_figure(change("a", 1, 0, 2))
    with pytest.raises(ValueError, match="no event study"):
        figures.event_study(series(), **WORDS)
    with pytest.raises(ValueError, match="no analysis"):
        figures.forest([], **WORDS)


def test_the_primary_analysis_is_first_and_the_only_diamond() -> None:
    figure = figures.forest(
        [change("b", -1, -2, 3), change("a", -5, -9, -1, "primary"), change("c", 2, -2, 3)], **WORDS
    )
    assert [row[0] for row in figure.table[1:]] == ["Analysis a", "Analysis b", "Analysis c"]
    assert marks(figure.wide_svg) == 2
    assert marks(figures.before_and_after([change("a", 1, 0, 2)], level="impact", **WORDS).wide_svg) == 0


@pytest.mark.parametrize(("value", "low", "high", "cells", "solid"), [
    (-15.1, -21.5, -8.3, 100, 78), (8.0, 1.0, 15.0, 115, 101), (-46, -70, -4, 100, 30), (20, -10, math.inf, 200, 90),
])  # fmt: skip
def test_of_every_hundred(value: float, low: float, high: float, cells: int, solid: int) -> None:
    svg = figures.of_every_hundred(value, low, high)
    assert marks(svg, "rect") == cells
    assert svg.count("<rect") == cells
    assert len(re.findall(r"<rect[^>]*fill:var\(--observed\)", svg)) == solid
    assert f"{round(100 + value)} happened" in svg


def test_of_every_hundred_needs_an_interval() -> None:
    assert figures.of_every_hundred(-15, None, -2) == figures.of_every_hundred(250, 100, 300) == ""


def test_interval_strip() -> None:
    svg = figures.interval_strip(120, -10, math.inf, "monitoring", name="far", note="a note", axis=False)
    assert texts(svg) == "+120% (−10 or more) a note"
    assert marks(svg) == 0
    assert marks(figures.interval_strip(-46, -70, -4, "monitoring", name="ring")) == 1
    assert "+40%" in texts(figures.interval_strip(-15, -21, -8, "impact", name="diamond"))


def test_the_same_records_give_the_same_bytes_in_another_process() -> None:
    code = ("import sys, hashlib; sys.path.insert(0, 'tests/report'); import test_figures as t; "
            "print(hashlib.sha256(''.join(t.drawings(t.every_figure())).encode()).hexdigest())")  # fmt: skip
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True,
                              cwd=REPOSITORY, env={"PYTHONHASHSEED": seed, "PATH": ""})  # fmt: skip
        found.add(done.stdout)
    assert len(found) == 1


def test_plotnine_is_not_imported_before_the_first_figure() -> None:
    code = "import sys, evalkit.report.figures; print('plotnine' in sys.modules or 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "False"


def test_a_figure_is_drawn_quickly(drawn: list[Figure]) -> None:
    begun = time.process_time()
    assert paths_figure(series(192, 169)).wide_svg
    assert time.process_time() - begun < 2.5


def test_a_foreign_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="no variable of the page"):
        tidy('<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 1 1" style="stroke: #ff0000"/></svg>', 1)


def test_scales() -> None:
    assert level_range([1174, 1883])[0] == 800
    assert level_range([3, 40])[0] == 0
    assert level_range([0, 0]) == (0, 0.05)
    assert ticks_within(0, 100, 5) == [0, 20, 40, 60, 80, 100]
    assert change_range([-10.0], [-20.0, 5.0, 900.0])[1] < 100
    ticks, between = period_ticks(parse_period("1969-01", "month"), parse_period("1984-12", "month"), "month", 3.3, 13)
    assert [tick.words for tick in ticks][:3] == ["1970", "1972", "1974"]
    assert not between
    ticks, _ = period_ticks(parse_period("2019-04", "month"), parse_period("2019-06", "month"), "month", 100, 13)
    assert [tick.words for tick in ticks] == ["Apr 2019", "May 2019", "Jun 2019"]


@pytest.mark.parametrize("frequency", ["day", "week", "month", "quarter", "year", "financial_year", "number"])
@pytest.mark.parametrize("periods", [1, 2, 9, 40, 300])
def test_period_ticks_never_overlap(frequency: str, periods: int) -> None:
    pixels = 560 / periods
    ticks, _ = period_ticks(600, 600 + periods - 1, frequency, pixels, 13)
    ends = [(tick.at * pixels, text_width(tick.words, 13) / 2) for tick in ticks]
    assert ticks or periods > 2
    assert all(b[0] - a[0] >= a[1] + b[1] for a, b in pairwise(ends))


def test_labels_are_kept_apart_and_texts_in_lines() -> None:
    assert spread([10, 12, 90], [20, 20, 20], 0, 100) == [10, 30, 80]
    assert spread([95, 96], [30, 30], 0, 100) == [40, 70]
    assert wrapped("one two three", 10, 45) == ["one two", "three"]
    assert wrapped("x" * 40, 10, 60, most=2)[-1].endswith("…")
    assert all(text_width(line, 12) <= 100 for line in wrapped(NASTY, 12, 100))


def test_the_period_compared_with_is_named_in_full_and_inside_the_drawing() -> None:
    of = two_groups()
    for analysis_of in (of, replace(of, frequency="month", first_treated="2006-01")):
        figure = figures.event_study(replace(analysis_of, simulated=True), **WORDS)
        for svg in (figure.wide_svg, figure.slim_svg):
            assert re.search(r"Compared with ?this (?:year|month)", texts(svg))
            assert "…" not in texts(svg)
