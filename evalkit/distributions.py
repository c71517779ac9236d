"""Reference distributions of tests and intervals: names of scipy.stats, and within their range its numbers.

That package takes half a second to import, longer than most studies take to run. What is needed of it here are a few
functions of scipy.special, which it calls itself; a test holds each against scipy.stats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy
from scipy import special

Values = Any
"""A number or an array of numbers; what comes back has the same shape."""


class norm:  # noqa: N801 - the name that scipy gives it
    """The standard normal distribution."""

    @staticmethod
    def cdf(x: Values) -> Values:
        """Return the probability of at most x."""
        return special.ndtr(x)

    @staticmethod
    def sf(x: Values) -> Values:
        """Return the probability of more than x."""
        return special.ndtr(-numpy.asarray(x))

    @staticmethod
    def ppf(q: Values) -> Values:
        """Return the quantile q."""
        return special.ndtri(q)

    @staticmethod
    def isf(q: Values) -> Values:
        """Return the value that is exceeded with probability q."""
        return -special.ndtri(q)

    @staticmethod
    def pdf(x: Values) -> Values:
        """Return the density."""
        return numpy.exp(-numpy.square(x) / 2.0) / math.sqrt(2.0 * math.pi)


class t:  # noqa: N801
    """Student's t distribution; with infinite degrees of freedom the normal one."""

    @staticmethod
    def sf(x: Values, df: Values) -> Values:
        """Return the probability of more than x."""
        return numpy.where(numpy.isinf(df), norm.sf(x), special.stdtr(df, -numpy.asarray(x)))[()]

    @staticmethod
    def ppf(q: Values, df: Values) -> Values:
        """Return the quantile q."""
        return numpy.where(numpy.isinf(df), norm.ppf(q), special.stdtrit(df, q))[()]

    @staticmethod
    def isf(q: Values, df: Values) -> Values:
        """Return the value that is exceeded with probability q."""
        return -t.ppf(q, df)


@dataclass(frozen=True)
class Reference:
    """What an estimate over its standard error is held against: t with `df` degrees of freedom, without them normal."""

    df: float | None = None

    def ppf(self, q: Values) -> Values:
        """Return the quantile q."""
        return t.ppf(q, math.inf if self.df is None else self.df)

    def sf(self, x: Values) -> Values:
        """Return the probability of more than x."""
        return t.sf(x, math.inf if self.df is None else self.df)


class chi2:  # noqa: N801
    """The chi-squared distribution."""

    @staticmethod
    def cdf(x: Values, df: Values) -> Values:
        """Return the probability of at most x."""
        return special.chdtr(df, x)

    @staticmethod
    def sf(x: Values, df: Values) -> Values:
        """Return the probability of more than x."""
        return special.chdtrc(df, x)

    @staticmethod
    def ppf(q: Values, df: Values) -> Values:
        """Return the quantile q."""
        return 2.0 * special.gammaincinv(numpy.asarray(df) / 2.0, q)


class f:  # noqa: N801
    """The F distribution."""

    @staticmethod
    def sf(x: Values, dfn: Values, dfd: Values) -> Values:
        """Return the probability of more than x."""
        return special.fdtrc(dfn, dfd, x)

    @staticmethod
    def ppf(q: Values, dfn: Values, dfd: Values) -> Values:
        """Return the quantile q."""
        return special.fdtri(dfn, dfd, q)

    @staticmethod
    def isf(q: Values, dfn: Values, dfd: Values) -> Values:
        """Return the value that is exceeded with probability q."""
        return 1.0 / special.fdtri(dfd, dfn, q)


class binom:  # noqa: N801
    """The binomial distribution."""

    @staticmethod
    def cdf(k: Values, n: Values, p: Values) -> Values:
        """Return the probability of at most k."""
        return _within(_lower, k, n, p, below=0.0, above=1.0)

    @staticmethod
    def sf(k: Values, n: Values, p: Values) -> Values:
        """Return the probability of more than k."""
        return _within(special.betainc, k, n, p, below=1.0, above=0.0)

    @staticmethod
    def ppf(q: Values, n: Values, p: Values) -> Values:
        """Return the least k of which the probability of at most k reaches q."""
        root = numpy.where(numpy.asarray(n) == 0, 0.0, special.bdtrik(q, n, p))
        return _least(root, lambda k: binom.cdf(k, n, p) >= q)


class poisson:  # noqa: N801
    """The Poisson distribution."""

    @staticmethod
    def pmf(k: Values, mean: Values) -> Values:
        """Return the probability of k."""
        return numpy.exp(special.xlogy(k, mean) - special.gammaln(numpy.asarray(k) + 1.0) - mean)

    @staticmethod
    def ppf(q: Values, mean: Values) -> Values:
        """Return the least k of which the probability of at most k reaches q."""
        return _least(special.pdtrik(q, mean), lambda k: special.pdtr(k, mean) >= q)


class nbinom:  # noqa: N801
    """The negative binomial distribution of failures before n successes, n any positive number."""

    @staticmethod
    def ppf(q: Values, n: Values, p: Values) -> Values:
        """Return the least k of which the probability of at most k reaches q."""
        return _least(special.nbdtrik(q, n, p), lambda k: special.betainc(n, k + 1.0, p) >= q)


def _lower(upto: Values, left: Values, p: Values) -> Values:
    """Return the lower tail; of a likely event by its mirror image, so a swap of events gives equal digits."""
    return numpy.where(p < 0.5, special.betaincc(upto, left, p), special.betainc(left, upto, 1.0 - p))


def _within(part: Any, k: Values, n: Values, p: Values, *, below: float, above: float) -> Values:
    """Return what an incomplete beta function gives for 0 <= k < n, and the constants beyond."""
    k, n, p = numpy.broadcast_arrays(numpy.floor(numpy.asarray(k, dtype=float)), numpy.asarray(n, dtype=float), p)
    inside, known = (k >= 0.0) & (k < n), ~numpy.isnan(k + n + p)
    chance = part(numpy.where(inside, k, 0.0) + 1.0, numpy.where(inside, n - k, 1.0), p)
    return numpy.where(inside, chance, numpy.where(known, numpy.where(k < 0.0, below, above), numpy.nan))[()]


def _least(root: Values, reaches: Any) -> Values:
    """Return the least whole number of a condition that holds from near a root on: rounding may be off by one."""
    up = numpy.maximum(numpy.ceil(root), 0.0)
    down = numpy.maximum(up - 1.0, 0.0)
    found = numpy.where(reaches(down), down, numpy.where(reaches(up), up, up + 1.0))
    return numpy.where(numpy.isfinite(root), found, root)[()]
