"""Which estimator a study gets when it names none, and each of them on its way to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from evalkit.designs.difference_in_differences.carried import require_rows
from evalkit.designs.difference_in_differences.compatible import require_compatible
from evalkit.designs.difference_in_differences.cross_sections import CrossSections, require_carried
from evalkit.designs.difference_in_differences.estimated import Estimated, of_two_way
from evalkit.designs.difference_in_differences.inference import chosen_inference
from evalkit.designs.difference_in_differences.lone_starts import all_alone
from evalkit.designs.difference_in_differences.poisson_fit import Poisson
from evalkit.designs.difference_in_differences.roll_out import (
    Compared,
    compared,
    neighbours_left_out,
    reachable,
    wide,
    with_base,
)
from evalkit.designs.difference_in_differences.staggered_fit import Staggered
from evalkit.designs.difference_in_differences.synthetic_fit import Synthetic
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.diagnostics import comparison
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.records import Panel, Result

Estimator = Literal[
    "auto", "two_way_fixed_effects", "event_study", "callaway_santanna", "sun_abraham", "imputation", "poisson",
    "synthetic_control", "synthetic_did",
]  # fmt: skip
BY_REGRESSION = ("two_way_fixed_effects", "event_study")
BY_COHORT = ("callaway_santanna", "sun_abraham", "imputation", "poisson")
SYNTHETIC = ("synthetic_control", "synthetic_did")


def fitted(design: DifferenceInDifferences, panel: Panel, study: Adoption) -> tuple[Result, Estimated]:
    """Return the result of the design's estimator, and the estimate as inference reads it.

    Raises
    ------
    DesignError
        When the estimator cannot carry these units, dates or columns; they are named.
    """
    require_compatible(design)
    require_carried(design, panel)
    found = rows_of(design, panel, study)
    require_rows(design, panel, found)
    if design.estimator in SYNTHETIC:
        synthetic = Synthetic(design, panel, found)
        return synthetic.result(), synthetic.estimated()
    if design.estimator in BY_COHORT:
        model = (Poisson if design.estimator == "poisson" else Staggered)(design, panel, found)
        return model.result(), model.estimated()
    return _two_way(design, panel, found)


def rows_of(design: DifferenceInDifferences, panel: Panel, study: Adoption) -> Compared:
    """Return the rows that the design's estimator uses, and what is left out of them."""
    found = wanted_rows(design, panel, study)
    return _within_reach(design, panel, found) if design.estimator in BY_COHORT else found


def wanted_rows(design: DifferenceInDifferences, panel: Panel, study: Adoption) -> Compared:
    """Return the rows with the comparison units that the study file wants, whatever the estimator."""
    named = None if isinstance(design.comparison, str) else design.comparison
    adjoining = neighbours_left_out(study, panel.neighbours, design.exclude_neighbours_of)
    return compared(study, named, design.exclude, adjoining)


def studied(design: DifferenceInDifferences, panel: Panel) -> Adoption:
    """Return who is treated from when; units that the study file leaves out may lack periods.

    Raises
    ------
    DesignError, DataError
        As `evalkit.designs.difference_in_differences.adoption.adoption`.
    """
    from evalkit.designs.difference_in_differences.adoption import adoption

    return adoption(
        panel, design.before, design.after,
        lambda study: [name for name, _ in wanted_rows(design, panel, study).dropped], keeps_always(design),
    )  # fmt: skip


def keeps_always(design: DifferenceInDifferences) -> bool:
    """Return whether rows of units treated in all of their periods stay.

    Left to the rule: where the study file names a two-way regression, as any such regression on all rows keeps them.
    """
    if design.always_treated != "auto":
        return design.always_treated == "keep" and design.estimator in ("auto", *BY_REGRESSION)
    return design.estimator in BY_REGRESSION and "estimator" not in design.left_open


