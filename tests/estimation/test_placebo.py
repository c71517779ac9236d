"""Effects at many dates at once: the same as one date at a time, by other routes, and how long a thousand take."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation import regression
from evalkit.estimation.fit import Fit, contrast
from evalkit.estimation.series import placebo
from evalkit.estimation.series.autoregressive import whiten
from evalkit.estimation.series.placebo import Effects, Errors, Shape, effects_at_dates

N, WINDOW = 96, 18
EVER = np.inf


def shape(window: int = WINDOW, *, columns: Any = None, **options: Any) -> Shape:
    """A level and a slope, every period seen and averaged."""
    values = np.column_stack([np.ones(window), np.arange(window)]) if columns is None else columns
    every = np.ones(window, dtype=bool)
    return Shape(
        values.astype(float), options.get("averaged", every), options.get("seen", every), options.get("lead", 0)
    )


def terms(points: int = N) -> np.ndarray:
    """Constant, trend and month."""
    steps = np.arange(points)
    return np.column_stack([np.ones(points), steps, *((steps % 12 == month).astype(float) for month in range(1, 12))])


def one_date(date: int, own: Shape, end: float = EVER) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which rows a date uses, its matrix and the weights of its average effect, written out row by row."""
    rows, matrix, averaged = [], [], []
    for step, row in enumerate(terms()):
        since = step - date
        if step >= end or since >= len(own.seen) or (since >= 0 and not own.seen[since]) or -own.lead <= since < 0:
            continue
        moved = own.columns[since] if since >= 0 else np.zeros(own.columns.shape[1])
        rows.append(step)
        matrix.append([*row, *moved])
        if since >= 0 and own.averaged[since]:
            averaged.append([*np.zeros(row.size), *moved])
    return np.array(rows), np.array(matrix), np.mean(averaged, axis=0)


def same(found: Effects, at: int, fit: Fit, weights: np.ndarray) -> None:
    value, se, df = contrast(fit, weights)
    assert found.estimated[at]
    assert found.values[at] == pytest.approx(value, abs=1e-8)
    assert found.se[at] == pytest.approx(se, abs=1e-8)
    assert found.df[at] == (np.inf if df is None else df)


@pytest.fixture(scope="module")
def outcome() -> np.ndarray:
    generator = np.random.default_rng(5)
    noise = np.zeros(N)
    for t in range(1, N):
        noise[t] = 0.5 * noise[t - 1] + generator.normal(0, 0.1)
    return 5 + 0.01 * np.arange(N) + 0.2 * np.sin(np.arange(N) * np.pi / 6) + noise


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return np.random.default_rng(6).poisson(20 + 5 * np.sin(np.arange(N) * np.pi / 6)).astype(float)


DATES = np.arange(14, N - 3)


