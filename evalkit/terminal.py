"""What the command line prints: problems with the offending line and a caret, summaries, movements, progress."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import typer

from evalkit.errors import DataError, Problem

if TYPE_CHECKING:
    from evalkit.freshness import Outcome, Site
    from evalkit.history.movements import Moved
    from evalkit.records import Cells, Headline, Move


def say(text: str, *, error: bool = False) -> None:
    """Print text; control characters, which a name in the data may hold, are shown and not obeyed."""
    typer.echo("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text), err=error)


class Interruption:
    """Ctrl-C, remembered: an interruption that falls into code which ignores what it raises is not lost.

    Python drops an exception that is raised while an object is finalised or a reference dies, and a library may catch
    it. The signal is therefore also written down, and work that comes in pieces asks between two of them.
    """

    asked: ClassVar[bool] = False

    @classmethod
    def listen(cls) -> None:
        """Take Ctrl-C from now on."""
        cls.asked = False
        signal.signal(signal.SIGINT, cls._take)
        if sys.unraisablehook is sys.__unraisablehook__:
            sys.unraisablehook = cls._dropped

    @classmethod
    def _dropped(cls, dropped: sys.UnraisableHookArgs) -> None:
        """Say what Python had to drop, but for Ctrl-C: that is written down, and its traceback would tell nobody."""
        if not (cls.asked and issubclass(dropped.exc_type, KeyboardInterrupt)):
            sys.__unraisablehook__(dropped)

    @classmethod
    def _take(cls, *_: object) -> NoReturn:
        cls.asked = True
        raise KeyboardInterrupt

    @classmethod
    def obey(cls) -> None:
        """Stop here when Ctrl-C was pressed.

        Raises
        ------
        KeyboardInterrupt
        """
        if cls.asked:
            raise KeyboardInterrupt


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 problem, 3 problems."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def print_json(data: Any) -> None:
    """Print plain data as JSON."""
    typer.echo(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def problem_rows(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as plain data, for --json."""
    return [{"file": p.file, "line": p.line, "column": p.column, "where": p.where, "message": p.message, "mend": p.mend}
            for p in problems]  # fmt: skip


def show_failure(outcome: Outcome) -> None:
    """Print why a study could not be run."""
    from evalkit.spec.loading import shown_path

    show_problems(outcome.problems, "", outcome.heading, shown_path(outcome.path))


def show_failures(outcomes: Sequence[Outcome], faults: Sequence[Problem]) -> None:
    """Print which studies could not be run and what kept pages from being written, each with its problems."""
    for outcome in outcomes:
        if outcome.state == "failed":
            show_failure(outcome)
    if faults:
        show_problems(faults, "", "no page was made of it")


def show_problems(problems: Sequence[Problem], tail: str, heading: str = "", study: str = "") -> None:
    """Print problems grouped by file, with the offending line and a caret; `study` is the file that was run."""
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem)
    for file, group in by_file.items():
        count = counted(len(group), "problem")
        if study and file not in ("", study):
            about = f"{file} does not fit {study}" if heading == DataError.heading else f"{file}, for {study}"
            say(f"{about}: {count}\n", error=True)
        else:
            head = f"{file}: {count}" if file else count
            say(f"{head}{f' ({heading})' if heading else ''}\n", error=True)
        width = max(len(_position(problem)) for problem in group)
        margin = f"  {'':<{width}}  " if width else "  "
        for problem in group:
            sentence = problem.sentence().replace("\n", "\\n")
            say(f"  {_position(problem):<{width}}  {sentence}" if width else f"  {sentence}", error=True)
            if problem.source_line and problem.column:
                _caret(problem, margin)
        say("", error=True)
    if tail:
        say(tail, error=True)


def _caret(problem: Problem, margin: str) -> None:
    line = problem.source_line.rstrip().replace("\t", " ")
    column = problem.column or 1
    start = max(0, column - 60)
    shown = line[start : start + 100]
    marks = "^" * max(1, min(problem.length, len(shown) - (column - 1 - start)))
    say(f"{margin}| {shown}\n{margin}| {' ' * (column - 1 - start)}{marks}", error=True)


