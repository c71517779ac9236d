"""Bounds of the path are left out while few of the treated have begun: there they would be far too narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evalkit.designs import DESIGNS
from evalkit.records import Panel


def bounded(panel: Panel, **options: Any) -> dict[str, bool]:
    """Return which periods of the treated from the first start on have bounds."""
    design = DESIGNS["difference_in_differences"](kind="difference_in_differences", **options)
    path = design.estimate(panel, supplements=False).path
    expected = [point for point in path if point.unit == "treated" and point.counterfactual is not None]
    assert all((point.low is None) == (point.high is None) for point in expected)
    return {point.period: point.low is not None for point in expected}


@pytest.mark.parametrize("options", [
    {"estimator": "two_way_fixed_effects", "inference": "cluster_robust"},
    {"estimator": "two_way_fixed_effects", "inference": "randomisation"}, {"estimator": "imputation"},
])  # fmt: skip
def test_two_by_two_have_none_until_six_have_begun(places: Callable[..., Panel], options: dict[str, Any]) -> None:
    found = bounded(places(staggered=True), **options)
    assert [period for period, there in found.items() if not there] == ["2006", "2007"]
    assert list(found) == ["2006", "2007", "2008", "2009", "2010", "2011"]


def test_all_at_once_have_them_throughout(places: Callable[..., Panel]) -> None:
    assert all(bounded(places(), estimator="two_way_fixed_effects", inference="randomisation").values())
