"""Measures of success: what four strategies print, what they leave open, targets that cannot be met as written."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.register import RegisterError, flags, gaps, held_against, read_measures
from evalkit.register.measures import Baseline, Measure, Target
from evalkit.spec.reading import read_yaml
from tests.conftest import REPOSITORY

WORDINGS = {
    "tr-m1": "Hospital presentations and admissions for assaults, especially among victims aged under 25",
    "tr-m2": "Knife-enabled serious violence, especially against victims aged under 25",
    "tr-m3": "Non-domestic homicides, especially against victims aged under 25",
    "tr-m4": "Robberies",
    "tr-m5": "The severity of serious violence incidents",
    "tr-m6": "Fear of knife crime and violence across all our communities",
    "tr-m7": "Feelings of safety across the city-region",
    "tr-m8": "Aspirations and hope for young people",
    "tr-m9": "Decision-making power of communities",
    "ma-m1": "we will monitor data related to rates of serious violent offences and homicides",
    "ma-m2": "we will consistently seek the views of young people to understand how safe, supported, respected and "
    "hopeful they feel in our communities",
    "ma-m3": "we will continue to seek people's views of how safe they feel through the Greater Manchester Combined "
    "Authority's Safety Perceptions Survey",
    "ma-m4": "we will review and report back on how we have delivered our commitments contained within this strategy",
    "ss-m1": "a performance framework relating to the Strategy and priority areas will be developed, including a "
    "mixture of inputs, outputs and outcomes to be measured",
    "st-m1": "Maintain the position of Trafford compared to other GM areas in terms of actual recorded crime",
    "st-m2": "Reduce the number of repeat victims by 20% within the super-victim cohort (43 identified chronic repeat "
    "victims)",
    "st-m3": "Increase community confidence in partnership working within our town centres by 5% (Altrincham Town "
    "Centre is currently 56%)",
    "st-m4": "Work collaboratively to reduce by 10% the incidents and public service resources committed to young "
    "people missing from home (MFH) and missing from care (MFC)",
    "st-m5": "Increase the number of perpetrators of domestic abuse we work with and who successfully complete the "
    "programme by 20% in order to reduce the risk of re-offending",
    "st-m6": "We will increase the number of special constables in Trafford through Employer Supported policing to "
    "achieve the maximum count given to us via GMP centrally",
    "st-m7": "We will increase the number of Domestic Abuse (DA) victims we work with by 10%",
}
"""As the four strategies print them."""
FLAGGED = {
    "st-m1": ("R00", "no number"),
    "st-m2": ("R19", "20% of 43 people is 8.6 people. It cannot be met as written: 8 is 18.6%, and 9 is 20.9%."),
    "st-m3": ("R18", "5% of 56% leads to 58.8%; 5 percentage points lead to 61%. Which is meant is not stated."),
    "st-m4": ("R08", "no baseline is printed"),
    "st-m5": ("R08", "20% of what is not said"),
    "st-m6": ("R00", "no number"),
    "st-m7": ("R08", "10% of what is not said"),
}
SMALL = """\
evalkit: 1
strategies:
  plan:
    name: A plan
    also: [The plan]
    publisher: A borough
    period: 2024 to 2027
    place: page 1
    measures:
      robberies: {wording: Fewer robberies, outcome: robbery, direction: decrease, kind: outcome, status: primary}
      safety: {wording: More safety, outcome: safety, direction: increase, kind: outcome, status: primary}
