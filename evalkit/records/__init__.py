"""The nouns: frozen records that pass from one step of the flow to the next.

Everything that a page may say is in `Evaluation`, and every number of it is plain data (text, numbers, tuples),
so that it can be written to result.json and read back without loss.
"""

from evalkit.records.estimate import Estimate
from evalkit.records.evaluation import DataInput, Evaluation, Failure, Provenance
from evalkit.records.money import Appraisal, MoneyLine, MoneyYear
from evalkit.records.panel import Measure, Panel
from evalkit.records.result import Analysis, Coefficient, Design, Diagnostic, EventTime, PathPoint, Result
from evalkit.records.supplement import Baseline, CumulativePoint, ErrorModel, GroupTime, Horizon, LeftOut, Placebo
from evalkit.records.words import Better, Block, OutcomeKind, Role, Rule, Scale, Verdict

__all__ = [
    "Analysis",
    "Appraisal",
    "Baseline",
    "Better",
    "Block",
    "Coefficient",
    "CumulativePoint",
    "DataInput",
    "Design",
    "Diagnostic",
    "ErrorModel",
    "Estimate",
    "Evaluation",
    "EventTime",
    "Failure",
    "GroupTime",
    "Horizon",
    "LeftOut",
    "Measure",
    "MoneyLine",
    "MoneyYear",
    "OutcomeKind",
    "Panel",
    "PathPoint",
    "Placebo",
    "Provenance",
    "Result",
    "Role",
    "Rule",
    "Scale",
    "Verdict",
]
