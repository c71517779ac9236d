"""`evalkit data`: published files fetched, checked against their hashes, and listed."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalkit.errors import DataError, Problem
from evalkit.terminal import Interruption, Progress, counted, print_json, problem_rows, say, show_problems

if TYPE_CHECKING:
    from evalkit.fetching.fetch import Fetched
    from evalkit.fetching.states import State

data_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                       help="Fetch published files, check them against their hashes, list them.")  # fmt: skip

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Ids of data/sources.yaml; all if none",
                                                   show_default=False)]  # fmt: skip
Root = Annotated[Path | None, typer.Option("--data", metavar="ROOT", help="Folder below which data/ lies, instead of "
                                           "the project or EVALKIT_DATA", show_default=False)]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print findings as JSON")]
Mirror = Annotated[Path | None, typer.Option("--mirror", metavar="FOLDER", help="Take the files from a folder; asks "
                                             "nothing of publishers", show_default=False)]  # fmt: skip

_HEADINGS = ("source", "publisher", "licence", "state", "reader tried")
_READABLE = 16
"""Letters that a column of words should be wide; where there is no room for that, each source has lines of its own."""


class FetchProgress(Progress):
    """Progress of a file on its way here."""

    def received(self, source: str, done: int, total: int) -> None:
        """Show how much of a file has come."""
        Interruption.obey()
        if self.bar is not None:
            self._show(f"Fetching {source}", f"{done / 1e6:,.1f} MB", done, total or max(done, 1))


@data_app.command()
def fetch(
    names: Names = None, mirror: Mirror = None, root: Root = None,
    again: Annotated[bool, typer.Option("--again", help="Ask again for sources without a declared hash")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Bring files here and read them into tidy tables; goes on where it was interrupted."""
    from evalkit.fetching.catalogue import load_catalogue
    from evalkit.fetching.fetch import Fetcher

    project = Path.cwd()
    catalogue = load_catalogue(project)
    progress = FetchProgress(quiet=as_json)
    with progress:
        fetcher = Fetcher(project, _root(project, root), mirror, again, tell=progress.received)
        found = fetcher.run(catalogue, names or ())
    if not catalogue.sources:
        _tell_none(as_json)
    elif as_json:
        print_json([{"id": f.id, "state": f.ended, "changed": list(f.changes), "extract": f.extract, "rows": f.rows,
                     "gone": list(f.gone), "problems": problem_rows(f.problems)} for f in found])  # fmt: skip
    else:
        _tell_fetched(found)
    nothing = bool(mirror and found) and all(item.ended == "left out" for item in found)
    if nothing:  # green would say that the data are here
        typer.echo("Nothing was fetched: no source names its file in a mirror; add `mirror` to them.", err=True)
    raise typer.Exit(nothing or any(item.ended == "failed" for item in found))


@data_app.command()
def verify(names: Names = None, root: Root = None, as_json: Json = False) -> None:
    """Compare files with the hashes that are declared or were recorded; status 1 when one differs."""
    from evalkit.fetching.catalogue import load_catalogue

    project = Path.cwd()
    catalogue = load_catalogue(project)
    found = _states(catalogue, project, root, names)
    wrong = [state for state in found if state.problems and (state.known or state.word == "differs" or names)]
    if not catalogue.sources:
        _tell_none(as_json)
    elif as_json:
        print_json([{"id": s.id, "state": s.word, "problems": problem_rows(s.problems)} for s in found])
    else:
        show_problems([problem for state in wrong for problem in state.problems], "", "")
        right = sum(not state.problems for state in found)
        unfetched = [s.id for s in found if s.word == "missing" and s not in wrong]
        say(f"{counted(right, 'source')} as declared or as first fetched; {len(wrong)} not"
            + (f"; never fetched: {', '.join(unfetched)}" if unfetched else ""))  # fmt: skip
    raise typer.Exit(bool(wrong))


@data_app.command("list")
def list_sources(names: Names = None, root: Root = None, as_json: Json = False) -> None:
    """List sources: whose they are, where each stands, and whether its reader was tried on the publisher's own file."""
    from evalkit.fetching.catalogue import load_catalogue

    project = Path.cwd()
    catalogue = load_catalogue(project)
    found = _states(catalogue, project, root, names)
    if not catalogue.sources:
        _tell_none(as_json)
    elif as_json:
        print_json([_state_row(state) for state in found])
    else:
        _print_list(found)


def _tell_none(as_json: bool) -> None:
    """Say that a list of sources is right and names none yet."""
    if as_json:
        print_json([])
    else:
        say("data/sources.yaml: no sources yet. Name each published file below `sources:`, with its address, licence "
            "and reader, as METHODS.md shows; then: evalkit data fetch")  # fmt: skip


def _root(project: Path, root: Path | None) -> Path:
    """Return the folder below which `data/` lies."""
    chosen = root or (Path(os.environ["EVALKIT_DATA"]) if os.environ.get("EVALKIT_DATA") else None)
    if chosen is not None and not chosen.is_dir():
        raise DataError(f"{str(chosen)!r} is not a folder", "name the folder below which data/ lies",
                        "--data" if root else "EVALKIT_DATA")  # fmt: skip
    return chosen or project


