"""The nouns: frozen records that pass from one step of the flow to the next.

Everything that a page may say is in `Evaluation`, and every number of it is plain data (text, numbers, tuples),
so that it can be written to result.json and read back without loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from evalkit.errors import DataError, Problem
from evalkit.periods import format_period, spell_periods

if TYPE_CHECKING:
    import numpy
    import pandas

Scale = Literal["identity", "log"]
Rule = Literal["normal", "t", "draws", "exact", "inversion", "profile"]
Verdict = Literal["no sign against", "sign against", "not run"]
Role = Literal["primary", "sensitivity", "falsification", "secondary"]
OutcomeKind = Literal["count", "rate", "proportion", "continuous", "binary"]
Better = Literal["lower", "higher", "neither"]


class Block(BaseModel):
    """A block of the YAML: unknown keys are errors, values do not change, text is kept as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False, allow_inf_nan=False)


@dataclass(frozen=True)
class Measure:
    """What the panel's values are: the outcome as a reader names it.

    Attributes
    ----------
    id, label : str
        Key in the YAML and printed name.
    unit : str
        What one value counts, such as `robberies` or `per 100,000`; may be empty.
    kind : str
        count, rate, proportion, continuous or binary.
    better : str
        lower, higher or neither.
    per : float
        A rate is printed per this many units of exposure.
    """

    id: str
    label: str
    unit: str = ""
    kind: OutcomeKind = "continuous"
    better: Better = "neither"
    per: float = 1.0


