"""A change as the report gives it: in percent where that can be said, else in the unit of the modelled outcome."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.removal import DRAWS
from evalkit.designs.outcomes import EVENTS

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
    from evalkit.estimation.fit import Fit
    from evalkit.records import Estimate


class Reported:
    """Average changes of one fit over chosen periods, all in one unit.

    Parameters
    ----------
    model : Segmented
        Whose terms, scale and level hold.
    fit : Fit or None
        Another fit of the same terms, or of some of its rows; None is the model's own.
    draws : int
        Number of draws behind percentages on the identity scale; the headline's number gives the headline's bounds.
    single_periods : bool
        Whether single periods are asked for: then what is expected must lie three standard errors above zero in each.

    Notes
    -----
    On the log scale the change over periods S is ``100 (exp(w'b) - 1)``, w the mean over S of matrix less
    counterfactual; its bounds are those of ``w'b``, transformed. On the identity scale, where the outcome counts
    events, it is ``100 (sum_S x_t'b / sum_S x0_t'b - 1)`` with bounds from the same draws of b as the headline's,
    unless the sum below may be zero or less; then, and for other outcomes, it is ``w'b`` in the unit of the modelled
    outcome.
    """

    def __init__(
        self, model: Segmented, fit: Fit | None = None, draws: int = DRAWS, *, single_periods: bool = False
    ) -> None:
        self.model, self.fit, self.draws, self.single_periods = model, fit or model.fit, draws, single_periods
        self.changes = model.terms.matrix - model.terms.counterfactual

    @cached_property
    def unit(self) -> str:
        """The unit of every change: `percent`, or that of the modelled outcome."""
        import numpy

        from evalkit.estimation.fit import contrasts

        model = self.model
        if model.scale == "log":
            return "percent"
        if model.panel.outcome.kind not in EVENTS:
            return model.unit
        without = model.terms.counterfactual[model.terms.acting].mean(axis=0)
        tail = (1.0 - model.design.level) / 2.0
        surely = (
            float(without @ self.fit.coefficients) > 0.0 and float(numpy.quantile(self._draws @ without, tail)) > 0.0
        )
        if surely and self.single_periods:
            expected = contrasts(self.fit, model.terms.counterfactual[model.terms.post])
            surely = bool((expected.values > 3.0 * expected.se).all())
        return "percent" if surely else model.unit

    def over(self, rows: numpy.ndarray) -> Estimate:
        """Return the average change over some rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,)
            Periods from the start on.

        Returns
        -------
        Estimate
            In `unit`, with bounds at the design's level, and the p-value of no change.
        """
        change = self.model.contrast(self.changes[rows].mean(axis=0), self.fit)
        if self.model.scale == "log":
            return change.percent()
        return replace(self._share(rows), p_value=change.p_value) if self.unit == "percent" else change

    def _share(self, rows: numpy.ndarray) -> Estimate:
        """Return the change in percent of the expected."""
        from evalkit.records import Estimate

        terms, level = self.model.terms, self.model.design.level
        with_it, without = terms.matrix[rows].mean(axis=0), terms.counterfactual[rows].mean(axis=0)
        b = self.fit.coefficients
        value = 100.0 * (float(with_it @ b) / float(without @ b) - 1.0)
        values = 100.0 * (self._draws @ with_it / (self._draws @ without) - 1.0)
        return replace(Estimate.from_draws(value, values, level=level, unit="percent"), se=None, draws=None)

    @cached_property
    def _draws(self) -> numpy.ndarray:
        """Draws of the coefficients with the degrees of freedom of the average effect, as behind the headline."""
        from evalkit.estimation.draws import coefficient_draws

        weights = self.changes[self.model.terms.acting].mean(axis=0)
        df, seed = self.model.contrast(weights, self.fit).df, self.model.design.seed
        return coefficient_draws(self.fit.coefficients, self.fit.covariance, df, self.draws, seed)
