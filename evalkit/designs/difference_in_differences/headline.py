"""The headline and all that follows from it, with the interval of another test."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import to_events, to_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.resampled import Tested
    from evalkit.records import Estimate, PathPoint, Result


def with_bounds(model: Estimated, result: Result, tested: Tested) -> Result:
    """Return the result with effect, percentage, sums and expected path between the ends of a tested interval.

    Parameters
    ----------
    model : Estimated
    result : Result
        Its values stay; their bounds, p-values and standard errors are replaced.
    tested : Tested

    Notes
    -----
    The test is one of a constant effect. With b the headline and d an end of its interval, all effects move by
    ``d - b``: what is expected of treated rows is multiplied by ``exp(b - d)`` on the log scale, and gains ``b - d`` on
    the identity scale. For one effect that is exact; effects that differ by time keep their differences. Observed
    values count as given. Draws are dropped, as they were drawn by another rule.
    """
    effect = replace(
        result.effect, low=tested.low, high=tested.high, p_value=tested.p_value, se=tested.se, df=tested.df,
        rule=tested.kind, draws=None,
    )  # fmt: skip
    ends = (tested.low, tested.high)
    absolute = _absolute(model, result, effect, ends)
    return replace(
        result,
        effect=effect,
        relative=_relative(result, effect),
        absolute=absolute,
        averted=_averted(model, result, effect, ends),
        path=tuple(_point(model, point, effect.value, ends) for point in result.path),
        coefficients=tuple(
            replace(term, low=effect.low, high=effect.high, p_value=effect.p_value, se=tested.se)
            if term.term == "treatment" else term for term in result.coefficients
        ),
        fit=_fit(result, effect, absolute),
        aggregations=_aggregations(result, effect),
    )  # fmt: skip


def _aggregations(result: Result, effect: Estimate) -> Mapping[str, Any] | None:
    """Return averages of which the headline has the headline's interval, and the other overall ones have none."""
    if not result.aggregations:
        return result.aggregations
    bare = {"se": None, "low": None, "high": None}
    own = {"se": effect.se, "low": effect.low, "high": effect.high}
    return {
        kind: {**each, "overall": {**each["overall"], **(own if kind == "simple" else bare)}}
        for kind, each in result.aggregations.items()
    }


def _relative(result: Result, effect: Estimate) -> Estimate | None:
    """Return the percentage at the ends of the interval; on the identity scale of what was expected."""
    if effect.scale == "log":
        return effect.percent()
    given = result.relative
    if given is None or given.value == 0.0:
        return given and _bounded(given, effect, None, None)
    observed = effect.value + 100.0 * effect.value / given.value

    def share(end: float | None) -> float | None:
        if end is None:
            return None
        if end >= observed:
            return math.inf
        return -100.0 if math.isinf(end) else 100.0 * end / (observed - end)

    return _bounded(given, effect, share(effect.low), share(effect.high))


def _absolute(
    model: Estimated, result: Result, effect: Estimate, ends: tuple[float | None, float | None]
) -> Estimate | None:
    given, averages = result.absolute, (result.fit or {}).get("averages")
    if given is None:
        return None
    if effect.scale == "log":
        if not averages:
            return _bounded(given, effect, None, None)
        found = [_times(-averages["expected"], effect.value, end, averages["observed"]) for end in ends]
    else:
        treated = model.study.treated_rows
        factor = float(to_outcome(model.study.frame, model.panel)[treated].mean())
        found = [None if end is None else given.value + factor * (end - effect.value) for end in ends]
    return _bounded(given, effect, *found)


def _averted(
    model: Estimated, result: Result, effect: Estimate, ends: tuple[float | None, float | None]
) -> Estimate | None:
    given, total = result.averted, (result.fit or {}).get("observed_total")
    factor = to_events(model.study.frame, model.panel)
    if given is None or factor is None:
        return given
    if effect.scale == "log":
        if total is None:
            return _bounded(given, effect, None, None)
        found = [_times(total + given.value, effect.value, end, -total) for end in ends]
    else:
        sums = float(factor[model.study.treated_rows].sum())
        found = [None if end is None else given.value + sums * (effect.value - end) for end in ends]
    return _bounded(given, effect, *found)


def _point(model: Estimated, point: PathPoint, value: float, ends: tuple[float | None, float | None]) -> PathPoint:
    """Return a point of the path with the expected value at the ends of the interval."""
    if point.counterfactual is None:
        return point
    untreated, factor = _untreated(model, point.period)
    if model.scale == "log":
        found = [_times(point.counterfactual - untreated, value, end, untreated) for end in ends]
    else:
        found = [None if end is None else point.counterfactual + factor * (value - end) for end in ends]
    if None in found:
        return replace(point, low=None, high=None)
    low, high = sorted(number for number in found if number is not None)
    return replace(point, low=low, high=high)


def _untreated(model: Estimated, period: str) -> tuple[float, float]:
    """Return what treated units that have not begun add to a period's mean, and what a unit of effect adds to it."""
    frame = model.study.frame
    labels = {model.panel.label(time): time for time in model.study.times}
    rows = frame["unit"].isin(list(model.study.starts)).to_numpy() & (frame["time"] == labels[period]).to_numpy()
    shares = rows * (1.0 if model.weights is None else model.weights)
    shares = shares / shares.sum() * to_outcome(frame, model.panel)
    treated = model.study.treated_rows
    return float(shares[~treated] @ model.observed[~treated]), float(shares[treated].sum())


def _times(amount: float, value: float, end: float | None, shift: float) -> float | None:
    """Return ``shift + amount exp(value - end)``."""
    if end is None:
        return None
    try:
        factor = math.exp(value - end)
    except OverflowError:
        factor = math.inf
    return shift + amount * factor if amount else shift


def _bounded(given: Estimate, effect: Estimate, first: float | None, second: float | None) -> Estimate:
    """Return an estimate with bounds in order, by the effect's rule."""
    low, high = first, second
    if low is not None and high is not None and low > high:
        low, high = high, low
    return replace(given, low=low, high=high, se=None, df=None, p_value=effect.p_value, rule=effect.rule, draws=None)


def _fit(result: Result, effect: Estimate, absolute: Estimate | None) -> dict[str, Any]:
    """Return the facts of the fit with the expected average's bounds and the smallest effect to be found.

    The latter is the half width of the interval, ``1 + q(0.8) / q((1 + level) / 2)`` times as large.
    """
    from evalkit import distributions

    fit = dict(result.fit or {})
    averages = fit.get("averages")
    if averages and absolute is not None:
        seen = averages["observed"]
        ends = [None if end is None else seen - end for end in (absolute.high, absolute.low)]
        fit["averages"] = {**averages, "expected_low": ends[0], "expected_high": ends[1]}
    if "minimum_detectable" not in fit:
        return fit
    fit["minimum_detectable"] = None
    if effect.low is None or effect.high is None or not math.isfinite(effect.low + effect.high):
        return fit
    wider = 1.0 + float(distributions.norm.ppf(0.8) / distributions.norm.ppf((1.0 + effect.level) / 2.0))
    size = (effect.high - effect.low) / 2.0 * wider
    if effect.scale == "log":
        fit["minimum_detectable"] = -100.0 * math.expm1(-size)
    elif result.relative is not None and result.relative.value != 0.0:
        base = 100.0 * effect.value / result.relative.value
        fit["minimum_detectable"] = 100.0 * size / base if base > 0.0 else None
    return fit
