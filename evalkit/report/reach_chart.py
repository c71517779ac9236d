"""Who was reached, drawn: a bar for each step, from those who might take part to those who did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.report.drawing import Canvas, Drawing, Size, text_width, wrapped
from evalkit.report.numbers import UNKNOWN, Shown, number, percent

_BAR = 22.0
FEW = 100
"""Of fewer people than this a percentage is not given: the numbers themselves say more."""


@dataclass(frozen=True)
class Reached:
    """One step.

    Attributes
    ----------
    step : str
        Such as eligible, approached, engaged, completed.
    count : int or None
        None where it is not known.
    of_first, of_before : float or None
        Share in percent of the first step and of the one before; None where either number is not known.
    base, before : int or None
        The numbers that the shares are of.
    note, source : str
    """

    step: str
    count: int | None
    of_first: float | None
    of_before: float | None
    base: int | None
    before: int | None
    note: str = ""
    source: str = ""


def read_reach(process: Mapping[str, Any]) -> list[Reached]:
    """Return the steps with their shares, from the widest group to the narrowest."""
    written = list(process.get("reach") or ())
    counts = [each.get("number") for each in written]
    steps = []
    for at, each in enumerate(written):
        base, before = (counts[0], counts[at - 1]) if at else (None, None)
        steps.append(Reached(str(each["step"]), counts[at], _share(counts[at], base), _share(counts[at], before),
                             base, before, str(each.get("note") or ""), str(each.get("source") or "")))  # fmt: skip
    return steps


def step_words(reached: Reached, first: str, before: str) -> str:
    """Return a number with its shares: 94 (43% of “eligible”, 60% of “approached”); 20 (of 24 in “eligible”)."""
    if reached.count is None:
        return UNKNOWN
    shares = [share_words(reached.of_first, reached.base, first)]
    shares += [share_words(reached.of_before, reached.before, before)] if before != first else []
    said = ", ".join(share for share in shares if share)
    return number(reached.count, 0) + (f" ({said})" if said else "")


def share_words(share: float | None, base: int | None, name: str) -> str:
    """Return a share in words, of few people without a percentage; empty where it is not known."""
    if share is None or base is None:
        return ""
    return f"of {number(base, 0)} in {name}" if base < FEW else f"{percent(share)} of {name}"


def reach_rows(steps: Sequence[Reached]) -> tuple[tuple[str, ...], ...]:
    """Return header and a row for each step."""
    head = ("Step", "Number", "Share of the first step", "Share of the step before", "Note", "Source")
    rows = []
    for reached in steps:
        shares = [Shown(percent(share), share) if share is not None else
                  "Does not apply" if reached is steps[0] else "Not known"
                  for share in (reached.of_first, reached.of_before)]  # fmt: skip
        count = Shown(number(reached.count, 0), reached.count) if reached.count is not None else "Not known"
        rows.append((reached.step, count, *shares, reached.note or "None", reached.source or "Not stated"))
    return (head, *rows)


def words_of(steps: Sequence[Reached]) -> list[str]:
    """Return what stands beside each bar."""
    names = [f"“{reached.step}”" for reached in steps]
    return [step_words(reached, names[0], names[at - 1]) for at, reached in enumerate(steps)]


def describe_reach(steps: Sequence[Reached]) -> str:
    """Return each step in words, in order."""
    told = [f"{reached.step}: {words}" for reached, words in zip(steps, words_of(steps), strict=True)]
    return f"{len(steps)} bars, from the widest group to the narrowest. {'; '.join(told)}."


def draw_reach(steps: Sequence[Reached], size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: names left (on telephones above), numbers right (there below the name)."""
    widths = [text_width(reached.step, size.label, bold=True) for reached in steps]
    left = 4.0 if size.slim else min(0.3 * size.width, max(widths) + 16)
    room = size.width - 6 if size.slim else 0.34 * size.width
    right = size.width - 4 if size.slim else size.width - room - 12
    across = size.width - 6 if size.slim else left - 14
    names = [wrapped(reached.step, size.label, across, bold=True) for reached in steps]
    words = [wrapped(text, size.tick, room) for text in words_of(steps)]
    heights = [size.line * (len(name) + len(said)) + (_BAR + 6 if reached.count else 0) + 12 if size.slim
               else max(size.line * max(len(name), len(said)), _BAR) + 12
               for reached, name, said in zip(steps, names, words, strict=True)]  # fmt: skip
    top = size.tick * 1.6 + 8 if simulated else 4.0
    bottom = top + sum(heights)
    widest = max((reached.count or 0 for reached in steps), default=0) or 1
    drawing = Drawing(Canvas(size.width, bottom + 4, left, right, top, bottom, (0, widest), (0, 1)))
    if simulated:
        drawing.simulated_mark(size.tick)
    for reached, name, said, height in zip(steps, names, words, heights, strict=True):
        _bar(drawing, reached, (name, said), size, (top, height))
        top += height
    if not size.slim:  # there it would run through the names
        drawing.stroke([(left, drawing.canvas.top), (left, bottom)], "ink", 1.25, under=True)
    return drawing


def _bar(drawing: Drawing, reached: Reached, texts: tuple[Sequence[str], Sequence[str]], size: Size,
         place: tuple[float, float]) -> None:  # fmt: skip
    """Add one step: its name, its bar (none where the number is not known), its number and shares."""
    at, (name, said), (top, height) = drawing.canvas, texts, place
    middle = top + height - 8 - _BAR / 2 if size.slim else top + height / 2
    begin = top + 2 if size.slim else middle - size.line * len(name) / 2
    for line, words in enumerate(name):
        drawing.text(0, begin + size.line * (line + 0.78), words, size.label, bold=True)
    below = begin + size.line * len(name) if size.slim else middle - size.line * len(said) / 2
    for line, words in enumerate(said):
        drawing.text(0 if size.slim else at.right + 12, below + size.line * (line + 0.78), words, size.tick)
    if reached.count:
        drawing.box(at.left, middle - _BAR / 2, max(at.across(reached.count), at.left + 2), middle + _BAR / 2,
                    "observed")  # fmt: skip


def _share(count: int | None, base: int | None) -> float | None:
    return None if count is None or not base else 100 * count / base
