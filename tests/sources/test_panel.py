"""From rows to a panel: what several rows of a unit and period come to, and which cells are refused."""

import itertools
from collections.abc import Callable
from typing import Any

import pandas
import pytest
from pydantic import ValidationError

from evalkit.errors import DataError
from evalkit.records import Panel
from evalkit.sources import Folders, Intervention, Outcome, build_panel

MakePanel = Callable[..., Panel]
Refusal = Callable[..., str]
Table = Callable[..., str]


def test_the_table_is_as_the_contract_says(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table(), intervention={"starts": {"Kent": "2020-03"}})
    names = "unit period time value exposure first_treated first_time weight cluster"
    assert panel.frame.columns.tolist() == names.split()
    assert panel.units == ["Essex", "Kent"]
    assert panel.frame["period"].dtype == "period[M]"
    assert panel.frame["first_treated"].dtype == "period[M]"
    assert panel.frame["first_treated"].isna().tolist() == [True] * 3 + [False] * 3
    assert panel.frame["cluster"].tolist() == panel.frame["unit"].tolist()
    assert panel.frame[["exposure", "weight"]].eq(1).all(axis=None)
    assert panel.outcome.label == "Incidents"
    assert panel.origin == "data/rows.csv"
    assert len(panel.sha256) == 64


def test_numbered_periods(csv_panel: MakePanel, table: Table) -> None:
    text = table("p1,1,5", "p1,2,4", "p2,1,3", "p2,2,2")
    panel = csv_panel(text, period={"column": "month", "frequency": "number"}, intervention={"start": 2})
    assert panel.frame["period"].tolist() == [1, 2, 1, 2]
    assert panel.frame["first_treated"].tolist() == [2.0] * 4


def test_periods_that_follow_one_another(csv_panel: MakePanel) -> None:
    text = "area,value\nb,1\na,10\nb,2\na,20\nb,3\n"
    panel = csv_panel(text, period={"start": "2020-01", "frequency": "month"})
    assert panel.frame["value"].tolist() == [10, 20, 1, 2, 3]
    assert panel.label(panel.frame["time"].iloc[-1]) == "2020-03"


@pytest.mark.parametrize(
    "written", ["2020-01-31", "31/01/2020", "2020-01-31 23:59:01", "2020-01-31T08:15", "Jan 2020", "2020M01"]
)
def test_dates_within_the_period(csv_panel: MakePanel, table: Table, written: str) -> None:
    panel = csv_panel(table(f"Kent,{written},1", "Kent,2020-02,1"))
    assert panel.label(panel.times[0]) == "2020-01"


def test_counts_are_added_and_a_note_says_so(csv_panel: MakePanel, table: Table) -> None:
    text = table("Kent,2020-01,1,10", "Kent,2020-01,2,20", "Kent,2020-02,3,30", "Kent,2020-02,4,40",
                 header="area,month,value,people")  # fmt: skip
    panel = csv_panel(text)
    assert panel.frame["value"].tolist() == [3, 7]
    assert panel.frame["exposure"].tolist() == [1, 1]
    assert panel.notes == ("4 rows were added to 2 units and months.",)
    panel = csv_panel(text, outcome={"exposure": "people"})
    assert panel.frame["exposure"].tolist() == [30, 70]
    panel = csv_panel(text, outcome={"exposure": "people", "kind": "rate", "per": 1000})
    assert panel.frame["value"].tolist() == [100, 100]
    assert panel.outcome.unit == "per 1,000"
    panel = csv_panel(text, outcome={"exposure": "people", "kind": "continuous"})
    assert panel.frame["value"].tolist() == pytest.approx([50 / 30, 250 / 70])
    assert panel.notes == ("4 rows were averaged to 2 units and months, weighted by people.",)


def test_sums_do_not_depend_on_the_order_of_rows(csv_panel: MakePanel) -> None:
    values = ["1e16", "1.25", "-1e16", "0.3", "3e15", "-3e15"]
    found = set()
    for order in itertools.islice(itertools.permutations(values), 0, 720, 37):
        rows = [f"Kent,2020-01,{value},7" for value in order]
        text = "\n".join(["area,month,value,people", *rows, "Kent,2020-02,1,7"])
        panel = csv_panel(text, outcome={"kind": "continuous", "exposure": "people"})
        found.add(panel.frame["value"].iloc[0])
    assert len(found) == 1