@dataclass(frozen=True, eq=False)
class Panel:
    """One tidy table: a row per unit and period.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns `unit` (text), `period` (pandas Period, or whole numbers), `time` (the same as an integer),
        `value` (float), `exposure` (float, 1 where not declared), `first_treated` (Period or NaT for never),
        `first_time` (float, NaN for never), `weight` (float), `cluster` (text) and the covariates named in
        `covariates`; sorted by unit and time, with no two rows for one unit and period
        (except repeated cross-sections, which also have `observation`).
    outcome : Measure
        What `value` is. A count is the number itself, a rate is per `outcome.per` units of exposure.
    frequency : str
        Length of a period, see `evalkit.periods.FREQUENCIES`.
    origin : str
        Where the rows came from, in words.
    sha256 : str
        Hash of the bytes that were read.
    covariates : tuple of str
        Names of the extra columns.
    gaps : tuple of (int, str, str or None)
        Declared holes: time, reason, and the one unit that has it (none: every unit).
    simulated : bool
        True when the values were made by a random generator.
    notes : tuple of str
        What the source did on the way (rows filtered, summed, dropped), in sentences.
    """

    frame: pandas.DataFrame
    outcome: Measure
    frequency: str
    origin: str = ""
    sha256: str = ""
    covariates: tuple[str, ...] = ()
    gaps: tuple[tuple[int, str, str | None], ...] = ()
    simulated: bool = False
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    @property
    def units(self) -> list[str]:
        """Units in the order of the table."""
        return list(dict.fromkeys(self.frame["unit"]))

    @property
    def treated_units(self) -> list[str]:
        """Units that are treated at some time."""
        return list(dict.fromkeys(self.frame.loc[self.frame["first_time"].notna(), "unit"]))

    @property
    def times(self) -> list[int]:
        """Distinct periods as integers, ascending."""
        return sorted(int(time) for time in self.frame["time"].unique())

    def label(self, time: int) -> str:
        """Return a period as it stands in result.json, such as 2022-12."""
        return format_period(time, self.frequency)

    def holes(self, first: int, last: int) -> list[tuple[str, list[int]]]:
        """Return the units that lack periods from `first` to `last`, and which; declared gaps do not count."""
        found = self.frame.groupby("unit", sort=False)["time"].agg(set)
        missing = []
        for unit, have in found.items():
            declared = {time for time, _, whose in self.gaps if whose in (None, unit)}
            missing.append((str(unit), [time for time in range(first, last + 1) if time not in have | declared]))
        return [(unit, times) for unit, times in missing if times]

    def require_complete(self, first: int | None = None, last: int | None = None) -> None:
        """Check that every unit has every period of a window (all periods of the panel when none is given).

        Raises
        ------
        DataError
            Naming each unit and its missing periods, all at once.
        """
        times = self.times
        holes = self.holes(times[0] if first is None else first, times[-1] if last is None else last)
        if holes:
            raise DataError([
                Problem(f"{unit or 'the series'} has no rows for {spell_periods(missing, self.frequency)}",
                        "declare gaps with a reason, or drop the unit", "unit x period")
                for unit, missing in holes
            ])  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty, by one stated rule.

    Attributes
    ----------
    value : float
        The estimate on `scale`.
    label, unit : str
        What it is, in words.
    se, df : float or None
        Standard error and degrees of freedom, null where the rule has none.
    low, high : float or None
        Bounds at confidence `level`; never relabelled at another level.
    p_value : float or None
        Two-sided, against zero on `scale`.
    level : float
        Confidence level of the bounds.
    scale : {'identity', 'log'}
        `log`: the value is a log ratio; `percent` gives the change in percent.
    rule : str
        Where bounds and p-value come from: normal, t, draws, exact, inversion or profile.
    draws : numpy.ndarray or None
        Draws of the estimate (one-dimensional); never written to result.json.
    """

    value: float
    label: str = ""
    unit: str = ""
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    level: float = 0.95
    scale: Scale = "identity"
    rule: Rule = "normal"
    draws: numpy.ndarray | None = field(default=None, repr=False, compare=False, metadata={"stored": False})

    @classmethod
    def from_standard_error(
        cls, value: float, se: float, df: float | None = None, *, level: float = 0.95, **words: Any
    ) -> Estimate:
        """Return value +- quantile x se, with the t quantile when `df` is given and the normal one otherwise."""
        from scipy import stats

        reference = stats.norm() if df is None or math.isinf(df) else stats.t(df)
        quantile = float(reference.ppf((1 + level) / 2))
        p_value = float(2 * reference.sf(abs(value) / se)) if se > 0 else None
        rule: Rule = "normal" if df is None or math.isinf(df) else "t"
        return cls(value, se=se, df=None if rule == "normal" else df, low=value - quantile * se,
                   high=value + quantile * se, p_value=p_value, level=level, rule=rule, **words)  # fmt: skip

    @classmethod
    def from_draws(cls, value: float, draws: numpy.ndarray, *, level: float = 0.95, **words: Any) -> Estimate:
        """Return bounds as equal-tailed quantiles of `draws`; the standard error is their standard deviation."""
        import numpy

        low, high = numpy.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        return cls(value, se=float(numpy.std(draws, ddof=1)), low=float(low), high=float(high), level=level,
                   rule="draws", draws=draws, **words)  # fmt: skip

    def sample(self, size: int, generator: numpy.random.Generator) -> numpy.ndarray:
        """Return `size` draws of the estimate by its own rule.

        Stored draws are reused by resampling. Bounds without a standard error (exact, inversion, profile) give a
        two-piece normal with those bounds as its quantiles.

        Raises
        ------
        ValueError
            When there are neither draws, nor a standard error, nor two finite bounds.
        """
        from scipy import stats

        if self.draws is not None:
            return self.draws[generator.integers(0, len(self.draws), size)]
        if self.se is not None and self.rule in ("normal", "t"):
            noise = generator.standard_normal(size) if self.df is None else generator.standard_t(self.df, size)
            drawn: numpy.ndarray = self.value + self.se * noise
            return drawn
        if self.low is None or self.high is None or not math.isfinite(self.low + self.high):
            raise ValueError("the estimate has no finite interval to draw from")
        import numpy

        quantile = float(stats.norm.ppf((1 + self.level) / 2))
        noise = generator.standard_normal(size)
        spread = numpy.where(noise < 0, self.value - self.low, self.high - self.value) / quantile
        return numpy.asarray(self.value + spread * noise)

    def times(self, factor: float, unit: str | None = None) -> Estimate:
        """Return the estimate multiplied by a number; bounds and draws move with it, p-value stays."""
        return self._moved(lambda x: x * factor, abs(factor), unit)

    def plus(self, shift: float, unit: str | None = None) -> Estimate:
        """Return the estimate with a number added; the p-value (against zero) no longer holds and is dropped."""
        return replace(self._moved(lambda x: x + shift, 1.0, unit), p_value=None)

    def percent(self) -> Estimate:
        """Return the change in percent, 100 (exp(value) - 1), of a log ratio.

        Raises
        ------
        ValueError
            When the estimate is not on the log scale.
        """
        if self.scale != "log":
            raise ValueError("only a log ratio can be read as a percentage change")
        moved = self._moved(lambda x: 100 * _expm1(x), None, "percent")
        return replace(moved, scale="identity", se=None, df=None)

    def _moved(self, change: Any, factor: float | None, unit: str | None) -> Estimate:
        ends = [None if bound is None else change(bound) for bound in (self.low, self.high)]
        low, high = ends
        if low is not None and high is not None and low > high:
            low, high = high, low
        se = None if self.se is None or factor is None else self.se * factor
        draws = None if self.draws is None else change(self.draws)
        return replace(self, value=change(self.value), low=low, high=high, se=se, draws=draws,
                       unit=self.unit if unit is None else unit)  # fmt: skip


@dataclass(frozen=True)
class Diagnostic:
    """What was assumed, what was looked at and what was seen.

    Attributes
    ----------
    name : str
        Snake-case name, stable.
    assumption : str
        What would have to be true, in words for a reader.
    verdict : str
        no sign against, sign against, or not run. Never "passed": a check cannot prove an assumption.
    reading : str
        One sentence: what was seen.
    statistic, low, high, p_value : float or None
    key : bool
        A sign against a key check makes the headline unreliable and caps the level of evidence.
    looked_at : str
        What was looked at, in words for a reader.
    short : str
        A sign against in one short plain sentence for a first page: no statistics, no capital, no full stop, at most
        14 words. Empty where there is none.
    """

    name: str
    assumption: str
    verdict: Verdict
    reading: str
    statistic: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    key: bool = False
    looked_at: str = ""
    short: str = ""


@dataclass(frozen=True)
class PathPoint:
    """One period of the observed and the expected path of a group of units."""

    unit: str
    period: str
    observed: float | None
    counterfactual: float | None = None
    low: float | None = None
    high: float | None = None
    fitted: float | None = None


@dataclass(frozen=True)
class Coefficient:
    """One term of the model."""

    term: str
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class EventTime:
    """The effect at one distance from the first treated period (0), with pointwise and simultaneous bounds."""

    time: int
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    simultaneous_low: float | None = None
    simultaneous_high: float | None = None


@dataclass(frozen=True)
class Result:
    """What every design returns: an effect and a counterfactual path.

    Attributes
    ----------
    estimand : str
        What is estimated, in words.
    standard_errors : str
        The standard-error rule, in words.
    effect : Estimate
        Average over treated post-periods of fitted minus counterfactual, on the stated scale.
    relative : Estimate or None
        The effect in percent of the counterfactual.
    absolute : Estimate or None
        Per unit and period, in the outcome's own unit.
    averted : Estimate or None
        Counterfactual minus fitted over all treated unit-periods: positive means fewer than expected.
    path : tuple of PathPoint
        By unit group and period.
    path_without_season : tuple of PathPoint
        The same with the usual season taken out, where a season was fitted; for drawing.
    coefficients, event_study, weights, decomposition, inference, fit
        Where the design has them.
    n_observations, n_units, n_treated_units, n_pre_periods, n_post_periods : int
    dropped : tuple of (str, str)
        Units left out, each with the reason.
    """

    estimand: str
    standard_errors: str
    effect: Estimate
    relative: Estimate | None = None
    absolute: Estimate | None = None
    averted: Estimate | None = None
    path: tuple[PathPoint, ...] = ()
    path_without_season: tuple[PathPoint, ...] = ()
    coefficients: tuple[Coefficient, ...] = ()
    event_study: tuple[EventTime, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    inference: Mapping[str, Any] | None = None
    fit: Mapping[str, Any] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    n_observations: int = 0
    n_units: int = 0
    n_treated_units: int = 0
    n_pre_periods: int = 0
    n_post_periods: int = 0
    dropped: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Design(Protocol):
    """A way to estimate: a frozen model whose fields are its YAML options."""

    kind: str
    title: ClassVar[str]
    assumptions: ClassVar[tuple[str, ...]]
    checks: ClassVar[tuple[str, ...]]

    def resolve(self, panel: Panel) -> Design:
        """Return the design with every option that depends on the data filled in."""
        ...

    def estimate(self, panel: Panel) -> Result:
        """Return effect, counterfactual path and checks for a panel."""
        ...


@dataclass(frozen=True)
class Analysis:
    """One analysis of a study: the primary one, or a sensitivity, falsification or secondary one.

    Attributes
    ----------
    id, role, label : str
    outcome : Measure
    design : mapping
        `kind` and every option as resolved.
    result : Result
    frequency, simulated, origin, notes
        From the panel.
    first_treated : str
        First treated period as text, empty when there is none.
    outcome_role : str
        primary, secondary, harm, process or negative_control.
    """

    id: str
    role: Role
    label: str
    outcome: Measure
    design: Mapping[str, Any]
    result: Result
    frequency: str = "month"
    first_treated: str = ""
    simulated: bool = False
    origin: str = ""
    notes: tuple[str, ...] = ()
    outcome_role: str = "primary"


@dataclass(frozen=True)
class MoneyLine:
    """One line of costs or benefits.

    Attributes
    ----------
    item, side, payer : str
        What; `cost` or `benefit`; who pays or who gains.
    present_value : float or None
        In pounds of the price base, discounted to the base year. Positive on both sides. Not a number, or null once
        read back, when it is not known or may not be claimed.
    low, high : float or None
        Interval of a benefit that rests on the estimated effect, at the level of the effect.
    unit_cost, unit_cost_printed : float or None
        Per event in the price base; as printed in its own price year.
    price_year, edition, source, status, note : str
        Where the figure comes from. Status: primary, secondary, memory (see data/README.md) or declared.
    kind : str
        fiscal, economic or social.
    """

    item: str
    side: Literal["cost", "benefit"]
    payer: str
    present_value: float | None
    low: float | None = None
    high: float | None = None
    unit_cost: float | None = None
    unit_cost_printed: float | None = None
    price_year: str = ""
    edition: str = ""
    source: str = ""
    status: str = "declared"
    kind: str = "social"
    note: str = ""


@dataclass(frozen=True)
class MoneyYear:
    """Costs and benefits of one year: undiscounted in the price base, and the discount factor."""

    year: str
    cost: float | None
    benefit: float | None
    discount_factor: float


@dataclass(frozen=True)
class Appraisal:
    """What it cost, what the effect is worth, and how sure that is.

    Attributes
    ----------
    cost, benefit, net_present_social_value : Estimate
        Present values in pounds of the price base.
    ratio : Estimate or None
        Benefits over costs; null when `ratio_withheld` says why there is none.
    ratio_withheld : str
    probability_positive : float or None
        Share of draws in which benefits exceed costs.
    break_even : mapping or None
        The effect at which benefits equal costs: {value, unit, percent, sentence}.
    by_year : tuple of MoneyYear
    by_payer : tuple of (str, float, float)
        Payer or gainer, cost, benefit (present values).
    by_kind : tuple of (str, float, float)
        Fiscal, economic and social, always these three: kind, cost, benefit (present values).
    lines : tuple of MoneyLine
    price_base, base_year, discounting, deflator : str
    unpriced : tuple of str
        Effects that are named and not priced.
    cautions : tuple of str
        Sentences that must stand beside the figures.
    draws : numpy.ndarray or None
        Draws of the net present social value; never written to result.json.
    """

    cost: Estimate
    benefit: Estimate | None
    net_present_social_value: Estimate | None
    ratio: Estimate | None = None
    ratio_withheld: str = ""
    probability_positive: float | None = None
    break_even: Mapping[str, Any] | None = None
    by_year: tuple[MoneyYear, ...] = ()
    by_payer: tuple[tuple[str, float | None, float | None], ...] = ()
    by_kind: tuple[tuple[str, float | None, float | None], ...] = ()
    lines: tuple[MoneyLine, ...] = ()
    price_base: str = ""
    base_year: str = ""
    discounting: str = ""
    deflator: str = ""
    analysis: str = ""
    unpriced: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    draws: numpy.ndarray | None = field(default=None, repr=False, compare=False, metadata={"stored": False})


@dataclass(frozen=True)
class DataInput:
    """One input as it was read."""

    name: str
    sha256: str
    rows: int
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Provenance:
    """What went in: hashes of study file, protocol, data and code, package versions, seed."""

    spec_sha256: str
    protocol_sha256: str
    data: tuple[DataInput, ...]
    code_version: str
    packages: Mapping[str, str]
    seed: int


@dataclass(frozen=True)
class Failure:
    """An analysis that could not be computed, with the reason."""

    id: str
    role: Role
    label: str
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """All that a page may say about one study.

    Attributes
    ----------
    id : str
        Name of the study file without its ending.
    study : mapping
        Everything that the YAML says, with every default filled in, as plain data.
    analyses : tuple of Analysis
        The primary one first, then in the order of the study file.
    failures : tuple of Failure
        Analyses other than the primary one that could not be computed, with the reason.
    appraisal : Appraisal or None
    evidence : mapping
        `design`, `data` and `repeating`, each {score, of, reason}; `level_cap` says why a level was lowered.
    claims : tuple of mapping
        Published claims as printed, recomputed and beside what this study finds.
    provenance : Provenance or None
    """

    id: str
    study: Mapping[str, Any]
    analyses: tuple[Analysis, ...]
    failures: tuple[Failure, ...] = ()
    appraisal: Appraisal | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[Mapping[str, Any], ...] = ()
    provenance: Provenance | None = None

    @property
    def title(self) -> str:
        """Title of the study."""
        return str(self.study["title"])

    @property
    def level(self) -> str:
        """monitoring, interim or impact."""
        return str(self.study["level"])

    @property
    def primary(self) -> Analysis:
        """The analysis that the headline rests on."""
        return next(analysis for analysis in self.analyses if analysis.role == "primary")

    @property
    def simulated(self) -> bool:
        """True when any number of the study comes from simulated data."""
        return any(analysis.simulated for analysis in self.analyses)

    def analysis(self, id: str = "primary") -> Analysis:  # noqa: A002 - the word that the YAML uses
        """Return one analysis by its id.

        Raises
        ------
        KeyError
            When there is no such analysis; the message lists those there are.
        """
        for analysis in self.analyses:
            if analysis.id == id:
                return analysis
        raise KeyError(f"no analysis {id!r}; there are {', '.join(a.id for a in self.analyses)}")

    def effects(self) -> pandas.DataFrame:
        """Return one row per analysis: effect with its interval, relative, absolute and averted."""
        import pandas

        rows = []
        for analysis in self.analyses:
            row: dict[str, Any] = {"id": analysis.id, "role": analysis.role, "label": analysis.label,
                                   "outcome": analysis.outcome.id, "design": analysis.design["kind"]}  # fmt: skip
            for name in ("effect", "relative", "absolute", "averted"):
                estimate = getattr(analysis.result, name)
                row |= {name: estimate and estimate.value, f"{name}_low": estimate and estimate.low,
                        f"{name}_high": estimate and estimate.high}  # fmt: skip
            row |= {"scale": analysis.result.effect.scale, "p_value": analysis.result.effect.p_value}
            rows.append(row)
        return pandas.DataFrame(rows)

    def path(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return observed and expected path of one analysis, one row per group and period."""
        return _frame(self.analysis(id).result.path)

    def coefficients(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return the model's terms, one row each."""
        return _frame(self.analysis(id).result.coefficients)

    def event_study(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return the effect by distance from the first treated period, one row each."""
        return _frame(self.analysis(id).result.event_study)

    def diagnostics(self) -> pandas.DataFrame:
        """Return every check of every analysis, one row each."""
        import pandas

        frames = [_frame(a.result.diagnostics).assign(analysis=a.id) for a in self.analyses if a.result.diagnostics]
        return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()


def _frame(records: tuple[Any, ...]) -> pandas.DataFrame:
    import dataclasses

    import pandas

    return pandas.DataFrame([dataclasses.asdict(record) for record in records])


def _expm1(value: Any) -> Any:
    if isinstance(value, float | int):
        try:
            return math.expm1(value)
        except OverflowError:
            return math.inf
    import numpy

    return numpy.expm1(value)
