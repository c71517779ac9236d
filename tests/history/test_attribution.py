"""A release, then other data, another study file, other code: the move is put down to what it is owed to."""

import json
from typing import Any

import pytest

from evalkit.history.record import sealed
from evalkit.provenance import code_version, package_versions
from tests.history.conftest import STUDY, Made, change_of, made_counts

YEAR = ("2022-01", "2022-12"), ("2023-01", "2023-12")
HALF = ("2022-07", "2022-12"), ("2023-01", "2023-12")
SHORTER = STUDY.replace("before: {from: 2022-01,", "before: {from: 2022-07,")
REVISED = made_counts() | {("Northside", "2023-03"): 99, ("Northside", "2022-05"): 50}


def released(made: Made) -> None:
    made.call("run", "study")
    made.publish("--date", "2026-01-05")


def move_of(made: Made, status: int | None = 3) -> dict[str, Any]:
    made.call("run", "study")
    (row,) = json.loads(made.call("diff", "study", "--json", status=status).output)
    found: dict[str, Any] = row["move"]
    return found


def shares_of(move: dict[str, Any]) -> dict[str, float]:
    return {share["cause"]: share["change"] for share in move["shares"]}


def older(made: Made, shift: float) -> None:
    """Make the record one of an older evalkit, whose headline was another one by `shift` points."""
    record = json.loads(made.record.read_text())
    record["provenance"]["code_version"] = "0" * 64
    record["provenance"]["packages"]["statsmodels"] = "0.13.0"
    record["analyses"][0]["relative"]["value"] += shift
    made.record.write_text(json.dumps(sealed(record)))  # as an older evalkit would have released it


def test_revised_data(made: Made) -> None:
    released(made)
    made.write(REVISED)
    assert "data/incidents.csv changed: 2 cells revised (Northside 2022-05: 41 -> 50, Northside 2023-03: 44 -> 99)" in (
        made.call("status").output)  # fmt: skip
    move = move_of(made)
    total = change_of(REVISED, *YEAR) - change_of(made_counts(), *YEAR)
    assert shares_of(move) == pytest.approx({"data": total, "spec": 0, "code": 0}, abs=1e-6)
    assert move["causes"] == ["data"]
    assert [cell["now"] for cell in move["cells"]["named"]] == [50, 99]
    words = made.call("diff", "study", status=3).output
    assert f"of {total:+.1f} points: data {total:+.1f}, spec 0.0, code 0.0" in words
    assert "beyond tolerance" in words


def test_another_study_file(made: Made) -> None:
    released(made)
    made.write(text=SHORTER)
    move = move_of(made)
    total = change_of(made_counts(), *HALF) - change_of(made_counts(), *YEAR)
    assert shares_of(move) == pytest.approx({"data": 0, "spec": total, "code": 0}, abs=1e-6)
    assert move["details"] == [["spec", "design.before.from: 2022-01 -> 2022-07"]]
    assert move["cells"] is None


def test_both_are_crossed_and_add_up(made: Made) -> None:
    released(made)
    made.write(REVISED, SHORTER)
    move = move_of(made)
    old, new = made_counts(), REVISED
    at = {(data is new, windows is HALF): change_of(data, *windows) for data in (old, new) for windows in (YEAR, HALF)}
    data = ((at[True, False] - at[False, False]) + (at[True, True] - at[False, True])) / 2
    spec = ((at[False, True] - at[False, False]) + (at[True, True] - at[True, False])) / 2
    assert shares_of(move) == pytest.approx({"data": data, "spec": spec, "code": 0}, abs=1e-6)
    assert sum(shares_of(move).values()) == pytest.approx(move["now"]["value"] - move["before"]["value"], abs=1e-9)
    assert move["notes"] == []
    assert abs(data) > 0.1 < abs(spec)


def test_code_and_packages_are_what_is_left(made: Made) -> None:
    released(made)
    older(made, 3.0)
    made.write(REVISED, SHORTER)
    move = move_of(made)
    found = shares_of(move)
    assert found["code and packages"] == pytest.approx(-3, abs=1e-6)
    assert sum(found.values()) == pytest.approx(move["now"]["value"] - move["before"]["value"], abs=1e-9)
    assert ["packages", f"statsmodels 0.13.0 -> {package_versions()['statsmodels']}"] in move["details"]
    assert ["code", f"evalkit's code: {'0' * 10} -> {code_version()[:10]}"] in move["details"]


