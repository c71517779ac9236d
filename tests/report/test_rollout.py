"""Where and when: starts by how exactly they are known, what else happened, and why these places."""

import dataclasses
import itertools
from datetime import date

import demo
import layouts
import pytest

from evalkit.records import Coverage, UnitCoverage
from evalkit.report.drawing import SLIM, WIDE
from evalkit.report.rollout_chart import draw_rollout, read_chart
from evalkit.report.rollout_reading import read_rollout
from evalkit.report.told import rollout
from evalkit.report.written_dates import day_number, read_stretch

NASTY = 'Llŷn <script>alert("x")</script> & ' + "very long words " * 14


def place(name, start=None, precision="month", **more):
    return {"id": name, "start": start, "date_precision": precision, **more}


def study(units=(), others=(), shocks=(), base=None, **block):
    base = base or demo.rehearsal()
    told = {"units": list(units), "co_interventions": list(others), "shocks": list(shocks), **block}
    return dataclasses.replace(base, study={**base.study, "rollout": told})


def other(name, start, end=None, units="all"):
    return {"name": name, "from": start, "to": end, "units": units, "expected_direction": "decrease"}


PLACES = [
    place("Luton", "2022-04-11", "day", dose="Two officers", source="Force order 7", stop="2023-06"),
    place("Derby", "2022-05-02", "fortnight"),
    place("York", "2022-Q3", "quarter"),
    place("Bath", 2022, "month"),
    place("Hull", "2022-11", "unknown"),
    place("Wells", None, "unknown"),
    place("Ely", "never"),
]
OTHERS = [
    other("Hot spots", "2022-02", "2022-09", ["Luton", "york"]),
    other("Street lights", "2022-06", None, ["Luton"]),
    other("New law", "2021-11", "2022-03"),
    other("Old scheme", "2001", "2002"),
    other("Undated", None),
]
SHOCKS = [
    {"name": "Lockdown", "from": "2021-01", "to": "2021-04", "handling": "indicator"},
    {"name": "Second wave", "from": "2021-02", "to": "2021-05", "handling": "exclude_from_pre_period"},
]
MANY = [place(f"Place {at}", f"20{15 + at % 8}-{1 + at % 12:02}") for at in range(500)]
LAYOUTS = {
    "all": study(PLACES, OTHERS, SHOCKS),
    "nasty": study([place(NASTY, "2022-04"), place("B" * 90, "2022-05")], [other(NASTY, "2022-01", None, [NASTY])],
                   SHOCKS),
    "many": study(MANY, OTHERS, SHOCKS),
    "many programmes": study(PLACES[:2], [other(f"Other {at}", "2022-02", "2022-03", ["Luton"]) for at in range(30)]),
    "outside": study([place("Luton", "2012-04"), place("Derby", "2030-01")]),
    "one place": study([place("Luton", "2022-04")], OTHERS[2:3]),
    "without data": study(PLACES, OTHERS, SHOCKS, base=dataclasses.replace(demo.rehearsal(), analyses=())),
}  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, SLIM])
@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_word_leaves_the_canvas_or_meets_another(name, size, simulated):
    chart = read_chart(read_rollout(LAYOUTS[name]))
    assert layouts.faults(draw_rollout(chart, size, simulated=simulated)) == []


def starts(name):
    """Return for each place whether its start is a filled mark, a ring or a bar, by name."""
    chart = read_chart(read_rollout(LAYOUTS[name]))
    drawing = draw_rollout(chart, WIDE, simulated=False)
    rings = {point.x for point in drawing.points if point.fill == "paper"}
    filled = {point.x for point in drawing.points if point.fill == "observed"}
    bars = [band.places for band in drawing.areas if band.paint == "band"]
    return chart, filled, rings, bars


def test_marks_tell_how_exactly_a_start_is_known():
    chart, filled, rings, bars = starts("all")
    day = {(row.name): row.start for row in chart.rows}
    assert filled == {day["Luton"].begin}
    assert len(rings) == 2
    assert day["Hull"].begin in rings
    assert sorted(round(bar[1][0] - bar[0][0]) for bar in bars) == [14, 92, 365]
    assert [row.name for row in chart.rows] == ["Bath", "Luton", "Derby", "York", "Hull", "Wells"]


