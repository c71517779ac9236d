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


@pytest.mark.parametrize(("printed", "told"), [
    ({"before": None, "after": 37, "percent": None, "n": 43}, "prints one share"),
    ({"before": None, "after": 24, "percent": None, "n": None}, "prints one count"),
    ({"before": None, "after": None, "percent": -29, "n": None}, "a percentage without the counts behind it"),
    ({"before": None, "after": None, "percent": None, "n": None}, "prints no number"),
])  # fmt: skip
def test_what_a_claim_lacks_is_what_is_said(printed: dict, told: str) -> None:
    claim = {"id": "c", "text": "t", "source": "s", "printed": {**printed, "window": None}}
    assert told in str(check_claim(claim, [])["verdict"])
    assert "nought" in verdict(0, 5, 100)


def ruled(text: str, window: str | None = None, **printed: float | None) -> dict[str, str]:
    numbers = {"before": None, "after": None, "percent": None, "n": None, "window": window, **printed}
    claim = {"id": "c", "text": text, "source": "s", "printed": numbers}
    return {rule["code"]: rule["found"] for rule in check_claim(claim, [])["rules"]}


@pytest.mark.parametrize(
    ("text", "printed", "codes"),
    [
        ("Robberies fell by up to 38%", {"before": 40, "after": 25, "percent": -38}, {"R02", "R15"}),
        ("Thefts cut by 100%", {"before": 12, "after": 0, "percent": -100, "window": "one month against one month"},
         {"R02", "R09"}),
        ("17% fewer admissions compared to 2021", {"percent": -17}, {"R02", "R03", "R08"}),
        ("7 of 13 engaged", {"n": 13}, {"R10"}),
        ("87% of a sample had no contact", {}, {"R11"}),
        ("from 700 in 2015 to 630 in 2019", {"before": 700, "after": 630, "percent": -10}, {"R02"}),
        ("June 2022 to December 2022", {"before": 70, "after": 60}, {"R02", "R05"}),
    ],
)  # fmt: skip
def test_counts_periods_and_words_decide_by_themselves(text: str, printed: dict, codes: set[str]) -> None:
    found = ruled(text, **printed)
    assert codes <= set(found)
    assert set(found) - codes <= {"R08"}


def test_a_figure_that_follows_is_not_left_as_approved() -> None:
    printed = {"before": 12, "after": 0, "percent": -100, "window": "one month against one month", "n": None}
    told = check_claim({"id": "c", "text": "Thefts cut by 100%", "source": "s", "printed": printed}, [])
    assert told["verdict"] == "The printed figure follows from the printed counts (12 and 0). That is arithmetic alone."
    assert {rule["code"]: rule["found"] for rule in told["rules"]} == {
        "R02": "One month is set against one month.", "R09": "A count of 0 is too few for a percentage.",
    }  # fmt: skip
    assert all(rule["needed"] for rule in told["rules"])


def test_arithmetic_is_said_once() -> None:
    assert "R01" not in ruled("from 33 to 26", before=33, after=26, percent=-18)


@pytest.mark.parametrize(("text", "left"), [
    ("from around 30 members in February 2020, to over 400 members by July 2023", True),
    ("crime fell by 12%", True), ("1,950 visits", True), ("2,020 people", True),
    ("It began in February 2020 and works", False), ("from 2019 to 2023, crime fell.", False), ("It works.", False),
])  # fmt: skip
def test_numbers_that_stand_in_the_words_alone_are_not_said_to_be_missing(text: str, left: bool) -> None:
    printed = {"before": None, "after": None, "percent": None, "n": None, "window": None}
    checked = check_claim({"id": "c", "text": text, "source": "s", "printed": printed}, [])
    said, rules = str(checked["verdict"]), [rule["code"] for rule in checked["rules"]]
    assert ("the study file gives none of them" in said) == left
    assert ("prints no number" in said) != left
    assert ("R08" in rules) != left


def test_a_change_beside_our_interval_is_not_said_to_be_past_checking() -> None:
    assert ruled("crime fell", percent=-8)["R08"] == (
        "No count or population stands beside it, so it cannot be made again.")  # fmt: skip


def test_more_periods_are_asked_for_whatever_their_length() -> None:
    claim = {"id": "c", "text": "homicides rose in a year", "source": "s", "printed": {
        "before": 37, "after": 40, "percent": None, "n": None, "window": "2005 and 2006"}}  # fmt: skip
    needed = [rule["needed"] for rule in check_claim(claim, [])["rules"] if rule["code"] == "R02"]
    assert needed == ["Print every period of several years."]
