"""Sums with uncertain factors: closed forms against simulation, and what a single parameter is worth."""

import itertools
import math

import numpy
import pytest

from evalkit.appraisal.uncertain_sum import Parameter, Term, UncertainSum, less
from evalkit.appraisal.uncertainty import (
    distribution,
    normal_value_of_perfect_information,
    quotient_interval,
    switching_value,
    value_of_information,
    value_of_perfect_information,
)

SIZE = 400_000


def normal(key, mean, sd, seed, exact=False):
    draws = numpy.random.default_rng(seed).normal(mean, sd, SIZE)
    return Parameter(key, mean, mean, mean - 1.96 * sd, mean + 1.96 * sd, draws, exact)


@pytest.fixture(scope="module")
def net() -> UncertainSum:
    """100 x effect x price - 40 x cost, and 3 for certain."""
    parameters = {"effect": normal("effect", 2.0, 1.0, 1), "price": normal("price", 1.0, 0.2, 2),
                  "cost": normal("cost", 1.0, 0.5, 3), "fixed": Parameter("fixed")}  # fmt: skip
    terms = (Term(60.0, ("effect", "price")), Term(40.0, ("effect", "price", "fixed")), Term(3.0),
             Term(-40.0, ("cost", "fixed")))  # fmt: skip
    return UncertainSum(terms, parameters)


def test_moments_of_the_draws_are_those_of_the_product(net):
    """E = 100 E[e] E[p] - 40 E[c] + 3; the variance of a product of independent factors in closed form."""
    variance = 100**2 * (2.0**2 * 0.2**2 + 1.0**2 * 1.0**2 + 1.0**2 * 0.2**2) + 40**2 * 0.5**2
    assert net.mean == net.stated == pytest.approx(163.0)
    error = math.sqrt(variance / SIZE)
    assert net.draws.mean() == pytest.approx(163.0, abs=4 * error)
    assert net.draws.var() == pytest.approx(variance, rel=0.02)


def test_the_sum_is_linear_in_each_parameter(net):
    for key in ("effect", "price", "cost"):
        a, b = net.line(key)
        for value in (-1.0, 0.0, 2.5):
            means = {name: one.mean for name, one in net.parameters.items()} | {key: value}
            assert net.at(means) == pytest.approx(a + b * value)


def test_switching_values_give_a_net_of_nought(net):
    for key in ("effect", "price"):
        value = switching_value(net, key)
        stated = {name: one.stated for name, one in net.parameters.items()} | {key: value}
        assert net.at(stated) == pytest.approx(0.0, abs=1e-9)
    assert switching_value(net, "cost") == pytest.approx(203.0 / 40.0)
    assert switching_value(UncertainSum((Term(5.0),), net.parameters), "effect") is None
    only = UncertainSum((Term(5.0), Term(1.0, ("effect",))), net.parameters)
    assert switching_value(only, "effect") is None  # -5: below nought


def test_value_of_information_on_one_parameter_against_the_normal_closed_form():
    """T9 for each of two: net = 1 + 1.5 z1 + 0.8 z2; knowing z1 alone is the closed form with sd 1.5."""
    parameters = {"one": normal("one", 0.0, 1.5, 4), "two": normal("two", 0.0, 0.8, 5)}
    found = UncertainSum((Term(1.0), Term(1.0, ("one",)), Term(1.0, ("two",))), parameters)
    for key, sd in (("one", 1.5), ("two", 0.8)):
        assert value_of_information(found, key) == pytest.approx(
            normal_value_of_perfect_information(1.0, sd), abs=3 * sd / math.sqrt(SIZE)
        )
    whole = math.hypot(1.5, 0.8)
    assert value_of_perfect_information(found.draws) == pytest.approx(
        normal_value_of_perfect_information(1.0, whole), abs=3 * whole / math.sqrt(SIZE)
    )


def test_value_of_information_on_one_parameter_against_two_levels_of_simulation(net):
    """The inner expectation by brute force: 300 values of the effect, 4,000 draws of the others for each."""
    effects = net.parameters["effect"].draws[:300]
    others = {name: net.parameters[name].draws[:4000] for name in ("price", "cost")}
    inner = numpy.array([(100.0 * e * others["price"] - 40.0 * others["cost"] + 3.0).mean() for e in effects])
    brute = numpy.clip(inner, 0.0, None).mean() - max(inner.mean(), 0.0)
    a, b = net.line("effect")
    assert brute == pytest.approx(value_of_perfect_information(a + b * effects), abs=1.0)


def test_information_on_everything_is_worth_at_least_that_on_each(net):
    whole = value_of_perfect_information(net.draws)
    for key in ("effect", "price", "cost"):
        assert -1e-9 <= value_of_information(net, key) <= whole + 0.5
    assert value_of_information(net, "fixed") is None


def test_what_cannot_be_drawn_has_no_draws():
    unknown = Parameter("effect", 2.0, 2.0, exact=False)
    assert UncertainSum((Term(1.0, ("effect",)),), {"effect": unknown}).draws is None
    assert UncertainSum((Term(1.0, ("fixed",)),), {"fixed": Parameter("fixed")}).draws is None
    assert UncertainSum((Term(4.0),), {}).stated == 4.0


def test_gains_less_costs_are_drawn_together(net):
    gain = UncertainSum((Term(10.0, ("effect",)),), net.parameters)
    cost = UncertainSum((Term(4.0, ("effect",)), Term(1.0)), net.parameters)
    numpy.testing.assert_allclose(less(gain, cost).draws, gain.draws - cost.draws, rtol=1e-12)


def test_quotients_whose_bottom_may_be_nought_are_infinite():
    top, bottom = numpy.ones(1000), numpy.linspace(-1.0, 9.0, 1000)
    low, high = quotient_interval(top, bottom, 0.95)
    assert low == pytest.approx(1 / 8.75, rel=0.01)
    assert high == math.inf
    assert quotient_interval(numpy.arange(1.0, 102.0), 2.0, 0.9) == pytest.approx((3.0, 48.0))


def test_shares_of_a_distribution_add_up(net):
    bins = distribution(net.draws)
    assert len(bins) == 40
    assert sum(one.share for one in bins) == pytest.approx(1.0)
    assert all(one.high == pytest.approx(other.low) for one, other in itertools.pairwise(bins))
    assert distribution(numpy.full(10, 3.0))[0].share == 1.0
