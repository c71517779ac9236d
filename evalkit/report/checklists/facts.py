"""Facts about a study on which it hangs whether a checklist or an item applies, each with its rule in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.ladder import read

COUNT_MODELS = ("poisson", "quasi_poisson", "negative_binomial")
SMALL_COUNT = 30
"""From so many events in each period on, chance is as good as normal (a skew below 0.2), also on the log scale."""


@dataclass(frozen=True)
class Fact:
    """A fact: its test, and what is said where it does not hold.

    Attributes
    ----------
    holds : function
        From an Evaluation.
    rule : str
        For which studies a checklist is, as in `for studies with a result`.
    lacking : str
        Why an item does not apply, as in `there is no result yet`.
    """

    holds: Callable[[Evaluation], bool]
    rule: str
    lacking: str


def has_results(evaluation: Evaluation) -> bool:
    """Return whether anything was estimated."""
    return bool(evaluation.analyses)


def kind(evaluation: Evaluation) -> str:
    """Return the kind of design."""
    return str((evaluation.study.get("design") or {}).get("kind") or "")


def staggered(evaluation: Evaluation) -> bool:
    """Return whether places began at different times, as the result or the study file shows."""
    if kind(evaluation) != "difference_in_differences":
        return False
    given = ((evaluation.study.get("intervention") or {}).get("starts") or {}).values()
    told = [unit.get("start") for unit in (evaluation.study.get("rollout") or {}).get("units") or ()]
    several = any(len({str(start) for start in starts if start}) > 1 for starts in (given, told))
    if several or not has_results(evaluation):
        return several
    result = evaluation.primary.result
    seen = any(check.name == "staggered_adoption" and check.verdict == "sign against" for check in result.diagnostics)
    return seen or bool(result.decomposition) or len({cell.group for cell in result.group_time}) > 1


def _counted(evaluation: Evaluation) -> bool:
    return has_results(evaluation) and evaluation.primary.outcome.kind in ("count", "rate")


def _counts_modelled(evaluation: Evaluation) -> bool:
    return has_results(evaluation) and evaluation.primary.design.get("family") in COUNT_MODELS


def _small_counts(evaluation: Evaluation) -> bool:
    """Return whether a model of counts is due: one was fitted, or a period has few events or does not show them."""
    if not _counted(evaluation):
        return False
    seen = [point.observed for point in evaluation.primary.result.path]
    shown = [value for value in seen if value is not None]
    plain = evaluation.primary.outcome.kind == "count" and len(shown) == len(seen) > 0  # a rate does not show events
    return _counts_modelled(evaluation) or not plain or min(shown) < SMALL_COUNT


def _phased(evaluation: Evaluation) -> bool:
    declared = (evaluation.study.get("rollout") or {}).get("phase_in_months")
    return bool(declared or (evaluation.study.get("design") or {}).get("phase_in"))


def _small_numbers(evaluation: Evaluation) -> bool:
    return (evaluation.study.get("disclosure") or {}).get("profile") not in (None, "none")


def _hidden(evaluation: Evaluation) -> bool:
    return any((analysis.result.disclosure or {}).get("hidden") for analysis in evaluation.analyses)


def _measures(evaluation: Evaluation) -> bool:
    return bool(evaluation.study.get("strategies")) or (has_results(evaluation) and read(evaluation).monitoring)


def _ratio(evaluation: Evaluation) -> Any:
    return evaluation.appraisal is not None and evaluation.appraisal.ratio


FACTS: dict[str, Fact] = {
    "results": Fact(has_results, "with a result", "there is no result yet"),
    "before_after": Fact(lambda e: kind(e) == "before_after", "of before and after",
                         "the design is not before and after"),
    "series": Fact(lambda e: kind(e) == "interrupted_time_series", "with an interrupted time series",
                   "the design is not an interrupted time series"),
    "panel": Fact(lambda e: kind(e) == "difference_in_differences", "with a difference in differences",
                  "the design does not set places with it against places without"),
    "staggered": Fact(staggered, "whose places began at different times", "no places began at different times"),
    "counts": Fact(_counted, "of counts and rates", "the outcome is not a count or a rate"),
    "small_counts": Fact(_small_counts, f"of counts below {SMALL_COUNT} in a period",
                         f"every period has {SMALL_COUNT} events or more, so that a model of counts would add nothing"),
    "count_model": Fact(_counts_modelled, "with a model of counts", "no model of counts was fitted"),
    "phase_in": Fact(_phased, "with a phase of building up", "no phase of building up is declared"),
    "economics": Fact(lambda e: e.appraisal is not None, "with costs and benefits", "there is no economic appraisal"),
    "ratio": Fact(lambda e: bool(_ratio(e)), "with a ratio of benefits to costs", "no ratio is shown"),
    "no_ratio": Fact(lambda e: e.appraisal is not None and not _ratio(e), "without a ratio of benefits to costs",
                     "a ratio is shown"),
    "small_numbers": Fact(_small_numbers, "that set a rule for small numbers", "no rule for small numbers is set"),
    "hidden": Fact(_hidden, "that hide a small number", "no number had to be hidden"),
    "measures": Fact(_measures, "that follow a measure of success",
                     "the study follows no measure of a strategy and is not monitoring"),
    "claims": Fact(lambda e: bool(e.study.get("claims")), "with a published figure", "no published figure is named"),
    "claims_cause": Fact(lambda e: has_results(e) and not read(e).monitoring, "that ask what the programme changed",
                         "the page is monitoring, or has no result"),
}  # fmt: skip
"""Facts by name, as the files of items name them."""


def lacking(evaluation: Evaluation, names: tuple[str, ...]) -> str:
    """Return why something that needs these facts does not apply; empty where it does."""
    return next((FACTS[name].lacking for name in names if not FACTS[name].holds(evaluation)), "")


def applies_to(names: tuple[str, ...]) -> str:
    """Return for which studies something is that needs these facts: `For studies with a result`."""
    return f"For studies {' and '.join(FACTS[name].rule for name in names)}" if names else "For every study"
