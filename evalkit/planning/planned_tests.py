"""The study's own test, on panels without an effect, for any number of treated places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.resampled import FEWEST_SIGNS
from evalkit.errors import DesignError
from evalkit.planning.rolls import SYNTHETIC, Roll

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import numpy

    from evalkit.estimation.few_units.planned_power import Null
    from evalkit.estimation.few_units.wild_bootstrap import Distribution
    from evalkit.planning.places import Places

    Test: TypeAlias = Callable[[numpy.ndarray, numpy.ndarray], Null]
    """From sums by place, the treated first, and the places' positions, to the test of that panel."""

DRAWS = 499
"""Assignments, signs or bootstrap draws of each test in planning; a study has 1,999, and finds hardly more by them."""


def nulls(places: Places, roll: Roll, own: bool, replications: int, seed: int) -> list[Null]:
    """Return the study's test on panels without an effect.

    Parameters
    ----------
    places : Places
    roll : Roll
    own : bool
        Whether the study's own places are treated; else they are drawn at random in each panel.
    replications, seed : int

    Raises
    ------
    DesignError
        Where the estimator or its test cannot be planned for or cannot be had.
    """
    import numpy

    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    if roll.estimator in SYNTHETIC:
        return _synthetic(places, roll, own, replications, generator)
    treated, count = roll.treated, roll.codes.size
    if roll.method == "cluster_robust" and min(treated, count - treated) < 2:
        raise DesignError("with one treated or one comparison unit there is no cluster-robust standard error")
    if roll.method == "none" or count - treated < 2:
        raise DesignError("one comparison unit: nothing shows how those without it vary")
    return _linear(places, roll, own, replications, generator)


def _rows(places: Places, own: bool, generator: numpy.random.Generator) -> numpy.ndarray:
    """Return places in an order in which the treated come first."""
    import numpy

    if not own:
        return generator.permutation(places.first_treated.size)
    others = numpy.flatnonzero(places.first_treated == places.periods)
    return numpy.concatenate([places.treated, generator.permutation(others)])


def _linear(places: Places, roll: Roll, own: bool, replications: int, generator: numpy.random.Generator) -> list[Null]:
    """Return the tests of an estimator that is linear in the outcome."""
    import numpy

    columns, test = _test_of(places, roll)
    found = []
    for panel in places.noise.draws(columns, replications, generator):
        rows = _rows(places, own, generator)
        found.append(test(numpy.asarray(panel[rows]), rows))
    return found


def _test_of(places: Places, roll: Roll) -> tuple[numpy.ndarray, Test]:
    """Return the sums of periods that a test needs, and the test.

    Notes
    -----
    Where places count alike, reassignment and Ferman and Pinto need of each place its outcomes summed with the weights
    of each adoption date. A regression sees no more of a place than its means between starts, each weighing as its
    periods: estimate and scores by place are those of the whole panel.
    """
    weighted, staggered = places.weights is not None, roll.starts > 1
    alike = roll.method in ("randomisation", "placebo", "ferman_pinto") and not weighted
    if alike or (staggered and roll.estimator != "two_way_fixed_effects" and roll.method == "cluster_robust"):
        if weighted:
            raise DesignError(f"power of {roll.estimator} with weights is not worked out where starts differ",
                              "plan without weights, or with two_way_fixed_effects", "design.weights")  # fmt: skip
        profile = weights_of(places, roll)
        if roll.method == "ferman_pinto":
            return profile.T, _ferman_pinto(places, roll)
        if roll.method == "cluster_robust":
            return profile.T, _influence(places, roll)
        return profile.T, _reassigned(places, roll, profile)
    columns, codes, lengths = _between_starts(places, roll)
    if roll.method == "wild_bootstrap":
        return columns, _wild(places, codes, lengths)
    if roll.method == "cluster_robust":
        return columns, _clustered(places, codes, lengths)
    return columns, _weighted(places, roll, codes, lengths)  # also for one: the study's own falls back to placebos