"""


def all_measures() -> dict[str, Measure]:
    found = read_measures(REPOSITORY)
    assert found is not None
    return {name: one for strategy in found.model.strategies.values() for name, one in strategy.measures.items()}


def one(target=None, baseline=None) -> Measure:
    return Measure(wording="W", outcome="o", direction="decrease", kind="outcome", status="primary", target=target,
                   baseline=baseline)  # fmt: skip


def test_every_measure_of_four_strategies_in_its_own_words():
    assert {name: measure.wording for name, measure in all_measures().items()} == WORDINGS
    found = read_measures(REPOSITORY)
    assert {key: len(strategy.measures) for key, strategy in found.model.strategies.items()} == {
        "trafford-2024": 9, "manchester-2022": 4, "staffordshire-2024": 1, "safer-trafford-2015": 7}  # fmt: skip


def test_directions_and_kinds():
    measures = all_measures()
    assert Counter(m.direction for m in measures.values()) == {"decrease": 9, "increase": 9, "none": 3}
    assert {name: m.kind for name, m in measures.items() if m.kind != "outcome"} == {
        "ma-m4": "process", "ss-m1": "pending", "st-m5": "output", "st-m6": "input", "st-m7": "output"}  # fmt: skip


def test_of_21_measures_5_have_a_number_2_a_baseline_and_none_all_that_is_needed():
    measures = all_measures().values()
    assert sum(m.target is not None and m.target.value is not None for m in measures) == 5
    assert sum(m.baseline is not None for m in measures) == 2
    assert not any(m.deadline for m in measures)
    assert all(gaps(m) for m in measures)


def test_targets_that_cannot_be_met_or_judged_as_written():
    found = {name: flags(measure) for name, measure in all_measures().items()}
    assert {name for name, told in found.items() if told} == set(FLAGGED)
    for name, (code, words) in FLAGGED.items():
        [flag] = found[name]
        assert flag.code == code
        assert words in flag.words


@pytest.mark.parametrize(
    ("target", "baseline", "codes"),
    [
        (None, None, []),
        (Target(text="by 20%", value=-20, unit="percent"), Baseline(text="45", value=45, unit="people"), []),
        (Target(text="by 2.5%", value=2.5, unit="percent"), Baseline(text="40", value=40), []),
        (Target(text="by 2.5%", value=2.5, unit="percent"), Baseline(text="41", value=41), ["R19"]),
        (Target(text="by 5 points", value=5, unit="points"), Baseline(text="56%", value=56, unit="percent"), []),
        (Target(text="by 5%", value=5, unit="percent"), Baseline(text="56%", value=56, unit="percent"), []),
        (Target(text="by 5%", value=5, unit="not_stated"), Baseline(text="some"), ["R08"]),
        (Target(text="10 more", value=10, unit="count"), None, []),
        (Target(text="by 0.1%", value=0.1, unit="percent"), Baseline(text="3000", value=3000), []),
    ],
)  # fmt: skip
def test_flags(target, baseline, codes):
    assert [flag.code for flag in flags(one(target, baseline))] == codes


@given(share=st.integers(1, 99), whole=st.integers(1, 500))
def test_a_share_is_flagged_exactly_where_it_is_no_whole_number(share, whole):
    found = flags(one(Target(text="t", value=-share, unit="percent"), Baseline(text="b", value=whole, unit="people")))
    assert bool(found) == bool(share * whole % 100)
    if found:
        below = share * whole // 100
        near = [f"{count} is {float(round(Fraction(100 * count, whole), 1)):g}%" for count in (below, below + 1)]
        assert all(text in found[0].words for text in near)


@pytest.fixture
def written(tmp_path: Path):
    def write(old: str = "", new: str = "") -> Path:
        assert old in SMALL
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "measures.yaml").write_text(SMALL.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("direction: decrease", "direction: down", 10, "is not one of the choices"),
        ("      safety:", "      robberies:", 11, "the key stands twice"),
        ("More safety", "fewer  ROBBERIES!", 11, "another measure has these words too"),
        ("    also: [The plan]\n", "    aslo: [The plan]\n", 5, "not a key here"),
        ("      safety:", "      Safety!:", 11, "is no id"),
        ("    measures:", "    measures: {}\n    other:", 9, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(written, old, new, line, says):
    with pytest.raises(RegisterError) as caught:
        read_measures(written(old, new))
    problem = caught.value.problems[0]
    assert (problem.file, problem.line) == ("data/measures.yaml", line)
    assert says in problem.message


def test_two_strategies_of_one_name_and_two_measures_of_one_id(written):
    project = written()
    second = (
        SMALL.partition("strategies:\n")[2].replace("  plan:", "  other:").replace("name: A plan", "name: the PLAN")
    )
    (project / "data" / "measures.yaml").write_text(SMALL + second, encoding="utf-8")
    with pytest.raises(RegisterError) as caught:
        read_measures(project)
    said = [problem.message for problem in caught.value.problems]
    assert said.count("another strategy has this name too") == 1
    assert said.count("another measure has this id too") == 2


def test_a_project_without_measures(tmp_path):
    assert read_measures(tmp_path) is None


def held(written, text: str):
    found = read_measures(written())
    assert found is not None
    return held_against(found.model, read_yaml(text, "evaluations/x.yaml"))


def test_a_study_that_misquotes_a_measure_is_told_where_and_which_was_meant(written):
    text = ("strategies:\n  - {strategy: the  Plan., wording: fewer robberies.}\n"
            "  - {strategy: A plan, wording: Fewer roberies}\n")  # fmt: skip
    [problem] = held(written, text)
    assert (problem.line, problem.where) == (3, "strategies.1.wording")
    assert problem.message == "A plan has no measure of these words"
    assert problem.mend == "did you mean “Fewer robberies”?"


def test_a_study_gives_no_number_that_the_strategy_does_not_print():
    name, wording = "Safer Trafford Crime Strategy 2015-2018", WORDINGS["st-m2"]
    entry = f"strategies:\n  - strategy: {name}\n    wording: {wording}\n    baseline: BEFORE\n    target: WANTED\n"
    measures = read_measures(REPOSITORY).model

    def found_in(baseline: str, target: str):
        text = entry.replace("BEFORE", baseline).replace("WANTED", target)
        return held_against(measures, read_yaml(text, "x.yaml"))

    assert found_in("43 people", '"20% fewer, of 43"') == []
    found = found_in("45 people", "25% fewer")
    assert [(problem.line, problem.where.rpartition(".")[2]) for problem in found] == [(5, "target"), (4, "baseline")]
    assert found[0].message == "Safer Trafford Partnership Crime Strategy 2015-2018 prints no 25 for this measure"


@pytest.mark.parametrize("text", ["title: T", "strategies: none", "strategies: [a, {wording: 1}]",
                                  "strategies: [{strategy: Another one, wording: Whatever}]",
                                  "strategies: [{strategy: A plan}]"])  # fmt: skip
def test_what_is_no_business_of_the_register_is_left(written, text):
    assert held(written, text) == []


def test_the_studies_here_quote_as_printed():
    measures = read_measures(REPOSITORY).model
    for path in sorted((REPOSITORY / "evaluations").glob("*.yaml")):
        assert held_against(measures, read_yaml(path.read_bytes(), path.name)) == [], path.name
