"""What became of each study as JUnit XML, which every CI can show: a test case for each study, and one for the site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evalkit.errors import Problem
from evalkit.freshness import Outcome, stands
from evalkit.terminal import Progress, outcome_rows, print_json
from evalkit.whole_files import write_whole

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold; a name in the data may hold them."""
NOT_RUN = "not run"
"""State of a study to which a run that was stopped did not come."""
_SKIPPED = {"unchanged": "up to date", NOT_RUN: "not run: the run was stopped before", "waiting": "waiting for data",
            "gone": "no study file"}  # fmt: skip
"""States that JUnit calls skipped, and what is said of them."""


def junit_text(outcomes: Sequence[Outcome], faults: Sequence[Problem] = ()) -> str:
    """Return what became of each study as JUnit XML: up to date, or not run, counts as skipped; no time is told.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What became of each study.
    faults : sequence of Problem
        What kept pages from being written; they stand in a case of their own.
    """
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    skipped = [outcome for outcome in outcomes if outcome.state in _SKIPPED]
    counts = {"tests": len(outcomes) + bool(faults), "failures": len(failed) + bool(faults), "errors": 0,
              "skipped": len(skipped)}  # fmt: skip
    attributes = {"name": "evalkit", **{name: str(count) for name, count in counts.items()}}
    root = Element("testsuites", attributes)
    suite = SubElement(root, "testsuite", attributes)
    for outcome in outcomes:
        case = SubElement(suite, "testcase", {"classname": "evalkit.studies", "name": _text(outcome.id)})
        if outcome.state == "failed":
            _add_failure(case, outcome.problems, outcome.heading)
        elif outcome.state in _SKIPPED:
            SubElement(case, "skipped", {"message": _SKIPPED[outcome.state]})
        elif outcome.reasons:
            SubElement(case, "system-out").text = _text("; ".join(outcome.reasons))
    if faults:
        _add_failure(SubElement(suite, "testcase", {"classname": "evalkit.site", "name": "pages"}), faults)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def write_junit(path: Path, outcomes: Sequence[Outcome], faults: Sequence[Problem] = ()) -> None:
    """Write `junit_text` to a file, whole or not at all."""
    write_whole(path, junit_text(outcomes, faults))


def outcomes_when_stopped(
    paths: Sequence[Path], ended: Mapping[str, Outcome], results: Path, data: str | None = None
) -> list[Outcome]:  # fmt: skip
    """Return what became of each study of a run that was stopped by Ctrl-C: what ended so far, and the rest not run.

    Parameters
    ----------
    paths : sequence of Path
        The study files of the run.
    ended : mapping of str to Outcome
        What the run told of each study, by id: that it is to be run, or what became of it.
    results : Path
        Folder of results. A study that was to be run and whose result stands now was run, also when nobody could be
        told any more; one of which nothing was told and whose result stands is up to date.
    data : str, optional
        Data root.
    """
    outcomes = []
    for path in paths:
        told = ended.get(path.stem)
        if told is None:
            told = Outcome(path.stem, path, "unchanged" if stands(path, results, data) else NOT_RUN)
        elif told.state == "to run":
            told = replace(told, state="run" if stands(path, results, data) else NOT_RUN)
        outcomes.append(told)
    return outcomes


@dataclass(frozen=True)
class Summaries:
    """What is asked for beside what is printed for people: a file of JUnit XML, and JSON.

    Attributes
    ----------
    paths : sequence of Path
        The study files of the run.
    results : Path
        Folder of results.
    data : str or None
        Data root.
    junit : Path or None
        File to write.
    as_json : bool
        Whether JSON is printed.
    of_build : bool
        Whether a site is made too.
    """

    paths: Sequence[Path]
    results: Path
    data: str | None = None
    junit: Path | None = None
    as_json: bool = False
    of_build: bool = False

    @contextmanager
    def when_stopped(self, progress: Progress) -> Iterator[None]:
        """On Ctrl-C, sum up for CI what ended so far and what was not run; then stop."""
        try:
            yield
        except KeyboardInterrupt:
            outcomes = outcomes_when_stopped(self.paths, progress.ended, self.results, self.data)
            if self.junit:
                write_junit(self.junit, outcomes)
            if self.as_json:
                rows = outcome_rows(outcomes, self.results)
                print_json({"studies": rows, "pages": progress.pages, "index": None, "problems": [], "moved": [],
                            "stopped": True} if self.of_build else rows)  # fmt: skip
            raise


def _add_failure(case: Element, problems: Iterable[Problem], heading: str = "") -> None:
    words = [str(problem) for problem in problems]
    failure = SubElement(case, "failure", {"type": heading or "problem", "message": _text((words or ["failed"])[0])})
    failure.text = _text("\n".join(words))


def _text(text: str) -> str:
    """Return text as XML can hold it."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
