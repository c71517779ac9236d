"""Time positions of a series: whole numbers that increase, in the series' own periods."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Codes, as_vector


def gaps_between(positions: ArrayLike | None, points: int) -> Codes:
    """Return the steps between neighbouring positions, all at least 1.

    Parameters
    ----------
    positions : array_like of int, shape (n,), or None
        Time positions, increasing; a step above 1 is a gap. None: 0, 1, ..., n - 1.
    points : int
        Length n of the series.

    Returns
    -------
    ndarray of int, shape (n - 1,)

    Raises
    ------
    DesignError
        If positions are no whole numbers, do not increase, or have a common step above 1.
    """
    if positions is None:
        return np.ones(points - 1, dtype=np.int64)
    places = as_vector(positions, "positions", points)
    gaps = np.diff(places)
    if np.any(places != np.round(places)) or np.any(gaps < 1):
        raise DesignError("time positions must be whole numbers that increase", mend="sort the series by period")
    step = int(np.gcd.reduce(gaps.astype(np.int64)))
    if step > 1:
        raise DesignError(f"all time positions are {step} or more apart", mend="count in the series' own periods")
    return gaps.astype(np.int64)
