"""`evalkit diff` and `evalkit publish`: what moved and why, and accepting it as released."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evalkit.errors import EvalkitError, ProtocolError, ReleaseError
from evalkit.plan_commands import Data, Json, Output, Spec, study_path
from evalkit.terminal import (
    movement_details,
    movement_line,
    movement_rows,
    print_json,
    say,
    shares_line,
    show_problems,
)

DONE, WRONG, REFUSED, MOVED = 0, 1, 2, 3


def diff(
    studies: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", show_default=False)] = None,
    output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Set each headline beside the last release, or the run before, and say what the move is owed to."""
    from evalkit.freshness import find_studies
    from evalkit.history.movements import has_history, moved

    project = Path.cwd()
    ids = [Path(study).stem for study in studies or []] or [
        path.stem for path in find_studies(project) if has_history(path.stem, project, output)]  # fmt: skip
    movements, wrong = [], {}
    for study in ids:  # one that cannot be compared keeps no other from it
        try:
            movements += moved(study, project, output, data)
        except EvalkitError as error:
            wrong[study] = error
    if as_json:
        print_json(movement_rows(movements))
    else:
        if not movements and not wrong:
            say("Nothing to compare: no study has a release or an earlier run.")
        for movement in movements:
            say(movement_line(movement))
            for line in movement_details(movement):
                say(f"   {line}")
        if wrong and not studies:
            say(f"Not compared: {', '.join(wrong)}")
    for each in wrong.values():
        show_problems(each.problems, "", each.heading)
    beyond = any(movement.beyond and movement.analysis == "primary" for movement in movements)
    refused = all(isinstance(error, ProtocolError | ReleaseError) for error in wrong.values())
    raise typer.Exit(MOVED if beyond else DONE if not wrong else REFUSED if refused else WRONG)


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
