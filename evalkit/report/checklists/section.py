"""The reporting checklists, each item with a link to where it stands, or "not reported" (E50)."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part

FIGURES: tuple[Drawn, ...] = ()


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    return []
