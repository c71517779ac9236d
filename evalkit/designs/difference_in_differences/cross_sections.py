"""Repeated cross-sections: other people, sales or claims in each period, by group; every row counts the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.designs.difference_in_differences.estimated import Estimated, of_two_way
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.diagnostics import cross_sections
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.estimation.fit import Fit
    from evalkit.records import Panel, PathPoint, Result

BY_ROW = ("classical", "robust")
"""Inference that takes every row as independent of every other."""
ESTIMATORS = ("two_way_fixed_effects", "event_study")
"""Estimators that carry several rows of a unit in a period."""
REASSIGNING = ("randomisation", "ferman_pinto", "conley_taber", "placebo")
"""Inference that reassigns treatment among units, and so reads means by unit and period."""
FEWEST_ROWS = 10
"""A mean of fewer rows would say too much about single ones, and is not printed."""
ALONE = (
    "it takes it that nothing is common to all rows of a unit and period: if units have shocks of their own, the "
    "interval is too narrow"
)


class CrossSections(TwoWay):
    """A two-way regression on rows that are observations of their own.

    Notes
    -----
    ``y_ijt = a_j + c_t + b D_jt + x_ijt'g + e_ijt``, row i of unit (area, group) j in period t: effects of units and
    periods, none of rows. With two groups and two periods a_j is the dummy of the treated group, and b the difference
    of differences of four means (given x). Periods need not be adjacent.

    Standard-error rule: clustered by unit as for panels, or, where there are two units alone, classical:
    ``s^2 (X'WX)^-1`` with n - k degrees of freedom; robust: HC1, ``n / (n - k)`` times the sandwich of White with every
    row by itself. Both take rows as independent.

    What is averted is not given: rows are a sample, and their sum says nothing about all. Points of the path that
    would be means of fewer than ten rows are left blank.

    References
    ----------
    Wooldridge (2019), Introductory Econometrics, 7th edition, section 13.2: kielmc and injury, in the tests. Donald and
    Lang (2007), Review of Economics and Statistics 89, 221-233, on shocks that a group's rows share. White (1980),
    Econometrica 48, 817-838.
    """

    row: ClassVar[str] = "treated row"
    per: ClassVar[str] = "row"

    def __init__(self, design: DifferenceInDifferences, panel: Panel, study: Adoption) -> None:
        super().__init__(design, panel, study)
        self.by_row = design.inference in BY_ROW
        self.sure = self.sure or self.by_row

    def result(self) -> Result:
        """Return the effect and everything that is made from it, with checks of how rows were counted."""
        found = super().result()
        if not self.by_row:
            return found
        units = int(self.frame["unit"].nunique())
        cells = [int(rows) for rows in self.frame.groupby(["unit", "time"]).size()]
        own = cross_sections.rows_counted_alone(
            units, len(self.study.starts), self.design.inference, cells if units == len(self.study.times) == 2 else ()
        )
        checks = {check.name: check for check in own}
        return replace(found, diagnostics=tuple(checks.get(check.name, check) for check in found.diagnostics))

    def estimated(self) -> Estimated:
        """Return the estimate as inference for few units reads it.

        Notes
        -----
        Tests that reassign treatment read means by unit and period, weighted by their rows. The regression on those
        means, so weighted, is the regression on rows: regressors other than covariates are the same on all rows of a
        mean. Covariates are taken out first, with the headline's own coefficients, which leaves the headline as it is;
        the tests hold these coefficients fixed. The bootstrap runs on rows, and estimates them anew.
        """
        found = of_two_way(self)
        extra = self.frame[self.design.covariates].to_numpy(dtype=float)
        if not extra.shape[1] or found.regression is None:
            return found
        fit = self._regress(found.regression.columns[:, : -extra.shape[1]])
        return replace(found, outcome=self.outcome - extra @ fit.coefficients[-extra.shape[1] :], covariates=())

    def _regress(self, columns: numpy.ndarray) -> Fit:
        """Return the regression on these columns and the covariates, by the rule that the design names."""
        if not self.by_row:
            return super()._regress(columns)
        import numpy
        import pandas

        from evalkit.estimation.regression import two_way

        matrix = numpy.column_stack([columns, self.frame[self.design.covariates].to_numpy(dtype=float)])
        effects = pandas.factorize(self.frame["unit"])[0], pandas.factorize(self.frame["time"])[0]
        if self.design.inference == "classical":
            return two_way(self.outcome, matrix, *effects, weights=self.weights, covariance="classical")
        rows = numpy.arange(len(self.frame))
        fit = two_way(
            self.outcome, matrix, *effects, weights=self.weights, cluster=rows, small_sample="effects_counted"
        )
        left = len(rows) - matrix.shape[1] - int(effects[0].max()) - int(effects[1].max()) - 1
        rule = f"heteroscedasticity-robust (HC1), factor n/(n-k); t with {left} degrees of freedom"
        return replace(fit, residual_df=float(left), rule=rule, extra={**fit.extra, "factor": len(rows) / left})

    def _inference(self, fit: Fit) -> dict[str, Any]:
        found = super()._inference(fit)
        return {**found, "method": self.design.inference, "rule": f"{fit.rule}; {ALONE}"} if self.by_row else found

    def _rule(self, fit: Fit) -> str:
        if not self.by_row:
            return super()._rule(fit)
        weighted = "rows count alike" if self.weights is None else f"weighted by {self.design.weights or 'the weights'}"
        return f"{fit.rule}; {weighted}; {ALONE}"

    def _without(self) -> str:
        return (
            f"one {self.lone} {self.noun}: a clustered standard error cannot exist, so the estimate stands without "
            "interval and p-value; `inference: classical` counts rows alone"
        )

    def _estimand(self) -> str:
        periods = len(self.study.times)
        return (
            f"{super()._estimand()}. Repeated cross-sections: {several(len(self.frame), 'row')} in "
            f"{several(periods, 'period')}, other ones in each"
        )

    def _path(self, removal: Any) -> tuple[PathPoint, ...]:
        """Return mean paths of both groups, blank where they would be means of a few rows."""
        ever, thin = self.frame["unit"].isin(list(self.study.starts)), set()
        for name, side in (("treated", self.frame[ever]), ("comparison", self.frame[~ever])):
            sizes = side["time"].value_counts()
            thin |= {(name, self.panel.label(time)) for time in self.study.times if sizes.get(time, 0) < FEWEST_ROWS}
        return tuple(
            replace(point, observed=None, counterfactual=None, low=None, high=None)
            if (point.unit, point.period) in thin else point
            for point in super()._path(removal)
        )  # fmt: skip


def on_means(design: DifferenceInDifferences, panel: Panel, result: Result) -> Result:
    """Return the result with words on what a test read that reassigns treatment among units of cross-sections.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    panel : Panel
    result : Result
        With its final interval; one of a panel, or by another rule, comes back as it is.
    """
    inference = result.inference or {}
    if not panel.cross_sections or inference.get("method") not in REASSIGNING:
        return result
    words = "; on means by unit and period weighted by their rows, which give the regression on rows exactly"
    if design.covariates:
        words += ", less what covariates explain, their coefficients held at the headline's"
    return replace(
        result,
        inference={**inference, "rule": f"{inference['rule']}{words}"},
        standard_errors=f"{result.standard_errors}{words}",
    )


def require_carried(design: DifferenceInDifferences, panel: Panel) -> None:
    """Raise where estimator or inference do not go with how the rows were sampled.

    Raises
    ------
    DesignError
        For repeated cross-sections with an estimator that needs one row per unit and period, and for panels with
        inference that takes rows as independent.
    """
    if panel.cross_sections and design.estimator not in ESTIMATORS:
        raise DesignError(
            f"{design.estimator} needs one row per unit and period, and the data are repeated cross-sections",
            f"choose {' or '.join(ESTIMATORS)}, or give means by unit and period with `sampling: panel`",
            "design.estimator",
        )
    if not panel.cross_sections and design.inference in BY_ROW:
        raise DesignError(
            f"{design.inference} errors take rows as independent, and these are the same units in each period",
            "leave `inference` out, or, if the rows are others in each period, say `data: {sampling: "
            "repeated_cross_section}`",
            "design.inference",
        )
