"""Finding a study: what can be chosen from, and the words of every page, kept in the list itself.

A page opened from a folder may not read other files, so the words stand in the page. They are letters only: no
number of a study gets into them, and so many as keep the page small.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.periods import first_date, parse_period
from evalkit.records import Evaluation
from evalkit.report import summary
from evalkit.report.ladder import read
from evalkit.report.site.about import area_of, outcomes_of, programme_of, status_of
from evalkit.report.site.library import Library, grouped, plain
from evalkit.report.templates import find_template
from evalkit.report.words import capital, headline

STATUSES = ("final", "interim", "registered", "draft", "withdrawn")
"""In the order of a list that is sorted by status."""
MOST_LETTERS = 6_000
"""Most letters of one study's page that can be searched."""
ALL_LETTERS = 150_000
"""Most letters of all pages together: the list must stay small enough to send."""
LONGEST_CHOICE = 60
BOXES = ("programme", "area", "outcome", "status")
"""What the list of studies can be filtered by, in the order of its form."""
ORDERS = {"kind": "by_kind", "title": "by_title", "data": "by_data", "status": "by_status"}
"""Ways to order the list of studies, with their words; the first is that of the list without a script."""
_WORD = re.compile(r"[^\W\d_][^\W_]{2,}")
_NOT_PRINTED = ("design", "sensitivity", "falsification", "intervention", "evalkit", "disclosure")
"""Blocks of the study file that hold options, not words."""


@dataclass(frozen=True)
class Finder:
    """What a list's script works with.

    Attributes
    ----------
    choices : mapping
        For each select box its (value, text) pairs; one with a single value is left out, since it parts nothing.
    texts : str
        Words of every page by the row's id, as JSON that is safe inside a page.
    script, policy : str
        The script, and the words that let a browser run it and no other.
    words : str
        Group of the catalogue that holds the words of its form.
    orders : mapping
        Ways to order the list, each with the name of its word.
    """

    choices: Mapping[str, Sequence[tuple[str, str]]]
    texts: str
    script: str
    policy: str
    words: str = "find"
    orders: Mapping[str, str] = field(default_factory=lambda: ORDERS)

    def of_row(self, evaluation: Evaluation) -> dict[str, str]:
        """Return what the script reads from a study's row, by attribute."""
        status = status_of(evaluation)
        return {
            "title": summary.short_title(evaluation),
            "data": last_day(evaluation),
            "standing": str(STATUSES.index(status) if status in STATUSES else len(STATUSES)),
            **{name: " ".join(value_of(text) for text in texts) for name, texts in _facets(evaluation).items()},
        }


def finder(library: Library, evaluations: Sequence[Evaluation]) -> Finder:
    """Return what is needed to search and filter the list of studies."""
    pairs: dict[str, list[tuple[str, Any]]] = {}
    for evaluation in evaluations:
        for name, texts in _facets(evaluation).items():
            pairs.setdefault(name, []).extend((text, None) for text in texts)
    choices = {name: [(value_of(text), cut(text)) for text, _ in grouped(found).values()]
               for name, found in pairs.items()}  # fmt: skip
    if "status" in choices:
        choices["status"].sort(key=lambda choice: STATUSES.index(choice[0]) if choice[0] in STATUSES else 9)
    share = min(MOST_LETTERS, ALL_LETTERS // max(len(evaluations), 1))
    pages = {f"study-{evaluation.id}": words_of(evaluation, share) for evaluation in evaluations}
    return Finder(
        {name: choices[name] for name in BOXES if len(choices.get(name, ())) > 1},
        json.dumps(pages, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        *list_script(library),
    )


def list_script(library: Library) -> tuple[str, str]:
    """Return the script of a list, and the words that let a browser run it and no other."""
    text = find_template("site.js", library.project).read_text("utf-8")
    script = "\n".join(line for line in text.splitlines() if line.strip())
    return script, f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def words_of(evaluation: Evaluation, most: int = MOST_LETTERS) -> str:
    """Return the different words of a study's page, without accents and capitals, the first ones where too many."""
    found: dict[str, None] = {}
    length = 0
    for text in _texts(evaluation):
        for word in _WORD.findall(_folded(text)):
            if word not in found:
                length += len(word) + 1
                if length > most:
                    return " ".join(found)
                found[word] = None
    return " ".join(found)


def last_day(evaluation: Evaluation) -> str:
    """Return the first day of the last period with data, as in 1984-12-01; empty where there are no real data."""
    if not evaluation.analyses or evaluation.simulated:
        return ""
    primary = evaluation.primary
    times = [parse_period(point.period, primary.frequency) for point in primary.result.path]
    return first_date(max(times), primary.frequency).isoformat() if times else ""


def _facets(evaluation: Evaluation) -> dict[str, list[str]]:
    """Return what a study can be filtered by."""
    one = {"programme": programme_of(evaluation), "area": area_of(evaluation)}
    return {**{name: [text] for name, text in one.items() if text}, "outcome": outcomes_of(evaluation),
            "status": [status_of(evaluation).capitalize()]}  # fmt: skip


def _texts(evaluation: Evaluation) -> Iterator[str]:
    """Yield the texts of a study's page, the most telling first; numbers of a rehearsal are no results."""
    study = evaluation.study
    yield from (evaluation.title, str(study.get("short_title") or ""), str(study["question"]))
    if not evaluation.simulated:
        yield headline(evaluation).text
        yield from summary.cannot_say(evaluation, read(evaluation))
    for analysis in evaluation.analyses:
        yield from (analysis.label, analysis.outcome.label)
    for name, block in study.items():
        if name not in _NOT_PRINTED:
            yield from _strings(block)


def _strings(block: Any) -> Iterator[str]:
    if isinstance(block, str):
        yield block
    elif isinstance(block, Mapping):
        for value in block.values():
            yield from _strings(value)
    elif isinstance(block, list | tuple):
        for value in block:
            yield from _strings(value)


def _folded(text: str) -> str:
    """Return a text in small letters without accents, as the script reads what is typed."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in parts if not "\u0300" <= sign <= "\u036f").lower()


def value_of(text: str) -> str:
    """Return the value of a choice: one word for the address of the page."""
    return plain(text).replace(" ", "-") or "-"


def cut(text: str) -> str:
    """Return a text as a choice of a select box, no longer than one may be."""
    text = capital(text)
    return text if len(text) <= LONGEST_CHOICE else f"{text[: LONGEST_CHOICE - 1].rstrip()}…"
