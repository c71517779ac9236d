"""What would have been seen: exact prediction intervals of linear regression, calibration by simulation, counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import DesignError
from evalkit.estimation import regression
from evalkit.estimation.fit import contrast
from evalkit.estimation.series import autoregressive, prais_winsten
from evalkit.estimation.series.autoregressive_counts import quasi_likelihood
from evalkit.estimation.series.prediction import Noise, bands, counts_about, realised

BEFORE, AFTER = 48, 12
N = BEFORE + AFTER
STEPS = np.arange(N)
POST = STEPS >= BEFORE
X = np.column_stack([np.ones(N), STEPS, POST, np.where(POST, STEPS - BEFORE, 0.0)]).astype(float)
X0 = X * np.array([1.0, 1.0, 0.0, 0.0])
WEIGHTS = (X - X0)[POST].mean(axis=0)


def held_at_95(held: int, of: int) -> None:
    """Check that intervals held the truth about 95 times in a hundred: the central 99.9% of a binomial."""
    low, high = stats.binom.ppf([0.0005, 0.9995], of, 0.95)
    assert low <= held <= high, f"{held} of {of}"


def autocorrelated(generator: np.random.Generator, rho: float, points: int = N) -> np.ndarray:
    noise = np.empty(points)
    noise[0] = generator.normal()
    for t in range(1, points):
        noise[t] = rho * noise[t - 1] + np.sqrt(1 - rho**2) * generator.normal()
    return noise


class TestLinear:
    def test_the_sum_has_the_prediction_interval_of_the_textbook(self) -> None:
        """Weisberg (2005), Applied Linear Regression, 3.5: variance s^2 (1 + x'(X'X)^-1 x), here of a sum, by t.

        The line before is fitted to the periods before alone, and pooled variance comes from both sides.
        """
        y = 5 + 0.1 * STEPS + np.random.default_rng(1).normal(size=N)
        fit = regression.ordinary(y, X)
        total = realised(fit, X, X0, POST, STEPS, Noise(), fit.residual_df, draws=200_000).sum(axis=1)
        before = X[~POST][:, :2]
        reached = X0[POST][:, :2].sum(axis=0)
        variance = fit.scale * (AFTER + reached @ np.linalg.inv(before.T @ before) @ reached)
        middle = reached @ np.linalg.lstsq(before, y[~POST], rcond=None)[0]
        reach = stats.t.isf(0.025, N - 4) * np.sqrt(variance)
        assert np.quantile(total, [0.025, 0.975]) == pytest.approx([middle - reach, middle + reach], abs=0.015 * reach)

    def test_one_period_has_the_prediction_interval_of_r(self, reference: Any, seatbelts: Any) -> None:
        """R's predict(lm, interval = "prediction") for February 1983, from the seat-belt series before."""
        wanted = reference("estimation_placebo")("prediction")
        y, steps = np.log(seatbelts["drivers"][:170]), np.arange(170)
        months = [(steps % 12 == month).astype(float) for month in range(1, 12)]
        last = steps == 169
        x = np.column_stack([np.ones(170), steps, *months, last])
        fit = regression.ordinary(y, x)
        sample = realised(fit, x, x * (np.arange(14) < 13), last, steps, Noise(), fit.residual_df, draws=400_000)
        reach = wanted["upr"] - wanted["fit"]
        assert np.quantile(sample, [0.025, 0.5, 0.975]) == pytest.approx(
            [wanted["lwr"], wanted["fit"], wanted["upr"]], abs=0.01 * reach
        )

    def test_without_the_noise_of_periods_bounds_would_be_too_narrow_at_first(self) -> None:
        """What went wrong in another library (CausalPy, issue 294): the mean in place of what would be seen."""
        y = 5 + np.random.default_rng(2).normal(size=N)
        fit = regression.ordinary(y, X)
        sample = realised(fit, X, X0, POST, STEPS, Noise(), fit.residual_df)
        se = contrast(fit, X0[BEFORE]).se
        assert np.std(sample[:, 0]) > 2 * se

    def test_dense_algebra_gives_the_same_covariance(self) -> None:
        y = np.random.default_rng(3).normal(size=N)
        fit = prais_winsten.iterated(y, X)
        rho = fit.extra["rho"]
        sample = realised(fit, X, X0, POST, STEPS, Noise(rho, weighted=True), None, draws=200_000)
        v = fit.scale * rho ** np.abs(STEPS[:, None] - STEPS[None, :])
        inverse = np.linalg.inv(v)
        maker = X0[POST] @ np.linalg.inv(X.T @ inverse @ X) @ X.T @ inverse - np.eye(N)[POST]
        assert np.cov(sample.T) == pytest.approx(maker @ v @ maker.T, abs=0.02 * fit.scale * 2)

    def test_gaps_count_as_time(self) -> None:
        y = np.random.default_rng(4).normal(size=N)
        far = 100 * STEPS + (STEPS > 0)
        fit = regression.ordinary(y, X)
        near = realised(fit, X, X0, POST, STEPS, Noise(0.9), None, draws=20_000)
        apart = realised(fit, X, X0, POST, far, Noise(0.9), None, draws=20_000)
        assert np.corrcoef(near[:, :2].T)[0, 1] > np.corrcoef(apart[:, :2].T)[0, 1] + 0.2
        assert realised(fit, X, X0, POST, far, Noise(0.9), None).shape == (6_000, AFTER)

    def test_the_same_seed_gives_the_same_draws(self) -> None:
        fit = regression.ordinary(np.random.default_rng(5).normal(size=N), X)
        first, again, other = (realised(fit, X, X0, POST, STEPS, Noise(), 56.0, seed=seed) for seed in (1, 1, 2))
        assert (first == again).all()
        assert (first != other).any()

    def test_a_wild_t_does_not_overflow(self) -> None:
        generator = np.random.default_rng(5)
        linear = regression.ordinary(generator.normal(size=N), X)
        counts = regression.generalised_linear(generator.poisson(3, N).astype(float), X, "poisson")
        for fit, noise, log in ((linear, Noise(), True), (counts, Noise(factor=1.0), False)):
            sample = realised(fit, X, X0, POST, STEPS, noise, 1.0, log=log)
            assert np.isfinite(bands(sample.cumsum(axis=1), 0.95)).all()

    def test_a_correlation_of_one_is_refused(self) -> None:
        fit = regression.ordinary(np.random.default_rng(5).normal(size=N), X)
        with pytest.raises(DesignError, match=r"autocorrelation is 0\.995"):
            realised(fit, X, X0, POST, STEPS, Noise(0.995), None)


