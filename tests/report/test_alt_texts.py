"""Alternative texts say what an eye would see first: on which side of none, whether with an interval, which way."""

from dataclasses import replace

import demo
import pytest

from evalkit.records import Acceptability, Estimate
from evalkit.report.acceptability_chart import _describe
from evalkit.report.dated_chart import Dot, Dots, describe_dots
from evalkit.report.exhibits import headline_figure
from evalkit.report.ladder import Change


def dots(*changes: tuple[float, float | None, float | None]) -> Dots:
    made = tuple(Dot(600 + place, f"month {place}", Change(*change, True), False)
                 for place, change in enumerate(changes))  # fmt: skip
    return Dots(made, "month", "percent", ("Start", "True start"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(-8.0, None, None), (3.0, None, None)], "1 below zero, 1 above. None has an interval."),
        ([(-8.0, -9.0, -7.0), (-3.0, -9.0, 4.0)],
         "2 below zero, 0 above. Each has an interval; 1 of these intervals leaves out zero."),
        ([(-8.0, -9.0, -7.0), (3.0, None, None), (0.0, -1.0, 1.0)],
         "1 below zero, 1 above. 2 of them have an interval; 1 of these intervals leaves out zero."),
    ],
)  # fmt: skip
def test_dots_tell_sides_and_intervals(changes, said):
    assert said in describe_dots(dots(*changes))


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ((-21.5, -8.3), "The whole interval lies below no change."),
        ((-21.5, 1.3), "The interval includes no change."),
        ((None, None), "No interval is known."),
    ],
)
def test_the_first_chart_says_whether_it_is_clear(bounds, said):
    study = demo.seat_belts()
    relative = Estimate(-15.1, "Change", "percent", low=bounds[0], high=bounds[1], rule="exact")
    primary = replace(study.primary, result=replace(study.primary.result, relative=relative))
    figure = headline_figure(replace(study, analyses=(primary,)))
    assert said in figure.alt_description


@pytest.mark.parametrize(
    ("chances", "said"),
    [((0.0, 0.5, 0.9), "rises"), ((0.9, 0.2, 0.1), "falls"), ((0.5, 0.5, 0.5), "stays level"),
     ((0.1, 0.5, 0.4), "rises and falls")],
)  # fmt: skip
def test_the_curve_of_chances_tells_its_direction(chances, said):
    curve = [Acceptability(float(place), chance) for place, chance in enumerate(chances)]
    assert f"A line of 3 points that {said} from left to right." in _describe(curve, None)
