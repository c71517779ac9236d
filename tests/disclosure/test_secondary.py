"""Secondary suppression: by hand, and against an attacker who lists everything that fits what is printed."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure import DisclosureRule, hidden_together

POLICE = DisclosureRule("police", 5)


@pytest.mark.parametrize(
    ("events", "hidden"),
    [
        ([10, 20, 30], set()),
        ([3, 20, 30], {0, 1}),  # 3 alone would be the total less 50
        ([3, 5, 30], {0, 1, 2}),  # 3 + 5 = 8 and the second is 5 or more: the first would be at most 3
        ([3, 6, 30], {0, 1}),  # 3 + 6 = 9: the first can be 1 to 4
        ([4, 4, 30], {0, 1, 2}),  # 8 of two that are at most 4: both would be 4
        ([2, 3, 20, 25], {0, 1}),  # 5 of two: each could be 1 to 4, so nothing more is needed
        ([0, 3, 0, 9], {1, 3}),  # a zero protects nobody
    ],
)
def test_by_hand(events: list[float], hidden: set[int]) -> None:
    assert hidden_together(events, POLICE) == hidden


def test_a_total_that_gives_everything_away_is_refused() -> None:
    assert hidden_together([4, 4], POLICE) is None
    assert hidden_together([3], POLICE) is None
    assert hidden_together([1, 1, 0], POLICE) is None
    assert hidden_together([1, 2], POLICE) == {0, 1}


def test_what_is_hidden_already_protects_too() -> None:
    assert hidden_together([3, 20, 30], POLICE, also={2}) == {0, 2}


def guesses(events: list[int], hidden: set[int], small: set[int]) -> dict[int, set[int]]:
    """Return every value that each small count could have, by listing all that adds up."""
    order, total = sorted(hidden), sum(events[at] for at in hidden)
    ranges = [range(1, 5) if at in small else range(5, total + 1) for at in order]
    fits = [values for values in itertools.product(*ranges) if sum(values) == total]
    return {at: {values[place] for values in fits} for place, at in enumerate(order) if at in small}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=2, max_size=5))
def test_no_list_of_what_fits_pins_a_small_count(events: list[int]) -> None:
    small = {at for at, count in enumerate(events) if POLICE.hides(count)}
    found = hidden_together(events, POLICE)
    if found is None:
        everything = {at for at, count in enumerate(events) if count}
        assert any(len(values) < 2 for values in guesses(events, everything, small).values())
        return
    assert small <= found
    left = [at for at, count in enumerate(events) if at not in found and count]
    for values in guesses(events, found, small).values():
        assert len(values) == 4 if left else len(values) >= 2
