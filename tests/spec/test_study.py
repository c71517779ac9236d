"""Study files: what may be written, every problem at once with its place, variants merged and checked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.report import pages
from evalkit.spec.blocks import NARRATIVE
from evalkit.spec.loading import load_spec, merge, resolved
from evalkit.spec.scaffold import DESIGNS, write_new
from evalkit.spec.schema import schema_text
from tests.conftest import SERIES

Write = Callable[..., Path]

FOUR_MISTAKES = """\
evalkit: 1
title: Navigators
question: Did it change?
data:
  source: csv
  path: data/ed_visits.csv
  unit: hospital
  period: {column: month, frequency: month}
intervention:
  starts:
    St Mary's: 2022-11
    Royal Infirmary: 2022-13
outcomes:
  attendances:
    label: Attendances
    beter: lower
    column: visits
design: {kind: its}
"""


def problems(path: Path) -> list:
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return list(caught.value.problems)


def by_place(path: Path) -> dict[str, str]:
    return {problem.where: problem.sentence() for problem in problems(path)}


def test_the_readme_spec_is_fifteen_lines_and_checks(repository: Path, project: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    text = readme.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert len(text.strip().splitlines()) <= 15
    path = project / "evaluations" / "belts.yaml"
    path.write_text(text, encoding="utf-8")
    spec = load_spec(path)
    assert [request.id for request in spec.requests] == ["primary"]
    assert spec.study.stated_level == "impact"


def test_mistakes_in_keys_and_values_come_at_once(write_study: Write) -> None:
    found = by_place(write_study(FOUR_MISTAKES))
    assert "did you mean 'better'?" in found["outcomes.attendances.beter"]
    assert "'its' is not a design" in found["design.kind"]
    assert "interrupted_time_series" in found["design.kind"]


def test_each_mistake_has_line_column_and_the_line(write_study: Write) -> None:
    found = {p.where: p for p in problems(write_study(FOUR_MISTAKES))}
    better = found["outcomes.attendances.beter"]
    assert (better.line, better.column, better.length) == (16, 5, 5)
    assert better.source_line == "    beter: lower"


def test_dates_and_missing_files_come_in_the_next_stage(write_study: Write, project: Path) -> None:
    (project / "data" / "ed_visits_2024.csv").write_text("hospital,month,visits\na,2022-01,3\n")
    text = FOUR_MISTAKES.replace("kind: its", "kind: difference_in_differences").replace("beter", "better")
    found = {p.where: p for p in problems(write_study(text))}
    bad = found["intervention.starts.Royal Infirmary"]
    assert bad.sentence().endswith("'2022-13' is not a month; write it such as 2022-12")
    assert (bad.line, bad.column) == (12, 22)
    assert "nearest: data/ed_visits_2024.csv" in found["data.path"].sentence()


def test_a_wrong_column_is_found_by_check(write_study: Write, project: Path) -> None:
    (project / "data" / "ed_visits.csv").write_text("hospital,month,visit\na,2022-01,3\n")
    text = FOUR_MISTAKES.replace("kind: its", "kind: difference_in_differences").replace("beter", "better")
    found = by_place(write_study(text.replace("2022-13", "2022-12")))
    assert list(found) == ["outcomes.attendances.column"]
    assert "did you mean 'visit'?" in found["outcomes.attendances.column"]


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        ("better: lower", "better: lowr", "outcomes.incidents.better", "did you mean 'lower'?"),
        ("better: lower", "better: no", "outcomes.incidents.better", "one of lower, higher, neither"),
        ("kind: count, ", "kind: 7, ", "outcomes.incidents.kind", "one of count"),
        ("title: A series", "titel: A series", "titel", "did you mean 'title'?"),
        ("title: A series", "title: [a, b]", "title", "write text"),
        ("start: 2021-01", "start: 2021", "intervention.start", "not a month"),
        ("start: 2021-01", "strat: 2021-01", "intervention.strat", "did you mean 'start'?"),
        ("season: none", "season: yes", "design.season", "one of auto, none, month, quarter"),
        ("season: none", "seasn: none", "design.seasn", "did you mean 'season'?"),
        ("season: none", "level: 95", "design.level", ""),
        ("source: counts", "source: count", "data.source", "did you mean 'counts'?"),
        ("source: counts", "", "data", "add source"),
        ("evalkit: 1", "evalkit: 2", "evalkit", "one of 1"),
        ("  incidents:", "  incidents: {label: x, column: value}\n  other:", "outcomes", "exactly one"),
        ("frequency: month", "frequency: fortnight", "data.period.frequency", "one of day"),
        ("start: 2018-01", "start: soon", "data.period", "not a month"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_problem_in_the_right_place(
    write_study: Write, old: str, new: str, where: str, words: str
) -> None:
    text = (SERIES % ", ".join(["5"] * 48)).replace(old, new, 1)
    found = by_place(write_study(text))
    assert where in found, found
    assert words in found[where]
    assert len(found) == 1, found


def test_missing_blocks_are_named(write_study: Write) -> None:
    found = by_place(write_study("evalkit: 1\ntitle: x\nquestion: y\ndesign: {kind: before_after}\n"))
    assert set(found) == {"data", "intervention", "outcomes"}


def test_before_after_cannot_be_impact(write_study: Write) -> None:
    text = (SERIES % ", ".join(["5"] * 48)).replace("kind: interrupted_time_series, season: none", "kind: before_after")
    found = by_place(write_study(text + "level: impact\n"))
    assert "monitoring" in found["level"]


def test_variants_are_merged_and_checked_in_their_own_place(write_study: Write) -> None:
    text = SERIES % ", ".join(["5"] * 48) + (
        "sensitivity:\n  - {id: step, label: Step, design: {impact: level}}\n"
        "  - {id: step, label: Again, design: {imapct: level}}\n"
        "  - {id: empty, label: Nothing}\n"
        "  - {id: other, label: Other design, design: {kind: before_after}}\n"
    )
    found = {(p.where, p.line): p.sentence() for p in problems(write_study(text))}
    assert {where for where, _ in found} == {"sensitivity.1.id", "sensitivity.1.design.imapct", "sensitivity.2"} or {
        where for where, _ in found
    } == {"sensitivity.1.id", "design.imapct", "sensitivity.2"}
    assert {line for _, line in found} == {14, 15}


def test_a_variant_keeps_the_rest_of_the_study(write_study: Write) -> None:
    text = SERIES % ", ".join(["5"] * 48) + (
        "sensitivity:\n  - {id: step, label: Step, design: {impact: level}}\n"
        "falsification:\n  - {id: pretend, label: Pretend, intervention: {start: 2019-06}}\n"
    )
    spec = load_spec(write_study(text))
    assert [(r.id, r.role) for r in spec.requests] == [
        ("primary", "primary"), ("step", "sensitivity"), ("pretend", "falsification")]  # fmt: skip
    assert spec.requests[1].study.design.season == "none"
    assert spec.requests[1].study.design.impact == "level"
    assert spec.requests[2].study.intervention.start == "2019-06"


def test_merge_replaces_a_block_whose_kind_changes() -> None:
    base = {"design": {"kind": "a", "x": 1}, "outcomes": {"one": {"label": "l", "kind": "count"}}}
    assert merge(base, {"design": {"kind": "b"}})["design"] == {"kind": "b"}
    assert merge(base, {"design": {"y": 2}})["design"] == {"kind": "a", "x": 1, "y": 2}
    changed = merge(base, {"outcomes": {"one": {"kind": "rate"}}})["outcomes"]["one"]
    assert changed == {"label": "l", "kind": "rate"}
    assert base["design"] == {"kind": "a", "x": 1}


def test_resolved_is_plain_json_with_every_default(write_study: Write) -> None:
    study = resolved(load_spec(write_study()).study)
    text = json.dumps(study)
    assert study["level"] == "impact"
    assert study["status"] == "draft"
    assert json.loads(text) == study


@pytest.mark.parametrize("name", ["Op Deter", "op_deter", "OP"])
def test_a_file_name_must_be_an_id(write_study: Write, name: str) -> None:
    (problem,) = problems(write_study(name=name))
    assert "such as op-deter.yaml" in problem.mend


def test_a_missing_study_names_the_nearest(write_study: Write) -> None:
    path = write_study(name="navigators")
    (problem,) = problems(path.with_name("navigator.yaml"))
    assert "nearest" in problem.mend


@pytest.mark.parametrize("design", DESIGNS)
def test_a_new_study_checks_once_its_data_path_is_set(project: Path, design: str) -> None:
    path = write_new("op-deter", design, project)
    assert [p.where for p in problems(path)] == ["data.path"]
    (project / "data" / "op-deter.csv").write_text("month,place,incidents\n2022-01,Place A,3\n")
    assert load_spec(path).id == "op-deter"


def test_new_never_overwrites(project: Path) -> None:
    path = write_new("op-deter", DESIGNS[0], project)
    before = path.read_bytes()
    with pytest.raises(SpecError, match="exists already"):
        write_new("op-deter", DESIGNS[1], project)
    assert path.read_bytes() == before


def test_the_committed_schema_is_true(repository: Path) -> None:
    committed = (repository / "evalkit" / "schema" / "evaluation.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run `make schema`"


def test_the_projects_studies_check(repository: Path) -> None:
    for path in sorted((repository / "evaluations").glob("*.yaml")):
        assert load_spec(path).id == path.stem


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "data/../../secret.csv", "data/link.csv"])
def test_paths_stay_inside(write_study: Write, project: Path, path: str) -> None:
    (project.parent / "secret.csv").write_text("month,value\n2020-01,1\n")
    (project / "data" / "link.csv").symlink_to(project.parent / "secret.csv")
    text = (SERIES % "1, 2").replace("source: counts", f"source: csv\n  path: {path}")
    text = text.replace("  values: [1, 2]\n", "")
    (problem,) = problems(write_study(text))
    assert problem.where == "data.path"
    assert "project" in problem.sentence()


def test_disclosure_needs_numbers_that_are_not_in_the_study_file(write_study: Write) -> None:
    text = (SERIES % ", ".join(["5"] * 48)) + "disclosure: {profile: hes, round_to: 5}\n"
    assert "none of them can be hidden" in by_place(write_study(text))["data.values"]


def test_faults_of_every_stage_come_at_once(write_study: Write) -> None:
    text = FOUR_MISTAKES.replace("kind: its", "kind: difference_in_differences, level: 95")
    found = by_place(write_study(text))
    assert set(found) == {
        "outcomes.attendances.beter", "design.level", "intervention.starts.Royal Infirmary", "data.path"}  # fmt: skip


def test_yml_is_named_as_the_wrong_ending(write_study: Write) -> None:
    path = write_study()
    (problem,) = problems(path.rename(path.with_suffix(".yml")))
    assert "end in .yaml" in problem.mend


def test_new_gives_editors_their_schema_in_a_project_of_its_own(project: Path) -> None:
    path = project / write_new("op-deter", DESIGNS[0], project)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = path.parent / first.partition("$schema=")[2]
    assert json.loads(named.read_text(encoding="utf-8"))["title"] == "evalkit study file"


def test_a_comma_in_unquoted_text_is_explained(write_study: Write) -> None:
    text = (SERIES % ", ".join(["5"] * 48)).replace("label: Incidents", "label: Incidents per 100,000 people")
    assert "in quotes" in by_place(write_study(text))["outcomes.incidents.000 people"]


def test_a_mistyped_section_of_the_narrative_is_told_and_a_section_of_ones_own_is_not(write_study: Write) -> None:
    path = write_study()
    told = "narrative: {cannot_says: [That it lasts.], Resultt: It fell., Dose: Twice a week.}\n"
    path.write_text(path.read_text(encoding="utf-8") + told, encoding="utf-8")
    assert by_place(path) == {
        "narrative.cannot_says": "narrative.cannot_says: the page has no section 'cannot_says'; did you mean "
        "'cannot_say'? A section of your own needs a name less like it",
        "narrative.Resultt": "narrative.Resultt: the page has no section 'Resultt'; did you mean 'result'? A section "
        "of your own needs a name less like it",
    }


def test_the_sections_that_a_file_may_name_are_those_of_the_page() -> None:
    assert set(NARRATIVE) == {*pages.SECTIONS, *pages._SUMMARY_KEYS}


def test_what_the_roll_out_says_the_design_does(write_study: Write) -> None:
    path = write_study()
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "rollout: {phase_in_months: 2, anticipation_months: 1}\n", encoding="utf-8")
    assert by_place(path) == {
        "rollout.phase_in_months": "rollout.phase_in_months: the roll-out has 2, and the design leaves out 0; write "
        "`phase_in: 2` under design, or mend it here",
        "rollout.anticipation_months": "rollout.anticipation_months: the roll-out has 1, and the design leaves out 0; "
        "write `anticipation: 1` under design, or mend it here",
    }


def test_periods_of_exclusions_and_other_interruptions_are_checked_before_data_are_read(write_study: Write) -> None:
    path = write_study()
    text = path.read_text(encoding="utf-8")
    block = text[text.index("design:") :].splitlines()[0]
    options = "exclude: [{from: 2020-13, to: spring, why: Lockdown}], interruptions: [{start: later, label: Other}]"
    new = f"design: {{kind: interrupted_time_series, {options}}}"
    path.write_text(text.replace(block, new), encoding="utf-8")
    assert set(by_place(path)) == {"design.exclude.0.from", "design.exclude.0.to", "design.interruptions.0.start"}