class TestOneDateAtATime:
    """Each date by the estimators for a single series, which are checked against R and statsmodels."""

    @pytest.mark.parametrize("lags", [0, 3])
    def test_newey_west(self, outcome: np.ndarray, lags: int) -> None:
        found = effects_at_dates(
            outcome, terms(), np.arange(N), DATES, EVER, shape(), Errors(covariance="newey_west", lags=lags)
        )
        for at, date in enumerate(DATES):
            rows, matrix, weights = one_date(date, shape())
            same(found, at, regression.newey_west(outcome[rows], matrix, lags), weights)

    def test_statsmodels_at_one_date(self, outcome: np.ndarray) -> None:
        from statsmodels.regression.linear_model import OLS

        found = effects_at_dates(
            outcome, terms(), np.arange(N), [50], EVER, shape(), Errors(covariance="newey_west", lags=3)
        )
        rows, matrix, weights = one_date(50, shape())
        fit = OLS(outcome[rows], matrix).fit(
            cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True}, use_t=True
        )
        assert found.values[0] == pytest.approx(float(weights @ fit.params), abs=1e-8)
        assert found.se[0] == pytest.approx(float(np.sqrt(weights @ fit.cov_params() @ weights)), abs=1e-8)
        assert found.df[0] == fit.df_resid

    @pytest.mark.parametrize("rho", [0.0, 0.6, -0.3])
    def test_autoregressive_with_the_correlation_held(self, outcome: np.ndarray, rho: float) -> None:
        own = shape(lead=2, seen=np.arange(WINDOW) != 4, averaged=np.arange(WINDOW) < 9)
        found = effects_at_dates(outcome, terms(), np.arange(N), DATES, 90, own, Errors(rho=rho))
        tried = 0
        for at, date in enumerate(DATES):
            if not found.estimated[at]:
                continue
            rows, matrix, weights = one_date(date, own, 90)
            fit = regression.ordinary(whiten(outcome[rows], rho, rows), whiten(matrix, rho, rows))
            same(found, at, fit, weights)
            tried += 1
        assert tried > 60

    @pytest.mark.parametrize("family", ["poisson", "quasi_poisson"])
    @pytest.mark.parametrize("covariance", ["classical", "newey_west"])
    def test_counts(self, counts: np.ndarray, family: Any, covariance: Any) -> None:
        exposure = np.linspace(1.0, 2.0, N)
        own = shape(columns=np.minimum((np.arange(WINDOW) + 1) / 5, 1.0)[:, None])
        found = effects_at_dates(
            counts, terms(), np.arange(N), DATES, EVER, own, Errors(family, covariance, lags=3), exposure
        )
        for at, date in enumerate(DATES):
            rows, matrix, weights = one_date(date, own)
            fit = regression.generalised_linear(
                counts[rows], matrix, family, exposure[rows], "model" if covariance == "classical" else covariance, 3
            )
            same(found, at, fit, weights)

    def test_negative_binomial_with_the_dispersion_held(self, counts: np.ndarray) -> None:
        from statsmodels.genmod.families import NegativeBinomial
        from statsmodels.genmod.generalized_linear_model import GLM

        found = effects_at_dates(
            counts, terms(), np.arange(N), DATES, EVER, shape(), Errors("negative_binomial", alpha=0.1)
        )
        for at, date in enumerate(DATES[::10]):
            rows, matrix, weights = one_date(date, shape())
            fit = GLM(counts[rows], matrix, family=NegativeBinomial(alpha=0.1)).fit(scale=1.0, tol=1e-13)
            assert found.values[10 * at] == pytest.approx(float(weights @ fit.params), abs=1e-8)
            # The expected information, as everywhere in this package; statsmodels' covariance is the same.
            assert found.se[10 * at] == pytest.approx(float(np.sqrt(weights @ fit.cov_params() @ weights)), abs=1e-8)

    def test_autoregressive_counts_solve_their_equation(self, counts: np.ndarray) -> None:
        rho = 0.4
        found = effects_at_dates(counts, terms(), np.arange(N), DATES, EVER, shape(), Errors("quasi_poisson", rho=rho))
        for at in range(0, DATES.size, 15):
            rows, matrix, weights = one_date(DATES[at], shape())
            correlation = rho ** np.abs(rows[:, None] - rows[None, :])
            b = np.linalg.lstsq(matrix, np.log(counts[rows]), rcond=None)[0]
            for _ in range(100):  # Scoring with the dense covariance, Liang and Zeger's equation 6.
                mean = np.exp(matrix @ b)
                inverse = np.linalg.inv(np.sqrt(np.outer(mean, mean)) * correlation)
                slope = mean[:, None] * matrix
                information = slope.T @ inverse @ slope
                b = b + np.linalg.solve(information, slope.T @ inverse @ (counts[rows] - mean))
            left = counts[rows] - mean
            phi = left @ inverse @ left / (rows.size - b.size)
            assert found.values[at] == pytest.approx(weights @ b, abs=1e-8)
            assert found.se[at] ** 2 == pytest.approx(phi * weights @ np.linalg.solve(information, weights), rel=1e-7)


class TestAgainstR:
    """The seat-belt series at pretend dates by nlme::gls, the correlation held, and by glm: estimation_placebo.R."""

    def at(self, outcome: np.ndarray, date: int, errors: Errors) -> Effects:
        points = outcome.size
        end = EVER if date == 169 else 169
        return effects_at_dates(outcome, terms(points), np.arange(points), [date], end, shape(23), errors)

    @pytest.mark.parametrize("rho", [0, 0.5])
    @pytest.mark.parametrize("date", [30, 61, 100, 150, 165, 169])
    def test_gls(self, reference: Any, seatbelts: Any, rho: float, date: int) -> None:
        wanted = reference("estimation_placebo")(f"rho {rho} date {date}")
        found = self.at(np.log(seatbelts["drivers"]), date, Errors(rho=rho))
        assert found.values[0] == pytest.approx(wanted["value"], abs=1e-9)
        assert found.se[0] == pytest.approx(wanted["se"], abs=1e-9)
        assert found.df[0] == wanted["df"]

    @pytest.mark.parametrize("date", [61, 150])
    def test_glm(self, reference: Any, seatbelts: Any, date: int) -> None:
        wanted = reference("estimation_placebo")(f"quasi-Poisson date {date}")
        found = self.at(seatbelts["drivers"], date, Errors("quasi_poisson"))
        assert found.values[0] == pytest.approx(wanted["value"], abs=1e-8)
        assert found.se[0] == pytest.approx(wanted["se"], abs=1e-8)


