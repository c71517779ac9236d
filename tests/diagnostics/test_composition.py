"""Who is in the data before and after: shifts of covariates, units that come and go, small numbers."""

from __future__ import annotations

import numpy
import pytest

from evalkit.diagnostics.composition import Shift, composition_of_rows, composition_of_units
from evalkit.diagnostics.cross_sections import rows_counted_alone

ROWS = {"with the programme": (120, 9), "without": (300, 290)}


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.05, 0.01, 0.09, "no sign against"),
        (0.15, -0.05, 0.35, "too weak to tell"),
        (0.15, -0.05, 0.24, "no sign against"),
        (0.15, 0.02, 0.28, "sign against"),
        (-0.15, -0.28, -0.02, "sign against"),
        (0.3, -0.2, 0.8, "sign against"),
    ],
)
def test_a_shift_matters_when_it_is_large_or_more_than_chance(
    value: float, low: float, high: float, verdict: str
) -> None:
    found = composition_of_rows([Shift("age", value, low, high, False)], ROWS)
    assert (found.name, found.verdict, found.statistic) == ("composition", verdict, value)
    assert bool(found.short) == (verdict == "sign against")


def test_words() -> None:
    shifts = [
        Shift("age", 0.3, 0.1, 0.5, True),
        Shift("rooms", -0.4, -0.6, -0.2, False),
        Shift("size", 0.0, -1, 1, False),
    ]
    reading = composition_of_rows(shifts, ROWS).reading
    assert "Of 3 covariates, rooms shifted most: its mean rose by 0.4 standard deviations less" in reading
    assert "age (+0.3) and rooms (-0.4)" in reading
    assert "does not allow for rooms: add it to `covariates`" in reading
    assert "Of the covariate age the mean rose by 0.3" in composition_of_rows(shifts[:1], ROWS).reading


def test_small_numbers_of_rows_are_not_printed() -> None:
    reading = composition_of_rows([], ROWS).reading
    assert "120 before and fewer than 10 from the first start on" in reading
    assert " 9 " not in reading


def test_units() -> None:
    whole = composition_of_units({}, [], 43, 120)
    assert (whole.verdict, whole.short) == ("no sign against", "")
    assert "cannot be seen" in whole.reading
    some = composition_of_units({"Kent": 3, "Essex": 1}, ["Kent"], 43, 120)
    assert some.verdict == "sign against"
    assert "Kent (3 periods) and Essex (1 period)" in some.reading


@pytest.mark.parametrize(("units", "treated", "key"), [(2, 1, True), (20, 8, False), (20, 1, True), (20, 19, True)])
@pytest.mark.parametrize("method", ["classical", "robust"])
def test_rows_counted_alone(units: int, treated: int, key: bool, method: str) -> None:
    number, few = rows_counted_alone(units, treated, method)
    assert (number.verdict, few.verdict, few.key) == ("sign against", "sign against", key)
    assert "too narrow" in number.reading


def test_what_shared_shocks_would_do_is_what_a_simulation_finds() -> None:
    cells = (123, 102, 56, 40)
    reading = rows_counted_alone(2, 1, "classical", cells)[0].reading
    random, sign = numpy.random.default_rng(5), numpy.array([1.0, -1.0, -1.0, 1.0])
    rows = numpy.sqrt(1.0 / numpy.array(cells))
    shares = []
    for shock in (0.0, 0.1):
        means = random.normal(size=(40_000, 4)) * rows + shock * random.normal(size=(40_000, 4))
        shares.append(float((abs(means @ sign) > 1.959964 * numpy.sqrt((rows**2).sum())).mean()))
    assert shares[0] == pytest.approx(0.05, abs=0.004)
    assert f"in {shares[1]:.0%} of studies like this one" in reading
    assert "of studies" not in rows_counted_alone(20, 8, "classical")[0].reading
