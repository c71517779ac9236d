"""Guards stop a study before its numbers are believed, name unit and dates, and can be waived with a reason."""

import numpy
import pytest
from conftest import PANEL, rows_of
from guarded_panels import forces, panel, used

from evalkit.archive import from_document, to_document
from evalkit.errors import SpecError
from evalkit.flow import evaluate
from evalkit.sources.guards.held import declared_times
from evalkit.sources.guards.newest_periods import newest_below
from evalkit.sources.guards.places import boundary_change
from evalkit.sources.guards.sudden_break import sudden_breaks
from evalkit.sources.guards.zero_runs import improbable_runs, run_probability
from evalkit.spec.loading import load_spec

FEW = ("Cheshire", "Essex", "Greater Manchester", "Kent", "Lancashire", "Merseyside", "Sussex", "West Midlands",
       "West Yorkshire")  # fmt: skip
WAIVED = ", guards: {%s: {waived: The publisher confirmed it, by: A. Analyst}}"


def some_forces(**changes):
    made = {name: values for name, values in forces().items() if name in FEW}
    return {**made, **changes}


def greater_manchester(since=30, until=48):
    """Forces a month from 2017-01, Greater Manchester with zeros from 2019-07 as police.uk has it."""
    made = some_forces()
    made["Greater Manchester"] = [0.0 if since <= at < until else value
                                  for at, value in enumerate(made["Greater Manchester"])]  # fmt: skip
    return made


@pytest.mark.parametrize(("intervention", "role"), [
    ("{starts: {Greater Manchester: 2019-07}}", "(treated)"), ("{starts: {West Midlands: 2019-07}}", "(not treated)"),
])  # fmt: skip
def test_greater_manchester_from_july_2019_stops_the_study(study, stopped, intervention, role):
    message = stopped(study(rows_of(greater_manchester()), intervention=intervention))
    assert f"Greater Manchester {role} has 0 for 2019-07 to 2020-12" in message
    assert "data.guards: {zero_runs: {waived: why, by: who}}" in message
    assert message.count("\n") == 0, "one cause, one message"


def test_a_waiver_lets_the_study_go_on_and_is_kept(study):
    made = evaluate(load_spec(study(
        rows_of(greater_manchester()), data=WAIVED % "zero_runs", intervention="{starts: {West Midlands: 2019-07}}",
        design=PANEL.replace("log", "identity"))))  # fmt: skip
    (found,) = [each for each in made.guards if each.guard == "zero_runs"]
    assert (found.found, found.note, found.who) == ("waived", "The publisher confirmed it", "A. Analyst")
    assert from_document(to_document(made)).guards == made.guards
    assert from_document(to_document(made)).shape == made.shape


@pytest.mark.parametrize("waiver", ["true", "yes", "because", "{waived: why}", "{by: me}"])
def test_a_waiver_needs_a_reason_and_a_name(study, waiver):
    with pytest.raises(SpecError) as caught:
        load_spec(study(rows_of(some_forces()), data=f", guards: {{zero_runs: {waiver}}}"))
    assert "guards" in str(caught.value)


def test_an_unknown_guard_is_named_with_the_nearest(study):
    with pytest.raises(SpecError, match="zero_runs"):
        load_spec(study(rows_of(some_forces()), data=", guards: {zero_run: {waived: a, by: b}}"))


def test_sound_data_are_not_stopped_and_what_was_looked_at_is_kept(study, run):
    made = run(study(rows_of(some_forces())))
    found = {each.guard: each for each in made.guards}
    assert {name: each.found for name, each in found.items()} == dict.fromkeys(
        ("boundary_change", "zero_runs", "newest_periods", "sudden_break"), "met"
    ) | dict.fromkeys(("schema_drift", "withdrawn_rows"), "not_run")
    assert "Limit" in found["sudden_break"].note
    assert "Greater Manchester" in found["sudden_break"].note


def test_under_a_rule_for_small_numbers_no_statistic_is_told(study, run):
    made = run(study(rows_of(some_forces()), rest="disclosure: {profile: custom, min_cell: 5}"))
    assert {each.note for each in made.guards if each.found == "met"} == {""}