def test_without_the_rows_of_the_release_it_says_so(made: Made) -> None:
    made.write(text=STUDY + "release: {keep_rows: false}\n")
    released(made)
    assert not list(made.record.parent.glob("*.csv.gz"))
    older(made, 3.0)
    made.write(REVISED, STUDY + "release: {keep_rows: false}\n")
    move = move_of(made)
    assert set(shares_of(move)) == {"spec", "data and code and packages"}
    assert move["notes"][-1] == "Its rows were not kept: the study file says so."
    assert move["cells"]["periods_added"] == []
    assert move["cells"]["revised"]  # by the paths that both results show


def test_damaged_rows_of_a_release_are_not_believed(made: Made) -> None:
    released(made)
    older(made, 3.0)
    (file,) = made.record.parent.glob("*.csv.gz")
    file.write_bytes(file.read_bytes()[:-20])
    made.write(REVISED)
    assert move_of(made)["notes"][-1] == "Its rows were not kept: the file of them is damaged or gone."


def test_a_new_file_of_data_is_new_data(made: Made) -> None:
    released(made)
    made.write(REVISED, SHORTER.replace("incidents.csv", "newer.csv"))
    (made.project / "data" / "incidents.csv").rename(made.project / "data" / "newer.csv")
    move = move_of(made)
    assert move["causes"] == ["data", "spec"]
    assert ["spec", "design.before.from: 2022-01 -> 2022-07"] in move["details"]
    assert shares_of(move)["data"]
    assert move["notes"] == []


def test_another_start_is_laid_over_the_old_rows(made: Made) -> None:
    text = STUDY.split("design:")[0] + "design: {kind: interrupted_time_series, season: none, impact: level}\n"
    text = text.replace("  unit: place\n", "  unit: place\n  filter: {place: Northside}\n")
    made.write(text=text)
    released(made)
    made.write(REVISED, text.replace("start: 2023-01", "start: 2022-10"))
    move = move_of(made)
    assert move["notes"] == []
    assert sum(shares_of(move).values()) == pytest.approx(move["now"]["value"] - move["before"]["value"], abs=1e-9)
    made.write(REVISED, text)  # the same study file: old rows alone, whose share is known
    alone = move_of(made, status=None)
    assert shares_of(alone)["spec"] == 0


def test_words_of_the_study_file_move_nothing(made: Made) -> None:
    released(made)
    made.write(text=STUDY.replace("title: Incidents", "# a comment\ntitle: The incidents"))
    assert move_of(made, status=0)["causes"] == []


def test_other_columns_are_told_together(made: Made) -> None:
    released(made)
    made.write(REVISED, STUDY.replace("column: count", "column: number"))
    path = made.project / "data" / "incidents.csv"
    path.write_text(path.read_text().replace("count", "number"))
    move = move_of(made)
    assert set(shares_of(move)) == {"data and spec", "code"}
    assert move["cells"] is None


def test_against_the_run_before_where_nothing_was_released(made: Made) -> None:
    made.call("run", "study")
    made.write(REVISED)
    move = move_of(made)
    assert shares_of(move)["data"]
    assert move["cells"]["revised"] == 2
    made.write(made_counts())  # changed again, not run
    told = made.call("diff", "study", status=1).output  # an old result is not held against anything
    assert "not compared" in told
    assert "2 cells revised" in told
    made.call("run", "study")
    assert "data" in made.call("diff", "study", status=3).output


@pytest.mark.parametrize(("tolerance", "status"), [("0", 3), ("2", 0)])
def test_the_study_says_how_far_it_may_move(made: Made, tolerance: str, status: int) -> None:
    text = f"{STUDY}release: {{tolerance: {tolerance}}}\n"
    made.write(REVISED, text)
    released(made)
    made.write(REVISED | {("Northside", "2023-03"): 100}, text)
    made.call("run", "study")
    made.call("diff", "study", status=status)
    assert made.document()["releases"]["move"]["beyond"] == (status == 3)


def test_a_build_stops_until_it_is_accepted_or_told_not_to(made: Made) -> None:
    released(made)
    made.write(REVISED)
    said = made.call("build", "--engine", "none", status=3).output
    assert "Moved since the last release" in said
    assert "of +" in said
    made.call("build", "--engine", "none", status=3)  # nothing was run now, and it still is not released
    made.call("build", "--engine", "none", "--no-gate", status=0)
    made.publish()
    made.call("build", "--engine", "none", status=0)
    assert "up to date" in made.call("status").output
    history = made.document()["releases"]["history"]
    assert [release["version"] for release in history] == [1, 2]
    assert history[1]["move"]["shares"]
