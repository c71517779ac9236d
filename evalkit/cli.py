"""The command line: the verbs, thin. What they do is in flow, releases and report."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from evalkit import claim_commands, plan_commands, register_commands, release_commands
from evalkit.data_commands import data_app
from evalkit.errors import EvalkitError, Problem, ProtocolError, ReleaseError, SpecError, system_problem
from evalkit.junit import Summaries, write_junit
from evalkit.terminal import (
    Interruption,
    Progress,
    counted,
    movement_rows,
    outcome_rows,
    print_json,
    problem_rows,
    say,
    show_failures,
    show_problems,
    tell_build,
    tell_outcomes,
    tell_power,
    tell_status,
)

if TYPE_CHECKING:
    from evalkit.freshness import Outcome
    from evalkit.history.movements import Moved

DONE, WRONG, REFUSED, MOVED, STOPPED = 0, 1, 2, 3, 130
"""Exit statuses: done; the spec or data are wrong; a gate refused; results moved beyond tolerance; Ctrl-C."""

app = typer.Typer(
    name="evalkit", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Evaluate programmes from a YAML file: run designs, check assumptions, price effects, write pages.",
)  # fmt: skip
app.add_typer(data_app, name="data")
app.command()(register_commands.guide)
app.command()(claim_commands.claims)
app.command()(plan_commands.lock)
app.command()(plan_commands.simulate)
app.command()(release_commands.diff)
app.command()(release_commands.publish)

Specs = Annotated[list[str] | None, typer.Argument(help="Study files, or their ids", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Every study in evaluations/")]
Json = Annotated[bool, typer.Option("--json", help="Print findings as JSON")]
Data = Annotated[str | None, typer.Option("--data", help="Data root beside the project (or EVALKIT_DATA)")]
Output = Annotated[Path, typer.Option("--output", help="Folder for the results")]
SiteFolder = Annotated[Path, typer.Option("--site", help="Folder for the site")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Simulated data for studies whose data are not there")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Studies to run at the same time")]
ClusterAddress = Annotated[str | None, typer.Option("--cluster", help="Dask scheduler that runs the studies, such as "
                                                    "tcp://10.0.0.5:8786", show_default=False)]  # fmt: skip
JunitFile = Annotated[Path | None, typer.Option("--junit", help="Write what became of each study to this file, as "
                                                "JUnit XML", show_default=False)]  # fmt: skip
Engine = Annotated[str, typer.Option("--engine", help="auto, quarto, bundled or none (documents only)")]

Format = Annotated[str, typer.Option("--format", help="html; pdf or docx write a document of each study as well")]
DocumentFile = Annotated[Path | None, typer.Option("--file", help="File for that document", show_default=False)]


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks")] = False) -> None:
    """Evaluate programmes from a YAML file."""
    if debug:
        os.environ["EVALKIT_DEBUG"] = "1"


@app.command()
def new(
    study: Annotated[str, typer.Argument(metavar="ID", help="Small letters, digits and -, such as op-deter")],
    design: Annotated[str, typer.Option(help="before_after, interrupted_time_series or difference_in_differences")] = (
        "interrupted_time_series"
    ),
) -> None:
    """Write evaluations/ID.yaml: a commented study file to fill in."""
    from evalkit.spec.scaffold import write_new

    path = write_new(study, design, Path.cwd())
    say(f"Wrote {path}. Set data.path, then: evalkit check {path}")


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An empty folder, or one to be made")]) -> None:
    """Write a repository of one's own: a study that runs, data README, CI workflow and its scripts."""
    from evalkit.scaffold import write_project

    written = write_project(folder)
    say(f"Wrote {counted(len(written), 'file')} in {folder}. Next: cd {folder}; git init; make site")


