"""Checks of the primary analysis that need more of the study than its own design."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.flow import evaluate
from evalkit.records import Diagnostic
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
BEFORE_AFTER = "design: {kind: before_after}"
CHOSEN = "design: {kind: before_after, selection: {on: outcome, rule: threshold, threshold: 50, units: 1}}"


def about_selection(write_study: Write, how: str, design: str | None = None) -> list[Diagnostic]:
    path = write_study()
    text = path.read_text(encoding="utf-8") + f"rollout: {{selected_on_outcome: {how}}}\n"
    if design:
        text = text.replace("design: {kind: interrupted_time_series, season: none}", design)
    path.write_text(text, encoding="utf-8")
    found = evaluate(load_spec(path)).primary.result.diagnostics
    return [check for check in found if check.name == "regression_to_the_mean"]


@pytest.mark.parametrize(("design", "key"), [(None, False), (BEFORE_AFTER, True)])
def test_a_stated_selection_speaks_against(write_study: Write, design: str | None, key: bool) -> None:
    (found,) = about_selection(write_study, "spike", design)
    assert (found.verdict, found.key) == ("sign against", key)


def test_a_rule_of_selection_says_more_and_stands_alone(write_study: Write) -> None:
    (found,) = about_selection(write_study, "spike", CHOSEN)
    assert "With nothing done, their rate would be expected to change by" in found.reading


def test_not_selected_says_nothing(write_study: Write) -> None:
    assert about_selection(write_study, "not_selected") == []


def test_variants_carry_no_supplements(write_study: Write) -> None:
    path = write_study()
    variant = "sensitivity: [{id: level, label: Level alone, design: {impact: level}}]\n"
    path.write_text(path.read_text(encoding="utf-8") + variant, encoding="utf-8")
    primary, level = evaluate(load_spec(path)).analyses
    assert primary.result.horizons
    assert primary.result.placebos
    assert (level.result.horizons, level.result.placebos, level.result.cumulative) == ((), (), ())
