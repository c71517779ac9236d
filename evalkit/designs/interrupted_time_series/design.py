"""Interrupted time series: one series, its own past carried forward as the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit.designs.interrupted_time_series.controls import ControlsOption
from evalkit.designs.interrupted_time_series.interruptions import (
    Exclusion,
    ImpactWord,
    Interruption,
    SeasonWord,
    Trend,
    require_length,
    require_reach,
    split_impact,
    split_season,
)
from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES, Series, default_season, series
from evalkit.designs.options import Level, WindowOption
from evalkit.designs.windows import window_of
from evalkit.errors import DesignError
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.records import Panel, Result

Errors = Literal["auto", "autoregressive", "newey_west", "prais_winsten", "arima", "ordinary"]
ErrorsWord = Annotated[
    Errors,
    BeforeValidator(lambda word: "ordinary" if word == "ols" else word, json_schema_input_type=Errors | Literal["ols"]),
]


def _three(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) != 3:
        raise ValueError(f"order has {len(value)} numbers; write [p, d, q], such as [1, 0, 0]")
    return value


OrderOption = Annotated[tuple[int, int, int], BeforeValidator(_three, json_schema_input_type=tuple[int, int, int])]
WITHOUT_AUTOREGRESSION = ("poisson", "negative_binomial")
MODELLED_ERRORS = {
    "poisson": ("newey_west", "ordinary"),
    "negative_binomial": ("newey_west", "ordinary"),
    "quasi_poisson": ("autoregressive", "newey_west", "ordinary"),
}
"""Errors that each count family can have; gaussian can have all."""
SMALL_COUNT = 5
"""A count with a value under this is modelled as a count, and not by its logarithm."""
USUAL_PAIRS, USUAL_KNOTS = 2, 4


class InterruptedTimeSeries(Block):
    """A segmented regression of one series on time, with a change at the interruption."""

    kind: Literal["interrupted_time_series"] = "interrupted_time_series"
    family: Literal["gaussian", "poisson", "quasi_poisson", "negative_binomial", "auto"] = Field(
        "auto",
        description="auto: gaussian, or quasi_poisson for a count with any value under 5. poisson and "
        "negative_binomial need `errors` (ordinary or newey_west); left out, the counts are fitted as quasi_poisson",
    )
    scale: Literal["log", "identity", "auto"] = Field(
        "auto", description="gaussian only; auto: log for counts of 5 or more and rates above 0, else identity"
    )
    impact: ImpactWord = Field(
        "level_and_slope",
        description="What may change at the interruption: level, slope or both; pulse (lasts so many periods); "
        "ramp (grows over so many to a lasting level); delayed (a level after so many): `length` says how many",
    )
    length: int | None = Field(None, ge=1, description="Periods that a pulse lasts, a ramp takes or a delay waits")
    phase_in: int = Field(0, ge=0, description="Periods from the start on that count neither as before nor as after")
    anticipation: int = Field(
        0, ge=0, description="Periods before the start that are left out, since people may already have reacted"
    )
    exclude: list[Exclusion] = Field(
        default_factory=list, description="Periods taken out, each with why; they are shown, and time keeps counting"
    )
    interruptions: list[Interruption] = Field(
        default_factory=list, description="Other changes at known times; they stay in the counterfactual"
    )
    controls: ControlsOption | None = Field(None, description="Comparison series: names of units, and how they enter")
    trend: Trend = Field("linear", description="Trend before the interruption, carried forward")
    knots: int | None = Field(
        None, ge=3, description="Knots of trend: spline, spread over the periods before; default: 4"
    )
    trend_reason: str | None = Field(None, description="Why a quadratic or spline trend; needed for these, and printed")
    season: SeasonWord = Field(
        "auto",
        description="Season: month, quarter or weekday (one term each), fourier (`pairs` of waves) or none; auto: that "
        "of the data when two full years lie before (of daily data weekday, when two weeks do), else none",
    )
    pairs: int | None = Field(None, ge=1, description="Pairs of sine and cosine of season: fourier; default: 2")
    errors: ErrorsWord = Field(
        "auto",
        description="auto: autoregressive (restricted likelihood). Also newey_west, prais_winsten (iterated), arima "
        "and ordinary (ols)",
    )
    order: OrderOption | None = Field(
        None, description="[p, d, q] of errors: arima; default: chosen by AICc from the periods before the interruption"
    )
    lags: int | None = Field(
        None,
        ge=0,
        description="Lags of newey_west, which they ask for when `errors` is left out; default: 4(n/100)^(2/9), "
        "rounded down",
    )
    small_sample: Literal["kenward_roger", "satterthwaite"] = Field(
        "kenward_roger", description="autoregressive errors only: rule of covariance and degrees of freedom"
    )
    covariates: list[str] = Field(default_factory=list, description="Columns that enter the regression")
    before: WindowOption | None = Field(None, description="Periods used before the interruption; default: all")
    after: WindowOption | None = Field(None, description="Periods used from the interruption on; default: all")
    horizons: list[int] | None = Field(
        None, description="Periods after the start at which the effect is stated; default: 3, 6 and 12 months"
    )
    seed: int = Field(20_240_229, ge=0, description="Seed of the draws behind absolute and averted numbers")
    level: Level = 0.95

    title: ClassVar[str] = "Interrupted time series"
    has_data: ClassVar[bool] = True
    assumptions: ClassVar[tuple[str, ...]] = (
        "Without the programme the series would have gone on as before: same trend, same season.",
        "Nothing else that moves the outcome changed at the same time.",
        "What is counted was recorded in the same way throughout.",
    )
    checks: ClassVar[tuple[str, ...]] = (
        "number_of_points", "residual_autocorrelation", "overdispersion", "season_fitted", "pre_period_linearity",
        "length_of_extrapolation", "pandemic_restrictions", "other_changes", "placebo_dates", "leave_out",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _words(cls, values: Any) -> Any:
        return split_season(split_impact(values))

    @model_validator(mode="after")
    def _possible(self) -> InterruptedTimeSeries:
        allowed = MODELLED_ERRORS.get(self.family)
        if allowed and self.errors not in ("auto", *allowed):
            raise ValueError(
                f"errors: {self.errors} is not available for family: {self.family}; "
                f"use {' or '.join(allowed)}, or family: "
                f"{'gaussian' if self.errors != 'autoregressive' else 'quasi_poisson or gaussian'}"
            )
        if self.family in COUNT_FAMILIES and self.scale == "identity":
            raise ValueError(f"family: {self.family} is on the log scale; leave `scale` out, or use family: gaussian")
        require_length(self.impact, self.length)
        return self

    @model_validator(mode="after")
    def _options_of_options(self) -> InterruptedTimeSeries:
        if self.trend in ("quadratic", "spline") and not (self.trend_reason or "").strip():
            raise ValueError(f"trend: {self.trend} needs `trend_reason`: say why the path before is not straight")
        if self.order is not None and (min(self.order) < 0 or sum(self.order) == 0):
            raise ValueError("order is [p, d, q], none negative and not all 0; use errors: ordinary for [0, 0, 0]")
        if self.horizons is not None and (not self.horizons or min(self.horizons) < 1):
            raise ValueError(
                "horizons are numbers of periods after the start, 1 or more; leave the option out for the usual"
            )
        return self

    def series(self, panel: Panel) -> Series:
        """Return the rows that are used, by the design's windows, exclusions and controls.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.interrupted_time_series.series.series`.
        """
        return series(
            panel, self.before, self.after, phase_in=self.phase_in, anticipation=self.anticipation,
            exclude=self.exclude, controls=self.controls,
        )  # fmt: skip

    def resolve(self, panel: Panel) -> InterruptedTimeSeries:
        """Return the design with family, scale, season, errors, lags and windows as the panel decides them.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.interrupted_time_series.series.series`.
        """
        found = self.series(panel)
        require_reach(self.impact, self.length, found.spans[1].last - found.start + 1, panel.frequency)
        family = self._family(found, panel)
        scale = self._scale(found, panel, family)
        season = default_season(found, panel.frequency) if self.season == "auto" else self.season
        errors = "newey_west" if self.errors == "auto" and self.lags is not None else self.errors
        if errors == "auto":
            # The default is the same whether or not a family is named: the one whose intervals hold (METHODS.md).
            family, errors = "quasi_poisson" if family in WITHOUT_AUTOREGRESSION else family, "autoregressive"
        elif errors not in MODELLED_ERRORS.get(family, (errors,)):
            raise DesignError(
                f"errors: {errors} is not available for family: {family}, which this count with a value under "
                f"{SMALL_COUNT} has by default",
                f"use errors: {' or '.join(MODELLED_ERRORS[family])}, or family: gaussian", "design.errors",
            )  # fmt: skip
        windows = {"before": window_of(found.windows[0], panel), "after": window_of(found.windows[1], panel)}
        update: dict[str, Any] = {"family": family, "scale": scale, "season": season, "errors": errors, **windows}
        # What another option makes idle is not printed: a sensitivity analysis inherits what it does not use.
        update["pairs"] = (self.pairs or USUAL_PAIRS) if season == "fourier" else None
        if self.trend == "spline" and (self.knots or USUAL_KNOTS) > found.n_before:
            raise DesignError(
                f"{self.knots or USUAL_KNOTS} knots for {found.n_before} periods before the start",
                "use fewer knots, or trend: linear", "design.knots",
            )  # fmt: skip
        update["knots"] = (self.knots or USUAL_KNOTS) if self.trend == "spline" else None
        update["order"] = self.order if errors == "arima" else None
        if errors == "newey_west":
            from evalkit.estimation.rules import autocovariance_lags

            update["lags"] = autocovariance_lags(self.lags, len(found.frame))[0]
        return self.model_copy(update=update)

    def _family(self, found: Series, panel: Panel) -> str:
        """Return the family: quasi_poisson for counts with a value under 5, unless options ask for gaussian."""
        if self.family != "auto":
            if self.family in COUNT_FAMILIES and panel.outcome.kind != "count":
                raise DesignError(
                    f"family: {self.family} is for counts, and the kind of this outcome is {panel.outcome.kind}",
                    "use family: gaussian, or give the count with its exposure",
                    "design.family",
                )
            return self.family
        small = panel.outcome.kind == "count" and bool((found.frame["value"] < SMALL_COUNT).any())
        return "quasi_poisson" if small and self.scale == "auto" else "gaussian"

    def _scale(self, found: Series, panel: Panel, family: str) -> str:
        """Return the scale: log for count families, for counts of 5 or more and for rates above 0."""
        if family in COUNT_FAMILIES:
            return "log"
        if self.scale != "auto":
            return self.scale
        lowest = float(found.frame["value"].min())
        fits = {"count": lowest >= SMALL_COUNT, "rate": lowest > 0.0}.get(panel.outcome.kind, False)
        return "log" if fits else "identity"

    def estimate(self, panel: Panel, *, supplements: bool = True) -> Result:
        """Return effect, counterfactual path and checks.

        Returns
        -------
        Result
            `effect` is the average of fitted less counterfactual over the periods from the start on in which the shape
            of impact acts, on the model's scale (log: the average logarithm of their ratio); `estimand` names them.
            `absolute` and `averted` are in the outcome's own unit. `fit` holds the change in the first period
            (`immediate`) and in the last (`end`), where there is one. `path` has observed, fitted and
            counterfactual; `low` and `high` bound the counterfactual *mean* (not a single month) at the stated level.

        Raises
        ------
        DesignError
            When there are several units and no controls, fewer than three periods left on a side, a series that does
            not vary or holds no events on a side, a value without logarithm, options that reach outside the data, or
            terms that cannot be told apart.
        DataError
            When a period is missing that is neither declared as a gap nor excluded, or has no exposure.

        Notes
        -----
        ``g(y_t) = intercept + trend + season + covariates + others + own(t - s) + e_t``, s the first period from the
        interruption on, past any phase-in; g the logarithm or the identity; own the shape of impact, see
        `segmented.impact_terms`. A count with exposure is modelled as its rate. Count families: the
        same terms in ``log E y_t - log exposure_t``. Excluded periods are no rows; time counts on across them.

        The counterfactual sets the study's own terms to zero; other interruptions stay in it. With controls as a
        comparison, their mean has the same terms by itself, the counterfactual keeps its change, and the effect is the
        difference in change, see `evalkit.estimation.series.two_series.difference`.

        Effect: the contrast ``w'b``, w the average of matrix less counterfactual matrix over the periods of the effect.
        Standard-error rule: that of `errors`; autoregressive uses restricted maximum likelihood with the covariance
        and degrees of freedom of Kenward and Roger (for quasi_poisson on the linearised model). Absolute, averted and,
        on the identity scale, relative come from 20,000 draws of the coefficients from the t distribution with the
        effect's degrees of freedom. On the log scale fitted means are multiplied by Duan's smearing factor, the mean
        of exp(residual), held fixed, so that fitted averages come close to observed ones.

        References
        ----------
        Wagner, Soumerai, Zhang and Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27, 299-309.
        Kenward and Roger (1997), Biometrics 53, 983-997. Newey and West (1987), Econometrica 55, 703-708. Duan
        (1983), Journal of the American Statistical Association 78, 605-610. Turner and others (2021), BMC Medical
        Research Methodology 21, 134, on the choice of errors. Linden (2015), Stata Journal 15, 480-500, on comparison
        series. Lopez Bernal, Cummins and Gasparrini (2017), International Journal of Epidemiology 46, 348-355, on
        shapes of impact and waves; (2018), 47, 2082-2093, on controls.
        """
        design = self.resolve(panel)
        return Segmented(design, panel, self.series(panel)).result(supplements=supplements)
