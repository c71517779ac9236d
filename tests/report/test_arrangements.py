"""Nothing that an author writes is ignored: every key of the blocks of words is on the page."""

import dataclasses
import typing

import demo
import pytest
from pydantic import BaseModel

from evalkit.records import Diagnostic, Estimate
from evalkit.report import summary
from evalkit.report.cautions import in_short
from evalkit.report.result_tables import role_words
from evalkit.report.told import changes
from evalkit.report.words import headline
from evalkit.spec import assurance, blocks, conclusions, delivery

# Keys that are not shown as they are typed: the kind of a rule, an id, a figure that is printed in other words.
IN_WORDS = {"level", "type", "date_precision", "expected_direction", "selected_on_outcome", "data_seen", "profile",
            "data_seen_before_lock", "analysis", "before", "after", "percent", "anticipation_months",
            "phase_in_months", "units"}  # fmt: skip


def filled(model: type[BaseModel], path: str) -> dict[str, object]:
    """Return a block with every key given, each text the only one of its kind."""
    made: dict[str, object] = {}
    for name, field in model.model_fields.items():
        made[field.alias or name] = value(field.annotation, f"{path}{name}".replace("_", ""))
    return made


def value(annotation: object, word: str) -> object:
    options = [a for a in typing.get_args(annotation) if a is not type(None)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return filled(annotation, f"{word}x")
    if typing.get_origin(annotation) is typing.Literal:
        return options[-1]
    if typing.get_origin(annotation) is list:
        return [value(options[0], word)]
    if typing.get_origin(annotation) is typing.Annotated:
        return value(options[0], word)
    if annotation in (int, float):
        return 7
    if annotation is bool:
        return True
    models = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
    texts = [option for option in options if option is str or typing.get_origin(option) is typing.Annotated]
    if models:
        return value(models[0], word)
    if texts or annotation is str:
        return f"said{word}"
    return value(options[0], word) if options else f"said{word}"


def said(block: object, key: str = "") -> list[str]:
    if isinstance(block, dict):
        return [text for name, part in block.items() for text in said(part, name)]
    if isinstance(block, list):
        return [text for part in block for text in said(part, key)]
    return [block] if isinstance(block, str) and key not in IN_WORDS and block.startswith("said") else []


NAMES = {
    "programme": blocks.Programme,
    "theory_of_change": blocks.TheoryOfChange,
    "governance": blocks.Governance,
    "rollout": blocks.Rollout,
    "registration": blocks.Registration,
    "questions": blocks.Question,
    "disclosure": blocks.Disclosure,
    "choice_of_design": assurance.ChoiceOfDesign,
    "assurance": assurance.Assurance,
    "ethics": assurance.Ethics,
    "standards": assurance.Standards,
    "emmie": conclusions.Emmie,
    "limitations": conclusions.Limitation,
    "recommendations": conclusions.Recommendation,
    "unintended_effects": conclusions.UnintendedEffect,
    "disparities": conclusions.Disparity,
    "strategies": conclusions.StrategyMeasure,
    "data_notes": assurance.DataNotes,
    "process": delivery.Process,
}
LISTS = ("questions", "limitations", "recommendations", "unintended_effects", "disparities", "strategies")
"""Blocks of which a study file has a list."""


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_printed(name, render_one):
    block = filled(NAMES[name], name.replace("_", ""))
    study = {**demo.seat_belts().study, name: [block] if name in LISTS else block}
    text = render_one(demo.seat_belts(study=study)).text()
    words = said(block)
    assert words or name == "disclosure"
    assert [word for word in words if word not in text] == []


def test_every_key_of_a_claim_is_printed(render_one):
    base = demo.portsmouth()
    declared = {"id": "hvct2", "problems": ["No dates", "Other force"], "printed": {"window": "one month", "n": 1204}}
    checked = ({**base.claims[0], "reading": "Rounded down."},)
    text = render_one(demo.portsmouth(study={**base.study, "claims": [declared]}, claims=checked)).text()
    for words in ("one month, 1,204 people or cases", "No dates; Other force", "Rounded down.", "page 14"):
        assert words in text


def test_words_for_choices(render_one):
    study = {
        **demo.seat_belts().study,
        "rollout": {"selected_on_outcome": "spike", "phase_in_months": 1, "co_interventions": [{"name": "Patrols"}]},
        "registration": {"amendments": [{"date": "2026-01-02", "field": "outcomes", "from": "a", "to": "b",
                                         "reason": "Slip.", "data_seen": "none"}]},
        "evaluation_types": ["value_for_money"],
        "disclosure": {"profile": "custom", "min_cell": 5, "round_to": 10},
    }  # fmt: skip
    text = render_one(demo.seat_belts(study=study)).text()
    for words in ("Yes: after an unusually high period", "1 month",
                  "Patrols Other programme Not stated Not stated Everywhere Direction not clear",
                  "2 January 2026 outcomes a b Slip. No data had been seen", "Value for money",
                  "Rule: custom. Counts from 1 to 4 are hidden (0 is shown), and other counts are rounded to the "
                  "nearest 10."):  # fmt: skip
        assert words in text


def test_short_title_and_plain_label(render_one):
    base = demo.seat_belts()
    outcomes = {"main": {**base.study["outcomes"]["main"], "plain_label": "drivers badly hurt"}}
    study = demo.seat_belts(study={**base.study, "short_title": "Seat belts", "outcomes": outcomes})
    assert summary.short_title(study) == "Seat belts"
    assert headline(study).detail.startswith("Drivers badly hurt: 15% fewer than expected")
    page = render_one(study)
    assert "".join(page.find("title").itertext()) == "Seat belts"
    assert base.title in page.text()


def test_roles_in_words():
    primary = demo.seat_belts().primary
    found = [role_words(dataclasses.replace(primary, role="secondary", outcome_role=role))
             for role in ("negative_control", "harm", "process", "secondary")]  # fmt: skip
    assert found == ["Should not move", "Harm", "Process", "Other outcome"]
    assert role_words(primary) == "Main"


def test_the_headline_says_in_short_what_a_check_saw():
    def check(**words):
        return Diagnostic(**{"name": "x", "assumption": "Alike before.", "verdict": "sign against",
                             "reading": "chi2(4) = 9.12, p = 0.003.", "key": True, **words})  # fmt: skip

    assert in_short([check(short="they differed before")]) == "they differed before"
    assert in_short([check(name="pre_period_leads")]) == "the groups drifted apart before the start"
    assert in_short([check()]) == "a key check speaks against this: alike before"


@pytest.mark.parametrize("status", ["draft", "final"])
def test_a_study_without_a_release_is_not_called_released(status):
    assert changes.aside(demo.seat_belts(study={**demo.seat_belts().study, "status": status})) == "Not released yet."


@pytest.mark.parametrize(
    ("expected", "observed", "difference", "shown"),
    [
        (69.34, 61.39, -7.95, ("69", "61", "8 fewer", "")),  # not 69.3 less 61.4 makes 8.0
        (101.8, 99.5, -2.3, ("102", "100", "2 fewer", "")),  # not 102 less 99.5 makes 2.3
        (63.1, 52.4, -10.66, ("63.1", "52.4", "10.7 fewer", "")),
        (70.0, 61.4, -8.6, ("70", "61.4", "8.6 fewer", "")),
        (1551.0, 1322.4, -228.6, ("1,551", "1,322", "229 fewer", "")),
        (61.3949, 61.4451, 0.0502, ("61.4", "61.4", "0.1 more", "; rounded")),
        (69.3, 61.4, -9.4, ("69.3", "61.4", "9.4 fewer", "")),  # another average: no rounding explains it
    ],
)  # fmt: skip
def test_three_numbers_agree_as_printed_or_say_that_they_are_rounded(expected, observed, difference, shown):
    from evalkit.report.ladder import read

    places = demo.rehearsal()
    absolute = Estimate(difference, low=difference - 9.0, high=difference + 9.0)
    fit = {"averages": {"observed": observed, "expected": expected}}
    result = dataclasses.replace(places.primary.result, fit=fit, absolute=absolute)
    study = demo.rehearsal(analyses=(dataclasses.replace(places.primary, result=result),))
    first, second, third = summary.three_numbers(study, read(study))
    note = "; rounded" if third["range"].endswith("; rounded") else ""
    assert (first["big"], second["big"], third["big"], note) == shown


def test_the_author_s_labels_of_who_was_reached_stand_as_written():
    steps = [{"step": "Seen by Gŵr", "number": 1105}, {"step": "People helped.", "number": 55}]
    assert summary.reached({"process": {"reach": steps}}) == "Seen by Gŵr: 1,105. People helped: 55."
    assert summary.reached({"process": {"reach": steps[:1]}}) == ""


@pytest.mark.parametrize(
    ("written", "told"),
    [("2025-06", "June 2025"), ("2025-06-03", "3 June 2025"), ("2025", "2025"), ("each autumn", "each autumn")],
)
def test_the_next_update_is_written_as_words(written, told):
    base = demo.seat_belts()
    study = {**base.study, "governance": {"next_update": written}}
    assert f"Next update {told}" in summary.facts(demo.seat_belts(study=study))


def test_averages_are_of_each_place_and_rates_have_their_basis(pages):
    from evalkit.report.ladder import read

    places = demo.rehearsal()
    fit = {"averages": {"observed": 52.4, "expected": 63.1, "expected_low": 59.5, "expected_high": 66.8}}
    absolute = Estimate(-10.66, low=-14.4, high=-7.1)
    result = dataclasses.replace(places.primary.result, fit=fit, absolute=absolute)
    study = demo.rehearsal(analyses=(dataclasses.replace(places.primary, result=result),))
    expected, _, difference = summary.three_numbers(study, read(study))
    assert expected["range"] == "visits a month in each place (59.5 to 66.8)"
    assert difference["big"] == "10.7 fewer"
    assert "by month, average of 4 places (and of 8 without it)" in pages["ae-navigators-rehearsal"].text()
    base = demo.portsmouth()
    averages = {
        "before": 61.25,
        "after": 43.5,
        "noun": "Robberies",
        "unit": "Robberies per 1,000",
        "basis": "per 1,000 in an average month",
    }
    result = dataclasses.replace(base.primary.result, fit={"averages": averages})
    study = demo.portsmouth(analyses=(dataclasses.replace(base.primary, result=result),))
    before, after, _ = summary.three_numbers(study, read(study))
    assert (before["big"], before["range"]) == ("61.2", "robberies per 1,000 in an average month, December 2019")
    assert after["big"] == "43.5"


def test_one_small_bound_does_not_give_its_decimals_to_the_others():
    from evalkit.report.ladder import Change
    from evalkit.report.words import interval_words, phrase

    change = Change(-12.34, -31.2, 0.041, percent=True)
    assert interval_words(change, "count") == "31% fewer to 0.04% more"
    assert phrase(change.value, change, "count") == "12% fewer"
    own = Change(0.39, 0.004, 0.74, percent=False)
    assert interval_words(own, "rate") == "0.004 to 0.74 higher"


def test_a_cost_names_the_prices_it_is_in(pages):
    text = pages["ae-navigators-rehearsal"].text()
    assert "Each, as printed" in text
    assert "in 2023-24 prices" in text
    assert "£1,500 in 2021-22 prices" in text


def test_a_rise_from_nothing_has_no_percentage() -> None:
    from evalkit.report.ladder import Change
    from evalkit.report.words import phrase

    change = Change(float("inf"), 764.0, float("inf"), True)
    assert phrase(change.value, change, "count") == "more, from none,"
