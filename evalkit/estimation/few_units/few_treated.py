"""What a test for few treated units returns, and the panel that such tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix


@dataclass(frozen=True, eq=False)
class FewTreatedTest:
    """An estimate judged by the spread of units that were not treated.

    Attributes
    ----------
    coefficient : float
        The estimate.
    p_value : float
        Two-sided, of no effect.
    low, high : float
        Interval by test inversion; infinite where no effect however large is rejected.
    level : float
        Confidence level.
    smallest_p : float
        The smallest p-value that could have come out.
    draws : int
        Number of placebo estimates or bootstrap draws.
    listed : bool
        Whether they are all that there are.
    seed : int or None
        Of the draws; None where all were listed.
    statistics : ndarray, shape (draws,)
        Estimates that come out without an effect.
    rule : str
        The rule in words.
    extra : mapping of str to float
        Further numbers, by method.
    """

    coefficient: float
    p_value: float
    low: float
    high: float
    level: float
    smallest_p: float
    draws: int
    listed: bool
    seed: int | None
    statistics: Array
    rule: str
    extra: Mapping[str, float] = field(default_factory=dict)


def few_treated_panel(outcome: ArrayLike, first_treated: ArrayLike, controls: int = 2) -> tuple[Array, Codes]:
    """Return outcome and adoption periods of a balanced panel with treated and never treated units.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods or more for units that are never treated.
    controls : int
        Number of never treated units that is needed.

    Returns
    -------
    outcome : ndarray, shape (units, periods)
    first_treated : ndarray of int, shape (units,)
        The number of periods for units that are never treated.

    Raises
    ------
    DesignError
        If shapes differ, a value is missing, no unit is treated, a unit is treated in all periods, or too few are
        never treated.
    """
    matrix = as_matrix(outcome, "outcome")
    given = np.asarray(first_treated)
    if given.shape != (matrix.shape[0],) or not np.issubdtype(given.dtype, np.integer):
        raise DesignError(f"first treated periods of shape {given.shape} for {matrix.shape[0]} units")
    codes = np.minimum(given, matrix.shape[1]).astype(np.int64)
    always = np.flatnonzero(codes <= 0)
    never = int((codes == matrix.shape[1]).sum())
    if always.size:
        raise DesignError(f"units {always.tolist()} are treated in all periods", mend="leave them out, and say so")
    if never == codes.size:
        raise DesignError("no unit is treated", mend="check the adoption periods")
    if never < controls:
        raise DesignError(
            f"{never} units are never treated, and at least {controls} are needed", mend="bring more comparison units"
        )
    return matrix, codes


def one_adoption(first_treated: Codes, periods: int, method: str) -> tuple[Mask, int]:
    """Return which units are treated, and from which period, where all start together.

    Parameters
    ----------
    first_treated : ndarray of int, shape (units,)
        As `few_treated_panel` returns them.
    periods : int
        Number of periods.
    method : str
        What asks, for the message.

    Returns
    -------
    treated : ndarray of bool, shape (units,)
    start : int
        Index of the first treated period.

    Raises
    ------
    DesignError
        If units start in different periods.
    """
    treated = first_treated < periods
    starts = np.unique(first_treated[treated])
    if starts.size > 1:
        raise DesignError(
            f"{method} needs one start, and treated units start in periods {starts.tolist()}",
            mend="estimate by cohort, or use randomisation inference over units and dates",
        )
    return treated, int(starts[0])
