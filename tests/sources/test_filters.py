"""Filters: what they keep, and what they say when they cannot be meant."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from evalkit.records import Panel
from evalkit.sources import Between

ROWS = "area,month,value,crime,code,size\n" + "".join(
    f"{area},2020-0{month},1,{crime},{code},{size}\n"
    for area in ("Kent", "Essex")
    for month in (1, 2, 3)
    for crime, code, size in (("Robbery", "08", 10), ("Burglary", "8", 25), ("", "9", ""))
)


@pytest.mark.parametrize(
    ("condition", "per_cell"),
    [
        ({"crime": "Robbery"}, 1),
        ({"crime": ["Robbery", "Burglary"]}, 2),
        ({"crime": {"not": "Robbery"}}, 2),
        ({"crime": {"not": ["Robbery", None]}}, 1),
        ({"crime": None}, 1),
        ({"code": "08"}, 1),
        ({"code": 8}, 2),
        ({"size": {"from": 10, "to": 20}}, 1),
        ({"size": {"from": 10}}, 2),
        ({"size": {"to": 10}}, 1),
        ({"crime": "Robbery", "code": 8}, 1),
    ],
)
def test_what_is_kept(csv_panel: Callable[..., Panel], condition: dict[str, Any], per_cell: int) -> None:
    panel = csv_panel(ROWS, filter=condition)
    assert panel.frame["value"].tolist() == [per_cell] * 6
    assert panel.notes[0] == f"{6 * per_cell} of 18 rows pass the filter of the data."
    assert csv_panel(ROWS, outcome={"filter": condition}).frame["value"].tolist() == [per_cell] * 6


def test_periods_in_filters(csv_panel: Callable[..., Panel]) -> None:
    assert len(csv_panel(ROWS, filter={"month": {"from": "2020-02"}}, intervention={"start": "2020-03"}).times) == 2
    assert len(csv_panel(ROWS, filter={"month": {"to": "2020-02-28"}}).times) == 2
    assert len(csv_panel(ROWS, filter={"month": ["Jan 2020", "2020-02"]}).times) == 2


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {"crime": "Robery"},
            "data.filter.crime: no row holds 'Robery'; did you mean 'Robbery'? there are: Burglary, Robbery",
        ),
        ({"crime": ["Robbery", "Theft"]}, "no row holds 'Theft'; there are: Burglary, Robbery"),
        ({"crime": {"not": "robbery"}}, "no row holds 'robbery'; did you mean 'Robbery'"),
        ({"code": 10}, "no row holds 10; there are: 08, 8, 9"),
        ({"area": None}, "no row holds None"),
        ({"crme": "Robbery"}, "data.filter.crme: there is no column 'crme'; did you mean 'crime'"),
        ({"size": {"from": 30}}, "no row lies in this range; the column runs from 10 to 25"),
        ({"crime": {"from": 1, "to": 3}}, "'Burglary' cannot be compared with 1 to 3"),
        ({"crime": {"from": "a"}}, "'a' is neither a number nor a period"),
        ({"month": {"from": "2031-01"}}, "the column runs from 2020-01 to 2020-03"),
        ({"crime": "Robbery", "code": 9}, "data.filter: none of the 18 rows passes all conditions"),
    ],
)
def test_filters_that_cannot_be_meant(refusal: Callable[..., str], condition: dict[str, Any], message: str) -> None:
    assert message in refusal(ROWS, filter=condition)
    inner = refusal(ROWS, outcome={"filter": condition})
    assert message.replace("data.filter", "outcomes.incidents.filter") in inner


def test_true_and_false(csv_panel: Callable[..., Panel]) -> None:
    text = "area,month,value,ok\nKent,2020-01,1,TRUE\nKent,2020-02,1,True\nKent,2020-02,1,false\n"
    assert csv_panel(text, filter={"ok": True}).frame["value"].tolist() == [1, 1]


def test_a_range_has_an_end() -> None:
    with pytest.raises(ValidationError, match="give `from`, `to` or both"):
        Between()
