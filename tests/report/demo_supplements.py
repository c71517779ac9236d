"""What stands beside the headlines of the made-up evaluations. No number here was estimated."""

from __future__ import annotations

import math
from typing import Any

from evalkit.periods import describe_period, format_period, parse_period
from evalkit.records import Baseline, CumulativePoint, ErrorModel, Horizon, LeftOut, Placebo

START = parse_period("1983-02", "month")


def horizons() -> tuple[Horizon, ...]:
    rows = (
        ("3 months", 3, (-20.3, -28.4, -11.2), (-20.7, -29.0, -11.5), (975.0, 480.0, 1470.0)),
        ("6 months", 6, (-19.1, -26.8, -10.4), (-19.9, -27.8, -11.1), (1880.0, 990.0, 2760.0)),
        ("12 months", 12, (-15.6, -22.6, -7.9), (-18.0, -25.2, -10.1), (3400.0, 1800.0, 5010.0)),
        ("the end (23 months)", 23, (-8.7, -19.7, 3.7), (-15.1, -21.5, -8.3), (5265.0, 2578.0, 7951.0)),
    )
    return tuple(
        Horizon(label, count, format_period(START + count - 1, "month"), *change, 0.01, *average, 0.001, *averted,
                "percent")
        for label, count, change, average, averted in rows
    )  # fmt: skip


def cumulative(scale: float = 1.0, start: int = START, periods: int = 23) -> tuple[CumulativePoint, ...]:
    points = []
    for place in range(1, periods + 1):
        value = scale * (325.0 * place - 4.13 * place**2 + 30 * math.sin(place))
        half = scale * (330.0 * math.sqrt(place) + 48 * place)
        points.append(CumulativePoint(format_period(start + place - 1, "month"), value, value - half, value + half,
                                      value - 1.45 * half, value + 1.45 * half))  # fmt: skip
    return tuple(points)


def error_models() -> tuple[ErrorModel, ...]:
    return (
        ErrorModel("autoregressive", "First-order autoregressive, restricted maximum likelihood", True, -15.1, -21.5,
                   -8.3, 0.0001, -21.1, -29.5, -11.7, 0.0001, "percent", 0.52, "Kenward-Roger degrees of freedom."),
        ErrorModel("newey_west", "Newey-West", False, -15.0, -19.1, -10.7, 0.0001, -21.5, -27.0, -15.5, 0.0001,
                   "percent", 0.49, "Bartlett weights, 12 lags, factor n/(n-k)."),
        ErrorModel("prais_winsten", "Prais-Winsten, iterated", False, -15.1, -21.0, -8.8, 0.0001, -21.1, -28.9, -12.4,
                   0.0001, "percent", 0.5, "t with n-k degrees of freedom."),
        ErrorModel("arima", "ARIMA, order chosen before the start", False, unit="percent",
                   problem="the likelihood did not settle."),
    )  # fmt: skip


def placebos(true: float = -15.1) -> tuple[Placebo, ...]:
    made = []
    for place in range(96):
        value = 6.0 * math.sin(place / 5) + 4.5 * math.sin(place * 1.9) - (6.5 if 50 <= place <= 62 else 0)
        period = format_period(parse_period("1971-01", "month") + place, "month")
        made.append(Placebo("period", "", period, value, value - 8, value + 8, 0.3, "percent"))
    return (*made, Placebo("period", "", "1983-02", true, true - 6.4, true + 6.8, 0.0002, "percent", true=True))


def leave_out() -> tuple[LeftOut, ...]:
    years = [LeftOut(str(year), -15.1 + 0.3 * math.sin(year), -21.6, -8.0, "percent") for year in range(1976, 1983)]
    oil = LeftOut("October 1973 to March 1975: fuel shortage", -14.2, -19.9, -8.2, "percent")
    return (oil, *years, LeftOut("1969 to 1982", measure="percent", problem="fewer than three points are left before"))


def power() -> dict[str, Any]:
    cells = [
        {"before": before, "after": after,
         "smallest_change_percent": -round(42.0 / math.sqrt(after) * (1 + 9 / before) + 3, 1)}
        for before in (24, 48, 96, 169) for after in (3, 6, 12, 24)
    ]  # fmt: skip
    return {
        "target": 0.8, "level": 0.95, "replications": 2000, "seed": 20240229, "measure": "average change",
        "cells": cells, "own": {"before": 169, "after": 23, "smallest_change_percent": -9.4},
        "pre_period": {"level": 1650.0, "autocorrelation": 0.52, "dispersion": 1.0, "season": "month"},
        "words": "Series were made with the level, season and autocorrelation (0.52) of the months before.",
    }  # fmt: skip


def expected_coverage() -> dict[str, Any]:
    return {
        "immediate": 94.1, "average": 94.6, "replications": 4000,
        "cell": {"periods": 96, "autocorrelation": 0.6, "season": "month", "outcome": "gaussian"},
        "words": "In 4,000 simulated series like this one (96 periods, autocorrelation 0.6, month season), 95% "
                 "intervals made this way held the true average change in 94.6%",
    }  # fmt: skip


def of_a_series() -> dict[str, Any]:
    """Return all that stands beside the effect of a series with an expected path."""
    return {
        "horizons": horizons(), "cumulative": cumulative(), "error_models": error_models(), "placebos": placebos(),
        "leave_out": leave_out(), "power": power(), "expected_coverage": expected_coverage(),
    }  # fmt: skip


def baselines(count: int = 2) -> tuple[Baseline, ...]:
    values = [-45.9, -31.0, 3.0, -12.0, 8.0, -22.0, -40.0, -5.0]
    made = []
    for place in range(count):
        time = parse_period("2019-12", "month") - place
        period, value = format_period(time, "month"), values[place % len(values)]
        made.append(Baseline(describe_period(time, "month"), period, period, value, value - 25, value + 40, "percent",
                             registered=place == 0))  # fmt: skip
    return tuple(made)


def selection() -> dict[str, Any]:
    return {
        "rule": "spike", "reference": "counts of such times as the study gives them: mean 24, shape 12",
        "words": "chosen to start after December 2019, the highest of 12 such times",
        "expected_change_low": -33.0, "expected_change_high": -21.0, "observed_change": -45.9, "share_low": 46.0,
        "share_high": 72.0, "unequal_exposure": None, "source": "Hauer (1997)",
    }  # fmt: skip
