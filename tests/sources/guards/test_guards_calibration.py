"""How often the guards stop a study in which nothing is wrong: at most 1 in 100, by simulation with fixed seeds."""

import numpy
import pytest
from guarded_panels import counts, panel, used

from evalkit.sources.guards.held import hold
from evalkit.sources.guards.newest_periods import newest_below
from evalkit.sources.guards.sudden_break import largest_step, sudden_breaks
from evalkit.sources.guards.zero_runs import improbable_runs

SHAPES = {
    "independent counts": {},
    "dispersion, autocorrelation and season": {"dispersion": 0.05, "correlation": 0.4, "season": 0.2},
    "heavy tails, long memory and season": {"dispersion": 0.02, "correlation": 0.7, "season": 0.3, "tail": 5},
}
STUDIES = 500


@pytest.mark.parametrize(
    ("shape", "months", "level"),
    [
        ("independent counts", 24, 30),
        ("dispersion, autocorrelation and season", 36, 3),
        ("dispersion, autocorrelation and season", 60, 1000),
        ("heavy tails, long memory and season", 24, 1000),
        ("heavy tails, long memory and season", 36, 1000),
    ],
)
def test_at_most_one_study_in_a_hundred_is_stopped_by_chance(shape, months, level):
    """One treated series with a real effect of -15% from two thirds on: 500 of them, and every guard on events."""
    random, stopped = numpy.random.default_rng(months + level), 0
    start = months * 2 // 3
    for _ in range(STUDIES):
        values = counts(random, months, level, **SHAPES[shape])
        values = [float(random.binomial(int(value), 0.85)) if at >= start else value for at, value in enumerate(values)]
        one = panel({"": values}, f"{2017 + start // 12}-{1 + start % 12:02}", treated=("",))
        looked = used(one)
        stopped += bool(sudden_breaks(one, looked, {}).problems or newest_below(one, looked).problems
                        or improbable_runs(one, looked))  # fmt: skip
    assert stopped <= STUDIES / 100, f"{stopped} of {STUDIES} studies without a fault were stopped"


@pytest.mark.parametrize("shape", SHAPES)
def test_several_treated_places_share_one_false_alarm_rate(shape):
    """Four treated of 16 places: the limit allows for every step that is looked at."""
    random, stopped = numpy.random.default_rng(11), 0
    for _ in range(100):
        made = {f"place {at}": counts(random, 36, 20 * (1 + at % 5), **SHAPES[shape]) for at in range(16)}
        one = panel(made, "2019-01", treated=tuple(list(made)[:4]))
        looked = used(one)
        stopped += bool(sudden_breaks(one, looked, {}).problems or newest_below(one, looked).problems
                        or improbable_runs(one, looked))  # fmt: skip
    assert stopped <= 1


@pytest.mark.parametrize(("change", "least"), [(0.2, 99), (0.3, 90), (3.0, 70), (1.0, 0)])
def test_a_break_is_found(change, least):
    """A step to 20%, 30% or 300% of a level of 100 events a month over five years: so many of 100 are found.

    METHODS tells these shares, and that a step to half the level is found in four of ten: a series may do that itself.
    """
    random, found = numpy.random.default_rng(3), 0
    for _ in range(100):
        values = counts(random, 60, 100, dispersion=0.005, season=0.1)
        values = [value * change if at >= 22 else value for at, value in enumerate(values)]
        one = panel({"": values}, "2020-07", treated=("",))
        problems = sudden_breaks(one, used(one), {}).problems
        found += bool(problems) and "November 2018" in problems[0].message
    assert found >= least
    assert change != 1.0 or found == 0


def test_steps_of_a_hand_worked_series():
    """Steps of 1 and -1 in turn, and one of 9: the spread is 1.4826, so the statistic is 9 less the median by it."""
    steps = numpy.array([1.0, -1.0] * 12)
    steps[11] = 9.0
    found = largest_step(steps, steps, numpy.arange(100, 124), 0.0)
    assert found is not None
    assert found.time == 111
    middle = float(numpy.median(steps))
    spread = 1.4826 * float(numpy.median(numpy.abs(steps - middle)))
    assert found.statistic == pytest.approx((9 - middle) / spread)
    steps[12] = -9.0
    assert largest_step(steps, steps, numpy.arange(100, 124), 0.0).time != 111, "a step that is undone does not last"


