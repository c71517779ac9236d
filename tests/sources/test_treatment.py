"""When each unit was first treated: four ways to say it, and what contradicts itself."""

import math
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from evalkit.records import Panel
from evalkit.sources import Intervention

MakePanel = Callable[..., Panel]
Refusal = Callable[..., str]
Table = Callable[..., str]


def firsts(panel: Panel) -> dict[str, str]:
    first = panel.frame.groupby("unit")["first_time"].first()
    return {unit: "never" if math.isnan(time) else panel.label(int(time)) for unit, time in first.items()}


def rows(**marks: str) -> str:
    """Return rows of four months, with one mark for each unit and month."""
    lines = [
        f"{unit},2020-0{month},5,{mark}" for unit, text in marks.items() for month, mark in enumerate(text.split(), 1)
    ]
    return "\n".join(["area,month,value,mark", *lines]) + "\n"


def test_one_start_for_all(csv_panel: MakePanel, table: Table) -> None:
    assert firsts(csv_panel(table())) == {"Essex": "2020-02", "Kent": "2020-02"}


def test_starts_by_unit(csv_panel: MakePanel, table: Table) -> None:
    assert firsts(csv_panel(table(), intervention={"starts": {"Kent": "2020-03"}})) == {
        "Essex": "never",
        "Kent": "2020-03",
    }
    starts = {"Kent": "2020-03", "Essex": "never_in_window"}
    assert firsts(csv_panel(table(), intervention={"starts": starts})) == {"Essex": "never", "Kent": "2020-03"}
    assert firsts(csv_panel(table(), intervention={"starts": {**starts, "Essex": None}}))["Essex"] == "never"


def test_starts_of_units_with_numbers_as_names(csv_panel: MakePanel, table: Table) -> None:
    text = table().replace("Kent", "7").replace("Essex", "12")
    assert firsts(csv_panel(text, intervention={"starts": {7: "2020-02"}})) == {"12": "never", "7": "2020-02"}


def test_unknown_units_are_named_with_the_nearest(refusal: Refusal, table: Table) -> None:
    message = refusal(table(), intervention={"starts": {"Kant": "2020-02", "Surrey": "2020-02"}})
    assert "intervention.starts.Kant: 'Kant' is not among the units of the data; did you mean 'Kent'?" in message
    assert "intervention.starts.Surrey: 'Surrey' is not among" in message
    single = refusal(table("a,2020-01,1", "a,2020-02,2"), unit=None, intervention={"starts": {"Kent": "2020-02"}})
    assert "the data are one series: say `start`" in single


@pytest.mark.parametrize("never", ["", "NA", "never", "0", "0.0"])
def test_a_column_of_starts(csv_panel: MakePanel, never: str) -> None:
    text = rows(Kent="2020-03 2020-03 2020-03 2020-03", Essex=" ".join([never or '""'] * 4))
    assert firsts(csv_panel(text, intervention={"start_column": "mark"})) == {"Essex": "never", "Kent": "2020-03"}


def test_a_column_of_starts_must_be_constant(refusal: Refusal) -> None:
    text = rows(
        Kent="2020-03 2020-03 2020-02 2020-03", Essex='2020-02 2020-02 "" ""', Devon="2020-02 2020-02 2020-02 2020-02"
    )
    message = refusal(text, intervention={"start_column": "mark"})
    assert "mark: Kent has several starts: 2020-02, 2020-03" in message
    assert "mark: Essex has several starts: 2020-02, never" in message
    assert "Devon" not in message
    assert 'no month in 1 of 4 cells: row 2 "soon"' in refusal(
        rows(Kent="soon 0 0 0"), intervention={"start_column": "mark"}
    )


def test_a_column_of_ones(csv_panel: MakePanel) -> None:
    text = rows(Kent="0 0 1 1", Essex="0 0 0 0", Devon="false FALSE false true")
    assert firsts(csv_panel(text, intervention={"treated_column": "mark"})) == {
        "Devon": "2020-04", "Essex": "never", "Kent": "2020-03"}  # fmt: skip


def test_treatment_must_stay_on(refusal: Refusal) -> None:
    text = rows(Kent="0 1 0 1", Essex="0 1 1 0", Devon="0 0 1 1")
    message = refusal(text, intervention={"treated_column": "mark"})
    assert "mark: Essex 2020-04 is 0 after it was 1 in 2020-02; treatment must stay on" in message
    assert "mark: Kent 2020-03 is 0 after it was 1 in 2020-02" in message
    assert "Devon" not in message


def test_a_column_of_ones_holds_nothing_else(refusal: Refusal) -> None:
    message = refusal(rows(Kent='0 2 "" half'), intervention={"treated_column": "mark"})
    assert 'mark: neither 0 nor 1 in 3 of 4 cells: row 3 "2", row 4 "", row 5 "half"' in message
    both = rows(Kent="0 1 1 1") + "Kent,2020-02,5,0\n"
    assert "mark: both 0 and 1 for Kent 2020-02" in refusal(both, intervention={"treated_column": "mark"})


@pytest.mark.parametrize("start", ["2031-01", "2019-12", "2020-01"])
def test_a_start_outside_the_data(refusal: Refusal, table: Table, start: str) -> None:
    message = refusal(table(), intervention={"start": start})
    assert f"intervention.start: treatment starts in {start}; data run from 2020-01 to 2020-03" in message


def test_no_start_inside_the_data(refusal: Refusal) -> None:
    message = refusal(rows(Kent="0 0 0 0"), intervention={"treated_column": "mark"})
    assert "intervention.treated_column: no unit is ever treated; data run from 2020-01 to 2020-04" in message
    message = refusal(rows(Kent="1 1 1 1"), intervention={"treated_column": "mark"})
    assert "treatment starts in 2020-01" in message


def test_units_treated_after_the_data_count_as_not_treated(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table(), intervention={"starts": {"Kent": "2020-03", "Essex": "2024-01"}})
    assert firsts(panel) == {"Essex": "never", "Kent": "2020-03"}
    assert panel.notes == ("Treated only after the last period, so counted as not treated here: Essex.",)


def test_units_treated_before_the_data_keep_their_start(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table(), intervention={"starts": {"Kent": "2020-03", "Essex": "2018-01"}})
    assert firsts(panel) == {"Essex": "2018-01", "Kent": "2020-03"}


def test_starts_are_checked_as_periods(refusal: Refusal, table: Table) -> None:
    assert "intervention.start: '2020' is not a month; write it such as" in refusal(
        table(), intervention={"start": 2020}
    )
    message = refusal(table(), intervention={"starts": {"Kent": "soon", "Kant": "2020-02"}})
    assert "intervention.starts.Kent: 'soon' is not a month" in message
    assert "did you mean 'Kent'" in message


def test_the_start_is_said_once() -> None:
    with pytest.raises(ValidationError, match="say once when it started"):
        Intervention(start="2020-01", treated_column="post")
    with pytest.raises(ValidationError, match="say once when it started"):
        Intervention()


def test_counted_events_take_the_start_from_all_rows(csv_panel: MakePanel) -> None:
    text = "area,month,kind,on\n" + "".join(
        f"Kent,2020-0{month},{kind},{int(month > 2)}\n"
        for month in (1, 2, 3, 4)
        for kind in ("a", "b")
        if (month, kind) != (3, "a")
    )
    outcome = {"column": None, "count": "rows", "filter": {"kind": "a"}}
    panel = csv_panel(text, outcome=outcome, intervention={"treated_column": "on"})
    assert firsts(panel) == {"Kent": "2020-03"}
    assert panel.frame["value"].tolist() == [1, 1, 0, 1]