class TestCalibration:
    """The truth is known: what was seen without the intervention, less what was seen with it."""

    REPLICATIONS = 400

    def coverage(self, rho: float, fitted: object, noise: object, log: bool) -> tuple[int, int]:
        """Return how many of the replications the pointwise bound at the end and the simultaneous band held."""
        generator = np.random.default_rng(20_240_229)
        at_end = together = 0
        for _ in range(self.REPLICATIONS):
            line = 5.0 + 0.002 * STEPS + 0.2 * autocorrelated(generator, rho)
            y = line - 0.3 * POST
            fit = fitted(y)  # type: ignore[operator]
            df = contrast(fit, WEIGHTS).df
            sample = realised(fit, X, X0, POST, STEPS, noise(fit), df, log=log, draws=1500)  # type: ignore[operator]
            seen, without = (np.exp(z[POST]) if log else z[POST] for z in (y, line))
            found = bands(np.cumsum(sample - seen, axis=1), 0.95)
            truth = np.cumsum(without - seen)
            at_end += int(found.low[-1] <= truth[-1] <= found.high[-1])
            together += int(((found.simultaneous_low <= truth) & (truth <= found.simultaneous_high)).all())
        return at_end, together

    @pytest.mark.parametrize("log", [False, True])
    def test_independent_errors(self, log: bool) -> None:
        at_end, together = self.coverage(0.0, lambda y: regression.ordinary(y, X), lambda _: Noise(), log)
        held_at_95(at_end, self.REPLICATIONS)
        held_at_95(together, self.REPLICATIONS)

    def test_autoregressive_errors(self) -> None:
        at_end, together = self.coverage(
            0.4,
            lambda y: autoregressive.restricted_likelihood(y, X),
            lambda fit: Noise(float(fit.extra["rho"]), weighted=True),
            True,
        )
        held_at_95(at_end, self.REPLICATIONS)
        held_at_95(together, self.REPLICATIONS)

    def test_leaving_the_noise_out_would_not_pass(self) -> None:
        """The band of the mean alone misses the truth far too often: the test above can fail."""
        generator = np.random.default_rng(1)
        together = 0
        for _ in range(200):
            line = 5.0 + 0.2 * generator.normal(size=N)
            fit = regression.ordinary(line - 0.3 * POST, X)
            draws = generator.multivariate_normal(fit.coefficients, fit.covariance, 1000) @ X0[POST].T
            found = bands(np.cumsum(draws - (line - 0.3)[POST], axis=1), 0.95)
            truth = np.cumsum(np.full(AFTER, 0.3))
            together += int(((found.simultaneous_low <= truth) & (truth <= found.simultaneous_high)).all())
        assert together < 150

    def test_counts_that_vary_more_than_chance(self) -> None:
        """Each event is stopped with probability 0.3, so what would have been seen is known too."""
        generator, at_end, together, replications = np.random.default_rng(7), 0, 0, 300
        for _ in range(replications):
            without = generator.poisson(generator.gamma(20.0, 1.0, N))  # Mean 20, variance 40.
            seen = np.where(POST, generator.binomial(without, 0.7), without).astype(float)
            fit = regression.generalised_linear(seen, X, "quasi_poisson")
            factor = fit.extra["pearson_dispersion"]
            sample = realised(fit, X, X0, POST, STEPS, Noise(factor=factor), fit.residual_df, draws=1500)
            found, truth = bands(np.cumsum(sample - seen[POST], axis=1), 0.95), np.cumsum((without - seen)[POST])
            at_end += int(found.low[-1] <= truth[-1] <= found.high[-1])
            together += int(((found.simultaneous_low <= truth) & (truth <= found.simultaneous_high)).all())
        held_at_95(at_end, replications)
        held_at_95(together, replications)


