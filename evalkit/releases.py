"""What is stale and why, what moved since the last release, and the build that runs only what changed.

Staleness is decided by content, never by time: a study is up to date when the hashes of its file, its inputs,
evalkit's computing code and its packages are those that its result.json carries; a page when the hash of its
result.json and of everything that words and draws it is the one that it was made with.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from evalkit import archive, freshness, provenance, registration
from evalkit.errors import DataError, EvalkitError, Problem, SpecError, system_problem
from evalkit.fetching.awaited import waiting
from evalkit.flow import evaluate, fixed_inputs, input_hashes, require_apart, shape_before
from evalkit.freshness import Outcome, Site, find_studies
from evalkit.gathering import Tables, inputs_of, packages_of
from evalkit.history import earlier, record
from evalkit.history.status import with_cells
from evalkit.provenance import sha256_of
from evalkit.spec.loading import Spec, load_spec, shown_path
from evalkit.turns import turn
from evalkit.workers import Lost, open_workers

RESULTS = "results"
SITE = "_site"
PAGES = "pages.json"
LOCK = ".site.lock"
NOTHING_BEFORE = ("there was no earlier run and no release to hold the data against, so rows that were withdrawn and "
                  "columns that changed would not be noticed")  # fmt: skip

Report = Callable[[str, str], None]
EngineName = Literal["auto", "quarto", "bundled"]


def stale_reasons(spec: Spec, results: Path) -> list[str]:
    """Return why a study must be run again, in words; empty when it is up to date.

    Raises
    ------
    DataError
        When an input is not there.
    """
    try:
        document = archive.read_document(results / spec.id / archive.FILE_NAME)
        recorded, _ = document["provenance"], document[archive.SEAL]
    except (DataError, KeyError):
        path = results / spec.id / archive.FILE_NAME
        return ["its result is damaged, was altered or is from another version" if path.is_file() else "never run"]
    reasons = [] if document.get("id") == spec.id else [f"its result is that of {document.get('id')!r}"]
    if recorded["spec_sha256"] != sha256_of(spec.text):
        reasons.append("study file changed")
    before = {item["name"]: item["sha256"] for item in recorded["data"]}
    now = input_hashes(spec)
    changed = [f"{name} changed" for name in sorted(now) if name in before and now[name] != before[name]]
    reasons += with_cells(changed, spec, results / spec.id) if changed else []
    reasons += [f"{name} added" for name in sorted(set(now) - set(before))]
    reasons += [f"{name} no longer read" for name in sorted(set(before) - set(now))]
    fixed = frozenset(item["name"] for item in recorded["data"] if item.get("fixed"))
    if not reasons and fixed != fixed_inputs(spec, now):
        reasons.append("data/sources.yaml, or what was fetched by it, fixes other files")
    if recorded["code_version"] != provenance.code_version():
        reasons.append("evalkit's code changed")
    versions = packages_of(spec)
    reasons += [f"{name} {recorded['packages'].get(name, 'unknown')} -> {version}"
                for name, version in versions.items() if recorded["packages"].get(name) != version]  # fmt: skip
    if not record.stands(document.get("releases"), spec.folders.project, spec.id):
        reasons.append("the record of the last release changed")
    return reasons


def run_studies(
    paths: Sequence[Path], results: Path, *, data: str | None = None, jobs: int = 1, only_changed: bool = False,
    report: Report | None = None, cluster: str | None = None, ended: Callable[[Outcome], None] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> list[Outcome]:  # fmt: skip
    """Run studies and write each result.json whole; one that fails does not stop the others.

    Parameters
    ----------
    paths : sequence of Path
        Study files.
    results : Path
        Folder of results.
    data : str, optional
        Data root.
    jobs : int
        Processes; 1 runs here.
    only_changed : bool
        Leave out studies that are up to date.
    report : callable, optional
        Called with a study's id and what happens to it.
    cluster : str, optional
        Address of a Dask scheduler, whose workers run the studies in place of processes here.
    ended : callable, optional
        Told what is known of each study: at first whether it is to be run and why, then what became of it, also when
        that is known only after Ctrl-C. Whoever stops the run has in it what this function cannot return any more.
    meanwhile : callable, optional
        Called here once workers have begun, when there are any.

    Returns
    -------
    list of Outcome
        In the order of `paths`.

    Raises
    ------
    EvalkitError
        When the results cannot be written where they are meant to go; nothing is computed then.
    """
    outcomes: dict[Path, Outcome] = {}
    waiting: list[tuple[Path, tuple[str, ...]]] = []
    for path in paths:
        outcome = _inspect(path, results, data) if only_changed else Outcome(path.stem, path, "to run")
        if outcome.state == "to run":
            waiting.append((path, outcome.reasons))
        outcomes[path] = outcome
        if ended and only_changed:
            ended(outcome)
    if waiting:
        _require_writable(results, "--output")
    beside = waiting and (cluster or (jobs > 1 and (meanwhile or len(waiting) > 1)))
    done = _run_beside(waiting, results, data, jobs, cluster, ended, meanwhile) if beside else (
        _run_one(path, results, data, reasons, report) for path, reasons in waiting)  # fmt: skip
    with contextlib.closing(done):  # on Ctrl-C workers have ended before anything is summed up
        for outcome in done:
            outcomes[outcome.path] = outcome
            if report:
                report(outcome.id, outcome.state)
            if ended:  # after it, since a report that finds that Ctrl-C was pressed makes a failure none
                ended(outcome)
    return [outcomes[path] for path in paths]


def _run_beside(
    waiting: Sequence[tuple[Path, tuple[str, ...]]], results: Path, data: str | None, jobs: int,
    cluster: str | None = None, ended: Callable[[Outcome], None] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Generator[Outcome, None, None]:  # fmt: skip
    """Yield outcomes as they come from several workers; on Ctrl-C those that wait are not begun.

    Workers leave Ctrl-C to this process and finish what they have begun: `ended` is told of it.
    """
    root = data or os.environ.get("EVALKIT_DATA") or None  # workers elsewhere have an environment of their own
    with open_workers(jobs, cluster) as workers:
        work = partial(_run_waiting, results=results, data=root)
        late = None if ended is None else partial(_late, ended)
        for place, outcome in workers.map(work, waiting, late, meanwhile):
            path, _ = waiting[place]
            if isinstance(outcome, Lost):
                problem = Problem(outcome.found, outcome.mend, file=shown_path(path))
                outcome = _failed(path, EvalkitError(problem))
            yield outcome


def _late(ended: Callable[[Outcome], None], _place: int, outcome: Outcome) -> None:
    ended(outcome)


def _run_waiting(study: tuple[Path, tuple[str, ...]], results: Path, data: str | None) -> Outcome:
    path, reasons = study
    return _run_one(path, results, data, reasons)


def _require_writable(folder: Path, option: str) -> None:
    """Check, before anything is computed, that a folder is there to write in or can be made.

    Raises
    ------
    EvalkitError
        When a file stands in its place, or it may not be written to.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    other = f"name another folder with {option}"
    if not there.is_dir():
        found = "a file stands where a folder is needed"
        raise EvalkitError(Problem(found, f"move the file away, or {other}", file=shown_path(there)))
    if not os.access(there, os.W_OK | os.X_OK):
        raise EvalkitError(Problem("nothing can be written there", f"ask for the rights to it, or {other}",
                                   file=str(folder)))  # fmt: skip


