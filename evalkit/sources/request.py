"""What is asked of the rows: the blocks of a study that together say what the panel is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.sources.columns import Data, Intervention, Outcome

if TYPE_CHECKING:
    from evalkit.sources.exposure import Exposure


@dataclass
class Request:
    """What is to be made of the rows, and what was said on the way.

    Attributes
    ----------
    data, outcome_id, outcome, intervention
        Blocks of the study.
    joined : Exposure or None
        The exposure table that the outcome names, as read.
    notes : list of str
        Sentences for `Panel.notes`.
    bounded : set of (str, int)
        Unit and time of values that stand for a range.
    """

    data: Data
    outcome_id: str
    outcome: Outcome
    intervention: Intervention | None
    joined: Exposure | None = None
    notes: list[str] = field(default_factory=list)
    bounded: set[tuple[str, int]] = field(default_factory=set)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns that are kept as covariates."""
        return tuple(dict.fromkeys(self.data.covariates))

    @property
    def value_column(self) -> str | None:
        """Column of the outcome; none when rows are counted."""
        return self.data.value_column(self.outcome_id, self.outcome)

    @property
    def exposure_column(self) -> str | None:
        """Column of the rows that holds the exposure; none where there is none or a table is joined."""
        return None if self.outcome.exposure in self.data.exposures else self.outcome.exposure

    @property
    def counts_rows(self) -> bool:
        """Say whether the outcome is the number of rows."""
        return self.outcome.count == "rows"

    @property
    def keeps_rows(self) -> bool:
        """Say whether each row stays an observation of its own."""
        return self.data.sampling == "repeated_cross_section"