def _position(problem: Problem) -> str:
    return ":".join(str(part) for part in (problem.line, problem.column) if part is not None)


def tell_outcomes(outcomes: Sequence[Outcome], results: Path, as_json: bool) -> None:
    """Print what became of each study: its summary, or its problems."""
    from evalkit import archive, report

    if as_json:
        print_json(outcome_rows(outcomes, results))
        return
    for outcome in outcomes:
        if outcome.state == "failed":
            show_failure(outcome)
        elif outcome.state == "unchanged":
            say(f"{outcome.id}: up to date")
        elif outcome.state == "waiting":
            say(f"{outcome.id}: {'; '.join(outcome.reasons)}")
        else:
            path = results / outcome.id / archive.FILE_NAME
            for line in report.terminal_summary(archive.read_result(path)):
                say(line)
            for note in outcome.notes:
                say(f"  Note: {note}")
            say(f"  Everything else is in {path}\n")


def outcome_rows(outcomes: Sequence[Outcome], results: Path) -> list[dict[str, Any]]:
    """Return what became of each study as plain data, for --json."""
    return [{"id": o.id, "state": o.state, "reasons": list(o.reasons), "problems": problem_rows(o.problems),
             "notes": list(o.notes),
             "result": str(results / o.id / "result.json") if o.state in ("run", "unchanged") else None}
            for o in outcomes]  # fmt: skip


def movement_rows(movements: Sequence[Moved]) -> list[dict[str, Any]]:
    """Return headlines then and now as plain data, for --json; the main one with what the move is owed to."""
    from evalkit.archive import plain

    return [{"id": m.id, "analysis": m.analysis, "before": plain(m.before), "now": plain(m.now), "beyond": m.beyond,
             "causes": list(m.causes), "against": m.against, "move": plain(m.move)} for m in movements]  # fmt: skip


