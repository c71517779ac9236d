"""Exposure in a file of its own: joined once for each unit and period, and every mismatch named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from pydantic import ValidationError

from evalkit import releases
from evalkit.errors import DataError, SpecError
from evalkit.flow import evaluate, input_hashes
from evalkit.records import Panel
from evalkit.sources import ExposureTable, Folders
from evalkit.spec.loading import load_spec

MakePanel = Callable[..., Panel]
Table = Callable[..., str]
Refusal = Callable[..., str]

PEOPLE = "area,month,people\n" + "".join(
    f"{area},2020-0{month},{size + month}\n" for area, size in (("Kent", 100), ("Essex", 200)) for month in (1, 2, 3)
)
MONTHLY = {"path": "data/people.csv", "unit": "area", "period": "month", "column": "people"}
YEARLY = {**MONTHLY, "period": {"column": "year", "frequency": "year"}, "carry": "year"}
JOINED = {"exposure": "population", "per": 1000}


@pytest.fixture
def people(folders: Folders) -> Callable[[str], None]:
    def write(text: str = PEOPLE) -> None:
        (folders.project / "data" / "people.csv").write_text(text, encoding="utf-8")

    write()
    return write


def exposures(panel: Panel) -> dict[str, list[float]]:
    return {str(unit): rows["exposure"].tolist() for unit, rows in panel.frame.groupby("unit")}


def keys(table: dict[str, Any] = MONTHLY, **outcome: Any) -> dict[str, Any]:
    return {"exposures": {"population": table}, "outcome": {**JOINED, **outcome}}


@pytest.mark.usefixtures("people")
class TestJoined:
    def test_count_and_rate(self, csv_panel: MakePanel, table: Table) -> None:
        panel = csv_panel(table(), **keys())
        assert exposures(panel) == {"Essex": [201, 202, 203], "Kent": [101, 102, 103]}
        assert panel.frame["value"].tolist() == [10, 20, 30] * 2
        assert panel.notes == ("population joined from data/people.csv.",)
        rate = csv_panel(table(), **keys(kind="rate"))
        assert rate.frame["value"].iloc[0] == pytest.approx(1000 * 10 / 201)
        assert rate.outcome.unit == "per 1,000"

    def test_several_rows_of_a_unit_and_period_count_it_once(self, csv_panel: MakePanel, table: Table) -> None:
        rows = [f"{area},2020-0{month},{n}" for area in ("Kent", "Essex") for month in (1, 2, 3) for n in (4, 6)]
        for kind in ("count", "rate"):
            panel = csv_panel(table(*rows), **keys(kind=kind))
            assert exposures(panel) == {"Essex": [201, 202, 203], "Kent": [101, 102, 103]}
            assert not any("counted more than once" in note for note in panel.notes)
        assert panel.frame["value"].iloc[0] == pytest.approx(1000 * 10 / 201)

    def test_counted_rows_have_it_also_where_there_are_none(self, csv_panel: MakePanel) -> None:
        text = "area,month\nKent,2020-01\nKent,2020-01\nKent,2020-03\nEssex,2020-02\n"
        panel = csv_panel(text, **keys(column=None, count="rows", kind="rate"))
        assert exposures(panel) == {"Essex": [201, 202, 203], "Kent": [101, 102, 103]}
        assert panel.frame["value"].tolist() == pytest.approx([0, 1000 / 202, 0, 2000 / 101, 0, 1000 / 103])

    def test_rows_that_nothing_needs_are_left_aside(self, csv_panel: MakePanel, table: Table, people: Any) -> None:
        people(PEOPLE + "Wales,2020-01,7\nKent,2031-01,8\n")
        assert len(csv_panel(table(), **keys())) == 6

    def test_one_value_for_all_periods(self, csv_panel: MakePanel, table: Table, people: Any) -> None:
        people("area,people\nKent,50\nEssex,60\n")
        panel = csv_panel(table(), **keys({**MONTHLY, "period": None}))
        assert exposures(panel) == {"Essex": [60] * 3, "Kent": [50] * 3}
        assert panel.notes == ("population joined from data/people.csv (the same value in every period).",)

    def test_one_series(self, csv_panel: MakePanel, people: Any) -> None:
        people("area,month,people\nKent,2020-01,5\nKent,2020-02,6\nEssex,2020-01,7\n")
        own = {**MONTHLY, "unit": None, "filter": {"area": "Kent"}}
        panel = csv_panel("month,value\n2020-01,1\n2020-02,2\n", unit=None, **keys(own))
        assert panel.frame["exposure"].tolist() == [5, 6]

    @pytest.mark.parametrize("ending", ["xlsx", "parquet"])
    def test_other_kinds_of_file(self, csv_panel: MakePanel, table: Table, folders: Folders, ending: str) -> None:
        frame = pandas.DataFrame({"area": ["Kent", "Essex"], "people": [50, 60]})
        path = folders.project / "data" / f"people.{ending}"
        frame.to_parquet(path) if ending == "parquet" else frame.to_excel(path, sheet_name="all", index=False)
        own = {"path": f"data/people.{ending}", "unit": "area", "column": "people"}
        panel = csv_panel(table(), **keys(own | ({"sheet": "all"} if ending == "xlsx" else {})))
        assert exposures(panel) == {"Essex": [60] * 3, "Kent": [50] * 3}


@pytest.mark.usefixtures("people")
class TestCarried:
    def test_years_to_months(self, csv_panel: MakePanel, table: Table, people: Any, refusal: Refusal) -> None:
        people("area,year,people\nKent,2019,5\nKent,2020,6\nEssex,2019,7\nEssex,2020,8\n")
        rows = table(*(f"{area},{month},1" for area in ("Kent", "Essex") for month in ("2019-12", "2020-01")))
        begin = {"start": "2020-01"}
        panel = csv_panel(rows, intervention=begin, **keys(YEARLY))
        assert exposures(panel) == {"Essex": [7, 8], "Kent": [5, 6]}
        assert panel.notes[-1] == "population joined from data/people.csv (yearly values carried to months)."
        message = refusal(rows, intervention=begin, **keys({**YEARLY, "carry": None}))
        assert "data.exposures.population.period: its periods are years, those of the data months" in message
        assert "say `carry: year`" in message

    def test_calendar_years_to_the_financial_year_that_begins_in_them(
        self, csv_panel: MakePanel, table: Table, people: Any, refusal: Refusal
    ) -> None:
        people("area,year,people\nKent,2018,4\nKent,2019,5\nKent,2020,6\n")
        years = {"period": {"column": "month", "frequency": "financial_year"}, "intervention": {"start": "2020-21"}}
        rows = table("Kent,2019-20,1", "Kent,2020/21,1")
        assert exposures(csv_panel(rows, **years, **keys(YEARLY))) == {"Kent": [5, 6]}
        back = {**YEARLY, "period": {"column": "month", "frequency": "financial_year"}}
        people("area,month,people\nKent,2019-20,4\nKent,2020-21,5\n")
        calendar = {"period": {"column": "month", "frequency": "year"}, "intervention": {"start": 2020}}
        message = refusal(table("Kent,2019,1", "Kent,2020,1"), **calendar, **keys(back))
        assert "its periods are financial years, those of the data years; give one value for each year" in message

    def test_no_value_is_carried_past_its_year(self, table: Table, people: Any, refusal: Refusal) -> None:
        people("area,year,people\nKent,2019,5\nEssex,2019,7\nEssex,2020,7\n")
        months = ("2019-12", "2020-01", "2020-02")
        rows = table(*(f"{area},{month},1" for area in ("Kent", "Essex") for month in months))
        message = refusal(rows, **keys(YEARLY))
        assert "data/people.csv has no value for Kent in 2020-01 to 2020-02; add its rows" in message


@pytest.mark.usefixtures("people")
class TestRefused:
    def test_units_and_periods_without_a_value_come_at_once(self, table: Table, people: Any, refusal: Refusal) -> None:
        people(PEOPLE.replace("Kent", "Kent County").replace("Essex,2020-02,202\n", ""))
        message = refusal(table(), **keys())
        assert "data/people.csv has no unit 'Kent', which the data have for 2020-01 to 2020-03" in message
        assert "did you mean 'Kent County'?" in refusal(table().replace("Kent", "Kent Count"), **keys())
        assert "data/people.csv has no value for Essex in 2020-02" in message

    def test_many_units_without_a_value_are_named_together(self, csv_panel: MakePanel, table: Table) -> None:
        text = table(*(f"E{number},2020-0{month},1" for number in range(10, 53) for month in (1, 2)))
        with pytest.raises(DataError, match=r"lacks 43 units of the data: E10, .* and 31 more") as caught:
            csv_panel(text, **keys())
        assert len(caught.value.problems) == 1

    def test_repeated_rows(self, table: Table, people: Any, refusal: Refusal) -> None:
        people(PEOPLE + "Kent,2020-02,9\n")
        message = refusal(table(), **keys())
        assert message.startswith("data/people.csv: people: Kent 2020-02 stands in rows 3 and 8; an exposure has one")

    @pytest.mark.parametrize(("cell", "words"), [("0", "zero or negative"), ("-1", "zero or negative"), ("", "missing"),
                                                 ("many", "text")])  # fmt: skip
    def test_values_are_numbers_above_zero(
        self, table: Table, people: Any, refusal: Refusal, cell: str, words: str
    ) -> None:
        people(PEOPLE.replace("101", cell))
        assert f"people: {words} in 1 of 6 cells" in refusal(table(), **keys())

    def test_a_column_of_the_same_name(self, table: Table, refusal: Refusal) -> None:
        text = table("Kent,2020-01,1,5", "Kent,2020-02,1,5", header="area,month,value,population")
        assert "'population' is both a table of data.exposures and a column" in refusal(text, **keys())

    def test_a_unit_on_one_side_alone(self, table: Table, refusal: Refusal) -> None:
        assert "add `unit: COLUMN`" in refusal(table(), **keys({**MONTHLY, "unit": None}))
        series = "month,value\n2020-01,1\n2020-02,2\n"
        assert "the data are one series" in refusal(series, unit=None, **keys())

    def test_kinds_for_which_it_means_nothing(self, table: Table, refusal: Refusal) -> None:
        assert "cannot be joined to a continuous" in refusal(table(), **keys(kind="continuous"))
        assert "every row stays an observation" in refusal(table(), sampling="repeated_cross_section", **keys())

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"path": "data/people.doc"}, "ends in none of"),
            ({"sheet": "all"}, "is no workbook"),
            ({"period": None, "carry": "year"}, "no periods to carry"),
        ],
    )
    def test_blocks_that_cannot_be(self, change: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            ExposureTable(**{**MONTHLY, **change})


STUDY = """\
evalkit: 1
title: Rates
question: Did it change?
data:
  source: csv
  path: data/rows.csv
  period: {column: month, frequency: month}
  exposures:
    population: {path: data/people.csv, period: {column: year, frequency: year}, column: people, carry: year}
