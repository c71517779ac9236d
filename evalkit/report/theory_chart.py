"""The theory of change, drawn: boxes from the problem to what is hoped for, and the list that says the same in full.

Texts that are long, and columns that are full, are numbered and shortened in the drawing; the list has the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.drawing import Canvas, Drawing, Size, wrapped
from evalkit.report.figures import Figure, assembled
from evalkit.report.parts import Drawn

STEPS = {
    "problem": "The problem",
    "inputs": "What goes in",
    "activities": "What is done",
    "outputs": "What comes out",
    "outcomes_short": "Expected soon",
    "outcomes_medium": "Expected later",
    "outcomes_long": "Expected in the end",
}
"""Steps of the chain in their order, with their headings."""
BESIDE = {
    "assumptions": "What has to hold",
    "external_factors": "What else matters",
    "unintended": "What might go wrong",
}
"""What stands below the chain."""
MANY_ITEMS, LONG_TEXT, SHORT_FORM = 6, 120, 60
"""With more items in a step, or a longer text, the drawing shows short forms of at most so many characters."""
_GAP, _PAD, _BETWEEN = 26.0, 8.0, 8.0


@dataclass(frozen=True)
class Step:
    """One step of the chain: its heading and its texts, in full and as they are drawn."""

    heading: str
    texts: tuple[str, ...]
    drawn: tuple[str, ...]


@dataclass(frozen=True)
class Theory:
    """The steps of the chain, and what stands below it."""

    chain: tuple[Step, ...]
    beside: tuple[Step, ...]


def theory_list(study: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each step with its texts in full, in the order in which the chain runs; empty where there is none."""
    flat = _flat(study)
    return [(heading, flat[key]) for key, heading in (STEPS | BESIDE).items() if flat.get(key)]


def read_theory(study: Mapping[str, Any]) -> Theory | None:
    """Return what is drawn; None with fewer than two steps, where there is nothing to join."""
    flat = _flat(study)
    chain = tuple(_step(heading, flat[key]) for key, heading in STEPS.items() if flat.get(key))
    beside = tuple(_step(heading, flat[key]) for key, heading in BESIDE.items() if flat.get(key))
    return Theory(chain, beside) if len(chain) > 1 else None


def theory_figure(evaluation: Evaluation) -> Figure | None:
    """Return the chain from the problem to what is hoped for; None where fewer than two steps are given."""
    theory = read_theory(evaluation.study)
    if theory is None:
        return None
    shortened = any(step.texts != step.drawn for step in (*theory.chain, *theory.beside))
    subtitle = "Each step is meant to lead to the next. This is what was planned, not what was found."
    subtitle += " Numbered texts are short forms: the list below has them in full." if shortened else ""
    rows = [(step.heading, str(at), text) for step in (*theory.chain, *theory.beside)
            for at, text in enumerate(step.texts, start=1)]  # fmt: skip
    first, last = theory.chain[0].heading, theory.chain[-1].heading
    return assembled("theory", f"The idea, step by step: from “{first}” to “{last}”", subtitle,
                     "Source: the study file.", "The theory of change as a chain of boxes", describe_theory(theory),
                     (("Step", "Number", "What the authors write"), *rows),
                     lambda size: draw_theory(theory, size))  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-theory", theory_figure, 3),)


def describe_theory(theory: Theory) -> str:
    """Return the chain in words: each step leads to the next."""
    told = [f"{at}. {step.heading}: {'; '.join(step.drawn)}" for at, step in enumerate(theory.chain, start=1)]
    below = [f"{step.heading}: {'; '.join(step.drawn)}" for step in theory.beside]
    joined = ". Arrow to ".join(told)
    return f"{len(theory.chain)} steps. {joined}." + (f" Below the chain: {'. '.join(below)}." if below else "")


def draw_theory(theory: Theory, size: Size) -> Drawing:
    """Return the chart at one size: columns from left to right under the problem, on telephones one below another."""
    columns = _columns(theory, size)
    width = size.width if size.slim else (size.width - _GAP * (len(columns) - 1)) / max(1, len(columns))
    first = [] if size.slim or not _has_problem(theory) else [theory.chain[0]]
    blocks: list[tuple[Step, float, float, float]] = []
    top = 2.0
    for step in first:
        blocks.append((step, 0, top, size.width))
        top += _height(step, size.width, size) + _GAP
    tops = [top] * len(columns)
    for at, column in enumerate(columns):
        for step in column:
            blocks.append((step, at * (width + _GAP) if not size.slim else 0, tops[at], width))
            tops[at] += _height(step, width, size) + _GAP
        if size.slim and at + 1 < len(columns):
            tops[at + 1] = tops[at]
    bottom = max(tops)
    for step in theory.beside:
        blocks.append((step, 0, bottom, size.width))
        bottom += _height(step, size.width, size) + 14
    drawing = Drawing(Canvas(size.width, bottom, 0, size.width, 0, bottom, (0, size.width), (0, bottom)))
    for step, left, begin, room in blocks:
        _block(drawing, step, left, begin, room, size, in_chain=step in theory.chain)
    _arrows(drawing, columns, blocks, size)
    return drawing


