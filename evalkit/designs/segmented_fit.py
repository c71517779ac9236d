"""A segmented regression on its way to a `Result`: fit, effect, path, and what follows from draws."""

from __future__ import annotations

import calendar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

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
from evalkit.designs.removal import DRAWS
from evalkit.designs.segmented_checks import segmented_checks, what_is_left
from evalkit.designs.series import COUNT_FAMILIES, Series, season_codes
from evalkit.designs.terms import coefficients, minimum_detectable
from evalkit.designs.windows import words_of
from evalkit.errors import DesignError
from evalkit.periods import words_for
from evalkit.records import Estimate, PathPoint, Result

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.interrupted_time_series import InterruptedTimeSeries
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.rules import Family
    from evalkit.records import Panel, Scale


class Segmented:
    """One segmented regression on its way to a `Result`."""

    def __init__(self, design: InterruptedTimeSeries, panel: Panel, found: Series) -> None:
        import numpy

        from evalkit.estimation.rules import autocovariance_lags
        from evalkit.estimation.segmented import segmented_design

        self.design, self.panel, self.found, self.frame = design, panel, found, found.frame
        usual = autocovariance_lags(None, len(self.frame))[0]
        self.lags = None if design.lags == usual else design.lags  # None: the words name the rule behind the number.
        self.scale: Scale = "log" if design.scale == "log" else "identity"
        self.observed = modelled(self.frame, panel)
        self.unit = modelled_unit(panel)
        require_columns(panel, design.covariates, "covariates")
        if float(numpy.ptp(self.observed)) == 0.0:
            raise DesignError(f"{panel.outcome.label} is the same in every period", "check the column", "outcomes")
        if self.scale == "log" and design.family == "gaussian":
            require_positive(self.frame, self.observed, panel, "scale")
        covariates = {name: self.frame[name].to_numpy(dtype=float) for name in design.covariates}
        self.terms = segmented_design(
            self.frame["time"].to_numpy(), found.start, season_codes(found, design.season, panel.frequency),
            design.trend, design.impact, covariates,
        )  # fmt: skip
        self.fit = self.regress(self.terms.matrix, self.frame)
        self.smearing = 1.0
        if self.scale == "log" and design.family == "gaussian":
            self.smearing = float(numpy.exp(self.fit.residuals).mean())

    def result(self) -> Result:
        """Return the effect and everything that is made from it."""
        from evalkit.estimation.segmented import average_effect_weights

        design, found, fit = self.design, self.found, self.fit
        effect = self.contrast(average_effect_weights(self.terms))
        sums = Simulated(self, effect)
        return Result(
            estimand=self._estimand(),
            standard_errors=self._rule(),
            effect=effect,
            relative=effect.percent() if self.scale == "log" else sums.relative(),
            absolute=sums.absolute(),
            averted=sums.averted(),
            path=self._path(),
            path_without_season=self._path(without_season=True) if self._season() is not None else (),
            coefficients=coefficients(fit, self._names(), design.level),
            inference={"method": design.errors, "rule": fit.rule, "seed": design.seed},
            fit=self._fit(effect, sums),
            diagnostics=segmented_checks(self, effect),
            n_observations=len(self.frame),
            n_units=1,
            n_treated_units=1,
            n_pre_periods=found.n_before,
            n_post_periods=found.n_after,
        )

    def regress(self, matrix: numpy.ndarray, frame: pandas.DataFrame) -> Fit:
        """Return the regression of the rows of `frame` on `matrix` by the chosen family and errors."""
        import numpy

        from evalkit.estimation import autoregressive, autoregressive_counts, regression

        design = self.design
        if design.family == "quasi_poisson" and design.errors == "autoregressive":
            return autoregressive_counts.quasi_likelihood(
                frame["value"].to_numpy(dtype=float), matrix, to_outcome(frame, self.panel), frame["time"].to_numpy(),
                design.small_sample,
            )  # fmt: skip
        if design.family in COUNT_FAMILIES:
            return regression.generalised_linear(
                frame["value"].to_numpy(dtype=float), matrix, cast("Family", design.family),
                exposure=to_outcome(frame, self.panel),
                covariance="newey_west" if design.errors == "newey_west" else "model", lags=self.lags,
            )  # fmt: skip
        values = modelled(frame, self.panel)
        outcome = numpy.log(values) if self.scale == "log" else values
        if design.errors == "autoregressive":
            return autoregressive.restricted_likelihood(outcome, matrix, frame["time"].to_numpy(), design.small_sample)
        if design.errors == "newey_west":
            return regression.newey_west(outcome, matrix, self.lags)
        return regression.ordinary(outcome, matrix)

    def contrast(self, weights: numpy.ndarray, fit: Fit | None = None, **words: str) -> Estimate:
        """Return a combination of coefficients as an estimate on the model's scale."""
        from evalkit.estimation.fit import contrast

        found = contrast(fit or self.fit, weights)
        unit = "log ratio" if self.scale == "log" else self.unit
        label = words.get("label", f"{self.panel.outcome.label}: average change after the start")
        return Estimate.from_standard_error(
            found.value, found.se, found.df, level=self.design.level, scale=self.scale, unit=unit, label=label
        )

    def _season(self) -> numpy.ndarray | None:
        """Return what the season adds to each period on the model's scale, None where none is fitted.

        Centred so that taking it out keeps the level of a year: on the log scale the factors average one over the
        seasons, otherwise the shifts average nothing.
        """
        import numpy

        columns = [at for at, name in enumerate(self.terms.names) if name.startswith("season ")]
        if not columns:
            return None
        effects = numpy.append(0.0, self.fit.coefficients[columns])  # The first season is the reference.
        centre = numpy.log(numpy.exp(effects).mean()) if self.scale == "log" else effects.mean()
        added: numpy.ndarray = self.terms.matrix[:, columns] @ self.fit.coefficients[columns] - centre
        return added

    def _path(self, *, without_season: bool = False) -> tuple[PathPoint, ...]:
        """Return every period of the panel; fitted and counterfactual where the model uses it.

        The bounds are those of the counterfactual mean, ``x0'b -+ t se``, taken to the outcome's unit. Without its
        season, a path holds the modelled periods alone.
        """
        import numpy
        from scipy import stats

        from evalkit.estimation.fit import contrasts

        expected = contrasts(self.fit, self.terms.counterfactual)
        share = (1 + self.design.level) / 2
        df = numpy.full(len(self.frame), numpy.inf) if expected.df is None else expected.df
        reach = stats.t.ppf(share, df) * expected.se
        factor = to_outcome(self.frame, self.panel)
        season = self._season() if without_season else None
        taken = numpy.zeros(len(self.frame)) if season is None else season
        lines = [
            self.back(line - taken) * factor
            for line in (
                self.terms.matrix @ self.fit.coefficients,
                expected.values,
                expected.values - reach,
                expected.values + reach,
            )
        ]
        used = {time: [float(line[row]) for line in lines] for row, time in enumerate(self.found.times)}
        name, points = self.panel.units[0] or "series", []
        removed = dict(zip(self.found.times, zip(taken, factor, strict=True), strict=True))
        for time, value in zip(self.panel.frame["time"], self.panel.frame["value"], strict=True):
            if without_season and int(time) not in used:
                continue
            shift, size = removed.get(int(time), (0.0, 1.0))
            observed = value * numpy.exp(-shift) if self.scale == "log" else value - shift * size
            point = PathPoint(name, self.panel.label(int(time)), float(observed))
            if int(time) in used:
                fitted, middle, low, high = used[int(time)]
                point = replace(point, fitted=fitted, counterfactual=middle, low=low, high=high)
            points.append(point)
        return tuple(points)

    def back(self, line: Any) -> Any:
        """Return a linear predictor on the scale of the modelled outcome."""
        import numpy

        return numpy.exp(line) * self.smearing if self.scale == "log" else line

    def _fit(self, effect: Estimate, sums: Simulated) -> dict[str, Any]:
        """Return the change at once and at the end, averages and total after it, and what describes the errors."""
        from evalkit.estimation.segmented import effect_rows

        rows = effect_rows(self.terms)
        found: dict[str, Any] = {}
        for name, row in (("immediate", rows[0]), ("end", rows[-1])):
            if not row.any():
                continue  # A slope alone starts from no change.
            change = self.contrast(row)
            change = change.percent() if self.scale == "log" else change
            found[name] = {"value": change.value, "low": change.low, "high": change.high, "p_value": change.p_value,
                           "unit": change.unit}  # fmt: skip
        expected, observed = sums.expected(), self.frame["value"].to_numpy()[self.terms.post].mean()
        found["averages"] = {"observed": float(observed), "fitted": sums.fitted(), "expected": expected.value,
                             "expected_low": expected.low, "expected_high": expected.high,
                             "unit": expected.unit}  # fmt: skip
        base = self.base() if self.panel.outcome.kind in EVENTS else None
        found["minimum_detectable"] = minimum_detectable(effect, base)
        remains = what_is_left(self)
        found["autocorrelation"] = self.fit.extra.get("rho", remains.first if remains else None)
        found["dispersion"] = self.fit.extra.get("pearson_dispersion")
        found["smearing"] = self.smearing
        found["observed_total"] = events_seen(self.frame, self.panel, self.terms.post)
        found["family"], found["scale"], found["season"] = self.design.family, self.scale, self.design.season
        return found

    def base(self) -> float:
        """Return the average counterfactual over the periods after, on the scale of the modelled outcome."""
        return float(self.back(self.terms.counterfactual @ self.fit.coefficients)[self.terms.post].mean())

    def _names(self) -> list[str]:
        """Return the terms in whole words: months by name, quarters by number."""
        names = []
        for name in self.terms.names:
            code = name.removeprefix("season ")
            if name == code:
                names.append(name)
            else:
                names.append(calendar.month_name[int(code)] if self.design.season == "month" else f"quarter {code}")
        return names

    def _estimand(self) -> str:
        found, frequency = self.found, self.panel.frequency
        earlier, later = (words_of(span, frequency) for span in found.spans)
        scale = "as a ratio (average logarithm)" if self.scale == "log" else f"in {self.unit}"
        return (
            f"Average over the {found.n_after} {words_for(frequency, found.n_after)} {later} of the fitted line less "
            f"the line of {earlier} carried forward, {scale}"
        )

    def _rule(self) -> str:
        design = self.design
        gaps = len(self.frame) < self.found.times[-1] - self.found.times[0] + 1 and design.errors == "newey_west"
        how = "log link" if design.family in COUNT_FAMILIES else f"{self.scale} scale"
        skipped = "; missing periods are skipped over" if gaps else ""
        return f"{design.family} regression on the {how}; {self.fit.rule}{skipped}"