def _states(catalogue: Any, project: Path, root: Path | None, names: Sequence[str] | None) -> list[State]:
    from evalkit.fetching.lock import read_lock
    from evalkit.fetching.states import states

    return states(catalogue, read_lock(project), _root(project, root), list(names or ()))


def _state_row(state: State) -> dict[str, Any]:
    source = state.source
    return {"id": state.id, "title": source.title, "publisher": source.publisher, "licence": source.licence,
            "address": source.address, "page": source.page, "state": state.word, "extract": state.extract,
            "tried_on": source.tried_on or None, "provisional": source.provisional, "settling": source.settling,
            "tables": [table.path for table in source.tables], "problems": problem_rows(state.problems)}  # fmt: skip


def _tell_fetched(found: Sequence[Fetched]) -> None:
    """Print what became of each source, then all in one line."""
    for item in found:
        rows = f", {counted(item.rows, 'row')}" if item.rows else ""
        kind = " (an extract, not the publisher's own file)" if item.extract else ""
        if item.ended in ("fetched", "read again", "up to date"):
            say(f"{item.id}: {item.ended}{rows}{kind}")
        for path in item.changes:
            say(f"  {path} is not what it was at the last fetch")
        for text in item.gone:
            say(f"  {text}")
        if item.ended == "left out":
            say(f"{item.id}: left out: {item.problems[0].message}; {item.problems[0].mend}")
        if item.ended == "failed":
            problems = [p if p.where.startswith(item.id) else _named(p, item.id) for p in item.problems]
            show_problems(problems, "", "not fetched")
    words = ("fetched", "read again", "up to date", "left out", "failed")
    parts = [f"{count} {word}" for word in words if (count := sum(item.ended == word for item in found))]
    say(f"{counted(len(found), 'source')}: {', '.join(parts)}")


def _named(problem: Problem, source: str) -> Problem:
    from dataclasses import replace

    return replace(problem, where=f"{source}.{problem.where}" if problem.where else source)


def _print_list(found: Sequence[State]) -> None:
    """Print a row for each source, or a few lines where the terminal is too narrow for whole words in columns."""
    from rich.console import Console

    console = Console(file=sys.stdout, markup=False, highlight=False)
    widths = _widths(found, console.width)
    if widths is None:
        for state in found:
            _print_lines(state, console.width)
    else:
        _print_table(found, console, widths)
    if not all(state.source.tried_on for state in found):
        _wrapped("`never`: the reader was never tried on the publisher's own file; look at its tables before using "
                 "them.", console.width)  # fmt: skip


def _row(state: State) -> tuple[str, str, str, str, str]:
    word = f"{state.word} (extract)" if state.extract else state.word
    return state.id, state.source.publisher, state.source.licence, word, "yes" if state.source.tried_on else "never"


def _widths(found: Sequence[State], width: int) -> tuple[int, int] | None:
    """Return how wide publisher and licence may be; None when a word of theirs would have to be broken."""
    from rich.cells import cell_len  # letters of some scripts are two columns wide

    columns = list(zip(_HEADINGS, *(_row(state) for state in found), strict=True))
    fixed = sum(max(map(cell_len, columns[at])) for at in (0, 3, 4))
    left = width - fixed - (3 * len(columns) - 1)  # a space on each side of a cell, and one between columns
    words = [max(cell_len(word) for cell in columns[at] for word in cell.split()) for at in (1, 2)]
    whole = [max(map(cell_len, columns[at])) for at in (1, 2)]
    least = [max(word, min(_READABLE, full)) for word, full in zip(words, whole, strict=True)]
    if left < sum(least):
        return None
    publisher = min(whole[0], max(least[0], left - whole[1]))
    return publisher, min(whole[1], left - publisher)


def _print_table(found: Sequence[State], console: Any, widths: tuple[int, int]) -> None:
    """Print sources in columns; below them what is marked."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_edge=False)
    for heading, width in zip(_HEADINGS, (None, *widths, None, None), strict=True):
        table.add_column(heading, width=width, no_wrap=width is None)
    for state in found:
        table.add_row(*_row(state))
    console.print(table)
    for state in found:
        for label, words in _marks(state):
            _wrapped(f"{state.id}: {label}: {words}", console.width)


def _print_lines(state: State, width: int) -> None:
    """Print one source in lines of whole words."""
    name, publisher, licence, word, tried = _row(state)
    reader = "tried on the publisher's own file" if tried == "yes" else "never tried on the publisher's own file"
    _wrapped(f"{name}: {word}", width)
    for text in (publisher, licence, f"reader: {reader}", *(f"{label}: {words}" for label, words in _marks(state))):
        _wrapped(text, width, "  ")
    say("")


def _marks(state: State) -> list[tuple[str, str]]:
    source = state.source
    where = "page and note" if source.page else "its note"
    marks = (("provisional", source.provisional), ("settling", source.settling),
             ("address", None if source.address else f"not known; see {where} in data/sources.yaml"))  # fmt: skip
    return [(label, words) for label, words in marks if words]


def _wrapped(text: str, width: int, margin: str = "") -> None:
    """Print a text in lines that end between words."""
    say(textwrap.fill(text, width, initial_indent=margin, subsequent_indent=margin + "  ", break_long_words=False,
                      break_on_hyphens=False))  # fmt: skip