def _has_problem(theory: Theory) -> bool:
    return theory.chain[0].heading == STEPS["problem"] and len(theory.chain) > 2


def _columns(theory: Theory, size: Size) -> list[list[Step]]:
    """Return the columns: on telephones a step each; else outcomes in one, the problem above all."""
    if size.slim:
        return [[step] for step in theory.chain]
    steps = theory.chain[1:] if _has_problem(theory) else theory.chain
    hoped = [step for step in steps if step.heading.startswith("Expected")]
    others = [[step] for step in steps if step not in hoped]
    return [*others, hoped] if hoped else others


def _lines(text: str, width: float, size: Size) -> list[str]:
    return wrapped(text, size.tick, width - 2 * _PAD)


def _height(step: Step, width: float, size: Size) -> float:
    """Return how tall a step is: its heading and a box for each text."""
    heading = size.line * len(wrapped(step.heading, size.label, width, bold=True)) + 6
    boxes = sum(size.line * len(_lines(text, width, size)) + 2 * _PAD for text in step.drawn)
    return heading + boxes + _BETWEEN * (len(step.drawn) - 1)


def _block(drawing: Drawing, step: Step, left: float, top: float, width: float, size: Size, *, in_chain: bool) -> None:
    """Add a heading with a box for each text below it; what stands beside the chain has a dashed frame."""
    for line in wrapped(step.heading, size.label, width, bold=True):
        drawing.text(left, top + size.line * 0.78, line, size.label, bold=True)
        top += size.line
    top += 6
    for text in step.drawn:
        lines = _lines(text, width, size)
        low = top + size.line * len(lines) + 2 * _PAD
        drawing.box(left + 0.5, top, left + width - 0.5, low, "wash")
        corners = [(left + 0.5, top), (left + width - 0.5, top), (left + width - 0.5, low), (left + 0.5, low),
                   (left + 0.5, top)]  # fmt: skip
        at = drawing.canvas
        drawing.line([(at.x_at(x), at.y_at(y)) for x, y in corners], "observed" if in_chain else "muted", 1.25,
                     dashed=not in_chain, under=True)  # fmt: skip
        for place, line in enumerate(lines):
            drawing.text(left + _PAD, top + _PAD + size.line * (place + 0.78), line, size.tick)
        top = low + _BETWEEN


def _arrows(drawing: Drawing, columns: Sequence[Sequence[Step]],
            blocks: Sequence[tuple[Step, float, float, float]], size: Size) -> None:  # fmt: skip
    """Add an arrow from each step to the next: across between columns, else downwards."""
    placed = {step.heading: (left, top, room) for step, left, top, room in blocks}
    chain = [step for column in columns for step in column]
    before = [step for step, *_ in blocks if step not in chain][:1] if not size.slim else []
    before = [step for step in before if step.heading == STEPS["problem"]]
    for step, following in zip([*before, *chain], [*before, *chain][1:], strict=False):
        left, top, room = placed[step.heading]
        beyond, begin, _ = placed[following.heading]
        if beyond > left and begin == top:
            _across(drawing, left + room + 4, beyond - 4, top + size.line + 6 + size.line / 2 + _PAD)
        else:
            _down(drawing, min(beyond + 24, size.width / 2) if beyond > left else left + min(room / 2, 90),
                  begin - _GAP + 4, begin - 4)  # fmt: skip


def _across(drawing: Drawing, begin: float, end: float, down: float) -> None:
    drawing.stroke([(begin, down), (end, down)], "ink", 1.75)
    drawing.stroke([(end - 6, down - 5), (end, down), (end - 6, down + 5)], "ink", 1.75)


def _down(drawing: Drawing, across: float, begin: float, end: float) -> None:
    drawing.stroke([(across, begin), (across, end)], "ink", 1.75)
    drawing.stroke([(across - 5, end - 6), (across, end), (across + 5, end - 6)], "ink", 1.75)


def _flat(study: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the texts of each step by its key."""
    block = study.get("theory_of_change") or {}
    chain = block.get("outcomes") or {}
    flat = {**block, **{f"outcomes_{when}": texts for when, texts in chain.items()}}
    return {key: _texts(flat.get(key)) for key in (*STEPS, *BESIDE)}


def _texts(given: Any) -> tuple[str, ...]:
    texts = given if isinstance(given, list | tuple) else [given]
    return tuple(" ".join(str(text).split()) for text in texts if text)


def _step(heading: str, texts: tuple[str, ...]) -> Step:
    if len(texts) <= MANY_ITEMS and all(len(text) <= LONG_TEXT for text in texts):
        return Step(heading, texts, texts)
    return Step(heading, texts, tuple(f"{at}. {_short(text)}" for at, text in enumerate(texts, start=1)))


def _short(text: str) -> str:
    """Return a text cut at a word, with an ellipsis where something is left out."""
    if len(text) <= SHORT_FORM:
        return text
    head = text[: SHORT_FORM - 1]
    return f"{head[: head.rfind(' ')] if ' ' in head[SHORT_FORM // 2 :] else head}…"
