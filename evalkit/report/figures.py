"""The figures of a page: records in, drawings, alternative text and table out.

Each function returns a `Figure` with two inline drawings, one for wide columns and one for telephones. Charts are laid
out in `path_chart`, `row_chart` and `event_chart`; `painting` paints what they hold with plotnine, many drawings at one
go, and `svg` makes the result fit for the page. plotnine is imported when the first figure is painted, so that other
commands stay quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evalkit.periods import words_for
from evalkit.records import Analysis, PathPoint
from evalkit.report.drawing import SLIM, WIDE, Drawing, Size
from evalkit.report.event_chart import describe_events, draw_events, event_table, read_events
from evalkit.report.path_chart import Wording, draw_paths
from evalkit.report.paths import Paths, describe_paths, hidden_words, path_table, read_paths, with_comparison
from evalkit.report.row_chart import Rows, describe_rows, draw_rows, read_rows, row_table, widened
from evalkit.report.scales import TICKS, level_range, step_for, value_writer
from evalkit.report.strips import interval_strip, of_every_hundred
from evalkit.report.svg import clean, frame, slug
from evalkit.report.unit_words import in_units

__all__ = ["Figure", "before_and_after", "event_study", "forest", "interval_strip", "observed_against_expected",
           "of_every_hundred"]  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure of a page, ready to be placed.

    Attributes
    ----------
    name : str
        The only one of its kind on the page: begins the ids of both drawings, and can name the CSV file.
    title, subtitle : str
        The message, and what the marks are, where the scale starts and what is cut.
    drawings : (Drawing, Drawing)
        Laid out for wide columns (760 px) and for telephones (344 px).
    alt_title, alt_description : str
        What the drawings say to those who do not see them; already inside both.
    table : tuple of tuple of str
        Header and rows of what is drawn, as formatted text.
    source : str
        Where the numbers come from.
    """

    name: str
    title: str
    subtitle: str
    drawings: tuple[Drawing, Drawing]
    alt_title: str
    alt_description: str
    table: tuple[tuple[str, ...], ...]
    source: str

    @cached_property
    def svgs(self) -> tuple[str, str]:
        """Inline `<svg>` elements of class `wide` and `slim`, coloured by the page's variables; painted when needed."""
        paint_together([self])
        return self.__dict__["svgs"]  # type: ignore[no-any-return]

    @property
    def wide_svg(self) -> str:
        """The drawing for wide columns."""
        return self.svgs[0]

    @property
    def slim_svg(self) -> str:
        """The drawing for telephones."""
        return self.svgs[1]


