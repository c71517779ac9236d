"""Nothing is said of comparison areas where there are none, nor of small counts where all are large."""

import dataclasses

import demo

from evalkit.records import Evaluation
from evalkit.report import particulars
from evalkit.report.checklists.standards import items
from evalkit.report.checklists.state import State, state_of


def test_assumptions_speak_of_comparison_areas_only_where_there_are_some() -> None:
    def taken(**options: object) -> str:
        base = demo.portsmouth()
        design = {**base.study["design"], **options}
        return " ".join(particulars.assumptions(dataclasses.replace(base, study={**base.study, "design": design})))

    alone, beside = taken(comparison=None), taken(comparison={"units": ["Gosport"]})
    assert "comparison" not in alone
    assert "beyond what comparison areas share. Two windows" in beside
    assert "these places and the comparison areas would have changed in the same proportion" in beside
    for always in ("recorded in the same way", "unusually high just before"):
        assert always in alone
        assert always in beside


def small_counts(*counts: float | None, **design: object) -> State:
    """Return the state of the item that asks for a model for small counts, where these were recorded."""
    base: Evaluation = demo.seat_belts()
    path = tuple(dataclasses.replace(base.primary.result.path[0], observed=count) for count in counts)
    primary = dataclasses.replace(
        base.primary, outcome=dataclasses.replace(base.primary.outcome, kind="count"),
        result=dataclasses.replace(base.primary.result, path=path),
        design={**base.primary.design, "family": "gaussian", **design},
    )  # fmt: skip
    made = dataclasses.replace(base, analyses=(primary, *base.analyses[1:]))
    return state_of(next(item for item in items("series") if item.code == "I12"), made, {"design"})


def test_a_model_for_small_counts_is_asked_for_where_a_period_has_few_or_does_not_show_them() -> None:
    assert {small_counts(*few).kind for few in ((5000, 29), (5000, None), ())} == {"not reported"}
    fitted = small_counts(5000, family="quasi_poisson")
    assert fitted.kind == "reported", "where it was fitted it counts, however large the counts are"


def test_large_counts_need_no_model_for_small_ones_and_the_rule_is_printed() -> None:
    large = small_counts(5000, 30)
    assert (large.kind, large.why) == (
        "not applicable", "every period has 30 events or more, so that a model of counts would add nothing",
    )  # fmt: skip