def test_the_probability_of_a_run_by_hand():
    """Mean 2 over ten periods, two of them zero, and counts of 2.5: no more spread than a Poisson, so exp(-4)."""
    events = numpy.array([2.0, 3, 2, 3, 2, 3, 2, 3, 0, 0])
    assert run_probability(events, numpy.ones(10), 8, 10) == pytest.approx(numpy.exp(-4))
    spread = numpy.array([0.5, 10, 1, 9, 0.5, 9, 1, 9, 0, 0])
    outside = spread[:8]
    dispersion = ((outside - 5) ** 2 - 5).sum() / (8 * 25)
    assert run_probability(spread, numpy.ones(10), 8, 10) == pytest.approx((1 + dispersion * 4) ** (-2 / dispersion))


def test_rare_events_have_zeros_by_chance():
    """A hundred wards with one event in two months: runs of zeros are common, and none of them stops the study."""
    random = numpy.random.default_rng(5)
    wards = {f"ward {at}": [float(count) for count in random.poisson(0.5, 60)] for at in range(100)}
    made = panel(wards, "2019-01", treated=("ward 1",))
    assert improbable_runs(made, used(made)) == []


def test_zeros_outside_the_windows_do_not_count():
    made = panel(greater_manchester(until=36), "2018-07", treated=("Greater Manchester",))
    assert improbable_runs(made, set(range(made.times[0], made.times[0] + 30))) == []
    (run,) = improbable_runs(made, used(made))
    assert (run.unit, len(run.times), run.treated) == ("Greater Manchester", 6, True)


def test_expected_places_and_periods(study, stopped, run):
    made = some_forces()
    made["Kent"] = [None if at in (20, 21) else value for at, value in enumerate(made["Kent"])]
    message = stopped(study(rows_of(made), data=", expected_coverage: {from: 2017-01, units: [Kent, Esex, Sussex]}"))
    assert "Esex was expected and is not among the units of the data; did you mean 'Essex'" in message
    assert "Kent has no rows for 2018-09 to 2018-10" in message
    later = ", expected_coverage: {from: 2017-01, to: 2021-02, units: [Sussex]}"
    assert "Sussex has no rows for 2021-01 to 2021-02" in stopped(study(rows_of(some_forces()), data=later))
    whole = run(study(rows_of(some_forces()), data=", expected_coverage: {from: 2017-01}"))
    (found,) = [each for each in whole.guards if each.guard == "coverage_gap"]
    assert (found.found, found.note) == ("met", "January 2017 to December 2020, every place.")


def test_declared_gaps_are_not_expected(study, run):
    made = some_forces()
    made["Kent"] = [None if at == 20 else value for at, value in enumerate(made["Kent"])]
    gap = ", gaps: [{period: 2018-09, why: New system, unit: Kent}], expected_coverage: {from: 2017-01}"
    assert [each.found for each in run(study(rows_of(made), data=gap)).guards if each.guard == "coverage_gap"] == [
        "met"
    ]


def broken(at, factor):
    made = some_forces()
    made["Greater Manchester"] = [value * factor if time >= at else value
                                  for time, value in enumerate(made["Greater Manchester"])]  # fmt: skip
    return {area: [round(value) for value in values] for area, values in made.items()}


def test_a_sudden_break_in_a_treated_place_stops_the_study(study, stopped, run):
    path = study(rows_of(broken(12, 0.4)))
    message = stopped(path)
    assert "Greater Manchester falls suddenly in January 2018, which is no start" in message
    assert "times the usual one (limit " in message
    declared = ", breaks: [{date: 2018-01, units: [Greater Manchester], what: New recording system}]"
    assert run(study(rows_of(broken(12, 0.4)), data=declared))
    noted = 'data_notes: {breaks: [{date: "2018-01", what: New recording system}]}'
    assert run(study(rows_of(broken(12, 0.4)), rest=noted))


