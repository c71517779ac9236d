"""Claims against themselves: rounding by either rule, cut figures, wrong signs, slips; and beside our intervals."""

import pytest

from evalkit.claims import check_claim


def verdict(before: float | None, after: float | None, percent: float | None) -> str:
    printed = {"before": before, "after": after, "percent": percent, "window": None, "n": None}
    return str(check_claim({"id": "c", "text": "t", "source": "s", "printed": printed}, [])["verdict"])


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    # 40 to 35 is exactly -12.5%: half up and half to even disagree, and both are honest; likewise the others.
    [(40, 35, -13), (40, 35, -12), (8, 7, -13), (8, 7, -12), (1000, 1345, 35), (1000, 1345, 34), (1000, 1345, 34.5),
     (37, 20, -46), (37, 20, -45.9), (33, 26, -21), (33, 26, -21.2), (200, 250, 25)],
)  # fmt: skip
def test_a_figure_that_follows_is_not_called_a_slip(before: float, after: float, percent: float) -> None:
    assert "follows from the printed counts" in verdict(before, after, percent)


def test_a_slip_says_what_it_would_need() -> None:
    assert verdict(33, 26, -18).endswith("33 and 26 give 21.2% lower; 18% lower would need 27 instead of 26.")


def test_a_slip_that_no_whole_count_explains_needs_nothing() -> None:
    assert verdict(3, 2, -30).endswith("3 and 2 give 33.3% lower, not 30% lower.")


def test_a_cut_figure_is_told_from_a_slip() -> None:
    assert "rounded, that is 46% lower, not 45% lower" in verdict(37, 20, -45)


def test_a_figure_without_its_sign_is_named_so() -> None:
    assert "the other sign" in verdict(37, 20, 46)


def test_counts_without_a_percentage_and_the_other_way_round() -> None:
    assert verdict(37, 20, None).endswith("give 45.9% lower.")
    assert "cannot be checked" in verdict(None, None, -76)
    assert "nought" in verdict(0, 5, 100)
