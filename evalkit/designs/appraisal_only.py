"""Appraisal only: costs and benefits are priced, nothing is estimated."""

from __future__ import annotations

from typing import ClassVar, Literal

from evalkit.records import Block


class AppraisalOnly(Block):
    """A study that prices a declared effect: it has no data, no panel and no result."""

    kind: Literal["appraisal_only"] = "appraisal_only"

    title: ClassVar[str] = "Appraisal only"
    has_data: ClassVar[bool] = False
    assumptions: ClassVar[tuple[str, ...]] = ("The effect that is priced comes from elsewhere and holds here.",)
    checks: ClassVar[tuple[str, ...]] = ()
