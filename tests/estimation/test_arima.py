"""ARIMA errors against stats::arima in R, statsmodels and dense matrices; the choice of an order; what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from evalkit.errors import DesignError
from evalkit.estimation.series.arima import regression
from evalkit.estimation.series.arima_order import corrected_information, stationarity
from evalkit.estimation.series.arma import Process, Sample, likelihood
from evalkit.estimation.series.autoregressive import restricted_likelihood
from evalkit.estimation.series.segmented import segmented_design

ORDERS = [(0, 0), (1, 0), (0, 1), (2, 1), (1, 3), (3, 2), (0, 3)]


@pytest.fixture
def law(seatbelts):
    """Outcome, terms and periods of the seat-belt law."""
    terms = segmented_design(seatbelts["time"], 169, season=seatbelts["month"]).matrix
    return np.log(seatbelts["drivers"]), terms, seatbelts["time"]


def simulated(generator, points, process, differences=0):
    shocks = generator.normal(size=points + 200)
    values = np.zeros(points + 200)
    for i in range(5, points + 200):
        values[i] = shocks[i]
        values[i] += sum(a * values[i - j] for j, a in enumerate(process.autoregressive, 1))
        values[i] += sum(m * shocks[i - j] for j, m in enumerate(process.moving_average, 1))
    return np.cumsum(values[200:]) if differences else values[200:]


class TestAgainstR:
    """stats::arima(method = "ML"), which starts a differenced series with variance 1e6 where this has none."""

    CASES = ["seatbelts 1 0 0", "seatbelts 2 0 1", "seatbelts 0 0 2", "seatbelts 0 1 1", "seatbelts 1 1 1",
             "holes 1 0 1", "holes 0 1 1", "short 1 0 0"]  # fmt: skip

    @staticmethod
    def fitted(case, law, short_series):
        name, *numbers = case.split()
        order = tuple(int(each) for each in numbers)
        if name == "short":
            terms = np.column_stack([np.ones(24), *(short_series[each] for each in ("time", "level", "slope"))])
            return regression(short_series["outcome"], terms, None, order)
        outcome, terms, time = law
        seen = np.ones(192, dtype=bool)
        if name == "holes":
            seen[[4, 5, 39, 170]] = False
        # R's columns: constant, trend, months, level, slope. These: the same.
        return regression(outcome[seen], terms[seen], time[seen], order)

    @pytest.mark.parametrize("case", CASES)
    def test_coefficients_and_standard_errors(self, case, law, short_series, reference, in_order):
        numbers = reference("estimation_arima")(case)
        fit = self.fitted(case, law, short_series)
        found, errors = in_order(numbers, "coefficient"), in_order(numbers, "se")
        skipped = fit.coefficients.size - found.size
        # Within 3e-6 standard errors; with a difference R's start moves them by up to 2e-5 of one.
        near = 3e-5 if skipped else 3e-6
        np.testing.assert_allclose((fit.coefficients[skipped:] - found) / errors, 0, atol=near)
        # R takes second derivatives by steps of 1e-4.
        np.testing.assert_allclose(fit.standard_errors[skipped:], errors, rtol=5e-6)
        assert fit.extra["innovation_sigma"] ** 2 == pytest.approx(numbers["variance"], rel=1e-6)
        assert fit.extra["log_likelihood"] == pytest.approx(numbers["log_likelihood"], abs=3e-5)
        for name in ("ar 1", "ar 2", "ma 1", "ma 2"):
            if name in numbers:
                assert fit.extra[name] == pytest.approx(numbers[name], abs=3e-6)


@pytest.mark.parametrize("order", [(1, 0, 0), (2, 0, 1), (0, 0, 2)])
@pytest.mark.parametrize("holes", [False, True])
def test_it_is_the_peak_of_the_likelihood_of_statsmodels(order, holes, law):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    outcome, terms, time = law
    seen = np.ones(192, dtype=bool)
    if holes:
        seen[[7, 8, 100, 180]] = False
    fit = regression(outcome[seen], terms[seen], time[seen], order)
    model = SARIMAX(np.where(seen, outcome, np.nan), terms, order=order)
    process = [fit.extra[f"{kind} {j}"] for kind, n in (("ar", order[0]), ("ma", order[2])) for j in range(1, n + 1)]
    found = np.concatenate([fit.coefficients, process, [fit.extra["innovation_sigma"] ** 2]])
    assert model.loglike(found) == pytest.approx(fit.extra["log_likelihood"], abs=1e-8)
    spread = np.concatenate([fit.standard_errors, np.full(len(process), 0.1), [found[-1] / 10]])
    np.testing.assert_allclose(model.score(found) * spread, 0, atol=1e-4)


@pytest.mark.parametrize(("p", "q"), ORDERS)
@pytest.mark.parametrize("holes", [False, True])
def test_the_likelihood_is_that_of_the_periods_seen(p, q, holes):
    """By the dense covariance matrix of those periods, and the autocovariances of statsmodels."""
    from statsmodels.tsa.arima_process import ArmaProcess

    generator = np.random.default_rng(10 * p + q)
    process = Process.of(generator.normal(size=p + q) * 0.6, p)
    own = ArmaProcess(np.append(1, -process.autoregressive), np.append(1, process.moving_average)).acovf(26)
    np.testing.assert_allclose(process.covariances(25), own, rtol=1e-10, atol=1e-12)
    seen = np.ones(25, dtype=bool)
    if holes:
        seen[[0, 5, 6, 20, 24]] = False
    terms, outcome = np.column_stack([np.ones(25), np.arange(25)]), generator.normal(size=25)
    sample = Sample(terms * seen[:, None], outcome * seen, np.eye(25)[:, ~seen], int(seen.sum()))
    found = likelihood(sample, process)
    x, y, v = terms[seen], outcome[seen], toeplitz(own[:25])[np.ix_(seen, seen)]
    known = np.linalg.inv(x.T @ np.linalg.solve(v, x))
    b = known @ x.T @ np.linalg.solve(v, y)
    variance = (y - x @ b) @ np.linalg.solve(v, y - x @ b) / seen.sum()
    np.testing.assert_allclose(found.coefficients, b, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.covariance, variance * known, rtol=1e-9)
    height = multivariate_normal(x @ b, variance * v).logpdf(y)
    assert found.log_likelihood == pytest.approx(height, abs=1e-9)


def test_without_terms_in_the_errors_it_is_least_squares(law):
    outcome, terms, _ = law
    fit = regression(outcome, terms, None, (0, 0, 0))
    b, squares, *_ = np.linalg.lstsq(terms, outcome)
    np.testing.assert_allclose(fit.coefficients, b, rtol=1e-8)
    variance = float(squares[0]) / 192  # Maximum likelihood: over n, not n - k.
    np.testing.assert_allclose(fit.covariance, variance * np.linalg.inv(terms.T @ terms), rtol=1e-6, atol=1e-14)
    assert fit.residual_df == 192 - 15
    assert fit.extra["rho"] == 0.0


def test_a_random_walk_is_least_squares_of_the_differences():
    generator, time = np.random.default_rng(3), np.arange(40)
    terms = np.column_stack([np.ones(40), time, time >= 25, np.maximum(time - 25, 0)]).astype(float)
    outcome = 5 + np.cumsum(generator.normal(size=40))
    fit = regression(outcome, terms, None, (0, 1, 0))
    x, y = np.diff(terms[:, 1:], axis=0), np.diff(outcome)
    b, squares, *_ = np.linalg.lstsq(x, y)
    np.testing.assert_allclose(fit.coefficients[1:], b, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance[1:, 1:], squares[0] / 39 * np.linalg.inv(x.T @ x), rtol=1e-8, atol=1e-12)
    assert fit.residual_df == 39 - 3
    np.testing.assert_allclose(fit.standardised[1:] * np.sqrt(fit.scale), y - x @ b, atol=1e-10)
    assert fit.standardised[0] == 0.0
    assert "rho" not in fit.extra


def test_with_a_difference_the_constant_follows_from_the_other_terms(law):
    outcome, terms, time = law
    fit = regression(outcome, terms, time, (0, 1, 1))
    assert fit.residuals.mean() == pytest.approx(0.0, abs=1e-12)
    weights = np.append(0.0, -terms[:, 1:].mean(axis=0))
    np.testing.assert_allclose(fit.covariance[0, 1:], weights @ fit.covariance[:, 1:], rtol=1e-9, atol=1e-14)
    assert fit.covariance[0, 0] == pytest.approx(weights @ fit.covariance @ weights, rel=1e-9)
    assert np.linalg.eigvalsh(fit.covariance).min() > -1e-12 * np.trace(fit.covariance)
    assert "the constant is set so that residuals average zero" in fit.rule
    moved = regression(outcome, terms[:, [1, *range(2, 15), 0]], time, (0, 1, 1))
    np.testing.assert_allclose(moved.standard_errors[[14, *range(14)]], fit.standard_errors, rtol=1e-5)


def test_a_gap_is_a_missing_period_and_not_a_neighbour(law):
    outcome, terms, time = law
    seen = ~np.isin(time, [30, 31, 32, 90])
    aware = regression(outcome[seen], terms[seen], time[seen], (1, 0, 0))
    blind = regression(outcome[seen], terms[seen], None, (1, 0, 0))
    assert abs(aware.extra["ar 1"] - blind.extra["ar 1"]) > 1e-3
    rho, gap = aware.extra["ar 1"], int(np.flatnonzero(time[seen] == 33)[0])
    left = aware.residuals
    expected = (left[gap] - rho**4 * left[gap - 1]) / np.sqrt(1 - rho**8)
    assert aware.standardised[gap] * aware.extra["sigma"] == pytest.approx(expected, rel=1e-8)


def test_the_uncertainty_of_the_process_is_in_the_standard_errors(law):
    outcome, terms, time = law
    fit = regression(outcome, terms, time, (1, 0, 0))
    v = fit.extra["sigma"] ** 2 * fit.extra["rho"] ** np.abs(time[:, None] - time)
    known = np.linalg.inv(terms.T @ np.linalg.solve(v, terms))
    spread = np.sqrt(np.diag(known))
    gain = np.linalg.eigvalsh((fit.covariance - known) / np.outer(spread, spread))
    assert gain[-1] > 1e-3  # One parameter of the process: one direction gains.
    np.testing.assert_allclose(gain[:-1], 0, atol=1e-6)


def test_maximum_likelihood_is_narrower_than_restricted(law):
    outcome, terms, time = law
    plain = regression(outcome, terms, time, (1, 0, 0))
    restricted = restricted_likelihood(outcome, terms, time)
    assert plain.extra["rho"] < restricted.extra["rho"]
    assert np.all(plain.standard_errors < restricted.standard_errors)
    assert "without correction for a short series" in plain.rule
    assert "t with n-k-p-q = 176 degrees of freedom" in plain.rule


class TestChoice:
    """AICc on the periods before alone."""

    def test_it_does_not_see_the_periods_after(self, law):
        outcome, terms, time = law
        before = time < 169
        noise = np.random.default_rng(1).normal(size=192) * 0.05
        changed = np.where(before, outcome, outcome + 0.3 + noise)
        first, second = (regression(each, terms, time, None, before).extra for each in (outcome, changed))
        assert [first[name] for name in "pdq"] == [second[name] for name in "pdq"]
        assert first["chosen"] == 1.0

    def test_an_order_without_a_peak_on_the_whole_series_is_passed_over_in_words(self, law):
        """After the law, noise of ten times the size: the order that fitted before has its likelihood at the edge."""
        outcome, terms, time = law
        wild = np.where(time < 169, outcome, outcome + np.random.default_rng(1).normal(size=192))
        with pytest.raises(DesignError, match="rises to the edge"):
            regression(wild, terms, time, (0, 1, 3))
        fit = regression(wild, terms, time, None, time < 169)
        assert "before the interruption, after (0,1,3)" in fit.rule
        assert "without a peak on the whole series" in fit.rule

    def test_the_rule_says_so(self, law):
        outcome, terms, time = law
        fit = regression(outcome, terms, time, None, time < 169)
        order = ",".join(f"{fit.extra[name]:.0f}" for name in "pdq")
        assert f"ARIMA({order}) errors (order chosen by AICc on the 169 periods before the interruption)" in fit.rule
        assert "(order given)" in regression(outcome, terms, time, (1, 0, 0)).rule

    @pytest.mark.parametrize(
        ("process", "differences", "order"),
        [
            (Process(np.array([0.6]), np.zeros(0)), 0, (1, 0, 0)),
            (Process(np.zeros(0), np.array([0.7])), 0, (0, 0, 1)),
            (Process(np.zeros(0), np.zeros(0)), 1, (0, 1, 0)),
        ],
    )
    def test_it_is_most_often_the_order_that_made_the_series(self, process, differences, order):
        generator, time = np.random.default_rng(8), np.arange(220)
        terms = np.column_stack([np.ones(220), time, time >= 200]).astype(float)
        chosen = []
        for _ in range(4):
            outcome = 10 + simulated(generator, 220, process, differences)
            fit = regression(outcome, terms, time, None, time < 200)
            chosen.append(tuple(int(fit.extra[name]) for name in "pdq"))
        assert max(set(chosen), key=chosen.count) == order

    def test_criteria_are_those_of_r(self, law, reference):
        """All ten orders with one difference on the 169 periods before the law; R's likelihood starts as said above."""
        outcome, terms, time = law
        numbers = reference("estimation_arima")("before 169")
        early = time < 169
        kept = terms[early][:, :13]  # Level and slope are zero before.
        found = {}
        for name in numbers:
            p, q = (int(each) for each in name.split()[1:])
            try:
                found[name] = regression(outcome[early], kept, None, (p, 1, q)).extra["aicc"]
            except DesignError:
                continue
        assert len(found) >= 8
        assert found == pytest.approx({name: numbers[name] for name in found}, abs=1e-3)
        best = min(numbers, key=lambda name: numbers[name])
        chosen = regression(outcome, terms, time, None, early).extra
        assert best == f"aicc {chosen['p']:.0f} {chosen['q']:.0f}"

    def test_the_criterion_is_that_of_hurvich_and_tsai(self):
        assert corrected_information(-10.0, 3, 20) == pytest.approx(20 + 6 + 2 * 3 * 4 / 16)
        assert corrected_information(-10.0, 19, 20) == np.inf

    def test_the_drift_statistic_is_that_of_statsmodels(self, law):
        from statsmodels.tsa.stattools import kpss

        outcome, _, time = law
        line = np.column_stack([np.ones(192), time])
        left = outcome - line @ np.linalg.lstsq(line, outcome)[0]
        with warnings.catch_warnings():  # That its own table of p-values ends, and that its result will change shape.
            warnings.simplefilter("ignore")
            other = kpss(outcome, "ct", nlags=4)  # floor(4 * 1.92^(1/4)) = 4
        assert stationarity(left) == pytest.approx(other[0], rel=1e-9)

    def test_a_choice_needs_periods_before(self, law):
        outcome, terms, time = law
        with pytest.raises(DesignError, match="no period is said to lie before"):
            regression(outcome, terms, time)
        with pytest.raises(DesignError, match="no period lies before"):
            regression(outcome, terms, time, None, time < 0)
        with pytest.raises(DesignError, match="14 periods before"):
            regression(outcome, terms, time, None, time < 14)
        with pytest.raises(DesignError, match="shape"):
            regression(outcome, terms, time, None, [True])


