"""`evalkit diff` and `evalkit publish`: what moved and why, and accepting it as released."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.errors import ProtocolError, ReleaseError
from evalkit.plan_commands import Data, Json, Output, Spec, status_of, study_path
from evalkit.terminal import (
    movement_details,
    movement_line,
    movement_rows,
    print_json,
    say,
    shares_line,
    show_failure,
    show_problems,
    standing_line,
    standing_row,
)

if TYPE_CHECKING:
    from evalkit.building import Compared

DONE, WRONG, REFUSED, MOVED = 0, 1, 2, 3


def diff(
    studies: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", show_default=False)] = None,
    output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Set each headline beside the last release, or the run before, and say what the move is owed to.

    A study that was not run since something changed has no headline of now: that is said in its place.
    """
    from evalkit.building import compared
    from evalkit.freshness import find_studies, without_study_file
    from evalkit.history.movements import has_history

    project = Path.cwd()
    ids = [Path(study).stem for study in studies or []] or [
        path.stem for path in find_studies(project) if has_history(path.stem, project, output)]  # fmt: skip
    found = compared(ids, project, output, data)
    if not studies:
        found = replace(found, not_run=(*found.not_run, *without_study_file(project)))
    if as_json:
        print_json([*movement_rows(found.movements), *(standing_row(outcome) for outcome in found.not_run)])
    else:
        if not any((found.movements, found.not_run, found.wrong)):
            say("Nothing to compare: no study has a release or an earlier run.")
        for movement in found.movements:
            say(movement_line(movement))
            for line in movement_details(movement):
                say(f"   {line}")
        for outcome in found.not_run:
            say(standing_line(outcome))
        if found.wrong and not studies:
            say(f"Not compared: {', '.join(found.wrong)}")
    for outcome in found.not_run:
        if outcome.problems:
            show_failure(outcome)
    for each in found.wrong.values():
        show_problems(each.problems, "", each.heading)
    raise typer.Exit(_status_of(found))


def _status_of(found: Compared) -> int:
    """Return the exit status: a study that waits for data to be fetched is no fault, and one that moved comes first."""
    if any(movement.beyond and movement.analysis == "primary" for movement in found.movements):
        return MOVED
    refused = all(isinstance(error, ProtocolError | ReleaseError) for error in found.wrong.values())
    stale = any(outcome.state == "to run" for outcome in found.not_run)
    ends = [status_of(found.not_run), WRONG if stale else DONE, REFUSED if refused and found.wrong else DONE,
            DONE if refused else WRONG]  # fmt: skip
    return next((end for end in (WRONG, REFUSED) if end in ends), DONE)


def publish(
    spec: Spec,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why these numbers are released")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Who accepts them")],
    date: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Date to write down; today when left out",
                                             show_default=False)] = None,
    output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Accept the current numbers of a study as released: write reports/published/ID.json."""
    from evalkit.publishing import publish_study
    from evalkit.spec.loading import load_spec, shown_path

    found = publish_study(load_spec(study_path(spec), data), output, reason=reason, name=name, date=date)
    release = found.release
    if as_json:
        print_json({"id": found.id, "version": release.version, "date": release.date, "file": shown_path(found.path),
                    "written": found.written, "rows": found.rows})  # fmt: skip
        return
    if not found.written:
        say(f"{found.id}: these numbers are released already, as version {release.version}. Nothing was written.")
        return
    say(f"{found.id}: released as version {release.version}, {release.date}, accepted by {release.name}")
    if release.move is not None and release.move.shares:
        say(f"   {shares_line(release.move)}")
    say(f"   {shown_path(found.path)}")
    say(f"   rows: {found.rows}")
    say(f"Keep these files under version control. `evalkit build` puts the release on the page of {found.id}.")
