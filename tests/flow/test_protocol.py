"""A plan once it is locked: its hash, what a change of it needs, and that no change slips through."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit import provenance, registration
from evalkit.errors import SpecError
from evalkit.registration.changes import changes
from evalkit.registration.locks import Lock
from evalkit.spec.loading import Spec
from evalkit.spec.reading import read_yaml
from tests.flow.plans import DATE, PLAN

TREE = read_yaml(PLAN, "study.yaml").data


def sha(spec: Spec) -> str:
    return provenance.sha256_of(provenance.canonical(registration.plan_of(spec)))


def messages(spec: Spec) -> list[str]:
    return [problem.message for problem in registration.state_of(spec)[1]]


class TestHash:
    def test_comments_order_and_style_do_not_count(self, plan):
        same = sha(plan())
        assert same == sha(plan(("  # monthly counts", ""), ("title: Navigators", "# why\ntitle: Navigators")))
        assert same == sha(plan(text=yaml.safe_dump(TREE, sort_keys=True)))
        backwards = dict(reversed(list(TREE.items())))
        assert same == sha(plan(text=yaml.safe_dump(backwards, sort_keys=False, default_flow_style=True)))

    def test_what_is_only_said_does_not_count(self, plan):
        same = sha(plan())
        narrated = PLAN + "narrative: {background: New words}\nclaims: []\nshort_title: Short\n"
        assert same == sha(plan(text=narrated))
        assert same == sha(plan(("A. Analyst", "D. Analyst")))
        assert same == sha(plan(("title: Navigators in two", "title: Navigators in 2")))
        assert same == sha(plan(("  unit: hospital\n  period: month\n", "  unit: hospital\n  period: month\n"
                                 "  publisher: The trust\n  licence: None\n  note: Draft\n")))  # fmt: skip

    def test_the_hash_of_the_data_does_not_count(self, plan):
        assert sha(plan()) == sha(
            plan(("path: data/attendances.csv", f"path: data/attendances.csv\n  sha256: {'a' * 64}"))
        )

    def test_a_default_that_is_written_out_does_not_count(self, plan):
        assert sha(plan()) == sha(plan(("  unit: hospital\n", "  unit: hospital\n  separator: ','\n")))

    def test_every_key_of_the_plan_counts(self, plan):
        found = {sha(plan(*pair)) for pair in EDITS.values()}
        assert len(found) == len(EDITS)
        assert sha(plan()) not in found
        assert {key.split(".")[0] for key in EDITS} == set(provenance.PROTOCOL_KEYS)

    def test_starts_of_a_roll_out_table_count(self, plan, project):
        text = ("intervention: {starts: {North: 2026-01, South: 2026-03, East: never, West: never}}",
                "intervention: {table: data/starts.csv}")  # fmt: skip
        table = project / "data" / "starts.csv"
        table.write_text("unit,start\nNorth,2026-01\nSouth,2026-03\n", encoding="utf-8")
        first = sha(plan(text))
        table.write_text('unit,start\n"South",2026-03\nNorth,2026-01\n', encoding="utf-8")
        assert sha(plan(text)) == first
        table.write_text("unit,start\nNorth,2026-01\nSouth,2026-04\n", encoding="utf-8")
        assert sha(plan(text)) != first


ECONOMICS = """economics:
  price_base: 2024-25
  base_year: 2024-25
  costs:
    - {item: Navigators, payer: NHS, annual: 5000, first_year: 2024-25, last_year: 2024-25, price_year: 2024-25,
       source: Plan}
