"""What the data hold: sentences, chart and table from the record, and nothing drawn where all is there."""

import dataclasses

import demo
import layouts
import pytest

from evalkit.archive import from_document, to_document
from evalkit.records import Coverage, UnitCoverage
from evalkit.report.coverage_chart import coverage_table, draw_coverage, drawn_units
from evalkit.report.coverage_words import coverage_message, coverage_sentences, read_coverage, row_words
from evalkit.report.drawing import SLIM, WIDE
from evalkit.report.told import data

LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch <b>& " + "very long words " * 8


def whole(count: int, periods: int = 24, first: str = "2018-01") -> list[UnitCoverage]:
    return [UnitCoverage(f"Place {at}", first, "c" * periods) for at in range(count)]


def held(*units: UnitCoverage, frequency: str = "month"):
    found = read_coverage(Coverage(frequency, units))
    assert found is not None
    return found


EVERY = (
    UnitCoverage("North", "2018-01", "ccmmmccccccccpp" + "z" * 9),
    UnitCoverage("South", "2018-01", "c" * 22 + "dd"),
)
LAYOUTS = [
    held(*EVERY, *whole(3)),
    held(UnitCoverage("", "2018-01", "cccm")),
    held(UnitCoverage(LONG, "2018-01", "cmcmcmcmcmcm" * 14), UnitCoverage("B", "2031-05", "z")),
    held(UnitCoverage("A", "2018-01", "m")),
    held(UnitCoverage("A", "1", "mc" * 30), frequency="number"),
    held(UnitCoverage("A", "2018-01-01", "mc" * 700), frequency="day"),
    held(*(UnitCoverage(f"Unit {at}", "2000", "cmc") for at in range(500)), frequency="year"),
]


@pytest.mark.parametrize("size", [WIDE, SLIM])
@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("at", range(len(LAYOUTS)))
def test_no_word_leaves_the_canvas_or_meets_another(at, size, simulated):
    assert layouts.faults(draw_coverage(LAYOUTS[at], size, simulated=simulated)) == []


def test_the_search_for_faults_finds_them():
    drawing = draw_coverage(LAYOUTS[0], WIDE, simulated=False)
    drawing.text(0, 30, "over another", 14)
    drawing.text(0, 31, "over this one", 14)
    drawing.text(WIDE.width - 5, 60, "out of the canvas", 14)
    drawing.text(300, 5000, "below", 5)
    found = " ".join(layouts.faults(drawing))
    assert "over another / over this one" in found
    assert "outside: out of the canvas" in found
    assert "small: below" in found


def test_each_state_has_a_shape_of_its_own():
    from evalkit.report.coverage_chart import draw_state

    def shape(state: str) -> tuple[object, ...]:
        drawing = draw_coverage(LAYOUTS[0], WIDE, simulated=False)
        for kind in (drawing.areas, drawing.lines, drawing.labels, drawing.points):
            kind.clear()
        draw_state(drawing, state, (300.0, 340.0), 200.0)
        return ([(band.paint, band.places) for band in drawing.areas],
                [(len(line.positions), line.dashed, line.width, line.positions) for line in drawing.lines])  # fmt: skip

    shapes = [repr(shape(state)) for state in "cpmdz"]
    assert len(set(shapes)) == 5
    assert shape("o") == ([], [])


def test_all_complete_is_one_sentence_and_no_chart():
    evaluation = demo.castle(coverage=Coverage("year", tuple(whole(50, 11, "2000"))))
    assert data.coverage_figure(evaluation) is None
    sentence = "All 50 places have all 11 years that the study uses, 2000 to 2010."
    assert coverage_sentences(held(*whole(50, 11, "2000"), frequency="year")) == [sentence]
    alone = held(UnitCoverage("", "2019-12", "c" + "o" * 35 + "c"))
    assert coverage_sentences(alone) == ["The series has both months that the study uses."]
    assert coverage_sentences(held(UnitCoverage("", "2019", "c"), frequency="year")) == [
        "The series has the year that the study uses, 2019."]  # fmt: skip


def test_what_is_lacking_is_told_with_its_place_and_time():
    found = held(*EVERY, *whole(3))
    assert coverage_message(found) == "1 of 5 places lacks some months"
    said = coverage_sentences(found)
    assert said[0] == "3 of 5 places have all 24 months that the study uses."
    assert said[1] == "Missing: North (March 2018 to May 2018)."
    assert said[2].startswith("Zeros in a row: North (April 2019 to December 2019). At the usual level")
    assert said[3] == "Known only as a range: North (February 2019 to March 2019)."
    assert said[4] == "Gaps that the study declares: South (November 2019 to December 2019)."


