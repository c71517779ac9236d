"""Counts and lists that the documents print of registers, rules, verdicts and questions are those that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from evalkit.claims import read_claims
from evalkit.claims.rules import RULES
from evalkit.records import Verdict
from evalkit.register import read_measures, read_programmes
from evalkit.report.catalogue import words
from evalkit.report.site.guide import guide
from evalkit.sources.guards.rules import RULES as GUARDS

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = {4: "four", 5: "five", 20: "twenty"}


def text_of(name: str) -> str:
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def test_programmes() -> None:
    found = read_programmes(ROOT)
    assert found is not None
    programmes, documents = found.model.programmes, WRITTEN[len(found.model.documents)]
    assert f"programmes ({len(programmes)} that {documents} published documents name" in text_of("README.md")
    assert f"`programmes.yaml`: {len(programmes)} programmes and systems of {documents} documents" in (
        notes := text_of("data/README.md")
    )
    assert {one.status for one in programmes.values()} == {"primary"}
    dated = [one for one in programmes.values() if one.start.elsewhere is not None]
    assert f"dates from elsewhere, in {WRITTEN[len(dated)]} entries, are `secondary`" in notes
    assert {one.start.elsewhere.status for one in dated if one.start.elsewhere} == {"secondary"}


def test_measures() -> None:
    found = read_measures(ROOT)
    assert found is not None
    strategies = found.model.strategies
    count = sum(len(strategy.measures) for strategy in strategies.values())
    assert f"{count} measures of success of {WRITTEN[len(strategies)]} strategies" in text_of("data/README.md")


def test_claims() -> None:
    found = read_claims(ROOT)
    assert found is not None
    count, documents = len(found.claims), WRITTEN[len(found.documents)]
    assert f"claims ({count} entries of {documents} documents, made again)" in text_of("README.md")
    assert f"`claims.yaml`: {count} entries of {documents} documents, word for word, all `primary`" in text_of(
        "data/README.md"
    )
    assert {claim.status for claim in found.claims.values()} == {"primary"}


def test_rules_for_claims() -> None:
    assert f"held against {WRITTEN[len(RULES)]} rules" in text_of("README.md")
    codes = list(RULES)
    assert f"The rules {codes[0]} to {codes[-1]} (" in text_of("METHODS.md")


def test_questions_of_the_guide() -> None:
    questions = guide(words(ROOT)["guide"]).questions
    assert f"| which design can be used: {WRITTEN[len(questions)]} questions |" in text_of("README.md")


@pytest.mark.parametrize("name", ["METHODS.md", "ARCHITECTURE.md"])
def test_every_verdict_is_named(name: str) -> None:
    verdicts = get_args(Verdict)
    assert len(verdicts) == 4
    quote = "*" if name == "METHODS.md" else '"'
    assert [verdict for verdict in verdicts if f"{quote}{verdict}{quote}" not in text_of(name)] == []


def test_every_guard_stands_in_the_table() -> None:
    whole = (ROOT / "METHODS.md").read_text(encoding="utf-8")
    section = whole.partition("## Guards on the data")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(GUARDS)
