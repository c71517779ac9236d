"""Profiles, rounding and hiding: by hand and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure import DisclosureRule, rule_of
from evalkit.spec.blocks import Disclosure

HES = rule_of({"profile": "hes"})
POLICE = rule_of({"profile": "police"})
assert HES is not None
assert POLICE is not None


def test_no_profile_is_no_rule() -> None:
    assert rule_of(None) is None
    assert rule_of({"profile": "none"}) is None


@pytest.mark.parametrize(
    ("events", "hidden", "shown"),
    [(0, False, 0), (1, True, None), (7, True, None), (8, False, 10), (12, False, 10), (12.5, False, 15),
     (13, False, 15), (17, False, 15), (18, False, 20)],
)  # fmt: skip
def test_hes_by_hand(events: float, hidden: bool, shown: float | None) -> None:
    assert HES.hides(events) is hidden
    if shown is not None:
        assert HES.rounded(events) == shown


@pytest.mark.parametrize(("events", "hidden"), [(0, False), (1, True), (4, True), (4.9999999999, False), (5, False)])
def test_police_by_hand(events: float, hidden: bool) -> None:
    assert POLICE.hides(events) is hidden
    assert POLICE.rounded(events) == events


def test_zeros_can_be_hidden() -> None:
    rule = rule_of({"profile": "custom", "min_cell": 3, "zeros": False})
    assert rule is not None
    assert [rule.hides(count) for count in range(5)] == [True, True, True, False, False]
    assert rule.words.startswith("Counts from 0 to 2 are hidden.")


def test_a_profile_is_made_stricter_alone() -> None:
    rule = rule_of({"profile": "police", "min_cell": 10, "round_to": 5})
    assert rule == DisclosureRule("police", 10, 5)
    assert rule_of({"profile": "hes", "min_cell": 2}) == HES


@pytest.mark.parametrize(
    ("block", "words"),
    [({"profile": "none", "min_cell": 5}, "hides nothing"), ({"profile": "custom"}, "needs `min_cell`"),
     ({"profile": "police", "min_cell": 3}, "looser than profile police"),
     ({"profile": "police", "national": True}, "belongs to profile hes"),
     ({"profile": "hes", "round_to": 7}, "give a multiple")],
)  # fmt: skip
def test_what_the_block_refuses(block: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Disclosure(**block)


@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 100))
def test_what_is_shown_is_a_multiple_near_the_count_and_never_small(count: int, smallest: int, base: int) -> None:
    rule = DisclosureRule("custom", smallest, base)
    if rule.hides(count):
        assert 0 < count < smallest
        return
    shown = rule.rounded(count)
    assert shown % base == 0
    assert (shown == 0) == (count == 0)
    assert abs(shown - count) <= max(base / 2, base - count)
