"""Power of a difference in differences by how many units are treated: against theory, and the design itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas
import pytest
from scipy import optimize, stats

from evalkit import planning
from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimators import fitted
from evalkit.designs.difference_in_differences.resampled import weights_by_date
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.errors import DesignError
from evalkit.estimation.few_units.null_panels import Noise
from evalkit.estimation.few_units.planned_power import smallest_effect
from evalkit.periods import as_pandas
from evalkit.planning.places import Places, learn
from evalkit.planning.planned_tests import nulls, weights_of
from evalkit.planning.rolls import roll_of, smallest_p
from evalkit.records import Measure, Panel

Design = DifferenceInDifferences
FIRST = 612  # January 2021
CELL = {"treated", "units", "before", "after", "drawn", "estimator", "inference", "smallest_p", "replications",
        "smallest_change", "smallest_change_percent", "fall_percent", "rise_percent", "events_a_year",
        "error_percent", "problem"}  # fmt: skip


def build(values: np.ndarray, starts: list[int], **outcome: Any) -> Panel:
    """Return a monthly panel whose first units start so many periods after its first one."""
    units, periods = values.shape
    first = np.append([FIRST + start for start in starts], np.full(units - len(starts), np.nan))
    frame = pandas.DataFrame({
        "unit": np.repeat([f"U{unit:02d}" for unit in range(units)], periods),
        "time": np.tile(np.arange(periods) + FIRST, units), "value": values.ravel(), "exposure": 1.0,
        "first_time": np.repeat(first, periods), "weight": 1.0,
    })  # fmt: skip
    frame["period"], frame["cluster"] = as_pandas(frame["time"], "month"), frame["unit"]
    measure = {"kind": "continuous", "better": "lower"} | outcome
    return Panel(frame, Measure("outcome", "Incidents", **measure), "month")  # type: ignore[arg-type]


def noise(units: int = 24, periods: int = 36, seed: int = 2, level: float = 100.0) -> np.ndarray:
    return level + 5.0 * np.random.default_rng(seed).normal(size=(units, periods))


def known(design: Design, panel: Panel, spread: float = 5.0) -> Places:
    """Return what the time before tells, with independent normal errors of a known size put in its place."""
    places = learn(design, panel)
    errors = np.random.default_rng(7).normal(size=(places.first_treated.size, 4000)) * spread
    return replace(places, noise=Noise(errors, 0.0, 0.0))


def test_clustered_errors_are_the_noncentral_t() -> None:
    """30 of 60 units treated for 12 of 36 periods: Student's two-sample test of 60 mean changes, nearly."""
    places = known(Design(estimator="two_way_fixed_effects"), build(noise(60), [24] * 30))
    roll = roll_of(places, 30)
    assert (roll.method, roll.estimator) == ("cluster_robust", "two_way_fixed_effects")
    found = smallest_effect(nulls(places, roll, False, 1500, 1))
    se, df = 5.0 * np.sqrt((1 / 24 + 1 / 12) * 2 / 30), 59
    theory = optimize.brentq(lambda d: stats.nct.sf(stats.t.isf(0.025, df), df, d / se) - 0.8, 0.1, 100)
    assert found.error < 0.03 * theory
    assert found.value == pytest.approx(theory, abs=3 * found.error)


def test_randomisation_of_ten_is_nearly_as_good_as_a_known_variance() -> None:
    places = known(Design(estimator="callaway_santanna"), build(noise(40), [24] * 10))
    found = smallest_effect(nulls(places, roll_of(places, 10), False, 800, 1))
    se = 5.0 * np.sqrt((1 / 12 + 1) * (1 / 10 + 1 / 30))  # against the one period before the start
    best = (stats.norm.isf(0.025) + stats.norm.isf(0.2)) * se
    assert best < found.value < 1.2 * best


