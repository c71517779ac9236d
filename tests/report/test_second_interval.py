"""Results whose bounds under departures rest on another interval than the answer: both are never told as one."""

from __future__ import annotations

import dataclasses
import math
import re

import demo
import demo_comparisons
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_page import lines_of

from evalkit.designs.difference_in_differences.sensitivity import _includes_none
from evalkit.diagnostics.parallel_trends import nothing_to_undo, robust_to_departures
from evalkit.records import Estimate, Evaluation
from evalkit.report.departures import (
    BY_OTHERS,
    RELATIVE,
    SMOOTH,
    breakdown_table,
    departure_sentences,
    departures_message,
    read_departures,
)
from evalkit.report.ladder import read

BASE = demo_comparisons.staggered()
INCLUDES = re.compile(r"includes? no (?:change|effect)|too uncertain to say|not clearly", re.IGNORECASE)
UNDOES = re.compile(r"leaves? out no (?:change|effect)|would undo|bring it in|would bring|undo it\b")
OTHERS = (BY_OTHERS, "By these errors", "each", "other estimate", "earlier date", "periods before")
"""Words that say of which interval a sentence is, where it is not the answer's."""

sizes = st.floats(-90, 300, allow_nan=False).map(lambda x: round(x, 3))
breakdowns = st.sampled_from([0.0, 0.0193, 0.45, 1.0, 1.9, math.inf])


def study(ends: tuple[float, float, float], average: float, first: float, bend: float) -> Evaluation:
    """Return the study with one interval for the answer and departures from others."""
    low, value, high = sorted(ends)
    relative = demo.percent(value, low, high)
    effect = Estimate(math.log1p(value / 100), low=math.log1p(low / 100), high=math.log1p(high / 100), scale="log")
    breakdown = {"relative_magnitudes": {"average": average, "first": first}, "smoothness": {"average": bend}}
    check = robust_to_departures({name: by["average"] for name, by in breakdown.items()})
    check = nothing_to_undo(check) if _includes_none(effect) else check
    old = BASE.primary.result
    result = dataclasses.replace(old, effect=effect, relative=relative, absolute=None, averted=None, leave_out=(),
                                 scales=(), diagnostics=(check,), breakdown=breakdown, aggregations=None,
                                 group_time=())  # fmt: skip
    analysis = dataclasses.replace(BASE.primary, result=result)
    return dataclasses.replace(BASE, analyses=(analysis,), study={**BASE.study, "narrative": {}, "claims": []})


def told_apart(found: Evaluation, lines: list[str]) -> None:
    """Check that no sentence speaks of another interval as of the answer's."""
    across = read(found).change.side == "across"
    for line in lines:
        for sentence in re.split(r"(?<=[.?!]) ", line):
            if not any(words in sentence for words in OTHERS):
                assert not (UNDOES if across else INCLUDES).search(sentence), sentence


@settings(max_examples=600, deadline=None)
@given(st.tuples(sizes, sizes, sizes), breakdowns, breakdowns, st.sampled_from([0.0, 0.008, math.inf]))
def test_no_sentence_speaks_of_another_interval_as_of_the_answer(ends, average, first, bend) -> None:
    found = study(ends, average, first, bend)
    primary = found.primary
    undecided = read(found).change.side == "across"
    lines = [*departure_sentences(primary), *(check.reading for check in primary.result.diagnostics)]
    for restriction in (RELATIVE, SMOOTH):
        departures = read_departures(primary, restriction)
        assert departures is not None
        lines.append(departures_message(departures))
    table = breakdown_table(primary)
    assert (table is None) == undecided
    told_apart(found, [*lines, *(cell for row in (table.rows if table else ()) for cell in row)])


@pytest.mark.parametrize("ends", [(-20, -12, -5), (-20, -6, 5), (3, 8, 20)])
@pytest.mark.parametrize("average", [0.0, 0.45, math.inf])
def test_whole_pages(monkeypatch, ends, average) -> None:
    found = study(ends, average, average, 0.008 if average else 0.0)
    told_apart(found, lines_of(found, monkeypatch))


def test_the_scan_can_fail(monkeypatch) -> None:
    """Each side of the property is on pages that deserve it."""
    sure, open_to_all = study((-20, -12, -5), 0.45, 1.9, 0.008), study((-20, -6, 5), 0.45, 1.9, 0.008)
    assert UNDOES.search("\n".join(lines_of(sure, monkeypatch)))
    assert INCLUDES.search("\n".join(lines_of(open_to_all, monkeypatch)))
    disagree = "\n".join(lines_of(study((-20, -12, -5), 0.0, 0.0, 0.0), monkeypatch))
    assert f"{BY_OTHERS}, the average effect includes no change even if paths are parallel" in disagree
