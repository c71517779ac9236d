"""Dates that have passed: after which a study should not be used, and by which it was to be brought up to date.

A page carries no date of today, so that the same inputs give the same page. What its own dates show is said: where the
data, a signature or a release are later than such a date, it has passed whatever today is.
"""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import EvalkitError
from evalkit.periods import first_date, parse_period
from evalkit.records import Evaluation
from evalkit.report.written_dates import day_number, in_words, read_stretch

DATES = ("sunset_date", "next_update")
NOT_TODAY = "Not on this page, so that the same inputs give the same page. Hold the dates above against it."


def passed(evaluation: Evaluation) -> dict[str, str]:
    """Return those of `DATES` that the study's own dates show to have passed, in words; empty where none does."""
    block = evaluation.study.get("governance") or {}
    latest = max(known_days(evaluation), default=None)
    found = {}
    for key in DATES:
        stretch = read_stretch(block.get(key), "month")
        if stretch is not None and latest is not None and latest >= stretch.end:
            found[key] = in_words(block[key])
    return found


def known_days(evaluation: Evaluation) -> Iterator[int]:
    """Yield every day that the study knows to have come: the last of its data, reviews, signatures, releases."""
    study = evaluation.study
    yield from _data_days(evaluation)
    told = [
        (study.get("data_notes") or {}).get("retrieved"),
        (study.get("assurance") or {}).get("reviewed_on"),
        (study.get("registration") or {}).get("locked_at"),
        *(one.get("date") for one in (study.get("governance") or {}).get("sign_off") or ()),
        *(release.date for release in (evaluation.releases.history if evaluation.releases else ())),
    ]
    for written in told:
        stretch = read_stretch(written or None, "month")
        if stretch is not None:
            yield stretch.begin


def _data_days(evaluation: Evaluation) -> Iterator[int]:
    """Yield the day after the last period of real data; made data have no date of their own."""
    if evaluation.simulated or not evaluation.analyses:
        return
    frequency = evaluation.primary.frequency
    if frequency == "number":
        return
    for label in {point.period for point in evaluation.primary.result.path}:
        try:
            yield day_number(first_date(parse_period(label, frequency) + 1, frequency))
        except EvalkitError:
            continue
