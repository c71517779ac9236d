"""The data: sources, what is there and what is missing, breaks, rules that they were held against (E12 to E16)."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part

FIGURES: tuple[Drawn, ...] = ()


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    return []