@app.command()
def check(specs: Specs = None, everything: All = False, data: Data = None, as_json: Json = False) -> None:
    """Check study files, and that those that are locked are as they were fixed; reads no data beyond column names.

    With no study named: all of them, and the registers of programmes and measures beside them.
    """
    project, every = Path.cwd(), everything or not specs
    errors = {path: plan_commands.check_study(path, data) for path in _paths(None if every else specs, every)}
    quoted = {path: register_commands.quoted_wrongly(project, path) for path in errors}
    found = {path: [*(error.problems if error else ()), *quoted[path]] for path, error in errors.items()}
    registers = register_commands.check_registers(project) if every else []
    if as_json:
        print_json([*({"file": str(path), "problems": problem_rows(problems)} for path, problems in found.items()),
                    *(register.as_row() for register in registers)])  # fmt: skip
    else:
        for problems in filter(None, [*found.values(), *(list(register.problems) for register in registers)]):
            show_problems(problems, "Nothing was run. `evalkit new ID` writes a commented example.")
        right = [path for path, problems in found.items() if not problems]
        if right:
            say(f"{right[0]}: no problems" if len(right) == 1 else f"{len(right)} study files: no problems")
        for note in (note for path in found for note in plan_commands.reminders(path, data)):
            say(f"Note: {note}")
        register_commands.tell_registers(registers)
    wrong = [error for error in errors.values() if error is not None]
    if any(quoted.values()) or any(register.problems for register in registers):
        raise typer.Exit(WRONG)
    refused = all(isinstance(error, ProtocolError) for error in wrong)
    raise typer.Exit(DONE if not wrong else REFUSED if refused else WRONG)


@app.command()
def run(
    specs: Specs = None, everything: All = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only studies that are not up to date")] = False,
    jobs: Jobs = 1, output: Output = Path("results"), data: Data = None, as_json: Json = False,
    cluster: ClusterAddress = None, junit: JunitFile = None, simulated: Simulated = False,
) -> None:  # fmt: skip
    """Run studies and write DIR/ID/result.json."""
    from evalkit import releases

    paths = _paths(specs, everything or changed)
    plan_commands.use_simulated(paths if simulated else (), data)
    summaries = Summaries(paths, output, data, junit, as_json)
    with Progress(quiet=as_json) as progress, summaries.when_stopped(progress):
        outcomes = releases.run_studies(paths, output, data=data, jobs=jobs, cluster=cluster, only_changed=changed,
                                        report=progress.study, ended=progress.outcome)  # fmt: skip
    if junit:
        write_junit(junit, outcomes)
    tell_outcomes(outcomes, output, as_json)
    raise typer.Exit(plan_commands.status_of(outcomes))


@app.command()
def report(
    specs: Specs = None, everything: All = False, engine: Engine = "auto", output: Output = Path("results"),
    site: SiteFolder = Path("_site"), data: Data = None, form: Format = "html", file: DocumentFile = None,
) -> None:  # fmt: skip
    """Write the pages of studies that have been run, and documents of those named if a format is asked for."""
    from evalkit import releases
    from evalkit.building import state_of
    from evalkit.fetching.awaited import waiting
    from evalkit.freshness import find_studies

    del everything  # the pages of all studies are kept true together, so naming one is naming all
    chosen = _engine(engine)
    _require_format(form, chosen, file)
    if chosen == "none" and os.environ.get("EVALKIT_RENDERING"):
        return  # Quarto calls this as its pre-render step, and evalkit, which called Quarto, has just done it
    project = Path.cwd()
    paths = _paths(specs, everything=not specs)
    if chosen == "none":
        releases.run_studies(find_studies(project), output, data=data, only_changed=True)
    lacking = [path for path in paths if not (output / path.stem / "result.json").is_file()]
    missing = [path.stem for path in lacking if specs or waiting(path, data) is None]
    if missing:
        raise EvalkitError([Problem(f"{study} has no result", f"run `evalkit run {study}` first") for study in missing])
    ids = [path.stem for path in find_studies(project)] or [path.stem for path in paths]
    ids = list(dict.fromkeys([*ids, *(path.stem for path in paths)]))
    for study in state_of([path for path in paths if path.is_file()], output, data):
        if study.state == "to run":
            why = "; ".join(study.reasons)
            say(f"{study.id}: its result is out of date ({why}); `evalkit run {study.id}` renews it")
    with Progress() as progress:
        made = releases.make_site(project, output, site, engine=chosen, ids=ids, tell=progress.page)
    if chosen == "none":
        say("Wrote documents and exhibits; nothing was rendered.")
    else:
        say(f"{counted(len(made.written), 'page')} written. Open {made.index}")
    if made.faults:
        show_problems(made.faults, "", SpecError.heading)
        raise typer.Exit(WRONG)
    if form != "html":
        from evalkit.report.formats import write_documents

        for document in write_documents(project, [path.stem for path in paths], form, site, file):
            say(f"Wrote {document}")


