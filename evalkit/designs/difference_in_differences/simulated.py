"""What simulated panels like the study's say of its inference: false positives and coverage, and who was treated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.designs.outcomes import has_exposure, to_events
from evalkit.diagnostics.false_positives import UNEQUAL, expected_false_positives, within_reach
from evalkit.diagnostics.parallel_trends import EXTREME, FEWEST_BEFORE, sets_as_high
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.wide_panel import WidePanel
    from evalkit.records import Diagnostic, Result

WHO = {"larger": "the largest", "more variable": "the most variable"}
FEWEST_FOR_CORRECTION = 8
"""Fewer periods before the start say too little of autocorrelation to correct it for their number."""


def with_simulated(design: DifferenceInDifferences, model: Estimated, result: Result) -> Result:
    """Return the result with what simulated panels like the study's say of its inference.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
    result : Result
        With its final interval.

    Returns
    -------
    Result
        With `expected_coverage` of `evalkit.diagnostics.false_positives.expected_false_positives`. Where the treated
        places are larger or more variable than the others (by the measure of the check `treated_like_the_rest`), the
        numbers are those of panels in which such places are treated, the worse of both; that check then reads them.
        Where there are no such panels for its inference, the words say that the study differs in this. Unchanged where
        no panel is like the study.
    """
    if model.panel.cross_sections or not result.inference or not within_reach(model.all_clusters):
        return result
    if result.inference.get("correction"):
        return result  # The table has CR1, whose false positives this interval does not have.
    try:
        wide = wide_panel(model)
    except DesignError:  # clusters with several starts: nothing was simulated of these
        return result
    if wide.treated.all():
        return result  # In all panels that were simulated some places are never treated.
    asked = _asked(design, model, wide, str(result.inference.get("method")))
    start = int(wide.first_treated.min())
    high: list[str] = []
    if start >= FEWEST_BEFORE:
        shares = sets_as_high(wide.outcome[:, :start], wide.treated, place_sizes(model, wide))
        high = [word for word, share in shares.items() if share <= EXTREME]
    found = [expected_false_positives(**asked, who=WHO[word]) for word in high]
    told = [each for each in found if each is not None]
    if not told:
        asked["unlike"] += [f"treated places that are {' and '.join(high)} than the others"] if high else []
        return replace(result, expected_coverage=expected_false_positives(**asked))
    checks = tuple(_told(check, told) for check in result.diagnostics)
    return replace(result, expected_coverage=min(told, key=lambda each: each["average"]), diagnostics=checks)


def place_sizes(model: Estimated, wide: WidePanel) -> numpy.ndarray | None:
    """Return how large places are, in the order of a wide panel; None where nothing is known.

    Parameters
    ----------
    model : Estimated
    wide : WidePanel
        Of the model.

    Returns
    -------
    numpy.ndarray, shape (places,), or None
        Mean exposure over the periods before the first start where it is declared; of a count without, its mean. Unlike
        `WidePanel.sizes` this is no inverse variance: a place with many events is large, though its number of events
        varies more.
    """
    import numpy

    early = model.study.frame["time"] < min(model.study.starts.values())
    frame = model.study.frame[early]
    if has_exposure(model.panel):
        column = frame["exposure"]
    elif model.panel.outcome.kind == "count":
        column = frame["value"]
    else:
        return None
    means = column.astype(float).groupby(model.clusters[early].astype(str)).sum() / frame["time"].nunique()
    sizes = means.reindex(list(wide.names)).to_numpy(dtype=float)
    return numpy.asarray(numpy.maximum(sizes, 1e-6 * sizes.max())) if sizes.max() > 0.0 else None


def _asked(design: DifferenceInDifferences, model: Estimated, wide: WidePanel, method: str) -> dict[str, Any]:
    """Return what is asked of the table."""
    import numpy

    periods, first = wide.outcome.shape[1], int(wide.first_treated.min())
    sizes = place_sizes(model, wide)
    spread = 0.0 if sizes is None else float(numpy.std(numpy.log(sizes)))
    unlike = [
        words
        for words, there in (
            ("covariates", bool(model.covariates)),
            ("weights", model.weights is not None),
            ("unit trends", model.trends),
            ("units treated in all periods", bool(model.study.always)),
            ("clusters of several units", model.noun != "unit"),
            ("missing periods", wide.weights is not None and bool((wide.weights == 0.0).any())),
        )
        if there
    ]
    return {
        "method": method, "estimator": design.estimator, "treated": int(wide.treated.sum()),
        "units": len(wide.names), "periods": periods, "after": periods - first,
        "starts": int(numpy.unique(wide.first_treated[wide.treated]).size),
        "autocorrelation": _autocorrelation(wide.outcome[:, :first]), "outcome": _kind(model),
        "sizes": "unequal, unknown" if sizes is None else "unequal" if spread > UNEQUAL else "equal",
        "level": design.level, "unlike": unlike,
    }  # fmt: skip


def _kind(model: Estimated) -> str:
    """Return what is modelled, as the table names it."""
    events = to_events(model.study.frame, model.panel)
    if events is None:
        return "mean"
    if model.scale == "log":
        return "count"
    return "rate" if has_exposure(model.panel) else "small count"


def _autocorrelation(before: numpy.ndarray) -> float | None:
    """Return the autocorrelation of unit-periods before the first start; None where it cannot be told.

    The sum over units of products of neighbouring residuals over that of squares, unit and period means taken out; with
    r of n periods that is too low by about ``(1 + 3 r) / n`` (Kendall 1954, Biometrika 41, 403-404), which is added.
    """
    left = before - before.mean(axis=1, keepdims=True)
    left = left - left.mean(axis=0)
    squares, periods = float((left**2).sum()), before.shape[1]
    if periods < FEWEST_FOR_CORRECTION or not squares > 0.0:
        return None
    found = float((left[:, 1:] * left[:, :-1]).sum()) / squares
    return float((found * periods + 1.0) / (periods - 3.0))


def _told(check: Diagnostic, found: list[dict[str, Any]]) -> Diagnostic:
    """Return the check of who was treated with what was simulated of such places; others as they are."""
    if check.name != "treated_like_the_rest" or check.verdict != "sign against":
        return check
    return replace(check, reading=" ".join([check.reading, *(each["words"] for each in found)]))
