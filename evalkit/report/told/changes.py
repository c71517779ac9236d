"""What changed: the headline of every release, and what the last move of it is put down to (E48, E49)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.history.cells import told
from evalkit.periods import describe_label
from evalkit.records import Cells, Evaluation, Headline, Move, Release
from evalkit.report.changes import as_change
from evalkit.report.drawing import Drawing, Size
from evalkit.report.exhibits import Exhibits, source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change
from evalkit.report.numbers import percent, signed
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.result_tables import written
from evalkit.report.row_chart import Row, Rows, describe_rows, draw_rows, row_table
from evalkit.report.tables import Column, Table
from evalkit.report.told.stated import NOT_STATED, stated
from evalkit.report.windows import describe
from evalkit.report.words import SIMULATED, interval_label, less_more, plain_label

HOW = (
    "To tell the causes apart, old and new data were run with the old and the new study file, by the code that is here "
    "now. Old code cannot be run, so what is left over goes to the code. Each share is a mean over the orders in which "
    "the changes can come."
)
CAUSES = {"data": "The data", "spec": "The study file", "code": "The code of evalkit",
          "packages": "The packages that it rests on"}  # fmt: skip
NOT_RELEASED = "The numbers on this page are not released yet."
NEVER_RELEASED = "Not released yet."
NOW = "On this page, not released"


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the history of the headline, and what moved last; none for a study that was never released."""
    known = evaluation.releases
    if known is None or not known.history:
        return []
    mark = [f"{SIMULATED}."] if evaluation.simulated else []
    unreleased = _headline_moved(known.move)
    said = [*mark, *([NOT_RELEASED] if unreleased else [])]
    shown = [figures.get("fig-history", ""), exhibits.table(history_table(evaluation))]
    move, since = _last_move(evaluation)
    if move is None:
        return part("Every release", said, blocks=shown)
    blocks = [exhibits.table(shares_table(move)), exhibits.table(cells_table(move.cells), folded=True)]
    return [*part("Every release", said, blocks=shown),
            *part(since, [*mark, *_about(move)], blocks=blocks)]  # fmt: skip


def history_figure(evaluation: Evaluation) -> Figure | None:
    """Return the headline of every release with its interval, the oldest first; None with fewer than two."""
    rows = _history_rows(evaluation)
    if len(rows) < 2 or len({headline.unit for _, headline in rows}) > 1:
        return None
    changes = [_change(headline) for _, headline in rows]
    percent_unit, primary = rows[0][1].unit == "percent", evaluation.primary
    drawn = Rows(
        tuple(_row(name, change, last=place == len(rows) - 1)
              for place, ((name, _), change) in enumerate(zip(rows, changes, strict=True))),
        percent_unit, changes[-1].level, "" if percent_unit else rows[0][1].unit, "Release",
    )  # fmt: skip
    less, more = less_more(primary.outcome.kind)

    def draw(size: Size) -> Drawing:
        return draw_rows(drawn, (less.capitalize(), more.capitalize()), size, simulated=primary.simulated)

    ends = [written(change)[0] for change in (changes[0], changes[-1])]
    title = f"{plain_label(primary, evaluation.study)}: {ends[0]} at the first release, {ends[1]} now"
    unit = "Change in percent" if percent_unit else f"Change, {rows[0][1].unit}".rstrip(", ")
    return assembled(
        "history", title, sentences(f"{unit}, by release, the oldest first", *drawn.notes(lines_named=False)),
        source_words(evaluation, primary), f"Headline of {len(rows)} releases, with intervals",
        described(describe_rows(drawn), primary.simulated), row_table(drawn), draw,
    )  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-history", history_figure, 4),)


def history_table(evaluation: Evaluation) -> Table:
    """Return every release: its headline with the interval, how far its data reach, who accepted it and why."""
    known = evaluation.releases
    assert known is not None
    frequency = evaluation.primary.frequency
    rows = [[f"Version {one.version}, {_day(one)}", *_headline_cells(one.headline, frequency), stated(one.reason),
             stated(one.name)] for one in known.history]  # fmt: skip
    if known.move is not None and _headline_moved(known.move):
        rows.append([NOW, *_headline_cells(known.move.now, frequency), "", ""])
    label = interval_label(known.history[-1].headline.level).capitalize()
    columns = [Column("Release"), Column("Change", "number"), Column(label, "number"), Column("Data to"),
               Column("Why it was released"), Column("Accepted by")]  # fmt: skip
    return Table("tbl-history", "The headline of every release", columns, rows, main=len(rows) - 1, cards=True)


def shares_table(move: Move) -> Table | None:
    """Return what a move is put down to, and what about it changed; None where nothing can be subtracted."""
    if not move.shares:
        return None
    rows = [[_cause(share.cause), signed(share.shown, move.decimals), "; ".join(_details(move, share.cause))
             or "Nothing changed"] for share in move.shares]  # fmt: skip
    total = round(sum(share.shown for share in move.shares), move.decimals)
    rows.append(["All together", signed(total, move.decimals), ""])
    unit = "percentage points" if move.now.unit == "percent" else move.now.unit
    return Table("tbl-moved", "What the move is put down to", [Column("Cause"), Column(f"Share, {unit}", "number"),
                 Column("What changed")], rows, main=len(rows) - 1, cards=True)  # fmt: skip


