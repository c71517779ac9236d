"""`evalkit lock` and `evalkit simulate`: a plan is fixed, and rehearsed, before its outcomes are seen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalkit.errors import EvalkitError, ProtocolError
from evalkit.terminal import Progress, print_json, say, tell_outcomes

if TYPE_CHECKING:
    from evalkit.freshness import Outcome
    from evalkit.registration import Lock

DONE, WRONG, REFUSED = 0, 1, 2
"""Exit statuses: done; the spec or data are wrong; a gate refused."""

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="Study file, or its id", show_default=False)]
Data = Annotated[str | None, typer.Option("--data", help="Data root beside the project (or EVALKIT_DATA)")]
Json = Annotated[bool, typer.Option("--json", help="Print findings as JSON")]
Output = Annotated[Path, typer.Option("--output", help="Folder for the results")]


def lock(
    spec: Spec,
    date: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Date to write down; today when left out, "
                                             "and an earlier one is told as stated", show_default=False)] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the lines into the study file as well")] = False,
    output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Fix the plan of a study: write protocols/ID.lock.json; its data need not be there yet."""
    from evalkit.registration import lock_name, lock_study, registration_lines, write_lines
    from evalkit.spec.loading import load_spec

    study = load_spec(study_path(spec), data, planned=True)
    found = lock_study(study, date, output)
    if write:
        write_lines(study, found)
    lines = registration_lines(found)
    if as_json:
        print_json({"id": found.id, "file": lock_name(found.id), "locked_at": found.locked_at, "sha256": found.sha256,
                    "data_seen": found.data_seen, "lines": lines, "written": write})  # fmt: skip
        return
    _tell(study.name, found, lines, write)


def simulate(
    spec: Spec,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Start of the random numbers")] = 1,
    effect: Annotated[float, typer.Option("--effect", min=-100, help="Planted change in percent; negative controls "
                                          "have none")] = 0.0,
    baseline: Annotated[float, typer.Option("--baseline", min=0.1, help="Mean per place and period")] = 100.0,
    first: Annotated[str | None, typer.Option("--from", metavar="PERIOD", help="First period; three years before the "
                                              "start when nothing says it", show_default=False)] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="PERIOD", help="Last period; two years from the last "
                                             "start when nothing says it", show_default=False)] = None,
    comparison: Annotated[int | None, typer.Option("--comparison", min=0, help="Places that never start, beside those "
                                                   "of the study file", show_default=False)] = None,
    output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Run a study whose data are not there yet on simulated data of the same shape; every exhibit says so."""
    from evalkit import releases
    from evalkit.rehearsal import Wishes, rehearse
    from evalkit.spec.loading import SIMULATED, load_spec, shown_path

    study = load_spec(study_path(spec), data, planned=True)
    root = rehearse(study, Wishes(seed, effect, baseline, first, last, comparison))
    os.environ[SIMULATED] = "1"
    with Progress(quiet=as_json) as progress:
        outcomes = releases.run_studies([study.path], output, data=data, report=progress.study)
    tell_outcomes(outcomes, output, as_json)
    if not as_json:
        say(f"Simulated data, in {shown_path(root)}: nothing here says anything about the programme.")
    raise typer.Exit(status_of(outcomes))


def use_simulated(paths: Sequence[Path], data: str | None) -> None:
    """Let studies whose data are not there run on simulated data from now on.

    A rehearsal that is there is used as it is. A study that cannot be rehearsed is left: running it says what is wrong.
    """
    if not paths:
        return
    from evalkit.rehearsal import absent_data, rehearse
    from evalkit.spec.loading import SIMULATED, load_spec, rehearsal_folder

    os.environ[SIMULATED] = "1"
    for path in paths:
        try:
            study = load_spec(path, data, planned=True)
            there = rehearsal_folder(study.folders.project, study.id).is_dir()
            if absent_data(study) and not there:
                rehearse(study)
        except EvalkitError:
            continue


def status_of(outcomes: Sequence[Outcome]) -> int:
    """Return the exit status of studies: refused where none fails but for its plan."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if any(outcome.heading != ProtocolError.heading for outcome in failed):
        return WRONG
    return REFUSED if failed else DONE


def check_study(path: Path, data: str | None = None) -> EvalkitError | None:
    """Return what is wrong with a study file, None for nothing: the file first, and whether it is as it was locked.

    Data that are not there yet keep nobody from being told that the plan was changed.
    """
    from evalkit import registration
    from evalkit.spec.loading import load_spec

    try:
        registration.require(load_spec(path, data))
    except ProtocolError as error:
        return error
    except EvalkitError as error:
        changed = _plan_problems(path, data)
        return ProtocolError([*error.problems, *changed]) if changed else error
    return None


def reminders(path: Path, data: str | None = None) -> list[str]:
    """Return what to mind about a study that is not wrong: its lock, a size nobody set, places without a start."""
    from evalkit import registration
    from evalkit.planning.size_that_matters import without_size
    from evalkit.spec.loading import load_spec
    from evalkit.spec.undated import undated_units

    try:
        spec = load_spec(path, data, planned=True)
        return [*registration.reminders(spec), *without_size(spec), *undated_units(spec)]
    except EvalkitError:
        return []


def _plan_problems(path: Path, data: str | None) -> list[Any]:
    """Return where a study without its data is not as it was locked; empty where it cannot be read."""
    from evalkit import registration
    from evalkit.spec.loading import load_spec

    try:
        return registration.state_of(load_spec(path, data, planned=True))[1]
    except EvalkitError:
        return []


def study_path(spec: str) -> Path:
    """Return the study file that an argument names; an id stands for evaluations/ID.yaml."""
    named = Path(spec)
    return named if named.suffix in (".yaml", ".yml") else Path("evaluations") / f"{named.name}.yaml"


def _tell(name: str, found: Lock, lines: list[str], written: bool) -> None:
    """Print what was fixed, and what to do with it."""
    from evalkit.registration import lock_name

    seen = {"none": "no data had been seen", "aggregate_press_figures": "published totals had been seen"}
    say(f"The plan of {name} is fixed as of {found.locked_at}: {lock_name(found.id)}")
    say(f"  SHA-256 {found.sha256}")
    if found.dated == "stated":
        say(f"  The date is stated, not recorded: the lock was written on {found.written_at}, and the page says so.")
    say(f"  By then {seen.get(found.data_seen, 'the outcome data had been seen')}.")
    absent = [each["name"] for each in found.data if each["sha256"] is None and not each.get("database")]
    if absent:
        say(f"  Not there yet: {', '.join(absent)}. Until then: evalkit simulate {found.id}")
    say(f"Written into {name}:" if written else f"Add to {name}, under registration (or run with --write next time):")
    for line in lines:
        say(f"  {line}")
    say("Keep both files under version control. From now on a change of the plan needs an amendment: evalkit check")
    say("names each field that was changed, with the amendment to paste.")
