"""Made-up evaluations that compare places, one for each way to estimate. No number here was estimated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import demo

from evalkit.records import (
    Analysis,
    Diagnostic,
    Estimate,
    Evaluation,
    EventTime,
    GroupTime,
    LeftOut,
    Placebo,
    Result,
    ScaleEstimate,
)

REASON = "22 treated clusters of 60: cluster-robust (50 clusters or more)"


def _primary(change: tuple[float, float, float], simulated: bool = True, **more: Any) -> Evaluation:
    base = demo.rehearsal(appraisal=None)
    whole = {"n_units": 60, "n_treated_units": 22, "n_pre_periods": 6, "n_post_periods": 8, **more}
    found = demo.result("difference_in_differences", change, path=base.primary.result.path, **whole)
    analysis = replace(base.primary, result=found, frequency="year", first_treated="2012", simulated=simulated)
    yearly = tuple(replace(point, period=str(2006 + place % 36)) for place, point in enumerate(found.path))
    return replace(base, analyses=(replace(analysis, result=replace(found, path=yearly)),))


def _averaged(labels: list[Any], values: list[float]) -> dict[str, Any]:
    by = [{"label": label, "value": value, "se": 0.02, "low": value - 0.04, "high": value + 0.04,
           "simultaneous_low": value - 0.06, "simultaneous_high": value + 0.06}
          for label, value in zip(labels, values, strict=True)]  # fmt: skip
    return {"overall": {"value": -0.16, "se": 0.01, "low": -0.18, "high": -0.14}, "by": by, "rule": "averages"}


def bounds() -> tuple[dict[str, Any], ...]:
    rows = []
    for target, width in (("first", 0.02), ("average", 0.12)):
        rows += [{"restriction": "relative_magnitudes", "target": target, "m": m, "low": -0.16 - width * m,
                  "high": -0.16 + width * m} for m in (0.5, 1.0, 1.5, 2.0)]  # fmt: skip
        rows += [{"restriction": "smoothness", "target": target, "m": m / 100, "low": -0.16 - width * m,
                  "high": -0.16 + width * m} for m in range(10)]  # fmt: skip
    return tuple(rows)


def staggered(**more: Any) -> Evaluation:
    """Return places that start at different times, with all that an estimator of cohorts gives."""
    events = [EventTime(time, value, 0.02, value - 0.04, value + 0.04, value - 0.06, value + 0.06)
              for time, value in zip(range(-4, 5), (0.01, -0.01, 0.02, 0.0, -0.15, -0.16, -0.17, -0.12, -0.2),
                                     strict=True)]  # fmt: skip
    events[3] = EventTime(-1, 0.0)
    values = {
        "event_study": tuple(events),
        "aggregations": {"simple": _averaged([], []),
                         "group": _averaged(["2012", "2014", "2016"], [-0.15, -0.16, -0.2]),
                         "calendar": _averaged(["2012", "2013", "2014"], [-0.12, -0.15, -0.17])},
        "group_time": (GroupTime("2012", "2011", 0.01, 0.02, -0.03, 0.05), GroupTime("2012", "2012", -0.15, 0.02),
                       GroupTime("2014", "2014", -0.16, 0.02, -0.2, -0.12)),
        "robust_bounds": bounds(),
        "breakdown": {"relative_magnitudes": {"average": 0.45, "first": 1.9},
                      "smoothness": {"average": 0.008, "first": math.inf}},
        "pretest_power": {"powers": [{"power": 0.5, "slope": 0.004, "bias": 0.02, "bias_not_rejected": 0.025},
                                     {"power": 0.8, "slope": 0.0075, "bias": 0.034, "bias_not_rejected": 0.041}],
                          "rule": "rejects if any estimate is beyond its 95% limit"},
        "inference": {"method": "cluster_robust", "reason": REASON, "rule": "clustered", "seed": 7, "draws": 999,
                      "smallest_p": None, "assignments": None},
        "estimator": {"name": "callaway_santanna", "chosen_by": "rule",
                      "rule": "Units that start at different times: callaway_santanna",
                      "reason": "places start in 3 different years", "assumptions": ["Cohorts are on parallel paths."]},
        "scales": (ScaleEstimate("proportional", "callaway_santanna", "log", True, -15.1, -17.0, -13.2, -99.8, -115.0,
                                 -85.6, "visits", "cluster_robust"),
                   ScaleEstimate("additive", "callaway_santanna", "identity", False, problem="no unit is left")),
        "diagnostics": (Diagnostic("pre_period_leads", "Groups were on one path.", "no sign against",
                                   "The largest gap in 3 earlier periods was 2% higher. Joint test: p = 0.94."),),
        "fit": {"clusters": 60},
        "leave_out": (*(LeftOut(f"Area {place}", -15.0 + 0.1 * place, None, None, "percent") for place in range(9)),
                      LeftOut("Area 9", measure="percent", problem="no treated unit is left"),
                      LeftOut("all units that start in 2012", -13.0, None, None, "percent")),
        "dropped": tuple((f"Area 9{place}", "treated from the first period on") for place in range(5)),
    }  # fmt: skip
    return _primary((-15.1, -17.0, -13.2), **{**values, **more})


def two_way(**more: Any) -> Evaluation:
    """Return a two-way estimate under staggered starts, with the comparisons that it is made of."""
    pairs = [
        {"kind": "treated_vs_never", "treated": "2012", "comparison": "never", "estimate": -0.16, "weight": 0.6},
        {"kind": "earlier_vs_later", "treated": "2012", "comparison": "2014", "estimate": -0.14, "weight": 0.25},
        {"kind": "later_vs_earlier", "treated": "2014", "comparison": "2012", "estimate": 0.05, "weight": 0.15},
    ]
    found = {"estimate": -0.1235, "under_treatment_weight": 0.15, "pairs": pairs}
    return _primary((-11.6, -14.0, -9.0), **{"decomposition": found, **more})


def synthetic(**more: Any) -> Evaluation:
    """Return one treated place against a weighted average of others, ranked among them."""
    names = [f"Area {place:02d}" for place in range(2, 31)]
    others = [Placebo("unit", name, "", 0.09 * math.sin(place), measure="log ratio")
              for place, name in enumerate(names)]  # fmt: skip
    values = {
        "weights": (("Area 02", 0.5), ("Area 18", 0.3), ("Area 25", 0.2)),
        "time_weights": (("2011", 0.7), ("2009", 0.3)),
        "placebos": (*others, Placebo("unit", "Area 01", "", -0.3043729276, measure="log ratio", true=True)),
        "inference": {"method": "placebo", "reason": "1 treated cluster of 30 and a synthetic method", "rank": 1,
                      "assignments": 30, "smallest_p": 1 / 30, "normal_low": -0.4156, "normal_high": -0.1932,
                      "draws": 999, "seed": None, "rule": "placebos in space"},
        "fit": {"pre_rmse": 0.0953, "inside": False, "unique": True, "ratio_rank": 1, "clusters": 30},
        "n_units": 30, "n_treated_units": 1,
    }  # fmt: skip
    return _primary((-26.2, -33.3, -18.4), **{**values, **more})


def too_few(**more: Any) -> Evaluation:
    """Return two treated of six places, so few that no result could have counted."""
    made = _primary((-29.1, -35.0, -20.0), inference={
        "method": "randomisation", "reason": "2 treated clusters of 6: randomisation (at most 5 treated)",
        "assignments": 15, "smallest_p": 1 / 15, "draws": None, "seed": None, "rule": "listed"},
        n_units=6, n_treated_units=2, diagnostics=(
            Diagnostic("no_result_could_count", "The study could have told.", "sign against", "None could.", key=True,
                       short="too few places to tell any effect from none"),
            Diagnostic("treated_like_the_rest", "Any place could be treated.", "sign against", "They are larger."),
        ), **more)  # fmt: skip
    effect = Estimate(math.log(0.709), low=-math.inf, high=math.inf, scale="log", p_value=1 / 15, rule="exact")
    open_ended = replace(made.primary.result, effect=effect, relative=demo.percent(-29.1, -100.0, math.inf))
    return replace(made, analyses=(replace(made.primary, result=open_ended),))


def everything() -> dict[str, Evaluation]:
    return {"staggered": staggered(), "two_way": two_way(), "synthetic": synthetic(), "too_few": too_few()}


def primary(evaluation: Evaluation) -> tuple[Analysis, Result]:
    return evaluation.primary, evaluation.primary.result
