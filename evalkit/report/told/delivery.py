"""How it was delivered: who was reached, dose, fidelity, what was learnt (E17 to E19)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.reach_chart import FEW, Reached, describe_reach, draw_reach, reach_rows, read_reach
from evalkit.report.tables import Column, Table

STRENGTH = {"strong": "Strong", "moderate": "Moderate", "weak": "Weak", "not_stated": "Not stated"}
KINDS = {"dose": "How much", "fidelity": "As planned"}
UNSAID = "Not stated"


def reach_figure(evaluation: Evaluation) -> Figure | None:
    """Return who was reached, step by step; None with fewer than two steps, or without two numbers."""
    steps = read_reach(evaluation.study.get("process") or {})
    if sum(reached.count is not None for reached in steps) < 2:
        return None
    marked = evaluation.simulated
    unknown = [reached.step for reached in steps if reached.count is None]
    note = f"No bar where the number is not known: {', '.join(unknown)}" if unknown else ""
    return assembled("reach", _message(steps), sentences("People or cases at each step, as the authors count them",
                     note), _source(steps), "Who was reached, step by step", described(describe_reach(steps), marked),
                     reach_rows(steps), lambda size: draw_reach(steps, size, simulated=marked))  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-reach", reach_figure, 4),)


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    process: Mapping[str, Any] = evaluation.study.get("process") or {}
    if not any(process.values()):
        none = "Not studied: who was reached, how much was delivered, and what was learnt about delivery."
        return part("", [none]) if evaluation.analyses else []
    steps, drawn = read_reach(process), figures.get("fig-reach", "")
    reach = exhibits.table(_reach_table(steps)) if steps and not drawn else ""
    plan, findings = exhibits.table(_plan_table(process)), exhibits.table(_findings_table(process))
    return [
        *part("Who was reached", _reached(steps) or [f"{UNSAID}."], blocks=[drawn, reach]),
        *part("", [] if plan else [f"{UNSAID}: what was planned beside what was delivered."], blocks=[plan]),
        *part("", [] if findings else ["Not studied: what was learnt about delivery."], blocks=[findings]),
    ]


def _ends(steps: Sequence[Reached]) -> tuple[Reached, Reached]:
    """Return the first and the last step whose numbers are known."""
    known = [reached for reached in steps if reached.count is not None]
    return known[0], known[-1]


def _message(steps: Sequence[Reached]) -> str:
    """Return the finding of the chart, as a natural frequency."""
    first, last = _ends(steps)
    return f"{_frequency(last.count or 0, first.count or 0)} in “{first.step}” are in “{last.step}”"


def _frequency(count: int, base: int) -> str:
    """Return how many of how many: of few people the numbers themselves, else of every 100."""
    if base < FEW:
        return f"{number(count, 0)} of {number(base, 0)}"
    share = 100 * count / base
    if 0 < share < 1:
        return "Fewer than 1 of every 100"
    return f"{number(share, 0)} of every 100" if share == round(share) else f"About {number(share, 0)} of every 100"


def _reached(steps: Sequence[Reached]) -> list[str]:
    """Return the steps in sentences: how many of how many, and which numbers are not known."""
    known = [reached for reached in steps if reached.count is not None]
    told = [f"Of {number(before.count, 0)} in “{before.step}”, {number(reached.count, 0)} are in “{reached.step}”."
            for before, reached in itertools.pairwise(known) if before.count]  # fmt: skip
    unknown = [f"“{reached.step}”" for reached in steps if reached.count is None]
    return [*told, f"Not known: the number in {', '.join(unknown)}."] if unknown else told


def _source(steps: Sequence[Reached]) -> str:
    named = list(dict.fromkeys(reached.source for reached in steps if reached.source))
    return f"Source: {'; '.join(named)}." if named else "Source: not stated."


def _reach_table(steps: Sequence[Reached]) -> Table:
    head, *rows = reach_rows(steps)
    kinds = ("text", "number", "number", "number", "text", "text")
    columns = [Column(cell, kind) for cell, kind in zip(head, kinds, strict=True)]
    return Table("tbl-reach", "The number at each step", columns, rows, cards=True)


def _plan_table(process: Mapping[str, Any]) -> Table | None:
    """Return what was planned beside what was delivered: how much, and whether as planned."""
    rows = [(str(each["item"]), kind, *(str(each.get(key) or UNSAID) for key in ("planned", "delivered", "source")))
            for name, kind in KINDS.items() for each in process.get(name) or ()]  # fmt: skip
    heads = ["Item", "What it is about", "Planned", "Delivered", "Source"]
    caption = f"Planned beside delivered: {number(len(rows), 0)} {'item' if len(rows) == 1 else 'items'}"
    return Table("tbl-delivered", caption, [Column(head) for head in heads], rows, cards=True) if rows else None


def _findings_table(process: Mapping[str, Any]) -> Table | None:
    """Return what was learnt, each finding with the strength of its evidence."""
    rows = [(str(each["theme"]), str(each["text"]), STRENGTH.get(str(each.get("strength")), UNSAID),
             str(each.get("source") or UNSAID)) for each in process.get("findings") or ()]  # fmt: skip
    heads = ["Theme", "What was found", "Strength of the evidence", "Source"]
    caption = f"What was learnt about delivery: {number(len(rows), 0)} {'finding' if len(rows) == 1 else 'findings'}"
    return Table("tbl-findings", caption, [Column(head) for head in heads], rows, cards=True) if rows else None
