"""Dates that a plan may bear, what earlier runs show of it, and a lock that nobody would miss."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from evalkit import archive, flow, registration
from evalkit.errors import DataError, ProtocolError
from evalkit.registration.dates import days
from tests.flow.plans import DATE, PLAN

FIELD = "outcomes.attendances.minimum_important_change"
EDIT = ("minimum_important_change: 10", "minimum_important_change: 5")
TODAY = max(days())
LATER = (datetime.date.fromisoformat(TODAY) + datetime.timedelta(days=2)).isoformat()
RELEASE, RESULT = "reports/published/study.json", "results/study/result.json"


def amendment(date: str = "2026-01-02", seen: str = "none") -> str:
    return f'    - {{date: "{date}", field: {FIELD}, from: 10, to: 5, reason: Less is enough, data_seen: {seen}}}\n'


def messages(spec) -> list[str]:
    return [problem.message for problem in registration.state_of(spec)[1]]


def earlier(project: Path, name: str, *, simulated: bool = False, locked: str | None = None, amendments=()) -> None:
    """Write what matters of a result, or of a release."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "schema": archive.SCHEMA, "analyses": [{"simulated": simulated}], "protocol": {"locked_sha256": locked},
        "study": {"registration": {"amendments": list(amendments)}},
    }))  # fmt: skip


class TestDates:
    def test_a_plan_is_not_fixed_on_a_day_that_is_yet_to_come(self, plan, project):
        with pytest.raises(ProtocolError, match=f"{LATER} is yet to come") as caught:
            registration.lock_study(plan(), LATER)
        assert caught.value.problems[0].where == "--date"
        assert not (project / "protocols").exists()

    def test_today_is_recorded_and_an_earlier_day_is_stated(self, plan, project):
        lock = registration.lock_study(plan())
        assert lock.locked_at == lock.written_at
        assert lock.locked_at in days()
        assert registration.state_of(plan())[0]["dated"] == "recorded"
        (project / "protocols" / "study.lock.json").unlink()
        stated = registration.lock_study(plan(), DATE)
        assert (stated.locked_at, stated.written_at in days()) == (DATE, True)
        state = registration.state_of(plan())[0]
        assert (state["state"], state["dated"], state["locked_at"]) == ("as_locked", "stated", DATE)
        assert state["written_at"] == stated.written_at

    def test_todays_date_that_is_given_is_recorded_as_well(self, plan, project):
        for date in days():  # asked for here: a suite that began before midnight ends on another day
            assert registration.lock_study(plan(), date).dated == "recorded"
            (project / "protocols" / "study.lock.json").unlink()

    def test_a_study_file_that_says_so_alone_cannot_say_a_day_to_come(self, plan):
        lines = f'  locked_at: "{LATER}"\n'
        assert messages(plan(text=PLAN + lines)) == [
            f"the plan cannot have been fixed on {LATER}, which is yet to come"
        ]
        assert messages(plan(text=PLAN + f'  locked_at: "{TODAY}"\n')) == []

    def test_an_amendment_of_a_day_to_come_is_refused_and_one_of_today_is_not(self, locked):
        assert messages(locked(EDIT, amendments=amendment(LATER))) == [f"an amendment of {LATER} is yet to come"]
        assert messages(locked(EDIT, amendments=amendment(TODAY))) == []

    def test_the_page_says_that_an_earlier_date_is_stated(self, locked):
        from types import SimpleNamespace

        from evalkit.report.told.plan import _fixed

        state, _ = registration.state_of(locked())
        block = {"locked_at": DATE, "data_seen_before_lock": "none"}
        told = _fixed(block, SimpleNamespace(protocol=state))  # type: ignore[arg-type]
        assert told.startswith("The date on which the plan was fixed is stated, not recorded: the copy of the plan was")
        assert _fixed(block, SimpleNamespace(protocol={**state, "dated": "recorded"})) == ""  # type: ignore[arg-type]