def _between_starts(places: Places, roll: Roll) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Return sums that make means between starts, starts among them, and how many periods each holds.

    With one start, estimators that are no two-way regression see one change.
    """
    import numpy

    dates = sorted({int(code) for code in roll.codes if code < places.periods})
    if roll.estimator == "two_way_fixed_effects":
        segment = numpy.searchsorted(dates, numpy.arange(places.periods), side="right")
        lengths = numpy.bincount(segment).astype(float)
        starts = numpy.searchsorted(dates, roll.codes) + 1
        return (segment[:, None] == numpy.arange(lengths.size)) / lengths, starts, lengths
    if len(dates) > 1:
        raise DesignError(f"power of {roll.estimator} by {roll.method} is not worked out where starts differ",
                          "plan with two_way_fixed_effects or callaway_santanna", "design.estimator")  # fmt: skip
    change = weights_of(places, roll)[0] * roll.treated
    starts = numpy.where(roll.codes < places.periods, 1, 2)
    return numpy.column_stack([numpy.zeros(places.periods), change]), starts, numpy.ones(2)


def weights_of(places: Places, roll: Roll) -> numpy.ndarray:
    """Return the weights with which the headline sums outcomes, by adoption date: shape (dates, periods).

    Notes
    -----
    Without weights of places, and with covariates out of the outcome.
    """
    from evalkit.estimation.staggered import headline_weights

    design, early = places.design, places.design.anticipation
    if roll.estimator == "two_way_fixed_effects":
        return headline_weights.two_way_weights(roll.codes, places.periods)[1]
    if roll.estimator == "imputation":
        return headline_weights.imputation_weights(roll.codes, places.periods, early)[1]
    if roll.estimator == "event_study":
        if roll.starts > 1:
            raise DesignError("power of event_study is not worked out where starts differ",
                              "plan with callaway_santanna", "design.estimator")  # fmt: skip
        early = 0
    waiting = roll.estimator == "callaway_santanna" and design.comparison == "not_yet_treated"
    return headline_weights.group_time_weights(roll.codes, places.periods, waiting, early)[1]


def _reassigned(places: Places, roll: Roll, profile: numpy.ndarray) -> Test:
    """Return randomisation, on estimates over standard errors; with one treated place and placebos, on estimates."""
    from evalkit.estimation.few_units.planned_power import by_reassignment, drawn_assignments
    from evalkit.estimation.few_units.reassigned_sums import Reassigned

    alpha, studentised = 1.0 - places.design.level, roll.method == "randomisation" and roll.treated > 1
    assignments = drawn_assignments(roll.codes, DRAWS, places.design.seed)
    ready = Reassigned.of(roll.codes, profile, assignments, studentised)
    return lambda sums, rows: by_reassignment(ready.statistics(sums), alpha)


def _weighted(places: Places, roll: Roll, codes: numpy.ndarray, lengths: numpy.ndarray) -> Test:
    """Return randomisation where places weigh differently; their weights move with them."""
    import numpy

    from evalkit.estimation.few_units.planned_power import by_reassignment, drawn_assignments
    from evalkit.estimation.few_units.reassigned_two_way import two_way_statistics

    alpha, studentised = 1.0 - places.design.level, roll.method == "randomisation" and roll.treated > 1
    assignments = drawn_assignments(codes, DRAWS, places.design.seed)

    def test(panel: numpy.ndarray, rows: numpy.ndarray) -> Null:
        weights = numpy.outer(_own_weights(places, rows), lengths)
        return by_reassignment(two_way_statistics(panel, codes, studentised, None, weights)(assignments), alpha)

    return test


def _wild(places: Places, codes: numpy.ndarray, lengths: numpy.ndarray) -> Test:
    """Return the wild cluster bootstrap."""
    import numpy

    from evalkit.estimation.few_units.planned_power import by_wild_bootstrap

    design = places.design
    distribution: Distribution = "webb" if codes.size < FEWEST_SIGNS else "rademacher"

    def test(panel: numpy.ndarray, rows: numpy.ndarray) -> Null:
        weights = numpy.outer(_own_weights(places, rows), lengths)
        return by_wild_bootstrap(panel, codes, weights, distribution, DRAWS, design.seed, 1.0 - design.level)

    return test


def _ferman_pinto(places: Places, roll: Roll) -> Test:
    """Return the test of Ferman and Pinto of changes."""
    import numpy

    from evalkit.estimation.few_units.planned_power import by_ferman_pinto

    if roll.starts > 1:
        raise DesignError("treated places start at different times", "choose randomisation", "design.inference")
    alpha, treated, count = 1.0 - places.design.level, roll.codes < roll.codes.max(), roll.codes.size
    picks = numpy.random.Generator(numpy.random.PCG64(places.design.seed)).integers(0, count, (DRAWS, count))

    def test(sums: numpy.ndarray, rows: numpy.ndarray) -> Null:
        sizes = None if places.sizes is None else places.sizes[rows]
        return by_ferman_pinto(sums[:, 0] * roll.treated, treated, sizes, picks, alpha)

    return test


def _influence(places: Places, roll: Roll) -> Test:
    """Return the test of an estimate by start and period over its standard error.

    Each place's sum about the mean of those with its start is its influence on the estimate where the effect is
    constant; how many places each start has is taken as given.
    """
    import numpy

    from evalkit.estimation.few_units.planned_power import by_standard_error

    alpha, count = 1.0 - places.design.level, roll.codes.size
    groups = [numpy.flatnonzero(roll.codes == code) for code in numpy.unique(roll.codes)]
    df = count - 1.0 if roll.estimator == "sun_abraham" else None

    def test(sums: numpy.ndarray, rows: numpy.ndarray) -> Null:
        own = [sums[group, column] for column, group in enumerate(groups)]
        squares = sum(float(numpy.sum((each - each.mean()) ** 2)) for each in own)
        return by_standard_error(sum(float(each.sum()) for each in own), squares**0.5, df, alpha)

    return test


def _clustered(places: Places, codes: numpy.ndarray, lengths: numpy.ndarray) -> Test:
    """Return the test of a regression with CR1, clustered by place, factor G / (G - 1), t with G - 1."""
    import numpy

    from evalkit.estimation.few_units.planned_power import by_standard_error

    alpha, count = 1.0 - places.design.level, codes.size
    paths = (numpy.arange(lengths.size) >= codes[:, None]).astype(float)

    def test(panel: numpy.ndarray, rows: numpy.ndarray) -> Null:
        own = _own_weights(places, rows)
        path, left = (_about_means(values, own, lengths) for values in (paths, panel))
        products = own[:, None] * path * lengths
        total = float(numpy.sum(products * path))
        estimate = float(numpy.sum(products * left)) / total
        scores = numpy.sum(products * (left - estimate * path), axis=1)
        error = (count / (count - 1.0) * float(scores @ scores)) ** 0.5 / total
        return by_standard_error(estimate, error, count - 1.0, alpha)

    return test


def _about_means(values: numpy.ndarray, own: numpy.ndarray, lengths: numpy.ndarray) -> numpy.ndarray:
    """Return values without means of places and of periods, places weighing `own` and periods `lengths`."""
    import numpy

    left = values - (values @ lengths / lengths.sum())[:, None]
    return numpy.asarray(left - own @ left / own.sum())


def _own_weights(places: Places, rows: numpy.ndarray) -> numpy.ndarray:
    """Return the weights of places in some order; ones where they weigh alike."""
    import numpy

    return numpy.ones(rows.size) if places.weights is None else places.weights[rows]


def _synthetic(
    places: Places, roll: Roll, own: bool, replications: int, generator: numpy.random.Generator
) -> list[Null]:
    """Return the ranks of synthetic methods among placebos, the pool being the placebos of all panels."""
    import numpy

    from evalkit.estimation.few_units.planned_power import by_placebo_ranks
    from evalkit.estimation.synthetic.null_effects import null_effects

    rolled, treated = roll.codes, roll.treated
    count = min(_sets(rolled.size - treated, treated), places.design.draws)
    if count < 2:
        raise DesignError(f"placebos for {treated} treated units need more units that are never treated than "
                          f"{rolled.size - treated}", "bring more donors")  # fmt: skip
    if roll.estimator == "synthetic_control" and roll.starts > 1:
        raise DesignError("a synthetic control needs one start", "plan with synthetic_did", "design.estimator")
    found = []
    for draw, panel in enumerate(places.noise.draws(numpy.eye(places.periods), replications, generator)):
        rows = _rows(places, own, generator)
        levels = places.levels[rows][:, None]
        found.append(null_effects(panel[rows] + levels, rolled, roll.estimator, draw))  # type: ignore[arg-type]
    pool = numpy.sort(numpy.concatenate([each.placebos for each in found]))
    alpha = 1.0 - places.design.level
    return [by_placebo_ranks(each.effect, each.scale, pool, count, alpha) for each in found]


def _sets(donors: int, treated: int) -> int:
    """Return how many placebo sets there are among donors."""
    from math import comb

    return comb(donors, treated) if donors > treated else 0