@pytest.mark.parametrize(("options", "starts"), [
    ({"estimator": "two_way_fixed_effects"}, [24, 24, 27, 30]),
    ({"estimator": "callaway_santanna"}, [24, 24, 27, 30]),
    ({"estimator": "callaway_santanna", "comparison": "not_yet_treated", "anticipation": 2}, [24, 24, 27, 30]),
    ({"estimator": "sun_abraham"}, [24, 24, 27, 30]),
    ({"estimator": "imputation"}, [24, 24, 27, 30]),
    ({"estimator": "event_study"}, [24, 24, 24]),
    ({"estimator": "imputation", "anticipation": 1}, [24, 24, 24]),
])  # fmt: skip
def test_weights_are_those_of_the_design(options: dict[str, Any], starts: list[int]) -> None:
    panel = build(noise(9, 32), starts)
    design = Design(**options).resolve(panel)
    model = fitted(design, panel, adoption(panel, None, None))[1]
    wanted = weights_by_date(model, wide_panel(model))
    places = learn(Design(**options), panel)
    assert weights_of(places, roll_of(places, len(starts))) == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize(("starts", "options"), [
    ([12], {}), ([12, 12, 15, 17], {}), ([12, 14] * 4, {}), ([12] * 26, {}),
    ([12, 14] * 3, {"estimator": "callaway_santanna"}), ([12] * 3, {"estimator": "synthetic_did"}),
])  # fmt: skip
def test_the_answer_to_an_effect_is_that_of_the_design(starts: list[int], options: dict[str, Any]) -> None:
    """An effect twice the smallest is found by the design itself, one a fiftieth of it mostly not."""
    options = {"estimator": "two_way_fixed_effects", **options}
    units = 52 if len(starts) == 26 else 24
    power = planning.power(Design(**options), build(noise(units, 24), starts), treated=[len(starts)])
    size = power["own"]["smallest_change"]
    assert power["own"]["problem"] == ""
    found = {}
    for share in (0.02, 2.0):
        hits = 0
        for seed in range(4):
            values = noise(units, 24, 100 + seed)
            for row, start in enumerate(starts):
                values[row, start:] -= share * size
            effect = Design(**options).estimate(build(values, starts), supplements=False).effect
            hits += bool(effect.high is not None and effect.high < 0.0)
        found[share] = hits
    assert found[2.0] == 4
    assert found[0.02] <= 1


def test_sizes_by_number_of_places_are_of_the_study_s_own_estimator() -> None:
    """One place alone has one start, for which the rule would take another estimator: its size would not be smaller."""
    panel = build(noise(16), [24] * 3 + [27] * 3)
    power = planning.power(Design(comparison="never_treated"), panel, replications=60, treated=[1, 2, 4])
    assert {cell["estimator"] for cell in [power["own"], *power["cells"]]} == {"callaway_santanna"}


def test_what_the_answer_holds() -> None:
    power = planning.power(Design(), build(noise(43), [24] * 3), replications=60)
    assert power["by"] == "treated"
    assert all(set(cell) == CELL for cell in [*power["cells"], power["own"]])
    assert [cell["treated"] for cell in power["cells"]] == [1, 2, 3, 5, 10, 21]
    rules = {cell["treated"]: (cell["estimator"], cell["inference"]) for cell in power["cells"]}
    assert rules[1] == rules[5] == ("synthetic_did", "placebo")
    assert rules[10] == ("two_way_fixed_effects", "wild_bootstrap")
    assert power["own"]["drawn"] is False
    assert power["own"]["before"] == 24
    assert "seed 20240229" in power["words"]
    assert "Simulation errors" in power["words"]
    assert power == planning.power(Design(), build(noise(43), [24] * 3), replications=60)


def test_only_the_time_before_counts() -> None:
    values = noise()
    changed = values.copy()
    changed[:, 24:] *= 3.0
    first, second = (planning.power(Design(), build(each, [24] * 3), 0 or None, 60) for each in (values, changed))
    assert first == second


def test_more_treated_units_find_less_and_variable_ones_more() -> None:
    values = noise(30)
    values[:4] = 100.0 + 4.0 * (values[:4] - 100.0)
    power = planning.power(Design(estimator="two_way_fixed_effects"), build(values, [24] * 4), treated=[3, 5, 10])
    sizes = [cell["smallest_change"] for cell in power["cells"]]
    assert sizes == sorted(sizes, reverse=True)
    assert power["own"]["smallest_change"] > 1.5 * sizes[0]


def test_counts_are_told_in_percent_both_ways_and_in_events_a_year() -> None:
    values = np.random.default_rng(3).poisson(200.0, (24, 36)).astype(float)
    panel = build(values, [24] * 3, kind="count")
    power = planning.power(Design(estimator="two_way_fixed_effects"), panel, treated=[3])
    (cell,) = power["cells"]
    fall, rise = cell["fall_percent"] / 100.0, cell["rise_percent"] / 100.0
    assert (1.0 - fall) * (1.0 + rise) == pytest.approx(1.0)
    assert cell["smallest_change_percent"] == cell["fall_percent"]
    assert cell["events_a_year"] == pytest.approx(fall * values[:, 12:24].sum() * 3 / 24)
    assert power["own"]["events_a_year"] == pytest.approx(power["own"]["fall_percent"] / 100 * values[:3, 12:24].sum())
    up = planning.power(Design(estimator="two_way_fixed_effects"), replace(panel, outcome=replace(
        panel.outcome, better="higher")), treated=[3])["cells"][0]  # fmt: skip
    assert up["smallest_change_percent"] == pytest.approx(cell["rise_percent"])


def test_numbered_periods_make_no_year() -> None:
    values = np.random.default_rng(3).poisson(200.0, (24, 36)).astype(float)
    numbered = replace(build(values, [24] * 3, kind="count"), frequency="number")
    power = planning.power(Design(estimator="two_way_fixed_effects"), numbered, treated=[3])
    assert power["cells"][0]["smallest_change_percent"] is not None
    assert power["cells"][0]["events_a_year"] is None
    assert "a year" not in power["words"]


