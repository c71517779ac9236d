"""What a study can never say where nobody set how large a change would matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.spec.loading import Spec


def without_size(spec: Spec) -> list[str]:
    """Return that a study of impact sets no size that matters, and what that keeps it from saying; empty else.

    Parameters
    ----------
    spec : Spec

    Notes
    -----
    Not an error: a size that is set once the result is known says nothing, so an honest study may have none.
    """
    study = spec.study
    if study.stated_level != "impact" or not getattr(study.design, "has_data", True):
        return []
    return [f"{spec.name} is a study of impact without outcomes.{name}.minimum_important_change: where its result is "
            "clear and good, it can never say more than that the size of the change is uncertain. Set it before the "
            "result is known, or leave it out."
            for name, outcome in study.outcomes.items()
            if outcome.role == "primary" and outcome.minimum_important_change is None]  # fmt: skip