class Simulated:
    """Sums over the periods after in the outcome's own unit, with their draws.

    Notes
    -----
    ``sum_t v_t (back(x_t'b) - back(x0_t'b))`` over periods after, at the estimate and at each draw of b.
    """

    def __init__(self, model: Segmented, effect: Estimate) -> None:
        from evalkit.estimation.draws import coefficient_draws

        self.model = model
        fit, design = model.fit, model.design
        draws = coefficient_draws(fit.coefficients, fit.covariance, effect.df, DRAWS, design.seed)
        self.sets = (fit.coefficients[None, :], draws)
        self.level = design.level

    def absolute(self) -> Estimate:
        """Return the average change per period in the outcome's own unit."""
        panel, post = self.model.panel, self.model.terms.post
        unit = named(panel.outcome)
        factor = to_outcome(self.model.frame, panel) / post.sum()
        return self._difference(factor, label="average change per unit and period", unit=unit)

    def fitted(self) -> float:
        """Return the average fitted value per period in the outcome's own unit."""
        factor = to_outcome(self.model.frame, self.model.panel) / self.model.terms.post.sum()
        return float(self._sum(self.model.terms.matrix, factor, self.sets[0])[0])

    def expected(self) -> Estimate:
        """Return the average counterfactual per period in the outcome's own unit."""
        panel, post = self.model.panel, self.model.terms.post
        factor = to_outcome(self.model.frame, panel) / post.sum()
        value, draws = (self._sum(self.model.terms.counterfactual, factor, betas) for betas in self.sets)
        unit = named(panel.outcome)
        return Estimate.from_draws(float(value[0]), draws, level=self.level, label="expected per period", unit=unit)

    def averted(self) -> Estimate | None:
        """Return counterfactual less fitted over all periods after, None where the outcome counts no events."""
        panel = self.model.panel
        factor = to_events(self.model.frame, panel)
        if factor is None:
            return None
        unit = named(panel.outcome) if panel.outcome.kind == "count" else "events"
        return self._difference(-factor, label="expected less fitted, all periods after", unit=unit)

    def relative(self) -> Estimate | None:
        """Return the average change in percent of the average counterfactual, None where that may be below zero."""
        import numpy

        model = self.model
        if model.panel.outcome.kind not in EVENTS and not (model.observed > 0.0).all():
            return None
        equal = numpy.ones(len(model.frame))
        value, draws = (self._sum(model.terms.matrix, equal, betas) for betas in self.sets)
        base, bases = (self._sum(model.terms.counterfactual, equal, betas) for betas in self.sets)
        if base[0] <= 0.0 or float(numpy.quantile(bases, (1 - self.level) / 2)) <= 0.0:
            return None
        ratio, ratios = (100.0 * (top / bottom - 1.0) for top, bottom in ((value, base), (draws, bases)))
        found = Estimate.from_draws(float(ratio[0]), ratios, level=self.level, unit="percent", label="average change")
        return replace(found, se=None)  # A ratio of normals has none.

    def _difference(self, factor: numpy.ndarray, **words: str) -> Estimate:
        value, draws = (
            self._sum(self.model.terms.matrix, factor, betas)
            - self._sum(self.model.terms.counterfactual, factor, betas)
            for betas in self.sets
        )
        return Estimate.from_draws(float(value[0]), draws, level=self.level, **words)

    def _sum(self, matrix: numpy.ndarray, factor: numpy.ndarray, betas: numpy.ndarray) -> numpy.ndarray:
        """Return the weighted sum over periods after for each row of coefficients, one period at a time."""
        import numpy

        total = numpy.zeros(betas.shape[0])
        for row in numpy.flatnonzero(self.model.terms.post):
            total += factor[row] * self.model.back(betas @ matrix[row])
        return total
