"""What the data hold for each place and period: there, partly there, missing, or zero for an unlikely time."""

from __future__ import annotations

from dataclasses import dataclass

STATES = {
    "c": "complete",
    "p": "partly known",
    "m": "missing",
    "d": "declared gap",
    "z": "run of zeros",
    "o": "not used",
}
"""One letter a period. `p`: a cell of the data stands for a range; `o`: outside the windows of the study."""


@dataclass(frozen=True)
class UnitCoverage:
    """One place.

    Attributes
    ----------
    unit : str
        Its name; empty for a single series.
    first : str
        Its first period that is used.
    states : str
        From there on one letter of `STATES` a period.
    start : str
        Its first treated period; empty where it has none in the data.
    """

    unit: str
    first: str
    states: str
    start: str = ""

    def count(self, state: str) -> int:
        """Return how many periods are in a state."""
        return self.states.count(state)

    @property
    def used(self) -> int:
        """Number of periods that the study uses."""
        return len(self.states) - self.count("o")

    @property
    def whole(self) -> bool:
        """True where every period that is used is complete."""
        return set(self.states) <= {"c", "o"}


@dataclass(frozen=True)
class Coverage:
    """What the data of the main analysis hold, place by place.

    Attributes
    ----------
    frequency : str
        Length of a period.
    units : tuple of UnitCoverage
        In the order of the data.
    zeros : bool
        Whether runs of zeros were looked for and may be told.
    """

    frequency: str
    units: tuple[UnitCoverage, ...]
    zeros: bool = True
