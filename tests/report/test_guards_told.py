"""What the guards found and what the study file says of its data, as the page tells it."""

import dataclasses

import demo
import pytest

from evalkit.records import GuardFinding
from evalkit.report.told import data as room

FOUND = (
    GuardFinding(
        "zero_runs", "No run of zeros is too long for the place's own level", "met", "Probability below 0.001."
    ),
    GuardFinding("sudden_break", "No sudden step", "waived", "Confirmed by the force", "A. Analyst"),
    GuardFinding("newest_periods", "Newest periods", "not_run", "The series is too short."),
)
DATA = {
    "source": "csv", "settling": 2, "provisional": {"from": "1983-06"},
    "breaks": [{"date": "1975-01", "what": "New forms", "units": ["Kent", "<b>Essex"], "handling": "exclude"}],
    "late": [{"file": "Table P6", "expected": "1985-03", "note": "Announced again"}],
}  # fmt: skip


def evaluation(**changes):
    base = demo.seat_belts()
    return dataclasses.replace(base, guards=FOUND, study={**base.study, "data": DATA, **changes})


def test_the_page_tells_guards_beside_the_authors_own_rules(render_one):
    notes = {"quality_rules": [{"rule": "No blanks", "found": "not_met"}], "provisional": "As the force says.",
             "breaks": [{"date": "1975-01", "what": "Twice"}, {"date": "1979-04", "what": "New law"}]}  # fmt: skip
    page = render_one(evaluation(data_notes=notes))
    text = page.text()
    for words in ("Rules that the data were held against: 1 met, 1 not met, 1 waived, 1 not looked for",
                  "Waived by A. Analyst", "Confirmed by the force", "Not looked for", "Those from June 1983 on. As the",
                  "The newest 2 months, which may still change", "Table P6 (announced for March 1985): Announced again",
                  "New forms (Kent, <b>Essex)", "What is beyond it is left out", "New law",
                  "Changes in how the data are recorded: 2", "provisional from June 1983 on"):  # fmt: skip
        assert words in text, words
    assert "Twice" not in text, "one break, one row: the data block declares it"
    assert "<b>Essex" not in page.source
    assert "passed" not in text[text.index("Rules that the data were held") :][:600].casefold()


def test_downloads_of_provisional_figures_say_so(render_one):
    page = render_one(evaluation())
    assert "provisional-" in page.source
    assert "provisional-" not in render_one(demo.seat_belts()).source


@pytest.mark.parametrize("key", ["settling", "late", "provisional"])
def test_nothing_is_said_of_what_is_not_there(render_one, key):
    text = render_one(demo.seat_belts()).text()
    words = {"settling": "Which newest figures", "late": "Which files are late", "provisional": "provisional from"}
    assert words[key] not in text


def test_one_newest_period_is_told_as_one():
    one = dataclasses.replace(evaluation(), study={**evaluation().study, "data": {"source": "csv", "settling": 1}})
    assert room._settling(one) == "The newest month, which may still change"


@pytest.mark.parametrize(("others", "said"), [
    ([], "Nothing in the main analysis"),
    ([{"date": "1979-04", "handling": "indicator"}], "Nothing in the main analysis; one other handles it"),
    ([{"date": "1979-04", "handling": "exclude", "units": ["Kent"]}, {"date": "1979-04", "units": "all",
      "handling": "split"}], "Nothing in the main analysis; one other handles it"),
    ([{"date": "1979-04", "handling": "none"}], "Nothing in the main analysis"),
    ([{"date": "1980-04", "handling": "exclude"}], "Nothing in the main analysis"),
])  # fmt: skip
def test_what_another_analysis_does_about_a_change_in_recording_is_said(others, said):
    block = {**DATA, "breaks": [{"date": "1979-04", "what": "New law", "handling": "none"}]}
    study = {**demo.seat_belts().study, "data": block, "sensitivity": [{"id": "other", "data": {"breaks": others}}]}
    (row,) = room._breaks(study).rows
    assert row[-1] == said
