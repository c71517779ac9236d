"""Interrupted time series: one series, its own past carried forward as the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from evalkit.designs.options import Level, WindowOption
from evalkit.designs.segmented_fit import Segmented
from evalkit.designs.series import COUNT_FAMILIES, Series, default_season, series
from evalkit.designs.windows import window_of
from evalkit.errors import DesignError
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.records import Panel, Result

WITHOUT_AUTOREGRESSION = ("poisson", "negative_binomial")
SMALL_COUNT = 5
"""A count with a value under this is modelled as a count, and not by its logarithm."""


class InterruptedTimeSeries(Block):
    """A segmented regression of one series on time, with a change of level and slope at the interruption."""

    kind: Literal["interrupted_time_series"] = "interrupted_time_series"
    family: Literal["gaussian", "poisson", "quasi_poisson", "negative_binomial", "auto"] = Field(
        "auto", description="auto: gaussian, or quasi_poisson for a count with any value under 5"
    )
    scale: Literal["log", "identity", "auto"] = Field(
        "auto", description="gaussian only; auto: log for counts of 5 or more and rates above 0, else identity"
    )
    impact: Literal["level_and_slope", "level", "slope"] = Field(
        "level_and_slope", description="What may change at the interruption: level, slope or both"
    )
    trend: Literal["linear", "none"] = Field("linear", description="Trend before the interruption")
    season: Literal["auto", "none", "month", "quarter"] = Field(
        "auto", description="Calendar season; auto: that of the data when two full years lie before, else none"
    )
    errors: Literal["auto", "autoregressive", "newey_west", "ordinary"] = Field(
        "auto",
        description="auto: autoregressive (restricted likelihood); newey_west for poisson and negative_binomial",
    )
    lags: int | None = Field(None, ge=0, description="Lags of newey_west; default: 4(n/100)^(2/9), rounded down")
    small_sample: Literal["kenward_roger", "satterthwaite"] = Field(
        "kenward_roger", description="autoregressive errors only: rule of covariance and degrees of freedom"
    )
    covariates: list[str] = Field(default_factory=list, description="Columns that enter the regression")
    before: WindowOption | None = Field(None, description="Periods used before the interruption; default: all")
    after: WindowOption | None = Field(None, description="Periods used from the interruption on; default: all")
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
        "length_of_extrapolation", "pandemic_restrictions", "other_changes",
    )  # fmt: skip

    @model_validator(mode="after")
    def _possible(self) -> InterruptedTimeSeries:
        if self.family in WITHOUT_AUTOREGRESSION and self.errors == "autoregressive":
            raise ValueError(
                f"errors: autoregressive is not available for family: {self.family}; "
                "use newey_west, or family: quasi_poisson or gaussian"
            )
        if self.family in COUNT_FAMILIES and self.scale == "identity":
            raise ValueError(f"family: {self.family} is on the log scale; leave `scale` out, or use family: gaussian")
        return self

    def resolve(self, panel: Panel) -> InterruptedTimeSeries:
        """Return the design with family, scale, season, errors, lags and windows as the panel decides them.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.series.series`.
        """
        found = series(panel, self.before, self.after)
        family = self._family(found, panel)
        scale = self._scale(found, panel, family)
        season = default_season(found, panel.frequency) if self.season == "auto" else self.season
        errors = self.errors
        if errors == "auto":
            errors = "newey_west" if family in WITHOUT_AUTOREGRESSION else "autoregressive"
        windows = {"before": window_of(found.spans[0], panel), "after": window_of(found.spans[1], panel)}
        update: dict[str, Any] = {"family": family, "scale": scale, "season": season, "errors": errors, **windows}
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

    def estimate(self, panel: Panel) -> Result:
        """Return effect, counterfactual path and checks.

        Returns
        -------
        Result
            `effect` is the average over the periods after of fitted less counterfactual, on the model's scale (log:
            the average logarithm of their ratio). `absolute` and `averted` are in the outcome's own unit. `fit` holds
            the change in the first period (`immediate`) and in the last (`end`). `path` has observed, fitted and
            counterfactual; `low` and `high` bound the counterfactual *mean* (not a single month) at the stated level.

        Raises
        ------
        DesignError
            When there are several units, fewer than three periods on a side, a series that does not vary, a value
            without logarithm, or terms that cannot be told apart.
        DataError
            When a period is missing that is not declared as a gap.

        Notes
        -----
        ``g(y_t) = intercept + trend t + season + covariates + level [t >= s] + slope (t - s) [t >= s] + e_t``, s the
        first period from the interruption on, g the logarithm or the identity; a count with exposure is modelled as
        its rate. Count families: the same terms in ``log E y_t - log exposure_t``.

        Effect: the contrast ``w'b``, w the average of matrix less counterfactual matrix over the periods after.
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
        Research Methodology 21, 134, on the choice of errors.
        """
        design = self.resolve(panel)
        return Segmented(design, panel, series(panel, self.before, self.after)).result()
