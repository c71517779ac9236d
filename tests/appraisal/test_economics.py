"""The YAML block: what it takes, what it refuses, and what `evalkit check` finds without data."""

import pytest
import yaml
from pydantic import ValidationError

from evalkit.appraisal import Economics, economics_problems

FULL = """
perspective: [nhs, society]
analysis: primary
price_base: 2024-25
base_year: 2023/24
discount_rate: standard
costs:
  - item: Youth workers
    payer: NHS
    price_year: 2023-24
    source: Accounts
    kind: running
    amounts: {2023-24: 210000, 2024-25: 190000}
  - {item: Set-up, payer: Council, price_year: cash, amount: 40000, year: 2023-24, source: Contract, kind: set_up}
  - {item: Police time, payer: Police, amount: null, note: not recorded}
benefits:
  - {item: Attendances avoided, unit_cost: service:nhs_ae_attendance, gainer: NHS, events_per_outcome: 1.0}
  - {item: School days, value: 500, price_year: 2024-25, source: Survey, status: declared, gainer: Families}
unpriced: [Fear of crime]
"""


def changed(path: str, value: object) -> dict:
    document = yaml.safe_load(FULL)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in parents:
        place = place[part]
    if value == "REMOVE":
        del place[last]
    else:
        place[last] = value
    return document


def test_the_full_block_is_read():
    economics = Economics.model_validate(yaml.safe_load(FULL))
    assert economics.base_year == "2023-24"
    assert economics.costs[0].by_year == {"2023-24": 210_000, "2024-25": 190_000}
    assert [cost.known for cost in economics.costs] == [True, True, False]
    assert economics_problems(economics) == []


def test_short_forms():
    economics = Economics.model_validate(changed("perspective", "nhs") | {"discount_rate": 0.03})
    assert economics.perspective == ["nhs"]
    assert economics.discount_rate == 0.03


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("price_base", "2024", "not a financial year"),
        ("price_base", 2024, "not a financial year"),
        ("price_base", "REMOVE", "Field required"),
        ("discount_rate", "low", "standard"),
        ("discount_rate", 3.5, "less than or equal to 0.2"),
        ("costs", [], "at least 1 item"),
        ("costs.0.amount", 5, "give one of `amount`"),
        ("costs.2.amount", "REMOVE", "give one of `amount`"),
        ("costs.0.amounts", {}, "names no year"),
        ("costs.0.amounts", {"2023": 4}, "not a financial year"),
        ("costs.0.amounts", {"2023-24": -4}, "greater than or equal to 0"),
        ("costs.0.year", "2023-24", "`year` belongs to `amount`"),
        ("costs.0.source", "REMOVE", "a known amount needs its `source`"),
        ("costs.1.price_year", "REMOVE", "a known amount needs its `price_year`"),
        ("costs.1.year", "REMOVE", "needs the `year`"),
        ("costs.1.payer", "REMOVE", "Field required"),
        ("costs.1.price", 3, "Extra inputs"),
        ("benefits.0.value", 3, "give either `unit_cost`"),
        ("benefits.0.source", "me", "stands in its table"),
        ("benefits.0.events_per_outcome", 0, "greater than 0"),
        ("benefits.1.value", "REMOVE", "give either `unit_cost`"),
        ("benefits.1.value", float("inf"), "finite"),
        ("benefits.1.source", "REMOVE", "needs its `source`"),
        ("benefits.1.gainer", "REMOVE", "needs its `gainer`"),
        ("benefits.1.multiplier", "apply", "belongs to a crime unit cost"),
    ],
)
def test_what_is_refused(path, value, words):
    with pytest.raises(ValidationError, match=words):
        Economics.model_validate(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        ("benefits.0.unit_cost", "service:nhs_ae", "economics.benefits.0.unit_cost", "did you mean"),
        ("price_base", "2040-41", "economics.price_base", "no 2040-41"),
        ("costs.0.price_year", "1901-02", "economics.costs.0.price_year", "runs from 1955-56 to 2030-31"),
        ("costs.1.year", "2040-41", "economics.costs.1.year", "no 2040-41"),
        ("costs.0.amounts", {"2022-23": 4}, "economics.costs.0.amounts", "lies before the base year"),
        ("costs.1.year", "2022-23", "economics.costs.1.year", "lies before the base year"),
        ("benefits.1.price_year", "1901-02", "economics.benefits.1.price_year", "no 1901-02"),
    ],
)
def test_what_check_finds_with_its_key(path, value, where, words):
    problems = economics_problems(Economics.model_validate(changed(path, value)))
    assert [problem.where for problem in problems] == [where]
    assert words in problems[0].sentence()


def test_all_problems_at_once():
    document = changed("price_base", "2040-41")
    document["benefits"] = [
        {"item": "a", "unit_cost": "crime:nothing"},
        {"item": "b", "unit_cost": "crime:robbery", "edition": "2019/20"},
        {"item": "c", "unit_cost": "service:nhs_ae_attendance"},
    ]
    places = [problem.where for problem in economics_problems(Economics.model_validate(document))]
    assert places == ["economics.price_base", "economics.benefits.0.unit_cost", "economics.benefits.2.unit_cost"]
