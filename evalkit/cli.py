"""The command line: the verbs, thin. What they do is in flow, releases and report."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from evalkit.errors import EvalkitError, Problem, SpecError, system_problem
from evalkit.terminal import (
    Interruption,
    Progress,
    counted,
    movement_line,
    movement_rows,
    outcome_rows,
    print_json,
    problem_rows,
    say,
    show_problems,
    tell_build,
    tell_outcomes,
    tell_power,
)

if TYPE_CHECKING:
    from evalkit.releases import Moved, Outcome

DONE, WRONG, REFUSED, MOVED, STOPPED = 0, 1, 2, 3, 130
"""Exit statuses: done; the spec or data are wrong; a gate refused; results moved beyond tolerance; Ctrl-C."""

app = typer.Typer(
    name="evalkit", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Evaluate programmes from a YAML file: run designs, check assumptions, price effects, write pages.",
)  # fmt: skip

Specs = Annotated[list[str] | None, typer.Argument(help="Study files, or their ids", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Every study in evaluations/")]
Json = Annotated[bool, typer.Option("--json", help="Print findings as JSON")]
Data = Annotated[str | None, typer.Option("--data", help="Data root beside the project (or EVALKIT_DATA)")]
Output = Annotated[Path, typer.Option("--output", help="Folder for the results")]
SiteFolder = Annotated[Path, typer.Option("--site", help="Folder for the site")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Studies to run at the same time")]
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
def check(specs: Specs = None, data: Data = None, as_json: Json = False) -> None:
    """Check study files; reads no data beyond the names of columns."""
    from evalkit.spec.loading import load_spec

    found: dict[Path, tuple[Problem, ...]] = {}
    for path in _paths(specs, everything=not specs):
        try:
            load_spec(path, data)
            found[path] = ()
        except EvalkitError as error:
            found[path] = error.problems
    if as_json:
        print_json([{"file": str(path), "problems": problem_rows(problems)} for path, problems in found.items()])
    else:
        for problems in filter(None, found.values()):
            show_problems(problems, "Nothing was run. `evalkit new ID` writes a commented example.")
        right = [path for path, problems in found.items() if not problems]
        if right:
            say(f"{right[0]}: no problems" if len(right) == 1 else f"{len(right)} study files: no problems")
    raise typer.Exit(WRONG if any(found.values()) else DONE)


@app.command()
def run(
    specs: Specs = None, everything: All = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only studies that are not up to date")] = False,
    jobs: Jobs = 1, output: Output = Path("results"), data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Run studies and write DIR/ID/result.json."""
    from evalkit import releases

    paths = _paths(specs, everything or changed)
    with Progress(quiet=as_json) as progress:
        outcomes = releases.run_studies(
            paths, output, data=data, jobs=jobs, only_changed=changed, report=progress.study
        )
    tell_outcomes(outcomes, output, as_json)
    raise typer.Exit(WRONG if any(outcome.state == "failed" for outcome in outcomes) else DONE)


