"""Where and when: the timeline of starts, what else happened there, and why these places (E9 to E11)."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part

FIGURES: tuple[Drawn, ...] = ()


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    return []