@pytest.mark.parametrize(("written", "precision", "words", "days"), [
    ("2022-04-11", "day", "11 April 2022", 1),
    ("2022-04-11", "month", "April 2022", 30),
    ("2022-04-11", "fortnight", "the fortnight of 11 April 2022", 14),
    ("2022-04", "day", "April 2022", 30),
    ("2022-04", "quarter", "April to June 2022", 91),
    (2022, "month", "2022", 365),
    ("2021-22", "day", "2021/22", 365),
    ("11/04/2022", "year", "2022", 365),
])  # fmt: skip
def test_a_date_is_as_exact_as_the_coarser_of_writing_and_saying(written, precision, words, days):
    found = read_stretch(written, "month", precision)
    assert (found.words, found.end - found.begin) == (words, days)
    assert found.begin <= day_number(date(2022, 4, 11)) or written == "2022-04"


def test_what_is_no_date_is_printed_as_written():
    assert read_stretch("spring", "month") is None
    assert read_stretch(None, "month") is None
    assert read_stretch("7", "number").words == "period 7"
    assert read_stretch("2022-04", "number") is None
    rows = rollout._rows(read_rollout(study([place("A", "spring"), place("B", "never_in_window"), place("C", None)])))
    assert [row[1:3] for row in rows[1:]] == [("spring", "Not known"), ("Not stated", "Not known"),
                                              ("Never", "Does not apply")]  # fmt: skip


def test_five_hundred_places_share_rows_by_start():
    chart = read_chart(read_rollout(LAYOUTS["many"]))
    assert len(chart.rows) <= 40
    assert sum(row.count for row in chart.rows) == 500
    figure = rollout.rollout_figure(LAYOUTS["many"])
    assert figure.title == "All 500 places start between January 2015 and December 2022"
    assert figure.subtitle.startswith("A row for each start.")
    assert len(figure.table) == 501
    yearly = study([place(f"Place {at}", f"{1950 + at % 60}-{1 + at % 12:02}") for at in range(400)])
    found = read_chart(read_rollout(yearly))
    assert (len(found.rows), found.left_out) == (40, 0 if sum(r.count for r in found.rows) == 400 else 400 - sum(
        r.count for r in found.rows))  # fmt: skip
    assert found.left_out > 0


def test_the_chart_is_told_in_words():
    figure = rollout.rollout_figure(LAYOUTS["all"])
    assert figure.title == "5 of 6 places start between 2022 and November 2022"
    assert figure.alt_description.startswith("Simulated data. ")
    for words in ("Luton, from 11 April 2022, until June 2023", "Derby, start within the fortnight of 2 May 2022",
                  "Wells, start not known", "Lockdown (from January 2021 to April 2021, everywhere)",
                  "Hot spots (from February 2022 to September 2022, in Luton, york)"):  # fmt: skip
        assert words in figure.alt_description
    for note in ("Filled mark: the start", "Framed bar", "Ring", "Upright line: the stop", "Letters", "Shaded"):
        assert note in figure.subtitle


def test_one_start_and_nothing_else_is_a_sentence():
    base = demo.seat_belts()
    assert rollout.rollout_figure(base) is None
    assert rollout._starts(read_rollout(base), False) == ["Front seat-belt law: from February 1983."]
    assert rollout.rollout_figure(demo.portsmouth()) is None


def test_starts_come_from_the_intervention_or_the_data():
    base = demo.castle()
    units = tuple(UnitCoverage(name, "2000", "c" * 11, start) for name, start in
                  (("Texas", "2007"), ("Ohio", "2008"), ("Maine", "")))  # fmt: skip
    from_data = read_rollout(dataclasses.replace(base, coverage=Coverage("year", units)))
    assert [(p.name, p.start.words) for p in from_data.started] == [("Texas", "2007"), ("Ohio", "2008")]
    assert (from_data.without, from_data.others) == (1, ("Maine",))
    named = {**base.study, "intervention": {"starts": {"Ohio": 2009, "Utah": None}}}
    assert [p.name for p in read_rollout(dataclasses.replace(base, study=named)).started] == ["Ohio"]