@app.command()
def report(
    specs: Specs = None, everything: All = False, engine: Engine = "auto", output: Output = Path("results"),
    site: SiteFolder = Path("_site"), data: Data = None, form: Format = "html", file: DocumentFile = None,
) -> None:  # fmt: skip
    """Write the pages of studies that have been run, and documents of those named if a format is asked for."""
    from evalkit import releases

    del everything  # the pages of all studies are kept true together, so naming one is naming all
    chosen = _engine(engine)
    _require_format(form, chosen, file)
    if chosen == "none" and os.environ.get("EVALKIT_RENDERING"):
        return  # Quarto calls this as its pre-render step, and evalkit, which called Quarto, has just done it
    project = Path.cwd()
    paths = _paths(specs, everything=not specs)
    if chosen == "none":
        releases.run_studies(releases.find_studies(project), output, data=data, only_changed=True)
    missing = [path.stem for path in paths if not (output / path.stem / "result.json").is_file()]
    if missing:
        raise EvalkitError([Problem(f"{study} has no result", f"run `evalkit run {study}` first") for study in missing])
    ids = [path.stem for path in releases.find_studies(project)] or [path.stem for path in paths]
    ids = list(dict.fromkeys([*ids, *(path.stem for path in paths)]))
    for study in releases.status([path for path in paths if path.is_file()], output, data):
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
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Run what changed, then bring the site up to date."""
    from evalkit import releases

    chosen, project = _engine(engine), Path.cwd()
    paths = _paths(None, everything=True)
    with Progress(quiet=as_json) as progress:
        outcomes = releases.run_studies(paths, output, data=data, jobs=jobs, only_changed=True, report=progress.study)
        failed = [outcome for outcome in outcomes if outcome.state == "failed"]
        messages = [(outcome.id, "; ".join(problem.sentence() for problem in outcome.problems)) for outcome in failed]
        made = releases.make_site(project, output, site, engine=chosen, failures=messages, tell=progress.page,
                                  ids=[o.id for o in outcomes if o.state != "failed"])  # fmt: skip
    beyond = _beyond(outcomes, project, output)
    if as_json:
        print_json({"studies": outcome_rows(outcomes, output), "pages": made.written, "index": str(made.index),
                    "problems": problem_rows(made.faults), "moved": movement_rows(beyond)})  # fmt: skip
    else:
        tell_build(outcomes, made, beyond)
    raise typer.Exit(WRONG if failed or made.faults else MOVED if beyond else DONE)


@app.command()
def status(specs: Specs = None, output: Output = Path("results"), data: Data = None, as_json: Json = False) -> None:
    """Say which studies are out of date, and why."""
    from evalkit import releases

    outcomes = releases.status(_paths(specs, everything=not specs), output, data)
    if as_json:
        print_json([{"id": o.id, "state": "stale" if o.state == "to run" else o.state, "reasons": list(o.reasons),
                      "problems": problem_rows(o.problems)} for o in outcomes])  # fmt: skip
    else:
        words = {"unchanged": "up to date", "to run": "stale", "failed": "cannot run"}
        for outcome in outcomes:
            why = [*outcome.reasons, *(str(problem) for problem in outcome.problems)]
            say(f"{outcome.id:<28} {words[outcome.state]}{': ' + '; '.join(why) if why else ''}")
    raise typer.Exit(WRONG if any(outcome.state == "failed" for outcome in outcomes) else DONE)


@app.command()
def diff(
    studies: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", show_default=False)] = None,
    output: Output = Path("results"), as_json: Json = False,
) -> None:  # fmt: skip
    """Set each headline beside the last release, or the run before."""
    from evalkit import releases

    project = Path.cwd()
    ids = [Path(study).stem for study in studies or []] or _with_history(project, output)
    movements = [movement for study in ids for movement in releases.moved(study, project, output)]
    if as_json:
        print_json(movement_rows(movements))
    else:
        if not movements:
            say("Nothing to compare: no study has a release or an earlier run.")
        for movement in movements:
            say(movement_line(movement))
    raise typer.Exit(MOVED if any(m.beyond and m.analysis == "primary" for m in movements) else DONE)


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows ? and loses nothing else
    try:
        status = app(_after_debug(sys.argv[1:]), standalone_mode=False)
        sys.stdout.flush()
        _leave(status if isinstance(status, int) else DONE)
    except EvalkitError as error:
        show_problems(error.problems, "", error.heading)
        _leave(WRONG, error)
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


def _after_debug(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without `--debug`, which is taken before the verb and after it; what follows -- is left."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    if len(options) < end:
        os.environ["EVALKIT_DEBUG"] = "1"
    return [*options, *arguments[end:]]


def _leave(code: int, error: BaseException | None = None) -> NoReturn:
    """End with an exit status; typer has turned Ctrl-C into STOPPED."""
    if error is not None and os.environ.get("EVALKIT_DEBUG"):
        raise error
    if code == STOPPED:
        typer.echo("\nStopped. What was finished is kept; nothing is half-written.", err=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said: a late Ctrl-C has nothing left to stop
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
    from evalkit.releases import find_studies

    if everything and not specs:
        found = find_studies(Path.cwd())
        if not found:
            raise EvalkitError(Problem("there is no study in evaluations/", "write one: evalkit new ID"))
        return found
    if not specs:
        raise EvalkitError(Problem("no study is named", "name study files, or say --all"))
    named = [Path(spec) for spec in specs]
    return [path if path.suffix in (".yaml", ".yml") else Path("evaluations") / f"{path.name}.yaml" for path in named]


def _with_history(project: Path, results: Path) -> list[str]:
    from evalkit.releases import PREVIOUS, find_studies

    return [path.stem for path in find_studies(project)
            if (results / path.stem / PREVIOUS).is_file()
            or (project / "reports" / "published" / f"{path.stem}.json").is_file()]  # fmt: skip


def _beyond(outcomes: Sequence[Outcome], project: Path, results: Path) -> list[Moved]:
    """Return headlines that moved beyond tolerance since the last release."""
    from evalkit import releases

    released = [o.id for o in outcomes if o.state == "run"
                and (project / "reports" / "published" / f"{o.id}.json").is_file()]  # fmt: skip
    found = [movement for study in released for movement in releases.moved(study, project, results)]
    return [movement for movement in found if movement.beyond and movement.analysis == "primary"]


if __name__ == "__main__":
    main()