"""
EDITS = {
    "question": [("question: Do attendances", "question: Did attendances")],
    "questions.q1.decision": [("decision: Whether to go on", "decision: Whether to stop")],
    "intervention.starts.South": [("South: 2026-03", "South: 2026-04")],
    "rollout.selected_on_outcome": [("selected_on_outcome: not_selected", "selected_on_outcome: spike")],
    "data.filter.age": [("age: [10-17, 18-25]", "age: [10-17, 18-24]")],
    "outcomes.attendances.minimum_important_change": [
        ("minimum_important_change: 10", "minimum_important_change: 5"),
    ],
    "design.transform": [("two_way_fixed_effects, transform: log}", "two_way_fixed_effects, transform: identity}")],
    "sensitivity.shares": [
        ("design: {transform: identity}}\n", "design: {transform: identity}}\n  - {id: shares, label: Other, design: "
         "{level: 0.9}}\n"),
    ],
    "falsification.early": [("falsification: []", "falsification: [{id: early, label: Early, intervention: {start: "
                             "2025-01}}]")],
    "subgroups.young": [("questions:\n", "subgroups: [{id: young, label: Young, by: age, data: {filter: {age: "
                         "10-17}}}]\nquestions:\n")],
    "multiplicity": [("questions:\n", "multiplicity: {method: none, why: There is one}\nquestions:\n")],
    "economics": [("questions:\n", ECONOMICS + "questions:\n")],
}  # fmt: skip


class TestChanges:
    def test_as_it_was_locked(self, locked):
        state, problems = registration.state_of(locked())
        assert (state["state"], problems) == ("as_locked", [])
        assert state["locked_sha256"] == state["now_sha256"]

    @pytest.mark.parametrize("field", EDITS)
    def test_each_key_is_refused_and_goes_with_the_amendment_to_paste(self, locked, field):
        state, problems = registration.state_of(locked(*EDITS[field]))
        assert state["state"] == "not_as_locked"
        (problem,) = problems
        assert problem.message.startswith(f"{field} ")
        assert problem.line
        assert problem.line > 1 or field == "question"
        pasted = problem.mend.partition("amendments: ")[2].replace("YYYY-MM-DD", "2026-01-02")
        amended = locked(*EDITS[field], amendments=f"    {pasted}\n")
        state, problems = registration.state_of(amended)
        assert problems == []
        assert state["state"] == "amended"
        (row,) = state["changes"]
        assert (row["field"], row["amended"]) == (field, ["2026-01-02"])

    def test_each_part_of_the_message(self, locked):
        (problem,) = registration.state_of(locked(("South: 2026-03", "South: 2026-04")))[1]
        assert (
            problem.message
            == "intervention.starts.South was fixed on 2025-11-21 as '2026-03', and here it is '2026-04'"
        )
        assert problem.source_line.strip().startswith("intervention:")
        assert '{date: "YYYY-MM-DD", field: "intervention.starts.South", from: "2026-03", to: "2026-04"' in problem.mend

    def test_amendments_chain(self, locked):
        steps = [(10, 8), (8, 5)]
        field = "outcomes.attendances.minimum_important_change"
        lines = [f'    - {{date: "2026-01-0{at}", field: {field}, from: {a}, to: {b}, reason: Less is enough}}\n'
                 for at, (a, b) in enumerate(steps, 1)]  # fmt: skip
        edit = ("minimum_important_change: 10", "minimum_important_change: 5")
        state, problems = registration.state_of(locked(edit, amendments="".join(lines)))
        assert problems == []
        assert state["changes"][0]["amended"] == ["2026-01-01", "2026-01-02"]
        assert messages(locked(edit, amendments="".join(reversed(lines))))
        (left,) = messages(locked(edit, amendments=lines[0]))
        assert "was amended to 8, and here it is 5" in left

    @pytest.mark.parametrize(
        ("amendment", "says"),
        [
            ("field: outcomes.attendances.minimum_important_change, from: 9, to: 5", "from 9, and what stood was 10"),
            ("field: outcomes.attendances.minimum_important_change, from: 10, to: 10", "to what it was"),
            ("field: outcomes.attendance.minimum_important_change, from: 10, to: 5", "is no field of the plan"),
            ("field: governance.analyst, from: A, to: B", "is no field of the plan"),
        ],
    )
    def test_an_amendment_that_explains_nothing_is_named(self, locked, amendment, says):
        edit = ("minimum_important_change: 10", "minimum_important_change: 5")
        line = f'    - {{date: "2026-01-02", {amendment}, reason: A slip}}\n'
        problems = registration.state_of(locked(edit, amendments=line))[1]
        assert any(says in problem.message for problem in problems)
        assert any("minimum_important_change was fixed" in problem.message for problem in problems)
        named = next(problem for problem in problems if says in problem.message)
        assert named.where.startswith("registration.amendments.0")

    def test_a_name_that_is_nearly_one_is_meant(self, locked):
        line = ('    - {date: "2026-01-02", field: outcomes.attendance.minimum_important_change, from: 10, to: 5, '
                "reason: A slip}\n")  # fmt: skip
        (problem,) = registration.state_of(locked(amendments=line))[1]
        assert problem.mend == "did you mean 'outcomes.attendances.minimum_important_change'?"

    def test_an_amendment_without_the_change(self, locked):
        line = ('    - {date: "2026-01-02", field: outcomes.attendances.minimum_important_change, from: 10, to: 5, '
                "reason: Less is enough}\n")  # fmt: skip
        (found,) = messages(locked(amendments=line))
        assert found.endswith("was amended to 5, and here it is 10")

    def test_an_amendment_before_the_lock(self, locked):
        line = ('    - {date: "2025-01-02", field: outcomes.attendances.minimum_important_change, from: 10, to: 5, '
                "reason: Less is enough}\n")  # fmt: skip
        edit = ("minimum_important_change: 10", "minimum_important_change: 5")
        assert messages(locked(edit, amendments=line)) == [
            "an amendment of 2025-01-02 lies before the plan was fixed on 2025-11-21"
        ]

    def test_an_amendment_of_a_whole_block(self, locked):
        block = json.dumps({"East": "never", "North": "2026-01", "South": "2026-03", "West": "never"})
        later = block.replace("2026-03", "2026-04")
        line = (f"    - {{date: \"2026-01-02\", field: intervention.starts, from: '{block}', to: '{later}', "
                "reason: Later}\n")  # fmt: skip
        state, problems = registration.state_of(locked(("South: 2026-03", "South: 2026-04"), amendments=line))
        assert problems == []
        assert state["changes"] == [{"field": "intervention.starts.South", "from": "2026-03", "to": "2026-04",
                                     "amended": ["2026-01-02"]}]  # fmt: skip


class TestLockFile:
    def test_one_that_is_gone_is_missed(self, locked, project):
        spec = locked()
        (project / "protocols" / "study.lock.json").unlink()
        (problem,) = registration.state_of(spec)[1]
        assert "is not there" in problem.message
        assert problem.where == "registration.protocol_sha256"

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda kept: kept["protocol"]["outcomes"]["attendances"].update(minimum_important_change=5.0), "by hand"),
            (lambda kept: kept.update(locked_at="2019-01-01"), "changed by hand: its date"),
            (lambda kept: kept.update(written_at=DATE), "changed by hand: its date"),
            (lambda kept: kept.update(data_seen="outcome_data"), "what had been seen by then"),
            (lambda kept: kept.update(id="other"), "is not the lock of study"),
            (lambda kept: kept.pop("protocol"), "damaged"),
            (lambda kept: kept.update(schema="evalkit/lock/9"), "is not the lock of study"),
        ],
    )
    def test_one_that_was_changed_is_not_believed(self, locked, project, change, says):
        spec = locked()
        path = project / "protocols" / "study.lock.json"
        kept = json.loads(path.read_text())
        change(kept)
        path.write_text(json.dumps(kept))
        state, problems = registration.state_of(spec)
        assert state["state"] == "not_as_locked"
        assert any(says in problem.message for problem in problems)
        path.write_text(path.read_text()[:100])
        assert registration.state_of(spec)[1]

    def test_a_lock_made_anew_by_hand_is_not_the_one_that_the_study_names(self, locked, project):
        spec = locked()
        path = project / "protocols" / "study.lock.json"
        kept = json.loads(path.read_text())
        kept["protocol"]["outcomes"]["attendances"]["minimum_important_change"] = 5.0
        kept["sha256"] = provenance.sha256_of(provenance.canonical(kept["protocol"]))
        path.write_text(json.dumps(dataclasses.asdict(Lock(**kept).sealed())))
        assert any(problem.where == "registration.protocol_sha256" for problem in registration.state_of(spec)[1])

    @pytest.mark.parametrize(
        ("old", "new"),
        [(f'locked_at: "{DATE}"', 'locked_at: "2025-01-01"'), ("before_lock: none", "before_lock: outcome_data")],
    )
    def test_date_and_what_had_been_seen_stay_as_they_were(self, locked, old, new):
        (problem,) = registration.state_of(locked((old, new)))[1]
        assert "study.lock.json has" in problem.message

    def test_without_the_lines_the_lock_holds_all_the_same(self, locked, plan):
        spec = plan(("minimum_important_change: 10", "minimum_important_change: 5"))
        assert registration.state_of(spec)[0]["state"] == "not_as_locked"
        state, problems = registration.state_of(plan())
        assert problems == []
        block = registration.with_lock({"registration": None}, state)["registration"]
        assert block["locked_at"] == DATE

    def test_an_option_that_came_later_is_no_change(self, locked, project):
        path = project / "protocols" / "study.lock.json"
        kept = json.loads(path.read_text())
        for block in ("design", "data"):
            kept["protocol"][block].pop(sorted(kept["protocol"][block])[0])
        kept["sha256"] = provenance.sha256_of(provenance.canonical(kept["protocol"]))
        path.write_text(json.dumps(dataclasses.asdict(Lock(**kept).sealed())))
        text = locked().path.read_text(encoding="utf-8")
        spec = locked((text.partition("protocol_sha256: ")[2][:64], kept["sha256"]))
        state, problems = registration.state_of(spec)
        assert problems == []
        assert state["state"] == "as_locked"
        assert state["now_sha256"] == kept["sha256"]

    def test_without_a_lock(self, plan):
        assert registration.state_of(plan())[0]["state"] == "not_locked"
        stated = ("  final_look: 2028-03\n", '  final_look: 2028-03\n  locked_at: "2020-01-01"\n')
        assert registration.state_of(plan(stated))[0]["state"] == "stated"


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False),
                    st.text(max_size=4))  # fmt: skip
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                                          max_size=3))  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PLAIN, PLAIN)
def test_two_plans_differ_in_a_field_exactly_when_their_json_differs(one, other):
    one, other = {"design": one}, {"design": other}
    same = provenance.canonical(one) == provenance.canonical(other)
    assert (not [*changes(one, other)]) == same


def _leaves(data, path=()):
    if isinstance(data, dict):
        return [leaf for key, item in data.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(data, list):
        return [leaf for at, item in enumerate(data) for leaf in _leaves(item, (*path, at))]
    return [path]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from([path for path in _leaves(TREE) if path[0] != "registration"]),
    value=st.one_of(st.none(), st.integers(0, 40), st.sampled_from(["never", "2026-05", "lower", "unlikely", "Other"])),
    remove=st.booleans(),
)
def test_no_edit_of_the_study_file_slips_through(locked, plan, path, value, remove):
    """A study is as it was locked exactly where the JSON of its plan is; the amendments to paste explain the rest."""
    fixed = registration.plan_of(locked())
    edited = copy.deepcopy(locked().document.data)
    place = edited
    for part in path[:-1]:
        place = place[part]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    try:
        spec = plan(text=yaml.safe_dump(edited, allow_unicode=True))
    except SpecError:
        return  # no study file any more: nothing runs
    same = provenance.canonical(registration.plan_of(spec)) == provenance.canonical(fixed)
    state, problems = registration.state_of(spec)
    assert (state["state"] == "as_locked") == same
    assert bool(problems) != same
    pasted = [problem.mend.partition("amendments: - ")[2].replace("YYYY-MM-DD", "2026-01-02") for problem in problems]
    edited["registration"]["amendments"] = [yaml.safe_load(line) for line in pasted]
    state, problems = registration.state_of(plan(text=yaml.safe_dump(edited, allow_unicode=True)))
    assert problems == []
    assert state["state"] == ("as_locked" if same else "amended")
