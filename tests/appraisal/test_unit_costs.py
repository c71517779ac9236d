"""Unit costs with and without anticipation, multipliers (T4, T5, T10), editions, and what is refused."""

import pytest

from evalkit.appraisal.economics import Benefit
from evalkit.appraisal.prices import uprate
from evalkit.appraisal.unit_costs import crime_parts, price_benefit
from evalkit.errors import SpecError


def priced(reference, **keys):
    return price_benefit(0, Benefit.model_validate({"item": "x"} | keys), reference)


def crime(reference, offence, edition="2019/20", **keys):
    return priced(reference, unit_cost=f"crime:{offence}", edition=edition, **keys)


def in_2024_25(reference, line):
    return uprate(line.printed, line.price_year, "2024-25", reference.deflator.index)


T4 = [
    ("homicide", 4_138_151, 4_053_192, 4_053_192), ("violence_with_injury", 19_438, 19_091, 31_310),
    ("violence_without_injury", 8_841, 8_680, 8_507), ("rape", 59_352, 58_350, 162_213),
    ("other_sexual_offences", 8_087, 7_926, 143_222), ("robbery", 12_971, 12_377, 25_002),
    ("domestic_burglary", 9_546, 8_272, 17_951), ("theft_of_vehicle", 25_138, 21_738, 15_434),
    ("theft_from_vehicle", 1_756, 1_558, 3_459), ("theft_from_person", 1_966, 1_607, 5_514),
    ("criminal_damage", 2_436, 2_065, 3_820), ("fraud", 2_473, 2_139, 25_199), ("cyber_crime", 927, 742, 24_794),
    ("commercial_robbery", 13_787, 12_526, None), ("commercial_burglary", 12_390, 7_827, None),
    ("commercial_theft", 705, 581, None), ("theft_of_commercial_vehicle", 40_297, 31_679, None),
    ("theft_from_commercial_vehicle", 2_844, 2_263, None), ("commercial_criminal_damage", 1_360, 1_162, None),
]  # fmt: skip


@pytest.mark.parametrize(("offence", "total", "without", "recorded"), T4)
def test_t4_2019_20_edition_in_2024_25_prices(reference, offence, total, without, recorded):
    assert in_2024_25(reference, crime(reference, offence, anticipation="include")) == pytest.approx(total, abs=1)
    line = crime(reference, offence)
    assert in_2024_25(reference, line) == pytest.approx(without, abs=1)
    keys = {"multiplier": "apply", "outcome_is": "recorded"}
    if recorded is None:
        with pytest.raises(SpecError, match="has no multiplier"):
            crime(reference, offence, **keys)
    else:
        line = crime(reference, offence, **keys)
        assert line.events * in_2024_25(reference, line) == pytest.approx(recorded, abs=1)


def test_t5_multiplier(reference):
    keys = {"anticipation": "include", "outcome_is": "recorded"}
    line = crime(reference, "violence_with_injury", multiplier="apply", **keys)
    assert 100 * line.events == 164
    assert 100 * line.events * line.printed == 2_578_080
    line = crime(reference, "violence_with_injury", **keys)
    assert 100 * line.events * line.printed == 1_572_000


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"unit_cost": "service:nhs_ae_attendance", "multiplier": "apply"}, "a count of services holds every event"),
        ({"unit_cost": "crime:robbery", "edition": "2019/20", "multiplier": "apply", "outcome_is": "actual"},
         "a survey or hospital count must not be multiplied"),
        ({"unit_cost": "crime:robbery", "edition": "2019/20", "multiplier": "apply"}, "police recorded crime only"),
        ({"unit_cost": "crime:robbery", "edition": "2015/16", "multiplier": "apply", "outcome_is": "recorded"},
         "2015/16 edition has no multiplier .* another edition must not be used"),
    ],
)  # fmt: skip
def test_t5_multiplier_where_it_does_not_belong(reference, keys, words):
    with pytest.raises(SpecError, match=words) as caught:
        priced(reference, **keys)
    assert caught.value.problems[0].where == "economics.benefits.0.multiplier"


