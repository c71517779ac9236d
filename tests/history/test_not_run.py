"""`evalkit diff` of a study that was not run since something changed: an old result is never taken for that of now."""

import json

from tests.history.conftest import STUDY, made_counts

CHANGED = {**made_counts(), ("Northside", "2023-06"): 31}


def test_a_study_whose_data_changed_since_its_run_is_not_said_to_be_unchanged(made):
    made.call("run", "study")
    made.publish()
    assert "nothing changed" in made.call("diff").output
    made.write(CHANGED)
    for named in ([], ["study"]):
        said = made.call("diff", *named, status=1).output
        assert "nothing changed" not in said
        assert "study: not compared: its last result is out of date (data/incidents.csv changed: 1 cell revised" in said
        assert "`evalkit run study` renews it" in said
    (row,) = json.loads(made.call("diff", "--json", status=1).output)
    assert (row["id"], row["state"], row["before"], row["now"], row["beyond"]) == ("study", "stale", None, None, False)
    assert "data/incidents.csv changed" in row["reasons"][0]
    made.call("run", "study")
    assert "changed: data" in made.call("diff", status=None).output


def test_one_that_a_guard_stops_is_named_also_after_the_run_that_stopped_it(made):
    made.call("run", "study")
    made.publish()
    made.write({**CHANGED, **{("Northside", f"2023-{month:02}"): 0 for month in range(6, 13)}})
    made.call("run", "study", status=1)
    said = made.call("diff", status=1).output
    assert "not compared: its last result is out of date" in said
    assert "nothing changed" not in said


def test_one_that_moved_comes_before_one_that_was_not_run(made):
    other = made.project / "evaluations" / "other.yaml"
    other.write_text(STUDY)
    made.call("run", "--all")
    made.publish()
    made.call("publish", "other", "--reason", "Yearly figures", "--name", "A. Analyst")
    made.write({**made_counts(), **{("Northside", f"2023-{month:02}"): 90 for month in range(1, 13)}})
    made.call("run", "study")
    said = made.call("diff", status=3).output
    assert "study primary: " in said
    assert "other: not compared: its last result is out of date" in said
    made.call("diff", "other", status=1)


def test_a_study_file_that_is_wrong_now_is_told_with_its_problems(made, capsys):
    made.call("run", "study")
    made.publish()
    made.path.write_text(STUDY.replace("kind: before_after", "kind: nonsense"))
    told = made.call("diff", status=1)
    assert "study: not compared: it cannot be run as it is" in told.output
    assert "nonsense" in told.output + capsys.readouterr().err
    assert "nothing changed" not in told.output


def test_a_released_study_whose_file_is_gone_does_not_go_without_a_word(made):
    (made.project / "evaluations" / "other.yaml").write_text(STUDY)
    made.call("run", "--all")
    made.publish()
    for verb in ("diff", "status"):
        assert "gone" not in made.call(verb).output
    made.path.unlink()
    for verb in ("diff", "status"):
        said = made.call(verb).output
        assert "it was released, and its study file is gone: put it back with `status: withdrawn`" in said
        rows = json.loads(made.call(verb, "--json").output)
        assert {row["id"]: row["state"] for row in rows}["study"] == "gone"
    assert "study" not in made.call("status", "other").output
    for _ in range(2):  # when something is done, and when nothing is
        assert "its study file is gone" in made.call("build", "--engine", "bundled").output
