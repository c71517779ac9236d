"""Difference in differences: change where treated, less the change where not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from evalkit.designs.adoption import Adoption, adoption
from evalkit.designs.event_time import EventColumns, available, event_study, lead_checks, try_event_study
from evalkit.designs.options import Level, WindowOption
from evalkit.designs.outcomes import (
    EVENTS,
    modelled,
    modelled_unit,
    require_columns,
    require_positive,
    to_events,
    to_outcome,
)
from evalkit.designs.removal import DRAWS, Removal, relative_to
from evalkit.designs.terms import coefficients, minimum_detectable
from evalkit.diagnostics import comparison
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError
from evalkit.records import Block, Estimate, PathPoint, Result

if TYPE_CHECKING:
    import numpy

    from evalkit.estimation.fit import Fit
    from evalkit.records import Diagnostic, EventTime, Panel, Scale


class DifferenceInDifferences(Block):
    """A regression with unit and period effects, standard errors clustered by unit."""

    kind: Literal["difference_in_differences"] = "difference_in_differences"
    estimator: Literal["two_way_fixed_effects", "event_study"] = Field(
        "two_way_fixed_effects", description="One effect for all treated periods, or one by time since the start"
    )
    transform: Literal["auto", "log", "identity"] = Field(
        "auto", description="Scale of the outcome; auto: log for counts and rates that are all above 0, else identity"
    )
    covariates: list[str] = Field(default_factory=list, description="Columns that enter the regression")
    weights: str | None = Field(None, description="Column with the weight of each row, such as population")
    cluster: str | None = Field(None, description="Column whose groups may be correlated; default: the unit")
    small_sample: Literal["effects_nested", "effects_counted", "no_cluster_factor"] = Field(
        "effects_nested",
        description="Factor on the clustered covariance: unit effects nested in clusters not counted, counted, or "
        "no cluster factor",
    )
    leads: int | None = Field(None, ge=1, description="Event study: leads shown, earlier ones binned; default: up to 5")
    lags: int | None = Field(None, ge=0, description="Event study: lags shown, later ones binned; default: up to 5")
    before: WindowOption | None = Field(None, description="First and last period used before; default: all")
    after: WindowOption | None = Field(None, description="First and last period used after; default: all")
    seed: int = Field(20_240_229, ge=0, description="Seed of the draws behind simultaneous bounds and averted numbers")
    level: Level = 0.95

    title: ClassVar[str] = "Difference in differences"
    has_data: ClassVar[bool] = True
    assumptions: ClassVar[tuple[str, ...]] = (
        "Without the programme, treated and comparison units would have changed alike on the chosen scale.",
        "Units did not change before the start because they saw it coming.",
        "The programme in one unit does not change the outcome in another.",
        "One effect stands for all: where units start at different times and effects differ, "
        "two-way fixed effects can mislead.",
    )
    checks: ClassVar[tuple[str, ...]] = (
        "pre_period_leads", "anticipation", "number_of_clusters", "treated_clusters", "staggered_adoption",
        "balance_of_levels",
    )  # fmt: skip

    def resolve(self, panel: Panel) -> DifferenceInDifferences:
        """Return the design with transform, leads, lags and windows as the panel decides them.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.adoption.adoption`.
        """
        study = adoption(panel, self.before, self.after)
        most_leads, most_lags = available(study)
        transform = self.transform
        if transform == "auto":
            positive = bool((study.frame["value"] > 0).all())
            transform = "log" if panel.outcome.kind in ("count", "rate") and positive else "identity"
        return self.model_copy(
            update={
                "transform": transform,
                "leads": min(5 if self.leads is None else self.leads, most_leads),
                "lags": min(5 if self.lags is None else self.lags, most_lags),
                "cluster": self.cluster or "unit",
            }
        )

    def estimate(self, panel: Panel) -> Result:
        """Return effect, counterfactual path, event study and checks.

        Returns
        -------
        Result
            `effect` is the coefficient of treatment, or, for `estimator: event_study`, the average of the event-time
            effects over treated unit-periods. `path` has the group `treated` (mean over units treated at some time;
            from the first start on also what it would have been) and the group `comparison`.

        Raises
        ------
        DesignError
            When there is nobody to compare with, a unit lacks periods before its start, a value has no logarithm,
            a column is missing, or terms cannot be told apart.
        DataError
            When a unit lacks a period.

        Notes
        -----
        ``y_it = a_i + c_t + b D_it + x_it'g + e_it``, y the outcome (a count with exposure over its exposure), its
        logarithm on the log scale; D_it is 1 from the start of unit i on. Event study: D_it is replaced by indicators
        of event time, the last period before the start being the reference and the ends holding all beyond them.

        Standard-error rule: clustered by unit (or `cluster`), times the factor of `small_sample`, t with clusters
        less one degrees of freedom; `Result.standard_errors` gives the numbers. Absolute and averted take the effect
        out of what was observed: ``observed (exp(-b) - 1)`` (log) or ``-b`` (identity), summed over treated
        unit-periods; observed values count as given. Paths are arithmetic means over units, weighted as the
        regression is, so that they agree with published averages.

        References
        ----------
        Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119, 249-275. Cameron and Miller
        (2015), Journal of Human Resources 50, 317-372. Cheng and Hoekstra (2013), Journal of Human Resources 48,
        821-854 (their data are reproduced in the tests).
        """
        design = self.resolve(panel)
        return Regression(design, panel, adoption(panel, self.before, self.after)).result()


class Regression:
    """One difference-in-differences regression on its way to a `Result`."""

    def __init__(self, design: DifferenceInDifferences, panel: Panel, study: Adoption) -> None:
        import numpy

        self.design, self.panel, self.study = design, panel, study
        self.frame = study.frame
        self.scale: Scale = "log" if design.transform == "log" else "identity"
        self.observed = modelled(self.frame, panel)
        if self.scale == "log":
            require_positive(self.frame, self.observed, panel, "transform")
        require_columns(panel, design.covariates, "covariates")
        self.outcome = numpy.log(self.observed) if self.scale == "log" else self.observed
        if float(numpy.ptp(self.outcome)) == 0.0:
            raise DesignError(f"{panel.outcome.label} is the same in every unit and period", "check the column")
        self.weights = self._weights()
        self.unit = modelled_unit(panel)

    def result(self) -> Result:
        """Return the effect and everything that is made from it."""
        design, study = self.design, self.study
        leads, lags = design.leads or 1, design.lags or 0
        events = try_event_study(study, leads, lags, self._regress)
        points = () if isinstance(events, str) else event_study(*events, design.level, design.seed)
        if design.estimator == "event_study":
            if isinstance(events, str):
                raise DesignError(events, "use two_way_fixed_effects, or add units that are never treated")
            columns, fit = events
            post = [index for index, time in enumerate(columns.times) if time >= 0]
            indicators, names = columns.matrix[:, post], [f"event time {time}" for time in columns.times]
        else:
            indicators, names, post = self.frame[["treated"]].to_numpy(), ["treatment"], [0]
            fit = self._regress(indicators)
        effect = self._effect(fit, indicators, post)
        removal = self._removal(fit, indicators, post, effect)
        absolute = self._absolute(removal)
        return Result(
            estimand=self._estimand(),
            standard_errors=self._rule(fit),
            effect=effect,
            relative=self._relative(effect),
            absolute=absolute,
            averted=self._averted(removal),
            path=self._path(removal),
            coefficients=coefficients(fit, [*names, *design.covariates], design.level),
            event_study=points,
            inference={"method": "clustered", "rule": fit.rule, "small_sample_factor": fit.extra["factor"],
                       "seed": design.seed},
            fit={"clusters": int(fit.extra["clusters"]), "scale": self.scale, **self._averages(effect, absolute)},
            diagnostics=self._checks(events, points, effect),
            n_observations=len(self.frame),
            n_units=int(self.frame["unit"].nunique()),
            n_treated_units=len(study.starts),
            n_pre_periods=sum(time < min(study.starts.values()) for time in study.times),
            n_post_periods=sum(time >= min(study.starts.values()) for time in study.times),
        )  # fmt: skip

    def _weights(self) -> numpy.ndarray | None:
        """Return the weight of each row, None when all are equal."""
        if "weight" not in self.frame:
            return None
        weights = self.frame["weight"].to_numpy(dtype=float)
        wrong = list(dict.fromkeys(self.frame.loc[~(weights > 0.0), "unit"]))
        if wrong:
            raise DesignError(
                f"weights that are zero, negative or missing: {', '.join(wrong[:10])}", "correct them", "design.weights"
            )
        return None if (weights == weights[0]).all() else weights

    def _regress(self, columns: numpy.ndarray) -> Fit:
        """Return the two-way regression on these columns and the covariates."""
        import numpy
        import pandas

        from evalkit.estimation.regression import two_way

        extra = self.frame[self.design.covariates].to_numpy(dtype=float)
        cluster = self.frame["cluster"] if "cluster" in self.frame else self.frame["unit"]
        return two_way(
            self.outcome,
            numpy.column_stack([columns, extra]),
            pandas.factorize(self.frame["unit"])[0],
            self.frame["time"].to_numpy(),
            weights=self.weights,
            cluster=pandas.factorize(cluster)[0],
            small_sample=self.design.small_sample,
        )

    def _row_weights(self) -> numpy.ndarray:
        """Return weights of treated rows that sum to one: those of the regression, zero elsewhere."""
        import numpy

        treated = self.study.treated_rows * (1.0 if self.weights is None else self.weights)
        return numpy.asarray(treated / treated.sum())

    def _effect(self, fit: Fit, indicators: numpy.ndarray, post: list[int]) -> Estimate:
        """Return the average of the effects over treated rows, weighted as the regression is."""
        import numpy

        from evalkit.estimation.fit import contrast

        weights = numpy.zeros(fit.coefficients.size)
        weights[post] = indicators.T @ self._row_weights()
        found = contrast(fit, weights)
        label = f"change in {self.panel.outcome.label} while treated"
        unit = "log ratio" if self.scale == "log" else self.unit
        return Estimate.from_standard_error(
            found.value, found.se, found.df, level=self.design.level, scale=self.scale, label=label, unit=unit
        )

    def _removal(self, fit: Fit, indicators: numpy.ndarray, post: list[int], effect: Estimate) -> Removal:
        import numpy

        from evalkit.estimation.draws import coefficient_draws

        values, covariance = fit.coefficients[post], fit.covariance[numpy.ix_(post, post)]
        draws = coefficient_draws(values, covariance, fit.residual_df, DRAWS, self.design.seed)
        single = effect if len(post) == 1 else None
        return Removal(indicators, values, draws, self.scale, single, self.design.level)

    def _relative(self, effect: Estimate) -> Estimate | None:
        if self.scale == "log":
            return effect.percent()
        if self.panel.outcome.kind not in EVENTS:
            return None
        return relative_to(effect, float(self._row_weights() @ self.observed))

    def _absolute(self, removal: Removal) -> Estimate:
        """Return the change per unit and period; every unit-period of a count weighs the same."""
        shares = self._shares()
        unit = self.panel.outcome.unit or self.panel.outcome.label
        words = {"label": "change per unit and period", "unit": unit}
        return removal.added(self.observed, shares, **words).times(-1.0)

    def _shares(self) -> numpy.ndarray:
        """Return the factor by row that averages treated rows in the outcome's own unit; counts weigh the same."""
        import numpy

        if self.panel.outcome.kind != "count":
            return self._row_weights()
        treated = self.study.treated_rows
        return numpy.asarray(treated / treated.sum() * to_outcome(self.frame, self.panel))

    def _averages(self, effect: Estimate, absolute: Estimate) -> dict[str, Any]:
        """Return observed and expected averages over treated unit-periods, and the smallest effect to be found."""
        observed = float(self._shares() @ self.observed)
        expected = absolute.times(-1.0).plus(observed)
        base = float(self._row_weights() @ self.observed) - effect.value if self.scale == "identity" else None
        averages = {"observed": observed, "expected": expected.value, "expected_low": expected.low,
                    "expected_high": expected.high, "unit": absolute.unit}  # fmt: skip
        events = self.scale == "log" or self.panel.outcome.kind in EVENTS
        return {"averages": averages, "minimum_detectable": minimum_detectable(effect, base) if events else None}

    def _averted(self, removal: Removal) -> Estimate | None:
        factor = to_events(self.frame, self.panel)
        if factor is None:
            return None
        unit = self.panel.outcome.unit if self.panel.outcome.kind == "count" else "events"
        words = {"label": "expected less observed, all treated unit-periods", "unit": unit or self.panel.outcome.label}
        return removal.added(self.observed, factor * self.study.treated_rows, **words)

    def _path(self, removal: Removal) -> tuple[PathPoint, ...]:
        """Return mean paths of both groups; the treated one with what it would have been from the first start on."""
        import numpy

        first = min(self.study.starts.values())
        ever = self.frame["unit"].isin(list(self.study.starts)).to_numpy()
        back, times = to_outcome(self.frame, self.panel), self.frame["time"].to_numpy()
        weights = numpy.ones(len(times)) if self.weights is None else self.weights
        points = []
        for name, group in (("treated", ever), ("comparison", ~ever)):
            for time in self.study.times if group.any() else ():
                shares = weights * (group & (times == time))
                shares = shares / shares.sum() * back
                mean = float(shares @ self.observed)
                point = PathPoint(name, self.panel.label(time), mean)
                if name == "treated" and time >= first:
                    added = removal.added(self.observed, shares).plus(mean)
                    point = replace(point, counterfactual=added.value, low=added.low, high=added.high)
                points.append(point)
        return tuple(points)

    def _checks(
        self, events: tuple[EventColumns, Fit] | str, points: tuple[EventTime, ...], effect: Estimate
    ) -> tuple[Diagnostic, ...]:
        noun = "unit" if self.design.cluster in (None, "unit") else "cluster"
        frame, label = self.frame, self.panel.label
        clusters = frame["cluster"] if "cluster" in frame else frame["unit"]
        treated = clusters[frame["unit"].isin(list(self.study.starts))].nunique()
        leads = (
            comparison.leads_not_run(events)
            if isinstance(events, str)
            else lead_checks(*events, points, effect.value, self.scale, self.unit, self.design.level)
        )
        cohorts = {label(start): size for start, size in self.study.cohorts.items()}
        return (
            *leads,
            comparison.number_of_clusters(int(clusters.nunique()), noun),
            comparison.treated_clusters(int(treated), noun),
            comparison.staggered_adoption(cohorts, self.design.estimator, len(self.study.comparison)),
            comparison.balance_of_levels(),
        )

    def _estimand(self) -> str:
        study, outcome = self.study, self.panel.outcome
        rows = int(study.treated_rows.sum())
        late = f" ({several(len(study.late), 'unit')} of them treated after the data end)" if study.late else ""
        against = (
            f"{several(len(study.comparison), 'unit')} not treated in these data{late}" if study.comparison else ""
        )
        if len(study.cohorts) > 1:
            against = f"{against} and units not yet treated" if against else "units not yet treated"
        scale = "as a ratio (log scale)" if self.scale == "log" else f"in {self.unit}"
        weighted = "" if self.weights is None else ", weighted"
        return (
            f"average effect on {outcome.label} in {several(len(study.starts), 'treated unit')} over their "
            f"{several(rows, 'treated unit-period')}, {scale}{weighted}: their change since before the start, less the "
            f"change in {against}"
        )

    def _rule(self, fit: Fit) -> str:
        by = "unit" if self.design.cluster in (None, "unit") else self.design.cluster
        weighted = "no weights" if self.weights is None else f"weighted by {self.design.weights or 'the weight column'}"
        return f"clustered by {by}: {fit.rule}; {weighted}; small_sample: {self.design.small_sample}"
