"""A two-way regression on its way to a `Result`: effect, its removal from what was observed, paths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.designs.difference_in_differences.carried import lost_covariates
from evalkit.designs.difference_in_differences.event_time import event_columns, event_study, try_event_study
from evalkit.designs.difference_in_differences.removal import DRAWS, Removal, relative_to
from evalkit.designs.difference_in_differences.two_way_checks import two_way_checks
from evalkit.designs.difference_in_differences.unit_trends import with_unit_trends
from evalkit.designs.outcomes import (
    EVENTS,
    events_seen,
    modelled,
    modelled_unit,
    named,
    require_columns,
    require_positive,
    to_events,
    to_outcome,
)
from evalkit.designs.terms import coefficients, minimum_detectable
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError
from evalkit.records import Coefficient, Estimate, PathPoint, Result

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.estimation.fit import Fit
    from evalkit.records import Panel, Scale


class TwoWay:
    """One two-way regression on its way to a `Result`.

    Attributes
    ----------
    treated_clusters : int
        With one, what is particular to it cannot be told from the treatment: its scores are zero by construction, and
        a clustered standard error cannot exist (`sure` is False). Estimates then stand without interval.
    lone : str
        `treated` or `comparison` where one cluster alone is on that side throughout, for which the same holds.
    """

    row: ClassVar[str] = "treated unit-period"
    per: ClassVar[str] = "unit and period"

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
        self.clusters = self.frame["cluster"] if "cluster" in self.frame else self.frame["unit"]
        self.treated_clusters = int(self.clusters[self.frame["unit"].isin(list(study.starts))].nunique())
        others = int(self.clusters[~self.frame["unit"].isin(list(study.starts))].nunique())
        alone = others == 1 and len(study.cohorts) == 1  # Late starters would be set beside early ones as well.
        self.lone = "treated" if self.treated_clusters == 1 else "comparison" if alone else ""
        self.sure = not self.lone
        self.trends = self._trends()
        self.noun = "unit" if (self.clusters == self.frame["unit"]).all() else "cluster"

    def result(self) -> Result:
        """Return the effect and everything that is made from it."""
        design, study = self.design, self.study
        leads, lags = design.leads or 1, design.lags or 0
        events = try_event_study(study, leads, lags, self._regress, self.trends is not None)
        points = () if isinstance(events, str) else event_study(*events, design.level, design.seed, self.sure)
        if design.estimator == "event_study":
            if isinstance(events, str):
                self._require_covariates(event_columns(study, leads, lags, self.trends is not None).matrix)
                raise DesignError(events, "use two_way_fixed_effects, or add units that are never treated")
            columns, fit = events
            post = [index for index, time in enumerate(columns.times) if time >= 0]
            indicators, names = columns.matrix[:, post], [f"event time {time}" for time in columns.times]
        else:
            indicators, names, post = self.frame[["treated"]].to_numpy(), ["treatment"], [0]
            try:
                fit = self._regress(indicators)
            except DesignError:
                self._require_covariates(indicators)
                raise
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
            coefficients=self._coefficients(fit, names),
            event_study=points,
            inference=self._inference(fit),
            fit={"clusters": int(self.clusters.nunique()), "treated_clusters": self.treated_clusters,
                 "scale": self.scale, **self._averages(effect, absolute),
                 "observed_total": events_seen(self.frame, self.panel, study.treated_rows)},
            diagnostics=two_way_checks(self, events, points, effect.value),
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

    def _trends(self) -> numpy.ndarray | None:
        """Return periods as numbers where each unit has a straight line of its own in them."""
        if not self.design.unit_trends:
            return None
        if self.panel.cross_sections:
            raise DesignError(
                "unit trends are for panels, and these rows are others in each period",
                "leave `unit_trends` out, or bring means by unit and period",
                "design.unit_trends",
            )
        return self.frame["time"].to_numpy(dtype=float)

    def _regress(self, columns: numpy.ndarray) -> Fit:
        """Return the two-way regression on these columns and the covariates.

        The headline's regression is linearmodels' in small panels; the event study beside it is the kernel's.
        """
        import numpy
        import pandas

        from evalkit.estimation.regression import two_way
        from evalkit.estimation.two_way_kernel import two_way_kernel

        extra = self.frame[self.design.covariates].to_numpy(dtype=float)
        if self.trends is not None:
            return with_unit_trends(self, columns)
        beside = columns.shape[1] > 1 and self.design.estimator != "event_study"
        return (two_way_kernel if beside else two_way)(
            self.outcome,
            numpy.column_stack([columns, extra]),
            pandas.factorize(self.frame["unit"])[0],
            self.frame["time"].to_numpy(),
            weights=self.weights,
            cluster=pandas.factorize(self.clusters)[0],
            small_sample=self.design.small_sample,
            covariance="clustered" if self.sure else "classical",  # The latter is never shown: coefficients alone are.
        )

    def _require_covariates(self, indicators: numpy.ndarray) -> None:
        """Raise, by name, where covariates say nothing that unit, period, treatment and other covariates do not."""
        import numpy
        import pandas

        names = self.design.covariates
        lost = names and lost_covariates(
            numpy.column_stack([indicators, self.frame[names].to_numpy(dtype=float)]), names,
            pandas.factorize(self.frame["unit"])[0], pandas.factorize(self.frame["time"], sort=True)[0], self.weights,
            self.trends,
        )  # fmt: skip
        if lost:
            trends = "unit trends, " if self.design.unit_trends else ""
            raise DesignError(
                f"{trends}unit and period effects, or the terms before, leave nothing of these covariates: "
                f"{', '.join(lost)}",
                "leave them out, or bring units and periods in which they vary on their own",
                "design.covariates",
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
        words: dict[str, Any] = {"label": f"{self.panel.outcome.label}: change while treated", "scale": self.scale,
                                 "unit": "log ratio" if self.scale == "log" else self.unit}  # fmt: skip
        if not self.sure:
            return Estimate(found.value, level=self.design.level, **words)
        return Estimate.from_standard_error(found.value, found.se, found.df, level=self.design.level, **words)

    def _coefficients(self, fit: Fit, names: list[str]) -> tuple[Coefficient, ...]:
        """Return the terms of the model, without standard errors where none can be had."""
        found = coefficients(fit, [*names, *self.design.covariates], self.design.level)
        return found if self.sure else tuple(Coefficient(term.term, term.value) for term in found)

    def _inference(self, fit: Fit) -> dict[str, Any]:
        if not self.sure:
            return {"method": "none", "rule": self._without(), "small_sample_factor": None, "seed": self.design.seed}
        return {"method": "cluster_robust", "rule": fit.rule, "small_sample_factor": fit.extra["factor"],
                "seed": self.design.seed}  # fmt: skip

    def _removal(self, fit: Fit, indicators: numpy.ndarray, post: list[int], effect: Estimate) -> Removal:
        import numpy

        from evalkit.estimation.draws import coefficient_draws

        values, covariance = fit.coefficients[post], fit.covariance[numpy.ix_(post, post)]
        amounts, seed = self._shares() * self.observed, self.design.seed
        if not self.sure:
            bare = Removal(indicators, values, None, self.scale, None, self.design.level)
            return bare.headed(effect, amounts, seed)
        draws = coefficient_draws(values, covariance, fit.residual_df, DRAWS, self.design.seed)
        single = effect if len(post) == 1 else None
        shares = indicators.T @ self._row_weights()
        whole = Removal(indicators, values, draws, self.scale, single, self.design.level, effect, shares)
        return whole.headed(effect, amounts, seed)

    def _relative(self, effect: Estimate) -> Estimate | None:
        if self.scale == "log":
            return effect.percent()
        if self.panel.outcome.kind not in EVENTS:
            return None
        return relative_to(effect, float(self._row_weights() @ self.observed))

    def _absolute(self, removal: Removal) -> Estimate:
        """Return the change per unit and period; every unit-period of a count weighs the same."""
        shares = self._shares()
        unit = named(self.panel.outcome)
        words = {"label": f"change per {self.per}", "unit": unit}
        return removal.total(self.observed, shares, **words).times(-1.0)

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
        unit = named(self.panel.outcome) if self.panel.outcome.kind == "count" else "events"
        words = {"label": "expected less observed, all treated unit-periods", "unit": unit}
        return removal.total(self.observed, factor * self.study.treated_rows, **words)

    def _path(self, removal: Removal) -> tuple[PathPoint, ...]:
        """Return mean paths of both groups; the treated one with what it would have been from the first start on."""
        import numpy

        first = min(self.study.starts.values())
        ever = self.frame["unit"].isin(list(self.study.starts)).to_numpy()
        back, times = to_outcome(self.frame, self.panel), self.frame["time"].to_numpy()
        weights = numpy.ones(len(times)) if self.weights is None else self.weights
        points = []
        others = self.frame["unit"].isin(list(self.study.comparison)).to_numpy()
        for name, group in (("treated", ever), ("comparison", others)):
            for time in self.study.times if group.any() else ():
                shares = weights * (group & (times == time))
                if not shares.any():  # A declared gap in all of them: nothing was seen, and nothing is expected.
                    continue
                shares = shares / shares.sum() * back
                mean = float(shares @ self.observed)
                point = PathPoint(name, self.panel.label(time), mean)
                if name == "treated" and time >= first:
                    added = removal.added(self.observed, shares).plus(mean)
                    point = replace(point, counterfactual=added.value, low=added.low, high=added.high)
                points.append(point)
        return tuple(points)

    def _estimand(self) -> str:
        study, outcome = self.study, self.panel.outcome
        rows = int(study.treated_rows.sum())
        late = f" ({len(study.late):,} of them treated after the data end)" if study.late else ""
        against = (
            f"{several(len(study.comparison), 'unit')} not treated in these data{late}" if study.comparison else ""
        )
        if self._compares_with_later():
            against = f"{against} and units not yet treated" if against else "units not yet treated"
        if study.always:
            always = f"{several(len(study.always), 'unit')} treated in all periods"
            against = f"{against} and {always}" if against else always
        scale = "as a ratio (log scale)" if self.scale == "log" else f"in {self.unit}"
        weighted = "" if self.weights is None else ", weighted"
        whose = "its" if len(study.starts) == 1 else "their"
        return (
            f"{outcome.label}: average effect in {several(len(study.starts), 'treated unit')} over "
            f"{several(rows, self.row)}, {scale}{weighted}. It is {whose} change since before the start, "
            f"less the change in {against}"
            + (", each less a straight line of its own" if self.design.unit_trends else "")
        )

    def _compares_with_later(self) -> bool:
        """Say whether units that start later are among those compared with, until they start."""
        if len(self.study.cohorts) < 2 or not self.study.comparison:
            return len(self.study.cohorts) > 1
        if self.design.estimator == "callaway_santanna":
            return self.design.comparison == "not_yet_treated"
        return self.design.estimator != "sun_abraham"  # all its other rows have effects of their own

    def _rule(self, fit: Fit) -> str:
        by = "unit" if self.design.cluster in (None, "unit") else self.design.cluster
        if not self.sure:
            return self._without()
        weighted = "no weights" if self.weights is None else f"weighted by {self.design.weights or 'the weight column'}"
        return f"clustered by {by}: {fit.rule}; {weighted}; small_sample: {self.design.small_sample}"

    def _without(self) -> str:
        """Return why there is no standard error, and what can be done."""
        out = "" if "inference" in self.design.left_open else "leave `inference` out for one that can be had, or "
        return (
            f"one {self.lone} {self.noun}: a clustered standard error cannot exist, so the estimate stands without "
            f"interval and p-value; {out}use interrupted_time_series on the treated series"
        )
