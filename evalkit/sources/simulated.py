"""Counts drawn at random with a known effect: to try a design, to teach, and to test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalkit.errors import Problem
from evalkit.periods import PER_YEAR, format_period, parse_period
from evalkit.records import Block
from evalkit.sources.columns import Data, Intervention, Outcome, Period, Starts, period_in
from evalkit.sources.dates import can_be_written
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean, missing_columns, without_outcomes
from evalkit.sources.written import PeriodText, Text

if TYPE_CHECKING:
    import numpy
    import pandas

COLUMNS = ("unit", "period", "value", "exposure", "first_treated")
SIMULATED_COLUMN = "simulated"
"""Column of a file that marks its rows as simulated, whatever source reads it."""


class Spread(Block):
    """A range from which each unit draws its own number, evenly."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Spread:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self


Size = Annotated[float, Field(gt=0)] | Spread


class SimulatedData(Data):
    r"""Counts drawn at random, with an effect that is known because it was planted.

    Notes
    -----
    For unit :math:`u` in period :math:`t` (from 0), with :math:`S` periods in a year, the mean is

    .. math:: \mu_{ut} = b_u (1 + g)^{t/S} \{1 + a \cos(2 \pi t/S)\} (1 + e)^{d_{ut}}

    with baseline :math:`b_u` (times exposure over its average), `trend` :math:`g`, `season` :math:`a`, `effect`
    :math:`e` and :math:`d_{ut} = 1` from the unit's first treated period on. The count is Poisson with mean
    :math:`\mu_{ut} G_{ut}`; :math:`G` is gamma with mean 1 and variance :math:`(\phi - 1)/\mu_{ut}`, so that the
    variance of the count is `dispersion` :math:`\phi` times its mean. `autocorrelation` is that of the normal scores
    of :math:`G` from one period to the next.
    """

    simulated: ClassVar[bool] = True

    source: Literal["simulated"]
    units: Annotated[int, Field(ge=1, le=100_000)] | list[Text] = Field(1, description="How many units, or their names")
    treated: Annotated[int, Field(ge=0)] | list[Text] | Starts | None = Field(
        None, description="How many units are treated, their names, or {UNIT: first treated period}; default: half"
    )
    treated_from: PeriodText | None = Field(None, description="First treated period; default: the middle one")
    periods: int = Field(ge=2, le=100_000, description="How many periods")
    period: Period = Field(description="{start, frequency} of the first period")
    baseline: Size = Field(100.0, description="Mean per unit and period at the start: a number, or {low, high}")
    trend: float = Field(0.0, gt=-100, description="Change of the mean in percent per year")
    season: float = Field(0.0, gt=-100, lt=100, description="Height of a yearly wave in percent of the mean")
    dispersion: float = Field(1.0, ge=1, description="Variance over mean: 1 is Poisson, above it gamma-Poisson")
    autocorrelation: float = Field(0.0, gt=-1, lt=1, description="Of the extra variation, from one period to the next")
    effect: float = Field(0.0, ge=-100, description="Planted change in percent in treated periods")
    exposure: Size = Field(1.0, description="Population or person-time of a unit: a number, or {low, high}")
    seed: int = Field(1, ge=0, description="Start of the random numbers: the same seed gives the same data")

    @model_validator(mode="after")
    def _consistent(self) -> SimulatedData:
        if self.period.start is None:
            raise ValueError("simulated data need `period: {start: 2019-01, frequency: month}`")
        if not can_be_written(parse_period(self.period.start, self.frequency) + self.periods, self.frequency):
            raise ValueError("the periods run past the year 9999")
        if self.autocorrelation and self.dispersion == 1:
            raise ValueError("`autocorrelation` is that of the extra variation: it needs a `dispersion` above 1")
        names = self.names
        if len(set(names)) < len(names):
            raise ValueError("`units` names a unit twice")
        if isinstance(self.treated, int) and self.treated > len(names):
            raise ValueError(f"{self.treated} units are to be treated but there are {len(names)}")
        if isinstance(self.treated, dict) and self.treated_from is not None:
            raise ValueError("give either first treated periods by unit, or `treated_from`, not both")
        for name in self.treated if isinstance(self.treated, list | dict) else ():
            if name not in names:
                raise ValueError(f"treated unit {name!r} is not among the units; {did_you_mean(name, names)}")
        self.first_times()
        return self

    @property
    def names(self) -> list[str]:
        """Names of the units: as given, or `unit 01` and so on."""
        if isinstance(self.units, list):
            return list(self.units)
        width = len(str(self.units))
        return [f"unit {number:0{width}d}" for number in range(1, self.units + 1)]

    def first_times(self) -> dict[str, int]:
        """Return the first treated period of each treated unit, as an integer."""
        if isinstance(self.treated, dict):
            return {name: period_in(period, self.frequency) for name, period in self.treated.items()
                    if period is not None and not str(period).startswith("never")}  # fmt: skip
        start = parse_period(self.period.start, self.frequency)
        middle = start + self.periods // 2
        first = middle if self.treated_from is None else period_in(self.treated_from, self.frequency)
        if isinstance(self.treated, list):
            return dict.fromkeys(self.treated, first)
        number = max(1, len(self.names) // 2) if self.treated is None else self.treated
        return dict.fromkeys(self.names[:number], first)

    def placed(self, intervention: Intervention | None) -> Intervention | None:
        """Return a `start` for the units that are treated; the others are the comparison."""
        if intervention is None or intervention.start is None:
            return intervention
        return Intervention(starts=dict.fromkeys(self.first_times(), intervention.start), label=intervention.label)

    @property
    def unit_column(self) -> str | None:
        """Column of the unit."""
        return "unit"

    @property
    def period_column(self) -> str | None:
        """Column of the period."""
        return "period"

    def value_column(self, outcome_id: str, outcome: Outcome) -> str | None:
        """Return `value`, whatever the outcome calls it."""
        return "value"

    def origin(self) -> str:
        """Return that the data are made up, with the seed."""
        return f"simulated data (seed {self.seed}), not real"

    def inputs(self, folders: Folders) -> list[Input]:
        """Return the parameters as canonical text."""
        parameters = self.model_dump(mode="json", exclude={"publisher", "licence", "note", "exposures", "neighbours"})
        text = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
        return [Input("data", text=text)]

    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return the columns that are not simulated; the value may have any name."""
        return missing_columns(without_outcomes(columns), COLUMNS)

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return columns unit, period, value, exposure and first_treated (empty: never)."""
        import numpy
        import pandas

        generator = numpy.random.Generator(numpy.random.PCG64(self.seed))
        names, start = self.names, parse_period(self.period.start, self.frequency)
        firsts = self.first_times()
        exposure = _sizes(self.exposure, len(names), generator)
        baseline = _sizes(self.baseline, len(names), generator) * exposure / exposure.mean()
        first = numpy.array([firsts.get(name, start + self.periods) for name in names])
        times = start + numpy.arange(self.periods)
        mean = self._mean(baseline, times - start, first[:, None] <= times[None, :])
        values = generator.poisson(mean * self._extra(mean, generator))
        labels = [format_period(int(time), self.frequency) for time in times]
        treated = [format_period(firsts[name], self.frequency) if name in firsts else "" for name in names]
        frame = pandas.DataFrame({
            "unit": numpy.repeat(numpy.array(names, dtype=object), self.periods),
            "period": numpy.tile(numpy.array(labels, dtype=object), len(names)),
            "value": values.ravel(), "exposure": numpy.repeat(exposure, self.periods),
            "first_treated": numpy.repeat(numpy.array(treated, dtype=object), self.periods),
        }, index=pandas.RangeIndex(1, values.size + 1))  # fmt: skip
        frame.attrs["columns"] = list(COLUMNS)
        return frame

    def _mean(self, baseline: numpy.ndarray, steps: numpy.ndarray, treated: numpy.ndarray) -> numpy.ndarray:
        """Return the mean of each count, shape (units, periods)."""
        import numpy

        years = steps / PER_YEAR[self.frequency]
        course = (1 + self.trend / 100) ** years * (1 + self.season / 100 * numpy.cos(2 * numpy.pi * years))
        mean: numpy.ndarray = baseline[:, None] * course[None, :] * numpy.where(treated, 1 + self.effect / 100, 1.0)
        return mean

    def _extra(self, mean: numpy.ndarray, generator: numpy.random.Generator) -> numpy.ndarray:
        """Return gamma factors with mean 1 whose normal scores follow a first-order autoregression."""
        import numpy
        from scipy import special

        if self.dispersion == 1:
            return numpy.ones_like(mean)
        noise = generator.standard_normal(mean.shape)
        scores = noise.copy()
        kept = numpy.sqrt(1 - self.autocorrelation**2)
        for at in range(1, mean.shape[1]):
            scores[:, at] = self.autocorrelation * scores[:, at - 1] + kept * noise[:, at]
        # A mean of zero (effect -100) has no gamma shape; its count is zero whatever the factor.
        shape = numpy.maximum(mean, 1e-12) / (self.dispersion - 1)
        factors: numpy.ndarray = special.gammaincinv(shape, special.ndtr(numpy.clip(scores, -8, 8))) / shape
        return factors


def _sizes(size: float | Spread, units: int, generator: numpy.random.Generator) -> numpy.ndarray:
    import numpy

    if isinstance(size, Spread):
        return generator.uniform(size.low, size.high, units)
    return numpy.full(units, float(size))
