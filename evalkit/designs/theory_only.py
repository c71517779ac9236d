"""Theory only: the theory of change is set out, nothing is estimated."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from evalkit.records import Block


class TheoryOnly(Block):
    """A study that sets out how a programme should work: it has no data, no panel and no result."""

    kind: Literal["theory_only"] = "theory_only"
    answer: Literal["not_yet", "not_evaluable", "not_recomputable", "nothing_published"] = Field(
        "not_yet",
        description="What the page says first: not_yet, there is a plan; not_evaluable, no impact can be estimated; "
        "not_recomputable, published figures cannot be checked; nothing_published, no result is published",
    )
    why: str | None = Field(None, min_length=1, description="Why, printed beside the answer; every answer but not_yet "
                            "needs it")  # fmt: skip

    title: ClassVar[str] = "Theory of change only"
    has_data: ClassVar[bool] = False
    assumptions: ClassVar[tuple[str, ...]] = (
        "The steps from activity to outcome are as the theory of change says; no data test them here.",
    )
    checks: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _reasoned(self) -> TheoryOnly:
        if self.answer != "not_yet" and not (self.why or "").strip():
            raise ValueError(f"`answer: {self.answer}` needs `why`: a reader is owed the reason")
        return self
