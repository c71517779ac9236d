"""Who is in the data, before and after: the check of composition, for panels and for repeated cross-sections."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.diagnostics.composition import Shift, composition_of_rows, composition_of_units
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.estimation.fit import Fit
    from evalkit.records import Diagnostic, Result

ENOUGH_CLUSTERS = 30
"""With as many, and six treated, a clustered interval of a shift is to be relied on; else rows are counted alone."""
ENOUGH_TREATED = 6
STILL = 1e-8
"""A spread within units and periods below this share of the whole is rounding."""


def with_composition(model: Estimated, covariates: Sequence[str], result: Result) -> Result:
    """Return the result with the check `composition`.

    Parameters
    ----------
    model : Estimated
        Its frame holds the rows of the estimate.
    covariates : sequence of str
        Columns that are in the regression of the outcome.
    result : Result
    """
    check = _of_rows(model, covariates) if model.panel.cross_sections else _of_units(model)
    return replace(result, diagnostics=(*result.diagnostics, check))


def _of_units(model: Estimated) -> Diagnostic:
    """Return which units lack periods that others have."""
    study = model.study
    there = study.frame.groupby("unit", sort=False)["time"].nunique()
    periods = int(study.frame["time"].nunique())
    lacking = {str(unit): periods - int(count) for unit, count in there.items() if count < periods}
    return composition_of_units(lacking, [unit for unit in lacking if unit in study.starts], len(there), periods)


def _of_rows(model: Estimated, covariates: Sequence[str]) -> Diagnostic:
    """Return the shift of each covariate: the two-way coefficient of treatment on it, in its standard deviations.

    Notes
    -----
    ``x_ijt = a_j + c_t + d D_jt + u_ijt``, the regression of the headline with the covariate as outcome; with two
    groups and two periods d is the difference in differences of its means. The shift is ``d / s``, s^2 the variance of
    u. Intervals at 95%: clustered with 30 clusters or more of which six are treated, else classical.
    """
    study = model.study
    first = min(study.starts.values())
    shifts, unchanging = [], []
    for name in model.panel.covariates:
        shift = _shift(model, name, name in covariates)
        if shift is None:
            unchanging.append(name)
        else:
            shifts.append(shift)
    treated = study.frame["unit"].isin(list(study.starts))
    early = study.frame["time"] < first
    rows = {
        name: (int((side & early).sum()), int((side & ~early).sum()))
        for name, side in (("with the programme", treated), ("without", ~treated))
    }
    return composition_of_rows(shifts, rows, unchanging)


def _shift(model: Estimated, name: str, allowed_for: bool) -> Shift | None:
    """Return the shift of one covariate; None where it does not vary within units and periods."""
    import math

    import numpy

    from evalkit.records import Estimate

    try:
        fit = _fit(model, name)
    except DesignError:
        return None
    spread = math.sqrt(fit.scale)
    if spread <= STILL * float(numpy.std(model.study.frame[name].to_numpy(dtype=float))):
        return None
    found = Estimate.from_standard_error(
        float(fit.coefficients[0]) / spread, float(fit.standard_errors[0]) / spread, fit.residual_df
    )
    return Shift(name, found.value, float(found.low or 0.0), float(found.high or 0.0), allowed_for)


def _fit(model: Estimated, name: str) -> Fit:
    """Return the two-way regression of a covariate on treatment."""
    import numpy
    import pandas

    from evalkit.estimation.regression import two_way

    frame = model.study.frame
    values = frame[name].to_numpy(dtype=float)
    if not float(numpy.ptp(values)) > 0.0:
        raise DesignError(f"{name} is the same in every row")
    weights = None if model.weights is None else model.weights / model.weights.mean()
    clustered = model.all_clusters >= ENOUGH_CLUSTERS and model.treated_clusters >= ENOUGH_TREATED
    return two_way(
        values, frame[["treated"]].to_numpy(), pandas.factorize(frame["unit"])[0], pandas.factorize(frame["time"])[0],
        weights=weights, cluster=pandas.factorize(model.clusters)[0],
        covariance="clustered" if clustered else "classical",
    )  # fmt: skip
