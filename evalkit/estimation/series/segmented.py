"""Segmented regression: the terms of an interrupted time series, and the same terms had nothing happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask, as_vector, require_choice, require_full_rank
from evalkit.estimation.series.seasons import indicators
from evalkit.estimation.series.splines import Trend, trend_terms

Impact = Literal["level_and_slope", "level", "slope", "pulse", "ramp", "delayed"]
WITH_LENGTH = ("pulse", "ramp", "delayed")
"""Shapes that need a number of periods."""


class Interruption(NamedTuple):
    """Another change of the series, which stays in the counterfactual.

    Attributes
    ----------
    label : str
        Stands before the names of its terms.
    start : int
        Position of its first period.
    impact : str
    length : int or None
        As for the intervention itself.
    """

    label: str
    start: int
    impact: Impact = "level_and_slope"
    length: int | None = None


class SegmentedDesign(NamedTuple):
    """The terms of a segmented regression.

    Attributes
    ----------
    matrix : ndarray, shape (n, k)
        One column per term.
    names : tuple of str
        Names of the terms in whole words.
    counterfactual : ndarray, shape (n, k)
        The matrix with the intervention's own terms set to zero; other interruptions stay.
    post : ndarray of bool, shape (n,)
        Whether the period is at or after the start.
    acting : ndarray of bool, shape (n,)
        Whether the intervention's shape acts in the period: `post`, but for a pulse only while it lasts, and for a
        delayed change only from its end on. The effect averages over these periods.
    effect : ndarray of bool, shape (k,)
        Which columns are the intervention's own terms.
    """

    matrix: Array
    names: tuple[str, ...]
    counterfactual: Array
    post: Mask
    acting: Mask
    effect: Mask


def segmented_design(
    positions: ArrayLike,
    start_position: float,
    season: ArrayLike | Mapping[str, ArrayLike] | None = None,
    trend: Trend = "linear",
    impact: Impact = "level_and_slope",
    covariates: Mapping[str, ArrayLike] | None = None,
    *,
    length: int | None = None,
    knots: int | None = None,
    interruptions: Sequence[Interruption] = (),
) -> SegmentedDesign:
    """Return the terms of a segmented regression with and without the intervention.

    Parameters
    ----------
    positions : array_like of int, shape (n,)
        Time positions, increasing; gaps are allowed.
    start_position : int
        Position of the first period with the intervention.
    season : array_like, shape (n,), mapping of str to array_like, or None
        Season of each period, such as month 1 ... 12 (the smallest is the reference), or terms by name as
        `evalkit.estimation.series.seasons.waves` makes them.
    trend : {"linear", "none", "quadratic", "spline"}
        The trend before, which is carried forward.
    impact : {"level_and_slope", "level", "slope", "pulse", "ramp", "delayed"}
        What the intervention may change; see `impact_terms`.
    covariates : mapping of str to array_like of shape (n,), or None
        Further terms by name, the same with and without the intervention.
    length : int or None
        Periods that a pulse lasts, a ramp takes or a delay waits.
    knots : int or None
        Knots of a spline.
    interruptions : sequence of Interruption
        Other changes, the same with and without the intervention.

    Returns
    -------
    SegmentedDesign
        Terms in the order intercept, trend, season, covariates, other interruptions, the intervention's own.

    Raises
    ------
    DesignError
        If there is no period before or after the start, a shape has no period in which it acts, an interruption
        changes nothing in these periods, or terms cannot be told apart; they are named.

    Notes
    -----
    ``y_t = intercept + trend (p_t - p_1) + season + covariates + others + own(p_t - s) + e_t``: trend counts 0 in the
    first period, slope counts 0 in the first period with the intervention, so that level is the change in that period.

    References
    ----------
    Wagner, Soumerai, Zhang and Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27, 299-309. Lopez
    Bernal, Cummins and Gasparrini (2017), International Journal of Epidemiology 46, 348-355, on shapes of impact.
    """
    require_choice(trend, Trend, "the trend")
    require_choice(impact, Impact, "the impact")
    places = as_vector(positions, "positions")
    if np.any(np.diff(places) <= 0.0):
        raise DesignError("time positions do not increase", mend="sort the series by period, one row a period")
    post = places >= start_position
    _require_both_sides(post, trend, impact, length)
    own = impact_terms(places, start_position, impact, length)
    acting = _acting(places, start_position, impact, length)
    if not acting.any():
        raise DesignError(
            f"impact: {impact} of {length} periods acts in no period of the data",
            mend="choose another length, or bring more periods",
        )
    terms: dict[str, Array] = {"intercept": np.ones(places.size)}
    terms |= trend_terms(places, places[~post], trend, knots)
    if isinstance(season, Mapping):
        terms |= {name: as_vector(values, name, places.size) for name, values in season.items()}
    elif season is not None:
        terms |= indicators(season, places.size)
    for name, values in (covariates or {}).items():
        if name in terms or name in own:
            raise DesignError(f"a covariate is named {name!r}, as a term is", mend="rename the covariate")
        terms[name] = as_vector(values, f"covariate {name}", places.size)
    terms |= _other_terms(places, interruptions, terms)
    terms |= own
    names, matrix = tuple(terms), np.column_stack(list(terms.values()))
    require_full_rank(matrix, names)
    effect = np.array([name in own for name in names])
    return SegmentedDesign(matrix, names, np.where(effect, 0.0, matrix), post, acting, effect)


def impact_terms(positions: ArrayLike, start: float, impact: Impact, length: int | None = None) -> dict[str, Array]:
    """Return the terms of a change that begins at a position, by name.

    Parameters
    ----------
    positions : array_like of int, shape (n,)
    start : int
        Position s of its first period.
    impact : {"level_and_slope", "level", "slope", "pulse", "ramp", "delayed"}
    length : int or None
        L, for the last three.

    Returns
    -------
    dict of str to ndarray, shape (n,)

    Raises
    ------
    DesignError
        If a shape that needs a length has none, or one below 1.

    Notes
    -----
    ======================  ==================================================
    level                   ``[p >= s]``
    slope                   ``(p - s) [p >= s]``
    pulse                   ``[s <= p < s + L]``: a change that ends
    ramp                    ``min((p - s + 1) / L, 1) [p >= s]``: 1 / L in the first period, all of it from the L-th on
    delayed level           ``[p >= s + L]``
    ======================  ==================================================
    """
    places = as_vector(positions, "positions")
    post = (places >= start).astype(np.float64)
    if impact not in WITH_LENGTH:
        level, slope = {"level": post}, {"slope": np.where(post > 0.0, places - start, 0.0)}
        return {"level": level, "slope": slope, "level_and_slope": level | slope}[impact]
    if length is None or length < 1:
        raise DesignError(f"impact: {impact} needs a length", mend="give `length`, a number of periods of 1 or more")
    if impact == "pulse":
        return {"pulse": post * (places < start + length)}
    if impact == "ramp":
        return {"ramp": post * np.minimum((places - start + 1.0) / length, 1.0)}
    return {"delayed level": (places >= start + length).astype(np.float64)}


def average_effect_weights(design: SegmentedDesign, weights: ArrayLike | None = None) -> Array:
    """Return the contrast that averages the effect over the periods in which the intervention acts.

    Parameters
    ----------
    design : SegmentedDesign
        The terms.
    weights : array_like, shape (n,), or None
        Weight of each period, such as its exposure; only periods in which the intervention acts count. None: equal.

    Returns
    -------
    ndarray, shape (k,)
        Weights of the coefficients: the mean over those periods of matrix less counterfactual.

    Raises
    ------
    DesignError
        If weights are negative, or zero in all those periods.

    Notes
    -----
    ``w = sum_t v_t (x_t - x0_t) / sum_t v_t`` over acting periods, so ``w'b`` is the average of fitted less
    counterfactual; on a log scale it is the average logarithm of the ratio.
    """
    rows = (design.matrix - design.counterfactual)[design.acting]
    shares = np.ones(rows.shape[0])
    if weights is not None:
        shares = as_vector(weights, "period weights", design.post.size)[design.acting]
    if np.any(shares < 0.0) or shares.sum() <= 0.0:
        raise DesignError("weights of the periods with the intervention must not be negative, nor all zero")
    return np.asarray(shares @ rows / shares.sum())


def effect_rows(design: SegmentedDesign) -> Array:
    """Return the contrast of each period from the start on: matrix less counterfactual.

    Parameters
    ----------
    design : SegmentedDesign
        The terms.

    Returns
    -------
    ndarray, shape (number of post periods, k)
        For `evalkit.estimation.fit.contrasts`.
    """
    return np.asarray((design.matrix - design.counterfactual)[design.post])


def with_comparison(design: SegmentedDesign) -> SegmentedDesign:
    """Return the terms of a series whose changes are counted beyond those of a comparison series.

    Parameters
    ----------
    design : SegmentedDesign
        The terms of the series by itself, k of them.

    Returns
    -------
    SegmentedDesign
        Twice as many: those of the comparison series, then the difference in each. The counterfactual keeps the
        comparison's change and sets the difference in it to zero.

    Notes
    -----
    With z = 1 for the series and 0 for its comparison, ``y = x'c + z x'd + e``: for a level and a slope these are the
    seven terms of a multiple-group analysis and the constant, y on t, z, zt, x, xt, zx, zxt.

    References
    ----------
    Linden (2015), Stata Journal 15, 480-500, equation 2.
    """
    none = np.zeros_like(design.effect)
    return SegmentedDesign(
        matrix=np.hstack([design.matrix, design.matrix]),
        names=(
            *(f"comparison: {name}" for name in design.names),
            *(f"difference: {name}" for name in design.names),
        ),
        counterfactual=np.hstack([design.matrix, design.counterfactual]),
        post=design.post,
        acting=design.acting,
        effect=np.concatenate([none, design.effect]),
    )


def _acting(places: Array, start: float, impact: Impact, length: int | None) -> Mask:
    """Return the periods in which a shape acts."""
    post = places >= start
    if impact == "pulse":
        return np.asarray(post & (places < start + (length or 0)))
    if impact == "delayed":
        return np.asarray(places >= start + (length or 0))
    return np.asarray(post)


def _other_terms(places: Array, interruptions: Sequence[Interruption], taken: Mapping[str, Array]) -> dict[str, Array]:
    """Return the terms of other interruptions; refuse one that changes nothing in these periods, or every one alike."""
    terms: dict[str, Array] = {}
    for other in interruptions:
        found = impact_terms(places, other.start, other.impact, other.length)
        for name, values in found.items():
            label = f"{other.label}: {name}"
            if label in taken or label in terms:
                raise DesignError(f"two terms are named {label!r}", mend="give each interruption a label of its own")
            if np.ptp(values) == 0.0:
                raise DesignError(
                    f"the interruption {other.label!r} divides none of the periods that are used",
                    mend="correct its start or length, or leave it out",
                )
            terms[label] = values
    return terms


def _require_both_sides(post: Mask, trend: Trend, impact: Impact, length: int | None) -> None:
    """Raise unless there are enough periods on both sides of the start for the terms asked for."""
    before, after = int((~post).sum()), int(post.sum())
    needed_before = {"none": 1, "quadratic": 3}.get(trend, 2)
    needed_after = 2 if impact in ("slope", "level_and_slope") else 1
    if before < needed_before:
        raise DesignError(
            f"{before} periods before the start, and {needed_before} are needed",
            mend="begin earlier or leave out the trend",
        )
    if after < needed_after:
        raise DesignError(
            f"{after} periods from the start on, and {needed_after} are needed for {impact.replace('_', ' ')}",
            mend="wait for more periods, or choose impact: level",
        )
    if impact == "ramp" and (length or 0) > after:
        raise DesignError(
            f"a ramp of {length} periods, and {after} periods from the start on: its lasting level is never seen",
            mend="choose a shorter length, or impact: slope",
        )
