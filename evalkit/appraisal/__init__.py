"""Costs and benefits: unit costs, prices, discounting, the ledger, and what the effect is worth."""

from evalkit.appraisal.appraise import appraise, totals_by_kind
from evalkit.appraisal.economics import Economics, economics_problems
from evalkit.appraisal.effect import AppraisedEffect, without_data
from evalkit.appraisal.tables import Reference, reference_files, reference_table

__all__ = [
    "AppraisedEffect",
    "Economics",
    "Reference",
    "appraise",
    "economics_problems",
    "reference_files",
    "reference_table",
    "totals_by_kind",
    "without_data",
]
