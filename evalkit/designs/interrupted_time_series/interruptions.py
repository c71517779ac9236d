"""What a study may write about the shape of a change, other changes, and periods that are taken out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from evalkit.designs.options import PeriodText
from evalkit.errors import DesignError, EvalkitError, Problem
from evalkit.periods import parse_period, words_for
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.designs.windows import Span
    from evalkit.estimation.series.segmented import Interruption as OtherTerms
    from evalkit.records import Panel

Impact = Literal["level_and_slope", "level", "slope", "pulse", "ramp", "delayed"]
Season = Literal["auto", "none", "month", "quarter", "weekday", "fourier"]
Trend = Literal["linear", "none", "quadratic", "spline"]

WITH_LENGTH = ("pulse", "ramp", "delayed")
NEEDS = {
    "pulse": "how many periods it lasts",
    "ramp": "how many periods it takes",
    "delayed": "how many periods it waits",
}


class ImpactOption(Block):
    """A shape and its length in one place."""

    shape: Impact
    length: int | None = Field(None, ge=1, description="Periods that a pulse lasts, a ramp takes or a delay waits")


class SeasonOption(Block):
    """Pairs of sine and cosine."""

    fourier: int = Field(ge=1, description="Number of pairs")


def _as_it_is(value: Any) -> Any:
    return value


ImpactWord = Annotated[Impact, BeforeValidator(_as_it_is, json_schema_input_type=Impact | ImpactOption)]
"""A word; the block that holds it has already taken a mapping apart."""

SeasonWord = Annotated[Season, BeforeValidator(_as_it_is, json_schema_input_type=Season | SeasonOption)]


class Exclusion(Block):
    """Periods that are taken out of the regression and still shown; time keeps counting."""

    from_: PeriodText = Field(alias="from", description="First period")
    to: PeriodText | None = Field(None, description="Last period; left out, the first alone")
    why: str = Field(min_length=1, description="Why, in words; printed")


class Interruption(Block):
    """Another change at a known time, which is allowed for: it stays in the counterfactual."""

    start: PeriodText = Field(description="First period of it")
    label: str = Field(min_length=1, description="Its name, printed with its terms")
    impact: ImpactWord = Field("level_and_slope", description="What it may change")
    length: int | None = Field(None, ge=1, description="Periods that a pulse lasts, a ramp takes or a delay waits")

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, values: Any) -> Any:
        return split_impact(values)

    @model_validator(mode="after")
    def _whole(self) -> Interruption:
        require_length(self.impact, self.length)
        return self


class Excluded(NamedTuple):
    """Periods that are taken out, with the reason."""

    span: Span
    why: str


def split_impact(values: Any) -> Any:
    """Return a block with ``impact: {shape, length}`` written as two options.

    Raises
    ------
    ValueError
        When the mapping has other keys, or the length is given twice.
    """
    if not isinstance(values, dict) or not isinstance(values.get("impact"), dict):
        return values
    found = values["impact"]
    if "shape" not in found or not set(found) <= {"shape", "length"}:
        raise ValueError(_other_keys("impact", found, ("shape", "length"), "{shape: pulse, length: 6}"))
    if values.get("length") is not None and found.get("length") is not None:
        raise ValueError("the length is given twice: in impact and beside it")
    return {**values, "impact": found["shape"], "length": found.get("length", values.get("length"))}


def split_season(values: Any) -> Any:
    """Return a block with ``season: {fourier: K}`` written as two options.

    Raises
    ------
    ValueError
        When the mapping has other keys, or the pairs are given twice.
    """
    if not isinstance(values, dict) or not isinstance(values.get("season"), dict):
        return values
    found = values["season"]
    if set(found) != {"fourier"} or values.get("pairs") is not None:
        raise ValueError(_other_keys("season", found, ("fourier",), "{fourier: 2}"))
    return {**values, "season": "fourier", "pairs": found["fourier"]}


def _other_keys(option: str, found: dict[str, Any], keys: tuple[str, ...], example: str) -> str:
    """Return what is wrong with a mapping in place of a word, and what its keys may have been meant to be."""
    unknown = [str(key) for key in found if key not in keys]
    close = [word for key in unknown for word in difflib.get_close_matches(key, keys, n=1)]
    has = f"{option} has {', '.join(unknown)}; " if unknown else ""
    meant = f"did you mean '{close[0]}'? " if close else ""
    return f"{has}{meant}write {option} as one word, or as {example}"


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Name the option behind a DesignError that names none, so that its line can be shown."""
    try:
        yield
    except DesignError as error:
        raise DesignError([
            problem if problem.where else replace(problem, where=where) for problem in error.problems
        ]) from None  # fmt: skip


