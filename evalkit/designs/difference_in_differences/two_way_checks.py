"""The checks of a two-way regression: paths before the start, clusters, adoption at different times, years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics import comparison, windows

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.event_time import EventColumns
    from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
    from evalkit.estimation.fit import Contrast, Fit
    from evalkit.records import Diagnostic, EventTime

ONE_BEFORE = "There is one period before the start, so no earlier path can be seen."


def two_way_checks(
    model: TwoWay, events: tuple[EventColumns, Fit] | str, points: tuple[EventTime, ...], effect: float
) -> tuple[Diagnostic, ...]:
    """Return the checks, those of the paths before first.

    Parameters
    ----------
    model : TwoWay
    events : (EventColumns, Fit) or str
        The fitted event study, or why there is none.
    points : tuple of EventTime
        Its estimates.
    effect : float
        The estimated effect.
    """
    study, panel = model.study, model.panel
    first = min(study.starts.values())
    cohorts = {panel.label(start): size for start, size in study.cohorts.items()}
    leads = comparison.leads_not_run(events) if isinstance(events, str) else _leads(model, *events, points, effect)
    return (
        *leads,
        comparison.number_of_clusters(int(model.clusters.nunique()), model.noun),
        comparison.treated_clusters(model.treated_clusters, model.noun),
        comparison.staggered_adoption(cohorts, model.design.estimator, len(study.comparison)),
        windows.restrictions_in_series(
            [time for time in study.times if time < first],
            [time for time in study.times if time >= first],
            panel.frequency,
        ),
        comparison.balance_of_levels(),
        *([comparison.unit_trends(model.design.unit_trends)] if model.design.unit_trends else ()),
    )


def _leads(
    model: TwoWay, columns: EventColumns, fit: Fit, points: tuple[EventTime, ...], effect: float
) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of leads and of anticipation from a fitted event study."""
    import numpy

    from evalkit.estimation.simultaneous import joint_test
    from evalkit.records import Estimate

    leads, scale, unit = columns.leads, model.scale, model.unit
    if not leads:
        return comparison.leads_not_run(ONE_BEFORE)
    shown = [point for point in points if point.time < 0 and point.time != columns.reference]
    last = _last_gap(fit, leads)
    if model.treated_clusters < comparison.FEW_TREATED_CLUSTERS:
        return comparison.leads_of_few(shown, last.value, scale, unit, effect, model.treated_clusters, model.noun)
    joint = joint_test(fit.coefficients[leads], fit.covariance[numpy.ix_(leads, leads)], fit.residual_df)
    gap = Estimate.from_standard_error(last.value, last.se, last.df, level=model.design.level)
    return (
        comparison.pre_period_leads(shown, joint.statistic, joint.p_value, scale, unit, effect),
        comparison.anticipation(gap.value, gap.low or 0.0, gap.high or 0.0, gap.p_value, scale, unit, effect),
    )


def _last_gap(fit: Fit, leads: list[int]) -> Contrast:
    """Return the gap in the last period before the start less the average of the leads before it."""
    import numpy

    from evalkit.estimation.fit import contrast

    weights: numpy.ndarray = numpy.zeros(fit.coefficients.size)
    weights[leads] = -1.0 / len(leads)
    return contrast(fit, weights)
