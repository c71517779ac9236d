"""Difference in differences: change where treated, less the change where not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from evalkit.designs.difference_in_differences.assumptions import SHARED
from evalkit.designs.difference_in_differences.choice import chosen_estimator, estimator_block
from evalkit.designs.difference_in_differences.compatible import option_problems
from evalkit.designs.difference_in_differences.composition import with_composition
from evalkit.designs.difference_in_differences.cross_sections import on_means
from evalkit.designs.difference_in_differences.estimators import (
    Estimator,
    fitted,
    keeps_always,
    settled_inference,
    studied,
    wanted_rows,
)
from evalkit.designs.difference_in_differences.event_time import available
from evalkit.designs.difference_in_differences.inference import few_units
from evalkit.designs.difference_in_differences.leads import leads_by_inference
from evalkit.designs.difference_in_differences.left_out import with_left_out
from evalkit.designs.difference_in_differences.path_bounds import while_few_have_begun
from evalkit.designs.difference_in_differences.sensitivity import beside
from evalkit.designs.options import Level, WindowOption
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.errors import Problem
    from evalkit.records import Panel, Result


class DifferenceInDifferences(Block):
    """Treated units beside untreated ones, before and after: by regression, by start and period, or synthetic.

    Attributes
    ----------
    assumptions : tuple of str
        What all estimators share. Those of the estimator that ran are in `Result.estimator`.
    left_open : frozenset of str
        Options that the study file left to a printed rule.
    """

    kind: Literal["difference_in_differences"] = "difference_in_differences"
    estimator: Estimator = Field(
        "auto",
        description="How treated and untreated units are compared; auto: callaway_santanna where starts differ, "
        "synthetic_did for up to five treated units with ten periods before and donors enough for a test, else "
        "two_way_fixed_effects; where one cannot carry the other options, the next that can, and the result says why",
    )
    comparison: Literal["auto", "never_treated", "not_yet_treated"] | list[str] = Field(
        "auto",
        description="Comparison units: never treated, also those not yet treated, or units by name; auto: never "
        "treated where there are any",
    )
    comparison_is: Literal["none", "less"] = Field(
        "none",
        description="What the comparison had of the programme: none of it, or less of it than the treated units; less "
        "changes the words of the page and keeps the strength of design at 2",
    )
    exclude: dict[str, str] = Field(default_factory=dict, description="Comparison units left out, each with the reason")
    exclude_neighbours_of: Literal["treated"] | list[str] = Field(
        default_factory=list,
        description="Comparison units that adjoin treated units, or these units, are left out and named; needs "
        "data.neighbours",
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
    leave_own_out: bool = Field(
        False,
        description="imputation: standard errors hold each effect against the average of the others, its own left out",
    )
    draws: int = Field(999, ge=99, description="Draws behind simultaneous bounds by event time, and most placebos")
    inference: Literal[
        "auto",
        "cluster_robust",
        "wild_bootstrap",
        "randomisation",
        "ferman_pinto",
        "conley_taber",
        "placebo",
        "jackknife",
        "bootstrap",
        "classical",
        "robust",
    ] = Field(
        "auto",
        description="Interval and p-value; auto: what the number of treated units and clusters allows, as the result "
        "says; synthetic_did also has jackknife and bootstrap, for several treated units; repeated "
        "cross-sections also have classical and robust, which take rows as independent",
    )
    inference_draws: int | None = Field(None, ge=99, description="Draws of that inference; default: 1,999")
    transform: Literal["auto", "log", "identity"] = Field(
        "auto", description="Scale of the outcome; auto: log for counts and rates that are all above 0, else identity"
    )
    covariates: list[str] = Field(default_factory=list, description="Columns that enter the regression")
    weights: str | None = Field(None, description="Column with the weight of each row, such as population")
    cluster: str | None = Field(None, description="Column whose groups may be correlated; default: the unit")
    always_treated: Literal["auto", "keep", "leave_out"] = Field(
        "auto",
        description="Units treated in all of their periods: keep (two_way_fixed_effects, event_study: they help to fit "
        "period effects and slopes) or leave_out; auto: kept where the study file names one of these estimators",
    )
    unit_trends: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="two_way_fixed_effects, event_study: a straight line of each unit's own is taken out; its value is "
        "the reason why, since such lines also take out part of an effect that grows",
    )
    small_sample: Literal["effects_nested", "effects_counted", "no_cluster_factor"] = Field(
        "effects_nested",
        description="Factor on the clustered covariance: unit effects nested in clusters not counted, counted, or "
        "no cluster factor",
    )
    cluster_correction: Literal["none", "bias_reduced", "jackknife"] = Field(
        "none",
        description="inference: cluster_robust of two_way_fixed_effects and event_study: none (CR1, with the factor of "
        "small_sample), bias_reduced (CR2) or jackknife (CR3), the latter two with Satterthwaite's degrees of freedom",
    )
    leads: int | None = Field(None, ge=1, description="Event study: leads shown, earlier ones binned; default: up to 5")
    lags: int | None = Field(None, ge=0, description="Event study: lags shown, later ones binned; default: up to 5")
    before: WindowOption | None = Field(None, description="First and last period used before; default: all")
    after: WindowOption | None = Field(None, description="First and last period used after; default: all")
    seed: int = Field(20_240_229, ge=0, description="Seed of the draws behind simultaneous bounds and averted numbers")
    level: Level = 0.95

    title: ClassVar[str] = "Difference in differences"
    has_data: ClassVar[bool] = True
    assumptions: ClassVar[tuple[str, ...]] = SHARED
    checks: ClassVar[tuple[str, ...]] = (
        "pre_period_leads", "anticipation", "number_of_clusters", "treated_clusters", "staggered_adoption",
        "pandemic_restrictions", "balance_of_levels", "no_result_could_count", "treated_like_the_rest",
        "robust_to_departures", "leave_out", "placebo_dates", "scale_of_the_outcome",
        "units_left_out", "spillover_to_neighbours", "lone_starts", "composition",
        "unit_trends", "always_treated",
    )  # fmt: skip
    _left_open: frozenset[str] = PrivateAttr(frozenset())

    @model_validator(mode="after")
    def _go_together(self) -> DifferenceInDifferences:
        """Refuse options that contradict one another, each at its own key, all at once."""
        problems = option_problems(self)
        if problems:
            raise ValidationError.from_exception_data(type(self).__name__, [_at_key(found) for found in problems])
        return self

    @property
    def left_open(self) -> frozenset[str]:
        """Options that the study file left to a rule: `estimator`, `inference`, where they are or were auto."""
        open_now = {name for name in ("estimator", "inference") if getattr(self, name) == "auto"}
        return self._left_open | open_now

    def resolve(self, panel: Panel) -> DifferenceInDifferences:
        """Return the design with estimator, comparison, transform, leads, lags and windows as the panel decides them.

        Raises
        ------
        DesignError, DataError
            As `evalkit.designs.difference_in_differences.adoption.adoption`.
        """
        study = studied(self, panel)
        most_leads, most_lags = available(study)
        transform = self.transform
        if transform == "auto":
            positive = bool((study.frame["value"] > 0).all())
            counted = panel.outcome.kind in ("count", "rate") and not panel.cross_sections  # A row's own number is not.
            transform = "log" if counted and positive else "identity"
        rows, comparison = wanted_rows(self, panel, study), self.comparison
        if comparison == "auto":
            comparison = "never_treated" if rows.study.comparison else "not_yet_treated"
        ruled = self.model_copy(update={"transform": transform, "comparison": comparison})
        estimator = chosen_estimator(ruled, panel, rows).name if self.estimator == "auto" else self.estimator
        if estimator == "poisson":
            transform = "identity"  # The counts themselves; their ratios are on the log scale.
        settled = self.model_copy(
            update={
                "estimator": estimator,
                "always_treated": "keep" if keeps_always(self) else "leave_out",
                "comparison": comparison,
                "transform": transform,
                "leads": min(5 if self.leads is None else self.leads, most_leads),
                "lags": min(5 if self.lags is None else self.lags, most_lags),
                "cluster": self.cluster or "unit",
            }
        )
        settled = settled.model_copy(update={"inference": settled_inference(settled, panel, study)})
        settled._left_open = self.left_open
        return settled

    def estimate(self, panel: Panel, *, supplements: bool = True) -> Result:
        """Return effect, counterfactual path, event study and checks.

        Returns
        -------
        Result
            `effect` is an average over treated unit-periods, in the outcome's unit or as a log ratio: the coefficient
            of treatment (two_way_fixed_effects), of effects by event time (event_study), by start and period
            (callaway_santanna, sun_abraham, imputation), of events observed over expected (poisson), or of gaps to a
            weighted comparison (synthetic_control, synthetic_did). `path` has the group `treated` (mean over units
            treated at some time; from the first start on also what it would have been) and the group `comparison`.
            `estimator` says which one ran, who chose it and what it assumes; `inference` the same of the interval.

        Raises
        ------
        DesignError
            When there is nobody to compare with, no treated unit has a period before its start, a value has no
            logarithm, a column is missing, terms cannot be told apart, or the estimator that the study file names
            cannot carry its options or rows. Units and columns are named.
        DataError
            When a unit lacks a period.

        Notes
        -----
        Estimator left out: `choice.RULE`. With y the outcome (a count with exposure over its exposure) or its
        logarithm, g the first treated period of a unit and D_it = [t >= g_i]::

            two_way_fixed_effects   y_it = a_i + c_t + b D_it + x_it'k + e_it
            event_study             y_it = a_i + c_t + sum_s b_s [t - g_i = s] + x_it'k + e_it
            callaway_santanna       E[y_t - y_(g-1) | start g] - E[y_t - y_(g-1) | comparison], given x
            sun_abraham             y_it = a_i + c_t + sum_g sum_s d_gs [g_i = g][t = s] + x_it'k + e_it
            imputation              y_it less a_i + c_t + x_it'k, these fitted to untreated rows
            poisson                 log m_it = log E_it + a_i + c_t + sum_g sum_(s >= g) d_gs [g_i = g][t = s] + x_it'k
            synthetic_control       y_t less sum_j w_j y_jt, w >= 0, sum w = 1, fitted before the start
            synthetic_did           two-way regression with such weights on units, and on periods before

        With `unit_trends` the first two gain ``h_i t``, a straight line of each unit's own.

        Units treated from the first period on show nothing without treatment: they are left out and named, or, where a
        two-way regression is named, kept as rows without a change (`always_treated`).

        Standard-error rule: by `inference`, auto following `inference.chosen_inference`. Clustered errors are by unit
        (or `cluster`), of a regression times the factor of `small_sample`, t with clusters less one degrees of freedom,
        of effects by start from influence functions; `Result.standard_errors` gives the numbers. With one treated
        cluster such an error cannot exist: an estimate that can have no other inference stands without interval.
        Absolute and averted take the effects out of what was observed: ``observed (exp(-b) - 1)`` (log) or ``-b``
        (identity), summed over treated unit-periods; observed values count as given. Paths are arithmetic means over
        units, weighted as the regression is, so that they agree with published averages.

        References
        ----------
        Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119, 249-275. Cameron and Miller
        (2015), Journal of Human Resources 50, 317-372. Cheng and Hoekstra (2013), Journal of Human Resources 48,
        821-854 (their data are reproduced in the tests). Callaway and Sant'Anna (2021), Journal of Econometrics 225,
        200-230. Sun and Abraham (2021), Journal of Econometrics 225, 175-199. Borusyak, Jaravel and Spiess (2024),
        Review of Economic Studies 91, 3253-3285. Wooldridge (2023), Econometrics Journal 26, C31-C66. Abadie, Diamond
        and Hainmueller (2010), Journal of the American Statistical Association 105, 493-505. Arkhangelsky and others
        (2021), American Economic Review 111, 4088-4118.
        """
        design, study = self.resolve(panel), studied(self, panel)
        result, model = fitted(design, panel, study)
        block = estimator_block(design, panel, wanted_rows(design, panel, study))
        result = on_means(design, panel, few_units(design, model, replace(result, estimator=block)))
        result = leads_by_inference(design, model, while_few_have_begun(model, result))
        result = with_left_out(study, result)
        if not supplements:
            return result
        return with_composition(model, design.covariates, beside(design, model, result))


def _at_key(problem: Problem) -> InitErrorDetails:
    """Return a problem as pydantic has it, at the key of the design that it names."""
    error = ValueError(f"{problem.message}; {problem.mend}")
    return InitErrorDetails(type="value_error", loc=(problem.where.removeprefix("design."),), input=None,
                            ctx={"error": error})  # fmt: skip