COMPARED = Coverage("month", (UnitCoverage("Luton", "2021-01", "c" * 36, "2022-04"),
                              UnitCoverage("Bath", "2021-01", "c" * 36)))  # fmt: skip


@pytest.mark.parametrize(("event", "told"), [
    (other("Patrols", "2022-02", None, ["Luton"]), True),
    (other("Patrols", "2022-02", None, ["luton"]), True),
    (other("Patrols", "2022-02", None, ["Luton", "Bath"]), False),
    (other("Patrols", "2022-02", None, ["Bath"]), False),
    (other("Patrols", "2022-02"), False),
    (other("Patrols", "2012-02", None, ["Luton"]), False),
    (other("Patrols", None, None, ["Luton"]), False),
])  # fmt: skip
def test_another_programme_in_treated_places_only_is_named(event, told):
    evaluation = dataclasses.replace(study([place("Luton", "2022-04")], [event]), coverage=COMPARED)
    said = rollout._beside(read_rollout(evaluation), evaluation)
    assert ("none that is compared with: Patrols (in Luton" in said or "Patrols (in luton" in said) is told
    assert bool(said) is told


def test_another_programme_in_every_treated_place_can_never_be_told_apart():
    event = other("Patrols", "2022-02", None, ["Luton"])
    for places, apart in ((["Luton"], True), (["Luton", "Hull"], False)):
        made = study([place(name, "2022-04") for name in places], [event])
        evaluation = dataclasses.replace(made, coverage=COMPARED)
        said = rollout._beside(read_rollout(evaluation), evaluation)
        assert ("No analysis of these data can tell them apart." in said) is apart
        assert ("Only an analysis without these places" in said) is not apart


def test_without_a_comparison_everything_beside_is_named():
    base = demo.seat_belts()
    evaluation = study([place("Britain", "1983-02")], [other("Campaign", "1983-06")], base=base)
    said = rollout._beside(read_rollout(evaluation), evaluation)
    assert said == ("Another programme began inside the time studied, and there is no place to compare with: Campaign "
                    "(everywhere). The two cannot be told apart.")  # fmt: skip
    none = study([place("Britain", "1983-02")], base=base)
    assert rollout._beside(read_rollout(none), none) == "No other programme and no shock is stated."


CAUSAL = ("prevented", "saved", "worked", "effective", "due to", "thanks to", "impact", "effect of")


def test_the_page_holds_timeline_calendar_and_choice(render_one):
    evaluation = study(PLACES, OTHERS, SHOCKS, base=demo.portsmouth(), unit_type="city",
                       assignment="By need & <b>rate</b>", selected_on_outcome="level",
                       anticipation_months=2, phase_in_months=1)  # fmt: skip
    page = render_one(evaluation)
    text = page.text()
    text = text[text.index("Where and when", 2000) :]
    for words in ("By need & <b>rate</b>", "Yes: places with high numbers", "2 months before the start", "1 month",
                  "Old scheme Other programme 2001 2002 Everywhere", "Undated Other programme Not stated Not stated",
                  "Second wave Shock February 2021 May 2021 Everywhere Left out of the time before",
                  "What such a choice does to the numbers by itself stands under “What happened”",
                  "No start date that can be read: Wells."):  # fmt: skip
        assert words in text
    assert text.count("By need & <b>rate</b>") == 1
    told = read_rollout(evaluation)
    own = " ".join([*rollout._starts(told, True), rollout._beside(told, evaluation)])
    assert not [word for word in CAUSAL if word in own.casefold()]
    found = page.find("fig-rollout")
    assert len([element for element in found.iter() if str(element.tag).endswith("svg")]) == 2


def test_letters_go_on_after_z():
    from evalkit.report.rollout_reading import _letter

    signs = [_letter(at) for at in range(60)]
    assert (signs[0], signs[25], signs[26], signs[52]) == ("A", "Z", "AA", "BA")
    assert all(one != two for one, two in itertools.combinations(signs, 2))