@pytest.mark.parametrize(("states", "message"), [
    ("cczz", "1 of 2 places has more zeros in a row than its own level makes likely"),
    ("ccpc", "1 of 2 places has months that are known only as a range"),
    ("cddc", "1 of 2 places has gaps that the study declares"),
])  # fmt: skip
def test_the_message_names_the_gravest_lack(states, message):
    assert coverage_message(held(UnitCoverage("A", "2020-01", states), *whole(1))) == message
    alone = coverage_message(held(UnitCoverage("", "2020-01", states)))
    assert alone != message
    assert "place" not in alone


def test_a_run_of_zeros_is_told_as_one_look_and_one_zero_as_one():
    found = held(UnitCoverage("A", "2020-01", "ccczccc"), UnitCoverage("B", "2020-01", "cczzccc"))
    assert "a rule that allows for all the runs there are to look at can be met" in coverage_sentences(found)[-1]
    assert [row_words(unit, "month") for unit in found.units] == ["1 unlikely zero", "2 zeros in a row"]


def test_five_hundred_places_are_counted_and_not_all_drawn():
    lacking = [UnitCoverage(f"L{at}", "2018-01", "cm" * 12) for at in range(60)]
    found = held(*whole(440), *lacking)
    assert len(drawn_units(found)) == 40
    assert all(not unit.whole for unit in drawn_units(found))
    table = coverage_table(found)
    assert len(table) == 61
    assert table[1] == ("L0", "January 2018", "December 2019", "12", "12", "0")
    evaluation = demo.castle(coverage=found.coverage)
    figure = data.coverage_figure(evaluation)
    assert "20 more places that are not complete are in the table only. 440 complete places are not drawn." in (
        figure.subtitle)  # fmt: skip
    assert figure.title == "60 of 500 places lack some months"
    assert "L0 (" in figure.alt_description
    assert "and 57 more places" in figure.alt_description
    assert len(figure.wide_svg) + len(figure.slim_svg) < 250_000


def test_nothing_is_told_without_a_record_or_of_people():
    assert data.coverage_figure(demo.castle()) is None
    assert read_coverage(Coverage("month", (UnitCoverage("A", "2020-01", ""),))) is None
    people = demo.castle(study={**demo.castle().study, "data": {"person_level": "Consent was given."}})
    assert data._held(people) == ["Rows are single people, so what is missing is not told one by one."]


def test_the_page_says_where_data_come_from_and_what_they_lack(render_one):
    base = demo.rehearsal()
    notes = {"title": "Visits", "url": "https://example.org/<b>", "access": "controlled", "lag": "Six weeks",
             "breaks": [{"date": "2022-04", "what": "New codes", "handling": "split"}],
             "quality_rules": [{"rule": "No blanks", "found": "waived"}, {"rule": "Sums", "found": "not_met"}],
             "dictionary": [{"field": "visits", "meaning": "Number of visits"}]}  # fmt: skip
    study = {**base.study, "data_notes": notes, "data": {"source": "csv", "licence": "OGL"}}
    page = render_one(dataclasses.replace(base, study=study, coverage=LAYOUTS[0].coverage))
    text = page.text()
    for words in ("Controlled: by agreement with the owner", "https://example.org/<b>", "The series is split there",
                  "Waived; who waived it is not stated", "Rules that the data were held against: 1 not met, 1 waived",
                  "Simulated data. 3 of 5 places", "What each field of the data means", "which figures are provisional",
                  "1 of 5 places lacks some months"):  # fmt: skip
        assert words in text
    assert page.find("fig-coverage") is not None
    assert "passed" not in text[text.index("The data") :].casefold().split("how the study was designed")[0]


def test_a_coverage_comes_back_from_the_archive():
    evaluation = demo.castle(coverage=LAYOUTS[0].coverage)
    assert from_document(to_document(evaluation)).coverage == evaluation.coverage
    document = to_document(demo.castle())
    assert document["coverage"] is None
    assert from_document({key: value for key, value in document.items() if key != "coverage"}).coverage is None


def test_a_page_of_five_hundred_places_stays_small(render_one):
    states = ["cm" * 12 if at % 5 == 0 else "c" * 24 for at in range(500)]
    starts = [f"20{18 + at % 2}-{1 + at % 12:02}" for at in range(500)]
    units = [UnitCoverage(f"Place {at} <b>", "2018-01", states[at], starts[at]) for at in range(500)]
    page = render_one(demo.rehearsal(coverage=Coverage("month", tuple(units))))
    text = page.text()
    assert "100 of 500 places lack some months" in text
    assert "All 500 places start between January 2018 and December 2019" in text
    assert len(page.source.encode()) < 500_000
    assert "<b>" not in page.source


def test_a_study_of_one_period_says_what_it_holds(render_one):
    coverage = Coverage("month", (UnitCoverage("", "2022-12", "c", "2022-12"),))
    text = render_one(demo.portsmouth(coverage=coverage)).text()
    assert "The series has the month that the study uses, December 2022." in text
    assert "Violent Crime Taskforce: from December 2022." in text
