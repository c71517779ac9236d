"""What it takes to fix a plan, and the lines that say so in the study file."""

from __future__ import annotations

import json

import pytest

from evalkit import provenance, registration
from evalkit.errors import ProtocolError
from evalkit.spec.loading import load_spec
from tests.flow.plans import DATE, PLAN


class TestLocking:
    def test_the_lock_holds_the_plan(self, plan, project):
        spec = plan()
        lock = registration.lock_study(spec, DATE)
        kept = json.loads((project / "protocols" / "study.lock.json").read_text())
        assert kept["locked_at"] == DATE
        assert kept["data_seen"] == "none"
        assert kept["data"] == [{"name": "data/attendances.csv", "sha256": None}]
        assert kept["sha256"] == lock.sha256
        assert lock.sha256 == provenance.sha256_of(provenance.canonical(registration.plan_of(spec)))
        assert kept["protocol"]["intervention"]["starts"]["South"] == "2026-03"
        assert kept["protocol"]["outcomes"]["attendances"]["minimum_important_change"] == 10

    def test_data_that_are_there_are_named_with_their_hash(self, plan, project):
        (project / "data" / "attendances.csv").write_text(
            "hospital,month,age,attendances,falls\nNorth,2025-01,10-17,3,1\n"
        )
        assert len(registration.lock_study(plan(), DATE).data[0]["sha256"]) == 64

    def test_every_reason_against_it_at_once(self, plan, project):
        spec = plan(
            ("    minimum_important_change: 10\n", ""),
            ("    measurement_affected: possible\n", ""),
            ("South: 2026-03", "South: null"),
            (", stronger_rejected: A trial could not be had", ""),
            ("  co_interventions: []\n", "  units: [{id: North, start: 2026-01, source: Plan}, {id: South}]\n"),
            ("ethics:" + PLAN.partition("ethics:")[2].partition("assurance:")[0], ""),
            ("  data_seen_before_lock: none\n", ""),
        )  # fmt: skip
        with pytest.raises(ProtocolError) as caught:
            registration.lock_study(spec, DATE)
        found = {problem.where for problem in caught.value.problems}
        assert found == {
            "outcomes.attendances.minimum_important_change", "outcomes.attendances.measurement_affected",
            "intervention.starts.South", "choice_of_design.stronger_rejected", "rollout.co_interventions",
            "rollout.units.1.start", "rollout.units.1.source", "ethics", "registration.data_seen_before_lock",
        }  # fmt: skip
        assert all(problem.line and problem.mend for problem in caught.value.problems)
        (whole,) = [problem for problem in caught.value.problems if problem.where == "ethics"]
        assert "lawful_basis" in whole.mend
        assert not (project / "protocols").exists()

    def test_a_list_that_is_written_and_empty_is_enough(self, plan):
        assert registration.lock_study(plan(), DATE)

    def test_starts_that_stand_in_the_data_are_not_fixed(self, plan):
        spec = plan(("{starts: {North: 2026-01, South: 2026-03, East: never, West: never}}", "{start_column: begun}"))
        with pytest.raises(ProtocolError, match="the starts stand in the data"):
            registration.lock_study(spec, DATE)

    def test_no_second_lock(self, plan):
        registration.lock_study(plan(), DATE)
        with pytest.raises(ProtocolError, match=f"it was locked on {DATE}"):
            registration.lock_study(plan(("minimum_important_change: 10", "minimum_important_change: 5")), "2026-01-01")

    @pytest.mark.parametrize("date", ["21.11.2025", "2025-13-01", ""])
    def test_a_date_that_is_none(self, plan, date):
        with pytest.raises(ProtocolError, match="is not a date"):
            registration.lock_study(plan(), date)

    @pytest.mark.parametrize(("simulated", "refused"), [(False, True), (True, False)])
    def test_a_result_of_real_data_shows_that_they_were_seen(self, plan, project, simulated, refused):
        from evalkit import archive

        folder = project / "results" / "study"
        folder.mkdir(parents=True)
        analysis = {"simulated": simulated}
        (folder / "result.json").write_text(json.dumps({"schema": archive.SCHEMA, "analyses": [analysis]}))
        if not refused:
            assert registration.lock_study(plan(), DATE, project / "results")
            return
        with pytest.raises(ProtocolError, match="so they have been seen"):
            registration.lock_study(plan(), DATE, project / "results")


class TestLines:
    def test_comments_and_style_are_kept(self, plan):
        spec = plan()
        lock = registration.lock_study(spec, DATE)
        registration.write_lines(spec, lock)
        text = spec.path.read_text(encoding="utf-8")
        assert text.replace(f'  locked_at: "{DATE}"\n  protocol_sha256: {lock.sha256}\n', "") == PLAN
        assert registration.state_of(load_spec(spec.path, planned=True))[0]["state"] == "as_locked"

    def test_a_block_on_one_line_and_other_ends_of_lines(self, plan):
        one = PLAN.replace("registration:\n  data_seen_before_lock: none\n  final_look: 2028-03\n",
                           "registration: {data_seen_before_lock: none, final_look: 2028-03}  # kept\n")  # fmt: skip
        spec = plan(text=one)
        spec.path.write_bytes(one.replace("\n", "\r\n").encode())
        spec = load_spec(spec.path, planned=True)
        lock = registration.lock_study(spec, DATE)
        registration.write_lines(spec, lock)
        written = spec.path.read_bytes().decode()
        assert written.count("\r\n") == written.count("\n")
        assert "# kept" in written
        assert registration.state_of(load_spec(spec.path, planned=True))[0]["state"] == "as_locked"

    def test_what_stands_already_is_not_written_over(self, plan):
        spec = plan(("  data_seen_before_lock: none\n", '  data_seen_before_lock: none\n  locked_at: "2020-01-01"\n'))
        before = spec.path.read_bytes()
        lock = registration.lock_study(spec, DATE)
        with pytest.raises(ProtocolError, match="could not be put there safely"):
            registration.write_lines(spec, lock)
        assert spec.path.read_bytes() == before
