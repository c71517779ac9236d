"""The verb power as a user meets it: a table, --json, a start that is yet to come, and what is refused."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conftest import SERIES

Write = Callable[..., Path]
VALUES = ", ".join(str(60 + (7 * i) % 13) for i in range(48))


def power(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evalkit", "power", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_table_and_where_it_comes_from(write_study: Write, project: Path) -> None:
    write_study()
    done = power("study", "--replications", "60", folder=project)
    assert done.returncode == 0, done.stderr
    assert "months before" in done.stdout
    assert "24 after" in done.stdout
    assert "With 36 months before and 12 after, a fall of" in done.stdout
    assert "Simulated 60 times from the 36 months before the start" in done.stdout
    assert done.stderr == ""


def test_json_holds_the_same(write_study: Write, project: Path) -> None:
    write_study()
    found = json.loads(power("study", "--replications", "60", "--json", folder=project).stdout)
    assert found["id"] == "study"
    assert found["power"]["own"]["before"] == 36
    assert {cell["after"] for cell in found["power"]["cells"]} == {3, 6, 12, 24}
    assert not (project / "results").exists()


def test_a_start_that_is_yet_to_come(write_study: Write, project: Path) -> None:
    write_study((SERIES % VALUES).replace("start: 2021-01}\noutcomes", "start: 2022-04}\noutcomes"))
    found = json.loads(power("study", "--replications", "60", "--json", folder=project).stdout)["power"]
    assert found["pre_period"]["periods"] == 48
    assert found["own"]["after"] is None
    assert any(cell["smallest_change_percent"] for cell in found["cells"])


def test_a_start_before_the_data_is_an_error(write_study: Write, project: Path) -> None:
    write_study((SERIES % VALUES).replace("start: 2021-01}\noutcomes", "start: 2017-01}\noutcomes"))
    done = power("study", folder=project)
    assert done.returncode == 1
    assert "data run from 2018-01 to 2021-12" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_design_that_it_is_not_worked_out_for(write_study: Write, project: Path) -> None:
    text = (SERIES % VALUES).replace("kind: interrupted_time_series, season: none", "kind: before_after")
    write_study(text.replace("kind: count", "kind: continuous"))
    done = power("study", folder=project)
    assert done.returncode == 1
    assert "worked out for counts" in done.stderr
    assert "evaluations/study.yaml" in done.stderr


def test_an_unknown_study(project: Path) -> None:
    done = power("nothing", folder=project)
    assert done.returncode == 1
    assert "does not exist" in done.stderr


PLACES = """\
evalkit: 1
title: Places
question: Did it change?
data: {source: csv, path: data/places.csv, unit: place, period: {column: month, frequency: month}}
intervention: {starts: {P00: START, P01: START}}
outcomes:
  incidents: {label: Incidents, column: incidents, kind: count, better: lower}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
"""


def places(project: Path) -> None:
    rows = ["place,month,incidents"]
    for place in range(24):
        for month in range(36):
            noise = (place * 7919 + month * 104729 + place * month * 31) % 23
            rows.append(f"P{place:02d},{2019 + month // 12}-{month % 12 + 1:02d},{80 + 5 * place + noise}")
    (project / "data" / "places.csv").write_text("\n".join(rows))


def test_the_number_of_treated_places(write_study: Write, project: Path) -> None:
    places(project)
    write_study(PLACES.replace("START", "2021-01"))
    done = power("study", "--replications", "60", folder=project)
    assert done.returncode == 0, done.stderr
    assert "2, this study's own" in done.stdout
    assert "events a year" in done.stdout
    assert "With the study's own 2 treated units, a fall of" in done.stdout
    assert done.stderr == ""


def test_places_whose_start_is_yet_to_come(write_study: Write, project: Path) -> None:
    places(project)
    write_study(PLACES.replace("START", "2022-07"))
    command = ("study", "--replications", "60", "--after", "18", "--json")
    found = json.loads(power(*command, folder=project).stdout)["power"]
    assert found["planned"]
    assert (found["own"]["before"], found["own"]["after"]) == (42, 18)
    assert found["pre_period"]["periods"] == 36
    assert found["own"]["smallest_change_percent"] > 0.0


def test_one_length_after_of_a_series(write_study: Write, project: Path) -> None:
    write_study()
    command = ("study", "--replications", "60", "--after", "9", "--json")
    found = json.loads(power(*command, folder=project).stdout)["power"]
    assert {cell["after"] for cell in found["cells"]} == {9}
