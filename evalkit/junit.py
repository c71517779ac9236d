"""What became of each study as JUnit XML, which every CI can show: a test case for each study, and one for the site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evalkit.errors import Problem
from evalkit.freshness import Outcome

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold; a name in the data may hold them."""


def junit_text(outcomes: Sequence[Outcome], faults: Sequence[Problem] = ()) -> str:
    """Return what became of each study as JUnit XML: up to date counts as skipped, and no time is told.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What became of each study.
    faults : sequence of Problem
        What kept pages from being written; they stand in a case of their own.
    """
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    unchanged = [outcome for outcome in outcomes if outcome.state == "unchanged"]
    counts = {"tests": len(outcomes) + bool(faults), "failures": len(failed) + bool(faults), "errors": 0,
              "skipped": len(unchanged)}  # fmt: skip
    attributes = {"name": "evalkit", **{name: str(count) for name, count in counts.items()}}
    root = Element("testsuites", attributes)
    suite = SubElement(root, "testsuite", attributes)
    for outcome in outcomes:
        case = SubElement(suite, "testcase", {"classname": "evalkit.studies", "name": _text(outcome.id)})
        if outcome.state == "failed":
            _add_failure(case, outcome.problems, outcome.heading)
        elif outcome.state == "unchanged":
            SubElement(case, "skipped", {"message": "up to date"})
        elif outcome.reasons:
            SubElement(case, "system-out").text = _text("; ".join(outcome.reasons))
    if faults:
        _add_failure(SubElement(suite, "testcase", {"classname": "evalkit.site", "name": "pages"}), faults)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def write_junit(path: Path, outcomes: Sequence[Outcome], faults: Sequence[Problem] = ()) -> None:
    """Write `junit_text` to a file, whole or not at all."""
    from evalkit.archive import write_whole

    write_whole(path, junit_text(outcomes, faults))


def _add_failure(case: Element, problems: Iterable[Problem], heading: str = "") -> None:
    words = [str(problem) for problem in problems]
    failure = SubElement(case, "failure", {"type": heading or "problem", "message": _text((words or ["failed"])[0])})
    failure.text = _text("\n".join(words))


def _text(text: str) -> str:
    """Return text as XML can hold it."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
