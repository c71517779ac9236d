"""Study plans rehearsed on simulated data: what is printed of dates and figures, what is planted, what is found."""

import csv
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from evalkit import flow
from evalkit.gathering import Tables
from evalkit.records import Analysis
from evalkit.spec.loading import Spec, load_spec

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT.parent / "shared" / "seeds"
IN_FOCUS, MANCHESTER = "004_f6a528b191e6438b.txt", "001_bf9b9ff8e24efe8a.txt"
TABLE = PROJECT / "benchmarks" / "rehearsals.csv"

sys.path.insert(0, str(PROJECT / "benchmarks"))
from calibrate_rehearsals import PLANS, STUDIES, interval, planted  # noqa: E402

PRINTED = (
    ("operation-deter", IN_FOCUS, "all six custody suites and all 11 Local Policing Areas"),
    ("operation-deter", IN_FOCUS, "implemented without a need for additional funding"),
    ("act-now", IN_FOCUS, "Act Now pilots were launched in Milton Keynes in January 2023 followed by Slough in March"),
    ("west-yorkshire-navigators", IN_FOCUS, "since it began in 2021"),
    ("west-yorkshire-navigators", IN_FOCUS, "went live in January 2023"),
    ("west-yorkshire-navigators", IN_FOCUS, "developing a model aligned to Mid Yorkshire Hospital Trust"),
    ("safe-mentors", MANCHESTER, "two mentors in each of six identified high schools"),
    ("safe-mentors", MANCHESTER, "In September 2023 phase two of the project will commence"),
    ("intact", IN_FOCUS, "meeting a threshold criterion"),
    ("champions-places-by-lot", IN_FOCUS, "has reached 594 young people under the age of 18"),
    ("champions-places-by-lot", IN_FOCUS, "has reached 414 young people aged 18-25"),
)  # fmt: skip
"""What each study rests on, as the document prints it."""
LEFT_OUT = {
    "operation-deter": {"Tenth Thames Valley area", "Eleventh Thames Valley area"},
    "west-yorkshire-navigators": {"Bradford Royal Infirmary"},
}
"""Places without a printed start, which no study may count."""


@cache
def spec_of(study: str) -> Spec:
    return load_spec(PROJECT / "evaluations" / f"{study}.yaml")


@cache
def analysis(study: str) -> Analysis:
    spec = spec_of(study)
    return flow.alone(spec, Tables(spec).panel(spec.requests[0]))


