"""The nouns: frozen records that pass from one step of the flow to the next.

Everything that a page may say is in `Evaluation`, and every number of it is plain data (text, numbers, tuples),
so that it can be written to result.json and read back without loss.
"""

from evalkit.records.coverage import Coverage, UnitCoverage
from evalkit.records.estimate import Estimate
from evalkit.records.evaluation import DataInput, Evaluation, Failure, Provenance
from evalkit.records.guard import GuardFinding
from evalkit.records.money import (
    Acceptability,
    Appraisal,
    Bin,
    MoneyLine,
    MoneyParameter,
    MoneyReturn,
    MoneyScenario,
    MoneyYear,
    PayerYear,
)
from evalkit.records.panel import Measure, Panel
from evalkit.records.releases import Cell, Cells, Headline, Move, Release, Releases, Share
from evalkit.records.result import Analysis, Coefficient, Design, Diagnostic, EventTime, Family, PathPoint, Result
from evalkit.records.supplement import (
    Baseline,
    CumulativePoint,
    ErrorModel,
    GroupTime,
    Horizon,
    LeftOut,
    Placebo,
    ScaleEstimate,
)
from evalkit.records.words import Better, Block, OtherRows, OutcomeKind, Role, Rule, Scale, Verdict

__all__ = [
    "Acceptability",
    "Analysis",
    "Appraisal",
    "Baseline",
    "Better",
    "Bin",
    "Block",
    "Cell",
    "Cells",
    "Coefficient",
    "Coverage",
    "CumulativePoint",
    "DataInput",
    "Design",
    "Diagnostic",
    "ErrorModel",
    "Estimate",
    "Evaluation",
    "EventTime",
    "Failure",
    "Family",
    "GroupTime",
    "GuardFinding",
    "Headline",
    "Horizon",
    "LeftOut",
    "Measure",
    "MoneyLine",
    "MoneyParameter",
    "MoneyReturn",
    "MoneyScenario",
    "MoneyYear",
    "Move",
    "OtherRows",
    "OutcomeKind",
    "Panel",
    "PathPoint",
    "PayerYear",
    "Placebo",
    "Provenance",
    "Release",
    "Releases",
    "Result",
    "Role",
    "Rule",
    "Scale",
    "ScaleEstimate",
    "Share",
    "UnitCoverage",
    "Verdict",
]
