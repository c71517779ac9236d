"""A segmented regression on its way to a `Result`: fit, effect, path, and what follows from draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.interrupted_time_series import segmented_words
from evalkit.designs.interrupted_time_series.controls import control_covariate, control_series, control_terms
from evalkit.designs.interrupted_time_series.interruptions import other_interruptions, placed
from evalkit.designs.interrupted_time_series.segmented_checks import (
    beyond_recorded,
    reach,
    segmented_checks,
    what_is_left,
)
from evalkit.designs.interrupted_time_series.segmented_errors import Rows, fitted_by, transformed
from evalkit.designs.interrupted_time_series.segmented_sums import FURTHEST, Simulated
from evalkit.designs.interrupted_time_series.series import Series, season_terms
from evalkit.designs.interrupted_time_series.supplements import with_supplements
from evalkit.designs.outcomes import (
    EVENTS,
    events_seen,
    modelled,
    modelled_unit,
    require_columns,
    require_positive,
    to_outcome,
)
from evalkit.designs.terms import coefficients, minimum_detectable
from evalkit.errors import DesignError
from evalkit.periods import PER_YEAR, words_for
from evalkit.records import Estimate, PathPoint, Result

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.series.segmented import SegmentedDesign
    from evalkit.records import Panel, Scale


class Segmented:
    """One segmented regression on its way to a `Result`.

    Attributes
    ----------
    design : InterruptedTimeSeries
        Resolved.
    whole, panel : Panel
        As given, and the treated series alone.
    found : Series
    frame : pandas.DataFrame
        Rows of the treated series that are used.
    observed : numpy.ndarray, shape (n,)
        The outcome as modelled, before any logarithm.
    own : SegmentedDesign
        Terms of the treated series by itself.
    terms : SegmentedDesign
        Terms of the fit: `own`, or with a comparison series those of the comparison and the differences from them.
    comparison : Rows or None
        The comparison series, where controls enter as one.
    fit : Fit
    scale : {'identity', 'log'}
    smearing : float
        Factor from the exponential of a fitted logarithm to the outcome.
    """

    def __init__(self, design: InterruptedTimeSeries, panel: Panel, found: Series) -> None:
        import numpy

        from evalkit.estimation.rules import autocovariance_lags
        from evalkit.estimation.series.segmented import with_comparison

        self.design, self.whole, self.panel, self.found, self.frame = design, panel, found.panel, found, found.frame
        usual = autocovariance_lags(None, len(self.frame))[0]
        self.lags = None if design.lags == usual else design.lags  # None: the words name the rule behind the number.
        self.scale: Scale = "log" if design.scale == "log" else "identity"
        self.observed = modelled(self.frame, self.panel)
        self.unit = modelled_unit(self.panel)
        require_columns(self.panel, design.covariates, "covariates")
        self._require_variation()
        if self.scale == "log" and design.family == "gaussian":
            require_positive(self.frame, self.observed, self.panel, "scale")
        self.comparison = self._comparison()
        self.own = self.terms_at(found.start)
        self.terms = self.own if self.comparison is None else with_comparison(self.own)
        self.fit = self.regress(self.terms.matrix, self.frame)
        self.smearing = 1.0
        if self.scale == "log" and design.family == "gaussian":
            self.smearing = float(numpy.exp(self.fit.residuals).mean())

    def variant(self, **options: Any) -> Segmented:
        """Return the same series by a design with other options, for a comparison with this one.

        Raises
        ------
        DesignError, DataError
            As `InterruptedTimeSeries.estimate`.
        """
        design = self.design.model_copy(update=options)
        return Segmented(design, self.whole, design.series(self.whole))

    def terms_at(self, start: int) -> SegmentedDesign:
        """Return the terms of the treated series by itself with the design's change at a period.

        Raises
        ------
        DesignError
            As `evalkit.estimation.series.segmented.segmented_design`.
        """
        from evalkit.estimation.series.segmented import segmented_design

        design, found = self.design, self.found
        covariates = {name: self.frame[name].to_numpy(dtype=float) for name in design.covariates}
        if found.control is not None and design.controls is not None and self.comparison is None:
            covariates |= control_terms(
                found.control, design.controls.as_ == "average", found.times, self.scale == "log"
            )
        with placed("design.season"):
            season = season_terms(found, design.season, design.pairs, self.panel.frequency)
        return segmented_design(
            self.frame["time"].to_numpy(), start, season, design.trend, design.impact, covariates,
            length=design.length, knots=design.knots,
            interruptions=other_interruptions(self.panel, design.interruptions),
        )  # fmt: skip

    @property
    def other_starts(self) -> list[int]:
        """First periods of the other interruptions."""
        return [other.start for other in other_interruptions(self.panel, self.design.interruptions)]

    def result(self, *, supplements: bool = True) -> Result:
        """Return the effect and everything that is made from it; `supplements`: and what stands beside it."""
        from evalkit.estimation.series.segmented import average_effect_weights

        design, found, fit = self.design, self.found, self.fit
        effect = self.contrast(average_effect_weights(self.terms))
        sums = Simulated(self, effect)
        result = Result(
            estimand=segmented_words.estimand(self),
            standard_errors=segmented_words.rule(self),
            effect=effect,
            relative=effect.percent() if self.scale == "log" else sums.relative(),
            absolute=sums.absolute(),
            averted=sums.averted(),
            path=self._path(),
            path_without_season=self._path(without_season=True) if self._season() is not None else (),
            coefficients=coefficients(fit, segmented_words.term_names(self), design.level),
            inference={"method": design.errors, "rule": fit.rule, "seed": design.seed},
            fit=self._fit(effect, sums),
            diagnostics=segmented_checks(self, effect),
            n_observations=len(self.frame) * (1 if self.comparison is None else 2),
            n_units=1 + (0 if found.control is None else len(found.control.units)),
            n_treated_units=1,
            n_pre_periods=found.n_before,
            n_post_periods=found.n_after,
            dropped=(*found.dropped, *self._beyond()),
        )
        return with_supplements(self, result) if supplements else result

    def _beyond(self) -> tuple[tuple[str, str], ...]:
        """Return the horizons that the study names and the data do not reach, each with the reason."""
        length, frequency = self.found.times[-1] - self.found.start + 1, self.panel.frequency
        reach = f"the data reach {length} {words_for(frequency, length)} from the start on"
        asked = sorted({steps for steps in self.design.horizons or () if steps > length})
        return tuple((f"the effect by {steps} {words_for(frequency, steps)}", reach) for steps in asked)

    def regress(self, matrix: numpy.ndarray, frame: pandas.DataFrame) -> Fit:
        """Return the regression of the rows of `frame` on `matrix` by the chosen family and errors.

        With a comparison series, a matrix that holds the terms twice (as `terms.matrix`) is fitted to both series, for
        the same periods; any other matrix is fitted to the treated series alone.
        """
        half, odd = divmod(matrix.shape[1], 2)
        if self.comparison is not None and not odd and (matrix[:, :half] == matrix[:, half:]).all():
            return self._beside(matrix[:, half:], frame)
        return fitted_by(self.design, matrix, self._rows(frame), self.lags)

    def _rows(self, frame: pandas.DataFrame) -> Rows:
        """Return rows of the treated series as a regression takes them."""
        times = frame["time"].to_numpy()
        return Rows(
            frame["value"].to_numpy(dtype=float), to_outcome(frame, self.panel), modelled(frame, self.panel), times,
            times < self.found.start,
        )  # fmt: skip

    def _beside(self, matrix: numpy.ndarray, frame: pandas.DataFrame) -> Fit:
        """Return the regression of both series in the periods of `frame`; `matrix` holds the terms once."""
        import numpy

        from evalkit.estimation.series.two_series import Stacked, difference, pooled

        assert self.comparison is not None
        assert self.found.control is not None
        at = numpy.searchsorted(self.frame["time"].to_numpy(), frame["time"].to_numpy())
        whole = self.comparison
        other = Rows(whole.value[at], whole.exposure[at], whole.modelled[at], whole.positions[at], whole.before[at])
        alike = matrix.copy()
        times = [int(time) for time in frame["time"]]
        for name in self.design.covariates:
            own = (matrix == frame[name].to_numpy(dtype=float)[:, None]).all(axis=0)
            alike[:, own] = control_covariate(self.found.control, name, times)[:, None]
        rows = self._rows(frame)
        if self.design.family == "gaussian" and self.design.errors == "ordinary":
            outcomes = tuple(transformed(self.design, each.modelled) for each in (rows, other))
            return pooled(Stacked((outcomes[0], outcomes[1]), (matrix, alike)))
        return difference(
            fitted_by(self.design, matrix, rows, self.lags), fitted_by(self.design, alike, other, self.lags)
        )

    def _comparison(self) -> Rows | None:
        """Return the comparison series, None where there is none or the controls enter as covariates."""
        import numpy

        control = self.found.control
        if control is None or self.design.controls is None or self.design.controls.as_ != "comparison":
            return None
        found = control_series(control, self.found.times)
        if self.scale == "log" and (found.modelled <= 0.0).any():
            time = self.panel.label(self.found.times[int(numpy.argmax(found.modelled <= 0.0))])
            raise DesignError(
                f"the comparison series is not above zero in {time}, so it has no logarithm",
                "name more controls, join periods, or use scale: identity", "design.controls",
            )  # fmt: skip
        times = self.frame["time"].to_numpy()
        return Rows(found.value, found.exposure, found.modelled, times, times < self.found.start)

    def _require_variation(self) -> None:
        """Raise when the series is the same throughout, or counts events and holds none on one side."""
        import numpy

        label = self.panel.outcome.label
        if float(numpy.ptp(self.observed)) == 0.0:
            raise DesignError(f"{label} is the same in every period", "check the column", "outcomes")
        after = self.frame["time"].to_numpy() >= self.found.start
        for side, rows in (("before the start", ~after), ("from the start on", after)):
            if self.panel.outcome.kind in EVENTS and not self.observed[rows].any():
                raise DesignError(
                    f"{label} is 0 in every period {side}, so no size of change can be told",
                    "check that these periods were counted (leave them out if not), or use before_after", "outcomes",
                )  # fmt: skip

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

        from evalkit.estimation.series.seasons import waves

        columns = [at for at, name in enumerate(self.own.names) if name.startswith("season ")]
        if not columns:
            return None
        each = self.fit.coefficients.reshape(-1, len(self.own.names)).sum(axis=0)[columns]
        year = numpy.vstack([numpy.zeros(len(columns)), numpy.eye(len(columns))])  # The first season is the reference.
        if self.design.season == "fourier":
            length = PER_YEAR[self.panel.frequency]
            year = numpy.column_stack(list(waves(numpy.arange(int(length)), length, self.design.pairs or 1).values()))
        effects = year @ each
        centre = numpy.log(numpy.exp(effects).mean()) if self.scale == "log" else effects.mean()
        added: numpy.ndarray = self.own.matrix[:, columns] @ each - centre
        return added

    def _path(self, *, without_season: bool = False) -> tuple[PathPoint, ...]:
        """Return every period of the panel; fitted and counterfactual where the model uses it.

        The bounds are those of the counterfactual mean, ``x0'b -+ t se``, taken to the outcome's unit. Without its
        season, a path holds the modelled periods alone.
        """
        import numpy

        from evalkit import distributions
        from evalkit.estimation.fit import contrasts

        expected = contrasts(self.fit, self.terms.counterfactual)
        share = (1 + self.design.level) / 2
        df = numpy.full(len(self.frame), numpy.inf) if expected.df is None else expected.df
        reach = distributions.t.ppf(share, df) * expected.se
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
        return (*points, *(() if without_season else self._path_of_comparison()))

    def _path_of_comparison(self) -> tuple[PathPoint, ...]:
        """Return the comparison series in every period: per unit, or at the treated series' exposure."""
        control = self.found.control
        if self.comparison is None or control is None:
            return ()
        held = set(control.times)
        rows = self.panel.frame[self.panel.frame["time"].isin(held)]
        times = [int(time) for time in rows["time"]]
        values = control_series(control, times).modelled * to_outcome(rows, self.panel)
        name = segmented_words.comparison_name(self).removeprefix("the ")
        return tuple(
            PathPoint(name, self.panel.label(time), float(value)) for time, value in zip(times, values, strict=True)
        )

    def back(self, line: Any) -> Any:
        """Return a linear predictor on the scale of the modelled outcome.

        Logarithms beyond 150 count as 150: draws with hardly any degrees of freedom reach further than numbers do.
        """
        import numpy

        return numpy.exp(numpy.minimum(line, FURTHEST)) * self.smearing if self.scale == "log" else line

    def _fit(self, effect: Estimate, sums: Simulated) -> dict[str, Any]:
        """Return the change at once and at the end, averages and total after it, and what describes the errors."""
        from evalkit.estimation.series.segmented import effect_rows

        rows = effect_rows(self.terms)
        found: dict[str, Any] = {}
        for name, row in (("immediate", rows[0]), ("end", rows[-1])):
            if not row.any():
                continue  # A slope alone or a delay starts from no change, and a pulse ends in none.
            change = self.contrast(row)
            change = change.percent() if self.scale == "log" else change
            found[name] = {"value": change.value, "low": change.low, "high": change.high, "p_value": change.p_value,
                           "unit": change.unit}  # fmt: skip
        expected, observed = sums.expected(), self.frame["value"].to_numpy()[self.terms.acting].mean()
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
        found["acting_periods"] = int(self.terms.acting.sum())
        if side := beyond_recorded(self):
            before, carried = reach(self)
            found["carried"] = {"before": before, "after": carried, "beyond": side}
        found["family"], found["scale"], found["season"] = self.design.family, self.scale, self.design.season
        return found

    def base(self) -> float:
        """Return the average counterfactual over the periods of the effect, on the scale of the modelled outcome."""
        return float(self.back(self.terms.counterfactual @ self.fit.coefficients)[self.terms.acting].mean())
