"""What is stale and why, what moved since the last release, and the build that runs only what changed.

Staleness is decided by content, never by time: a study is up to date when the hashes of its file, its inputs,
evalkit's computing code and its packages are those that its result.json carries; a page when the hash of its
result.json and of everything that words and draws it is the one that it was made with.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evalkit import archive, provenance
from evalkit.errors import DataError, EvalkitError, Problem, system_problem
from evalkit.flow import evaluate, input_hashes, require_apart
from evalkit.provenance import sha256_of
from evalkit.records import Evaluation
from evalkit.spec.loading import Spec, load_spec, shown_path

RESULTS = "results"
SITE = "_site"
PAGES = "pages.json"
PREVIOUS = "previous.json"
TOLERANCE = 0.1
"""Share of the standard error (or of a quarter of the interval) by which a headline may move unremarked."""

Report = Callable[[str, str], None]
EngineName = Literal["auto", "quarto", "bundled"]


@dataclass(frozen=True)
class Outcome:
    """What became of one study file: up to date, run, or failed with its problems."""

    id: str
    path: Path
    state: str
    reasons: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    heading: str = ""


@dataclass(frozen=True)
class Moved:
    """A headline then and now."""

    id: str
    analysis: str
    label: str
    before: Mapping[str, Any]
    now: Mapping[str, Any]
    beyond: bool
    causes: tuple[str, ...] = field(default=())


def find_studies(project: Path) -> list[Path]:
    """Return the study files of a project, by name."""
    folder = project / "evaluations"
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def stale_reasons(spec: Spec, results: Path) -> list[str]:
    """Return why a study must be run again, in words; empty when it is up to date.

    Raises
    ------
    DataError
        When an input is not there.
    """
    try:
        recorded = archive.read_document(results / spec.id / archive.FILE_NAME)["provenance"]
    except (DataError, KeyError):
        path = results / spec.id / archive.FILE_NAME
        return ["its result is damaged or from another version" if path.is_file() else "never run"]
    reasons = []
    if recorded["spec_sha256"] != sha256_of(spec.text):
        reasons.append("study file changed")
    before = {item["name"]: item["sha256"] for item in recorded["data"]}
    now = input_hashes(spec)
    reasons += [f"{name} changed" for name in sorted(now) if name in before and now[name] != before[name]]
    reasons += [f"{name} added" for name in sorted(set(now) - set(before))]
    reasons += [f"{name} no longer read" for name in sorted(set(before) - set(now))]
    if recorded["code_version"] != provenance.code_version():
        reasons.append("evalkit's code changed")
    versions = provenance.package_versions()
    reasons += [f"{name} {recorded['packages'].get(name, 'unknown')} -> {version}"
                for name, version in versions.items() if recorded["packages"].get(name) != version]  # fmt: skip
    return reasons


def run_studies(
    paths: Sequence[Path], results: Path, *, data: str | None = None, jobs: int = 1, only_changed: bool = False,
    report: Report | None = None,
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
    if waiting:
        _require_writable(results, "--output")
    jobs = min(jobs, len(waiting))
    done = _run_beside(waiting, results, data, jobs) if jobs > 1 else (
        _run_one(path, results, data, reasons, report) for path, reasons in waiting)  # fmt: skip
    for outcome in done:
        outcomes[outcome.path] = outcome
        if report:
            report(outcome.id, outcome.state)
    return [outcomes[path] for path in paths]


def _run_beside(
    waiting: Sequence[tuple[Path, tuple[str, ...]]], results: Path, data: str | None, jobs: int
) -> Iterator[Outcome]:
    """Yield outcomes as they come from several processes; on Ctrl-C those that wait are not begun."""
    with ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        futures = {pool.submit(_run_one, path, results, data, reasons): path for path, reasons in waiting}
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    problem = Problem("its process was ended from outside", "is memory short? run with --jobs 1",
                                      file=str(futures[future]))  # fmt: skip
                    yield _failed(futures[future], EvalkitError(problem))
        finally:
            pool.shutdown(cancel_futures=True)


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
    try:
        reasons = stale_reasons(load_spec(path, data), results)
    except EvalkitError as error:
        return _failed(path, error)
    return Outcome(path.stem, path, "to run" if reasons else "unchanged", tuple(reasons))


def _run_one(
    path: Path, results: Path, data: str | None, reasons: tuple[str, ...] = (), report: Report | None = None
) -> Outcome:
    try:
        spec = load_spec(path, data)
        told = (lambda label, number, of: report(path.stem, f"{number}/{of} {label}")) if report else None
        evaluation = evaluate(spec, told)
        require_apart(spec, evaluation)
        target = results / spec.id / archive.FILE_NAME
        _keep_previous(target, evaluation)
        archive.write_result(evaluation, results)
    except EvalkitError as error:
        return _failed(path, error)
    except OSError as error:
        return _failed(path, EvalkitError(system_problem(error, str(results / path.stem))))
    except MemoryError:
        found = "it needs more memory than there is"
        return _failed(path, EvalkitError(Problem(found, "bring the data to one row for each unit and period, or use a "
                                                  "larger computer", file=str(path))))  # fmt: skip
    except Exception as error:
        if os.environ.get("EVALKIT_DEBUG"):
            raise
        found = f"stopped unexpectedly ({type(error).__name__}: {error})"
        problem = Problem(found, "this is a fault of evalkit: run with --debug and report it", file=str(path))
        return Outcome(path.stem, path, "failed", (), (problem,), "unexpected fault")
    return Outcome(path.stem, path, "run", reasons)


def _failed(path: Path, error: EvalkitError) -> Outcome:
    return Outcome(path.stem, path, "failed", (), error.problems, error.heading)


def _keep_previous(target: Path, evaluation: Evaluation) -> None:
    """Keep the last result beside the new one, so that `diff` can say what moved.

    One that was written under another rule for small numbers, or none, is not kept: it may hold what is hidden now.
    """
    if not target.is_file():
        return
    rule = evaluation.study.get("disclosure")
    try:
        known = archive.read_document(target)["study"].get("disclosure")
    except (DataError, KeyError):
        known = None
    if rule and known != rule:
        target.with_name(PREVIOUS).unlink(missing_ok=True)
        return
    archive.write_whole(target.with_name(PREVIOUS), target.read_bytes())


def status(paths: Iterable[Path], results: Path, data: str | None = None) -> list[Outcome]:
    """Return for each study whether it is up to date, and if not, why."""
    return [_inspect(path, results, data) for path in paths]


def moved(study: str, project: Path, results: Path) -> list[Moved]:
    """Return how each headline moved: from the released record, or else from the run before.

    Raises
    ------
    DataError
        When there is no result, or nothing to compare it with.
    """
    now = archive.read_document(results / study / archive.FILE_NAME)
    candidates = [project / "reports" / "published" / f"{study}.json", results / study / PREVIOUS]
    old_path = next((path for path in candidates if path.is_file()), None)
    if old_path is None:
        raise DataError(f"{study} has no released record and no run before the last", "run it again after a change")
    old = archive.read_document(old_path)
    then = {analysis["id"]: analysis for analysis in old["analyses"]}
    return [_movement(study, analysis, then[analysis["id"]], _causes(old, now))
            for analysis in now["analyses"] if analysis["id"] in then]  # fmt: skip


def _movement(study: str, now: Mapping[str, Any], then: Mapping[str, Any], causes: tuple[str, ...]) -> Moved:
    old, new = then["effect"], now["effect"]
    spread = old["se"] or ((old["high"] - old["low"]) / 4 if _finite(old) else None)
    change = abs(new["value"] - old["value"]) if _number(new["value"]) and _number(old["value"]) else 0.0
    other_scale = old["scale"] != new["scale"]
    beyond = other_scale or change > (TOLERANCE * spread if spread else 0.0)
    return Moved(study, now["id"], now["label"], _headline(then), _headline(now), beyond, causes)


def _headline(analysis: Mapping[str, Any]) -> dict[str, Any]:
    shown = analysis["relative"] or analysis["effect"]
    unit = "percent" if analysis["relative"] else analysis["effect"]["unit"]
    return {"value": shown["value"], "low": shown["low"], "high": shown["high"], "unit": unit}


def _finite(estimate: Mapping[str, Any]) -> bool:
    return _number(estimate["low"]) and _number(estimate["high"])


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _causes(old: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which of data, spec, code and packages differ between two results."""
    before, after = old["provenance"], now["provenance"]
    causes = []
    if {i["name"]: i["sha256"] for i in before["data"]} != {i["name"]: i["sha256"] for i in after["data"]}:
        causes.append("data")
    if before["protocol_sha256"] != after["protocol_sha256"]:
        causes.append("spec")
    if before["code_version"] != after["code_version"]:
        causes.append("code")
    if before["packages"] != after["packages"]:
        causes.append("packages")
    return tuple(causes)


@dataclass(frozen=True)
class Site:
    """A site as it was built: where, which pages were written, with which engine, and what kept others from it.

    `faults` are the problems of studies whose page could not be written; every other page is there all the same.
    """

    index: Path
    written: tuple[str, ...]
    engine: str
    faults: tuple[Problem, ...] = ()


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
    wanted = pages.study_keys(look, present, failures)
    manifest = results / PAGES
    made = pages.read_keys(manifest)
    for study, _ in failures:
        pages.page_of(output, study).unlink(missing_ok=True)
    if engine != "none" and not pages.outdated({**wanted, **pages.site_keys(look, project)}, made, output):
        return Site(output / "index.html", (), engine)
    if engine != "none":
        _require_writable(output, "--site")
    from evalkit import report

    evaluations = [archive.read_result(path) for path in present.values()]
    faults = report.write_sources(evaluations, project, failures).faults
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
        archive.write_whole(manifest, json.dumps(kept, sort_keys=True, indent=1) + "\n")
    return Site(output / "index.html", tuple(name.removesuffix(".qmd") for name in written), engine,
                tuple(problem for fault in faults for problem in fault.problems))  # fmt: skip