def try_by_cohort(design: DifferenceInDifferences, panel: Panel, found: Compared) -> str:
    """Return why an estimator by start and period cannot be had for these rows; empty where it can.

    Effects are estimated, and nothing that follows from them.
    """
    try:
        model = Staggered(design, panel, _within_reach(design, panel, found))
    except DesignError as error:
        return error.problems[0].message
    rows = model.study.frame[model.study.treated_rows]
    wanted = set(zip(rows["unit"].map(model.study.starts), rows["time"], strict=True))
    lacking = sorted(wanted - {(int(c), int(t)) for c, t in zip(model.cells.cohort, model.cells.period, strict=True)})
    if not lacking:
        return ""
    start, time = (panel.label(int(when)) for when in lacking[0])
    return f"no effect can be estimated in {time} for units that start in {start}"


def settled_inference(design: DifferenceInDifferences, panel: Panel, study: Adoption) -> str:
    """Return the design's inference, auto as `inference.chosen_inference` decides it for these rows."""
    if design.inference != "auto":
        return design.inference
    rows = rows_of(design, panel, study).study
    clusters = rows.frame["cluster"] if "cluster" in rows.frame else rows.frame["unit"]
    treated = clusters[rows.frame["unit"].isin(list(rows.starts))].nunique()
    never = clusters[rows.frame["unit"].isin(list(rows.comparison))].nunique()
    return chosen_inference(
        design.estimator, int(treated), int(clusters.nunique()), int(never), cross_sections=panel.cross_sections,
        lone=all_alone(rows, clusters), together=len(rows.cohorts) == 1,
    ).method  # fmt: skip


def _within_reach(design: DifferenceInDifferences, panel: Panel, found: Compared) -> Compared:
    """Return the rows that have untreated units; refuse a rule that needs units never treated where there are none."""
    if design.comparison == "never_treated" and not found.study.comparison:
        raise DesignError(
            "comparison: never_treated, and every unit is treated within the data",
            "choose not_yet_treated, or add units that are never treated",
            "design.comparison",
        )
    found = with_base(found, design.anticipation, design.estimator == "callaway_santanna", panel.label)
    return reachable(found, design.anticipation, panel.label)


def _two_way(design: DifferenceInDifferences, panel: Panel, found: Compared) -> tuple[Result, Estimated]:
    """Return the two-way regression, with what it is made of where units start at different times."""
    from dataclasses import replace

    model = (CrossSections if panel.cross_sections else TwoWay)(design, panel, found.study)
    made, pairs = model.result(), _decomposition(design, model)
    if model.study.always:
        told = comparison.always_treated(model.study.always, len(model.study.comparison), _against_always(pairs))
        made = replace(made, diagnostics=(*made.diagnostics, told))
    result = replace(made, dropped=found.dropped, decomposition=pairs)
    return result, model.estimated() if isinstance(model, CrossSections) else of_two_way(model)


def _against_always(pairs: dict[str, Any] | None) -> float | None:
    """Return the weight of comparisons with units treated in all periods; None where pairs cannot be had."""
    if pairs is None:
        return None
    return sum(float(pair["weight"]) for pair in pairs["pairs"] if pair["kind"] == "treated_vs_always")


def _decomposition(design: DifferenceInDifferences, model: TwoWay) -> dict[str, Any] | None:
    """Return Goodman-Bacon's pairs; None where starts do not differ, or weights and covariates move the estimate."""
    plain = model.weights is None and not (design.covariates or design.unit_trends)
    plain = plain and design.estimator == "two_way_fixed_effects"
    if not plain or len(model.study.cohorts) + bool(model.study.always) < 2:
        return None
    from evalkit.estimation.staggered.decomposition import decompose

    try:
        found = decompose(wide(model.study, model.outcome, model.frame["unit"].to_numpy()))
    except DesignError:
        return None  # a panel with declared gaps: the pairs would not add up to the estimate
    last = model.study.times[-1]

    def named(start: float) -> str:
        return "never" if start > last else model.panel.label(int(start))

    return {
        "estimate": found.estimate, "under_treatment_weight": found.under_treatment_weight,
        "pairs": [{"kind": pair.kind, "treated": named(pair.treated), "comparison": named(pair.comparison),
                   "estimate": pair.estimate, "weight": pair.weight} for pair in found.pairs],
    }  # fmt: skip
