"""`evalkit claims`: every published claim made again from its own numbers, and what is left of it."""

from __future__ import annotations

import csv
import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.errors import Problem, SpecError
from evalkit.terminal import counted, print_json, say

if TYPE_CHECKING:
    from evalkit.claims import Checked, PublishedClaims

Names = Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of data/claims.yaml; all if none",
                                                   show_default=False)]  # fmt: skip
Form = Annotated[str, typer.Option("--format", help="table, json or csv")]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json")]
FORMS = ("table", "json", "csv")
WIDTH = 100


def claims(names: Names = None, form: Form = "table", as_json: Json = False) -> None:
    """Make the figures of published claims again (data/claims.yaml) and say what is left of each."""
    from evalkit.claims.table import HEADS, all_checked, as_text, row_of

    form = "json" if as_json else form
    if form not in FORMS:
        raise SpecError(Problem(f"there is no format {form!r}", f"one of {', '.join(FORMS)}", where="--format"))
    found = _named(all_checked(_register()), names)
    if form == "json":
        print_json([row_of(one) for one in found])
    elif form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([HEADS, *(as_text(row_of(one)) for one in found)])
        typer.echo(text.getvalue(), nl=False)
    else:
        _tell(found)


def _register() -> PublishedClaims:
    """Return the project's register of claims."""
    from evalkit.claims import FILE, ClaimsError, read_claims

    register = read_claims(Path.cwd())
    if register is None:
        raise ClaimsError(Problem("is not there", "write the claims into it, or leave this out", file=FILE))
    return register


def _named(found: list[Checked], names: list[str] | None) -> list[Checked]:
    """Return the claims that were asked for, in the order of the register."""
    from evalkit.claims import FILE

    known = {one.id for one in found}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise SpecError([Problem(f"there is no claim {name!r}", f"one of those in {FILE}", where="ID")
                         for name in unknown])  # fmt: skip
    return [one for one in found if not names or one.id in names]


def _tell(found: list[Checked]) -> None:
    """Print each claim: its id and number, the words, the verdict, the rules, and what would be needed."""
    from evalkit.claims.table import counts_of, number_words

    for one in found:
        number = number_words(one.numbers)
        say(f"{one.id}  {one.claim.about}" + (f"  {number}" if number else ""))
        for label, text in (("printed", f"“{one.claim.words}”"), ("verdict", one.sentence),
                            ("against", " ".join(f"{each.code} {each.found}" for each in one.findings)),
                            ("needed", " ".join(one.needed))):  # fmt: skip
            for place, line in enumerate(textwrap.wrap(text, WIDTH - 13)):
                say(f"    {label if place == 0 else '':<9}{line}")
    told = counts_of(found)
    say(f"{counted(told['all'], 'claim')}: {told['numbers']} with numbers that can be made again; "
        f"{told['slips']} whose figure does not follow; {told['activity']} that count an activity.")  # fmt: skip
