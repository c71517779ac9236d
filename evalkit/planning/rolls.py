"""Who starts when for any number of treated places, and by which rule that is estimated and tested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.resampled import FEWEST_SIGNS, MOST_LISTED
from evalkit.errors import DesignError
from evalkit.periods import as_pandas

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.planning.places import Places

FULL_DRAWS, FULL_LIST = 1999, 20_000
LONG_ENOUGH = 12
"""Periods before the start beyond which the rule of the estimator does not change."""
SYNTHETIC = ("synthetic_control", "synthetic_did")


@dataclass(frozen=True, eq=False)
class Roll:
    """Who starts when, and how that is estimated and tested.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (places,)
        First treated period, ascending: treated places come first; the number of periods for the others.
    estimator : str
        The study's own, however many are treated: what another number of places would find by another estimator tells
        the estimators apart, not the numbers. Synthetic methods, made for few places, give way as the printed rule has
        it.
    method : str
        As the printed rule chooses it for so many, or as the study file names it.
    """

    codes: numpy.ndarray
    estimator: str
    method: str

    @property
    def treated(self) -> int:
        """Number of treated places."""
        return int((self.codes < self.codes.max()).sum())

    @property
    def starts(self) -> int:
        """Number of distinct starts."""
        return len(set(self.codes.tolist())) - 1


def roll_of(places: Places, treated: int) -> Roll:
    """Return the roll-out of some number of places: the study's own dates, each for its share of them."""
    import numpy

    if getattr(places.design, "unit_trends", None):
        raise DesignError("power with unit trends is not worked out", "plan without them", "design.unit_trends")
    if getattr(places.design, "inference", "") == "conley_taber":
        raise DesignError("power by conley_taber is not worked out", "plan with randomisation", "design.inference")
    own = places.dates
    if treated != own.size:
        own = own[((numpy.arange(treated) + 0.5) * own.size / treated).astype(int)]
    others = numpy.full(len(places.first_treated) - treated, places.periods)
    codes = numpy.concatenate([own, others])
    settled = places.design if treated == places.dates.size else _settled(places, codes)
    return Roll(codes, settled.estimator, settled.inference)


def _settled(places: Places, codes: numpy.ndarray) -> DifferenceInDifferences:
    """Return the design as its rules settle it for other treated places, on stand-in numbers."""
    import numpy
    import pandas

    asked, count = places.asked, codes.size
    dates = sorted(set(codes[codes < places.periods].tolist()))
    before = min(places.before, LONG_ENOUGH)
    first = {float(date): before + step for step, date in enumerate(dates)}
    periods = before + len(dates) + 1
    generator = numpy.random.Generator(numpy.random.PCG64(0))
    frame = pandas.DataFrame({
        "unit": numpy.repeat([f"{place:06d}" for place in range(count)], periods),
        "time": numpy.tile(numpy.arange(periods), count),
        "value": generator.uniform(50.0, 150.0, count * periods), "exposure": 1.0,
    })  # fmt: skip
    frame["period"] = as_pandas(frame["time"], places.panel.frequency)
    frame["first_time"] = numpy.repeat([float(first.get(float(code), numpy.nan)) for code in codes], periods)
    frame["cluster"] = frame["unit"]
    frame["weight"] = 1.0 if places.weights is None else generator.uniform(1.0, 2.0, len(frame))
    for name in asked.covariates:
        frame[name] = generator.normal(size=len(frame))
    settings: dict[str, Any] = {
        "before": None, "after": None, "cluster": None, "leads": None, "lags": None, "exclude": {},
        "exclude_neighbours_of": [], "transform": places.design.transform,
        "anticipation": min(asked.anticipation, before - 1),
        "comparison": asked.comparison if isinstance(asked.comparison, str) else "auto",
    }  # fmt: skip
    if places.design.estimator not in SYNTHETIC:  # sizes by number are of one estimator; these are for few places alone
        settings["estimator"] = places.design.estimator
    design = asked.model_copy(
        update={name: value for name, value in settings.items() if name in type(asked).model_fields}
    )
    panel = replace(places.panel, frame=frame, covariates=tuple(asked.covariates), gaps=())
    return design.resolve(panel)


def smallest_p(places: Places, roll: Roll) -> float:
    """Return the smallest p-value that could come out with the study's own numbers of draws."""
    from math import comb, factorial, prod

    draws = places.design.inference_draws or FULL_DRAWS
    count, treated = roll.codes.size, roll.treated
    if roll.estimator in SYNTHETIC:
        return 1.0 / (1.0 + min(comb(count - treated, treated), places.design.draws))
    if roll.method in ("randomisation", "placebo"):
        sizes = [int((roll.codes == date).sum()) for date in set(roll.codes.tolist())]
        possible = factorial(count) // prod(factorial(size) for size in sizes)
        ties = 2.0 if len(sizes) == 2 and sizes[0] == sizes[1] else 1.0  # Half treated: the other half is as extreme.
        return ties / possible if possible <= FULL_LIST else 1.0 / (draws + 1.0)
    if roll.method == "wild_bootstrap":
        points = 2.0 if count >= FEWEST_SIGNS else 6.0
        listed = points == 2.0 and count <= MOST_LISTED
        return max(points / points**count, 0.0 if listed else 1.0 / (draws + 1.0))
    # A treated place's own change is among those drawn; where it alone has it, draw and estimate tie up to noise.
    own = (1.0 - 1.0 / count) ** (count - 1) / count
    return max(1.0 / (draws + 1.0), 0.5 * own) if roll.method == "ferman_pinto" else 0.0