def cells_table(cells: Cells | None) -> Table | None:
    """Return the cells of the data that changed, by place and month; None where none is named."""
    if cells is None or not cells.named:
        return None
    names = {"revised": "Revised", "added": "Added", "withdrawn": "Withdrawn"}
    places = any(cell.place for cell in cells.named)
    rows = [[*([cell.place] if places else []), describe_label(cell.period, cells.frequency), names[cell.kind],
             *([_count(cell.before), _count(cell.now)] if cells.numbers else [])] for cell in cells.named]  # fmt: skip
    heads = [*([Column("Place")] if places else []), Column("Period"), Column("What happened to it"),
             *([Column("Then", "number"), Column("Now", "number")] if cells.numbers else [])]  # fmt: skip
    count = cells.revised + cells.added + cells.withdrawn
    note = f"The first {len(rows)} of {count:,} are named." if count > len(rows) else ""
    if not cells.numbers:
        note = f"{note} Their numbers are not told, since the study hides small ones or its rows are people.".strip()
    return Table("tbl-cells", "Cells of the data that changed", heads, rows, cards=True, note=note)


def aside(evaluation: Evaluation) -> str:
    """Return what is said of changes on the first side."""
    known = evaluation.releases
    if known is None or not known.history:
        return NEVER_RELEASED
    last = known.history[-1]
    if known.move is not None and _headline_moved(known.move):
        return f"{_went(known.move)} since the release of {_day(last)}. {NOT_RELEASED}"
    if len(known.history) == 1:
        return f"First release, {_day(last)}."
    if last.move is None and last.headline != known.history[-2].headline:
        return f"Version {last.version}, {_day(last)}."
    if last.move is None or not _headline_moved(last.move):
        return f"Version {last.version}, {_day(last)}. The headline is the same as in the release before."
    return f"{_went(last.move)} from one release to the next (version {last.version}, {_day(last)})."


def flag(evaluation: Evaluation) -> str:
    """Return which mark the list of studies shows: `moved` since the last release, `remade` at it, or none."""
    known = evaluation.releases
    if known is None or not known.history:
        return ""
    if known.move is not None and known.move.beyond:
        return "moved"
    last = known.history[-1].move
    return "remade" if last is not None and last.beyond else ""


def _last_move(evaluation: Evaluation) -> tuple[Move | None, str]:
    """Return the move that a reader is told of, and its title: to this page, or else to the last release."""
    known = evaluation.releases
    assert known is not None
    if known.move is not None:
        return known.move, f"What moved since the release of {_day(known.history[-1])}"
    last = known.history[-1]
    return last.move, f"What moved at the release of {_day(last)}"


def _about(move: Move) -> Iterator[str]:
    """Yield what moved, whether the study tolerates that, how it was told apart, and what changed in the data."""
    if _headline_moved(move):
        yield f"{_went(move)}."
        share = percent(100 * move.tolerance)
        limit = f"the study lets pass unremarked: {share} of the standard error"
        yield f"That is {'more than' if move.beyond else 'within what'} {limit}."
    else:
        yield "The headline did not move."
    yield from move.notes
    if len(move.causes) > 1 and len([share for share in move.shares if share.change]) > 1:
        yield HOW
    if move.cells is not None:
        yield f"In the data: {told(move.cells, arrow=' → ', plain=False)}."


def _went(move: Move) -> str:
    ends = [f"{written(change)[0]} ({written(change)[1]})" for change in map(_change, (move.before, move.now))]
    return f"The headline went from {ends[0]} to {ends[1]}"


def _headline_moved(move: Move | None) -> bool:
    return move is not None and (move.before.value, move.before.low, move.before.high, move.before.unit) != (
        move.now.value, move.now.low, move.now.high, move.now.unit)  # fmt: skip


def _history_rows(evaluation: Evaluation) -> list[tuple[str, Headline]]:
    known = evaluation.releases
    if known is None or not evaluation.analyses:
        return []
    rows = [(f"Version {one.version}, {_day(one)}", one.headline) for one in known.history]
    return [*rows, *([(NOW, known.move.now)] if known.move is not None and _headline_moved(known.move) else [])]


def _row(name: str, change: Change, *, last: bool) -> Row:
    value, interval = written(change)
    words = f"{value} ({interval if change.low is not None else 'no interval'})"
    return Row(name, "diamond" if last else "ring", last, change.value, change.low, change.high, words)


def _change(headline: Headline) -> Change:
    value = headline.value if headline.value is not None else float("nan")
    return as_change(value, headline.low, headline.high, headline.unit, headline.level)


def _headline_cells(headline: Headline, frequency: str) -> list[str]:
    value, interval = written(_change(headline), unit="" if headline.unit == "percent" else headline.unit)
    return [value, interval, describe(headline.data_to, frequency) if headline.data_to else NOT_STATED]


def _day(release: Release) -> str:
    return describe(release.date, "day") if release.date else "no date stated"


def _cause(cause: str) -> str:
    """Return a cause as a reader knows it; several that are told together by their own names."""
    words = [CAUSES.get(name, name) for name in cause.split(" and ")]
    return " and ".join([words[0], *(word[0].lower() + word[1:] for word in words[1:])])


def _details(move: Move, cause: str) -> Sequence[str]:
    return [words for name, words in move.details if name in cause.split(" and ")]


def _count(value: float | None) -> str:
    return "none" if value is None else f"{value:,.10g}"