@cache
def document(name: str) -> str:
    if not SEEDS.is_dir():
        pytest.skip(f"the documents are not beside the project ({SEEDS})")
    return plain((SEEDS / name).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Return a text without bold marks, line breaks and curved quotation marks."""
    return " ".join(text.replace("**", "").replace("\u2019", "'").split())


def texts(value: Any) -> list[str]:
    """Return every text of a study, however deep it lies."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("study", PLANS)
class TestEachStudy:
    def test_it_is_simulated_from_the_first_seed_and_says_so(self, study: str) -> None:
        told = spec_of(study).study
        assert told.data is not None
        assert told.data.source == "simulated"
        assert told.data.seed == 1
        assert analysis(study).simulated
        assert "simulated" in told.title
        assert any("simulated" in text for text in told.narrative["cannot_say"])
        assert "simulated" in told.limitations[0].text

    def test_the_interval_of_its_page_holds_what_was_planted(self, study: str) -> None:
        found = analysis(study).result.relative
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= planted(study) <= found.high

    def test_it_is_a_whole_plan(self, study: str) -> None:
        told = spec_of(study).study
        assert told.programme is not None
        assert told.theory_of_change is not None
        assert told.rollout is not None
        assert told.choice_of_design is not None
        assert told.data_notes is not None
        for block in (told.programme.why, told.programme.what_procedures, told.theory_of_change.assumptions,
                      told.choice_of_design.stronger_rejected, told.data_notes.dictionary, told.unintended_effects,
                      told.sensitivity, told.falsification, told.recommendations, told.narrative["next"]):  # fmt: skip
            assert block
        question = told.questions[0]
        assert all((question.population, question.intervention, question.comparator, question.outcome,
                    question.timeframe, question.decision))  # fmt: skip
        assert "assumed" in " ".join(texts(told.narrative))

    def test_every_start_that_is_counted_says_where_it_comes_from(self, study: str) -> None:
        rollout = spec_of(study).study.rollout
        assert rollout is not None
        for unit in rollout.units:
            assert unit.start is not None, unit.id
            assert unit.source, unit.id

    def test_no_cost_is_made_up(self, study: str) -> None:
        told = spec_of(study).study
        for cost in told.economics.costs if told.economics else ():
            assert cost.amount is None
            assert not cost.amounts
        assert "ot known" in " ".join(texts(told.model_dump(include={"economics", "narrative"})))

    def test_no_cause_is_claimed(self, study: str) -> None:
        told = spec_of(study).study.model_dump()
        for claim in told["claims"]:
            claim["text"] = ""
        for text in texts(told):
            assert not re.search(r"\b(prevented|saved|worked|effective|due to|thanks to|proved)\b", text), text


@pytest.mark.parametrize(("study", "source", "words"), PRINTED)
def test_what_it_rests_on_is_printed(study: str, source: str, words: str) -> None:
    assert plain(words) in document(source)


@pytest.mark.parametrize("study", PLANS)
def test_every_quoted_claim_is_printed(study: str) -> None:
    for claim in spec_of(study).study.claims:
        assert plain(claim.text) in document(IN_FOCUS), claim.id


@pytest.mark.parametrize("study", LEFT_OUT)
def test_a_place_without_a_start_is_left_out_by_name(study: str) -> None:
    told = spec_of(study).study
    assert set(told.needed_design.exclude) == LEFT_OUT[study]  # type: ignore[union-attr]
    assert not LEFT_OUT[study] & set(told.needed_data.first_times())  # type: ignore[union-attr]
    assert {unit for unit, _ in analysis(study).result.dropped} >= LEFT_OUT[study]


class TestStarts:
    def test_safe_mentors_has_the_printed_numbers_of_schools(self) -> None:
        firsts = list(spec_of("safe-mentors").study.needed_data.first_times().values())  # type: ignore[union-attr]
        assert sorted(firsts) == [11] * 6 + [13] * 8

    def test_operation_deter_counts_nine_areas_in_five_steps(self) -> None:
        firsts = spec_of("operation-deter").study.needed_data.first_times()  # type: ignore[union-attr]
        assert len(firsts) == 9
        assert len(set(firsts.values())) == 5

    def test_mid_yorkshire_is_not_yet_treated(self) -> None:
        told = spec_of("west-yorkshire-navigators").study
        data: Any = told.needed_data
        assert "Mid Yorkshire" in data.names
        assert set(data.first_times()) == {"Leeds", "Calderdale and Huddersfield"}


def test_what_is_measured_is_what_the_page_shows() -> None:
    found = analysis("intact").result.relative
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx(interval("intact", 1))
    assert interval("intact", 2) != interval("intact", 1)


class TestCoverage:
    """The table that benchmarks/calibrate_rehearsals.py writes: intervals that hold what was planted."""

    def rows(self) -> dict[str, dict[str, str]]:
        with TABLE.open(encoding="utf-8", newline="") as file:
            return {row["study"]: row for row in csv.DictReader(file)}

    def test_it_has_every_study(self) -> None:
        assert list(self.rows()) == list(STUDIES)

    @pytest.mark.parametrize("study", STUDIES)
    def test_92_to_98_in_100_intervals_hold_it(self, study: str) -> None:
        row = self.rows()[study]
        held, seeds = int(row["held"]), int(row["seeds"])
        assert row["first_seed"] == "1"
        assert seeds >= 500
        assert 0.92 <= held / seeds <= 0.98, row
        assert float(row["held_percent"]) == pytest.approx(100 * held / seeds, abs=0.051)
        assert stats.binomtest(held, seeds, 0.95).pvalue > 0.001

    @pytest.mark.parametrize("study", STUDIES)
    def test_it_was_measured_with_the_effect_of_the_file(self, study: str) -> None:
        assert float(self.rows()[study]["planted_percent"]) == planted(study)