class TestRefused:
    """What has no answer, with the mend."""

    @pytest.mark.parametrize(
        ("order", "words"),
        [
            ((1, 2, 0), "2 differences"),
            ((-1, 0, 0), "none negative"),
            ((1, 0), "three whole numbers"),
            ((12, 0, 10), "24 points cannot carry 2 terms with ARIMA errors of order"),
        ],
    )
    def test_orders_out_of_range(self, order, words):
        terms = np.column_stack([np.ones(24), np.arange(24)])
        with pytest.raises(DesignError) as caught:
            regression(np.random.default_rng(1).normal(size=24), terms, None, order)
        problem = caught.value.problems[0]
        assert words in f"{problem.message} {problem.mend}"

    def test_a_moving_average_that_undoes_a_difference(self):
        outcome = np.random.default_rng(2).normal(size=60)
        terms = np.column_stack([np.ones(60), np.arange(60)])
        with pytest.raises(DesignError, match="rises to the edge of its range"):
            regression(outcome, terms, None, (0, 1, 1))

    def test_a_constant_that_is_spread_over_terms(self):
        season = np.eye(4)[np.arange(40) % 4]
        with pytest.raises(DesignError, match="several terms together are the constant"):
            regression(np.random.default_rng(2).normal(size=40), season, None, (0, 1, 0))
        assert regression(np.random.default_rng(2).normal(size=40), season, None, (1, 0, 0)).residual_df == 35

    def test_perfect_fits_and_dependent_terms(self):
        time = np.arange(20.0)
        with pytest.raises(DesignError, match="perfectly"):
            regression(3 + 2 * time, np.column_stack([np.ones(20), time]), None, (1, 0, 0))
        with pytest.raises(DesignError, match="column 1"):
            regression(time**2, np.column_stack([time, 2 * time]), None, (1, 0, 0))