def test_exposure_that_repeats_is_pointed_out(csv_panel: MakePanel) -> None:
    text = "area,month,value,people\n" + "".join(f"Kent,2020-0{m},{v},500\n" for m in (1, 2) for v in (3, 4))
    panel = csv_panel(text, outcome={"exposure": "people"})
    assert "if each row repeats one total, it is counted more than once" in panel.notes[1]


def test_binary_rows_become_a_share(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table("Kent,2020-01,TRUE", "Kent,2020-01,false", "Kent,2020-02,1", "Kent,2020-02,1"),
                      outcome={"kind": "binary"})  # fmt: skip
    assert panel.frame["value"].tolist() == [0.5, 1]
    assert panel.frame["exposure"].tolist() == [2, 2]
    assert panel.outcome.kind == "proportion"
    panel = csv_panel(table("Kent,2020-01,0", "Kent,2020-02,1"), outcome={"kind": "binary"})
    assert panel.outcome.kind == "binary"


@pytest.mark.parametrize("kind", ["rate", "continuous", "proportion"])
def test_repeated_rows_without_a_rule(refusal: Refusal, table: Table, kind: str) -> None:
    message = refusal(table("Kent,2020-01,0.5", "Kent,2020-02,0.5", "Kent,2020-01,0.6"), outcome={"kind": kind})
    assert f"unit x period: Kent 2020-01 stands in rows 2 and 4; a {kind} cannot be added" in message
    assert message.startswith("data/rows.csv: ")


def test_one_repeated_row_in_a_full_table_of_counts(csv_panel: MakePanel, refusal: Refusal) -> None:
    rows = [f"{area},2020-{month:02d},5" for area in "abcdef" for month in range(1, 13)]
    text = "area,month,value\n" + "\n".join(rows)
    message = refusal(text + "\nb,2020-07,6\n")
    assert "b 2020-07 stands in rows 20 and 74; all others stand in one row" in message
    merged = text + "".join(f"\nb,2020-{month:02d},6" for month in range(1, 13))
    assert csv_panel(merged).frame["value"].max() == 11  # a place in two rows throughout was merged


def test_a_repeated_cross_section_keeps_its_rows(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table("Kent,2020-02,0.5", "Kent,2020-01,0.5", "Kent,2020-01,0.6"), outcome={"kind": "continuous"},
                      sampling="repeated_cross_section")  # fmt: skip
    assert panel.frame["observation"].tolist() == [3, 4, 2]
    assert panel.frame["value"].tolist() == [0.5, 0.6, 0.5]


EVENTS = "\n".join(["area,month,kind", "Kent,2020-01,robbery", "Kent,2020-01,robbery", "Kent,2020-01,burglary",
                    "Kent,2020-04,burglary", "Essex,2020-02,burglary", "Essex,2020-03,robbery"])  # fmt: skip


def test_counted_rows_are_zero_only_where_the_data_reach(csv_panel: MakePanel) -> None:
    outcome = {"column": None, "count": "rows", "filter": {"kind": "robbery"}}
    panel = csv_panel(EVENTS, outcome=outcome)
    assert panel.frame["value"].tolist() == [0, 0, 1, 0, 2, 0, 0, 0]
    panel.require_complete()
    assert panel.notes[0] == "3 of 6 rows pass the filter of the outcome."
    assert panel.notes[-1] == "4 units and periods without rows were taken as 0."


def test_periods_that_no_unit_has_are_named(csv_panel: MakePanel) -> None:
    text = "area,month\nKent,2020-01\nKent,2020-04\nEssex,2020-03\n"
    panel = csv_panel(text, outcome={"column": None, "count": "rows"})
    assert panel.notes[-1] == "5 units and periods without rows were taken as 0; no unit at all has rows in 2020-02."
    panel = csv_panel(text, outcome={"column": None, "count": "rows"}, gaps=[{"period": "2020-02", "why": "strike"}])
    assert panel.label(panel.times[1]) == "2020-03"
    assert panel.gaps == ((panel.times[0] + 1, "strike", None),)


def test_counted_rows_with_exposure(csv_panel: MakePanel, refusal: Refusal) -> None:
    text = "area,month,people\nKent,2020-01,500\nKent,2020-01,500\nKent,2020-02,400\n"
    outcome = {"column": None, "count": "rows", "kind": "rate", "exposure": "people", "per": 100}
    assert csv_panel(text, outcome=outcome).frame["value"].tolist() == pytest.approx([0.4, 0.25])
    assert "rows 2 and 3 are one unit and period but differ" in refusal(text.replace("500", "501", 1), outcome=outcome)
    message = refusal(text + "Kent,2020-04,400\n", outcome=outcome)
    assert "people: Kent 2020-03 and 0 others have no row, so nothing says what it is there" in message


