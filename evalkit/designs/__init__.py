"""Designs, one file each: options, assumptions, checks, `estimate(panel) -> Result`.

Importing this package imports pydantic models alone; numbers are imported where they are used, so that a study
file is checked quickly.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.designs.appraisal_only import AppraisalOnly
from evalkit.designs.before_after.design import BeforeAfter
from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
from evalkit.designs.theory_only import TheoryOnly
from evalkit.records import Block

AnyDesign = Annotated[
    BeforeAfter | InterruptedTimeSeries | DifferenceInDifferences | AppraisalOnly | TheoryOnly,
    Field(discriminator="kind"),
]
"""What `design:` in the YAML may be, told apart by `kind`."""

DESIGNS: dict[str, type[Block]] = {
    "before_after": BeforeAfter,
    "interrupted_time_series": InterruptedTimeSeries,
    "difference_in_differences": DifferenceInDifferences,
    "appraisal_only": AppraisalOnly,
    "theory_only": TheoryOnly,
}
"""Every design by its kind. Those with `has_data = False` have no panel and no result."""

__all__ = [
    "DESIGNS", "AnyDesign", "AppraisalOnly", "BeforeAfter", "DifferenceInDifferences", "InterruptedTimeSeries",
    "TheoryOnly",
]  # fmt: skip
