"""The terms of a fitted model as records, and the smallest effect that it could have found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.records import Coefficient, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.estimation.fit import Fit


def coefficients(fit: Fit, names: Sequence[str], level: float) -> tuple[Coefficient, ...]:
    """Return each term with standard error, interval and p-value by the fit's own rule.

    Parameters
    ----------
    fit : Fit
    names : sequence of str
        One per coefficient, in whole words.
    level : float
        Confidence level of the intervals.
    """
    import numpy

    from evalkit.estimation.fit import contrasts

    found = contrasts(fit, numpy.eye(fit.coefficients.size))
    terms = []
    for j, name in enumerate(names):
        df = None if found.df is None else float(found.df[j])
        value = Estimate.from_standard_error(float(found.values[j]), float(found.se[j]), df, level=level)
        terms.append(Coefficient(name, value.value, value.se, value.low, value.high, value.p_value))
    return tuple(terms)


def minimum_detectable(effect: Estimate, expected: float | None = None) -> float | None:
    """Return the smallest change, in percent, that would be told from none four times in five; None where unknown.

    Parameters
    ----------
    effect : Estimate
        With its standard error, and degrees of freedom where the rule is t.
    expected : float or None
        Mean counterfactual, which a change on the identity scale is a share of.

    Notes
    -----
    ``m = (q((1 + level) / 2) + q(0.8)) se``, q the quantile of the estimate's own reference; on the log scale a fall
    of ``100 (1 - exp(-m))``, on the identity scale ``100 m / expected``. It rests on the standard error as estimated.
    """
    from evalkit.distributions import Reference

    if effect.se is None:
        return None
    reference = Reference(effect.df)
    size = float(reference.ppf((1 + effect.level) / 2) + reference.ppf(0.8)) * effect.se
    if effect.scale == "log":
        return -100.0 * math.expm1(-size)
    return 100.0 * size / expected if expected is not None and expected > 0.0 else None