class TestSeen:
    @pytest.mark.parametrize("name", [RELEASE, RESULT])
    def test_a_run_on_the_outcomes_shows_that_they_had_been_seen_at_the_lock(self, plan, project, name):
        earlier(project, name, simulated=True)
        registration.lock_study(plan())
        (project / "protocols" / "study.lock.json").unlink()
        earlier(project, name)
        with pytest.raises(ProtocolError, match="was made from the outcomes, so they have been"):
            registration.lock_study(plan())

    @pytest.mark.parametrize("name", [RELEASE, RESULT])
    def test_an_amendment_written_after_a_run_on_the_outcomes_says_so(self, locked, project, name):
        amended = locked(EDIT, amendments=amendment())
        assert messages(amended) == []
        earlier(project, name, simulated=True)
        assert messages(amended) == []
        earlier(project, name)
        (problem,) = registration.state_of(amended)[1]
        assert "was made from the outcomes before this amendment was written, so they had been seen" in problem.message
        assert problem.where == "registration.amendments.0.data_seen"
        assert messages(locked(EDIT, amendments=amendment(seen="outcome_data"))) == []

    def test_an_amendment_that_the_run_knew_stays_as_it_was(self, locked, project):
        known = {
            "date": "2026-01-02",
            "field": FIELD,
            "from": 10,
            "to": 5,
            "reason": "Other words",
            "data_seen": "none",
        }
        earlier(project, RESULT, amendments=[known])
        assert messages(locked(EDIT, amendments=amendment())) == []
        earlier(project, RESULT, amendments=[{**known, "data_seen": "outcome_data"}])
        assert len(messages(locked(EDIT, amendments=amendment()))) == 1

    def test_what_a_real_run_writes_down_is_what_is_looked_for(self, locked, project):
        """The study block of a result holds amendments in the form in which they are compared."""
        from evalkit.spec.loading import resolved

        spec = locked(EDIT, amendments=amendment())
        earlier(project, RELEASE, amendments=resolved(spec.study)["registration"]["amendments"])
        assert messages(spec) == []


class TestShed:
    @pytest.mark.parametrize("name", [RELEASE, RESULT])
    def test_a_lock_that_a_run_knew_is_missed_without_the_lines_too(self, locked, plan, project, name):
        state, _ = registration.state_of(locked())
        earlier(project, name, simulated=True, locked=state["locked_sha256"])
        assert messages(plan()) == []
        (project / "protocols" / "study.lock.json").unlink()
        found, (problem,) = registration.state_of(plan())
        assert found["state"] == "not_as_locked"
        assert problem.message.startswith("the plan was fixed when ")
        assert problem.file == "protocols/study.lock.json"
        assert state["locked_sha256"] in problem.mend
        with pytest.raises(ProtocolError, match="its lock is not there"):
            registration.lock_study(plan())

    def test_a_run_into_another_folder_looks_at_what_that_folder_holds(self, locked, plan, project):
        state, _ = registration.state_of(locked())
        earlier(project, "elsewhere/study/result.json", simulated=True, locked=state["locked_sha256"])
        (project / "protocols" / "study.lock.json").unlink()
        with pytest.raises(DataError, match=r"does not exist|is not there"):  # as far as that: its data are to come
            flow.evaluate(plan(), results=project / "results")
        with pytest.raises(ProtocolError, match="the plan was fixed when "):
            flow.evaluate(plan(), results=project / "elsewhere")

    def test_another_lock_in_its_place_is_refused(self, locked, project):
        spec = locked()
        earlier(project, RELEASE, locked="a" * 64)
        assert [text for text in messages(spec) if text.startswith("is not the plan that was fixed when")]

    def test_a_lock_that_the_study_file_does_not_name_is_called_to_mind(self, locked, plan):
        spec = locked()
        assert registration.reminders(spec) == []
        (told,) = registration.reminders(plan())
        assert "does not name its lock, protocols/study.lock.json" in told
        assert f'locked_at: "{DATE}"; protocol_sha256: ' in told

    def test_nothing_is_called_to_mind_without_a_lock(self, plan):
        assert registration.reminders(plan()) == []


class TestTables:
    MONTH = ("  period: month", "  period: {column: month, frequency: month}")

    def source(self, lines: str) -> tuple[str, str]:
        return ("  source: csv\n  path: data/attendances.csv\n", lines)

    def test_files_of_a_table_are_named_with_their_hash(self, plan, project):
        (project / "data" / "months").mkdir()
        (project / "data" / "months" / "2025-01.csv").write_text(
            "hospital,month,age,attendances,falls\nNorth,2025-01,10-17,3,1\n"
        )
        spec = plan(self.source('  source: table\n  path: "data/months/*.csv"\n'), self.MONTH)
        (kept,) = registration.lock_study(spec).data
        assert kept["name"] == "data/months/*.csv"
        assert len(kept["sha256"]) == 64

    def test_a_table_of_a_database_is_named_and_not_asked(self, plan, monkeypatch):
        monkeypatch.setenv("EVALKIT_CONNECTION_RECORDS", "duckdb:///nowhere.duckdb")
        spec = plan(self.source("  source: table\n  connection: records\n  table: attendances\n"), self.MONTH)
        assert registration.lock_study(spec).data == [
            {"name": "attendances of records", "sha256": None, "database": True}
        ]
