"""Long parts of a page: paragraphs become lists, long tables say what they hold, downloads stand in groups."""

from dataclasses import replace

import demo_comparisons
import demo_money
import pytest

from evalkit.records import GroupTime, LeftOut
from evalkit.report import by_start
from evalkit.report.downloads import grouped
from evalkit.report.other_data import NO_INTERVALS, leave_out_table
from evalkit.report.pages import Page
from evalkit.report.templates import page_environment


def cells(*intervals: tuple[float | None, float | None]):
    study = demo_comparisons.staggered()
    primary = study.primary
    made = tuple(
        GroupTime("2006", str(2004 + place), 0.0 if place == 1 else 0.1 * place, low=low, high=high)
        for place, (low, high) in enumerate(intervals)
    )
    return replace(primary, result=replace(primary.result, group_time=made))


def test_a_table_without_any_interval_says_so_once():
    table = by_start.group_time_table(cells((None, None), (None, None), (None, None)))
    assert by_start.NO_CELL_INTERVAL in table.note
    assert "95% interval" not in table.note
    assert not any("no interval" in cell for row in table.rows for cell in row)
    assert not table.cards  # numbers alone: narrow screens scroll the table and do not stack 200 cards


def test_the_period_that_others_are_held_against_is_told():
    rows = by_start.group_time_table(cells((-0.1, 0.1), (None, None), (0.1, 0.3))).rows
    assert [row[2:] for row in rows][1] == ("before: the one compared with", "0, by definition")
    assert "no interval" not in rows[1][3]
    assert rows[0][2] == "before"
    assert rows[2][2] == "from it on"


def test_downloads_stand_in_groups():
    listed = [
        ("headline.csv", "Figure 1: Fewer (CSV)"),
        ("result-table.csv", "What happened (CSV)"),
        ("tidier-table.csv", "Checklist: TIDieR (CSV)"),
        ("cheers-table.csv", "Checklist: CHEERS (CSV)"),
    ]
    groups = grouped([("result.json", "All results")], listed)
    assert list(groups) == ["whole", "figures", "tables", "checklists"]
    assert [len(some) for some in groups.values()] == [1, 1, 1, 2]


def test_the_page_heads_each_group_of_downloads(render_one):
    page = render_one(demo_money.hot_spots())
    heads = ["".join(head.itertext()) for head in page.find("downloads").iter("h3")]
    assert heads == ["Everything at once", "Numbers behind the charts", "Tables", "Reporting checklists"]


@pytest.mark.parametrize(("count", "listed"), [(3, True), (2, False)])
def test_a_long_paragraph_is_a_list(count, listed):
    sentence = "Word " * 45 + "end."
    template = page_environment(None).from_string('{% import "macros.qmd" as m %}{{ m.part(made) }}')
    told = template.render(made={"title": "Title", "sentences": [sentence] * count, "blocks": []})
    assert told.count("\n- Word") == (count if listed else 0)


def test_power_is_told_a_sentence_at_a_time():
    study = demo_comparisons.staggered()
    words = (
        "Simulated 200 times from 16 units. With 6 units, a fall of 16.4% would be found. Cells differ by 1.4%. Last."
    )
    cell = {"before": 8, "after": 6, "smallest_change_percent": -16.4}
    power = {"target": 0.8, "level": 0.95, "replications": 200, "measure": "percent", "cells": [cell], "own": cell,
             "words": words}  # fmt: skip
    primary = replace(study.primary, result=replace(study.primary.result, power=power))
    part = Page(replace(study, analyses=(primary,)), None)._design()["power"]
    assert "Simulated 200 times from 16 units." in part["sentences"]
    assert "Cells differ by 1.4%." in part["sentences"]


def test_what_is_left_out_without_any_interval_says_so_once():
    study = demo_comparisons.staggered()
    parts = (LeftOut("Garth", -0.1, measure="percent"), LeftOut("Hythe", -0.2, measure="percent"))
    primary = replace(study.primary, result=replace(study.primary.result, leave_out=parts))
    table = leave_out_table(primary)
    assert [row[1] for row in table.rows] == ["−0.1%", "−0.2%"]
    assert table.note == NO_INTERVALS
    known = replace(
        primary, result=replace(primary.result, leave_out=(replace(parts[0], low=-0.3, high=0.1), parts[1]))
    )
    assert [row[1] for row in leave_out_table(known).rows] == ["−0.1% (−0.3 to +0.1)", "−0.2% (no interval)"]
