"""Studies of published claims: every figure is the document's own or is computed again here."""

import csv
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from scipy import integrate, stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint, proportion_effectsize

from evalkit import flow
from evalkit.estimation.before_after.counts import rate_ratio
from evalkit.estimation.before_after.empirical_bayes import PoissonGamma, average_from, expected_change
from evalkit.records import Estimate, Evaluation
from evalkit.spec.loading import load_spec
from tests.programmes.printed_words import CLAIMS, FACTS, IN_FOCUS, VERDICTS

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT.parent / "shared" / "seeds"
COUNTED = ("habitual-knife-carriers", "sussex-violence-reduction", "greater-manchester-violence-reduction")
WITHOUT_RESULT = (
    "merseyside-violence-reduction", "nottinghamshire-violence-reduction", "humber-violence-prevention",
    "salford-mentoring", "hampshire-night-time-economy", "safer-trafford-super-victims", "faith-alliance",
    "youth-work-charter", "another-chance", "staffordshire-navigator", "oasis-navigators", "lancashire-navigators",
    "lancashire-champions", "engage-panels",
)  # fmt: skip
UNDATED = {
    "oasis-navigators": 4, "lancashire-navigators": 1, "lancashire-champions": 2, "engage-panels": 3,
}  # fmt: skip
"""Studies that no printed start allows, with the number of places or projects that they name."""
STUDIES = (*COUNTED, *WITHOUT_RESULT)


@cache
def evaluation(study: str) -> Evaluation:
    return flow.evaluate(load_spec(PROJECT / "evaluations" / f"{study}.yaml"))


@cache
def written(study: str) -> str:
    """Return the study file as one line, without the folds of YAML."""
    return " ".join((PROJECT / "evaluations" / f"{study}.yaml").read_text(encoding="utf-8").split())


def claim(study: str, name: str) -> dict[str, Any]:
    return next(dict(each) for each in evaluation(study).study["claims"] if each["id"] == name)


