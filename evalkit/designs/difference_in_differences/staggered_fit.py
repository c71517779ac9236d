"""Estimators by cohort and period on their way to a `Result`: Callaway and Sant'Anna, Sun and Abraham, imputation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.cohort_averages import (
    Bands,
    Cells,
    averaged,
    band,
    by_cohort,
    clusters_by_start,
    enough_behind,
    enough_in_start,
)
from evalkit.designs.difference_in_differences.estimated import Estimated, EventCovariance
from evalkit.designs.difference_in_differences.event_time import EventColumns
from evalkit.designs.difference_in_differences.few_treated import contributions_by_start
from evalkit.designs.difference_in_differences.imputed_leads import imputed_leads
from evalkit.designs.difference_in_differences.lone_starts import lone_cohorts, seen_averages, seen_cells
from evalkit.designs.difference_in_differences.reassigned import Reassigned
from evalkit.designs.difference_in_differences.removal import DRAWS, Removal
from evalkit.designs.difference_in_differences.roll_out import Compared, wide
from evalkit.designs.difference_in_differences.two_way_checks import two_way_checks
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.outcomes import events_seen, to_outcome
from evalkit.diagnostics.lone_starts import lone_starts
from evalkit.diagnostics.words import listed, several
from evalkit.errors import DesignError
from evalkit.records import Estimate, EventTime, Result

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.staggered.aggregation import Aggregation, Kind
    from evalkit.estimation.staggered.group_time_result import GroupTimeEffects
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
    from evalkit.records import Panel

TRIMMED = "without weight in some comparisons: with these covariates it would almost surely have been treated"
KINDS: tuple[Kind, ...] = ("simple", "group", "dynamic", "calendar")


class Staggered(TwoWay):
    """One estimate by cohort and period on its way to a `Result`.

    Attributes
    ----------
    lone_cohorts : dict of int to str
        Starts that one cluster has to itself, each with its units. Where all are such, `sure` is False.
    leads_read : tuple of EventTime
        Leads as their checks read them, where these are not the ones that are shown.
    """

    leads_read: tuple[EventTime, ...] = ()

    def __init__(self, design: DifferenceInDifferences, panel: Panel, found: Compared) -> None:
        super().__init__(design, panel, found.study)
        self.dropped = found.dropped
        self.lone_cohorts = lone_cohorts(found.study, self.clusters)
        if len(self.lone_cohorts) == len(found.study.cohorts) and not self.together:
            self.sure = False
        self.wide = wide(
            found.study, self._fitted_to(), self.clusters.to_numpy(), self.weights, design.covariates, panel.label
        )
        self.cells = self.cells_of(self.wide)
        self.seen = seen_cells(self.cells.cohort, self.cells.period, self.lone_cohorts, self.together)
        self.behind = clusters_by_start(self.frame["unit"], self.clusters, found.study.starts)
        self.averages: dict[str, Aggregation] = {kind: self.cells.average(kind) for kind in KINDS}

    def _fitted_to(self) -> numpy.ndarray:
        """Return what the estimator is fitted to, by row."""
        return self.outcome

    def _row_weights(self) -> numpy.ndarray:
        """Return weights of treated rows that sum to one: of each effect its share in the headline, among its rows.

        So the mean of effects over rows is the headline, also where rows lack or weights move.
        """
        import numpy

        if self.cells.weights is None:
            return super()._row_weights()
        keys = dict(zip(zip(self.cells.cohort, self.cells.period, strict=True), self.cells.weights, strict=True))
        starts = self.frame["unit"].map(self.study.starts)
        share = [keys.get(key, 0.0) for key in zip(starts, self.frame["time"], strict=True)]
        weights = self.carried() * self.study.treated_rows
        total = self.frame.assign(weight=weights, start=starts).groupby(["start", "time"])["weight"].transform("sum")
        return numpy.asarray(numpy.where(weights > 0.0, share * weights / total.fillna(1.0).replace(0.0, 1.0), 0.0))

    def _shares(self) -> numpy.ndarray:
        """Return the factor by row that averages treated rows; of counts that are weighted each row weighs the same."""
        import numpy

        if self.panel.outcome.kind != "count" or self.weights is not None or self.scale == "log":
            return super()._shares()
        return numpy.asarray(self._row_weights() * to_outcome(self.frame, self.panel))

    def carried(self) -> numpy.ndarray:
        """Return how much each row carries of an average over rows."""
        import numpy

        return numpy.ones(len(self.frame)) if self.weights is None else self.weights

    def by_group_time(self, panel: StaggeredPanel, leads: bool = True) -> GroupTimeEffects:
        """Return the effects by cohort and period of a wide panel, with or without those before treatment."""
        return effects_of(self.design, panel, self.together, leads)

    def cells_of(self, panel: StaggeredPanel) -> Cells:
        """Return the effects by cohort and period of a wide panel."""
        from evalkit.estimation.staggered.aggregation import aggregate, shares_of_cells

        found = self.by_group_time(panel)
        dropped = [(unit, "alone without a period before treatment") for unit in found.always_treated]
        dropped += [(unit, TRIMMED) for unit in found.trimmed_units]
        dropped += [(self._named(cell.cohort, cell.period), cell.reason) for cell in found.left_out]
        return Cells(
            found.cohort, found.period, found.effect, found.influence, found.cluster, found.df, found.factor,
            found.names, shares_of_cells(found), found.rule, found.single_unit_cohorts, tuple(dropped),
            lambda kind: aggregate(found, kind),
        )  # fmt: skip

    @property
    def together(self) -> bool:
        """Return whether imputed effects are held against averages over all starts: some start stands alone."""
        return self.design.estimator == "imputation" and self.treated_clusters > 1 and bool(self.lone_cohorts)

    def _named(self, cohort: float, period: float) -> str:
        return f"units that start in {self.panel.label(int(cohort))}, in {self.panel.label(int(period))}"

    def result(self) -> Result:
        """Return the average effect and everything that is made from it."""
        study, simple = self.study, self.averages["simple"]
        effect = self._headline(simple)
        removal, absolute = self._taken_out(effect)
        points, events = self._event_study()
        first = min(study.starts.values())
        return Result(
            estimand=self._estimand_by_cohort(),
            standard_errors=self._words(simple),
            effect=effect,
            relative=self._relative(effect),
            absolute=absolute,
            averted=self._averted(removal),
            path=self._path(removal),
            event_study=points,
            group_time=by_cohort(self.cells, self.panel, self.seen & enough_in_start(self.cells, self.behind),
                                 self._quantile(), self.sure),
            aggregations={kind: averaged(each, self.panel, self._band(each), self.sure)
                          for kind, each in self.averages.items()},
            inference=self._how(simple),
            fit={"clusters": int(self.clusters.nunique()), "treated_clusters": self.treated_clusters,
                 "scale": self.scale, **self._averages(effect, absolute),
                 "observed_total": events_seen(self.frame, self.panel, study.treated_rows)},
            diagnostics=self._checks(events, points, effect.value),
            n_observations=len(self.frame),
            n_units=int(self.frame["unit"].nunique()),
            n_treated_units=len(study.starts),
            n_pre_periods=sum(time < first for time in study.times),
            n_post_periods=sum(time >= first for time in study.times),
            dropped=(*self.dropped, *self.cells.dropped),
        )  # fmt: skip

    def _headline(self, simple: Aggregation) -> Estimate:
        """Return the average over treated unit-periods."""
        words: dict[str, Any] = {"label": f"{self.panel.outcome.label}: change while treated", "scale": self.scale,
                                 "unit": "log ratio" if self.scale == "log" else self.unit}  # fmt: skip
        error = simple.overall_standard_error
        if not self.sure or not error > 0.0:
            return Estimate(simple.overall, level=self.design.level, **words)
        return Estimate.from_standard_error(simple.overall, error, simple.df, level=self.design.level, **words)

    def _taken_out(self, effect: Estimate) -> tuple[Removal, Estimate]:
        """Return the effects by cohort and period ready to be taken out of what was seen, and their average."""
        import numpy

        from evalkit.estimation.draws import coefficient_draws
        from evalkit.estimation.staggered.group_time_result import clustered_covariance

        cells, frame = self.cells, self.frame
        after = numpy.flatnonzero(cells.period >= cells.cohort)
        starts = frame["unit"].map(self.study.starts).astype(float).to_numpy()
        times = frame["time"].to_numpy(dtype=float)
        indicators = ((starts[:, None] == cells.cohort[after]) & (times[:, None] == cells.period[after])).astype(float)
        bare = self.study.treated_rows & (indicators.sum(axis=1) == 0.0)
        if bare.any():
            where = frame.loc[bare, ["unit", "time"]].iloc[0]
            raise DesignError(
                f"no effect can be estimated for {int(bare.sum())} treated rows, first {where['unit']} in "
                f"{self.panel.label(int(where['time']))}",
                "end the window after before these periods, or add comparison units",
                "design.after",
            )
        draws = None
        if self.sure:
            spread = clustered_covariance(cells.influence[:, after], cells.cluster)
            draws = coefficient_draws(cells.effect[after], spread, cells.df, DRAWS, self.design.seed)
        shares = None if cells.weights is None else cells.weights[after]
        removal = Removal(indicators, cells.effect[after], draws, self.scale, None, self.design.level, effect, shares)
        removal = removal.headed(effect, self._shares() * self.observed, self.design.seed)
        return removal, self._absolute(removal)

    def _band(self, average: Aggregation) -> Bands:
        seen = seen_averages(average, self.cells.cohort, self.cells.period, self.seen)
        seen = seen & enough_behind(average.kind, average.label, self.cells, self.behind)
        return band(average, seen, self.design.level, self.design.draws, self.design.seed)

    def _quantile(self) -> float:
        from evalkit.distributions import Reference

        reference = Reference(self.cells.df)
        return float(reference.ppf((1 + self.design.level) / 2))

    def _event_study(self) -> tuple[tuple[EventTime, ...], tuple[EventColumns, Fit] | str]:
        """Return the effects by time since the start, and the same as the checks of leads read them."""
        import numpy

        dynamic = self.averages["dynamic"]
        bands = self._band(dynamic)
        low, high = -(self.design.leads or 1), self.design.lags or 0
        points = tuple(
            bands.point(int(time), float(dynamic.effect[j]), j, self.sure)
            for j, time in enumerate(dynamic.label)
            if low <= time <= high
        )
        if self.design.estimator == "imputation":
            return self._with_imputed_leads(points)
        moving = numpy.flatnonzero(dynamic.standard_errors > 0.0)
        events = self.event_covariance()
        if events is None or not (events.times < 0).any():
            return points, self._no_leads()
        kept = moving[(dynamic.label[moving] >= low)]
        columns = EventColumns(
            numpy.zeros((0, kept.size)), tuple(int(t) for t in dynamic.label[kept]), events.reference
        )
        return points, (columns, _as_fit(dynamic, kept))

    def _with_imputed_leads(
        self, points: tuple[EventTime, ...]
    ) -> tuple[tuple[EventTime, ...], tuple[EventColumns, Fit] | str]:
        """Return effects by time since the start after the leads of an imputation, if it has any."""
        leads = imputed_leads(self)
        if isinstance(leads, str):
            return points, leads
        self.leads_read = leads.against_last
        return (*leads.points, *points), (leads.columns, leads.fit)

    def _no_leads(self) -> str:
        if self.design.estimator == "poisson":
            return "Ratios are estimated from the start on: all periods before it are what they are compared with."
        if self.design.base_period == "varying":
            return "With a varying base every lead is a change from the period before it, not from one reference."
        return "There is one period before the start, so no earlier path can be seen."

    def event_covariance(self) -> EventCovariance | None:
        """Return the event study with its covariance, where all of it is a difference from one reference period."""
        import numpy

        estimator, dynamic = self.design.estimator, self.averages["dynamic"]
        universal = estimator == "sun_abraham" or (
            estimator == "callaway_santanna" and self.design.base_period == "universal"
        )
        if not universal or not self.sure:
            return None
        errors = dynamic.standard_errors
        base = numpy.flatnonzero((dynamic.label < 0) & (errors == 0.0))
        if base.size != 1:
            return None
        kept = numpy.flatnonzero(errors > 0.0)
        return EventCovariance(
            dynamic.label[kept].astype(int), dynamic.effect[kept], dynamic.covariance[numpy.ix_(kept, kept)],
            int(dynamic.label[base[0]]),
        )  # fmt: skip

    def _checks(self, events: tuple[EventColumns, Fit] | str, points: tuple[EventTime, ...], effect: float) -> Any:
        """Return the checks of a two-way regression, that of staggered adoption as this estimator has it."""
        found = two_way_checks(self, events, self.leads_read or points, effect)
        cohorts = {self.panel.label(start): size for start, size in self.study.cohorts.items()}
        if len(cohorts) == 1:
            return found
        groups = listed([f"{several(size, 'unit')} in {start}" for start, size in cohorts.items()])
        reading = (
            f"Units start at {len(cohorts)} different times ({groups}). Each start has effects of its own, compared "
            "with units not treated by then, so early starters are no comparison for late ones."
        )
        kept = [
            replace(check, verdict="no sign against", reading=reading, short="")
            if check.name == "staggered_adoption" else check for check in found
        ]  # fmt: skip
        lone = [(self.panel.label(start), units) for start, units in self.lone_cohorts.items()]
        clustered = self.design.inference == "cluster_robust" or self.noun != "unit"
        return (*kept, lone_starts(lone, len(cohorts), self.noun, clustered))

    def _estimand_by_cohort(self) -> str:
        what = {
            "callaway_santanna": "effects by start and period (Callaway and Sant'Anna), averaged over treated "
            "unit-periods",
            "sun_abraham": "effects by start and period in one regression (Sun and Abraham), averaged over treated "
            "unit-periods",
            "imputation": "observed less imputed (Borusyak, Jaravel and Spiess), averaged over treated unit-periods",
            "poisson": "events observed over events expected, summed over treated unit-periods",
        }[self.design.estimator]
        if self.design.estimator == "callaway_santanna" and not self.wide.observed.all():
            what += ", each start weighing as its units do in periods too in which some of them have no row"
        return f"{self._estimand()}. Simple aggregation: {what}"

    def _words(self, simple: Aggregation) -> str:
        if not self.sure:
            return self._without()
        if not self.cells.alone or self.together:
            return simple.rule
        return f"{simple.rule}; alone in their start, so without noise of their own: {listed(list(self.cells.alone))}"

    def _without(self) -> str:
        """Return why there is no standard error, and what can be done."""
        if self.lone:
            return super()._without()
        return (
            f"every start has one treated {self.noun} ({listed(list(self.lone_cohorts.values()))}): a clustered "
            "standard error leaves out what is particular to each, so the estimate has none; choose randomisation"
        )

    def _how(self, simple: Aggregation) -> dict[str, Any]:
        method = "cluster_robust" if self.sure else "none"
        return {"method": method, "rule": self._words(simple), "small_sample_factor": None, "draws": self.design.draws,
                "seed": self.design.seed}  # fmt: skip

    def estimated(self) -> Estimated:
        """Return the estimate as inference and analyses of sensitivity read it."""
        bare, run = self.bare(), Reassigned(self)
        return replace(bare, again=run) if self.noun == "unit" else replace(bare, by_cluster=run)

    def bare(self) -> Estimated:
        """Return the estimate without the means to run it again."""
        return Estimated(
            panel=self.panel, study=self.study, scale=self.scale, unit=self.unit, observed=self.observed,
            outcome=self._fitted_to(), weights=self.weights, clusters=self.clusters, noun=self.noun,
            covariates=tuple(self.design.covariates), linear=self._linear(), events=self.event_covariance(),
            by_start=contributions_by_start(self),
        )  # fmt: skip

    def _linear(self) -> bool:
        return not self.design.covariates and self.weights is None and self.noun == "unit"


def effects_of(
    design: DifferenceInDifferences, panel: StaggeredPanel, by_event_time: bool = False, leads: bool = True
) -> GroupTimeEffects:
    """Return the effects by cohort and period of a wide panel by the design's estimator.

    Parameters
    ----------
    design : DifferenceInDifferences
    panel : StaggeredPanel
    by_event_time : bool
        imputation: whether variances hold effects against averages by time since the start.
    leads : bool
        callaway_santanna: whether effects before treatment are estimated too.
    """
    if design.estimator == "sun_abraham":
        from evalkit.estimation.staggered.sun_abraham import sun_abraham

        return sun_abraham(panel, design.anticipation, design.small_sample)
    if design.estimator == "imputation":
        from evalkit.estimation.staggered.imputation import AverageOver, imputation

        over: AverageOver = "event_time" if by_event_time else "cohort_and_period"
        return imputation(panel, design.anticipation, design.leave_own_out, over)
    from evalkit.estimation.staggered.group_time import ComparisonUnits, group_time_effects

    rule: ComparisonUnits = "not_yet_treated" if design.comparison == "not_yet_treated" else "never_treated"
    return group_time_effects(panel, rule, design.method, design.base_period, design.anticipation, leads=leads)


def _as_fit(dynamic: Aggregation, kept: numpy.ndarray) -> Fit:
    """Return averages by event time as the checks of leads read a regression."""
    import numpy

    from evalkit.estimation.fit import Fit

    empty = numpy.zeros(0)
    return Fit(dynamic.effect[kept], dynamic.covariance[numpy.ix_(kept, kept)], dynamic.df, empty, empty, empty, 1.0,
               dynamic.rule)  # fmt: skip