def test_counted_rows_need_dates(refusal: Refusal) -> None:
    outcome = {"column": None, "count": "rows"}
    assert "cannot follow one another" in refusal(EVENTS, outcome=outcome, period={"start": 2020, "frequency": "year"})
    assert "either counted or observations" in refusal(EVENTS, outcome=outcome, sampling="repeated_cross_section")
    many = "area,month\n" + "".join(f"{n},{date}\n" for n in range(200) for date in ("0202-01-01", "2020-01-01"))
    daily = {"column": "month", "frequency": "day"}
    message = refusal(many, outcome=outcome, period=daily, intervention={"start": "2019-12-25"})
    assert "the data run from 0202-01-01 to 2020-01-01: too long" in message
    with pytest.raises(ValidationError, match="rows that are counted give"):
        Outcome(label="x", count="rows", kind="continuous")


def test_holes_are_left_for_the_design(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table("Kent,2020-01,1", "Kent,2020-02,1", "Essex,2020-01,2", "Essex,2020-03,2"))
    assert len(panel) == 4
    with pytest.raises(DataError, match="Essex has no rows for 2020-02"):
        panel.require_complete()


def test_rows_in_declared_gaps_are_left_out(csv_panel: MakePanel, refusal: Refusal, table: Table) -> None:
    text = table().replace("Kent,2020-02,20", "Kent,2020-02,")
    gap = {"period": "2020-02", "why": "new system"}
    panel = csv_panel(text, gaps=[gap], intervention={"start": "2020-03"})
    assert len(panel) == 4
    assert panel.notes == ("2 rows in declared gaps were left out.",)
    assert len(csv_panel(text, gaps=[{**gap, "unit": "Kent"}], intervention={"start": "2020-03"})) == 5
    assert "Kant is not among the units" in refusal(text, gaps=[{**gap, "unit": "Kant"}])
    assert "data.gaps.0: 'soon' is not a period" in refusal(text, gaps=[{**gap, "period": "soon"}])


def test_a_gap_of_one_unit_excuses_that_unit_alone(csv_panel: MakePanel, table: Table) -> None:
    text = table("Kent,2020-01,1", "Kent,2020-03,1", "Essex,2020-01,2", "Essex,2020-03,2")
    gap, march = {"period": "2020-02", "why": "strike"}, {"start": "2020-03"}
    panel = csv_panel(text, gaps=[{**gap, "unit": "Kent"}], intervention=march)
    assert panel.gaps == ((panel.times[0] + 1, "strike", "Kent"),)
    assert panel.holes(panel.times[0], panel.times[-1]) == [("Essex", [panel.times[0] + 1])]
    with pytest.raises(DataError, match=r"^[^K]*Essex has no rows for 2020-02[^K]*$"):
        panel.require_complete()
    for gaps in ([gap], [{**gap, "unit": "Kent"}, {**gap, "unit": "Essex"}]):
        csv_panel(text, gaps=gaps, intervention=march).require_complete()


def test_covariates_weights_and_clusters(csv_panel: MakePanel) -> None:
    text = "area,month,value,police,w,region\n" + "".join(
        f"Kent,2020-0{m},{v},{v * 10},2,South\n" for m in (1, 2) for v in (1, 3)
    )
    panel = csv_panel(text, covariates=["police"], weight="w", cluster="region")
    assert panel.frame["police"].tolist() == [20, 20]
    assert panel.frame["weight"].tolist() == [2, 2]
    assert panel.frame["cluster"].tolist() == ["South", "South"]
    assert "Covariates (police) were averaged over the rows of a unit and period." in panel.notes


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("<5", 'value: text in 1 of 6 cells: row 3 "<5"; declare suppressed: {"<5": [1, 4]} or ask for numbers'),
        ("*", 'text in 1 of 6 cells: row 3 "*"; declare suppressed: {"*": [LOWEST, HIGHEST]}'),
        ("1_000", "text in 1 of 6 cells"),
        ("0x10", "text in 1 of 6 cells"),
        ("1,20", "text in 1 of 6 cells"),
        ("", "value: missing in 1 of 6 cells: Kent 2020-02; ask for the numbers"),
        ("NA", "missing in 1 of 6 cells: Kent 2020-02"),
        ("inf", 'infinite in 1 of 6 cells: row 3 "inf"'),
        ("1e999", 'infinite in 1 of 6 cells: row 3 "1e999"'),
        ("-3", 'negative in 1 of 6 cells: row 3 "-3"; a count or a rate cannot be below 0'),
        ("2.5", 'not a whole number in 1 of 6 cells: row 3 "2.5"; counts are whole numbers'),
    ],
)
def test_cells_that_are_no_counts(refusal: Refusal, table: Table, cell: str, message: str) -> None:
    assert message in refusal(table().replace("Kent,2020-02,20", f'Kent,2020-02,"{cell}"'))


