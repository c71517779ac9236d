"""Theory only: the theory of change is set out, nothing is estimated."""

from __future__ import annotations

from typing import ClassVar, Literal

from evalkit.records import Block


class TheoryOnly(Block):
    """A study that sets out how a programme should work: it has no data, no panel and no result."""

    kind: Literal["theory_only"] = "theory_only"

    title: ClassVar[str] = "Theory of change only"
    has_data: ClassVar[bool] = False
    assumptions: ClassVar[tuple[str, ...]] = (
        "The steps from activity to outcome are as the theory of change says; no data test them here.",
    )
    checks: ClassVar[tuple[str, ...]] = ()
