"""Closed-form weights by start are those that the estimator has when it runs on one cell after another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences import estimators, start_weights
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.records import Panel


def known(panel: Callable[..., Panel], treated: dict[str, int], **options: Any) -> tuple[Any, Any, Any]:
    """Return the design as resolved, the estimate and its matrix of places by periods."""
    steps = numpy.random.default_rng(4).normal(0, 0.1, (10, 10)).cumsum(axis=1)
    rows = [(f"U{i}", 30 + t, math.exp(4 + steps[i, t])) for i in range(10) for t in range(10)]
    data = panel(rows, "rate", "year", treated)
    design = DifferenceInDifferences(**options).resolve(data)
    model = estimators.fitted(design, data, adoption(data, design.before, design.after))[1]
    return design, model, wide_panel(model)


@pytest.mark.parametrize("treated", [{"U0": 35, "U1": 35, "U2": 37, "U3": 37}, {"U0": 36, "U1": 36, "U2": 36}])
@pytest.mark.parametrize(
    "options",
    [
        {"estimator": "callaway_santanna"},
        {"estimator": "callaway_santanna", "comparison": "not_yet_treated", "anticipation": 1},
        {"estimator": "callaway_santanna", "base_period": "varying"},
        {"estimator": "sun_abraham"},
        {"estimator": "imputation"},
    ],
)
def test_closed_form(
    panel: Callable[..., Panel], monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], treated: dict[str, int]
) -> None:
    design, model, wide = known(panel, treated, **options)
    one_by_one = start_weights.weights_by_date(model, wide)

    def never(*arguments: Any) -> None:
        raise AssertionError("the estimator ran cell by cell")

    monkeypatch.setattr("evalkit.estimation.few_units.linear_estimates.unit_weights", never)
    numpy.testing.assert_allclose(start_weights.weights_by_date(model, wide, design), one_by_one, atol=1e-12)


def test_a_form_that_is_not_the_estimators_is_not_used(panel: Callable[..., Panel]) -> None:
    design, model, wide = known(panel, {"U0": 35, "U1": 35, "U2": 37, "U3": 37}, estimator="callaway_santanna")
    wanted = start_weights.weights_by_date(model, wide)
    other = design.model_copy(update={"estimator": "imputation"})
    numpy.testing.assert_allclose(start_weights.weights_by_date(model, wide, other), wanted, atol=1e-12)
