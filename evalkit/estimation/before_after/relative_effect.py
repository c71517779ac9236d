"""The relative effect of place-based studies: a change in some areas over the change in others, on the log scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector, require_level

Source = Literal["areas", "areas_within_cells", "periods"]


@dataclass(frozen=True)
class Dispersion:
    """How much counts vary beyond chance.

    Attributes
    ----------
    value : float
        Variance over mean, as estimated (it may be below 1).
    df : float
        Degrees of freedom behind it.
    source : {"areas", "areas_within_cells", "periods"}
    """

    value: float
    df: float
    source: Source


@dataclass(frozen=True)
class RelativeEffect:
    """The logarithm of the relative incidence-rate ratio, as a meta-analysis takes it.

    Attributes
    ----------
    log_ratio : float
        After over before in the treated areas, over the same in the comparison areas; below 0: a fall beyond theirs.
    variance, se : float
    low, high, p_value : float
        On the log scale; t with `df` where the dispersion was estimated, normal otherwise.
    df : float or None
    dispersion : float or None
        The factor of the variance, never below 1; None: Poisson, too small for real counts.
    rule : str
    """

    log_ratio: float
    variance: float
    se: float
    low: float
    high: float
    p_value: float
    df: float | None
    dispersion: float | None
    rule: str


def relative_effect(
    treated: tuple[float, float],
    comparison: tuple[float, float],
    exposure_treated: tuple[float, float] = (1.0, 1.0),
    exposure_comparison: tuple[float, float] = (1.0, 1.0),
    dispersion: Dispersion | None = None,
    level: float = 0.95,
) -> RelativeEffect:
    """Return the log relative incidence-rate ratio of four totals.

    Parameters
    ----------
    treated, comparison : (float, float)
        Total before and after.
    exposure_treated, exposure_comparison : (float, float)
        Exposure before and after, in the same unit.
    dispersion : Dispersion or None
        As estimated from areas or periods; None: four totals are all there is.
    level : float
        Confidence level.

    Returns
    -------
    RelativeEffect

    Raises
    ------
    DesignError
        If a total is zero (its logarithm does not exist) or an exposure is not above zero.

    Notes
    -----
    ``log(B_t / E_Bt) - log(A_t / E_At) - log(B_c / E_Bc) + log(A_c / E_Ac)``, A before, B after.
    Standard-error rule: ``variance = phi (1/A_t + 1/B_t + 1/A_c + 1/B_c)``, ``phi = max(1, dispersion)``.

    References
    ----------
    Wilson (2022), The relative incident rate ratio effect size for count-based impact evaluations: when an odds ratio
    is not an odds ratio, Journal of Quantitative Criminology 38, 323-341. Braga and Weisburd (2022), Does hot spots
    policing have meaningful impacts on crime?, Journal of Quantitative Criminology 38, 1-22.
    """
    from evalkit.distributions import norm, t

    totals = np.array([*treated, *comparison], dtype=np.float64)
    exposures = np.array([*exposure_treated, *exposure_comparison], dtype=np.float64)
    if not np.all(np.isfinite(totals)) or np.any(totals <= 0.0):
        raise DesignError("one of the four totals is zero, so the ratio has no logarithm", mend="use longer windows")
    if not np.all(np.isfinite(exposures)) or np.any(exposures <= 0.0):
        raise DesignError("an exposure is zero or negative", mend="give exposures above zero")
    log_ratio = float(np.sum(np.array([-1.0, 1.0, 1.0, -1.0]) * np.log(totals / exposures)))
    phi = None if dispersion is None else max(1.0, dispersion.value)
    variance = (phi or 1.0) * float(np.sum(1.0 / totals))
    se, df = float(np.sqrt(variance)), None if dispersion is None else dispersion.df
    tail = (1.0 - require_level(level)) / 2.0
    reach = se * float(norm.isf(tail) if df is None else t.isf(tail, df))
    p_value = 2.0 * float(norm.sf(abs(log_ratio) / se) if df is None else t.sf(abs(log_ratio) / se, df))
    return RelativeEffect(
        log_ratio, variance, se, log_ratio - reach, log_ratio + reach, p_value, df, phi, _rule(dispersion, phi)
    )


def dispersion_within_cells(
    cells: list[ArrayLike], exposures: list[ArrayLike], source: Source = "periods"
) -> Dispersion | None:
    """Return the dispersion of counts around the rate of their cell; None where nothing can tell it.

    Parameters
    ----------
    cells : list of array_like
        Counts of periods (or areas) in each of the four cells.
    exposures : list of array_like
        Their exposure.
    source : str
        What the counts are of.

    Notes
    -----
    ``phi = sum over cells of sum (y - m)^2 / m / sum (n - 1)``, m the cell's rate times exposure. With equal exposure
    it is the average of variance over mean of the cells, weighted by n - 1.

    References
    ----------
    Wilson (2022), Journal of Quantitative Criminology 38, 323-341. McCullagh and Nelder (1989), section 6.2.
    """
    chi_squared, df = 0.0, 0.0
    for counts, exposure in zip(cells, exposures, strict=True):
        seen, time = as_vector(counts, "counts"), as_vector(exposure, "exposure")
        if seen.sum() <= 0.0:
            return None
        mean = seen.sum() * time / time.sum()
        chi_squared += float(np.sum((seen - mean) ** 2 / mean))
        df += seen.size - 1.0
    return Dispersion(chi_squared / df, df, source) if df > 0.0 else None


def dispersion_between_areas(
    groups: list[tuple[ArrayLike, ArrayLike]], exposures: list[tuple[ArrayLike, ArrayLike]]
) -> Dispersion | None:
    """Return how much the change differs between areas of a group, beyond chance; None with one area a group.

    Parameters
    ----------
    groups : list of (array_like, array_like)
        For treated and comparison: counts of each area before and after.
    exposures : list of (array_like, array_like)
        Their exposure.

    Notes
    -----
    Areas are set against themselves, so that lasting differences of their levels count for nothing: given its total
    n_i, an area's count after is Binomial(n_i, p_i), ``p_i / (1 - p_i)`` the group's ratio of rates times the area's
    exposure after over before. ``phi = sum (y_i - n_i p_i)^2 / (n_i p_i (1 - p_i)) / sum over groups of (areas - 1)``,
    the Pearson dispersion of a Poisson model with a level for each area. Areas without any event tell nothing.
    """
    chi_squared, df = 0.0, 0.0
    for (before, after), (time_before, time_after) in zip(groups, exposures, strict=True):
        first, second = as_vector(before, "counts before"), as_vector(after, "counts after")
        odds = _odds(first, second, as_vector(time_before, "exposure"), as_vector(time_after, "exposure"))
        if odds is None:
            return None
        total, share = first + second, odds / (1.0 + odds)
        used = total > 0.0
        spread = (second - total * share)[used] ** 2 / (total * share * (1.0 - share))[used]
        chi_squared, df = chi_squared + float(spread.sum()), df + float(used.sum()) - 1.0
    return Dispersion(chi_squared / df, df, "areas") if df > 0.0 else None


def _odds(first: Array, second: Array, time_first: Array, time_second: Array) -> Array | None:
    """Return each area's odds of an event lying after, under the ratio of rates of its group."""
    if min(first.sum(), second.sum()) <= 0.0:
        return None
    ratio = second.sum() / time_second.sum() / (first.sum() / time_first.sum())
    return np.asarray(ratio * time_second / time_first)


def _rule(dispersion: Dispersion | None, phi: float | None) -> str:
    """Return the rule in words."""
    if dispersion is None or phi is None:
        return "log relative incidence-rate ratio, Poisson variance of four totals (too small where counts vary more)"
    seen = {
        "areas": "how much the change differs between areas",
        "areas_within_cells": "how much areas differ within the four cells",
        "periods": "how much periods vary within the four cells",
    }[dispersion.source]
    return (
        f"log relative incidence-rate ratio, Poisson variance times {phi:.4g} (never below 1), from {seen}; "
        f"t with {dispersion.df:g} degrees of freedom"
    )
