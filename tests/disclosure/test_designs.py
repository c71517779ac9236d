"""Every design with small counts in single places and months: no byte that leaves holds one of them."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalkit.archive import to_text
from evalkit.cli import app
from evalkit.disclosure import rule_of
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec
from tests.disclosure.designs import (
    DESIGNS,
    OF_COUNTS,
    PLACES,
    POPULATION,
    SMALL,
    TIMES,
    usual,
    write_design,
    write_places,
)

POLICE, HES = "{profile: police}", "{profile: hes}"
RATES = {count: count / POPULATION * 100_000 for count in sorted(SMALL.values())}
DIGITS = {count: f"{rate:.12f}"[2:10] for count, rate in RATES.items()}
"""The first digits of the rate of each small count, as result.json and downloads would hold them."""
PRINTED, READ_OUT = ([f"{rate:.{digits}f}" for rate in RATES.values()] for digits in (4, 3))
"""The same as a page might print them, and as the alternative text of a path does; elsewhere bounds may round alike."""

WITH_PAGES = ("two_way", "synthetic_did", "callaway_santanna", "controls", "comparison_areas", "poisson")
"""Designs of which the pages are searched as well: one for each kind of exhibit."""


def everything(project: Path, *, pages: bool = True) -> dict[str, str]:
    """Return what running and reporting print, and every file that they write, by its path."""
    told = ""
    for verb in [["run", "small"], ["report", "small", "--engine", "bundled"]][: 2 if pages else 1]:
        done = CliRunner().invoke(app, verb)
        assert done.exit_code == 0, done.output
        told += done.output
    files = {path for folder in ("results", "_site", "studies") for path in (project / folder).rglob("*")
             if path.is_file()}  # fmt: skip
    texts = {str(path.relative_to(project)): path.read_text(encoding="utf-8", errors="replace") for path in files}
    return {"printed": told, **texts}


def told(rates: list[str], text: str) -> list[str]:
    """Return the rates that a text holds as numbers of their own."""
    return [rate for rate in rates if re.search(rf"(?<![0-9.]){re.escape(rate)}(?![0-9])", text)]


def shown_numbers(project: Path) -> list[float]:
    """Return every number of events that a path shows, by period and by quarter, with those in downloads."""
    document = json.loads((project / "results" / "small" / "result.json").read_text(encoding="utf-8"))
    seen = []
    for analysis in document["analyses"]:
        per = POPULATION / 100_000 if analysis["measure"]["kind"] == "rate" else 1.0
        points = [*analysis["path"], *analysis["disclosure"]["path"]]
        seen += [point["observed"] * per for point in points if point["observed"] is not None]
    return seen


@pytest.mark.parametrize("name", [*DESIGNS, "poisson"])
def test_no_byte_holds_a_small_count(project: Path, name: str) -> None:
    write_design(project, name, POLICE)
    texts = everything(project, pages=name in WITH_PAGES)
    assert any("headline.csv" in path for path in texts) is (name in WITH_PAGES)
    for path, text in texts.items():
        assert [digits for digits in DIGITS.values() if digits in text] == [], path
        read_out = " ".join(found for found in re.findall(r"<desc[^>]*>(.*?)</desc>", text) if "Points from" in found)
        assert told(PRINTED, text) + told(READ_OUT, read_out) == [], path
    assert any("Points from" in text for text in texts.values()) is (name in WITH_PAGES)
    rule = rule_of({"profile": "police"})
    assert rule is not None
    assert shown_numbers(project)
    assert not any(rule.hides(number) for number in shown_numbers(project))
    for path, text in texts.items():
        if path.endswith("headline.csv") and name in OF_COUNTS:
            columns = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
            assert not any(row["Observed"] and rule.hides(float(row["Observed"])) for row in columns)


def test_nothing_is_left_of_a_run_without_a_rule(project: Path) -> None:
    write_design(project, "series", "{profile: none}", more="short_title: Without a rule\n")
    open_texts = everything(project)
    assert any(told(PRINTED, text) or any(digits in text for digits in DIGITS.values()) for text in open_texts.values())
    write_design(project, "series", POLICE)
    texts = everything(project)
    assert [path for path, text in texts.items() if any(digits in text for digits in DIGITS.values())] == []
    assert "results/small/previous.json" not in texts
    write_design(project, "series", POLICE, more="short_title: Again\n")
    assert "results/small/previous.json" in everything(project)


@pytest.mark.parametrize("name", ["two_way", "series", "windows", "controls"])
def test_the_search_finds_what_is_not_hidden(project: Path, name: str) -> None:
    text = to_text(evaluate(load_spec(write_design(project, name, "{profile: none}"))))
    seen = {count for (place, _), count in SMALL.items() if place == "A"}
    assert [count for count in seen if DIGITS[count] not in text] == []


@pytest.mark.parametrize("name", ["two_way", "comparison_areas", "windows", "controls"])
def test_counts_of_hospital_data_are_rounded(project: Path, name: str) -> None:
    path = write_design(project, name, HES, kind="count")
    found = evaluate(load_spec(path)).primary.result
    assert found.disclosure is not None
    seen = [point["observed"] for point in found.disclosure["path"] if point["unit"] in ("treated", "A", "series")]
    assert len(seen) == 16
    assert all(value % 5 == 0 for value in seen)
    assert all(point.observed is None for point in found.path)


def test_places_that_start_together_are_not_told_apart_where_one_is_alone(project: Path) -> None:
    found = evaluate(load_spec(write_design(project, "callaway_santanna", POLICE))).primary.result
    plain = evaluate(load_spec(write_design(project, "callaway_santanna", "{profile: none}"))).primary.result
    assert plain.group_time
    assert plain.aggregations
    assert found.group_time == ()
    assert found.aggregations is None
    assert found.effect == plain.effect


@pytest.mark.parametrize("small", [{}, {("A", "2019-03"): 3}])
def test_of_two_places_the_gap_by_month_is_not_told_where_a_month_is_small(
    project: Path, small: dict[tuple[str, str], int]
) -> None:
    """The gap is the logarithm of a ratio of two counts: to ten digits, no other two have it."""
    path = write_design(project, "two_way", POLICE)
    write_places(project, PLACES[:2], small)
    found = evaluate(load_spec(path)).primary.result
    assert found.n_units == 2
    assert (found.event_study == ()) is bool(small)


@pytest.mark.parametrize("name", ["two_way", "series", "windows", "synthetic_did"])
def test_the_exact_total_of_hospital_data_is_nowhere(project: Path, name: str) -> None:
    rows = [(month, SMALL.get(("A", time), usual(0, month))) for month, time in enumerate(TIMES)]
    totals = [sum(count for month, count in rows if (month < 36) is early) for early in (True, False)]
    assert all(total % 5 for total in totals)
    numbers = [f"{total:,}" for total in totals] + [str(total) for total in totals] + [f"{totals[1] / 12:.6f}"]
    plain = to_text(evaluate(load_spec(write_design(project, name, "{profile: none}", kind="count"))))
    text = to_text(evaluate(load_spec(write_design(project, name, HES, kind="count"))))
    assert told(numbers, plain) or name == "windows"
    assert told(numbers, text) == []
