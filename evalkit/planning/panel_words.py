"""What was simulated for a difference in differences and what came out, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evalkit.planning.grids import spell

if TYPE_CHECKING:
    from evalkit.planning.places import Places

TESTS = {
    "ferman_pinto": "Ferman and Pinto's test", "randomisation": "randomisation", "placebo": "placebos in space",
    "wild_bootstrap": "a wild bootstrap", "cluster_robust": "cluster-robust errors",
}  # fmt: skip
ESTIMATORS = {
    "two_way_fixed_effects": "two-way fixed effects", "event_study": "an event study",
    "callaway_santanna": "Callaway and Sant'Anna", "sun_abraham": "Sun and Abraham", "imputation": "imputation",
    "synthetic_control": "a synthetic control", "synthetic_did": "synthetic difference in differences",
}  # fmt: skip


def words(places: Places, answer: Mapping[str, Any]) -> str:
    """Return what was simulated and what came out."""
    known, own, noun = answer["pre_period"], answer["own"], answer["noun"]
    frequency = places.panel.frequency
    lasts = f", of which {100 * known['lasting_share']:.0f}% of the variance lasts" if known["lasting_share"] else ""
    text = [
        f"Simulated {answer['replications']:,} times (seed {answer['seed']}) from how {known['units']} {noun}s varied "
        f"in the {spell(known['periods'], frequency)} before the start: unit and period effects out, "
        f"autocorrelation {known['autocorrelation']:.2f}{lasts}, each {noun} with its own variance.",
        _lengths(places, answer),
        _own(own, noun, str(answer["measure"])),
        _tests(answer["cells"], noun),
    ]
    errors = [cell["error_percent"] for cell in [own, *answer["cells"]] if cell.get("error_percent")]
    if errors:
        text.append(f"Simulation errors of these sizes are at most {max(errors):.1f} percentage points.")
    few = {cell["replications"] for cell in [own, *answer["cells"]]} - {0, answer["replications"]}
    if few:
        text.append(f"Synthetic methods, which run anew in each panel, were simulated {min(few):,} times.")
    text.append(
        "An effect is taken to be the same in all treated units and periods. That the time before is itself an "
        "estimate, and that units could come to differ in ways that it does not show, is not in these sizes."
    )
    return " ".join(part for part in text if part)


def _lengths(places: Places, answer: Mapping[str, Any]) -> str:
    frequency = places.panel.frequency
    before, after = spell(places.before, frequency), spell(places.periods - places.before, frequency)
    if not answer["planned"]:
        return f"A study has {before} before the first start and {after} from it on, as this one."
    return f"The start lies ahead: a study is taken to have {before} before the first start and {after} from it on."


def _own(own: Mapping[str, Any], noun: str, measure: str) -> str:
    """Return what the study's own treated units could show."""
    kind = measure.partition(",")[0]
    who = f"the study's own {own['treated']} treated {noun}{'s' * (own['treated'] > 1)}"
    if own["smallest_change_percent"] is None:
        why = own["problem"] or "a percentage of an average that is not above zero has no meaning"
        return f"With {who}: {why}."
    size = f"a {kind} of {own['smallest_change_percent']:.1f}%"
    events = f" (about {own['events_a_year']:,.0f} a year)" if own["events_a_year"] is not None else ""
    other = own["rise_percent"] if kind == "fall" else own["fall_percent"]
    both = f", or a {'rise' if kind == 'fall' else 'fall'} of {other:.1f}%," if round(
        other - own["smallest_change_percent"], 1) else ""  # fmt: skip
    return f"With {who}, {size}{events}{both} would be found four times in five."


def _tests(cells: list[dict[str, Any]], noun: str) -> str:
    """Return which estimator and test each number of treated units has."""
    groups: dict[tuple[str, str], list[int]] = {}
    for cell in cells:
        if cell["estimator"]:
            groups.setdefault((cell["estimator"], cell["inference"]), []).append(cell["treated"])
    told = [
        f"{', '.join(map(str, numbers))} treated: {ESTIMATORS.get(estimator, estimator)} with {TESTS.get(test, test)}"
        for (estimator, test), numbers in groups.items()
    ]
    if not told:
        return ""
    who = f"Treated {noun}s are drawn at random, apart from the study's own, and tested as a study would"
    return f"{who}: {'; '.join(told)}."