@pytest.mark.parametrize(
    ("kind", "cell", "message"),
    [
        ("proportion", "1.5", "outside 0 to 1"),
        ("proportion", "-0.5", "outside 0 to 1"),
        ("binary", "2", "neither 0 nor 1"),
        ("rate", "-1", "negative"),
    ],
)
def test_cells_of_other_kinds(refusal: Refusal, table: Table, kind: str, cell: str, message: str) -> None:
    text = table("Kent,2020-01,1", f"Kent,2020-02,{cell}")
    assert f'value: {message} in 1 of 2 cells: row 3 "{cell}"' in refusal(text, outcome={"kind": kind})


def test_accepted_ways_to_write_numbers(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(
        table('Kent,2020-01,"1,204"', "Kent,2020-02, 7 ", "Kent,2020-03,+3", "Kent,2020-04,1e2", "Kent,2020-05,4.0")
    )
    assert panel.frame["value"].tolist() == [1204, 7, 3, 100, 4]


def test_suppressed_cells_take_the_middle(csv_panel: MakePanel, table: Table) -> None:
    panel = csv_panel(table("Kent,2020-01,<5", "Kent,2020-02,30"), outcome={"suppressed": {"<5": (1, 4)}})
    assert panel.frame["value"].tolist() == [2.5, 30]
    assert panel.notes == ('1 cells "<5" stand for 1 to 4; the middle, 2.5, was taken.',)


def test_all_faults_of_the_cells_are_said_at_once(refusal: Refusal) -> None:
    text = ("area,month,value,people,police,w\nKent,2020-01,<5,0,1,1\nKent,2020-02,-1,x,,-2\n,2020-13,1,5,1,1\n"
            "Kent,,3,5,1,1\n")  # fmt: skip
    message = refusal(text, outcome={"exposure": "people"}, covariates=["police"], weight="w")
    for part in ('value: text in 1 of 4 cells: row 2 "<5"', 'value: negative in 1 of 4 cells: row 3 "-1"',
                 'people: text in 1 of 4 cells: row 3 "x"', 'people: zero or negative in 1 of 4 cells: row 2 "0"',
                 "police: missing in 1 of 4 cells: row 3", 'w: zero or negative in 1 of 4 cells: row 3 "-2"',
                 "area: empty name in 1 of 4 rows: row 4", 'month: no month in 1 of 4 cells: row 4 "2020-13"',
                 "month: no period in 1 of 4 rows: row 5"):  # fmt: skip
        assert part in message
    assert all(line.startswith("data/rows.csv: ") for line in message.splitlines())


def test_row_numbers_have_thousands_and_the_rest_is_counted(refusal: Refusal) -> None:
    cells = ["n/a" if n % 300 == 299 else "5" for n in range(5760)]
    text = "area,month,value\n" + "".join(f"a{n // 12},2020-{n % 12 + 1:02d},{cell}\n" for n, cell in enumerate(cells))
    message = refusal(text)
    assert 'text in 19 of 5,760 cells: row 301 "n/a", row 601 "n/a", row 901 "n/a", row 1,201 "n/a"' in message
    assert "and 14 more" in message


def test_a_series_of_zeros(refusal: Refusal, table: Table) -> None:
    assert "value: every value is 0" in refusal(table("Kent,2020-01,0", "Kent,2020-02,0"))


def test_one_period_alone(refusal: Refusal, table: Table) -> None:
    assert "the data have only one period (2020-01)" in refusal(table("Kent,2020-01,1", "Essex,2020-01,2"))
    gap = [{"period": "2020-01", "why": "x"}]
    assert "the data have no period" in refusal(table("Kent,2020-01,1"), gaps=gap)


def test_the_frequency_that_fits_is_named(refusal: Refusal, table: Table) -> None:
    message = refusal(table("Kent,2019,1", "Kent,2020,2"))
    assert (
        'no month in 2 of 2 cells: row 2 "2019", row 3 "2020"; say `frequency: year`, or write it such as 2022-12'
        in message
    )


def test_no_rows_no_period_and_reserved_names(refusal: Refusal, table: Table) -> None:
    assert "there are no rows below the header" in refusal("area,month,value\n")
    assert "data.period: no column of periods is declared" in refusal(table(), period=None)
    assert "a covariate cannot be called 'value'" in refusal(table(), covariates=["value"])


def test_columns_are_looked_for_again(folders: Folders, source: Callable[[dict[str, Any]], Any]) -> None:
    data = source({"source": "csv", "path": "a.csv", "period": "month"})
    frame = pandas.DataFrame({"month": ["2020-01", "2020-02"], "values": [1, 2]})
    with pytest.raises(
        DataError, match=r"a\.csv: outcomes.x.column: there is no column 'value'; did you mean 'values'"
    ):
        build_panel(data, frame, "x", Outcome(label="x", column="value"), Intervention(start="2020-02"))


def test_one_series_without_treatment(folders: Folders, source: Callable[[dict[str, Any]], Any]) -> None:
    data = source({"source": "csv", "path": "a.csv", "period": "month"})
    frame = pandas.DataFrame({"month": ["2020-01", "2020-02"], "value": [1, 2]})
    panel = build_panel(data, frame, "value", Outcome(label="x"), None)
    assert panel.frame["first_time"].isna().all()
    assert panel.units == [""]


def test_cells_that_are_lists(source: Callable[[dict[str, Any]], Any]) -> None:
    data = source({"source": "csv", "path": "a.csv", "period": "month"})
    frame = pandas.DataFrame({"month": ["2020-01", "2020-02"], "value": [[1], [2]]})
    with pytest.raises(DataError, match="value: cells hold lists"):
        build_panel(data, frame, "value", Outcome(label="x"), None)


def test_dates_at_the_end_of_the_calendar(refusal: Refusal, table: Table) -> None:
    yearly = {"start": 9999, "frequency": "year"}
    assert "the rows run past the year 9999" in refusal(table("a,x,1", "a,x,1"), period=yearly)


def test_numbers_too_large_for_a_period(refusal: Refusal, table: Table) -> None:
    period = {"column": "month", "frequency": "number"}
    assert "no period in 2 of 2 cells" in refusal(
        table("a,1e400,1", "a,99999999999,1"), period=period, intervention={"start": 2}
    )
    assert "'1e400' is not a period" in refusal(table("a,1,1", "a,2,1"), period=period, intervention={"start": "1e400"})


def test_a_gap_of_several_periods() -> None:
    from evalkit.sources import CsvData
    from evalkit.sources.gaps import declared_gaps

    def gaps(period: object) -> list[tuple[int, str, str | None]]:
        data = {"source": "csv", "path": "x.csv", "period": {"column": "month"},
                "gaps": [{"period": period, "why": "a strike", "unit": "A"}]}  # fmt: skip
        return declared_gaps(CsvData.model_validate(data))

    found = gaps({"from": "2021-11", "to": "2022-02"})
    assert [time for time, _, _ in found] == list(range(found[0][0], found[0][0] + 4))
    assert found[0] == gaps("2021-11")[0]
    assert found[3] == gaps("2022-02")[0]
    with pytest.raises(DataError, match=r"ends \(2021-11\) before it begins \(2022-02\)"):
        gaps({"from": "2022-02", "to": "2021-11"})


def test_a_survey_without_its_sampling_is_told_of_it() -> None:
    import pandas

    from evalkit.sources import CsvData, Intervention, Outcome, build_panel

    rows = pandas.DataFrame({"area": ["A"] * 4, "year": [2000, 2000, 2001, 2001], "y": [1, 2, 1, 2],
                             "wt": [1.0, 2.0, 1.0, 1.0]}).astype(str)  # fmt: skip
    data = CsvData.model_validate({"source": "csv", "path": "x.csv", "unit": "area", "weight": "wt",
                                   "period": {"column": "year", "frequency": "year"}})  # fmt: skip
    with pytest.raises(DataError, match="sampling: repeated_cross_section"):
        build_panel(data, rows, "y", Outcome(label="Y", column="y"), Intervention(start=2001))