def test_guards_together_on_panels_without_fault():
    """A hundred panels through the door that the flow uses: none or one is stopped."""
    from evalkit.errors import DataError
    from evalkit.sources import CsvData

    data = CsvData(source="csv", path="data/x.csv", unit="area", period="month")
    random, stopped = numpy.random.default_rng(29), 0
    for _ in range(100):
        made = {f"place {at}": counts(random, 48, 8 * (1 + at), dispersion=0.03, season=0.2) for at in range(10)}
        one = panel(made, "2019-07", treated=("place 1", "place 2"))
        try:
            hold(one, data, used(one))
        except DataError:
            stopped += 1
    assert stopped <= 1


LATE = {"treated": 3, "places": 12, "months": 48, "level": 60}


def late_panels(seed, studies, **shape):
    """Yield panels of treated and other places in which the last month of one treated place holds a third of it."""
    random = numpy.random.default_rng(seed)
    for _ in range(studies):
        made = {f"place {at}": counts(random, LATE["months"], LATE["level"], **shape) for at in range(LATE["places"])}
        late = {**made, "place 0": [*made["place 0"][:-1], float(round(made["place 0"][-1] / 3))]}
        treated = tuple(list(made)[: LATE["treated"]])
        yield tuple(panel(one, "2019-01", treated=treated) for one in (made, late))


@pytest.mark.parametrize(("shape", "least"), [*zip(SHAPES, (28, 0, 0), strict=True)])
def test_one_treated_place_that_reports_late_is_found_and_sound_ones_are_not_stopped(shape, least):
    """Forty panels of each shape: at 60 events a month, its own wandering hides a fall that chance alone would not."""
    stopped = found = lost = 0
    for sound, late in late_panels(7, 40, **SHAPES[shape]):
        stopped += bool(newest_below(sound, used(sound)).problems)
        problems = newest_below(late, used(late)).problems
        found += any("on place 0 is far below" in problem.message for problem in problems)
        lost += any("on the total is far below" in problem.message for problem in problems)
    assert stopped <= 1
    assert lost == 0, "the total of three treated and nine other places hardly moves"
    assert found >= least, found


def test_the_late_place_is_named_with_its_month_and_the_ways_out():
    """Twelve steady series; one treated place has 20 in its last month and about 60 in every month before."""
    made = {f"place {at}": [60.0 + (5 * month + 3 * at) % 13 for month in range(48)] for at in range(12)}
    made["place 1"][-1] = 20.0
    one = panel(made, "2019-01", treated=("place 0", "place 1"))
    (problem,) = newest_below(one, used(one)).problems
    assert "from December 2020 on place 1 is far below what came before" in problem.message
    assert problem.mend == "ask for what this place has not sent yet, or leave them out by `data.settling: 1`"
    others = panel(made, "2019-01", treated=("place 0", "place 2"))
    assert newest_below(others, used(others)).problems == (), "places that are not treated are for the total"
    late = panel(made, "2020-10", treated=("place 1",))
    assert newest_below(late, used(late)).problems == (), "its start may be what is seen"


def test_a_fall_of_every_december_is_none():
    """One treated place falls to a third in every twelfth month, which no other place does; the last year as well."""
    random = numpy.random.default_rng(5)
    made = {f"place {at}": counts(random, 60, 60) for at in range(12)}
    made["place 0"] = [round(value / 3) if at % 12 == 11 else value for at, value in enumerate(made["place 0"])]
    one = panel(made, "2019-06", treated=("place 0", "place 1", "place 2"))
    assert newest_below(one, used(one)).problems == ()
    made["place 0"][-1] = 0.0
    one = panel(made, "2019-06", treated=("place 0", "place 1", "place 2"))
    assert newest_below(one, used(one)).problems