def observed_against_expected(
    analysis: Analysis, *, title: str, subtitle: str, interruption_label: str, source: str,
    season_adjusted: Sequence[PathPoint] | None = None, expected_label: str = "Expected without it",
    observed_label: str = "What happened", comparison_label: str = "Comparison places",
    effect_lines: Sequence[str] = (), simulated: bool | None = None, name: str = "observed-against-expected",
) -> Figure:  # fmt: skip
    """Return observed points beside the path that was expected without the intervention.

    Parameters
    ----------
    analysis : Analysis
        Its result's path is drawn: groups with a counterfactual as treated, the others as comparison places.
    title, subtitle : str
        The message, and what is counted where and how often; where the scale starts is added.
    interruption_label : str
        What began and when. A line break parts a bold first line from a plain second one.
    source : str
    season_adjusted : sequence of PathPoint, optional
        The same path with the season taken out, drawn in place of the recorded one; the table gives both.
    expected_label, observed_label, comparison_label : str
        Labels of the lines.
    effect_lines : sequence of str
        Sentences on the size of the effect, to stand under `observed_label`.
    simulated : bool, optional
        Print "Simulated data" inside the drawing; taken from the analysis when left out.
    name : str
        The only one of its kind on the page.

    Raises
    ------
    ValueError
        When the path holds no observation: an empty chart is never drawn.
    """
    recorded = read_paths(analysis, analysis.result.path)
    paths = recorded if season_adjusted is None else read_paths(analysis, with_comparison(analysis, season_adjusted))
    hidden = hidden_words(analysis)
    if not any(track.series(name) for track in paths.tracks for name in ("observed", *(["fitted"] if hidden else []))):
        raise ValueError(f"analysis {analysis.id!r} has no observed path to draw")
    wording = Wording(interruption_label, expected_label, observed_label, comparison_label, tuple(effect_lines))
    marked = analysis.simulated if simulated is None else simulated
    low, high = level_range(paths.values())
    notes = [
        f"Each dot is one {words_for(analysis.frequency)}"
        + (f", with the usual {_pattern(analysis)} taken out." if season_adjusted else ".")
    ]
    if hidden:
        notes = [*(notes if any(track.series("observed") for track in paths.tracks) else []), *hidden]
    if low:
        notes.append(
            f"Scale starts at {value_writer(analysis.outcome, paths.values(), step_for(high - low, TICKS))(low)}."
        )
    if season_adjusted and recorded.comparison:
        notes.append(in_units("Squares: comparison places as recorded.", analysis) if paths.comparison else
                     "The comparison series lies off the scale; it is in the table.")  # fmt: skip
    if paths.left_out:
        notes.append(f"Shaded grey: not used in the estimate ({_spans(paths)}).")
    if paths.cut_short:
        notes.append("The shaded interval goes beyond the scale.")
    ends = " to ".join(
        dict.fromkeys(paths.named(time) for time in (paths.times[0], paths.times[-1]))
    )
    return assembled(name, title, sentences(subtitle, *notes), source,
                   f"{analysis.outcome.label}, observed and expected, {ends}",
                   described(" ".join([describe_paths(paths, analysis.result.relative), *hidden[:1]]), marked),
                   path_table(recorded, paths),
                   lambda size: draw_paths(paths, wording, size, simulated=marked))  # fmt: skip


def before_and_after(
    analyses: Sequence[Analysis], *, title: str, subtitle: str, source: str, labels: Mapping[str, str] | None = None,
    level: str = "monitoring", heads: tuple[str, str] = ("Fewer than before", "More"), simulated: bool | None = None,
    name: str = "before-and-after",
) -> Figure:  # fmt: skip
    """Return the change of each before-and-after analysis with its interval, a row each.

    Parameters
    ----------
    analyses : sequence of Analysis
        In the order in which the rows stand.
    title, subtitle, source : str
    labels : mapping, optional
        Other words than the analysis's label, by id.
    level : str
        `monitoring` and `interim` draw rings, `impact` diamonds.
    heads : (str, str)
        What left and right of zero mean.
    simulated, name
        As in `observed_against_expected`.
    """
    shape = "diamond" if level == "impact" else "ring"
    rows = read_rows(analyses, labels or {}, lambda analysis: (shape, False))
    return _rows_figure(analyses, rows, heads, title, subtitle, source, simulated, name)


def forest(
    analyses: Sequence[Analysis], *, title: str, subtitle: str, source: str, labels: Mapping[str, str] | None = None,
    heads: tuple[str, str] = ("Fewer than expected", "More"), simulated: bool | None = None, name: str = "analyses",
    outer: Mapping[str, Analysis] | None = None, outer_words: str = "",
) -> Figure:  # fmt: skip
    """Return all analyses of a study in their fixed order, the primary one first and as a diamond.

    Parameters are those of `before_and_after`; and `outer`, the same analyses by id with wider intervals, which are
    drawn thin, and what those are in words.
    """
    ordered = sorted(analyses, key=lambda analysis: analysis.role != "primary")
    rows = read_rows(
        ordered, labels or {}, lambda analysis: ("diamond", True) if analysis.role == "primary" else ("ring", False)
    )
    rows = widened(rows, [(outer or {}).get(analysis.id) for analysis in ordered], outer_words)
    return _rows_figure(ordered, rows, heads, title, subtitle, source, simulated, name)


