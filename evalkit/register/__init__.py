"""What is to be evaluated, and by what it will be judged: the register of programmes and the measures of success.

Both are files of a project (`data/programmes.yaml`, `data/measures.yaml`), read with the same care as a study file. A
project without them has no such pages, and nothing else changes.
"""

from __future__ import annotations

from evalkit.register.links import held_against, study_ids, unknown_studies
from evalkit.register.measures import Measure, Measures, Strategy, read_measures
from evalkit.register.programmes import Document, Programme, Programmes, Start, read_programmes
from evalkit.register.reading import Read, RegisterError
from evalkit.register.targets import Flag, flags, gaps

__all__ = ["Document", "Flag", "Measure", "Measures", "Programme", "Programmes", "Read", "RegisterError", "Start",
           "Strategy", "flags", "gaps", "held_against", "read_measures", "read_programmes", "study_ids",
           "unknown_studies"]  # fmt: skip
