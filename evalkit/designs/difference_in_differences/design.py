"""Difference in differences: change where treated, less the change where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimators import Estimator, chosen_estimator, fitted, settled_inference
from evalkit.designs.difference_in_differences.event_time import available
from evalkit.designs.difference_in_differences.inference import few_units
from evalkit.designs.difference_in_differences.sensitivity import beside
from evalkit.designs.options import Level, WindowOption
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.records import Panel, Result


class DifferenceInDifferences(Block):
    """Treated units beside untreated ones, before and after: by regression, by start and period, or synthetic."""

    kind: Literal["difference_in_differences"] = "difference_in_differences"
    estimator: Estimator = Field(
        "two_way_fixed_effects",
        description="How treated and untreated units are compared; auto: callaway_santanna where starts differ, "
        "synthetic_did for up to five treated units with ten periods before, else two_way_fixed_effects",
    )
    comparison: Literal["auto", "never_treated", "not_yet_treated"] | list[str] = Field(
        "auto",
        description="Comparison units: never treated, also those not yet treated, or units by name; auto: never "
        "treated where there are any",
    )
    exclude: dict[str, str] = Field(
        default_factory=dict, description="Comparison units left out, such as neighbours, each with the reason"
    )
    method: Literal["outcome_regression", "inverse_probability", "doubly_robust"] = Field(
        "doubly_robust", description="callaway_santanna: how covariates are used"
    )
    base_period: Literal["varying", "universal"] = Field(
        "universal",
        description="callaway_santanna: changes before the start against the period before each, or all against the "
        "last period before the start",
    )
    anticipation: int = Field(
        0, ge=0, description="Estimators by start and period: periods before the start in which it may already act"
    )
    draws: int = Field(999, ge=99, description="Draws behind simultaneous bounds by event time, and most placebos")
    inference: Literal["auto", "cluster_robust", "wild_bootstrap", "randomisation", "ferman_pinto", "placebo"] = Field(
        "auto",
        description="Interval and p-value; auto: what the number of treated units and clusters allows, as the result "
        "says",
    )
    inference_draws: int | None = Field(None, ge=99, description="Draws of that inference; default: 1,999")
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
        "pandemic_restrictions", "balance_of_levels", "no_result_could_count", "treated_like_the_rest",
        "robust_to_departures", "leave_out", "placebo_dates", "scale_of_the_outcome",
    )  # fmt: skip

    def resolve(self, panel: Panel) -> DifferenceInDifferences:
        """Return the design with estimator, comparison, transform, leads, lags and windows as the panel decides them.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.difference_in_differences.adoption.adoption`.
        """
        study = adoption(panel, self.before, self.after)
        most_leads, most_lags = available(study)
        transform = self.transform
        if transform == "auto":
            positive = bool((study.frame["value"] > 0).all())
            transform = "log" if panel.outcome.kind in ("count", "rate") and positive else "identity"
        estimator = chosen_estimator(study) if self.estimator == "auto" else self.estimator
        if estimator == "poisson":
            transform = "identity"  # The counts themselves; their ratios are on the log scale.
        comparison = self.comparison
        if comparison == "auto":
            comparison = "never_treated" if set(study.comparison) - set(self.exclude) else "not_yet_treated"
        settled = self.model_copy(
            update={
                "estimator": estimator,
                "comparison": comparison,
                "transform": transform,
                "leads": min(5 if self.leads is None else self.leads, most_leads),
                "lags": min(5 if self.lags is None else self.lags, most_lags),
                "cluster": self.cluster or "unit",
            }
        )
        return settled.model_copy(update={"inference": settled_inference(settled, panel, study)})

    def estimate(self, panel: Panel, *, supplements: bool = True) -> Result:
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
        less one degrees of freedom; `Result.standard_errors` gives the numbers. With one treated cluster such
        a standard error cannot exist: every estimate then stands without interval and p-value. Absolute and averted
        take the effect out of what was observed: ``observed (exp(-b) - 1)`` (log) or ``-b`` (identity), summed over
        treated unit-periods; observed values count as given. Paths are arithmetic means over units, weighted as the
        regression is, so that they agree with published averages.

        References
        ----------
        Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119, 249-275. Cameron and Miller
        (2015), Journal of Human Resources 50, 317-372. Cheng and Hoekstra (2013), Journal of Human Resources 48,
        821-854 (their data are reproduced in the tests).
        """
        design = self.resolve(panel)
        result, model = fitted(design, panel, adoption(panel, self.before, self.after))
        result = few_units(design, model, result)
        return beside(design, model, result) if supplements else result