def tell_build(outcomes: Sequence[Outcome], made: Site, beyond: Sequence[Moved]) -> None:
    """Print what a build did: what failed, what ran and why, which page to open, what moved."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    ran = [outcome for outcome in outcomes if outcome.state == "run"]
    waiting = [outcome for outcome in outcomes if outcome.state == "waiting"]
    gone = [outcome for outcome in outcomes if outcome.state == "gone"]
    show_failures(outcomes, made.faults)
    say(build_line(len(outcomes) - len(gone), ran, failed, made.written, waiting))
    width = max((len(outcome.id) for outcome in (*gone, *waiting, *ran)), default=0)
    for outcome in (*gone, *waiting, *ran):
        say(f"   {outcome.id:<{width}}  {'; '.join(outcome.reasons)}")
    for note in dict.fromkeys(note for outcome in ran for note in outcome.notes):
        say(f"   Note: {note} ({', '.join(outcome.id for outcome in ran if note in outcome.notes)})")
    checked = "The files of the site were put back where they were lost or changed"
    ending = "Done" if made.written else checked if made.put_back else "Site is up to date"
    say(f" {ending}. Open {made.index}")
    if beyond:
        say(" Moved since the last release:")
    for movement in beyond:
        say(f"   {movement_line(movement)}")
        for line in movement_details(movement):
            say(f"      {line}")


def build_line(
    total: int, ran: Sequence[Outcome], failed: Sequence[Outcome], written: Sequence[str],
    waiting: Sequence[Outcome] = (),
) -> str:  # fmt: skip
    """Return in one line what a build did."""
    studies = "study" if total == 1 else "studies"
    if not ran and not failed and not waiting:
        return f" {total} {studies}, nothing changed" if not written else f" {total} {studies}, no result changed"
    unchanged = total - len(ran) - len(failed) - len(waiting)
    tail = (f", {len(failed)} failed" if failed else "") + (f", {len(waiting)} waiting for data" if waiting else "")
    return f" {total} {studies}: {unchanged} unchanged, {len(ran)} run{tail}"


def movement_line(movement: Moved) -> str:
    """Return a headline then and now, and what changed between them."""
    why = f"   changed: {', '.join(movement.causes)}" if movement.causes else "   nothing changed"
    flag = "  simulated data" if movement.simulated else "  beyond tolerance" if movement.beyond else ""
    ends = " -> ".join(map(_headline_words, (movement.before, movement.now)))
    return f"{movement.id} {movement.analysis}: {ends}{why}{flag}"


def tell_status(outcomes: Sequence[Outcome]) -> None:
    """Print of each study whether it is up to date, and if not, why."""
    words = {"unchanged": "up to date", "to run": "stale", "failed": "cannot run", "waiting": "waiting for data",
             "gone": "no study file"}  # fmt: skip
    width = max((len(outcome.id) for outcome in outcomes), default=0)
    for outcome in outcomes:
        why = [*outcome.reasons, *(str(problem) for problem in outcome.problems)]
        say(f"{outcome.id:<{width}}  {words[outcome.state]}{': ' + '; '.join(why) if why else ''}")


def standing_line(outcome: Outcome) -> str:
    """Return why a study has no headline of now, where one was asked for."""
    why = "; ".join(outcome.reasons)
    if outcome.state in ("waiting", "gone"):
        return f"{outcome.id}: not compared: {why}"
    if outcome.state == "failed":
        return f"{outcome.id}: not compared: it cannot be run as it is"
    return (f"{outcome.id}: not compared: its last result is out of date ({why}); `evalkit run {outcome.id}` renews "
            "it, or says what is wrong")  # fmt: skip


def standing_row(outcome: Outcome) -> dict[str, Any]:
    """Return the same as plain data, for --json: a movement without numbers, and why."""
    return {"id": outcome.id, "analysis": None, "before": None, "now": None, "beyond": False, "causes": [],
            "against": None, "move": None, "state": "stale" if outcome.state == "to run" else outcome.state,
            "reasons": list(outcome.reasons), "problems": problem_rows(outcome.problems)}  # fmt: skip


def movement_details(movement: Moved) -> list[str]:
    """Return what a move is owed to and what about it changed, a line each; only for the main headline."""
    move = movement.move
    if move is None:
        return []
    lines = [shares_line(move)] if move.shares and move.causes else []
    lines += list(move.notes)
    cells = "" if move.cells is None else f": {_cells_words(move.cells)}"
    data = [words for cause, words in move.details if cause == "data"]
    lines += [f"data: {', '.join(data)}{cells}"] if data else []
    lines += [f"{cause}: {words}" for cause, words in move.details if cause != "data"]
    return lines


def shares_line(move: Move) -> str:
    """Return how much of a move is owed to what: `of -2.1 points: data -1.6, spec -0.5, code 0.0`."""
    total = round(sum(share.shown for share in move.shares), move.decimals)
    parts = ", ".join(f"{share.cause} {_signed(share.shown, move.decimals)}" for share in move.shares)
    unit = "points" if move.now.unit == "percent" else move.now.unit
    return f"of {_signed(total, move.decimals)} {unit}".rstrip() + f": {parts}"


def _signed(number: float, decimals: int) -> str:
    return f"{number:+,.{decimals}f}" if round(number, decimals) else f"{0:.{decimals}f}"


def _cells_words(cells: Cells) -> str:
    from evalkit.history.cells import told

    return told(cells)


def _headline_words(headline: Headline) -> str:
    from evalkit.report.numbers import interval_text, number, signed_percent

    if headline.unit == "percent" and headline.value is not None:
        shown = f"{signed_percent(headline.value, 1)} ({interval_text(headline.low, headline.high)})"
    else:
        shown = f"{number(headline.value)} ({interval_text(headline.low, headline.high, number)}) {headline.unit}"
    return shown.rstrip()


def tell_power(study: str, power: Mapping[str, Any], frequency: str) -> None:
    """Print the smallest change that a study could find, by how long it watches or how many places are treated."""
    from rich.console import Console

    say(f"{study}: smallest change that would be found four times in five ({power['measure']})\n")
    by_places = power.get("by") == "treated"
    Console(file=sys.stdout).print(_places_grid(power) if by_places else _lengths_grid(power, frequency))
    say(power["words"])
    cells = power["cells"]
    for problem in sorted({cell["problem"] for cell in cells} - {""}):
        pairs = [f"{c['treated']} treated" if by_places else f"{c['before']} before and {c['after']} after"
                 for c in cells if c["problem"] == problem]  # fmt: skip
        more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
        say(f"  - with {', '.join(pairs[:3])}{more}: {problem}")


def _lengths_grid(power: Mapping[str, Any], frequency: str) -> Any:
    """Return a row for each length before, a column for each length after."""
    from rich import box
    from rich.table import Table

    from evalkit.periods import words_for

    befores, afters = (sorted({cell[side] for cell in power["cells"]}) for side in ("before", "after"))
    found = {(cell["before"], cell["after"]): cell for cell in power["cells"]}
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column(f"{words_for(frequency, 2)} before")
    for after in afters:
        table.add_column(f"{after} after", justify="right")
    for before in befores:
        cells = [found.get((before, after)) for after in afters]
        sizes = [cell["smallest_change_percent"] if cell else None for cell in cells]
        table.add_row(str(before), *("-" if size is None else f"{size:.1f}%" for size in sizes))
    return table


def _places_grid(power: Mapping[str, Any]) -> Any:
    """Return a row for each number of treated places, the study's own first."""
    from rich import box
    from rich.table import Table

    counted = any(cell["events_a_year"] is not None for cell in power["cells"])
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column(f"treated {power['noun']}s")
    for name in ("fall", "rise", *(["events a year"] if counted else [])):
        table.add_column(name, justify="right")
    table.add_column("estimated and tested by")
    for cell in [power["own"], *power["cells"]]:
        sizes = ["-" if cell[key] is None else f"{cell[key]:.1f}%" for key in ("fall_percent", "rise_percent")]
        events = ["-" if cell["events_a_year"] is None else f"{cell['events_a_year']:,.0f}"] if counted else []
        how = f"{cell['estimator']}, {cell['inference']}" if cell["estimator"] else "-"
        name = str(cell["treated"]) if cell["drawn"] else f"{cell['treated']}, this study's own"
        table.add_row(name, *sizes, *events, how)
    return table