def _inspect(path: Path, results: Path, data: str | None) -> Outcome:
    """Return what must be done with a study, without computing anything."""
    if freshness.stands(path, results, data):
        return Outcome(path.stem, path, "unchanged")
    try:
        beside = freshness.beside(path)
        spec = load_spec(path, data)
        known = _bytes_of(results / path.stem / archive.FILE_NAME)
        reasons = stale_reasons(spec, results)
        if not reasons:
            write_down(spec, known, beside, results)
    except EvalkitError as error:
        return _failed(path, error, data)
    return Outcome(path.stem, path, "to run" if reasons else "unchanged", tuple(reasons))


def _bytes_of(path: Path) -> bytes:
    """Return the bytes of a file; none where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def write_down(spec: Spec, result: bytes, beside: freshness.Hashes, results: Path) -> None:
    """Keep what was read for a study that is up to date; where that cannot be written, the next look is in full."""
    with contextlib.suppress(OSError, ValueError):
        freshness.record_study(spec, inputs_of(spec), result, beside, results)


def _run_one(
    path: Path, results: Path, data: str | None, reasons: tuple[str, ...] = (), report: Report | None = None
) -> Outcome:
    try:
        beside = freshness.beside(path)
        spec = load_spec(path, data)
        record.require_unaltered(spec.folders.project, spec.id)
        told = (lambda label, number, of: report(path.stem, f"{number}/{of} {label}")) if report else None
        tables = Tables(spec)
        tables.before = shape_before(spec, results / spec.id / archive.FILE_NAME)
        evaluation = evaluate(spec, told, tables, results)
        require_apart(spec, evaluation)
        evaluation = record.with_releases(evaluation, spec, tables)
        target = results / spec.id / archive.FILE_NAME
        text = archive.to_text(evaluation)
        if not archive.holds(target, text):  # the same run made again is not a run before itself
            earlier.set_back(target.parent, evaluation.study.get("disclosure"), simulated=evaluation.simulated)
        earlier.keep(spec, tables.primary, {"provenance": archive.plain(evaluation.provenance)}, target.parent)
        archive.write_whole(target, text)
        write_down(spec, text.encode(), beside, results)
    except EvalkitError as error:
        return _failed(path, error, data)
    except OSError as error:
        return _failed(path, EvalkitError(system_problem(error, str(results / path.stem))))
    except MemoryError:
        found = "it needs more memory than there is"
        return _failed(path, EvalkitError(Problem(found, "bring the data to one row for each unit and period, or use a "
                                                  "larger computer", file=shown_path(path))))  # fmt: skip
    except Exception as error:
        if os.environ.get("EVALKIT_DEBUG"):
            raise
        found = f"stopped unexpectedly ({type(error).__name__}: {error})"
        problem = Problem(found, "this is a fault of evalkit: run with --debug and report it", file=shown_path(path))
        return Outcome(path.stem, path, "failed", (), (problem,), "unexpected fault")
    return Outcome(path.stem, path, "run", reasons, notes=tuple(_notes(spec, tables)))


def _notes(spec: Spec, tables: Tables) -> Iterator[str]:
    """Yield what is no fault of a run and should be known: that nothing could be compared, a lock that is not named."""
    if tables.shape is not None and tables.before is None and not (tables.primary and tables.primary.simulated):
        yield NOTHING_BEFORE
    yield from registration.reminders(spec)


def _failed(path: Path, error: EvalkitError, data: str | None = None) -> Outcome:
    """Return that a study failed; where only published files are not here yet, that it waits for them."""
    if isinstance(error, SpecError | DataError) and (found := waiting(path, data)) is not None:
        return Outcome(path.stem, path, "waiting", (f"waits for data: {found.command}",))
    return Outcome(path.stem, path, "failed", (), error.problems, error.heading)


def status(paths: Iterable[Path], results: Path, data: str | None = None) -> list[Outcome]:
    """Return for each study whether it is up to date, and if not, why."""
    return [_inspect(path, results, data) for path in paths]


def make_site(
    project: Path, results: Path, output: Path, *, engine: EngineName | Literal["none"] = "auto",
    ids: Sequence[str] | None = None, failures: Sequence[tuple[str, str]] = (),
    tell: Callable[[str, int, int], None] | None = None,
) -> Site:  # fmt: skip
    """Write the pages of the studies that have results; pages whose content is unchanged are left as they are.

    Parameters
    ----------
    project, results, output : Path
        Project folder, results folder, folder of the site.
    engine : {'auto', 'quarto', 'bundled', 'none'}
        `none` writes documents and exhibits and renders nothing.
    ids : sequence of str, optional
        Studies to show; all that have results when left out.
    failures : sequence of (id, message)
        Studies that failed, for the index page.
    tell : callable, optional
        Called with a page's name, its number and how many there are.

    Returns
    -------
    Site
        With the faults of the pages that could not be written; they are tried again at the next call.

    Raises
    ------
    EvalkitError
        When no page can be written: the engine is not there, or what all pages share is wrong.
    """
    known = ids if ids is not None else [path.stem for path in find_studies(project)]
    paths = {study: results / study / archive.FILE_NAME for study in known}
    present = {study: path for study, path in paths.items() if path.is_file()}
    from evalkit.report import made as pages

    look = pages.look_of(project, output, engine)
    wanted = pages.study_keys(look, present, failures, project)
    manifest = results / PAGES
    made = pages.read_keys(manifest, output)
    for study, _ in failures:
        pages.page_of(output, study).unlink(missing_ok=True)
    unchanged = engine != "none" and not pages.outdated({**wanted, **pages.site_keys(look, project)}, made, output)
    if unchanged and pages.whole(project, output):
        return Site(output / "index.html", (), engine)
    if engine != "none":
        _require_writable(output, "--site")
    _require_writable(results, "--output")
    with turn(results / LOCK):  # who waited here finds what the other has made
        site = _write_site(project, output, present, look, manifest, engine, failures, tell)
    return replace(site, put_back=unchanged)


def _write_site(
    project: Path, output: Path, present: Mapping[str, Path], look: str, manifest: Path,
    engine: EngineName | Literal["none"], failures: Sequence[tuple[str, str]],
    tell: Callable[[str, int, int], None] | None,
) -> Site:  # fmt: skip
    """Write the documents, and render the pages that are not made from what they should be made from."""
    from evalkit import report
    from evalkit.report import made as pages

    wanted, made = pages.study_keys(look, present, failures, project), pages.read_keys(manifest, output)
    faults = report.write_sources([archive.Stored(path) for path in present.values()], project, failures).faults
    faulty = {fault.id for fault in faults}
    for study in faulty:
        pages.page_of(output, study).unlink(missing_ok=True)
    wanted |= pages.site_keys(look, project)  # their documents, and the links of the frame, are known only now
    listed = ["index"] if faults else []  # it names the faults, now and until they are mended
    outdated = dict.fromkeys([*pages.outdated(wanted, made, output), *listed])
    written = [name for name in outdated if name not in faulty]
    if engine != "none":
        report.render(project, output, engine, [Path(n) if n.endswith(".qmd") else n for n in written], tell)
        kept = {name: key for name, key in wanted.items() if name not in (*faulty, *listed)}
        archive.write_whole(manifest, pages.keys_text(kept, output))
    return Site(output / "index.html", tuple(name.removesuffix(".qmd") for name in written), engine,
                tuple(problem for fault in faults for problem in fault.problems))  # fmt: skip
