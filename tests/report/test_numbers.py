"""How numbers are written for a reader."""

import math

import pytest

from evalkit.report import numbers


@pytest.mark.parametrize(("write", "value", "text"), [
    (numbers.count, 1204.4, "1,204"), (numbers.count, -37, "−37"),
    (numbers.count, -0.2, "0"), (numbers.count, None, "not known"),
    (numbers.count, math.inf, "no limit"), (numbers.count, math.nan, "not known"),
    (numbers.number, 1204.5, "1,204"), (numbers.number, 85.32, "85.3"),
    (numbers.number, 4.371, "4.37"), (numbers.number, 0.0314, "0.0314"),
    (numbers.number, 12.0, "12"), (numbers.number, 0.0, "0"),
    (numbers.signed, 8.0, "+8"), (numbers.signed, -15.2, "−15"),
    (numbers.signed, 0.3, "0"), (numbers.signed, -0.3, "0"),
    (numbers.percent, -15.2, "−15%"), (numbers.percent, 100.0, "100%"), (numbers.percent, None, "not known"),
    (numbers.signed_percent, 8.4, "+8%"),
    (numbers.signed_percent, 0.0, "0%"), (numbers.signed_percent, math.inf, "no limit"),
    (numbers.pounds, 1.6e9, "£1.6bn"), (numbers.pounds, 385e6, "£385m"),
    (numbers.pounds, 1204, "£1,204"), (numbers.pounds, 3.44e6, "£3.4m"),
    (numbers.pounds, 999_999_999, "£1bn"), (numbers.pounds, 999_600, "£1m"),
    (numbers.pounds, -12e6, "−£12m"), (numbers.pounds, 4.5, "£4.50"),
    (numbers.pounds, 0, "£0"), (numbers.pounds, None, "not known"), (numbers.pounds, 295_069, "£295,069"),
])  # fmt: skip
def test_numbers(write: numbers.Writer, value: float | None, text: str) -> None:
    assert write(value) == text


@pytest.mark.parametrize(("low", "high", "text"), [
    (-70.2, -4.4, "−70 to −4"), (-55, 36, "−55 to +36"),
    (-70, math.inf, "−70 or more"), (-math.inf, -4, "−4 or less"),
    (-math.inf, math.inf, "no limits"), (None, None, "interval not known"),
    (None, 3, "not known to +3"), (None, math.inf, "interval not known"), (math.nan, 3, "interval not known"),
])  # fmt: skip
def test_intervals(low: float | None, high: float | None, text: str) -> None:
    assert numbers.interval_text(low, high) == text


def test_intervals_in_other_words() -> None:
    assert numbers.interval_text(8, 21, numbers.percent) == "8% to 21%"
    assert numbers.interval_text(2760.0, 7866.0, numbers.count) == "2,760 to 7,866"
    assert numbers.estimate_text(-46, -70, -4) == "−46% (−70 to −4)"
