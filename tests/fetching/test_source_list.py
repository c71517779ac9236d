"""`evalkit data list` at every width: no word broken, nothing cut off, and who was never tried is marked."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.data_commands import _print_list, list_sources
from evalkit.fetching.catalogue import Source, load_catalogue
from evalkit.fetching.states import State
from tests.conftest import REPOSITORY
from tests.fetching.written import source, written

NEVER = "never tried on the publisher's own file"


def listed(width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    capsys.readouterr()
    list_sources(None, None, False)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [40, 72, 80, 100, 120, 133, 160, 250])
def test_no_word_is_broken_and_none_is_lost(
    width: int, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "data/sources.yaml").write_bytes((REPOSITORY / "data/sources.yaml").read_bytes())
    text = listed(width, capsys, monkeypatch)
    assert all(len(line) <= width for line in text.splitlines()), text
    there = text.split()
    for name, entry in load_catalogue(project).sources.items():
        for words in (name, entry.publisher, entry.licence, entry.settling or "", entry.provisional or ""):
            assert all(word in there or f"{word}:" in there for word in words.split()), (words, text)
    assert "…" not in text


def test_wide_enough_is_a_row_for_each_and_narrow_is_lines(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(project, a=source(publisher="Office for National Statistics", settling="The newest months"))
    assert [line.split() for line in listed(120, capsys, monkeypatch).splitlines()[2:4]] == [
        ["a", "Office", "for", "National", "Statistics", "L", "missing", "never"],
        ["a:", "settling:", "The", "newest", "months"]]  # fmt: skip
    assert listed(40, capsys, monkeypatch).splitlines() == [
        "a: missing", "  Office for National Statistics", "  L", "  reader: never tried on the publisher's",
        "    own file", "  settling: The newest months", "",
        "`never`: the reader was never tried on", "  the publisher's own file; look at its",
        "  tables before using them."]  # fmt: skip


@pytest.mark.parametrize("width", [60, 200])
def test_a_reader_that_was_never_tried_is_marked_and_one_that_was_is_not(
    width: int, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(project, untried=source())
    found = " ".join(listed(width, capsys, monkeypatch).split())
    assert NEVER in found
    assert ("reader: never" in found) == (width < 100) or " never " in found
    table = {"path": "data/tidy/p6.csv", "reader": {"kind": "ons_police_force_areas", "tables": ["P6"]}}
    written(project, tried=source(file="data/raw/p.xlsx", tables=[table]))
    assert "never" not in listed(width, capsys, monkeypatch)


@pytest.mark.parametrize("width", [40, 100, 200])
def test_an_address_that_is_not_known_is_told(
    width: int, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for entry, said in (
        (source(), None), (source(address=None, note="Ask"), "its note"),
        (source(address=None, page="https://example.org/where-it-is", note="Ask"), "page and note"),
    ):  # fmt: skip
        written(project, a=entry)
        found = " ".join(listed(width, capsys, monkeypatch).split())
        assert ("address:" in found) == (said is not None)
        assert said is None or f"address: not known; see {said} in data/sources.yaml" in found


def test_the_sources_without_an_address_here(repository: Path) -> None:
    """A new one is named here on purpose: somebody looked for it and did not find it."""
    sources = load_catalogue(repository).sources
    assert {name for name, entry in sources.items() if entry.address is None and entry.page is None} == {
        "serious-violence-funds", "police-uk-two-forces"}  # fmt: skip
    for name in ("serious-violence-funds", "police-uk-two-forces"):
        assert (sources[name].note or "").startswith(("Compiled", "Counted by a third party"))


@settings(deadline=None)  # a machine that does much else is slow
@given(st.integers(20, 220), st.text(st.characters(categories=["L"]), min_size=1, max_size=60))
def test_any_publisher_stands_whole(width: int, publisher: str) -> None:
    state = State("source", Source.model_validate(source(publisher=publisher)), "missing", (), False, False)
    out = io.StringIO()
    with patch.object(sys, "stdout", out), patch.dict("os.environ", {"COLUMNS": str(width)}):
        _print_list([state])
    assert publisher in out.getvalue()
