"""Accepting the current numbers of a study as released: everything that speaks against it at once, then the record.

The record is replaced in one step. The rows that it names lie in a file of their own, whose name has the version: so
the old record and its rows hold until the new one stands.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalkit import archive, freshness
from evalkit.errors import DataError, EvalkitError, Problem, ReleaseError
from evalkit.flow import disclosure_rule, require_apart
from evalkit.history import record, rows
from evalkit.history.headlines import headline_of, primary_of
from evalkit.provenance import sha256_of
from evalkit.records import Evaluation, Panel, Release, Releases
from evalkit.registration.dates import date_in, is_to_come
from evalkit.releases import stale_reasons, write_down
from evalkit.sources.guards.held import as_released
from evalkit.spec.loading import Spec
from evalkit.turns import turn

LOCK = ".publish.lock"


@dataclass(frozen=True)
class Published:
    """What became of a release: its record, whether it was written now, and what was kept of the rows, in words."""

    id: str
    path: Path
    release: Release
    written: bool
    rows: str = ""


def publish_study(spec: Spec, results: Path, *, reason: str, name: str, date: str | None = None) -> Published:
    """Write reports/published/ID.json from the result that is there.

    Parameters
    ----------
    spec : Spec
    results : Path
        Folder of results.
    reason, name : str
        Why the numbers are released, and who accepts them.
    date : str, optional
        ISO date; today when left out.

    Returns
    -------
    Published
        With `written` False where these numbers are the released ones already.

    Raises
    ------
    ReleaseError
        With all that speaks against it: no result or one that is out of date, simulated data, a study that was
        withdrawn, small numbers that the difference to the last release would give away, a page that cannot be made.
    """
    with turn(results / LOCK):
        evaluation, problems = _result(spec, results)
        problems += _about(reason, name, date)
        if evaluation is not None:
            problems += [*_unfit(evaluation), *_given_away(spec, evaluation), *_without_page(spec, evaluation)]
        if problems or evaluation is None:
            raise ReleaseError(problems).in_file(spec.name)
        return _write(spec, evaluation, results, reason.strip(), name.strip(), date or _today())


def _today() -> str:
    return datetime.date.today().isoformat()


def _result(spec: Spec, results: Path) -> tuple[Evaluation | None, list[Problem]]:
    """Return the result that is there, or why it cannot be released."""
    mend = f"run `evalkit run {spec.id}` first, and look at `evalkit diff {spec.id}`"
    try:
        record.require_unaltered(spec.folders.project, spec.id)
        reasons = stale_reasons(spec, results)
        if not reasons:
            return archive.read_result(results / spec.id / archive.FILE_NAME), []
    except EvalkitError as error:
        return None, list(error.problems)
    return None, [Problem(f"its result is out of date: {'; '.join(reasons)}", mend)]


def _about(reason: str, name: str, date: str | None) -> Iterator[Problem]:
    """Yield what is wrong with the words that go into the record."""
    for words, option in ((reason, "--reason"), (name, "--name")):
        if not words.strip():
            yield Problem("is empty", "a release is accepted by somebody, for a reason", option)
    known = date_in(date or _today())
    if known is None:
        yield Problem(f"{date!r} is no date", "write it as 2026-11-21", "--date")
    elif is_to_come(known):
        yield Problem(f"{date} is yet to come", "a release is accepted today, or was on an earlier day", "--date")


def _unfit(evaluation: Evaluation) -> Iterator[Problem]:
    if not evaluation.analyses:
        yield Problem("there is no headline to release", "publish it once it has a result")
    elif evaluation.simulated:
        yield Problem("its data are simulated", "publish it once it has run on real data")
    if evaluation.study["status"] == "withdrawn":
        yield Problem("it was withdrawn", "nothing more is released of it", "status")


def _given_away(spec: Spec, evaluation: Evaluation) -> list[Problem]:
    try:
        require_apart(spec, evaluation)
    except DataError as error:
        return list(error.problems)
    return []


def _without_page(spec: Spec, evaluation: Evaluation) -> list[Problem]:
    """Return why the page of the study cannot be made."""
    from evalkit.report.sources import Fault, made_files

    (found,) = made_files([evaluation], spec.folders.project, processes=1)
    problems = found.problems if isinstance(found, Fault) else ()
    return [replace(problem, message=f"its page cannot be made: {problem.message}") for problem in problems]


def _write(spec: Spec, evaluation: Evaluation, results: Path, reason: str, name: str, date: str) -> Published:
    project, known = spec.folders.project, evaluation.releases
    path = record.record_path(project, spec.id)
    history = known.history if known else ()
    document = archive.to_document(replace(evaluation, releases=None))
    if known is not None and known.move is None and _same_numbers(document, record.read_record(project, spec.id)):
        return Published(spec.id, path, history[-1], written=False)
    if history and history[-1].date > date:
        raise ReleaseError(Problem(f"{date} is before the last release, {history[-1].date}", "give a later date",
                                   "--date")).in_file(spec.name)  # fmt: skip
    analysis = primary_of(document)
    assert analysis is not None
    release = Release(history[-1].version + 1 if history else 1, date, reason, name, headline_of(analysis),
                      known.move if known else None)  # fmt: skip
    panel = record.panel_of(spec)
    why_not = rows.why_not(spec, panel)
    text = _with_rows(spec, path, document, (*history, release), panel if not why_not else None, why_not)
    block = Releases(sha256_of(text), (*history, release))
    before = freshness.beside(spec.path)
    rule = disclosure_rule(spec)
    guards = as_released(evaluation.guards, evaluation.shape, careful=rule is not None and not rule.national)
    result = archive.write_result(replace(evaluation, releases=block, guards=guards), results)
    write_down(spec, result.read_bytes(), before, results)
    told = f"not kept, since {why_not}" if why_not else "kept, so that a later move can be told apart"
    return Published(spec.id, path, release, written=True, rows=told)


def _same_numbers(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Say whether two results hold the same, whatever words, code and packages they came with."""
    blocks = ("analyses", "failures", "appraisal", "evidence", "claims")
    return all(now.get(block) == then.get(block) for block in blocks)


def _with_rows(spec: Spec, path: Path, document: dict[str, Any], history: tuple[Release, ...], panel: Panel | None,
               why_not: str) -> str:  # fmt: skip
    """Write rows and record, and return the record; when it cannot be written, the rows are taken away again."""
    kept: dict[str, Any] = {"file": None, "sha256": None, "why_not": why_not}
    beside = path.with_name(f"{spec.id}.rows-{history[-1].version}.csv.gz")
    if panel is not None:
        content = rows.to_bytes(panel, rows.run_key(document))
        kept = {"file": beside.name, "sha256": sha256_of(content), "why_not": ""}
    block = {"history": [archive.plain(each) for each in history], "rows": kept, "study_file": spec.text.decode()}
    whole = record.sealed({**{key: document[key] for key in document if key != "releases"}, record.BLOCK: block})
    text = json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        if panel is not None:
            archive.write_whole(beside, content)
        archive.write_whole(path, text)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    for old in path.parent.glob(f"{spec.id}.rows-*.csv.gz"):
        if old.name != kept["file"]:
            old.unlink()
    return text
