"""What the first side says of money where nothing is priced: the author's words, or that no cost is stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import demo
import pytest

from evalkit.records import Evaluation

SAID = "£566,513 was awarded, as printed."
NONE = "No cost is stated."
Rendered = Callable[[Evaluation], Any]


def told(evaluation: Evaluation, **narrative: str) -> Evaluation:
    return replace(evaluation, study={**evaluation.study, "narrative": narrative})


def card(page: Any) -> str:
    """Return the words between the heading of the card and the one after it."""
    text = " ".join(page.text().split())
    return text.partition("Cost and break-even")[2].partition("Who was reached")[0]


def test_a_grant_that_is_printed_is_told(render_one: Rendered) -> None:
    page = render_one(told(demo.portsmouth(), cost=SAID))
    assert SAID in card(page)
    assert NONE not in page.text()
    assert page.text().count(SAID) == 1  # on the first side alone, not among the notes again


def test_without_words_no_cost_is_stated(render_one: Rendered) -> None:
    assert NONE in card(render_one(told(demo.portsmouth())))


@pytest.mark.parametrize("said", [True, False])
def test_with_prices_the_words_stand_below_them(render_one: Rendered, said: bool) -> None:
    found = card(render_one(told(demo.rehearsal(), **({"cost": SAID} if said else {}))))
    assert "Benefits would equal costs" in found or "It cost" in found
    assert (SAID in found) == said
    assert NONE not in found
