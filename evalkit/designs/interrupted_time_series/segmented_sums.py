"""Sums over the periods after in the outcome's own unit, with their draws."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.removal import DRAWS
from evalkit.designs.outcomes import EVENTS, named, to_events, to_outcome
from evalkit.records import Estimate

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented

FURTHEST = 150.0
"""Largest logarithm that is taken back to the outcome's unit."""
NO_LIMIT = 1e60
"""A bound beyond it comes from such logarithms, and is none."""


class Simulated:
    """Sums over the periods in which the intervention acts, in the outcome's own unit, with their draws.

    Notes
    -----
    ``sum_t v_t (back(x_t'b) - back(x0_t'b))`` over acting periods, at the estimate and at each draw of b.
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
        panel, post = self.model.panel, self.model.terms.acting
        unit = named(panel.outcome)
        factor = to_outcome(self.model.frame, panel) / post.sum()
        return self._difference(factor, label="average change per unit and period", unit=unit)

    def fitted(self) -> float:
        """Return the average fitted value per period in the outcome's own unit."""
        factor = to_outcome(self.model.frame, self.model.panel) / self.model.terms.acting.sum()
        return float(self._sum(self.model.terms.matrix, factor, self.sets[0])[0])

    def expected(self) -> Estimate:
        """Return the average counterfactual per period in the outcome's own unit."""
        panel, post = self.model.panel, self.model.terms.acting
        factor = to_outcome(self.model.frame, panel) / post.sum()
        value, draws = (self._sum(self.model.terms.counterfactual, factor, betas) for betas in self.sets)
        unit = named(panel.outcome)
        return self._estimate(float(value[0]), draws, label="expected per period", unit=unit)

    def averted(self) -> Estimate | None:
        """Return counterfactual less fitted over all periods after, None where the outcome counts no events."""
        panel = self.model.panel
        factor = to_events(self.model.frame, panel)  # Where a shape does not act, it adds nothing.
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
        found = self._estimate(float(ratio[0]), ratios, unit="percent", label="average change")
        return replace(found, se=None)  # A ratio of normals has none.

    def _difference(self, factor: numpy.ndarray, **words: str) -> Estimate:
        value, draws = (
            self._sum(self.model.terms.matrix, factor, betas)
            - self._sum(self.model.terms.counterfactual, factor, betas)
            for betas in self.sets
        )
        return self._estimate(float(value[0]), draws, **words)

    def _estimate(self, value: float, draws: numpy.ndarray, **words: str) -> Estimate:
        """Return the estimate with bounds from draws; one that lies beyond all numbers is infinite."""
        found = Estimate.from_draws(value, draws, level=self.level, **words)
        assert found.low is not None
        assert found.high is not None
        low, high = (math.copysign(math.inf, end) if abs(end) > NO_LIMIT else end for end in (found.low, found.high))
        return replace(found, low=low, high=high)

    def _sum(self, matrix: numpy.ndarray, factor: numpy.ndarray, betas: numpy.ndarray) -> numpy.ndarray:
        """Return the weighted sum over acting periods for each row of coefficients, one period at a time."""
        import numpy

        total = numpy.zeros(betas.shape[0])
        for row in numpy.flatnonzero(self.model.terms.acting):
            total += factor[row] * self.model.back(betas @ matrix[row])
        return total
