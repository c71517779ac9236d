"""Numbers as a reader says them."""

import math

import pytest

from evalkit.diagnostics.words import change, change_between, figure, listed, several


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1321.7, "1,322"), (37.0, "37"), (37.25, "37.2"), (0.0755, "0.0755"), (0.0, "0"), (-5.5, "-5.5"),
        (math.inf, "no limit"), (12_345_678.0, "12,345,678"), (1e-9, "0"),
    ],
)  # fmt: skip
def test_figure(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (math.log(0.79), "log", "21% lower"), (math.log(1.034), "log", "3.4% higher"), (0.0, "log", "no different"),
        (math.log(31), "log", "3,000% higher"), (-3.1, "identity", "3.1 robberies lower"),
        (0.25, "identity", "0.25 robberies higher"),
    ],
)  # fmt: skip
def test_change(value: float, scale: str, text: str) -> None:
    assert change(value, scale, "robberies") == text


def test_interval_and_lists() -> None:
    assert change_between(math.log(0.7), math.log(0.88), "log") == "from 30% lower to 12% lower"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([str(i) for i in range(10)], most=2) == "0, 1 and 8 more"
    assert several(1, "unit") == "1 unit"
    assert several(1200, "unit") == "1,200 units"