intervention: {start: 2021-01}
outcomes:
  value: {label: Incidents, kind: count, exposure: population, per: 1000, better: lower}
design: {kind: interrupted_time_series, season: none}
"""


@pytest.fixture
def study(project: Path, write_study: Callable[..., Path]) -> Path:
    months = [f"{year}-{month:02d}" for year in (2019, 2020, 2021) for month in range(1, 13)]
    rows = "".join(f"{month},{40 + 7 * at % 13}\n" for at, month in enumerate(months))
    (project / "data" / "rows.csv").write_text("month,value\n" + rows, encoding="utf-8")
    (project / "data" / "people.csv").write_text("year,people\n2019,900\n2020,950\n2021,990\n", encoding="utf-8")
    return write_study(STUDY)


class TestInAStudy:
    def test_the_file_is_an_input(self, study: Path, project: Path) -> None:
        spec = load_spec(study)
        assert set(input_hashes(spec)) == {"data/rows.csv", "data/people.csv"}
        evaluation = evaluate(spec)
        found = {item.name: (item.rows, item.first, item.last) for item in evaluation.provenance.data}
        assert found["data/people.csv"] == (3, "2019", "2021")
        assert "population joined from data/people.csv (yearly values carried to months)." in evaluation.primary.notes

    def test_a_changed_file_makes_the_study_stale(self, study: Path, project: Path) -> None:
        releases.run_studies([study], project / "results")
        assert releases.stale_reasons(load_spec(study), project / "results") == []
        path = project / "data" / "people.csv"
        path.write_text(path.read_text().replace("950", "951"))
        assert releases.stale_reasons(load_spec(study), project / "results") == [
            "data/people.csv changed: 12 cells with another exposure, weight or covariate"
        ]

    @pytest.mark.parametrize(
        ("old", "new", "where", "words"),
        [
            ("data/people.csv", "data/peple.csv", "data.exposures.population.path", "nearest: data/people.csv"),
            ("column: people", "column: peple", "data.exposures.population.column", "did you mean 'people'?"),
            ("carry: year", "cary: year", "data.exposures.population.cary", "did you mean 'carry'?"),
            (", carry: year", "", "data.exposures.population.period", "say `carry: year`"),
            ("exposure: population", "exposure: populaton", "outcomes.value.exposure", "'population' of data"),
            ("kind: count", "kind: continuous", "outcomes.value.exposure", "cannot be joined to a continuous"),
        ],
    )
    def test_check_finds_it(
        self, study: Path, write_study: Callable[..., Path], old: str, new: str, where: str, words: str
    ) -> None:
        with pytest.raises(SpecError) as caught:
            load_spec(write_study(STUDY.replace(old, new)))
        (problem,) = caught.value.problems
        assert problem.where == where
        assert words in problem.sentence()
        assert problem.line is not None

    def test_what_is_found_on_reading_names_the_key(self, study: Path, project: Path) -> None:
        (project / "data" / "people.csv").write_text("year,people\n2019,900\n2020,950\n", encoding="utf-8")
        with pytest.raises(
            DataError, match=r"data\.exposures\.population: data/people\.csv has no value in 2021-01 to"
        ):
            evaluate(load_spec(study))


class TestJumps:
    """Population that turns into thousands of persons is a slip, and not an effect."""

    @staticmethod
    def built(population: list[float], **keys: object) -> object:
        import pandas

        from evalkit.sources import CsvData, Intervention, Outcome, build_panel

        rows = pandas.DataFrame({"area": ["A"] * 6 + ["B"] * 6, "year": [*range(2000, 2006)] * 2,
                                 "n": [5, 6, 7, 6, 5, 6] * 2, "population": population + [52_000.0] * 6})  # fmt: skip
        data = CsvData.model_validate({"source": "csv", "path": "x.csv", "unit": "area",
                                       "period": {"column": "year", "frequency": "year"}})  # fmt: skip
        outcome = Outcome.model_validate({"label": "N", "column": "n", "exposure": "population", **keys})
        return build_panel(data, rows.astype(str), "n", outcome, Intervention(starts={"A": 2003}))

    @pytest.mark.parametrize(("population", "words"), [
        ([61_200.0] * 3 + [61.2] * 3, "population of A is 61,200 in 2002 and 61.2 in 2003, 1,000 times as little"),
        ([61.2, 61.3, 61_200.0, 61_300.0, 61_300.0, 61_300.0], "is 61.3 in 2001 and 61,200 in 2002"),
        ([61_200.0, 6_120.0, 61_200.0, 61_200.0, 61_200.0, 61_200.0], "is 61,200 in 2000 and 6,120 in 2001"),
    ])  # fmt: skip
    def test_unit_and_period_are_named(self, population: list[float], words: str) -> None:
        with pytest.raises(DataError) as caught:
            self.built(population)
        (problem,) = caught.value.problems
        assert words in problem.message
        assert problem.where == "outcomes.n.exposure"
        self.built(population, exposure_jumps="The airport was closed")

    @pytest.mark.parametrize("population", [
        [61_200.0, 30_000.0, 80_000.0, 61_200.0, 61_200.0, 61_200.0], [4.0, 15.0, 3.0, 40.0, 9.0, 2.0],
    ])  # fmt: skip
    def test_growth_and_small_numbers_of_trials_are_none(self, population: list[float]) -> None:
        self.built(population)
