"""The shape of the data at the next run: what changed is named, and rows that were withdrawn are too."""

import pytest

from evalkit.sources.guards.schema import NOTHING, OTHER_ROWS, drifted

AGAINST_EARLIER = ("schema_drift", "withdrawn_rows")
MONTHS = [f"{year}-{month:02}" for year in range(2021, 2025) for month in range(1, 13)]
PLAIN = "{kind: difference_in_differences, estimator: two_way_fixed_effects}"
STARTS = "{starts: {Kent: 2023-01}}"
AREAS = ("Essex", "Kent", "Norfolk", "Suffolk", "Sussex", "Surrey")


def series(names=AREAS, months=36):
    return {name: [float(50 + (7 * at + 3 * place) % 11) for at in range(months)] for place, name in enumerate(names)}


def text_of(made, first=0, crime="robbery"):
    """Return CSV text with a kind of crime; months from `first` on."""
    lines = ["area,month,crime,incidents"]
    lines += [f"{area},{MONTHS[at]},{crime},{value:g}" for area, values in made.items()
              for at, value in enumerate(values) if at >= first]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture
def told(study, run, stopped):
    """Return what stops the second of two runs."""

    def do(first, second, filter_="", starts=STARTS):
        data = f", filter: {filter_}" if filter_ else ""
        before = run(study(first, data=data, intervention=STARTS, design=PLAIN))
        return stopped(study(second, data=data, intervention=starts, design=PLAIN), before)

    return do


def test_the_same_shape_is_no_drift(study, run):
    path = study(text_of(series()), intervention=STARTS, design=PLAIN)
    before = run(path)
    assert run(path, before).shape == before.shape
    longer = run(study(text_of(series(months=40)), intervention=STARTS, design=PLAIN), before)
    assert longer.shape["last"] == "2024-04", "new months are no drift"
    first, second = ({each.guard: (each.found, each.note) for each in one.guards if each.guard in AGAINST_EARLIER}
                     for one in (before, longer))  # fmt: skip
    assert first == second == dict.fromkeys(AGAINST_EARLIER, ("not_run", NOTHING)), "both write the same"


def test_months_that_a_window_of_36_took_down_are_named(told):
    """police.uk keeps 36 months: two months later the first two are gone."""
    message = told(text_of(series(months=36)), text_of(series(months=38), first=2))
    assert (
        "2021-01 to 2021-02 were in the data at the last run and are not now: they run from 2021-03 to 2024-02"
        in message
    )
    assert "withdrawn_rows: {waived: why, by: who}" in message


def test_withdrawn_newest_months_and_places_are_named(told):
    message = told(text_of(series(months=36)), text_of(series(AREAS[:-1], months=35)))
    assert "2023-12 was in the data at the last run and is not now" in message
    assert "Surrey was in the data at the last run and is not now" in message


def test_a_waiver_accepts_what_was_withdrawn(study, run):
    before = run(study(text_of(series()), intervention=STARTS, design=PLAIN))
    waived = ", guards: {withdrawn_rows: {waived: The window moves, by: A. Analyst}}"
    later = run(study(text_of(series(months=38), first=2), data=waived, intervention=STARTS, design=PLAIN), before)
    assert [each.who for each in later.guards if each.guard == "withdrawn_rows"] == ["A. Analyst"]


def test_changed_codes_are_told_as_codes(study, run, stopped):
    codes, after = ("E08000016", "E08000017", "E08000018"), ("E08000038", "E08000017", "E08000039")
    begun = "{starts: {E08000017: 2023-01}}"
    before = run(study(text_of(series(codes)), intervention=begun, design=PLAIN))
    message = stopped(study(text_of(series(after)), intervention=begun, design=PLAIN), before)
    assert ("codes of places changed since the last run: E08000016, E08000018 gone, E08000038, E08000039 new"
            in message)  # fmt: skip


def test_a_place_that_is_spelt_otherwise(told):
    message = told(
        text_of(series()), text_of(series(("Essex", "Kent", "Norfolk", "Suffolk County", "Sussex", "Surrey")))
    )
    assert "Suffolk gone, Suffolk County new" in message
    assert "'Suffolk' is now 'Suffolk County'?" in message


def test_a_new_place(told):
    message = told(text_of(series(AREAS[:-1])), text_of(series()))
    assert "Surrey is a new place since the last run" in message


def test_a_new_category_in_a_filtered_column(told):
    rows = text_of(series())
    thefts, persons = (text_of(series(), crime=crime).split("\n", 1)[1] for crime in ("theft", "personal robbery"))
    message = told(rows + thefts, rows + persons, "{crime: robbery}")
    assert "personal robbery is new in the column 'crime', which the study filters by" in message


def test_a_category_that_is_gone(told):
    """Filtered by what is left out, so that the study itself would never notice."""
    rows = text_of(series(), crime="robbery") + text_of(series(), crime="theft").split("\n", 1)[1]
    message = told(rows + "Kent,2021-01,fraud,0\n", rows, "{crime: [robbery]}")
    assert "fraud is no more in the column 'crime'" in message


