"""The 72 published claims: rules, numbers and verdict of each, as the register's facts have them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evalkit.claims import RULES, Checked, ClaimsError, PublishedClaim, checked, findings, read_claims
from evalkit.claims.periods_said import in_words, read_stretch

ROOT = Path(__file__).resolve().parents[2]
with (Path(__file__).parent / "verdicts.csv").open(newline="", encoding="utf-8") as file:
    EXPECTED = {row["id"]: row for row in csv.DictReader(file)}

DIFFER = {
    # A single year is the time before, whatever is said of the time after.
    "wy6": ({"R02"}, set()),
    # Several pairs of small counts give 19%: 16 to 13, 21 to 17, 26 to 21. So R19 has nothing to stop.
    "gm3": (set(), {"R19"}),
    # No count is printed; and the time before is 2019, ahead of the restrictions.
    "nat3": ({"R08"}, {"R03"}),
    # Shares without a number of crimes.
    "tr1": ({"R08"}, set()),
}
"""Rules that find more, and less, than whoever read the documents first, with the reason."""

VERDICTS = {
    "slip": "hvct1 hvct1q hvct2", "counts_alone": "hvct12 gm1", "level": "hkc2 hkc2b hkc3 gm4",
    "no_counts": "hvct3 hvct4 sus1 sus2 hkc1 dp1 not1 gm2 gm3 mer1 mer2 mer3 lan1 tr2 tr3 st1",
    "no_figure": "wy5 wy6 mer8 lan4 nat3", "cost": "opd3 mer5 sw2", "one_case": "wy7", "states_a_limit": "sw3",
    "activity": "sus3 opd1 opd2 opd4 wy1 wy2 wy3 wy4 dp2 dp3 not2 not3 not4 gm5 gm6 gm7 gm8 mer6 mer7 sw1 hum1 hum2 "
    "lan2 lan3 nat5 wm1", "no_measure": "dp4 nat2 ma1 ma2", "another_ratio": "mer4", "another_outcome": "nat1 nat4",
    "overlapping": "tr1", "not_whole": "st3", "percent_or_points": "st2 st4",
}  # fmt: skip
VERDICT = {name: kind for kind, names in VERDICTS.items() for name in names.split()}


@pytest.fixture(scope="module")
def register() -> dict[str, Checked]:
    found = read_claims(ROOT)
    assert found is not None
    return {name: checked(name, claim) for name, claim in found.claims.items()}


def test_all_are_there(register: dict[str, Checked]) -> None:
    assert len(register) == 72
    assert set(register) == set(EXPECTED) == set(VERDICT)


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict(register: dict[str, Checked], name: str) -> None:
    found, expected = register[name], EXPECTED[name]
    more, fewer = DIFFER.get(name, (set(), set()))
    rules = set(filter(None, expected["rules"].split(";")))
    assert set(found.rules) == (rules | more) - fewer
    assert (rules & more, rules & fewer) == (set(), fewer)  # a difference that is none any more is taken out
    assert found.verdict == VERDICT[name]
    assert found.sentence.endswith(".")
    assert bool(found.needed) == bool(found.findings)
    for column, attribute in (("recomputed", "value"), ("low", "low"), ("high", "high")):
        number = getattr(found.numbers, attribute) if found.numbers else None
        assert (number is None) == (not expected[column])
        if number is not None:
            assert number == pytest.approx(float(expected[column]), abs=0.0501)
    method = found.numbers.method if found.numbers else "none"
    assert method == (expected["method"] or "none")


SENTENCES = {
    "hvct2": "18% lower would need 27 instead of 26. The interval includes no change (−55% to +36%).",
    "hkc3": "20 of 24 is 83.3% (95% interval: 64% to 93%). That is a level, and shows no change.",
    "gm1": "Counts that it does not print itself (107 and 89) give 16.8% lower. The interval includes no change",
    "st3": "20% of 43 is 8.6, which is no whole number.", "st4": "5% of 56 gives 58.8; 5 points give 61.",
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences(register: dict[str, Checked], name: str) -> None:
    assert SENTENCES[name] in register[name].sentence


FINDS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "R01": ({"before": 33, "after": 26, "percent": -18, "compares": "two_times"}, {"percent": -21}),
    "R02": ({"percent": -18, "compares": "two_times", "before_period": "2019-12", "after_period": "2022-12"},
            {"before_period": "2015-01 to 2019-12"}),
    "R03": ({"compares": "two_times", "before_period": "2021"}, {"before_period": "2019"}),
    "R04": ({"chosen": "level"}, {"chosen": None}),
    "R05": ({"compares": "two_times", "before_period": "2022-01 to 2022-06", "after_period": "2022-07 to 2022-12"},
            {"before_period": "2021-07 to 2021-12"}),
    "R06": ({"kind": "output"}, {"kind": "outcome"}), "R07": ({"recording": "likely"}, {"recording": "possible"}),
    "R08": ({"percent": -8}, {"people": 400}),
    "R09": ({"before": 12, "after": 0, "compares": "two_times"}, {"after": 11}),
    "R10": ({"after": 20, "of": 24}, {"after": 20, "of": 240}),
    "R11": ({"words": "87% of a sample had none"}, {"words": "87% had none"}),
    "R12": ({"other_programme": "street lights"}, {"other_programme": None}),
    "R13": ({"start_known": False}, {"start_known": True}), "R14": ({"gap": "Leeds, 2019"}, {"gap": None}),
    "R15": ({"words": "cut by up to 38%"}, {"words": "from 2019 up to now"}),
    "R16": ({"role": "secondary", "primary_clear": False}, {"primary_clear": True}),
    "R17": ({"ratio_of": "another county"}, {"ratio_of": None}),
    "R18": ({"before": 56, "percent": 5, "in_percent": True}, {"in_percent": False}),
    "R19": ({"percent": 90, "of": 64}, {"percent": 91}), "R20": ({"compares": "uptake"}, {"compares": "people"}),
}  # fmt: skip


@pytest.mark.parametrize("code", RULES)
def test_every_rule_finds_and_passes(code: str) -> None:
    base: dict[str, object] = {"about": "a", "words": "w"}
    fails, passes = FINDS[code]
    for changes, found in ((fails, True), ({**fails, **passes}, False)):
        codes = [one.code for one in findings(PublishedClaim.model_validate(base | changes))]
        assert (code in codes) == found


def test_the_rules_are_twenty_with_what_would_pass() -> None:
    assert list(RULES) == [f"R{number:02d}" for number in range(1, 21)]
    assert all(rule.needed.endswith(".") and rule.title for rule in RULES.values())


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ("in the 12 months to June 2023, compared to the year to March 2019", ("2018-04", "year"), ("2022-07", "year")),
        ("December 2019: 37 // December 2022: 20", ("2019-12", "month"), ("2022-12", "month")),
        ("8% lower in 2022 than in 2019", ("2019-01", "year"), ("2022-01", "year")),
        ("compared to 2021", ("2021-01", "year"), None), ("no time at all", None, None),
    ],
)  # fmt: skip
def test_times_in_words(words: str, before: tuple[str, str] | None, after: tuple[str, str] | None) -> None:
    for said, expected in zip(in_words(words), (before, after), strict=True):
        assert (None if said is None else (f"{said.first:%Y-%m}", said.noun)) == expected


def test_stretches() -> None:
    two = read_stretch("2019-12 to 2020-01")
    assert two is not None
    assert (two.single, two.months) == (False, frozenset({12, 1}))
    year = read_stretch("2018-04 to 2019-03")
    assert year is not None
    assert (year.single, year.noun, year.months) == (True, "year", None)
    assert read_stretch("whenever") is None


def test_a_wrong_register_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert read_claims(tmp_path) is None
    file = tmp_path / "data" / "claims.yaml"
    file.write_text("evalkit: 1\ndocuments: {a: {title: A, publisher: B}}\nclaims:\n  one: {about: x, words: y, "
                    "document: a, beforee: 3}\n", encoding="utf-8")  # fmt: skip
    with pytest.raises(ClaimsError, match="did you mean"):
        read_claims(tmp_path)
    file.write_text("evalkit: 1\ndocuments: {}\nclaims: {one: {about: x, words: y, document: a}}\n", encoding="utf-8")
    with pytest.raises(ClaimsError, match="'a'"):
        read_claims(tmp_path)
