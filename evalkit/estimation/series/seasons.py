"""Terms of the time of year: one indicator per season, or pairs of waves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector


def indicators(season: ArrayLike, length: int) -> dict[str, Array]:
    """Return one indicator per season but the first.

    Parameters
    ----------
    season : array_like, shape (n,)
        Season of each period, such as month 1 ... 12; the smallest is the reference.
    length : int
        n.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        `season 2`, `season 3`, ...

    Raises
    ------
    DesignError
        If there is not one season per period.
    """
    codes = np.asarray(season)
    if codes.shape != (length,):
        raise DesignError(f"season has shape {codes.shape} for {length} periods")
    return {f"season {code}": (codes == code).astype(np.float64) for code in np.unique(codes)[1:]}


def waves(positions: ArrayLike, year: float, pairs: int) -> dict[str, Array]:
    """Return pairs of sine and cosine that repeat every year (Fourier terms).

    Parameters
    ----------
    positions : array_like of int, shape (n,)
        Time positions.
    year : float
        Length of a year in periods: 12 for months, 365.25 for days.
    pairs : int
        Number of pairs K.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        `season sine 1`, `season cosine 1`, ... in that order.

    Raises
    ------
    DesignError
        If pairs is below 1 or more than half a year holds.

    Notes
    -----
    ``sin(2 pi k t / year)`` and ``cos(2 pi k t / year)`` for k = 1 ... K. Where 2 k is the whole year, the sine is zero
    in every period, and the cosine stands alone; K = year / 2 then is the same model as one indicator per season.

    References
    ----------
    Bernal, Cummins and Gasparrini (2017), International Journal of Epidemiology 46, 348-355, table 3.
    """
    most = int(year // 2)
    if not 1 <= pairs <= most:
        raise DesignError(
            f"{pairs} pairs of waves for a year of {year:g} periods",
            mend=f"choose between 1 and {most} pairs" if most else "use season: none",
        )
    angle = 2.0 * np.pi * as_vector(positions, "positions") / year
    terms = {}
    for k in range(1, pairs + 1):
        if 2 * k != year:
            terms[f"season sine {k}"] = np.sin(k * angle)
        terms[f"season cosine {k}"] = np.cos(k * angle)
    return terms
