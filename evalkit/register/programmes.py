"""data/programmes.yaml: every programme that somebody may want evaluated, and what a study of it would need."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from evalkit.errors import Problem
from evalkit.records import Block
from evalkit.register.reading import Read, RegisterError, read_register, wrong_ids
from evalkit.spec.texts import Date, Text, Texts

FILE = "data/programmes.yaml"
Precision = Literal["day", "month", "year", "unknown"]
Status = Literal["primary", "secondary", "memory"]
Feasible = Literal["before_after", "interrupted_time_series", "difference_in_differences", "none"]
Tier = Literal["primary", "secondary", "tertiary", "enforcement"]
_YEAR, _MONTH, _DAY = re.compile(r"\d{4}(/\d{2})?"), re.compile(r"\d{4}-\d{2}"), re.compile(r"\d{4}-\d{2}-\d{2}")


def _printed_date(value: object) -> object:
    """Return a date as text, if it is a day, a month or a year."""
    text = str(value) if isinstance(value, int) else value
    if not isinstance(text, str):
        return value
    try:
        if _DAY.fullmatch(text):
            datetime.date.fromisoformat(text)
        elif _MONTH.fullmatch(text):
            datetime.date.fromisoformat(f"{text}-01")
        elif not _YEAR.fullmatch(text):
            raise ValueError
    except ValueError:
        raise ValueError(f"{text!r} is no date; write a day (2022-07-01), a month (2022-07) or a year (2022 or "
                         "2021/22)") from None  # fmt: skip
    return text


PrintedDate = Annotated[str, BeforeValidator(_printed_date)]


class Document(Block):
    """A document that names programmes."""

    title: Text
    publisher: Text
    period: Date = Field(description="What time it is about, such as 2024 to 2027")
    gaps: str | None = Field(None, description="What of it could not be read")


class Phase(Block):
    """One printed start."""

    date: PrintedDate = Field(description="A day, a month or a year, no finer than it is printed")
    what: str | None = Field(None, description="What or where started then, when there are several")

    @property
    def precision(self) -> Precision:
        """How fine the date is."""
        return "day" if _DAY.fullmatch(self.date) else "month" if _MONTH.fullmatch(self.date) else "year"


class Elsewhere(Block):
    """A start that another source gives."""

    date: Text = Field(description="As that source has it; there may be several")
    source: Text
    status: Status = Field(description="How far it was checked against that source")


class Start(Block):
    """When it started, as the document prints it."""

    dates: list[Phase] = Field([], description="Printed starts; left out where none is printed")
    printed: Texts = Field([], description="The words of the document, quoted")
    printed_in: Text | None = Field(None, description="Id of the document of these words, where it is another one")
    elsewhere: Elsewhere | None = None
    note: str | None = None

    @property
    def precision(self) -> Precision:
        """How fine the first printed start is; unknown where none is printed."""
        return self.dates[0].precision if self.dates else "unknown"


class Programme(Block):
    """One programme or system: what is known of it, and what a study of it would need."""

    name: Text = Field(max_length=200)
    area: Text = Field(description="Where")
    document: Text = Field(description="Id of the document that names it")
    place: Text = Field(description="Where in that document: page or section")
    start: Start = Field(description="When it started, as printed; {} where nothing is printed")
    people: Text = Field(description="Whom it is for")
    tier: Tier = Field(description="Prevention before violence, at first signs, or after it; or enforcement")
    outcomes: Texts = Field([], description="What it should change")
    process: Texts = Field([], description="What it does or reaches, which is no outcome")
    design: Feasible = Field(description="The strongest design that could be had")
    how: str | None = Field(None, description="How that design would be done")
    comparison: str | None = Field(None, description="What it could be set against; left out: the document names none")
    data_needed: Texts = Field(min_length=1, description="What a study would need")
    threats: Texts = Field(min_length=1, description="What would mislead")
    studies: Texts = Field([], description="Ids of studies of it in evaluations/")
    status: Status = Field(description="How far this entry was held against its document")
    note: str | None = None


class Programmes(Block):
    """The register of programmes."""

    evalkit: Literal[1] = Field(description="Version of the register's shape")
    documents: dict[str, Document] = Field(min_length=1)
    programmes: dict[str, Programme] = Field(min_length=1)


def read_programmes(project: Path) -> Read[Programmes] | None:
    """Return the register of programmes of a project; None where it has none.

    Raises
    ------
    RegisterError
        When the file is wrong, or names a document that it does not describe.
    """
    found = read_register(project, FILE, Programmes)
    if found is None:
        return None
    model, document = found.model, found.document
    problems: list[Problem] = wrong_ids(document, ("programmes",), list(model.programmes))
    known = ", ".join(model.documents)
    for name, programme in model.programmes.items():
        named = {("document",): programme.document, ("start", "printed_in"): programme.start.printed_in}
        problems += [document.problem(f"{text!r} is no document of this register", f"one of {known}",
                                      ("programmes", name, *keys))
                     for keys, text in named.items() if text is not None and text not in model.documents]  # fmt: skip
    if problems:
        raise RegisterError(problems)
    return found
