"""Periods without dates: what the programme cost is told, and no effect is priced in years that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
STUDY = """\
evalkit: 1
title: Numbered periods
question: Did it change?
data: {{source: counts, period: {period}, values: [10, 12, 11, 9, 13, 10, 8, 7, 9, 8, 7, 6, 8, 7]}}
intervention: {{start: {start}}}
outcomes:
  incidents: {{label: Incidents, column: value, kind: count, better: lower}}
design: {{kind: interrupted_time_series, season: none}}
economics:
  price_base: 2022-23
  base_year: 2022-23
  costs: [{{item: Staff, payer: Council, kind: running, amount: 1000, year: 2022-23, price_year: 2022-23, source: A}}]
{benefits}"""
BENEFITS = "  benefits: [{item: Incidents, value: 100, price_year: 2022-23, source: A, gainer: Council}]\n"
NUMBERED = {"period": "{start: 1, frequency: number}", "start": "7"}
DATED = {"period": "{start: 2022-04, frequency: month}", "start": "2022-10"}


def test_benefits_are_refused_before_anything_runs(write_study: Write) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(write_study(STUDY.format(**NUMBERED, benefits=BENEFITS)))
    [problem] = caught.value.problems
    assert (problem.where, problem.line) == ("economics.benefits", 13)
    assert "numbered and carry no dates" in problem.message
    assert "period: {start: 2022-04, frequency: month}" in problem.mend


def test_the_cost_alone_is_told(write_study: Write) -> None:
    appraisal = evaluate(load_spec(write_study(STUDY.format(**NUMBERED, benefits="")))).appraisal
    assert appraisal is not None
    assert appraisal.cost.value == pytest.approx(1000)
    assert [year.year for year in appraisal.by_year] == ["2022-23"]  # no year is made of the numbers
    assert appraisal.ratio is None
    assert appraisal.ratio_withheld == "No benefit is priced."


def test_the_mend_that_is_named_mends_it(write_study: Write) -> None:
    appraisal = evaluate(load_spec(write_study(STUDY.format(**DATED, benefits=BENEFITS)))).appraisal
    assert appraisal is not None
    assert appraisal.benefit is not None
