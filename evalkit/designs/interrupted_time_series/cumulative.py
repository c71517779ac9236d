"""Events averted from the start up to each period: expected less observed, with the noise of single periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES
from evalkit.designs.outcomes import modelled, to_events, to_outcome
from evalkit.errors import DesignError
from evalkit.records.supplement import CumulativePoint

if TYPE_CHECKING:
    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
    from evalkit.estimation.series.prediction import Noise


def cumulative(model: Segmented) -> tuple[CumulativePoint, ...]:
    """Return expected less observed events from the start up to each period, with bounds.

    Parameters
    ----------
    model : Segmented

    Returns
    -------
    tuple of CumulativePoint
        One for each period from the start on that is used; empty where the outcome is no number of events. Positive
        means fewer than expected.

    Notes
    -----
    ``sum_{s <= t} v_s back(x0_s'b) - y_s`` over periods in which the shape acts (before a delay ends and after a pulse
    the sum stays as it is), v the factor to events. Bounds are those of `prediction.bands` over 6,000 draws of what
    single periods would have been; see `noise` for what neighbouring periods share. `averted` sets the *fitted* path
    in place of the observed one: it says how many events the effect amounts to, this how many fewer there were than
    would have been seen.
    """
    import numpy

    from evalkit.estimation.series.prediction import bands, realised

    factor = to_events(model.frame, model.panel)
    if factor is None:
        return ()
    rows, terms, fit = model.terms.post, model.terms, model.fit
    counts = model.design.family in COUNT_FAMILIES
    exposure = to_outcome(model.frame, model.panel)
    degrees = model.contrast((terms.matrix - terms.counterfactual)[terms.acting].mean(axis=0)).df
    sample = realised(
        fit, terms.matrix, terms.counterfactual, rows, model.frame["time"].to_numpy(), noise(model), degrees,
        log=model.scale == "log", offset=numpy.log(exposure), own=model.own.matrix,
        seed=model.design.seed,
    )  # fmt: skip
    seen = (modelled(model.frame, model.panel) * factor)[rows]
    acts = terms.acting[rows].astype(float)  # before a delay ends and after a pulse nothing is averted: the sum is flat
    sample = numpy.cumsum(((sample if counts else sample * factor[rows]) - seen) * acts, axis=1)
    expected = (model.back(terms.counterfactual @ fit.coefficients) * factor)[rows]
    found = bands(sample, model.design.level)
    lines = numpy.column_stack([numpy.cumsum((expected - seen) * acts), *found])
    times = model.frame["time"].to_numpy()[rows]
    return tuple(
        CumulativePoint(model.panel.label(int(time)), *(float(number) for number in line))
        for time, line in zip(times, lines, strict=True)
    )


def noise(model: Segmented) -> Noise:
    """Return the noise of single periods around a model's mean, by the model's own errors.

    Parameters
    ----------
    model : Segmented

    Raises
    ------
    DesignError
        When the errors have no correlation that dies out, so that the noise of a sum cannot be told.

    Notes
    -----
    ==================================  =========================================================
    autoregressive, prais_winsten       AR(1) with the model's autocorrelation
    arima                               AR(1) with the correlation of neighbouring errors; none with a difference
    newey_west                          AR(1) with the correlation of neighbouring residuals, as estimated
    ordinary                            independent
    ==================================  =========================================================

    Counts vary by Pearson's dispersion over the mean; for poisson and negative_binomial at least as the family says.
    """
    import numpy

    from evalkit.estimation.residuals import lag_one_autocorrelation
    from evalkit.estimation.series.autoregressive import whiten
    from evalkit.estimation.series.prediction import LARGEST_CORRELATION, Noise

    fit, errors, family = model.fit, model.design.errors, model.design.family
    positions = model.frame["time"].to_numpy()
    rho, weighted = 0.0, errors not in ("newey_west", "ordinary")
    if errors == "newey_west":
        found = lag_one_autocorrelation(fit.standardised, positions)
        rho = max(-LARGEST_CORRELATION, min(LARGEST_CORRELATION, found))
    elif weighted:
        if "rho" not in fit.extra:
            raise DesignError("these errors have no correlation that dies out", "use autoregressive", "design.errors")
        rho = float(fit.extra["rho"])
    if abs(rho) > LARGEST_CORRELATION:
        raise DesignError(f"neighbouring periods correlate by {rho:.3f}, which does not die out", "use another trend")
    if family not in COUNT_FAMILIES:
        return Noise(rho, weighted)
    alpha = float(fit.extra["dispersion"]) if family == "negative_binomial" else 0.0
    pearson = fit.residuals / numpy.sqrt(fit.fitted + alpha * fit.fitted**2)
    white = whiten(pearson, rho, positions)
    factor = float(white @ white) / (white.size - model.own.matrix.shape[1])
    return Noise(rho, weighted, factor if family == "quasi_poisson" else max(factor, 1.0), alpha * max(factor, 1.0))


def noise_words(model: Segmented) -> str:
    """Return in words what the bounds of a cumulative sum hold; empty where there is none.

    Parameters
    ----------
    model : Segmented
    """
    from evalkit.estimation.series.prediction import DRAWS

    try:
        found = noise(model)
    except DesignError as error:
        return f"not computed: {error.problems[0].message}"
    shared = f"whose neighbours correlate by {found.rho:.2f}" if found.rho else "taken as independent of one another"
    source = " (that of the residuals, as estimated)" if model.design.errors == "newey_west" else ""
    return f"{DRAWS:,} draws of the coefficients and of the noise of single periods, {shared}{source}"