def event_study(
    analysis: Analysis, *, title: str, subtitle: str, source: str, before_label: str = "Before",
    after_label: str = "After", reference_label: str = "", simulated: bool | None = None,
    name: str = "event-study",
) -> Figure:  # fmt: skip
    """Return the effect by distance from the first treated period, with pointwise and simultaneous intervals.

    Parameters
    ----------
    analysis : Analysis
        With an event study; an effect on the log scale is drawn in percent.
    title, subtitle, source : str
    before_label, after_label, reference_label : str
        Words for both sides of the first treated period, and for the period all are compared with.
    simulated, name
        As in `observed_against_expected`.

    Raises
    ------
    ValueError
        When the result has no event study.
    """
    events = read_events(analysis)
    marked = analysis.simulated if simulated is None else simulated
    words = (before_label, after_label, reference_label or f"Compared with this {words_for(analysis.frequency)}")
    return assembled(name, title, sentences(subtitle, *events.notes()), source,
                   f"{analysis.outcome.label}, effect by {words_for(analysis.frequency)} before and after the start",
                   described(describe_events(events), marked), event_table(events),
                   lambda size: draw_events(events, words, size, simulated=marked))  # fmt: skip


def _rows_figure(analyses: Sequence[Analysis], rows: Rows, heads: tuple[str, str], title: str, subtitle: str,
                 source: str, simulated: bool | None, name: str) -> Figure:  # fmt: skip
    if not rows.rows:
        raise ValueError("there is no analysis to draw")
    marked = any(analysis.simulated for analysis in analyses) if simulated is None else simulated
    return assembled(name, title, sentences(subtitle, *rows.notes("interval" in subtitle)), source,
                   f"Change and interval, {len(rows.rows)} {'analysis' if len(rows.rows) == 1 else 'analyses'}",
                   described(describe_rows(rows), marked), row_table(rows),
                   lambda size: draw_rows(rows, heads, size, simulated=marked))  # fmt: skip


def _spans(paths: Paths) -> str:
    """Return the stretches that are left out of the model, in words."""
    spans = [" to ".join(dict.fromkeys(paths.named(time) for time in span))
             for span in paths.left_out]  # fmt: skip
    return "; ".join(spans)


def _pattern(analysis: Analysis) -> str:
    """Return which pattern the drawing is without."""
    return "pattern of the week" if (analysis.result.fit or {}).get("season") == "weekday" else "season"


def assembled(name: str, title: str, subtitle: str, source: str, alt_title: str, alt_description: str,
              table: tuple[tuple[str, ...], ...], draw: Callable[[Size], Drawing]) -> Figure:  # fmt: skip
    """Return a figure from its words and from what lays it out at one size."""
    drawings = (draw(WIDE), draw(SLIM))
    return Figure(slug(name), title, subtitle, drawings, clean(alt_title), clean(alt_description), table, source)


def paint_together(figures: Iterable[Figure | None]) -> None:
    """Paint figures at one go, which takes little more time than one of them; those that are painted stay as they are.

    A figure that is never given to this is painted when its drawings are first asked for, with the same bytes.
    """
    waiting = [figure for figure in figures if figure is not None and "svgs" not in figure.__dict__]
    if not waiting:
        return
    from evalkit.report.painting import paint

    bodies = iter(paint([drawing for figure in waiting for drawing in figure.drawings]))
    for figure in waiting:
        wide, slim = (
            frame(next(bodies), drawing.canvas.width, drawing.canvas.height, name=figure.name, style=size.name,
                  title=figure.alt_title, description=figure.alt_description)
            for size, drawing in zip((WIDE, SLIM), figure.drawings, strict=True)
        )  # fmt: skip
        figure.__dict__["svgs"] = wide, slim


def sentences(*parts: str) -> str:
    """Return parts as sentences, each with its full stop; empty parts are left out."""
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part)


def described(description: str, simulated: bool) -> str:
    """Return an alternative text that says first when the numbers are made up."""
    return f"Simulated data. {description}" if simulated else description
