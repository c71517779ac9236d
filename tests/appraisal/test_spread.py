"""Declared distributions: moments in closed form, quantiles against the draws, and what is refused."""

import numpy
import pytest
from pydantic import ValidationError

from evalkit.appraisal.spread import Spread

SPREADS = (
    {"shape": "pert", "low": 0.7, "high": 1.6},
    {"shape": "pert", "low": 1.0, "high": 1.5},
    {"shape": "triangular", "low": 0.5, "high": 1.2},
    {"shape": "gamma", "standard_deviation": 0.3},
    {"shape": "lognormal", "standard_deviation": 0.4},
)


def spread(keys) -> Spread:
    return Spread.model_validate({"source": "Expert judgement", **keys})


@pytest.mark.parametrize("keys", SPREADS)
def test_draws_have_the_stated_mean_and_quantiles(keys):
    one = spread(keys)
    draws = one.sample(400_000, numpy.random.default_rng(7))
    assert draws.mean() == pytest.approx(one.mean, abs=4 * draws.std() / 400_000**0.5)
    expected = one.quantiles((0.025, 0.5, 0.975))
    numpy.testing.assert_allclose(numpy.quantile(draws, (0.025, 0.5, 0.975)), expected, rtol=0.01)


def test_moments_in_closed_form():
    """PERT: mean (a + 4m + b)/6, variance (mean - a)(b - mean)/7 (Vose 2008); gamma and lognormal: s squared."""
    pert = spread(SPREADS[0])
    mean = (0.7 + 4 + 1.6) / 6
    assert pert.mean == pytest.approx(mean)
    draws = pert.sample(400_000, numpy.random.default_rng(8))
    assert draws.var() == pytest.approx((mean - 0.7) * (1.6 - mean) / 7, rel=0.01)
    assert draws.min() >= 0.7
    assert draws.max() <= 1.6
    assert spread(SPREADS[2]).mean == pytest.approx((0.5 + 1 + 1.2) / 3)
    for keys, sd in ((SPREADS[3], 0.3), (SPREADS[4], 0.4)):
        drawn = spread(keys).sample(400_000, numpy.random.default_rng(9))
        assert drawn.std() == pytest.approx(sd, rel=0.01)
        assert spread(keys).mean == 1.0


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"shape": "pert", "low": 0.7}, "pert needs `low` and `high`"),
        ({"shape": "pert", "low": 1.1, "high": 1.5}, "must have it between them"),
        ({"shape": "triangular", "low": 1.0, "high": 1.0}, "must have it between them"),
        ({"shape": "gamma", "low": 0.5, "high": 2.0}, "gamma needs `standard_deviation`"),
        ({"shape": "lognormal", "standard_deviation": 0.0}, "greater than 0"),
        ({"shape": "uniform", "low": 0.5, "high": 2.0}, "Input should be"),
        ({"shape": "pert", "low": 0.5, "high": 120}, "120 times the stated value"),
        ({"shape": "gamma", "standard_deviation": 20}, "write 0.2 for 20%"),
        ({"shape": "pert", "low": -0.5, "high": 2.0}, "greater than or equal to 0"),
    ],
)
def test_what_is_refused(keys, words):
    with pytest.raises(ValidationError, match=words):
        spread(keys)


def test_a_range_without_a_source_is_refused():
    with pytest.raises(ValidationError, match="source"):
        Spread.model_validate(SPREADS[0])


def test_words():
    assert spread(SPREADS[0]).words == "PERT, −30% to +60%"
    assert spread(SPREADS[4]).words == "lognormal, standard deviation 40%"
