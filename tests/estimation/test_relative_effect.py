"""The relative effect of areas: printed numbers, generalised linear models of R, and what is refused."""

from __future__ import annotations

import math

import numpy
import pytest
from scipy import stats

from evalkit.errors import DesignError
from evalkit.estimation.before_after.relative_effect import (
    Dispersion,
    dispersion_between_areas,
    dispersion_within_cells,
    relative_effect,
)

TREATED = ([40, 12, 25, 60], [28, 10, 12, 45])
COMPARISON = ([30, 22, 51], [33, 15, 50])


def ones(counts: list[int]) -> list[float]:
    return [1.0] * len(counts)


class TestFourTotals:
    def test_printed(self) -> None:
        # Wheeler (2021), andrewpwheeler.com, Comparing the WDD vs the Wilson log IRR estimator: 50 to 30 and 60 to 55.
        found = relative_effect((50, 30), (60, 55))
        assert round(found.log_ratio, 3) == -0.424
        assert round(found.log_ratio, 7) == -0.4238142
        assert round(found.se, 3) == 0.297
        assert found.variance == pytest.approx(1 / 50 + 1 / 30 + 1 / 60 + 1 / 55)
        assert found.dispersion is None
        assert "too small" in found.rule
        assert found.low == pytest.approx(found.log_ratio - stats.norm.ppf(0.975) * found.se)

    def test_direction(self) -> None:
        assert relative_effect((50, 60), (60, 55)).log_ratio > 0
        swapped = relative_effect((60, 55), (50, 30))
        assert swapped.log_ratio == pytest.approx(-relative_effect((50, 30), (60, 55)).log_ratio)

    def test_exposure(self) -> None:
        longer = relative_effect((50, 60), (60, 110), (1, 2), (1, 2))
        assert longer.log_ratio == pytest.approx(relative_effect((50, 30), (60, 55)).log_ratio)

    @pytest.mark.parametrize(("totals", "exposure"), [((50, 0), (1, 1)), ((math.nan, 3), (1, 1)), ((50, 30), (1, 0))])
    def test_refused(self, totals: tuple[float, float], exposure: tuple[float, float]) -> None:
        with pytest.raises(DesignError, match="zero"):
            relative_effect(totals, (60, 55), exposure)


class TestDispersion:
    """Reference: R 4, glm(family = quasipoisson) on the seven areas above.

    y ~ area + post + treated:post gives dispersion 0.5615278888 on 5 df and the coefficient -0.3163425247 with
    standard error 0.1455718622; y ~ treated * post 10.2647804090 on 10 df and 0.6223957289.
    """

    def test_between_areas(self) -> None:
        groups = [TREATED, COMPARISON]
        found = dispersion_between_areas(groups, [(ones(a), ones(b)) for a, b in groups])
        assert found.df == 5
        assert found.value == pytest.approx(0.5615278888, rel=1e-7)
        effect = relative_effect((137, 95), (103, 98), dispersion=found)
        assert effect.log_ratio == pytest.approx(-0.3163425247, rel=1e-9)
        assert effect.dispersion == 1.0  # never below chance, unlike R's
        assert effect.se * math.sqrt(found.value) == pytest.approx(0.1455718622, rel=1e-6)

    def test_areas_within_cells(self) -> None:
        cells = [*TREATED, *COMPARISON]
        found = dispersion_within_cells(cells, [ones(cell) for cell in cells], "areas_within_cells")
        assert (found.df, found.source) == (10, "areas_within_cells")
        assert found.value == pytest.approx(10.2647804090, rel=1e-7)
        effect = relative_effect((137, 95), (103, 98), dispersion=found)
        assert effect.se == pytest.approx(0.6223957289, rel=1e-7)
        assert effect.high - effect.log_ratio == pytest.approx(stats.t.ppf(0.975, 10) * effect.se)

    def test_with_equal_exposure_it_is_variance_over_mean(self) -> None:
        cells = [*TREATED, *COMPARISON]
        ratios = [numpy.var(cell, ddof=1) / numpy.mean(cell) for cell in cells]
        weights = [len(cell) - 1 for cell in cells]
        found = dispersion_within_cells(cells, [ones(cell) for cell in cells])
        assert found.value == pytest.approx(numpy.average(ratios, weights=weights))

    def test_single_areas_tell_nothing(self) -> None:
        assert dispersion_between_areas([([50], [30]), ([60], [55])], [([1.0], [1.0])] * 2) is None
        assert dispersion_within_cells([[50], [30], [60], [55]], [[1.0]] * 4) is None
        assert dispersion_within_cells([[0, 0], [3, 4], [6, 5], [5, 5]], [[1.0, 1.0]] * 4) is None

    def test_an_area_without_events_tells_nothing(self) -> None:
        groups = [([*TREATED[0], 0], [*TREATED[1], 0]), COMPARISON]
        found = dispersion_between_areas(groups, [(ones(a), ones(b)) for a, b in groups])
        assert (found.value, found.df) == (pytest.approx(0.5615278888, rel=1e-7), 5)

    def test_chance_alone_is_one(self) -> None:
        generator = numpy.random.default_rng(9)
        level = generator.gamma(2.0, 20.0, 4000)
        groups = [(generator.poisson(level), generator.poisson(0.8 * level)) for _ in range(2)]
        found = dispersion_between_areas(groups, [(numpy.ones(4000), numpy.ones(4000))] * 2)
        assert found.value == pytest.approx(1.0, abs=0.05)

    def test_coverage_of_overdispersed_areas(self) -> None:
        # Areas whose change varies: the interval with an estimated dispersion covers, the Poisson one does not.
        generator, held = numpy.random.default_rng(10), numpy.zeros(2)
        for _ in range(600):
            groups = []
            for ratio in (0.8, 1.0):
                level = generator.gamma(4.0, 30.0, 12)
                spread = generator.gamma(25.0, 1 / 25.0, 12)
                groups.append((generator.poisson(level), generator.poisson(ratio * level * spread)))
            totals = [(float(a.sum()), float(b.sum())) for a, b in groups]
            phi = dispersion_between_areas(groups, [(numpy.ones(12), numpy.ones(12))] * 2)
            for place, dispersion in enumerate((phi, None)):
                found = relative_effect(*totals, dispersion=dispersion)
                held[place] += found.low < math.log(0.8) < found.high
        assert 0.91 < held[0] / 600 < 0.98
        assert held[1] / 600 < 0.75

    def test_estimated_dispersion_has_its_degrees_of_freedom(self) -> None:
        found = relative_effect((50, 30), (60, 55), dispersion=Dispersion(4.0, 8.0, "periods"))
        assert found.df == 8
        assert found.se == pytest.approx(2 * relative_effect((50, 30), (60, 55)).se)
        assert "t with 8 degrees of freedom" in found.rule