def test_t10_break_even_of_violence(reference):
    line = crime(reference, "violence_with_injury")
    assert 500_000 / in_2024_25(reference, line) == pytest.approx(26.19, abs=0.01)
    line = crime(reference, "violence_with_injury", multiplier="apply", outcome_is="recorded")
    assert 500_000 / (line.events * in_2024_25(reference, line)) == pytest.approx(15.97, abs=0.01)


def test_health_share_of_the_second_edition(reference):
    line = crime(reference, "violence_with_injury", "2015/16", anticipation="include")
    health = next(part for part in line.parts if part.words == "health services")
    assert (health.kind, health.gainer, health.printed) == ("fiscal", "NHS", 920)
    assert 100 * health.printed / line.printed == pytest.approx(6.548, abs=0.001)


def test_every_unit_cost_of_crime_adds_up(reference):
    for row in reference.crime:
        assert sum(part.printed for part in crime_parts(row, "include")) == pytest.approx(row.unit_cost)
        if None not in (row.anticipation, row.consequence, row.response):
            total = sum(part.printed for part in crime_parts(row, "exclude"))
            assert total == pytest.approx(row.consequence + row.response)


def test_parts_by_kind(reference):
    parts = crime(reference, "robbery", anticipation="include").parts
    assert [(part.kind, part.printed) for part in parts] == [("social", 8_560), ("fiscal", 1_450), ("economic", 480)]
    parts = crime(reference, "violence_with_injury", "2015/16", gainer="Residents").parts
    assert {part.kind for part in parts} == {"fiscal", "economic", "social"}
    assert {part.gainer for part in parts} == {"Residents", "NHS", "Police", "Criminal Justice System"}


@pytest.mark.parametrize(
    ("keys", "place", "words"),
    [
        ({"unit_cost": "crime:robbry"}, "unit_cost", "did you mean 'crime:robbery'"),
        ({"unit_cost": "nhs_ae_attendance"}, "unit_cost", "did you mean 'service:nhs_ae_attendance'"),
        ({"unit_cost": "service:robbery"}, "unit_cost", "did you mean 'crime:robbery'"),
        ({"unit_cost": "zzzzzzzz"}, "unit_cost", "see the ids in"),
        ({"unit_cost": "crime:robbery"}, "unit_cost", "several editions: 2019/20, 2015/16"),
        ({"unit_cost": "crime:robbery", "edition": "2019-20"}, "edition", "did you mean '2019/20'"),
        ({"unit_cost": "crime:robbery", "edition": "?"}, "edition", "one of 2019/20, 2015/16"),
        ({"unit_cost": "service:qaly"}, "unit_cost", "no price year for qaly"),
        ({"unit_cost": "service:gp_consultation"}, "unit_cost", "no single value .* range, 40 to 48"),
        ({"unit_cost": "service:nice_threshold"}, "unit_cost", "no single value"),
        (
            {"unit_cost": "service:nhs_ae_attendance", "edition": "2019/20"},
            "edition",
            "belongs to a unit cost of crime",
        ),
        ({"unit_cost": "service:nhs_ae_attendance", "price_year": "2023-24"}, "price_year", "in prices of 2024-25"),
        ({"unit_cost": "crime:theft_of_vehicle", "edition": "2015/16"}, "unit_cost", "write anticipation: include"),
    ],
)
def test_what_cannot_be_priced_names_its_key_and_the_mend(reference, keys, place, words):
    with pytest.raises(SpecError, match=words) as caught:
        priced(reference, **keys)
    assert caught.value.problems[0].where == f"economics.benefits.0.{place}"


def test_what_the_author_declares(reference):
    line = priced(reference, unit_cost="service:qaly", price_year="2020/21")
    assert (line.price_year, line.declared_price_year, line.printed) == ("2020-21", True, 70_000)
    line = priced(reference, value=500, price_year="2024-25", source="Survey", gainer="Parents")
    assert (line.printed, line.status, line.parts[0].kind) == (500, "declared", "social")
    line = priced(reference, unit_cost="crime:domestic_abuse_victim", anticipation="include", outcome_is="victims")
    assert (line.edition, line.unit, line.printed) == ("domestic abuse 2016/17", "per victim", 34_015)
