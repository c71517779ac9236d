"""The page of published claims, and the same in the terminal: every claim, its verdict, and what would be needed."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalkit.claims import RULES, read_claims
from evalkit.claims.table import HEADS, all_checked, counts_of, number_words
from evalkit.cli import app
from evalkit.report.catalogue import words
from evalkit.report.site.claims import FILE, claims_page
from evalkit.report.site.library import Library
from evalkit.report.templates import SITE_PAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page():
    return claims_page(Library((), ROOT))


@pytest.fixture(scope="module")
def checked():
    return all_checked(read_claims(ROOT))


def test_every_claim_stands_on_the_page_with_all_that_was_found(page, checked) -> None:
    labels = words(ROOT)["published"]["verdicts"]
    for one in checked:
        entry = page.document.split(f'id="{one.id}"')[1].split("</li>")[0]
        text = re.sub(r"<[^>]+>", "\n", entry).replace("&#39;", "'").replace("&amp;", "&").replace("&gt;", ">")
        assert ("Our own sum" if one.claim.made_here else labels[one.verdict]) in text
        assert one.sentence in text
        assert number_words(one.numbers) in text
        for found in one.findings:
            assert f"{found.found} ({found.code})" in text
            assert RULES[found.code].needed in text


def test_every_verdict_has_words_and_every_word_a_verdict(checked) -> None:
    from typing import get_args

    from evalkit.claims.verdicts import Verdict

    assert set(words(ROOT)["published"]["verdicts"]) == set(get_args(Verdict))


def test_the_file_beside_it_holds_the_same(page, checked) -> None:
    assert "claims" in SITE_PAGES
    rows = list(csv.DictReader(io.StringIO(page.files[FILE].removeprefix("\ufeff"))))
    assert [row["id"] for row in rows] == [one.id for one in checked]
    assert {row["id"]: row["low"] for row in rows}["hvct2"] == "-54.7"


def test_counts_are_of_claims_and_not_of_readings(page, checked) -> None:
    told = counts_of(checked)
    assert told == {"all": 70, "made": 2, "numbers": 11, "slips": 2, "changes": 4, "clear": 2, "activity": 26}
    assert "Claims\\: 70\\. Our own sums with their numbers\\: 2\\." in page.document
    assert "With numbers that can be made again\\: 11\\." in page.document
    ours = {one.id for one in checked if one.claim.made_here}
    assert ours == {"hvct1q", "hvct12"}
    assert page.document.count("Our own sum<") == 2


def test_a_project_without_claims_has_no_page_and_a_wrong_one_says_why(tmp_path) -> None:
    assert claims_page(Library((), tmp_path)).document == ""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "claims.yaml").write_text("evalkit: 1\ndocuments: {}\nclaim: {}\n", encoding="utf-8")
    (problem, *_) = claims_page(Library((), tmp_path)).problems
    assert "data/claims.yaml" in str(problem)


def test_the_verb(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(ROOT)
    run = CliRunner().invoke
    told = run(app, ["claims", "hvct2"]).output
    assert "18% lower would" in told
    assert "R02 One month is set against one month." in told
    (row,) = json.loads(run(app, ["claims", "--json", "hkc3"]).output)
    assert (row["recomputed_percent"], row["rules"]) == (83.3, ["R04", "R05", "R10"])
    assert json.loads(run(app, ["claims", "--format", "json", "hkc3"]).output) == [row]
    assert next(csv.reader(io.StringIO(run(app, ["claims", "--format", "csv"]).output))) == list(HEADS)
    assert run(app, ["claims"]).output.rstrip().endswith("26 that count an activity.")
    assert run(app, ["claims", "nothing"]).exit_code != 0
    assert run(app, ["claims", "--format", "xml"]).exit_code != 0
    monkeypatch.chdir(tmp_path)
    assert run(app, ["claims"]).exit_code != 0