def require_reach(impact: str, length: int | None, periods: int, frequency: str) -> None:
    """Raise when a shape ends, or begins to act, after the data do.

    Parameters
    ----------
    impact : str
    length : int or None
    periods : int
        From the start of the change to the last period that is used.
    frequency : str

    Raises
    ------
    DesignError
        With the mend.
    """
    size = length or 0
    there = f"and there {'is' if periods == 1 else 'are'} {periods} from the start on"
    asked = f"{impact} of {size} {words_for(frequency, size)}, {there}"
    if impact == "pulse" and size > periods:
        raise DesignError(f"a {asked}: its end is never seen", "use impact: level, which is the same in these data, "
                          "or give a shorter length", "design.impact")  # fmt: skip
    if impact == "ramp" and size > periods:
        raise DesignError(f"a {asked}: its lasting level is never seen", "give a shorter length, or impact: slope",
                          "design.impact")  # fmt: skip
    if impact == "delayed" and size >= periods:
        raise DesignError(f"a delay of {size} {words_for(frequency, size)}, {there}: it acts in no period of the data",
                          "give a shorter length, or bring later data", "design.impact")  # fmt: skip


def require_length(impact: str, length: int | None) -> None:
    """Raise unless a shape has the length that it needs, and no other.

    Raises
    ------
    ValueError
        With the mend.
    """
    if impact in WITH_LENGTH and length is None:
        raise ValueError(f"impact: {impact} needs `length`: {NEEDS[impact]}")
    if impact not in WITH_LENGTH and length is not None:
        raise ValueError(f"impact: {impact} has no length; leave `length` out (a variant that inherits one writes "
                         f"`length: null`), or use {', '.join(WITH_LENGTH)}")  # fmt: skip


def excluded_spans(
    panel: Panel, start: int, phase_in: int, anticipation: int, exclude: list[Exclusion]
) -> list[Excluded]:
    """Return the periods that are taken out: anticipation, phase-in, and those that the study names.

    Parameters
    ----------
    panel : Panel
        The series.
    start : int
        First period of the intervention.
    phase_in, anticipation : int
        Number of periods from the start on, and before it.
    exclude : list of Exclusion

    Raises
    ------
    DesignError
        When a stretch is no period, ends before it starts, or lies outside the data, or when anticipation or phase-in
        takes every period of its side; all of them at once.
    """
    from evalkit.designs.windows import Span

    first, last, noun = panel.times[0], panel.times[-1], words_for(panel.frequency, 2)
    if phase_in > last - start:
        raise DesignError(
            f"phase_in takes {phase_in} {noun}, and there are {last - start + 1} from the start on",
            "shorten phase_in, or bring later data", "design.phase_in",
        )  # fmt: skip
    if anticipation >= start - first:
        raise DesignError(
            f"anticipation takes {anticipation} {noun}, and there are {start - first} before the start",
            "shorten anticipation, or bring earlier data", "design.anticipation",
        )  # fmt: skip
    found = []
    if anticipation:
        found.append(Excluded(Span(start - anticipation, start - 1), "people may already have reacted (anticipation)"))
    if phase_in:
        found.append(Excluded(Span(start, start + phase_in - 1), "the intervention was being phased in"))
    problems: list[Problem] = []
    for index, one in enumerate(exclude):
        try:
            found.append(Excluded(_span(one, panel, f"design.exclude.{index}"), one.why))
        except DesignError as error:
            problems += error.problems
    if problems:
        raise DesignError(problems)
    return found


def _span(one: Exclusion, panel: Panel, where: str) -> Span:
    """Return the periods of an exclusion, which must overlap the data."""
    from evalkit.designs.windows import Span

    first = period_of(one.from_, panel, where)
    last = first if one.to is None else period_of(one.to, panel, where)
    if last < first:
        raise DesignError(f"exclude ends ({one.to}) before it starts ({one.from_})", "swap its ends", where)
    if last < panel.times[0] or first > panel.times[-1]:
        raise DesignError(
            f"exclude {panel.label(first)} to {panel.label(last)} lies outside the data, "
            f"{panel.label(panel.times[0])} to {panel.label(panel.times[-1])}",
            "correct its dates, or leave it out", where,
        )  # fmt: skip
    return Span(first, last)


def period_of(written: PeriodText, panel: Panel, where: str) -> int:
    """Return a period of the study file as an integer.

    Raises
    ------
    DesignError
        When it is no period of the panel's frequency.
    """
    try:
        return parse_period(written, panel.frequency)
    except EvalkitError as error:
        problem = error.problems[0]
        raise DesignError(problem.message, problem.mend, where) from None


def other_interruptions(panel: Panel, others: list[Interruption]) -> list[OtherTerms]:
    """Return other changes as `evalkit.estimation.series.segmented` needs them.

    Raises
    ------
    DesignError
        When one starts outside the data, or two have the same label.
    """
    from evalkit.estimation.series.segmented import Interruption as Terms

    found = []
    for index, other in enumerate(others):
        where = f"design.interruptions.{index}"
        start = period_of(other.start, panel, where)
        if not panel.times[0] <= start <= panel.times[-1]:
            raise DesignError(
                f"the interruption {other.label!r} starts in {panel.label(start)}, and the data run from "
                f"{panel.label(panel.times[0])} to {panel.label(panel.times[-1])}",
                "correct its start, or leave it out", where,
            )  # fmt: skip
        found.append(Terms(other.label, start, other.impact, other.length))
    return found
