"""What simulated panels say of a study's inference: which cell is read, and what the check of who was treated says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimated import of_two_way
from evalkit.designs.difference_in_differences.simulated import place_sizes, with_simulated
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.records import Diagnostic, Panel, Result

UNITS, PERIODS, START = 30, 36, 18


def counts(
    panel: Callable[..., Panel],
    treated: list[int],
    mean: float = 4.0,
    rho: float = 0.0,
    units: int = UNITS,
    exposure: bool = False,
    **options: Any,
) -> Panel:
    """Return counts of places U00 (the smallest), U01, ... whose sizes differ by a factor of 20, without any effect."""
    generator = numpy.random.default_rng(12)
    sizes = numpy.geomspace(0.25, 5.0, units)
    errors = generator.normal(size=(units, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] = rho * errors[:, t - 1] + numpy.sqrt(1.0 - rho**2) * errors[:, t]
    values = generator.poisson(mean * sizes[:, None] * numpy.exp(0.3 * errors))
    rows = [
        (f"U{i:02d}", 600 + t, float(values[i, t]), *([1000.0 * sizes[i]] if exposure else []))
        for i in range(units) for t in range(PERIODS)
    ]  # fmt: skip
    return panel(rows, start={f"U{i:02d}": 600 + START for i in treated}, **options)


def judged(data: Panel, **options: Any) -> Result:
    """Return the result with what simulated panels say, without the other supplements."""
    design = DifferenceInDifferences(**({"estimator": "two_way_fixed_effects"} | options)).resolve(data)
    model = of_two_way(TwoWay(design, data, adoption(data, None, None)))
    return with_simulated(design, model, design.estimate(data, supplements=False))


def like_the_rest(result: Result) -> Diagnostic:
    return next(check for check in result.diagnostics if check.name == "treated_like_the_rest")


def test_a_study_is_told_the_nearest_cell(panel: Callable[..., Panel]) -> None:
    found = judged(counts(panel, [7, 20])).expected_coverage
    assert found is not None
    assert found["cell"] == {
        "who": "at random", "adoption": "together", "treated": 2, "periods": 36, "after": 18, "autocorrelation": 0.0,
        "outcome": "small count", "sizes": "unequal", "estimator": "two_way_fixed_effects", "method": "randomisation",
    }  # fmt: skip
    assert 3 <= found["false_positives"] <= 7


@pytest.mark.parametrize(("options", "cell"), [
    ({"mean": 400.0}, {"outcome": "count", "sizes": "unequal"}),
    ({"exposure": True}, {"outcome": "rate", "sizes": "unequal"}),
    ({"mean": 400.0, "rho": 0.9}, {"outcome": "count", "autocorrelation": 0.8}),
])  # fmt: skip
def test_outcome_sizes_and_autocorrelation_are_the_study_s(
    panel: Callable[..., Panel], options: dict[str, Any], cell: dict[str, Any]
) -> None:
    found = judged(counts(panel, [7, 20], **options)).expected_coverage
    assert found is not None
    assert {key: found["cell"][key] for key in cell} == cell


def test_averages_of_unknown_size(panel: Callable[..., Panel]) -> None:
    found = judged(counts(panel, [12], kind="continuous")).expected_coverage
    assert found is not None
    assert (found["cell"]["outcome"], found["cell"]["sizes"]) == ("mean", "unequal, unknown")
    assert found["cell"]["method"] == "ferman_pinto"


def test_the_most_variable_places_read_the_second_table(panel: Callable[..., Panel]) -> None:
    """The largest counts vary most as they are: both are found, and the worse of both is what is expected."""
    result = judged(counts(panel, [28, 29]))
    assert result.expected_coverage is not None
    assert result.expected_coverage["cell"]["who"] in ("the largest", "the most variable")
    check = like_the_rest(result)
    assert check.verdict == "sign against"
    assert "the 2 most variable treated" in check.reading
    assert "the 2 largest treated" in check.reading
    assert result.expected_coverage["words"] in check.reading


def test_where_such_places_were_not_simulated_the_words_say_so(panel: Callable[..., Panel]) -> None:
    design = DifferenceInDifferences(estimator="synthetic_did")
    found = design.estimate(counts(panel, [29])).expected_coverage
    assert found is not None
    assert (found["cell"]["estimator"], found["cell"]["who"]) == ("synthetic_did", "at random")
    assert found["unlike"][0].startswith("treated places that are more variable")
    assert "The study has treated places that are more variable" in found["words"]
    assert found["cluster_robust_false_positives"] is None
    assert "clustered" not in found["words"]


def test_places_like_the_others_keep_their_reading(panel: Callable[..., Panel]) -> None:
    check = like_the_rest(judged(counts(panel, [7, 20])))
    assert check.verdict == "no sign against"
    assert "simulated" not in check.reading


def test_few_or_many_units_are_like_none(panel: Callable[..., Panel]) -> None:
    assert judged(counts(panel, [3, 12], units=20)).expected_coverage is None
    assert judged(counts(panel, [30, 60], units=90)).expected_coverage is None


def test_another_level_is_like_none(panel: Callable[..., Panel]) -> None:
    assert judged(counts(panel, [7, 20]), level=0.9).expected_coverage is None


def test_it_stands_beside_the_result_of_a_whole_run(panel: Callable[..., Panel]) -> None:
    data = counts(panel, [7, 20])
    design = DifferenceInDifferences(estimator="two_way_fixed_effects")
    assert design.estimate(data, supplements=False).expected_coverage is None
    assert design.estimate(data).expected_coverage == judged(data).expected_coverage


@pytest.mark.parametrize("exposure", [True, False])
def test_sizes_are_those_of_places(panel: Callable[..., Panel], exposure: bool) -> None:
    """Of counts as they are the inverse variance falls with size: it would call the smallest places the largest."""
    data = counts(panel, [7, 20], mean=40.0, exposure=exposure)
    design = DifferenceInDifferences(estimator="two_way_fixed_effects", transform="identity").resolve(data)
    model = of_two_way(TwoWay(design, data, adoption(data, None, None)))
    wide = wide_panel(model)
    sizes = place_sizes(model, wide)
    assert sizes is not None
    early = data.frame[data.frame["time"] < 600 + START]
    column = "exposure" if exposure else "value"
    expected = early.groupby("unit")[column].mean().reindex(list(wide.names)).to_numpy()
    numpy.testing.assert_allclose(sizes, expected, rtol=1e-12)
    assert numpy.corrcoef(sizes, [int(name[1:]) for name in wide.names])[0, 1] > 0.8
