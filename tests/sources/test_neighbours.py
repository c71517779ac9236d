"""A table of units that adjoin one another: read in either order, hashed, and wrong names refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.archive import from_document, to_text
from evalkit.errors import DataError, SpecError
from evalkit.sources import Folders, NeighbourTable, read_neighbours
from evalkit.spec.loading import Spec, load_spec

STUDY = """\
evalkit: 1
title: Neighbours
question: Did it change next door?
data:
  source: csv
  path: data/rows.csv
  unit: area
  period: {column: year, frequency: year}
  neighbours: NEIGHBOURS
intervention: {start_column: start}
outcomes: {n: {label: Incidents, unit: incidents, kind: count, better: lower}}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
"""
AREAS = ("Ashford", "Bexley", "Croydon", "Dover", "Epsom", "Fareham")


@pytest.fixture
def write(write_study: Callable[..., Path]) -> Callable[..., Path]:
    """Write a study of six areas, Ashford treated from 2005, with a table of neighbours."""

    def make(table: str, study: str = STUDY, neighbours: str = "data/near.csv") -> Path:
        path = write_study(study.replace("NEIGHBOURS", neighbours))
        data = path.parents[1] / "data"
        data.mkdir(exist_ok=True)
        rows = [f"{area},{year},{50 + (at * 7 + year * 3) % 11},{2005 if area == 'Ashford' else ''}"
                for at, area in enumerate(AREAS) for year in range(2000, 2010)]  # fmt: skip
        (data / "rows.csv").write_text("\n".join(["area,year,n,start", *rows]))
        (data / "near.csv").write_text(table)
        return path

    return make


def panel_of(spec: Spec, request: int = 0) -> tuple[tuple[str, str], ...]:
    return flow.Tables(spec).panel(spec.requests[request]).neighbours


class TestReading:
    def test_pairs_are_the_same_in_either_order(self, tmp_path: Path) -> None:
        (tmp_path / "near.csv").write_text("unit,neighbour\nB,A\nA , B\nC,A\n")
        found = read_neighbours(NeighbourTable(path="near.csv"), Folders.of(tmp_path))
        assert found.pairs == (("A", "B"), ("A", "C"))
        assert found.rows == 3
        assert len(found.sha256) == 64

    def test_columns_by_another_name_and_a_filter(self, tmp_path: Path) -> None:
        (tmp_path / "near.tsv").write_text("here\tthere\tsea\n1\t2\tno\n1\t3\tyes\n")
        table = NeighbourTable.model_validate(
            {"path": "near.tsv", "unit": "here", "neighbour": "there", "separator": "tab", "filter": {"sea": "no"}}
        )
        assert read_neighbours(table, Folders.of(tmp_path)).pairs == (("1", "2"),)

    @pytest.mark.parametrize(("text", "words"), [
        ("unit,neighbour\nA,A\n", "row 2 says that A adjoins itself"),
        ("unit,neighbour\nA,B\nC,\n", "row 3 has no name in the column 'neighbour'"),
        ("unit,neighbour\n", "no rows below the header"),
        ("unit,neighbor\nA,B\n", "did you mean 'neighbor'?"),
    ])  # fmt: skip
    def test_what_is_no_pair(self, tmp_path: Path, text: str, words: str) -> None:
        (tmp_path / "near.csv").write_text(text)
        with pytest.raises(DataError) as caught:
            read_neighbours(NeighbourTable(path="near.csv"), Folders.of(tmp_path))
        problem = caught.value.problems[0]
        assert words in problem.sentence()
        assert problem.file == "near.csv"
        assert problem.where.startswith("data.neighbours")


class TestThroughTheStudy:
    def test_the_panel_has_them_and_the_file_is_an_input(self, write: Callable[..., Path]) -> None:
        spec = load_spec(write("unit,neighbour\nBexley,Ashford\nCroydon,Dover\n"))
        assert panel_of(spec) == (("Ashford", "Bexley"), ("Croydon", "Dover"))
        assert set(flow.input_hashes(spec)) == {"data/rows.csv", "data/near.csv"}

    def test_a_name_that_is_no_unit(self, write: Callable[..., Path]) -> None:
        spec = load_spec(write("unit,neighbour\nBexly,Ashford\n"))
        with pytest.raises(DataError) as caught:
            panel_of(spec)
        problem = caught.value.problems[0]
        assert "names 'Bexly', which is not among the units of the data" in problem.message
        assert "did you mean 'Bexley'?" in problem.mend

    def test_a_unit_that_the_filter_leaves_out_is_no_slip(self, write: Callable[..., Path]) -> None:
        study = STUDY + "sensitivity: [{id: fewer, label: Fewer, data: {filter: {area: {not: Bexley}}}}]\n"
        spec = load_spec(write("unit,neighbour\nBexley,Ashford\nCroydon,Ashford\n", study))
        assert panel_of(spec) == (("Ashford", "Bexley"), ("Ashford", "Croydon"))
        assert panel_of(spec, 1) == (("Ashford", "Croydon"),)

    @pytest.mark.parametrize(("path", "words"), [
        ("../near.csv", "outside the project"), ("data/nearr.csv", "nearest: data/near.csv"),
        ("data/near.json", "ends in none of"),
    ])  # fmt: skip
    def test_the_path_stays_inside_and_is_there(self, write: Callable[..., Path], path: str, words: str) -> None:
        with pytest.raises(SpecError) as caught:
            load_spec(write("unit,neighbour\nBexley,Ashford\n", neighbours=path))
        found = [problem for problem in caught.value.problems if words in problem.sentence()]
        assert found
        assert found[0].line == 9

    def test_neighbours_of_without_a_table(self, write: Callable[..., Path]) -> None:
        study = STUDY.replace("  neighbours: NEIGHBOURS\n", "").replace(
            "two_way_fixed_effects", "two_way_fixed_effects, exclude_neighbours_of: treated")  # fmt: skip
        with pytest.raises(SpecError) as caught:
            load_spec(write("", study))
        assert "there is no table of neighbours" in caught.value.problems[0].message

    def test_neighbours_leave_the_comparison_by_name(self, write: Callable[..., Path]) -> None:
        study = STUDY.replace(
            "fixed_effects", "fixed_effects, exclude_neighbours_of: treated, exclude: {Fareham: a merger}")  # fmt: skip
        evaluation = flow.evaluate(load_spec(write("unit,neighbour\nBexley,Ashford\nCroydon,Dover\n", study)))
        result = evaluation.primary.result
        assert dict(result.dropped) == {
            "Fareham": "left out of the comparison: a merger", "Bexley": "neighbour of Ashford"}  # fmt: skip
        assert result.n_units == 4
        again = from_document(json.loads(to_text(evaluation))).primary.result
        assert (again.estimator, again.dropped) == (result.estimator, result.dropped)
        assert [row.scale for row in again.scales] == ["proportional", "additive"]
        assert again.scales[1].percent == pytest.approx(result.scales[1].percent, rel=1e-9)
