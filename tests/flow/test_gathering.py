"""What the flow keeps of the data that it read: periods that the study uses, place by place."""

from pathlib import Path

from evalkit.archive import read_result, write_result
from evalkit.flow import evaluate
from evalkit.records import Coverage
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: A study
question: Did it change?
data: {source: csv, path: data/t.csv, period: month, unit: place%s}
intervention: {starts: {A: 2020-07}}
outcomes: {incidents: {label: Incidents, column: incidents, kind: count, better: lower}}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects, before: {from: 2019-07}%s}
sensitivity: [{id: later, label: Later, design: {before: {from: 2020-01}}}]
"""


def held(project: Path, data: str = "", after: str = "", without: tuple[str, ...] = ()) -> Coverage | None:
    lines = ["place,month,incidents"]
    for at, place in enumerate("ABCDEFGH"):
        for month in range(30):
            time = f"{2019 + month // 12}-{1 + month % 12:02}"
            if f"{place} {time}" not in without:
                lines.append(f"{place},{time},{20 + (7 * month + 5 * at) % 11}")
    (project / "data" / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = project / "evaluations" / "t.yaml"
    path.write_text(STUDY % (data, after), encoding="utf-8")
    evaluation = evaluate(load_spec(path))
    written = write_result(evaluation, project / "results")
    assert read_result(written).coverage == evaluation.coverage
    return evaluation.coverage


def test_periods_of_the_primary_analysis_are_kept(project: Path) -> None:
    found = held(project, after=", after: {to: 2021-03}")
    assert found is not None
    assert [unit.unit for unit in found.units] == list("ABCDEFGH")
    assert {(unit.first, unit.states) for unit in found.units} == {("2019-07", "c" * 21)}
    assert [unit.start for unit in found.units] == ["2020-07", *[""] * 7]


def test_declared_gaps_of_one_place_are_told(project: Path) -> None:
    gap = ", gaps: [{period: 2020-03, why: New system, unit: C}]"
    found = held(project, gap, without=("C 2020-03", "B 2019-02"))
    assert found is not None
    states = {unit.unit: unit.states for unit in found.units}
    assert states["C"] == "c" * 8 + "d" + "c" * 15
    assert states["B"] == "c" * 24, "a month before the window is not used, so nothing is missing"


def test_single_people_are_not_told_one_by_one(project: Path) -> None:
    assert held(project, ", person_level: Made up for a test") is None


def test_it_is_kept_whether_another_analysis_has_other_places_or_other_rows(project: Path) -> None:
    held(project)
    path = project / "evaluations" / "t.yaml"
    more = [("fewer", "data: {filter: {place: {not: H}}}"), ("rows", "data: {filter: {month: {not: 2019-01}}}")]
    asked = ", ".join(f"{{id: {name}, label: L, {keys}}}" for name, keys in more)
    text = STUDY % ("", "")
    path.write_text(text.replace("{id: later", f"{asked}, {{id: later"), encoding="utf-8")
    found = {each.id: each.other_rows for each in evaluate(load_spec(path)).analyses}
    assert found == {"primary": "", "fewer": "places", "rows": "rows", "later": ""}