class TestCounts:
    @pytest.mark.parametrize(("mean", "factor"), [(3.0, 1.0), (5.0, 1.0), (30.0, 2.0), (200.0, 5.0)])
    def test_mean_variance_and_skewness(self, mean: float, factor: float) -> None:
        z = np.random.default_rng(1).normal(size=400_000)
        found = counts_about(np.array(mean), np.sqrt(factor / mean), z)
        assert found.mean() == pytest.approx(mean, rel=0.01)
        assert found.var() == pytest.approx(factor * mean, rel=0.03)
        if factor == 1.0:
            assert stats.skew(found) == pytest.approx(1 / np.sqrt(mean), rel=0.125)  # Poisson's.
        assert found.min() >= 0.0

    def test_autoregressive_counts_are_wider(self) -> None:
        y = np.random.default_rng(3).poisson(40, N).astype(float)
        fit = quasi_likelihood(y, X)
        total = [
            realised(fit, X, X0, POST, STEPS, Noise(rho, weighted=True, factor=1.0), 50.0)[:, :6].sum(axis=1).std()
            for rho in (0.0, 0.6)
        ]
        assert total[1] > 1.1 * total[0]

    def test_exposure_scales_them(self) -> None:
        exposure = np.where(POST, 2.0, 1.0)
        y = np.random.default_rng(3).poisson(40 * exposure).astype(float)
        fit = regression.generalised_linear(y, X, "poisson", exposure)
        sample = realised(fit, X, X0, POST, STEPS, Noise(factor=1.0), None, offset=np.log(exposure))
        expected = np.exp(X0[POST] @ fit.coefficients) * 2.0
        assert sample.mean(axis=0) == pytest.approx(expected, rel=0.02)


class TestBands:
    def test_independent_normals(self) -> None:
        """For m independent normals the sup-t critical value is the quantile at (1 + 0.95^(1/m)) / 2."""
        sample = np.random.default_rng(1).normal(size=(200_000, 5))
        found = bands(sample, 0.95)
        assert found.high == pytest.approx(np.full(5, 1.96), abs=0.02)
        assert found.simultaneous_high == pytest.approx(np.full(5, stats.norm.ppf((1 + 0.95**0.2) / 2)), abs=0.03)
        assert found.simultaneous_low == pytest.approx(-found.simultaneous_high, abs=0.05)

    def test_a_point_that_hardly_varies_does_not_widen_the_others(self) -> None:
        generator = np.random.default_rng(1)
        rare = np.where(generator.random(20_000) < 0.01, 1.0, 0.0)
        wide = 1000.0 * generator.normal(size=20_000)
        alone, both = bands(wide[:, None], 0.95), bands(np.column_stack([rare, wide]), 0.95)
        assert both.simultaneous_high[1] < 1.05 * alone.simultaneous_high[0]
        assert bands(np.zeros((100, 2)), 0.95).simultaneous_high.max() <= 1.0

    def test_they_hold_a_whole_draw_as_often_as_they_say(self) -> None:
        steps = np.random.default_rng(1).normal(size=(20_000, 8)).cumsum(axis=1)
        found = bands(np.exp(0.3 * steps), 0.9)
        inside = (np.exp(0.3 * steps) >= found.simultaneous_low) & (np.exp(0.3 * steps) <= found.simultaneous_high)
        assert inside.all(axis=1).mean() == pytest.approx(0.9, abs=0.001)
        assert (found.simultaneous_low <= found.low).all()
        assert (found.simultaneous_high >= found.high).all()
