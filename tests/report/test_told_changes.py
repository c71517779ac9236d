"""What changed between releases: history, chart, shares and cells on the page, the first side and the list."""

import dataclasses
import re

import demo
import pytest
from told_rooms import Room

from evalkit.archive import from_document, to_document
from evalkit.records import Cell, Cells, Headline, Move, Release, Releases, Share
from evalkit.report.catalogue import words
from evalkit.report.pages import Page
from evalkit.report.site.index import row
from evalkit.report.told import changes

FIRST = Headline(-14.0, -20.0, -7.0, "percent", 0.95, "1984-11")
LAST = Headline(-15.1, -21.4, -8.1, "percent", 0.95, "1984-12")
CELLS = Cells("month", revised=3, added=1, periods_added=("1984-12",), named=(
    Cell("revised", "Northside", "1983-01", 41.0, 44.0), Cell("added", "", "1983-02", None, 7.0)))  # fmt: skip
MOVE = Move(FIRST, LAST, True, 0.1, ("data", "spec"), (Share("data", -1.6, -1.6), Share("spec", 0.5, 0.5),
            Share("code", 0.0, 0.0)), 1, (("data", "data/deaths.csv"), ("spec", "design.season: none -> month")),
            ("The share of the data is taken before that of the study file: the other order could not be run.",),
            CELLS)  # fmt: skip
ONE = Release(1, "2026-01-05", "First figures", "A. Analyst", FIRST)
TWO = Release(2, "2026-03-05", "One month <b>more</b>", "B. Boss", LAST, MOVE)
SAME = dataclasses.replace(MOVE, now=FIRST, beyond=False, causes=("code",), shares=(), cells=None, details=(), notes=())


def study(*history: Release, move: Move | None = None):
    return demo.seat_belts(releases=Releases("0" * 64, history, move))


def test_nothing_without_a_release():
    assert Room(changes, demo.seat_belts()).parts == []
    assert changes.aside(demo.seat_belts()) == "Not released yet."
    assert changes.flag(demo.seat_belts()) == ""


def test_the_first_release_is_a_table_of_one_row_and_no_chart():
    room = Room(changes, study(ONE))
    assert room.titles == ["Every release"]
    assert room.rows("history")[1][0] == "Version 1, 5 January 2026"
    assert changes.history_figure(study(ONE)) is None
    assert changes.aside(study(ONE)) == "First release, 5 January 2026."


def test_a_move_that_is_not_released_says_so():
    moved = study(ONE, move=MOVE)
    room = Room(changes, moved)
    assert room.titles == ["Every release", "What moved since the release of 5 January 2026"]
    assert "The numbers on this page are not released yet." in room.sentences
    assert "The headline went from −14.0% (−20.0 to −7.0) to −15.1% (−21.4 to −8.1)." in room.sentences
    assert "That is more than the study lets pass unremarked: 10% of the standard error." in room.sentences
    cells = "3 cells revised (Northside January 1983: 41 → 44 and 2 more), 1 cell added (February 1983: 7)"
    assert f"In the data: {cells}, 1 month added (December 1984)." in room.sentences
    assert changes.flag(moved) == "moved"
    assert changes.aside(moved).endswith("since the release of 5 January 2026. The numbers on this page are not "
                                         "released yet.")  # fmt: skip
    assert room.rows("history")[-1][0] == "On this page, not released"


def test_shares_are_a_table_whose_last_row_is_their_sum():
    rows = Room(changes, study(ONE, TWO)).rows("moved")
    assert [line[0] for line in rows[1:]] == ["The data", "The study file", "The code of evalkit", "All together"]
    assert [line[1] for line in rows[1:]] == ["−1.6", "+0.5", "0.0", "−1.1"]
    assert "design.season: none -> month" in rows[2][2]
    assert rows[3][2] == "Nothing changed"


def test_a_later_release_tells_what_moved_at_it():
    found = study(ONE, TWO)
    room = Room(changes, found)
    assert room.titles[1] == "What moved at the release of 5 March 2026"
    assert "not released" not in room.text
    assert changes.flag(found) == "remade"
    assert "(version 2, 5 March 2026)" in changes.aside(found)


def test_a_move_of_nothing_but_the_code():
    found = study(ONE, move=SAME)
    assert "The headline did not move." in Room(changes, found).sentences
    assert changes.aside(found) == "First release, 5 January 2026."
    assert changes.flag(found) == ""
    for move in (SAME, None):  # none is kept where numbers were released again as they were
        again = study(ONE, dataclasses.replace(TWO, headline=FIRST, move=move))
        assert changes.aside(again) == (
            "Version 2, 5 March 2026. The headline is the same as in the release before.")  # fmt: skip


def test_the_chart_has_a_row_for_each_release_in_order():
    figure = changes.history_figure(study(ONE, TWO))
    assert figure is not None
    assert figure.title.endswith("−14.0% at the first release, −15.1% now")
    assert [line[0] for line in figure.table[1:]] == ["Version 1, 5 January 2026", "Version 2, 5 March 2026"]
    assert "−20.0 to −7.0" in figure.alt_description
    assert changes.history_figure(study(ONE, dataclasses.replace(
        TWO, headline=dataclasses.replace(LAST, unit="deaths")))) is None  # fmt: skip
    for drawing in figure.svgs:
        assert drawing.startswith("<svg")


def test_names_without_numbers():
    hidden = dataclasses.replace(CELLS, numbers=False, named=(Cell("revised", "series", "1983-01"),))
    room = Room(changes, study(ONE, move=dataclasses.replace(MOVE, cells=hidden)))
    assert room.rows("cells")[0] == ["Place", "Period", "What happened to it"]
    assert "Their numbers are not told" in room.text


@pytest.mark.parametrize("text", ["effect", "impact", "due to", "thanks to", "prevented", "significant", "trend"])
def test_no_word_of_cause_or_size(text):
    said = Room(changes, study(ONE, move=MOVE)).text.casefold()
    assert not re.search(rf"\b{text}\b", said)


def test_the_whole_page_and_the_list():
    found = study(ONE, TWO)
    page = Page(found, None)
    document = page.document()
    assert "What changed between releases {#changes}" in document
    assert "fig-history" in page.exhibits.names
    assert "<b>more</b>" not in document
    badges = [badge["text"] for badge in row(found, words(None))["badges"]]
    assert "Changed at the last release" in badges


def test_records_survive_result_json():
    found = study(ONE, TWO, move=MOVE)
    assert from_document(to_document(found)).releases == found.releases
