"""Numbers that stand twice on a page are counted alike, or the page says how they differ; shares say of how many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import demo
import pytest
import yaml

from evalkit import archive, evidence
from evalkit.records import Estimate, Failure, PathPoint
from evalkit.report import summary, words
from evalkit.report.cumulative_chart import describe_totals, read_totals
from evalkit.report.exhibits import analyses_figure
from evalkit.report.ladder import read
from evalkit.report.left_out import elsewhere_sentence
from evalkit.report.of_how_many import of_how_many
from evalkit.spec.reading import read_yaml

ROOT = Path(__file__).resolve().parents[2]
STUDY = {"outcomes": {"main": {}}, "data": {"source": "package"}}


def other(made, name: str, value: float):
    """Return another choice of method with its own estimate."""
    effect = replace(made.primary.result.effect, value=value)
    return replace(
        made.primary, id=name, label=name, role="sensitivity", result=replace(made.primary.result, effect=effect)
    )


def with_others(*values: float, lost: int = 0):
    made = demo.seat_belts()
    analyses = (made.primary, *(other(made, f"other-{place}", value) for place, value in enumerate(values)))
    failures = tuple(Failure(f"lost-{place}", "it broke", "Lost", "sensitivity") for place in range(lost))
    return replace(made, analyses=analyses, failures=failures)


def test_the_figure_and_the_scale_count_the_same_choices():
    main = demo.seat_belts().primary.result.effect.value
    made = with_others(main, 1.1 * main, 0.9 * main, -main)  # the first is another standard error alone
    assert evidence.same_way(made.primary, made.analyses, made.failures) == (2, 3)
    assert analyses_figure(made).title.startswith("2 of 3 other choices")
    reason = evidence.assess(made.study | STUDY, made.analyses, made.failures)["repeating"]["reason"]
    assert "2 of 3 other estimates point the same way" in reason


def test_a_condition_stands_by_itself_on_the_first_side():
    main = demo.seat_belts().primary.result.effect
    made = with_others(1.1 * main.value)
    wide = replace(made.analyses[1].result.effect, low=-9.0, high=9.0)
    weak = replace(made.analyses[1], result=replace(made.analyses[1].result, effect=wide))
    reason = evidence.assess(made.study | STUDY, (made.primary, weak), ())["repeating"]["reason"]
    told, _ = evidence.in_brief(reason)
    assert told.startswith("Against: the interval of the only other estimate does not lie clear of no change.")


def started(made, name: str, start: str, last: str | None = None, label: str = "A change of recording"):
    """Return another choice with its own start: the time that it looks at ends with its window, or with its path."""
    main = made.primary
    design = {**main.design, "after": {"from": None, "to": last}} if last else main.design
    value = 1.1 * main.result.effect.value
    return replace(other(made, name, value), first_treated=start, design=design, label=label)


@pytest.mark.parametrize(("start", "last", "counts"), [
    ("1983-02", None, True), ("1983-06", None, True), ("1982-06", "1983-12", True),
    ("1985-01", None, False), ("1979-02", "1983-01", False),
])  # fmt: skip
def test_the_change_at_another_start_is_no_other_choice_of_method(start, last, counts):
    base = demo.seat_belts()
    assert base.primary.first_treated == "1983-02"
    primary = replace(base.primary, design={**base.primary.design, "after": {"from": None, "to": "1984-12"}})
    made = replace(base, analyses=(primary, *with_others(1.1).analyses[1:], started(base, "elsewhere", start, last)))
    one = len(made.analyses) - 1
    assert evidence.same_way(primary, made.analyses, ())[1] == (one if counts else one - 1)
    reason = evidence.assess(made.study | STUDY, made.analyses, ())["repeating"]["reason"]
    assert ("1 with another start is not counted" in reason) != counts
    shown = analyses_figure(made)
    assert ("another start" in shown.subtitle) != counts
    assert ("“A change of recording”" in shown.subtitle) != counts
    narrow = replace(made.analyses[-1].result.effect, low=-0.21, high=-0.2)
    slim = replace(made.analyses[-1], result=replace(made.analyses[-1].result, effect=narrow, relative=None))
    assert bool(evidence.narrower(primary, (primary, slim))) == counts


def test_the_figure_says_how_many_have_the_main_estimate():
    main = demo.seat_belts().primary.result.effect.value
    assert "Not counted: 2 with the main estimate" in analyses_figure(with_others(main, main, 1.1 * main)).subtitle
    assert "Not counted" not in analyses_figure(with_others(1.1 * main)).subtitle


def test_an_estimate_at_another_start_alone_is_no_repeat():
    base = demo.seat_belts()
    primary = replace(base.primary, design={**base.primary.design, "after": {"from": None, "to": "1984-12"}})
    analyses = (primary, started(base, "elsewhere", "1985-01"))
    reason = evidence.assess(base.study | STUDY, analyses, ())["repeating"]["reason"]
    assert "no other estimate of this change was asked for (1 with another start is not counted)" in reason
    reason = evidence.assess(base.study | STUDY, (primary,), ())["repeating"]["reason"]
    assert "the study file asks for no other analysis" in reason


def test_the_ends_of_a_number_are_rounded_as_it_is():
    assert words.about(6.4) == "6.4"
    assert words.about(6.4, 210) == "6"
    assert words.about(0.4, 210) == "0.4"


def test_two_totals_are_told_apart_where_they_are_printed_as_different():
    made = demo.seat_belts()
    last = max(made.primary.result.cumulative, key=lambda point: point.period)
    for value, apart in ((last.value, False), (1.5 * last.value, True)):
        averted = replace(
            made.primary.result.averted or Estimate(value, unit="people"), value=value, low=0.5 * value, high=2 * value
        )
        totals = read_totals(replace(made.primary, result=replace(made.primary.result, averted=averted)))
        assert ("expected less fitted" in describe_totals(totals)) is apart
        assert any(f"about {words.about(value)}" in note for note in totals.notes()) is apart


def shares(whole: str | None = "counted"):
    """Return a share before and after, whose study file says of how many."""
    made = demo.portsmouth()
    path = (PathPoint("series", "1", observed=1.0), PathPoint("series", "2", observed=11 / 43, counterfactual=1.0))
    outcome = replace(made.primary.outcome, kind="proportion")
    windows = {"before": {"from": "1", "to": "1"}, "after": {"from": "2", "to": "2"}}
    design = {**made.primary.design, **windows}
    primary = replace(
        made.primary, outcome=outcome, frequency="number", design=design, result=replace(made.primary.result, path=path)
    )
    data = {"source": "counts", "period": {"column": "period"}, "values": [
        {"period": 1, "share": 1, "counted": 43}, {"period": 2, "share": 0.2558, "counted": 43}]}  # fmt: skip
    study = {**made.study, "data": data, "outcomes": {outcome.id: {"exposure": whole}}}
    return replace(made, study=study, analyses=(primary,))


def test_a_share_says_of_how_many_it_is():
    assert of_how_many(shares()) == ("43 of 43", "11 of 43")
    found = summary.three_numbers(shares(), read(shares()))
    assert [one["range"].split(",")[0] for one in found[:2]] == ["43 of 43", "11 of 43"]


@pytest.mark.parametrize("made", [shares(None), shares("unknown"), demo.portsmouth()])
def test_no_count_is_made_up(made):
    assert of_how_many(made) == ("", "")


@pytest.mark.parametrize(("levels", "told"), [((31.6, 31.6), True), ((31.6, 40.0), False)])
def test_comparison_areas_give_what_was_expected_and_observed(levels, told):
    made = demo.portsmouth()
    path = (PathPoint("series", "2019-12", observed=37.0),
            *(PathPoint("series", f"2022-1{place}", 25.0, fitted=25.6, counterfactual=level, low=20.0, high=39.4)
              for place, level in enumerate(levels)))  # fmt: skip
    fit = {"compared_with": "than with the change seen in the comparison areas"}
    made = replace(made, analyses=(replace(made.primary, result=replace(made.primary.result, path=path, fit=fit)),))
    found = summary.three_numbers(made, read(made))
    assert [one["big"] for one in found[:2]] == (["31.6", "25.6"] if told else [])
    if told:
        assert "20 to 39.4" in found[0]["range"]


def test_counts_that_were_inferred_from_a_claim_do_not_check_it():
    """The study of Greater Manchester says on its first side that its counts are inferred, and sets no claim beside."""
    text = (ROOT / "evaluations" / "greater-manchester-violence-reduction.yaml").read_text(encoding="utf-8")
    study = yaml.safe_load(text)
    assert "inferred" in study["outcomes"]["admissions"]["plain_label"]
    for path in (ROOT / "evaluations").glob("*.yaml"):
        study_file = read_yaml(path.read_bytes(), path.name).data
        if (study_file.get("data") or {}).get("inferred"):
            primary = next(each for each in study_file["outcomes"].values() if each.get("role") == "primary")
            assert "inferred" in primary["plain_label"], path.name
    first = study["claims"][0]
    assert first["printed"]["percent"] == -17
    assert "analysis" not in first


@pytest.mark.parametrize(("rows", "words"), [("places", "other places"), ("rows", "other rows of the data")])
def test_an_analysis_of_other_places_shows_what_hangs_on_a_part_and_is_no_other_choice_of_method(rows, words):
    main = demo.seat_belts().primary.result.effect.value
    base = with_others(1.1 * main, -main)
    made = replace(base, analyses=(*base.analyses[:2], replace(base.analyses[2], other_rows=rows, label="One alone")))
    assert evidence.same_way(made.primary, made.analyses, ()) == (1, 1)
    reason = evidence.assess(made.study | STUDY, made.analyses, ())["repeating"]["reason"]
    assert f"same way (1 of {words}, which points another way, is not counted)" in reason
    assert f"Not counted: “One alone”, of {words}" in analyses_figure(made).subtitle
    assert elsewhere_sentence(made) == f"One other analysis is of {words}: “One alone”. It points another way."
    assert elsewhere_sentence(base) == ""
    more = replace(made, analyses=(*made.analyses, replace(other(made, "again", main / 2), other_rows=rows)))
    assert f"2 of {words}, 1 of which points another way, are not counted" in (
        evidence.assess(made.study | STUDY, more.analyses, ())["repeating"]["reason"])  # fmt: skip
    assert elsewhere_sentence(more) == (
        f"2 other analyses are of {words}: “One alone” and “again”. 1 of them point the same way.")  # fmt: skip
    assert archive.from_document(archive.to_document(more)).analyses[-1].other_rows == rows
