"""A roll-out table in a file of its own: when each unit starts, hashed, and names that differ told both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.errors import DataError, SpecError
from evalkit.planning.reading import panel_of as planned_panel
from evalkit.records import Panel
from evalkit.sources import Folders, Intervention, StartTable, read_roll_out
from evalkit.spec.loading import Spec, load_spec

STUDY = """\
evalkit: 1
title: Roll-out
question: Did it change where it began?
data: {source: csv, path: data/rows.csv, unit: area, period: {column: year, frequency: year}}
intervention:
  label: Wardens begin
  table: data/began.csv
outcomes: {n: {label: Incidents, unit: incidents, kind: count, better: lower}}
design: {kind: difference_in_differences}
"""
AREAS = ("Ashford", "Bexley", "Croydon", "Dover", "Epsom", "Fareham")


@pytest.fixture
def write(write_study: Callable[..., Path]) -> Callable[..., Spec]:
    """Write a study of six areas with a roll-out table and return it as read."""

    def make(table: str, study: str = STUDY) -> Spec:
        path = write_study(study)
        data = path.parents[1] / "data"
        data.mkdir(exist_ok=True)
        rows = [f"{area},{year},{50 + (at * 7 + year * 3) % 11}" for at, area in enumerate(AREAS)
                for year in range(2000, 2010)]  # fmt: skip
        (data / "rows.csv").write_text("\n".join(["area,year,n", *rows]))
        (data / "began.csv").write_text(table)
        return load_spec(path)

    return make


def panel_of(spec: Spec) -> Panel:
    return flow.Tables(spec).panel(spec.requests[0])


def starts(panel: Panel) -> dict[str, str]:
    first = panel.frame.dropna(subset="first_time").groupby("unit")["first_time"].first()
    return {str(unit): panel.label(int(time)) for unit, time in first.items()}


class TestReading:
    def test_starts_and_never(self, tmp_path: Path) -> None:
        (tmp_path / "began.csv").write_text("unit,start\nA , 2005\nB,never\nC,\n")
        found = read_roll_out(StartTable(path="began.csv"), "year", Folders.of(tmp_path))
        assert found.starts == {"A": "2005", "B": None, "C": None}
        assert (found.rows, len(found.sha256)) == (3, 64)

    @pytest.mark.parametrize(("text", "words"), [
        ("unit,start\nA,2005\nA,2006\n", "A starts 2005 and, in row 3, 2006"),
        ("unit,start\n,2005\n", "row 2 has no name in the column 'unit'"),
        ("unit,start\nA,soon\n", "no year"),
        ("unit,begins\nA,2005\n", "there is no column 'start'"),
        ("unit,start\n", "no rows below the header"),
    ])  # fmt: skip
    def test_what_is_no_start(self, tmp_path: Path, text: str, words: str) -> None:
        (tmp_path / "began.csv").write_text(text)
        with pytest.raises(DataError) as caught:
            read_roll_out(StartTable(path="began.csv"), "year", Folders.of(tmp_path))
        problem = caught.value.problems[0]
        assert words in problem.sentence()
        assert problem.file == "began.csv"
        assert problem.where.startswith("intervention.table")

    def test_columns_beside_the_name_of_the_table(self) -> None:
        flat = Intervention.model_validate({"table": "b.csv", "unit": "area", "start": "began", "label": "It begins"})
        nested = Intervention.model_validate({"table": {"path": "b.csv", "unit": "area", "start": "began"}})
        assert flat.start_table == nested.start_table == StartTable(path="b.csv", unit="area", start="began")
        assert flat.start is None
        assert flat.way == "table"


class TestThroughTheStudy:
    def test_starts_are_laid_over_the_panel_and_the_file_is_an_input(self, write: Callable[..., Spec]) -> None:
        spec = write("unit,start\nAshford,2004\nBexley,2006\nCroydon,\n")
        panel = panel_of(spec)
        assert starts(panel) == {"Ashford": "2004", "Bexley": "2006"}
        assert ("Not in data/began.csv, so counted as never treated: Dover, Epsom, Fareham.") in panel.notes
        assert set(flow.input_hashes(spec)) == {"data/rows.csv", "data/began.csv"}

    def test_a_study_runs_with_its_table_in_the_provenance(self, write: Callable[..., Spec]) -> None:
        evaluation = flow.evaluate(write("unit,start\nAshford,2005\nBexley,2005\n"))
        table = next(item for item in evaluation.provenance.data if item.name == "data/began.csv")
        assert table.rows == 2
        assert evaluation.primary.result.n_treated_units == 2

    def test_names_that_differ_are_told_both_ways(self, write: Callable[..., Spec]) -> None:
        spec = write("unit,start\nAshford,2004\nBexly,2006\n")
        with pytest.raises(DataError) as caught:
            panel_of(spec)
        first, second = caught.value.problems
        assert first.message == "data/began.csv names 'Bexly', which is not among the units of the data"
        assert "did you mean 'Bexley'?" in first.mend
        assert second.message.startswith("the data have Bexley, Croydon, Dover, Epsom, Fareham, and data/began.csv")
        assert "Bexley (there as 'Bexly'?)" in second.mend

    def test_a_unit_that_the_filter_leaves_out_is_no_slip(self, write: Callable[..., Spec]) -> None:
        study = STUDY.replace("frequency: year}}", "frequency: year}, filter: {area: {not: Bexley}}}")
        assert starts(panel_of(write("unit,start\nAshford,2004\nBexley,2006\n", study))) == {"Ashford": "2004"}

    def test_a_table_that_is_not_there(self, write: Callable[..., Spec]) -> None:
        with pytest.raises(SpecError) as caught:
            write("unit,start\nAshford,2004\n", STUDY.replace("began.csv", "begann.csv"))
        problem = caught.value.problems[0]
        assert "nearest: data/began.csv" in problem.sentence()
        assert problem.line == 7

    def test_nobody_treated_points_to_the_table(self, write: Callable[..., Spec]) -> None:
        spec = write("unit,start\nAshford,never\n")
        with pytest.raises(DataError) as caught:
            flow.evaluate(spec)
        problem = caught.value.problems[0]
        assert "no unit is ever treated" in problem.message
        assert problem.line == 7

    def test_starts_that_lie_ahead_are_planned_for(self, write: Callable[..., Spec]) -> None:
        spec = write("unit,start\nAshford,2012\nBexley,2012\n")
        panel = planned_panel(spec.requests[0], spec.folders)
        assert starts(panel) == {"Ashford": "2012", "Bexley": "2012"}