class Progress:
    """Progress on a terminal; silent when the output is not one."""

    def __init__(self, quiet: bool = False) -> None:
        self.live = sys.stderr.isatty() and not quiet
        self.bar: Any = None
        self.tasks: dict[str, Any] = {}
        self.ended: dict[str, Outcome] = {}
        self.pages: list[str] = []

    def __enter__(self) -> Progress:
        if self.live:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def study(self, study: str, state: str) -> None:
        """Show what a study is doing: `2/7 label`, or its end."""
        Interruption.obey()
        number, _, label = state.partition(" ")
        done, _, total = number.partition("/")
        ends = not total.isdigit()
        if self.bar is None:
            return
        self._show(f"Estimating {study}", label if not ends else state, 1 if ends else int(done) - 1,
                   1 if ends else int(total))  # fmt: skip

    def outcome(self, outcome: Outcome) -> None:
        """Keep in `ended` what is known of a study, with its reasons and problems, for a run that is stopped."""
        self.ended[outcome.id] = outcome

    def page(self, name: str, number: int, total: int) -> None:
        """Show which page was written, and keep its name in `pages`."""
        self.pages.append(name)
        Interruption.obey()
        if self.bar is not None:
            self._show("Writing", name, number, total)

    def _show(self, title: str, label: str, done: int, total: int) -> None:
        if title not in self.tasks:
            self.tasks[title] = self.bar.add_task(title, total=total)
        self.bar.update(self.tasks[title], completed=done, total=total, description=f"{title}: {label}")
