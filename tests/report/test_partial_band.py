"""A path whose first periods have no interval: the chart and its alternative text say so."""

from __future__ import annotations

import dataclasses
import re

import demo
import pytest
from whole_page import lines_of


def without_bounds(count: int):
    base = demo.castle()
    left = count
    path = []
    for point in base.primary.result.path:
        bare = point.low is not None and left > 0
        left -= bare
        path.append(dataclasses.replace(point, low=None, high=None) if bare else point)
    result = dataclasses.replace(base.primary.result, path=tuple(path))
    return dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result),))


@pytest.mark.parametrize(("count", "said"), [(0, ""), (2, "In 2 of its 5 periods there is no interval.")])
def test_what_has_no_interval_is_told(monkeypatch, count: int, said: str) -> None:
    page = " ".join(lines_of(without_bounds(count), monkeypatch))
    (told,) = set(re.findall(r"The dashed expected line runs from \S+ to \S+, interval at the end \S+ to \S+\.(.{44})",
                             page))  # fmt: skip
    assert (told.strip() == said.strip()) if said else "there is no interval" not in told