def test_a_break_in_a_place_that_is_not_treated_is_left_to_the_checks(study, run):
    assert run(study(rows_of(broken(12, 0.4)), intervention="{starts: {Kent: 2019-01}}"))


@pytest.mark.parametrize("factor", [0.1, 0.5, 3.0])
def test_the_start_itself_is_no_break(study, run, factor):
    """A large effect at the start is what the study looks for."""
    assert run(study(rows_of(broken(24, factor))))


def test_what_moves_every_place_is_no_break_of_one(study, run):
    """All places fall by two thirds in April 2018 and stay there: comparison places carry it."""
    made = {area: [round(value * (0.33 if at >= 15 else 1)) for at, value in enumerate(values)]
            for area, values in some_forces().items()}  # fmt: skip
    assert run(study(rows_of(made)))


def test_breaks_by_unit():
    from evalkit.sources import CsvData

    data = CsvData(source="csv", path="data/x.csv", unit="area", period="month", breaks=[
        {"date": "2018-01", "what": "a"}, {"date": "2018-03", "what": "b", "units": ["Kent"]}])  # fmt: skip
    made = panel(some_forces(), "2019-01", treated=("Kent",))
    first = made.times[0]
    assert declared_times(made, data, ["2018-06-15"]) == {"": {first + 12, first + 17}, "Kent": {first + 14}}


def test_the_newest_months_that_are_not_all_reported(study, stopped, run):
    """The last two months hold a third and a tenth of what came before; left out by `settling` all is well."""
    made = {area: [round(value * (0.33 if at == 46 else 0.1 if at == 47 else 1)) for at, value in enumerate(values)]
            for area, values in some_forces().items()}  # fmt: skip
    message = stopped(study(rows_of(made)))
    assert "the newest periods look incomplete: from November 2020 on" in message
    assert "`data.settling: 2`" in message
    settled = run(study(rows_of(made), data=", settling: 2"))
    assert settled.panel.label(settled.panel.times[-1]) == "2020-10"
    assert ("The newest months 2020-11 to 2020-12 are left out: they may still change."
            in settled.panel.notes)  # fmt: skip


def test_a_start_among_the_newest_periods_is_no_missing_report():
    made = panel({"": [100.0 + at % 7 for at in range(46)] + [10.0, 10.0]}, "2020-11", treated=("",))
    looked = newest_below(made, used(made))
    assert (looked.ran, looked.problems) == (False, ())


def test_boundaries_that_change():
    """Two districts become one in April 2019 with the same total; a third only begins, with another total."""
    made = some_forces()
    dorset = [float(40 + at % 5) for at in range(48)]
    west, east = [value if at < 27 else None for at, value in enumerate(dorset)], [25.0] * 27 + [None] * 21
    joined = [None] * 27 + [value + 25 for value in dorset[27:]]
    whole = panel({**made, "West": west, "East": east, "Joined": joined}, "2019-01", treated=("Kent",))
    looked, named = boundary_change(whole, used(whole), improbable_runs(whole, used(whole)))
    (problem,) = looked.problems
    assert (
        "West, East end and Joined begins in April 2019 with like totals: the boundaries have changed"
        in problem.message
    )
    assert named == {"West", "East", "Joined"}
    other = panel({**made, "West": west, "Joined": [None] * 27 + [900.0] * 21}, "2019-01", treated=("Kent",))
    assert boundary_change(other, used(other), [])[0].problems == ()


