"""data/measures.yaml: what strategies say they will be judged by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field

from evalkit.errors import Problem
from evalkit.records import Block
from evalkit.register.programmes import Status
from evalkit.register.reading import Read, RegisterError, read_register, wrong_ids
from evalkit.spec.texts import Date, Text, Texts

FILE = "data/measures.yaml"


class Target(Block):
    """What is to be reached."""

    text: Text = Field(description="As the strategy prints it, such as -20%")
    value: float | None = Field(None, description="Its number; left out where it has none")
    unit: Literal["percent", "points", "count", "not_stated"] | None = Field(
        None, description="Percent of the baseline, percentage points, a count; not_stated where that is left open"
    )


class Baseline(Block):
    """What it is set against."""

    text: Text = Field(description="As the strategy prints it")
    value: float | None = None
    unit: str | None = Field(None, description="What is counted, such as people; percent for a share")


class Measure(Block):
    """One measure of success."""

    wording: Text = Field(description="As the strategy prints it, word for word")
    outcome: Text = Field(description="A short name, so that the same measure of two strategies can be found")
    direction: Literal["decrease", "increase", "none"] = Field(description="Which way is better")
    kind: Literal["outcome", "output", "input", "process", "pending"] = Field(
        description="Whether it counts change, activity, means or delivery; pending: no measure is named yet"
    )
    target: Target | None = None
    baseline: Baseline | None = None
    deadline: Date | None = Field(None, description="By when, as the measure itself says")
    data_named: str | None = Field(None, description="Source of data that the measure names")
    missing: Texts = Field([], description="What else it leaves open")
    status: Status = Field(description="How far this entry was held against the strategy")
    note: str | None = None


class Strategy(Block):
    """A strategy and its measures of success."""

    name: Text = Field(description="As studies name it")
    also: Texts = Field([], description="Further names that studies may use")
    publisher: Text
    period: Date
    place: Text = Field(description="Where in it the measures stand: page or section")
    note: str | None = None
    measures: dict[str, Measure] = Field(min_length=1)

    def worded(self, wording: str) -> Measure | None:
        """Return the measure of these words, however they are set; None for words that no measure has."""
        return next((each for each in self.measures.values() if same(each.wording) == same(wording)), None)


class Measures(Block):
    """Measures of success, by strategy."""

    evalkit: Literal[1] = Field(description="Version of the register's shape")
    strategies: dict[str, Strategy] = Field(min_length=1)

    def named(self, name: str) -> tuple[str, Strategy] | None:
        """Return the id of a strategy and what it says, by one of its names; None for one that is not here."""
        wanted = same(name)
        return next(((key, strategy) for key, strategy in self.strategies.items()
                     if wanted in map(same, (strategy.name, *strategy.also))), None)  # fmt: skip


def read_measures(project: Path) -> Read[Measures] | None:
    """Return the measures of success of a project; None where it has none.

    Raises
    ------
    RegisterError
        When the file is wrong, or two strategies have the same name, or two measures the same id or words.
    """
    found = read_register(project, FILE, Measures)
    if found is None:
        return None
    document, strategies = found.document, found.model.strategies
    problems: list[Problem] = wrong_ids(document, ("strategies",), list(strategies))
    names: set[str] = set()
    ids: set[str] = set()
    for key, strategy in strategies.items():
        path = ("strategies", key)
        problems += wrong_ids(document, (*path, "measures"), list(strategy.measures))
        own = {same(name) for name in (strategy.name, *strategy.also)}
        if own & names:
            problems.append(document.problem("another strategy has this name too", "take one out", (*path, "name")))
        names |= own
        wordings: set[str] = set()
        for name, measure in strategy.measures.items():
            if name in ids:
                problems.append(document.problem("another measure has this id too", "give it its own",
                                                 (*path, "measures", name), at_key=True))  # fmt: skip
            if same(measure.wording) in wordings:
                problems.append(document.problem("another measure has these words too", "keep one",
                                                 (*path, "measures", name, "wording")))  # fmt: skip
            ids.add(name)
            wordings.add(same(measure.wording))
    if problems:
        raise RegisterError(problems)
    return found


def same(text: str) -> str:
    """Return a text without capitals, signs and double spaces: two ways of writing it are the same."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())