@cache
def document(name: str) -> str:
    if not SEEDS.is_dir():
        pytest.skip(f"the documents are not beside the project ({SEEDS})")
    return plain((SEEDS / name).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Return a text without bold marks, line breaks and curved quotation marks."""
    return " ".join(text.replace("**", "").replace("’", "'").split())


def relative(study: str, analysis: str = "primary") -> tuple[float, ...]:
    found = evaluation(study).analysis(analysis).result.relative
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return tuple(round(number, 1) for number in (found.value, found.low, found.high))


class TestWords:
    def test_every_claim_of_every_study_is_in_the_table(self) -> None:
        stated = {(study, each["id"]) for study in STUDIES for each in evaluation(study).study["claims"]}
        assert stated == set(CLAIMS)

    @pytest.mark.parametrize(("study", "name"), CLAIMS)
    def test_a_claim_is_quoted_with_its_page(self, study: str, name: str) -> None:
        _, page, words = CLAIMS[study, name]
        found = claim(study, name)
        assert found["text"] == words
        assert found["page"] == page

    @pytest.mark.parametrize(("study", "name"), CLAIMS)
    def test_the_document_prints_it(self, study: str, name: str) -> None:
        source, _, words = CLAIMS[study, name]
        assert plain(words) in document(source)

    @pytest.mark.parametrize(("study", "fact", "source", "words"), FACTS)
    def test_a_fact_rests_on_words_of_the_document(self, study: str, fact: str, source: str, words: str) -> None:
        assert fact in written(study)
        assert words in document(source)

    @pytest.mark.parametrize(("study", "name"), VERDICTS)
    def test_the_verdict_on_a_claim(self, study: str, name: str) -> None:
        reading = " ".join(claim(study, name)["reading"].split())
        for words in VERDICTS[study, name]:
            assert words in reading

    @pytest.mark.parametrize("study", STUDIES)
    def test_no_cause_is_claimed_in_our_own_words(self, study: str) -> None:
        told = evaluation(study).study
        own = [*(each["reading"] for each in told["claims"]), *map(str, told["narrative"].values()), told["question"],
               *(each["text"] for each in told["limitations"])]  # fmt: skip
        for text in own:
            assert not re.search(r"\b(prevented|saved|worked|effective|due to|thanks to|significant)\b", text), text


class TestListOfClaims:
    """The list of published claims beside the project, where it is there."""

    LISTED = PROJECT.parent / "shared" / "facts" / "claims.csv"
    OURS = ("sx-", "gm-", "me-", "nn-", "hu-", "wm-", "la-", "hi-vct-night", "st-super-victim", "ma-engage")

    def rows(self) -> list[dict[str, str]]:
        if not self.LISTED.is_file():
            pytest.skip(f"the list of claims is not beside the project ({self.LISTED})")
        with self.LISTED.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if row["programme_id"].startswith(self.OURS)]

    def test_every_claim_of_these_programmes_is_in_a_study(self) -> None:
        assert {row["id"] for row in self.rows()} - {name for _, name in CLAIMS} == set()

    def test_what_was_recomputed_agrees(self) -> None:
        listed = {row["id"]: row for row in self.rows()}
        found = relative("greater-manchester-violence-reduction")
        assert found == tuple(float(listed["gm1"][key]) for key in ("recomputed_pct", "ci95_low", "ci95_high"))
        for name, study in (("hkc2", "habitual-knife-carriers"), ("hkc2b", "habitual-knife-carriers"),
                            ("hkc3", "habitual-knife-carriers"), ("gm4", "salford-mentoring")):  # fmt: skip
            row = listed[name]
            level, low, high = (float(row[key]) for key in ("recomputed_pct", "ci95_low", "ci95_high"))
            reading = " ".join(claim(study, name)["reading"].split())
            assert f"{level}% (95% interval {round(low)}% to {round(high)}%)" in reading


class TestHabitualKnifeCarriers:
    """Page 18: 43 linked as suspect before, 32 with none after; 24 linked as victim before, 20 with none after."""

    def test_shares_come_from_the_printed_counts(self) -> None:
        for name, before, none_after in (("primary", 43, 32), ("victims", 24, 20)):
            points = [point.observed for point in evaluation("habitual-knife-carriers").analysis(name).result.path]
            assert points == pytest.approx([1.0, (before - none_after) / before])

    def test_the_interval_is_newcombes_from_wilsons_limits(self) -> None:
        effect: Estimate = evaluation("habitual-knife-carriers").primary.result.effect
        before, after = (proportion_confint(count, 43, method="wilson") for count in (43, 11))
        change = 11 / 43 - 1
        assert effect.value == pytest.approx(change)
        assert effect.low == pytest.approx(change - math.hypot(11 / 43 - after[0], before[1] - 1), abs=1e-6)
        assert effect.high == pytest.approx(change + math.hypot(after[1] - 11 / 43, 1 - before[0]), abs=1e-6)

    @pytest.mark.parametrize(("count", "of", "percent", "low", "high"), [(37, 43, 86.0, 73, 93), (32, 43, 74.4, 60, 85),
                                                                         (20, 24, 83.3, 64, 93)])  # fmt: skip
    def test_shares_with_wilsons_interval(self, count: int, of: int, percent: float, low: int, high: int) -> None:
        ends = proportion_confint(count, of, method="wilson")
        assert (round(100 * count / of, 1), *(round(100 * end) for end in ends)) == (percent, low, high)

    def test_selection_is_a_key_check_against_it(self) -> None:
        checks = {check.name: check for check in evaluation("habitual-knife-carriers").primary.result.diagnostics}
        assert checks["regression_to_the_mean"].verdict == "sign against"

    def test_what_selection_alone_would_give(self) -> None:
        """People with one event or more in 12 months, levels gamma with shape 0.6: 21% to 33% fewer, nothing done."""
        year = [100 * expected_change(average_from(1, people), people) for people in self.people()]
        half = [100 * ((1 + change / 100) / 2 - 1) for change in year]  # half the time, half the events
        assert [round(change) for change in year] == [-21, -33]
        assert [round(change) for change in half] == [-60, -66]
        reading = claim("habitual-knife-carriers", "hkc1")["reading"]
        assert "21% to 33% fewer" in reading
        assert "60% to 66% fewer" in reading

    def test_how_many_would_have_none(self) -> None:
        found = [[none_after(people, months / 12) for people in self.people()] for months in (12, 6)]
        assert [[round(100 * share) for share in shares] for shares in found] == [[32, 42], [50, 61]]
        reading = claim("habitual-knife-carriers", "hkc2b")["reading"]
        assert "32% to 42%" in reading
        assert "50% to 61%" in reading

    def test_how_many_would_have_fewer(self) -> None:
        found = [[fewer_after(people, months / 12) for people in self.people()] for months in (12, 6)]
        assert [[round(100 * share) for share in shares] for shares in found] == [[55, 60], [76, 78]]
        reading = " ".join(claim("habitual-knife-carriers", "hkc2")["reading"].split())
        assert "55% to 60% of such a group have fewer" in reading
        assert "76% to 78% have fewer" in reading

    @staticmethod
    def people() -> tuple[PoissonGamma, ...]:
        return PoissonGamma(1.0, 0.6), PoissonGamma(0.6, 0.6)


def none_after(people: PoissonGamma, years: float) -> float:
    """Return the share with no event for a time, of those with one or more in the year before."""

    def none(time: float) -> float:
        return float((1 + time * people.mean / people.shape) ** -people.shape)

    return (none(years) - none(1 + years)) / (1 - none(1))


def fewer_after(people: PoissonGamma, years: float) -> float:
    """Return the share with fewer events in a time than in the year before, of those with one or more then."""
    levels = stats.gamma(people.shape, scale=people.mean / people.shape)
    counts = range(1, 60)

    def fewer(level: float) -> float:
        pairs = (stats.poisson.pmf(counts, level) * stats.poisson.cdf([x - 1 for x in counts], years * level)).sum()
        return float(levels.pdf(level) * pairs)

    chosen = 1 - (1 + people.mean / people.shape) ** -people.shape
    return float(integrate.quad(fewer, 0, 40, limit=200)[0]) / chosen


class TestSussex:
    """Page 16: 29%, or 177 fewer offences."""

    def test_the_counts_that_fit(self) -> None:
        fit = [before for before in range(177, 2_000) if round(100 * 177 / before) == 29]
        assert (fit[0], fit[-1]) == (601, 621)

    def test_middle_and_ends(self) -> None:
        assert relative("sussex-violence-reduction") == (-29.0, -37.4, -19.6)
        assert relative("sussex-violence-reduction", "fewest") == (-29.5, -37.8, -20.0)
        assert relative("sussex-violence-reduction", "most") == (-28.5, -36.8, -19.1)
        for analysis, before in (("primary", 610), ("fewest", 601), ("most", 621)):
            path = evaluation("sussex-violence-reduction").analysis(analysis).result.path
            assert [point.observed for point in path] == [before, before - 177]

    def test_twice_the_spread_of_chance(self) -> None:
        reach = 1.96 * math.sqrt(2 * (1 / 610 + 1 / 433))
        ends = [round(100 * (433 / 610 * math.exp(side * reach) - 1)) for side in (-1, 1)]
        assert ends == [-40, -16]
        assert "40% to 16% fewer" in claim("sussex-violence-reduction", "sus2")["reading"]


class TestGreaterManchester:
    """Page 38: 17%; fewer than 90 in 2022 by the combined authority."""

    def test_the_counts_that_fit(self) -> None:
        assert round(100 * (1 - 89 / 107)) == 17
        assert relative("greater-manchester-violence-reduction") == (-16.8, -37.9, 11.2)

    def test_the_baseline_lies_in_restrictions(self) -> None:
        checks = {check.name: check for check in evaluation("greater-manchester-violence-reduction")
                  .primary.result.diagnostics}  # fmt: skip
        assert checks["pandemic_restrictions"].verdict == "sign against"

    def test_whole_numbers_that_give_19_percent(self) -> None:
        fit = {(before, after) for before in range(5, 30) for after in range(before)
               if round(100 * (1 - after / before)) == 19}  # fmt: skip
        assert {(16, 13), (21, 17), (26, 21)} <= fit


class TestWhatWouldBeNeeded:
    @pytest.mark.parametrize(
        ("study", "name", "percent", "words"),
        [
            ("sussex-violence-reduction", "sus1", -10, "about 760"),
            ("greater-manchester-violence-reduction", "gm2", -27, "about 99"),
            ("greater-manchester-violence-reduction", "gm3", -19, "about 203"),
            ("merseyside-violence-reduction", "mer1", -3, "about 8,500"),
            ("merseyside-violence-reduction", "mer2", -10.9, "about 640"),
            ("merseyside-violence-reduction", "mer3", -14.7, "about 340"),
            ("nottinghamshire-violence-reduction", "not1", -8, "about 1,200"),
            ("hampshire-night-time-economy", "hvct4", -36, "about 55"),
            ("lancashire-navigators", "lan1", -55, "about 23"),
        ],
    )
    def test_the_count_from_which_chance_alone_does_not_do(
        self, study: str, name: str, percent: float, words: str
    ) -> None:
        """From there on every count before gives an exact interval below no change, and the one below it does not."""
        assert words in claim(study, name)["reading"]
        told = int(words.removeprefix("about ").replace(",", ""))
        around = range(round(0.95 * told), round(1.1 * told))
        least = 1 + max(before for before in around if not beyond_chance(before, percent))
        assert told == pytest.approx(least, rel=0.02)


def beyond_chance(before: int, percent: float) -> bool:
    """Say whether the exact interval of a fall of so many percent lies clear of no change."""
    return rate_ratio(before, round(before * (1 + percent / 100))).high < 1


class TestOtherSums:
    def test_nottinghamshire(self) -> None:
        assert round(724 / 0.51) == 1_420
        assert round(724_000 / 4_500) == 161

    def test_humber(self) -> None:
        assert 750_000 / 2_000 == 375
        assert 16_000 / 2_000 == 8

    def test_salford(self) -> None:
        assert next(count for count in range(65) if count / 64 > 0.9) == 58
        ends = proportion_confint(58, 64, method="wilson")
        assert (round(100 * 58 / 64, 1), *(round(100 * end) for end in ends)) == (90.6, 81, 96)
        assert next(count for count in range(31) if count / 30 > 0.9) == 28

    def test_safer_trafford(self) -> None:
        assert pytest.approx(8.6) == 0.2 * 43
        assert (round(100 * 8 / 43, 1), round(100 * 9 / 43, 1)) == (18.6, 20.9)

    def test_orders_of_four_hospitals_and_of_three_areas(self) -> None:
        assert math.factorial(4) == 24
        assert round(100 / math.factorial(4), 1) == 4.2
        assert "only 24 orders" in written("oasis-navigators")
        assert "once in 24 times (4.2%)" in written("oasis-navigators")
        assert math.factorial(3 - 1) == 2
        assert math.factorial(3) == 6
        assert "only two orders are left" in written("engage-panels")
        assert "one in six" in written("engage-panels")

    def test_people_reached_in_lancashire(self) -> None:
        assert round(3_000 / 365) == 8
        listed = document(IN_FOCUS).partition("55% reduction in hospital admissions")[2]
        assert listed.partition("Over 3,000 people")[0].count(" - ") == 3  # navigators stand three lines on

    def test_champions(self) -> None:
        assert 594 + 414 == 1_008
        assert round(100 * 594 / 1_008) == 59
        named = "housing, finances, benefits, wellbeing, volunteering and community activities"
        assert len(re.split(", | and ", named)) == 6

    @pytest.mark.parametrize(("each", "percent", "words"), [(594, 14, "With 594 on each side"),
                                                            (414, 13, "With 414 on each side")])  # fmt: skip
    def test_the_fall_that_so_many_champions_could_show(self, each: int, percent: int, words: str) -> None:
        """From 20 in 100, by four studies in five: the share to which it would have to come down."""
        shares = [share / 1_000 for share in range(1, 200)]
        found = [
            share for share in shares if NormalIndPower().power(proportion_effectsize(0.2, share), each, 0.05) >= 0.8
        ]
        assert round(100 * max(found)) == percent
        told = written("lancashire-champions").partition(words)[2].partition("in 100")[0]
        assert f"about {percent} " in told

    def test_children_for_a_fall_from_20_to_15_in_100(self) -> None:
        needed = NormalIndPower().solve_power(proportion_effectsize(0.2, 0.15), power=0.8, alpha=0.05)
        assert round(needed, -2) == 900
        assert "about 900 children on each side" in written("engage-panels")

    def test_how_many_repeat_victims_would_be_none_in_the_next_year(self) -> None:
        fewer = [round(100 * (1 - repeated_again(mean))) for mean in (1.0, 0.6)]
        assert fewer == [41, 55]
        assert "41% to 55%" in claim("safer-trafford-super-victims", "st3")["reading"]


def repeated_again(mean: float, shape: float = 0.6) -> float:
    """Return the share with two events or more in a year, of those with two or more in the year before."""
    levels = stats.gamma(shape, scale=mean / shape)

    def twice(times: int) -> float:
        found = integrate.quad(lambda level: levels.pdf(level) * stats.poisson.sf(1, level) ** times, 0, 60, limit=400)
        return float(found[0])

    return twice(2) / twice(1)


class TestForm:
    @pytest.mark.parametrize("study", STUDIES)
    def test_it_is_monitoring_with_limits_and_owners(self, study: str) -> None:
        found = evaluation(study)
        assert found.level == "monitoring"
        assert all(analysis.result.averted is None for analysis in found.analyses)
        assert len(found.study["narrative"]["cannot_say"]) >= 3
        assert found.study["limitations"]
        assert all(each["owner"] for each in found.study["recommendations"])
        assert found.study["choice_of_design"]["stronger_rejected"]

    @pytest.mark.parametrize("study", WITHOUT_RESULT)
    def test_nothing_is_estimated_where_no_count_is_printed(self, study: str) -> None:
        found = evaluation(study)
        assert found.analyses == ()
        assert "Nothing is estimated here." in written(study)

    @pytest.mark.parametrize(("study", "places"), UNDATED.items())
    def test_what_has_no_printed_start_has_none_here(self, study: str, places: int) -> None:
        told = evaluation(study).study
        assert len(told["rollout"]["units"]) == places
        assert all(unit["start"] is None and unit["date_precision"] == "unknown" for unit in told["rollout"]["units"])
        assert re.search(r"without a date (is an error|cannot be put before or after)", written(study))
        first = " ".join(told["narrative"]["cannot_say"][:3])  # as many as the first side shows
        assert re.search("No date is printed|with no date|Neither is printed", first)
        assert any("start" in entry["field"] for entry in told["data_notes"]["dictionary"])

    @pytest.mark.parametrize("study", ["faith-alliance", "youth-work-charter"])
    def test_a_page_of_theory_says_why_and_what_to_collect(self, study: str) -> None:
        told = evaluation(study).study
        assert told["choice_of_design"]["why"].startswith("Not evaluable for impact.")
        assert "not evaluable for impact" in told["narrative"]["cannot_say"][0]
        assert all(told["theory_of_change"][key] for key in ("problem", "inputs", "activities", "outputs"))
        assert len(told["data_notes"]["dictionary"]) >= 5

    def test_no_two_studies_say_the_same(self) -> None:
        said: dict[str, str] = {}
        for study in STUDIES:
            for text in evaluation(study).study["narrative"]["cannot_say"]:
                assert text not in said, (study, said.get(text))
                said[text] = study
