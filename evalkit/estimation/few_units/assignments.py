"""Who could have been treated, and from when: every assignment that was as likely as the one that happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask

LIST_UP_TO = 20_000
TIE = 1e-9
"""Statistics that differ by less than this share are ties."""


@dataclass(frozen=True, eq=False)
class Assignments:
    """Assignments of adoption periods to units, the observed one first.

    Attributes
    ----------
    first_treated : ndarray of int, shape (n, units)
        Index of the first treated period of each unit; the number of periods where the unit is never treated.
    listed : bool
        Whether these are all that there are, each once; else they are drawn, and may repeat.
    possible : int
        How many there are.
    seed : int or None
        Of the draws; None where all were listed.
    """

    first_treated: Codes
    listed: bool
    possible: int
    seed: int | None

    @property
    def mirrored(self) -> Mask:
        """The assignments whose estimate is the observed one, or minus it, whatever the outcome.

        Notes
        -----
        The observed one. With one start and as many treated as not, also the one in which treated and others have
        changed places: its treatment is a period effect less the observed one. Drawn ones may be either, or repeat.
        """
        observed = self.first_treated[0]
        found = np.all(self.first_treated == observed, axis=1)
        dates, counts = np.unique(observed, return_counts=True)
        if dates.size == 2 and counts[0] == counts[1]:
            found |= np.all(self.first_treated == dates.sum() - observed, axis=1)
        return np.asarray(found)

    @property
    def smallest_p(self) -> float:
        """The smallest p-value of a two-sided test by a statistic that changes sign where the sides change places.

        Ties count as extreme, so it is the share of `mirrored`.
        """
        return float(self.mirrored.mean())

    def smallest_p_of(self, statistics: Array) -> float:
        """Return the smallest p-value of a test by any statistic.

        Parameters
        ----------
        statistics : ndarray, shape (n,)
            Of each assignment. Of `mirrored` those count that are as large as the observed one.
        """
        large = np.abs(statistics) >= abs(float(statistics[0])) * (1.0 - TIE)
        return float((self.mirrored & large).mean())

    @property
    def rule(self) -> str:
        """How the assignments were made, in words."""
        if self.listed:
            return f"all {self.possible:,} assignments listed"
        return f"{len(self.first_treated) - 1:,} of {self.possible:,} assignments drawn with seed {self.seed}"


def assignments_of(
    first_treated: ArrayLike, draws: int = 1999, seed: int = 0, list_up_to: int = LIST_UP_TO
) -> Assignments:
    """Return assignments that give the same adoption periods to other units.

    Parameters
    ----------
    first_treated : array_like of int, shape (units,)
        Index of the first treated period of each unit as it happened; one and the same larger number, such as the
        number of periods, for the units that are never treated.
    draws : int
        Number of draws where the assignments are too many to list.
    seed : int
        Seed of numpy's PCG64 generator.
    list_up_to : int
        All assignments are listed where they are no more than this.

    Returns
    -------
    Assignments

    Raises
    ------
    DesignError
        If all units have the same adoption period, or draws is not above zero.

    Notes
    -----
    With N units, of which n_c adopt in period c, there are ``N! / prod_c n_c!`` assignments: who is treated, and under
    staggered adoption also when. They are equally likely if adoption was drawn at random among the units.

    References
    ----------
    Fisher (1935), The Design of Experiments. Athey and Imbens (2022), Journal of Econometrics 226, 62-79 (random
    adoption dates).
    """
    observed = np.asarray(first_treated)
    if observed.ndim != 1 or not np.issubdtype(observed.dtype, np.integer):
        raise DesignError("the first treated periods must be one whole number per unit")
    dates, counts = np.unique(observed, return_counts=True)
    if dates.size < 2:
        raise DesignError(
            f"all {observed.size} units have the same adoption: no other assignment is possible",
            mend="bring units that are never treated, or treated at another time",
        )
    if draws < 1:
        raise DesignError(f"{draws} draws", mend="ask for at least 1")
    possible = factorial(observed.size) // prod(factorial(int(count)) for count in counts)
    first = observed.astype(np.int64)
    if possible <= list_up_to:
        listed = np.array(list(_every(observed.size, dates, counts)), dtype=np.int64)
        other = np.any(listed != first, axis=1)
        return Assignments(np.vstack([first[None, :], listed[other]]), True, possible, None)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.permuted(np.tile(first, (draws, 1)), axis=1)
    return Assignments(np.vstack([first[None, :], drawn]), False, possible, seed)


def _every(units: int, dates: Codes, counts: Codes) -> Iterator[Codes]:
    """Yield every distinct order of the dates; the commonest date is what is left over."""
    order = np.argsort(counts, kind="stable")
    dates, counts = dates[order], counts[order]

    def place(free: tuple[int, ...], which: int, so_far: Codes) -> Iterator[Codes]:
        if which == dates.size - 1:
            yield so_far
            return
        for chosen in combinations(free, int(counts[which])):
            now = so_far.copy()
            now[list(chosen)] = dates[which]
            yield from place(tuple(unit for unit in free if unit not in chosen), which + 1, now)

    yield from place(tuple(range(units)), 0, np.full(units, dates[-1], dtype=np.int64))
