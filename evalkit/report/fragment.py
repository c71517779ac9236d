"""A study in small: a fragment for notebooks, and plain lines for a terminal."""

from __future__ import annotations

from html import escape

from evalkit.periods import words_for
from evalkit.records import Evaluation
from evalkit.report.exhibits import headline_figure
from evalkit.report.inference_words import terminal_rules
from evalkit.report.ladder import Change, change_of, read
from evalkit.report.money_parts import money_card
from evalkit.report.money_reading import without_own_data
from evalkit.report.numbers import count, estimate_text, number
from evalkit.report.particulars import design_title
from evalkit.report.result_tables import result_table, written
from evalkit.report.summary import three_numbers
from evalkit.report.tables import plain_table
from evalkit.report.without_result import answer_of
from evalkit.report.words import headline

COLOURS = (
    "--ink:#15191e;--muted:#4f5964;--observed:#174a86;--expected:#b4470c;--band:#f6dfcf;--notice:#ffe28a;"
    "--paper:#ffffff;--hair:#e3e6e9"
)
WIDTH = 78


def page_html(evaluation: Evaluation) -> str:
    """Return headline, chart and table as a fragment of HTML with its own colours and no script."""
    answer = headline(evaluation)
    style = f"{COLOURS};color:#15191e;background:#ffffff;padding:1rem;max-width:50rem;font-family:system-ui,sans-serif"
    parts = [
        f'<div style="{style}">',
        f'<p style="color:#4f5964;margin:0">{escape(evaluation.title)}</p>',
        f'<p style="font-size:1.4rem;font-weight:700;margin:.2rem 0">{escape(answer.sentence)}</p>',
        f'<p style="margin:0 0 1rem">{escape(" ".join([answer.detail, *answer.notes]).strip())}</p>',
    ]
    if evaluation.analyses:
        figure = headline_figure(evaluation)
        table = result_table(evaluation)
        if figure is not None:
            parts.append(f'<p style="font-weight:700;margin:0">{escape(figure.title)}</p>')
            parts.append(f'<div style="max-width:46rem">{figure.wide_svg}</div>')
            parts.append(f'<p style="color:#4f5964;font-size:.85rem">{escape(figure.source)}</p>')
        parts.append(plain_table([column.label for column in table.columns], table.rows, table.caption))
    return "".join([*parts, "</div>"])


def terminal_summary(evaluation: Evaluation) -> list[str]:
    """Return a study as plain lines: title and design, answer, numbers, checks, where the rest is."""
    if without_own_data(evaluation):
        kind = design_title(str(evaluation.study["design"]["kind"]))
        told = headline(evaluation).text
        texts = [told, *(text for text in money_card(evaluation) if text not in told)]
        return [evaluation.title, f"  {kind.lower()}", *(f"  {row}" for text in texts for row in _wrapped(text))]
    if not evaluation.analyses:
        kind = design_title(str(evaluation.study["design"]["kind"]))
        told = "a plan, with no result" if answer_of(evaluation) == "not_yet" else headline(evaluation).text
        return [evaluation.title, *(f"  {row}" for row in _wrapped(f"{kind}: {told}"))]
    primary, reading = evaluation.primary, read(evaluation)
    answer = headline(evaluation)
    result = primary.result
    periods = result.n_pre_periods + result.n_post_periods
    size = f"{count(periods)} {words_for(primary.frequency, periods)}"
    lines = [f"{evaluation.title}", f"  {design_title(str(primary.design['kind'])).lower()}, {size}"]
    lines += [f"  {line}" for line in _wrapped(answer.text)]
    numbers = three_numbers(evaluation, reading)[:2]
    change = reading.change
    assert change is not None
    beside = ", ".join(f"{entry['label'].lower()} {entry['big']}" for entry in reversed(numbers))
    lines.append(f"     {beside or 'change':<46} {_change(change)}")
    immediate = (result.fit or {}).get("immediate")
    if immediate:
        part = Change(immediate["value"], immediate["low"], immediate["high"], True, result.effect.level)
        lines.append(f"     {'at once':<46} {_change(part)}")
    others = [analysis for analysis in evaluation.analyses if analysis is not primary]
    if others or evaluation.failures:
        lines.append(
            f"  Other analyses ({number(len(others))}; {number(len(evaluation.failures))} could not be computed)"
        )
        lines += [f"     {analysis.label[:46]:<46} {_change(change_of(analysis))}" for analysis in others]
    if result.diagnostics:
        lines.append("  Checks")
        for check in result.diagnostics:
            first, *rest = _wrapped(f"{check.verdict}: {check.reading}", WIDTH - 31)
            lines += [f"     {check.name.replace('_', ' '):<27} {first}", *(f"{'':<33}{line}" for line in rest)]
    rules = terminal_rules(primary)
    errors = result.standard_errors.partition(". Chosen: ")[0] if rules else result.standard_errors
    for told in (*rules, f"Standard errors: {errors}"):
        lines += [f"  {line}" for line in _wrapped(told)]
    return lines


def _change(change: Change) -> str:
    return estimate_text(change.value, change.low, change.high) if change.percent else " ".join(written(change))


def _wrapped(text: str, width: int = WIDTH) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]