@app.command()
def build(
    engine: Engine = "auto", jobs: Jobs = 1, output: Output = Path("results"), site: SiteFolder = Path("_site"),
    data: Data = None, as_json: Json = False, cluster: ClusterAddress = None, junit: JunitFile = None,
    gate: Annotated[bool, typer.Option("--gate/--no-gate", help="Exit status 3 when a headline moved beyond tolerance "
                                       "since the last release")] = True, simulated: Simulated = False,
) -> None:  # fmt: skip
    """Run what changed, then bring the site up to date."""
    from evalkit import building

    project = Path.cwd()
    places, paths = building.Places(project, output, site, _engine(engine), data), _paths(None, everything=True)
    plan_commands.use_simulated(paths if simulated else (), data)
    summaries = Summaries(paths, output, data, junit, as_json, of_build=True)
    with Progress(quiet=as_json) as progress, summaries.when_stopped(progress):
        done = building.build(places, paths, jobs=jobs, cluster=cluster, report=progress.study, tell=progress.page,
                              ended=progress.outcome)  # fmt: skip
        outcomes, made = done.outcomes, done.site
        beyond = _beyond(outcomes, project, output, data)
    if junit:
        write_junit(junit, outcomes, made.faults)
    if as_json:
        print_json({"studies": outcome_rows(outcomes, output), "pages": made.written, "index": str(made.index),
                    "problems": problem_rows(made.faults), "moved": movement_rows(beyond), "stopped": False,
                    })  # fmt: skip
        show_failures(outcomes, made.faults)
    else:
        tell_build(outcomes, made, beyond)
    moved = MOVED if beyond and gate else DONE
    raise typer.Exit(WRONG if made.faults else plan_commands.status_of(outcomes) or moved)


@app.command()
def status(specs: Specs = None, output: Output = Path("results"), data: Data = None, as_json: Json = False) -> None:
    """Say which studies are out of date, and why."""
    from evalkit.building import state_of
    from evalkit.freshness import without_study_file

    outcomes = state_of(_paths(specs, everything=not specs), output, data)
    outcomes += [] if specs else without_study_file(Path.cwd())
    if as_json:
        print_json([{"id": o.id, "state": "stale" if o.state == "to run" else o.state, "reasons": list(o.reasons),
                      "problems": problem_rows(o.problems)} for o in outcomes])  # fmt: skip
    else:
        tell_status(outcomes)
    raise typer.Exit(WRONG if any(outcome.state == "failed" for outcome in outcomes) else DONE)


@app.command()
def power(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="Study file, or its id", show_default=False)],
    replications: Annotated[int, typer.Option("--replications", min=30, help="Simulated series, panels a cell")] = 500,
    after: Annotated[int | None, typer.Option("--after", min=1, show_default=False,
                                              help="Periods watched from the (last) start on")] = None,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Say how small a change a study could find, by length or number of treated units; its start may lie ahead."""
    from evalkit.planning.reading import power_of
    from evalkit.spec.loading import load_spec

    (path,) = _paths([spec], everything=False)
    study = load_spec(path, data)
    found = power_of(study, replications, after)
    if as_json:
        print_json({"id": study.id, "power": found})
    else:
        tell_power(study.id, found, study.study.needed_data.frequency)


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option("--output", help="Write it to this file")] = None,
) -> None:
    """Print the JSON Schema of a study file; editors complete from it."""
    from evalkit.spec.schema import schema_text

    text = schema_text()
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        say(f"Wrote {output}")


def main() -> None:
    """Run the command line; what is wrong is printed in words, without a traceback unless --debug."""
    Interruption.listen()
    gc.set_threshold(50_000, 20, 20)  # what imports leave behind is no rubbish: looking for it seldom saves a tenth
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows ? and loses nothing else
    try:
        _leave(_called(sys.argv[1:]))
    except EvalkitError as error:
        show_problems(error.problems, "", error.heading)
        _leave(REFUSED if isinstance(error, ProtocolError | ReleaseError) else WRONG, error)
    except KeyboardInterrupt:
        _leave(STOPPED)
    except BrokenPipeError:  # who reads the output has seen enough: evalkit run | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(WRONG)
    except OSError as error:
        show_problems([system_problem(error)], "", EvalkitError.heading)
        _leave(WRONG, error)
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the command line
            typer.echo(f"{error.format_message()}\nTry: evalkit --help", err=True)
            _leave(WRONG)
        typer.echo(f"evalkit stopped unexpectedly: {type(error).__name__}: {error}\n"
                   "This is a fault of evalkit: run again with --debug and report it.", err=True)  # fmt: skip
        _leave(WRONG, error)


def _called(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; return the exit status.

    Once Ctrl-C was pressed, whatever is raised is owed to it: libraries turn it into faults of their own.
    """
    try:
        status = app(_after_debug(arguments), standalone_mode=False)
        sys.stdout.flush()
    except Exception:
        if Interruption.asked:
            return STOPPED
        raise
    return status if isinstance(status, int) else DONE