def test_where_no_result_could_count_it_says_how_many_units_it_takes() -> None:
    power = planning.power(Design(estimator="synthetic_did"), build(noise(12), [24]), treated=[1])
    (cell,) = power["cells"]
    assert cell["smallest_p"] == pytest.approx(1 / 12)
    assert cell["smallest_change_percent"] is None
    assert "no effect however large can be found: it takes 19 comparison units" in cell["problem"]
    enough = planning.power(Design(estimator="synthetic_did"), build(noise(20), [24]), treated=[1])["cells"][0]
    assert enough["smallest_change_percent"] is not None


def test_the_smallest_p_value_is_that_of_the_design() -> None:
    for starts, options in (([24] * 2, {"estimator": "two_way_fixed_effects"}), ([24], {"estimator": "synthetic_did"}),
                            ([24], {"estimator": "two_way_fixed_effects"})):  # fmt: skip
        panel = build(noise(14), starts)
        places = learn(Design(**options), panel)  # type: ignore[arg-type]
        block = Design(**options).estimate(panel, supplements=False).inference  # type: ignore[arg-type]
        assert block is not None
        roll = roll_of(places, len(starts))
        # Of Ferman and Pinto the floor hangs on the noise of the data: between a fifth and all of the draws that tie.
        ties = (1 - 1 / 14) ** 13 / 14
        if roll.method == "ferman_pinto":
            assert 0.2 * ties < block["smallest_p"] < 1.2 * ties
            assert smallest_p(places, roll) == pytest.approx(ties / 2)
        else:
            assert smallest_p(places, roll) == pytest.approx(block["smallest_p"])


def test_a_start_that_is_yet_to_come() -> None:
    panel = build(noise(24, 30), [33, 33, 36])
    power = planning.power(Design(), panel, replications=60)
    assert power["planned"]
    assert power["pre_period"]["periods"] == 30
    assert (power["own"]["before"], power["own"]["after"]) == (33, 15)
    assert power["own"]["estimator"] == "callaway_santanna"
    assert "The start lies ahead" in power["words"]
    longer = planning.power(Design(), panel, replications=60, after=36)
    assert longer["own"]["after"] == 39
    assert longer["own"]["smallest_change"] < power["own"]["smallest_change"]


def test_weights_and_covariates_are_those_of_the_study() -> None:
    panel = build(noise(24), [24] * 8)
    driver = np.random.default_rng(5).normal(size=len(panel.frame))
    frame = panel.frame.assign(rain=driver, value=panel.frame["value"] + 20.0 * driver)
    noisy = replace(panel, frame=frame, covariates=("rain",))
    plain, kept = (planning.power(Design(estimator="two_way_fixed_effects", covariates=names), noisy, treated=[8])
                   for names in ([], ["rain"]))  # fmt: skip
    assert kept["own"]["smallest_change"] < 0.5 * plain["own"]["smallest_change"]
    heavy = panel.frame["unit"].isin(["U00", "U08"]).map({True: 50.0, False: 1.0})
    weighted = replace(panel, frame=panel.frame.assign(weight=heavy))
    design = Design(estimator="two_way_fixed_effects", weights="w")
    assert (
        planning.power(design, weighted, treated=[8])["own"]["smallest_change"]
        > 1.5 * planning.power(Design(estimator="two_way_fixed_effects"), panel, treated=[8])["own"]["smallest_change"]
    )


@pytest.mark.parametrize(("design", "starts", "options", "found"), [
    (Design(estimator="poisson"), [24] * 3, {}, "not worked out for poisson"),
    (Design(), [3] * 3, {}, "tell too little"),
    (Design(), [24] * 3, {"treated": [0]}, "whole numbers from 1 to 22"),
    (Design(), [24] * 3, {"treated": [23]}, "whole numbers from 1 to 22"),
    (Design(), [24] * 3, {"replications": 10}, "replications"),
    (Design(), [24] * 3, {"after": 0}, "0 periods after"),
])  # fmt: skip
def test_what_is_refused(design: Design, starts: list[int], options: dict[str, Any], found: str) -> None:
    kind = "count" if design.estimator == "poisson" else "continuous"
    with pytest.raises(DesignError, match=found):
        planning.power(design, build(np.round(noise()), starts, kind=kind), **options)


def test_cells_that_cannot_be_had_say_why() -> None:
    power = planning.power(Design(estimator="synthetic_control"), build(noise(14), [24] * 3), replications=60)
    problems = {cell["treated"]: cell["problem"] for cell in power["cells"]}
    assert "it takes 9 comparison units" in problems[7]
    staggered = planning.power(Design(estimator="event_study"), build(noise(24), [24] * 3 + [27] * 7), replications=60)
    assert "not worked out where starts differ" in staggered["own"]["problem"]
