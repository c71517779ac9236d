"""The plan: when it was fixed, where it is registered, what was changed since, and what was done otherwise (E7, E8)."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part

FIGURES: tuple[Drawn, ...] = ()


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    return []