def test_a_series_of_a_constant_alone_can_be_differenced():
    outcome = np.cumsum(np.random.default_rng(6).normal(size=50))
    fit = regression(outcome, np.ones(50), None, (1, 1, 0))
    assert fit.coefficients[0] == pytest.approx(outcome.mean())
    assert fit.residual_df == 48


@settings(max_examples=12, deadline=None)
@given(st.floats(0.01, 1000), st.floats(-100, 100), st.integers(0, 2**32 - 1), st.sampled_from([(1, 0, 0), (1, 1, 0)]))
def test_scale_and_trend_of_the_outcome_do_not_matter(factor, tilt, seed, order):
    terms = np.column_stack([np.ones(40), np.arange(40), np.arange(40) >= 25]).astype(float)
    outcome = simulated(np.random.default_rng(seed), 40, Process(np.array([0.4]), np.zeros(0)), order[1])
    plain = regression(outcome, terms, None, order)
    moved = regression(factor * (outcome + tilt * np.arange(40)), terms, None, order)
    assert moved.extra["ar 1"] == pytest.approx(plain.extra["ar 1"], abs=1e-4)
    np.testing.assert_allclose(moved.standard_errors, factor * plain.standard_errors, rtol=1e-3)
    expected = factor * (plain.coefficients + np.array([0, tilt, 0]))
    np.testing.assert_allclose((moved.coefficients - expected) / (factor * plain.standard_errors), 0, atol=1e-3)
