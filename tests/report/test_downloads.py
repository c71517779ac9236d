"""Downloads: numbers that a program reads, and no cell that a spreadsheet runs."""

import csv
import dataclasses
import io
import math

import demo
import demo_money
import pytest

from evalkit.records import Measure
from evalkit.report.downloads import as_text, csv_text
from evalkit.report.numbers import Shown
from evalkit.report.pages import Page


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("text", ["=1+1", "  =1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", "−5 or =x"])
def test_formulas_are_text(text):
    assert as_text(text) == (text if text.startswith("−") else f"'{text}")


@pytest.mark.parametrize("text", ["-5", "+3.2", "-1e-05", "plain", "a=b", ""])
def test_numbers_and_words_stay(text):
    assert as_text(text) == text


def test_numbers_are_plain_and_in_columns_of_their_own():
    rows = [("Group", "Change", "95% interval"),
            ("=evil", Shown("−1,204.5", -1204.5), Shown("no limit", -math.inf, 3.0)),
            ("b", Shown("not known", None), "compared with")]  # fmt: skip
    assert read(csv_text(rows)) == [
        ["Group", "Change", "95% interval, low", "95% interval, high"], ["'=evil", "-1204.5", "-inf", "3"],
        ["b", "", "", ""]]  # fmt: skip


def test_units_stand_beside_where_they_differ():
    rows = [("What", "Estimate"), ("a", Shown("−15%", -15.0, unit="percent")), ("b", Shown("−231", -231.0, unit="x"))]
    assert read(csv_text(rows))[1:] == [["a", "-15", "percent"], ["b", "-231", "x"]]


@pytest.mark.parametrize("make", [demo.portsmouth, demo.seat_belts, demo.castle, demo.rehearsal, demo_money.hot_spots])
def test_no_file_of_a_page_holds_typographic_numbers_or_formulas(make, tmp_path):
    base = make()
    outcome = dataclasses.replace(base.primary.outcome, label='=HYPERLINK("http://x")')
    analyses = tuple(dataclasses.replace(a, outcome=outcome, label="@x") for a in base.analyses)
    page = Page(dataclasses.replace(base, analyses=analyses), tmp_path)
    page.document()
    words = ("check", "input", "option", "lines", "failures", "parameters", "notes", "cheers")
    tables = {name: text for name, text in page.exhibits.files.items() if not any(word in name for word in words)}
    assert tables
    for name, text in tables.items():
        for row in read(text)[1:]:
            assert not any("−" in cell for cell in row[1:]), (name, row)
    for text in page.exhibits.files.values():
        for cell in (cell for row in read(text) for cell in row):
            assert not cell.lstrip().startswith(("=", "@"))


def test_the_page_keeps_its_own_signs(pages):
    assert "−45.9%" in pages["portsmouth-robberies"].text()


def test_a_unit_never_begins_with_a_capital_inside_a_sentence():
    from evalkit.report.cautions import inside
    from evalkit.report.words import headline

    base = demo.seat_belts()
    unit = Measure("main", "Robberies", "Robberies", "count", "lower")
    primary = dataclasses.replace(base.primary, outcome=unit)
    assert "fewer robberies in all" in headline(dataclasses.replace(base, analyses=(primary,))).detail
    assert [inside(text) for text in ("A&E visits", "NHS costs", "GPs.", "Visits", "")] == [
        "A&E visits", "NHS costs", "GPs", "visits", ""]  # fmt: skip
