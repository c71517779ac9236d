"""One variance for each start: beside Welch's test in scipy, with lone starts, and false positives by simulation."""

from __future__ import annotations

import numpy
import pytest
from scipy import stats

from evalkit.errors import DesignError
from evalkit.estimation.few_units.sums_by_start import ErrorByStart, error_by_start

NEVER = numpy.inf


def of_changes(changes: numpy.ndarray, start: numpy.ndarray) -> tuple[float, ErrorByStart]:
    """Return the mean change of starts, weighted by their size, less that of the others, and its error."""
    treated = numpy.isfinite(start)
    share = numpy.ones(start.size)
    sums = numpy.where(treated, 0.0, -(changes - changes[~treated].mean()) / (~treated).sum())
    value = -changes[~treated].mean()
    for when in numpy.unique(start[treated]):
        own = start == when
        share[own] = own.sum() / treated.sum()
        sums[own] = share[own] * (changes[own] - changes[own].mean()) / own.sum()
        value += float(share[own][0]) * changes[own].mean()
    return float(value), error_by_start(sums, start, share)


def test_one_start_is_welchs_test() -> None:
    generator = numpy.random.default_rng(1)
    changes, start = generator.normal(0, 1, 40), numpy.where(numpy.arange(40) < 7, 5.0, NEVER)
    changes[:7] *= 3.0
    value, found = of_changes(changes, start)
    welch = stats.ttest_ind(changes[:7], changes[7:], equal_var=False)
    assert value / found.standard_error == pytest.approx(welch.statistic, rel=1e-12)
    assert found.degrees_of_freedom == pytest.approx(welch.df, rel=1e-12)


def test_what_a_start_adds_alike_is_left_out() -> None:
    start, share = numpy.repeat([4.0, 6.0, NEVER], [3, 3, 20]), numpy.repeat([0.5, 0.5, 1.0], [3, 3, 20])
    sums = numpy.random.default_rng(2).normal(size=26)
    moved = sums + numpy.repeat([0.7, -0.7, 0.0], [3, 3, 20])
    assert error_by_start(moved, start, share) == pytest.approx(error_by_start(sums, start, share))


def test_a_lone_start_takes_the_variance_of_the_others() -> None:
    """By hand: V_a = 3/2 sum of squares; a lone cluster of share w adds w^2 (3 V_a / share_a^2)."""
    start, share = numpy.array([4.0, 4.0, 4.0, 6.0, NEVER, NEVER]), numpy.array([0.75, 0.75, 0.75, 0.25, 1.0, 1.0])
    found = error_by_start([0.3, -0.1, -0.2, 0.0, 0.1, -0.1], start, share)
    own, never = 1.5 * 0.14, 2.0 * 0.02
    treated = own * (1.0 + 0.25**2 * 3.0 / 0.75**2)
    assert found.standard_error == pytest.approx(numpy.sqrt(treated + never), rel=1e-12)
    assert found.degrees_of_freedom == pytest.approx((treated + never) ** 2 / (treated**2 / 2 + never**2), rel=1e-12)
    assert (found.starts, found.lone) == (3, 1)


def test_only_lone_starts_are_refused() -> None:
    with pytest.raises(DesignError, match="every treated cluster has a start to itself"):
        error_by_start([0.0, 0.0, 0.1, -0.1], [4.0, 5.0, NEVER, NEVER], [0.5, 0.5, 1.0, 1.0])


@pytest.mark.parametrize("sizes", [(3, 3), (6, 2), (5, 1)])
def test_false_positives_without_an_effect(sizes: tuple[int, ...]) -> None:
    """Normal quantiles on plain sums reject 15 to 30% here."""
    generator, wrong = numpy.random.default_rng(3), 0
    start = numpy.repeat([*(4.0 + i for i in range(len(sizes))), NEVER], [*sizes, 54])
    for changes in generator.normal(0, 1, (4000, start.size)):
        value, found = of_changes(changes, start)
        wrong += abs(value) > found.standard_error * stats.t.ppf(0.975, found.degrees_of_freedom)
    assert 0.025 < wrong / 4000 < 0.075