def test_a_boundary_change_hidden_by_zeros(study, stopped):
    """Counted rows fill periods without rows by zeros: both places are told as one change, not as two runs."""
    made = some_forces()
    kent = made.pop("Kent")
    lines = rows_of(made).splitlines()
    text = "\n".join(
        [lines[0].replace(",incidents", "")]
        + [line.rsplit(",", 1)[0] for line in lines[1:] for _ in range(int(line.rsplit(",", 1)[1]) // 10)]
    )
    codes = [("E10000016" if at < 20 else "E10000099", f"{2017 + at // 12}-{1 + at % 12:02}", int(value) // 10)
             for at, value in enumerate(kent)]  # fmt: skip
    text += "\n" + "\n".join(f"{code},{month}" for code, month, count in codes for _ in range(count)) + "\n"
    path = study(text, outcome=", count: rows")
    path.write_text(path.read_text().replace("column: incidents, ", ""))
    message = stopped(path)
    assert "E10000016 ends and E10000099 begins in September 2018 with like totals: the name or the code" in message
    assert "has 0 for" not in message


def test_breaks_that_leave_out(study, run, stopped):
    away = run(study(rows_of(broken(12, 0.4)), intervention="{starts: {Kent: 2019-01}}", data=(
        ", breaks: [{date: 2018-01, units: [Greater Manchester], what: New system, handling: exclude}]")))  # fmt: skip
    assert "Greater Manchester" not in away.panel.units
    since = run(study(rows_of(some_forces()), data=(
        ", breaks: [{date: 2018-01, what: New counting rules, handling: exclude}]")))  # fmt: skip
    assert since.panel.label(since.panel.times[0]) == "2018-01"
    until = run(study(rows_of(some_forces()), data=(
        ", breaks: [{date: 2020-01, what: New counting rules, handling: exclude}]")))  # fmt: skip
    assert len(until.panel.times) == 36
    unknown = ", breaks: [{date: 2018-01, units: [Manchester], what: New, handling: none}]"
    assert "'Manchester' is not among the units of the data; did you mean" in stopped(study(
        rows_of(some_forces()), data=unknown))  # fmt: skip


def test_a_break_as_an_indicator_takes_the_step_out(study):
    """A series that falls to 60% in 2018 by recording alone: with the indicator the effect of -20% is found again."""
    random = numpy.random.default_rng(8)
    values = [float(random.poisson(300 * (0.6 if at >= 14 else 1) * (0.8 if at >= 36 else 1))) for at in range(60)]
    path = study(rows_of({"": values}), intervention="{start: 2020-01}",
                 design='{kind: interrupted_time_series, season: none, impact: level, scale: log}',
                 data=", breaks: [{date: 2018-03, what: New system, handling: indicator}]")  # fmt: skip
    path.write_text(path.read_text().replace(", unit: area", ""))
    made = evaluate(load_spec(path))
    assert made.primary.design["covariates"] == ["recording_break_1"]
    off = abs(made.primary.result.relative.value + 20)
    assert off < 5
    path.write_text(path.read_text().replace("indicator", "none"))
    assert abs(evaluate(load_spec(path)).primary.result.relative.value + 20) > off + 5


def test_an_indicator_in_a_design_without_a_model_is_refused(study):
    path = study(rows_of({"": [50.0] * 24}), intervention="{start: 2018-01}", design="{kind: before_after}",
                 data=", breaks: [{date: 2017-06, what: New, handling: indicator}]")  # fmt: skip
    with pytest.raises(SpecError, match="before_after has no model that an indicator could enter"):
        load_spec(path)


def test_dates_are_checked_before_data_are_read(study):
    path = study(rows_of(some_forces()), data=", provisional: {from: soon}, late: [{file: March, expected: spring}]")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert "data.provisional.from" in str(caught.value) or "soon" in str(caught.value)
    assert "spring" in str(caught.value)


def test_a_single_series_is_named_as_such():
    made = panel(
        {"": [100.0 + at % 7 for at in range(20)] + [40.0 + at % 7 for at in range(28)]}, "2020-01", treated=("",)
    )
    (problem,) = sudden_breaks(made, used(made), {}).problems
    assert problem.message.startswith("the series falls suddenly in September 2018")


def test_the_fuel_shortage_does_not_stop_the_seat_belt_study(repository, run):
    """Its steps in 1973 and 1974 lie within what other winters did, so that nothing has to be waived or declared."""
    made = run(repository / "evaluations" / "seat-belts.yaml")
    found = {each.guard: each.found for each in made.guards}
    assert found["sudden_break"] == found["zero_runs"] == found["newest_periods"] == "met"
