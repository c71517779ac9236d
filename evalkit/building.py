"""A whole build, and the state of a library: the quick answer first, which reads hashes alone, then the full one.

What is slow to import (tables, models, charts) is imported only when the quick answer does not do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import freshness
from evalkit.errors import EvalkitError
from evalkit.freshness import Outcome, Site
from evalkit.whole_files import remove_left_over

if TYPE_CHECKING:
    from evalkit.history.movements import Moved

WRITTEN = ("evaluations", "studies", "reports", "protocols", "data")
"""Folders of a project in which a process that was killed may have left half a file."""


@dataclass(frozen=True)
class Build:
    """What a build did: what became of each study, of those released whose file is gone as well, and the site."""

    outcomes: tuple[Outcome, ...]
    site: Site

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The studies that could not be run."""
        return tuple(outcome for outcome in self.outcomes if outcome.state == "failed")


@dataclass(frozen=True)
class Places:
    """Where a build reads and writes, and with which engine."""

    project: Path
    results: Path
    output: Path
    engine: Any = "auto"
    data: str | None = None


def build(
    places: Places, paths: Sequence[Path], *, jobs: int = 1, cluster: str | None = None,
    report: Callable[[str, str], None] | None = None, tell: Callable[[str, int, int], None] | None = None,
    ended: Callable[[Outcome], None] | None = None,
) -> Build:  # fmt: skip
    """Run the studies that changed, then bring the site up to date; with nothing changed, nothing is written.

    Parameters
    ----------
    places : Places
    paths : sequence of Path
        The study files of the project.
    jobs, cluster
        As for `releases.run_studies`.
    report, tell : callable, optional
        Told what each study does, and which page is written.
    ended : callable, optional
        As for `releases.run_studies`.

    Returns
    -------
    Build

    Raises
    ------
    EvalkitError
        When nothing can be written where it is meant to go, or no page can be made.
    """
    project, results, output, engine, data = astuple(places)
    if freshness.site_stands(project, results, output, engine, data):
        unchanged = [Outcome(path.stem, path, "unchanged") for path in paths]
        return Build((*unchanged, *freshness.without_study_file(project)), Site(output / "index.html", (), engine))
    from evalkit import releases

    remove_left_over([results, output, *(project / name for name in WRITTEN)], [project])
    outcomes = releases.run_studies(
        paths, results, data=data, jobs=jobs, cluster=cluster, only_changed=True, report=report, ended=ended,
        meanwhile=None if engine == "none" else _make_ready,
    )  # fmt: skip
    failures = [(outcome.id, "; ".join(problem.sentence() for problem in outcome.problems))
                for outcome in outcomes if outcome.state == "failed"]  # fmt: skip
    present = [outcome.id for outcome in outcomes if outcome.state not in ("failed", "waiting")]
    whole = len(present) == len(outcomes)
    sources = freshness.site_sources(project, results)
    site = releases.make_site(project, results, output, engine=engine, failures=failures, tell=tell, ids=present)
    if engine != "none" and whole and not site.faults:
        with contextlib.suppress(OSError):  # a shortcut that cannot be written is no fault of the build
            freshness.record_site(project, results, output, engine, sources, data)
    return Build((*outcomes, *freshness.without_study_file(project)), site)


def _make_ready() -> None:
    """Import what pages are made with while workers run the studies."""
    from evalkit.report.sources import make_ready

    make_ready()


@dataclass(frozen=True)
class Compared:
    """Headlines then and now, and the studies that have none of now.

    Attributes
    ----------
    movements : tuple of Moved
        Of the studies whose last run is of what is there now.
    not_run : tuple of Outcome
        Studies with an earlier headline that were not run since something changed, cannot be run, or wait for data.
    wrong : dict of str to EvalkitError
        By study, why it cannot be compared.
    """

    movements: tuple[Moved, ...]
    not_run: tuple[Outcome, ...]
    wrong: dict[str, EvalkitError]


def compared(ids: Sequence[str], project: Path, results: Path, data: str | None = None) -> Compared:
    """Return how headlines moved; an old result is never taken for that of now, and one study keeps none from it.

    Parameters
    ----------
    ids : sequence of str
        Studies, each with a release or an earlier run.
    project, results : Path
        Project folder, folder of results.
    data : str, optional
        Data root.
    """
    from evalkit.history.movements import moved

    files = {path.stem: path for path in freshness.find_studies(project)}
    movements: list[Moved] = []
    not_run: list[Outcome] = []
    wrong: dict[str, EvalkitError] = {}
    for study in ids:
        try:
            found = moved(study, project, results, data)
        except EvalkitError as error:
            wrong[study] = error
            continue
        (standing,) = state_of([files.get(study, project / "evaluations" / f"{study}.yaml")], results, data)
        if standing.state == "unchanged":
            movements += found
        else:
            not_run.append(standing)
    return Compared(tuple(movements), tuple(not_run), wrong)


def state_of(paths: Sequence[Path], results: Path, data: str | None = None) -> list[Outcome]:
    """Return for each study whether it is up to date, and if not, why."""
    if freshness.all_stand(paths, results, data):
        return [Outcome(path.stem, path, "unchanged") for path in paths]
    from evalkit import releases

    return releases.status(paths, results, data)
