"""Estimators by start and period run for another outcome and roll-out: units keep covariates, weights and exposure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.staggered_fit import Staggered
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel


@dataclass(frozen=True, eq=False)
class Reassigned:
    """One estimator, ready to be run for other outcomes and roll-outs of the same units.

    Called with an outcome, shape (units, periods), and first treated periods as indices, shape (units,), both in the
    order of `wide_panel`, it returns the headline and its standard error, or the headline alone where no standard error
    sees the noise of any treated unit (one treated unit, or a start for each).

    Attributes
    ----------
    model : Staggered
        Its design, weights and covariates are used, and not its outcome.
    """

    model: Staggered

    def __call__(self, outcome: numpy.ndarray, first_treated: numpy.ndarray) -> float | tuple[float, float]:
        """Return the headline, and its standard error where it has one.

        Raises
        ------
        DesignError
            When the estimator cannot carry this roll-out.

        Notes
        -----
        Effects before treatment are not estimated: they move no average of effects from the start on.
        """
        found = self.headline(self.dealt(outcome, first_treated))
        return found if self.model.sure else found[0]

    def headline(self, dealt: StaggeredPanel) -> tuple[float, float]:
        """Return the headline of a wide panel, such as `dealt` or a part of it, and its clustered standard error."""
        design = self.model.design
        if design.estimator == "sun_abraham" and self.steady:
            from evalkit.estimation.staggered.sun_abraham_average import sun_abraham_average

            return sun_abraham_average(dealt, design.anticipation)
        if design.estimator == "callaway_santanna":
            from evalkit.estimation.staggered.aggregation import aggregate

            found = self.model.by_group_time(dealt, leads=False)
            simple = aggregate(found, "simple")
        else:
            simple = self.model.cells_of(dealt).average("simple")
        return simple.overall, simple.overall_standard_error

    @cached_property
    def wide(self) -> WidePanel:
        """The panel whose order outcomes and roll-outs have."""
        return wide_panel(self.model.bare())

    @cached_property
    def steady(self) -> bool:
        """Whether no unit's weight changes from one period to another."""
        weights = self.wide.weights
        return weights is None or bool((weights == weights[:, :1]).all())

    def dealt(self, outcome: numpy.ndarray, first_treated: numpy.ndarray) -> StaggeredPanel:
        """Return the wide panel of another outcome and roll-out; every unit keeps its covariates and weights."""
        import numpy

        from evalkit.estimation.staggered.staggered_panel import StaggeredPanel

        units, periods = outcome.shape
        times = numpy.array(self.model.study.times, dtype=float)
        weights, covariates = self.wide.weights, self.wide.covariates
        return StaggeredPanel(
            outcome=outcome,
            observed=numpy.ones(outcome.shape, dtype=bool),
            weights=numpy.ones(outcome.shape) if weights is None else weights,
            covariates=numpy.zeros((units, periods, 0)) if covariates is None else covariates,
            first_treated=numpy.append(times, numpy.inf)[first_treated],
            cluster=numpy.arange(units),
            periods=times,
            names=self.wide.names,
            covariate_names=tuple(self.model.design.covariates),
        )