def _after_debug(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without `--debug`, which is taken before the verb and after it; what follows -- is left."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    if len(options) < end:
        os.environ["EVALKIT_DEBUG"] = "1"
    return [*options, *arguments[end:]]


def _leave(code: int, error: BaseException | None = None) -> NoReturn:
    """End with an exit status; typer has turned Ctrl-C into STOPPED."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: a late Ctrl-C has nothing left to stop
    if error is not None and os.environ.get("EVALKIT_DEBUG"):
        raise error
    gc.freeze()  # the system takes everything back at once; looking through it first takes half a second
    if code == STOPPED:
        typer.echo("\nStopped. What was finished is kept; nothing is half-written.", err=True)
        # Ctrl-C that fell into text which was run as code (as dataclasses do) makes Python end by the signal, whatever
        # status it is given. Running any other such text takes that back.
        exec("")  # noqa: S102
    sys.exit(code)


def _engine(name: str) -> Any:
    if name not in ("auto", "quarto", "bundled", "none"):
        raise EvalkitError(Problem(f"'{name}' is not an engine", "one of auto, quarto, bundled, none", "--engine"))
    return name


def _require_format(form: str, engine: str, file: Path | None) -> None:
    """Check, before anything is computed, that a format is known, can be made here and goes with the other options."""
    if form != "html":
        from evalkit.report.formats import require

        require(form)
    if form != "html" and engine == "none":
        raise EvalkitError(Problem(f"a {form} is made from a rendered page", "leave --engine none out", "--format"))
    if form == "html" and file is not None:
        raise EvalkitError(Problem("pages go into a folder", "--site FOLDER, or --format pdf or docx", "--file"))


def _paths(specs: Sequence[str] | None, everything: bool) -> list[Path]:
    """Return the study files that the arguments name; an id stands for evaluations/ID.yaml."""
    from evalkit.freshness import find_studies

    if everything and not specs:
        found = find_studies(Path.cwd())
        if not found:
            raise EvalkitError(Problem("there is no study in evaluations/", "write one: evalkit new ID"))
        return found
    if not specs:
        raise EvalkitError(Problem("no study is named", "name study files, or say --all"))
    named = [Path(spec) for spec in specs]
    return [path if path.suffix in (".yaml", ".yml") else Path("evaluations") / f"{path.name}.yaml" for path in named]


def _beyond(outcomes: Sequence[Outcome], project: Path, results: Path, data: str | None) -> list[Moved]:
    """Return headlines that moved beyond tolerance since the last release, whether or not they were run now."""
    from evalkit.history.gate import moved_beyond

    shown = [outcome.id for outcome in outcomes if outcome.state not in ("failed", "waiting", "gone")]
    ids = [study for study in shown if moved_beyond(study, results)]
    if not ids:
        return []
    from evalkit.history.movements import moved

    return [each for study in ids for each in moved(study, project, results, data) if each.analysis == "primary"]
