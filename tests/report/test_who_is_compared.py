"""Who the treated are compared with stands on the page by name, with the reason for each that was left out."""

from dataclasses import replace

import demo_comparisons
import pytest

from evalkit.records import Coverage, UnitCoverage
from evalkit.report import compared, particulars
from evalkit.report.checklists.standards import standards
from evalkit.report.tables import Linked

TREATED = ("Ashby", "Borth")
OTHERS = ("Garth", "Hythe", "Ilford")


def study(count: int = 3, dropped=(), weights=(), **design):
    made = demo_comparisons.staggered()
    units = (*(UnitCoverage(name, "2000", "ooo", "2001") for name in TREATED),
             *(UnitCoverage(name, "2000", "ooo") for name in OTHERS))  # fmt: skip
    result = replace(made.primary.result, n_units=2 + count, n_treated_units=2, dropped=dropped, weights=weights)
    primary = replace(made.primary, result=result, design={**made.primary.design, **design})
    return replace(made, analyses=(primary,), coverage=Coverage("year", units))


@pytest.mark.parametrize(
    ("made", "told", "rows"),
    [
        (study(comparison="never_treated"), ["3 places are compared with.", compared.NEVER],
         [(name, "Compared with") for name in OTHERS]),
        (study(comparison="not_yet_treated"), ["3 places are compared with.", compared.NEVER, compared.LATER],
         [(name, "Compared with") for name in OTHERS]),
        (study(2, comparison=["Garth", "Ilford"]),
         ["2 places are compared with.", compared.NAMED, "1 was left out, for the reason in the table."],
         [("Garth", "Compared with", ""), ("Ilford", "Compared with", ""), ("Hythe", "Left out", compared.NOT_NAMED)]),
        (study(1, comparison="never_treated", exclude={"Hythe": "beside Ashby"}, dropped=(("Ilford", "rebuilt"),)),
         ["1 place is compared with.",
          "It is the place in the data that never has the programme, without those left out.",
          "2 were left out, for the reason in the table."],
         [("Garth", "Compared with", ""), ("Hythe", "Left out", "Beside Ashby"), ("Ilford", "Left out", "Rebuilt")]),
    ],
)  # fmt: skip
def test_each_place_is_named(made, told, rows):
    assert compared.compared_sentences(made) == told
    assert [tuple(row) for row in compared.compared_table(made).rows] == rows


@pytest.mark.parametrize(
    "made",
    [
        study(2, comparison="never_treated"),  # not the places that the result counts
        study(comparison="never_treated", weights=(("Garth", 0.4), ("Hythe", 0.6))),  # they have a chart
        study(),  # the design has no such option
    ],
)
def test_no_list_rather_than_a_wrong_one(made):
    assert compared.compared_sentences(made) == []
    assert compared.compared_table(made) is None


def test_the_checklist_leads_there():
    [item] = [item for one in standards() for item in one.items if item.code == "DD4"]
    assert "tbl-compared" in {anchor for place in item.places for anchor in place.anchors}
    assert not any("design" in place.anchors for place in item.places)


@pytest.mark.parametrize(
    ("declared", "averages", "said"),
    [
        ({"exposure": "pop", "per": 100_000}, {}, "no rate per 100,000 is printed"),
        ({"exposure": "pop"}, {}, "no rate is printed"),
        ({"exposure": "pop", "per": 1_000}, {"per": 1_000, "before": 1.0, "after": 2.0}, ""),
        ({}, {}, ""),
    ],
)
def test_a_rate_that_is_not_printed_says_so(declared, averages, said):
    made = demo_comparisons.staggered()
    outcome = replace(made.primary.outcome, kind="count")
    primary = replace(made.primary, outcome=outcome, result=replace(made.primary.result, fit={"averages": averages}))
    outcomes = {outcome.id: {**made.study["outcomes"][outcome.id], **declared}}
    changed = replace(made, analyses=(primary,), study={**made.study, "outcomes": outcomes})
    pairs = dict(particulars.design_pairs(changed))
    assert said in pairs.get("Rate", "")
    assert bool(said) == ("Rate" in pairs)


def test_items_on_money_lead_to_their_places():
    import demo_money

    from evalkit.report.cheers import cheers_table
    from evalkit.report.money_reading import read_money
    from evalkit.report.pages import Page

    made = demo_money.hot_spots()
    rows = cheers_table(made, read_money(made)).rows
    linked = {item.split(".")[0]: cell.anchor for item, cell in rows if isinstance(cell, Linked)}
    assert {"2", "8", "10", "11", "23", "26"} <= set(linked)
    document = Page(made, None).document()
    for anchor in set(linked.values()):
        assert f"{{#{anchor}" in document or f'id="{anchor}"' in document, anchor