class TestWhichDates:
    def test_a_season_that_was_not_seen_before_is_left_out(self, outcome: np.ndarray) -> None:
        dates = np.arange(1, 20)
        found = effects_at_dates(outcome, terms(), np.arange(N), dates, EVER, shape(), Errors())
        assert dates[found.estimated][0] == 12
        short = effects_at_dates(outcome, terms()[:, :2], np.arange(N), dates, EVER, shape(), Errors())
        assert dates[short.estimated][0] == 3

    def test_three_periods_are_needed_on_each_side(self, outcome: np.ndarray) -> None:
        dates = np.arange(60, N)
        found = effects_at_dates(outcome, terms(), np.arange(N), dates, 80, shape(), Errors())
        assert dates[found.estimated].tolist() == list(range(60, 78))
        assert found.after[found.estimated].min() == 3
        assert found.before[0] == 60
        assert found.after[0] == WINDOW
        assert np.isnan(found.values[~found.estimated]).all()

    def test_a_term_that_is_not_there_yet_is_left_out(self, outcome: np.ndarray) -> None:
        later = np.column_stack([terms(), np.arange(N) >= 80])
        plain = effects_at_dates(outcome, terms(), np.arange(N), [40], 70, shape(), Errors())
        found = effects_at_dates(outcome, later, np.arange(N), [40], 70, shape(), Errors())
        assert found.values == pytest.approx(plain.values, abs=1e-12)
        assert found.se == pytest.approx(plain.se, abs=1e-12)

    def test_all_zero_after_has_no_size(self, counts: np.ndarray) -> None:
        none = np.where(np.arange(N) >= 50, 0.0, counts)
        found = effects_at_dates(none, terms(), np.arange(N), [30, 50], EVER, shape(), Errors("poisson"))
        assert found.estimated.tolist() == [True, False]

    def test_a_perfect_fit_is_left_out(self) -> None:
        found = effects_at_dates(terms() @ np.arange(13), terms(), np.arange(N), [40, 50], EVER, shape(), Errors())
        assert not found.estimated.any()

    def test_no_dates(self, outcome: np.ndarray) -> None:
        assert effects_at_dates(outcome, terms(), np.arange(N), [], EVER, shape(), Errors()).values.size == 0

    def test_positions_must_increase(self, outcome: np.ndarray) -> None:
        with pytest.raises(DesignError, match="do not increase"):
            effects_at_dates(outcome, terms(), np.zeros(N), [40], EVER, shape(), Errors())


class TestAsStudies:
    def test_lots_do_not_matter(self, outcome: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = effects_at_dates(outcome, terms(), np.arange(N), DATES, EVER, shape(), Errors(rho=0.5))
        monkeypatch.setattr(placebo, "CELLS", 5 * N * 15)
        parts = effects_at_dates(outcome, terms(), np.arange(N), DATES, EVER, shape(), Errors(rho=0.5))
        assert parts.values == pytest.approx(whole.values, abs=1e-12)
        assert parts.se == pytest.approx(whole.se, abs=1e-12)

    def test_what_lies_after_the_end_does_not_matter(self, outcome: np.ndarray) -> None:
        moved = np.where(np.arange(N) >= 70, outcome + 100.0, outcome)
        pair = [
            effects_at_dates(y, terms(), np.arange(N), DATES, 70, shape(), Errors(rho=0.5)) for y in (outcome, moved)
        ]
        assert (pair[0].estimated == pair[1].estimated).all()
        assert pair[0].values[pair[0].estimated] == pytest.approx(pair[1].values[pair[1].estimated], abs=1e-12)

    def test_a_series_beyond_its_comparison(self, outcome: np.ndarray) -> None:
        other = effects_at_dates(outcome[::-1], terms(), np.arange(N), DATES, EVER, shape(), Errors())
        own = effects_at_dates(outcome, terms(), np.arange(N), DATES, EVER, shape(), Errors())
        found = placebo.difference(own, other)
        assert found.values == pytest.approx(own.values - other.values)
        assert (found.se > np.maximum(own.se, other.se)).all()
        assert (found.df <= own.df + other.df).all()
        assert (found.df >= np.minimum(own.df, other.df)).all()


def test_a_thousand_dates_take_less_than_half_a_second() -> None:
    points = 1050
    y = np.random.default_rng(1).normal(size=points)
    took = []
    for _ in range(3):
        began = time.process_time()
        found = effects_at_dates(
            y, terms(points), np.arange(points), np.arange(30, 1030), points, shape(24), Errors(rho=0.4)
        )
        took.append(time.process_time() - began)
    assert found.estimated.sum() == 1000
    assert min(took) < 0.5