def test_another_filter_is_another_question(study, run):
    """Places are not set against those of a run with another filter: the author changed what is asked."""
    before = run(study(text_of(series()), intervention=STARTS, design=PLAIN))
    fewer = ", filter: {area: [Kent, Essex, Norfolk, Sussex]}"
    assert run(study(text_of(series()), data=fewer, intervention=STARTS, design=PLAIN), before)


def test_a_column_that_holds_something_else(told, study, run, stopped):
    before = run(study(text_of(series()), data=", covariates: [incidents]", intervention=STARTS, design=PLAIN))
    changed = {**before.shape, "kinds": {**before.shape["kinds"], "area": "number"}}
    from dataclasses import replace

    message = stopped(study(text_of(series()), data=", covariates: [incidents]", intervention=STARTS, design=PLAIN),
                      replace(before, shape=changed))  # fmt: skip
    assert "the column 'area' holds text and held numbers at the last run" in message


def test_a_renamed_column_is_told_with_the_nearest(study):
    from evalkit.errors import SpecError
    from evalkit.spec.loading import load_spec

    with pytest.raises(SpecError, match="did you mean 'incidents_recorded'"):
        load_spec(study(text_of(series()).replace("incidents", "incidents_recorded"), intervention=STARTS))


@pytest.mark.parametrize("rule", ["", "disclosure: {profile: custom, min_cell: 5}"])
def test_categories_are_kept_only_where_nothing_is_hidden(study, run, rule):
    made = run(
        study(text_of(series()), data=", filter: {crime: robbery}", intervention=STARTS, design=PLAIN, rest=rule)
    )
    assert made.shape["categories"] == ({} if rule else {"crime": ["robbery"]})
    assert made.shape["units"] == sorted(AREAS)


def test_single_people_are_not_listed(study, run):
    made = run(study(text_of(series()), data=", person_level: Made up for a test", intervention=STARTS, design=PLAIN))
    assert made.shape["units"] is None


def test_the_last_run_is_read_from_the_results(project, study):
    """Two runs by the command: the second is stopped with exit status 1 and leaves the first result as it is."""
    from evalkit.releases import run_studies

    path = study(text_of(series()), intervention=STARTS, design=PLAIN)
    (first,) = run_studies([path], project / "results")
    assert first.state == "run"
    written = (project / "results" / "t" / "result.json").read_bytes()
    study(text_of(series(months=38), first=2), intervention=STARTS, design=PLAIN)
    (second,) = run_studies([path], project / "results")
    assert second.state == "failed"
    assert any("2021-01 to 2021-02 were in the data" in problem.message for problem in second.problems)
    assert (project / "results" / "t" / "result.json").read_bytes() == written


def test_what_was_held_against_a_release_is_told(study, run):
    shape = run(study(text_of(series()), intervention=STARTS, design=PLAIN)).shape
    for looked in drifted(shape, shape, released=True):
        assert (looked.ran, looked.problems) == (True, ())
        assert looked.note == "Held against the last release, whose data run to 2023-12."
    asked = {**shape, "asked": "another filter"}
    kinds, rows = drifted(shape, asked, released=True)
    assert kinds.ran
    assert (rows.ran, rows.note) == (False, OTHER_ROWS)
    assert {looked.note for looked in drifted(shape, None)} == {NOTHING}
    assert not any(looked.ran for looked in drifted(shape, shape))


def test_a_cold_cache_is_told_and_a_release_stands_in_for_it(project, study):
    """Results are gone, as when a cache was evicted: without a release a note says so, with one the guard holds."""
    import shutil

    from evalkit import publishing
    from evalkit.releases import NOTHING_BEFORE, run_studies
    from evalkit.spec.loading import load_spec

    results = project / "results"
    path = study(text_of(series()), intervention=STARTS, design=PLAIN)
    (first,) = run_studies([path], results)
    assert first.notes == (NOTHING_BEFORE,)
    (again,) = run_studies([path], results)
    assert again.notes == ()
    publishing.publish_study(load_spec(path), results, reason="Yearly figures", name="A. Analyst")
    released = (results / "t" / "result.json").read_bytes()
    shutil.rmtree(results)
    (cold,) = run_studies([path], results)
    assert (cold.state, cold.notes) == ("run", ())
    assert (results / "t" / "result.json").read_bytes() == released, "a release and the next run write the same"
    assert b"Held against the last release" in released
    shutil.rmtree(results)
    study(text_of({name: values for name, values in series().items() if name != "Kent"} | {"Surrey": [5.0] * 36}),
          intervention="{starts: {Essex: 2023-01}}", design=PLAIN)  # fmt: skip
    (stopped,) = run_studies([path], results)
    assert any("Kent was in the data at the last run and is not now" in one.message for one in stopped.problems)
