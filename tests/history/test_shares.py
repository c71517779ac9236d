"""How much of a move is owed to what: shares add up, whatever could be run and whatever could not."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.history.causes import Causes
from evalkit.history.crossed import Crossed, rounded, shares

SIZES = st.floats(-500, 500, allow_nan=False)
KNOWN = st.one_of(st.none(), SIZES)


def changed(*names: str) -> Causes:
    return Causes(dict.fromkeys(names, ()))


def test_by_hand_with_both_orders() -> None:
    # then 10; the code alone gives 11; new data 15, new study file 12, both 20
    owed, notes = shares(10, 20, changed("data", "spec", "code"), Crossed(11, 15, 12))
    assert owed == {"data": ((15 - 11) + (20 - 12)) / 2, "spec": ((12 - 11) + (20 - 15)) / 2, "code": 1}
    assert notes == []


def test_by_hand_with_one_order_says_which() -> None:
    owed, notes = shares(10, 20, changed("data", "spec"), Crossed(10, 15, None))
    assert owed == {"data": 5, "spec": 5, "code": 0}
    assert "taken before that of the study file" in notes[0]
    owed, notes = shares(10, 20, changed("data", "spec"), Crossed(10, None, 12))
    assert owed == {"data": 8, "spec": 2, "code": 0}
    assert "taken after that of the study file" in notes[0]


def test_what_cannot_be_run_is_told_together() -> None:
    owed, notes = shares(10, 20, changed("data", "packages"), Crossed(None, 20, None))
    assert owed == {"spec": 0, "data and packages": 10}
    assert notes == ["Told together, since the run before could not be repeated: data and packages."]
    owed, _ = shares(10, 20, changed("data", "spec", "code"), Crossed(None, 16, None))
    assert owed == {"spec": 4, "data and code": 6}
    owed, _ = shares(10, 20, changed("data", "spec", "code", "packages"), Crossed(12, None, None))
    assert owed == {"code and packages": 2, "data and spec": 8}


@pytest.mark.parametrize("cause", ["data", "spec", "code", "packages"])
def test_one_cause_owns_the_whole_move(cause: str) -> None:
    owed, notes = shares(-3, 4, changed(cause), Crossed(-3, None, None))
    assert {name: share for name, share in owed.items() if share} == {cause: 7}
    assert notes == []


@settings(max_examples=300, deadline=None)
@given(st.sets(st.sampled_from(["data", "spec", "code", "packages"])), SIZES, SIZES, KNOWN, KNOWN, KNOWN,
       st.integers(0, 3))  # fmt: skip
def test_shares_add_up_and_so_does_what_is_printed(
    names: set[str], then: float, now: float, old_old: float | None, old_spec: float | None, old_data: float | None,
    decimals: int,
) -> None:  # fmt: skip
    owed, _ = shares(then, now, changed(*names), Crossed(old_old, old_spec, old_data))
    assert sum(owed.values()) == pytest.approx(now - then, abs=1e-9)
    causes = list(itertools.chain.from_iterable(cause.split(" and ") for cause in owed))
    assert len(causes) == len(set(causes))
    assert names <= {*causes}
    printed = rounded(owed, decimals)
    assert sum(share.shown for share in printed) == pytest.approx(round(sum(owed.values()), decimals), abs=1e-9)
    for share in printed:
        assert abs(share.shown - share.change) < 1.5 * 10.0**-decimals
        assert share.change or not share.shown
