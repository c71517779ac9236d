"""The times that a claim compares, as far as its fields or its words say them."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from evalkit.claims.published import PublishedClaim
from evalkit.errors import EvalkitError
from evalkit.periods import first_date, parse_period

SHAPES = ("day", "month", "quarter", "financial_year", "year")
MONTHS = ("January|February|March|April|May|June|July|August|September|October|November|December|"
          "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec")  # fmt: skip
_YEAR_TO = re.compile(rf"\b(?:12 months|year)(?: ending| to| ended)? (?:to )?((?:{MONTHS})\.? \d{{4}})", re.IGNORECASE)
_DATED = re.compile(rf"\b(?:{MONTHS})\.? \d{{4}}\b|\b\d{{4}}[-/]\d{{2}}\b|\b(?:19|20)\d{{2}}\b", re.IGNORECASE)
_LENGTHS = "(month|quarter|year|week|day)s?"
_ONE_AGAINST_ONE = re.compile(rf"\b(?:one|a single) {_LENGTHS} (?:against|with|beside|to) (?:one|a single)\b"
                              rf"|\bsingle {_LENGTHS}\b", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A stretch of time.

    Attributes
    ----------
    first, last : datetime.date
    single : bool
        One month, quarter or year (12 months that end in any month are one year).
    noun : str
        month, quarter, year, or time.
    series : bool
        True where several years stand on this side, of which every one could be plotted.
    """

    first: datetime.date
    last: datetime.date
    single: bool
    noun: str
    series: bool = False

    @property
    def months(self) -> frozenset[int] | None:
        """The months of the year that it holds; None for a whole year or more."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        if count >= 12:
            return None
        return frozenset((self.first.month - 1 + step) % 12 + 1 for step in range(count))


def said_periods(claim: PublishedClaim) -> tuple[Said | None, Said | None]:
    """Return the time before and the time after: as the fields give them, else as the words do; None where neither."""
    before, after = read_stretch(claim.before_period), read_stretch(claim.after_period)
    if before is not None or after is not None or claim.compares != "two_times":
        return before, after
    return in_words(claim.words)


def read_stretch(written: str | None) -> Said | None:
    """Return a stretch as the register writes it: `2019-12`, `2021`, `2018-04 to 2019-03`; None where it is none."""
    if not written:
        return None
    begin, _, end = written.partition(" to ")
    first, last = _period(begin), _period(end or begin)
    if first is None or last is None:
        return None
    whole = Said(first.first, last.last, first.single and not end, first.noun)
    if not end:
        return whole
    length = (whole.last.year - whole.first.year) * 12 + whole.last.month - whole.first.month + 1
    noun = "year" if length == 12 else "time"
    return Said(whole.first, whole.last, length == 12, noun, series=length > 24)


def in_words(words: str) -> tuple[Said | None, Said | None]:
    """Return the earlier and the later time that a text names, where it names two; the earlier one alone for one.

    `12 months to June 2023` and `year to March 2019` are whole years.
    """
    years = [_year_to(match) for match in _YEAR_TO.findall(words)]
    rest = [_period(match) for match in _DATED.findall(_YEAR_TO.sub(" ", words))]
    found = sorted({one for one in (*years, *rest) if one is not None}, key=lambda one: (one.first, one.last))
    if not found:
        alone = _ONE_AGAINST_ONE.search(words)
        if alone:
            never = Said(datetime.date(1, 1, 1), datetime.date(1, 1, 1), True, (alone[1] or alone[2]).lower())
            return never, never
        return None, None
    return found[0], found[-1] if len(found) > 1 else None


def _year_to(month: str) -> Said | None:
    """Return the twelve months that end in a month."""
    end = _period(month)
    if end is None:
        return None
    first = datetime.date(end.last.year - (0 if end.last.month == 12 else 1), end.last.month % 12 + 1, 1)
    return Said(first, end.last, True, "year")


def _period(text: str) -> Said | None:
    """Return the calendar period that a text is, by the finest shape that fits."""
    for shape in SHAPES:
        try:
            time = parse_period(text.strip().replace(".", ""), shape)
        except (EvalkitError, OverflowError):
            continue
        end = first_date(time + 1, shape) - datetime.timedelta(days=1)
        noun = {"financial_year": "year"}.get(shape, shape)
        return Said(first_date(time, shape), end, True, noun)
    return None
