"""Effect, mechanism, moderators, implementation, economics: five boxes, printed always (E41)."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part

FIGURES: tuple[Drawn, ...] = ()


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    return []
