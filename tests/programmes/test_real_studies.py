"""Impact studies on published data: their numbers beside others that are worked out here from the publishers' tables.

The tables lie in a folder beside the repository. Elsewhere `evalkit data fetch` brings them; without the folder these
tests are skipped and say so.
"""

import csv
import gzip
import math
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml

from evalkit.designs.difference_in_differences.estimated import EventCovariance
from evalkit.designs.difference_in_differences.long_differences import _in_reach
from evalkit.fetching.awaited import waiting
from evalkit.fetching.catalogue import load_catalogue
from evalkit.fetching.fetch import Fetcher
from evalkit.flow import evaluate
from evalkit.gathering import Tables
from evalkit.records import Panel, Result
from evalkit.report.sources import study_files
from evalkit.spec.loading import Spec, load_spec
from tests.conftest import REPOSITORY

COPIES = REPOSITORY.parent / "shared" / "data" / "real"
UNITS, LONDON, ADMISSIONS = "violence-reduction-units", "london-first-lockdown", "sharp-object-admissions"
STUDIES = {
    UNITS: ("police-force-areas-2024-12", "population-by-police-force-area", "serious-violence-funds"),
    LONDON: ("london-boroughs",), ADMISSIONS: ("sharp-object-admissions",),
}  # fmt: skip
"""Studies with the sources that they read."""
OTHER_UNITS = {"City of London", "Cleveland", "Humberside"}
PRINTED = {"two-way-43": (-0.138, 0.080), "two-way-43-from-2015": (-0.060, 0.068), "two-way-40": (-0.164, 0.087),
           "two-way-40-from-2015": (-0.095, 0.074)}  # fmt: skip
"""Effect on log rates and clustered standard error, fixed-effect dummies counted."""
BREAK = "not comparable|jump|under-count|sharp rise"
with_copies = pytest.mark.skipif(
    not COPIES.is_dir(),
    reason="no folder ../shared/data/real with copies of the published tables beside the repository",
)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the three studies and the tables that they read, fetched from the folder of copies."""
    project = tmp_path_factory.mktemp("real")
    (project / "evaluations").mkdir()
    (project / "data").mkdir()
    shutil.copy(REPOSITORY / "data" / "sources.yaml", project / "data")
    for name in STUDIES:
        shutil.copy(REPOSITORY / "evaluations" / f"{name}.yaml", project / "evaluations")
    names = [source for sources in STUDIES.values() for source in sources]
    done = Fetcher(project, project, COPIES).run(load_catalogue(project), names)
    assert {one.ended for one in done} == {"fetched"}, [one.problems for one in done]
    return project


@cache
def tables_of(study: Path) -> tuple[Spec, Tables]:
    spec = load_spec(study)
    return spec, Tables(spec)


def analysed(project: Path, study: str, name: str) -> tuple[Panel, Result]:
    """Return the rows and the result of one analysis of a study, without what stands beside it."""
    spec, tables = tables_of(project / "evaluations" / f"{study}.yaml")
    request = next(request for request in spec.requests if request.id == name)
    panel = tables.panel(request)
    return panel, request.study.needed_design.estimate(panel, supplements=False)


def percent(result: Result) -> tuple[float, float, float]:
    assert result.relative is not None
    return tuple(float(x) for x in (result.relative.value, result.relative.low, result.relative.high))  # type: ignore


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a copy as they are written."""
    with (COPIES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# A plain regression of the units' study, from the copies alone


def regression(first_year: int, without: set[str]) -> tuple[float, float]:
    """Return coefficient and clustered error of log rates on treatment, forces and years; dummies are counted."""
    people = {(row["pfa_name"], row["year"]): float(row["population"])
              for row in table("pfa_population_mid_year_2010_2024.csv")}  # fmt: skip
    start = {row["pfa_name"]: row["cohort"] for row in table("serious_violence_fund_areas.csv")}
    rows = [(row["area_name"], int(row["period"][:4]), float(row["knife_offences"]))
            for row in table("pfa_knife_offences_by_year.csv") if row["level"] == "police_force_area"]  # fmt: skip
    rows = [row for row in rows if row[1] >= first_year and row[0] not in without]
    y = numpy.array([math.log(count / people[force, str(year)]) for force, year, count in rows])
    forces, years = numpy.array([row[0] for row in rows]), numpy.array([row[1] for row in rows])
    treated = numpy.array([start[force] != "never" and year >= int(start[force]) for force, year, _ in rows])
    dummies = [forces == force for force in sorted(set(forces))] + [years == year for year in sorted(set(years))[1:]]
    x = numpy.column_stack([treated, *dummies]).astype(float)
    inverse = numpy.linalg.inv(x.T @ x)
    fit = inverse @ x.T @ y
    left = y - x @ fit
    scores = numpy.array([x[forces == force].T @ left[forces == force] for force in sorted(set(forces))])
    clusters, (n, k) = len(scores), x.shape
    factor = clusters / (clusters - 1) * (n - 1) / (n - k)
    covariance = factor * inverse @ scores.T @ scores @ inverse
    return float(fit[0]), math.sqrt(covariance[0, 0])


@with_copies
@pytest.mark.parametrize("name", PRINTED)
def test_two_way_agrees_with_a_plain_regression(fetched: Path, name: str) -> None:
    panel, result = analysed(fetched, UNITS, name)
    wanted = regression(2015 if "2015" in name else 2010, OTHER_UNITS if "40" in name else set())
    assert result.n_units == int(name.split("-")[2])
    assert result.n_observations == len(panel.frame) - (5 * result.n_units if "2015" in name else 0)
    assert result.effect.se is not None
    assert (result.effect.value, result.effect.se) == pytest.approx(wanted, abs=1e-9)
    assert (round(wanted[0], 3), round(wanted[1], 3)) == PRINTED[name]


@with_copies
def test_the_units_of_the_study_are_those_that_were_funded(fetched: Path) -> None:
    panel, result = analysed(fetched, UNITS, "until-2023")
    starts = panel.frame.groupby("unit")["first_treated"].first()
    years = starts.dropna().map(lambda period: period.year)
    assert (years.value_counts().to_dict(), int(starts.isna().sum())) == ({2019: 18, 2022: 2}, 23)
    assert set(starts.index[starts.notna()][years == 2022]) == {"Cleveland", "Humberside"}
    assert result.estimator["name"] == "callaway_santanna"
    assert result.inference["method"] == "randomisation"


@with_copies
def test_the_missing_year_is_declared_and_nothing_else_is_missing(fetched: Path) -> None:
    panel, _ = analysed(fetched, UNITS, "two-way-43")
    years = {period.year for period in panel.frame["period"]}
    assert years == set(range(2010, 2025)) - {2022}
    assert len(panel.frame) == 43 * 14
    ((_, why, unit),) = panel.gaps
    assert (unit, "2022/23" in why) == (None, True)


@with_copies
def test_every_break_that_the_publisher_names_is_registered_and_shown_both_ways(fetched: Path) -> None:
    study = yaml.safe_load((fetched / "evaluations" / f"{UNITS}.yaml").read_text(encoding="utf-8"))
    forces = [row for row in table("pfa_knife_offences_by_year.csv") if row["level"] == "police_force_area"]
    named = {row["area_name"] for row in forces if re.search(BREAK, row["series_break_note"], re.IGNORECASE)}
    assert "Greater Manchester" in named
    variants = {one["id"]: one for one in study["sensitivity"]}
    registered = {unit for one in study["data"]["breaks"] for unit in one["units"]}
    excluded = {unit for one in variants["breaks-excluded"]["data"]["breaks"] for unit in one["units"]}
    steps = {unit for one in variants["breaks-as-steps"]["data"]["breaks"] for unit in one["units"]}
    assert registered == excluded == named
    assert steps == named - {"Metropolitan Police"}  # whose break lies among treated years


@with_copies
def test_breaks_before_the_base_year_do_not_move_the_estimate(fetched: Path) -> None:
    """As the study says: from 2018/19 on nine of the ten forces recorded as they do now."""
    _, with_steps = analysed(fetched, UNITS, "breaks-as-steps-2018")
    plain = tables_of(fetched / "evaluations" / f"{UNITS}.yaml")[0].requests[0]
    main = plain.study.needed_design.model_copy(update={"inference": "cluster_robust"})
    found = main.estimate(analysed(fetched, UNITS, "imputation")[0], supplements=False)
    assert with_steps.effect.value == pytest.approx(found.effect.value, abs=1e-9)


@with_copies
def test_the_synthetic_comparison_of_two_areas_counts_a_start_in_the_missing_year(fetched: Path) -> None:
    _, result = analysed(fetched, UNITS, "humberside-and-cleveland")
    assert (result.n_treated_units, result.n_units, result.n_pre_periods, result.n_post_periods) == (2, 25, 12, 2)
    assert {point.time for point in result.event_study} >= {-1, 1, 2}
    assert 0 not in {point.time for point in result.event_study}  # 2022 is in nobody's data
    low, high = percent(result)[1:]
    assert low < 0.0 < high


def test_honest_bounds_stop_at_the_missing_year() -> None:
    """The first areas have no row three years after their start: steps over a hole are not compared."""
    times = numpy.array([-6, -5, -4, -3, -2, -1, 0, 1, 2, 4, 5])
    events = EventCovariance(times, numpy.arange(11.0), numpy.eye(11), -1)
    kept, hole = _in_reach(events, 4)
    assert (kept.times.tolist(), hole) == ([-5, -4, -3, -2, -1, 0, 1, 2], 3)
    whole, none = _in_reach(EventCovariance(times[:9], numpy.arange(9.0), numpy.eye(9), -1), 9)
    assert (whole.times.tolist(), none) == (times[:9].tolist(), None)


# The positive control


@with_copies
@pytest.mark.parametrize("name", ["primary", "robbery", "march-counted", "newey-west"])
def test_the_lockdown_is_found(fetched: Path, name: str) -> None:
    value, low, high = percent(analysed(fetched, LONDON, name)[1])
    assert low < value < high < 0.0
    assert value < (-50.0 if name == "robbery" else -10.0)


@with_copies
@pytest.mark.parametrize("name", ["pretend-2018", "pretend-2019"])
def test_no_lockdown_is_found_where_there_was_none(fetched: Path, name: str) -> None:
    _, low, high = percent(analysed(fetched, LONDON, name)[1])
    assert low < 0.0 < high


@with_copies
def test_london_is_the_sum_of_the_boroughs_and_ends_before_the_change_of_recording(fetched: Path) -> None:
    panel, _ = analysed(fetched, LONDON, "primary")
    months = [str(period) for period in panel.frame["period"]]
    assert (months[0], months[-1], len(months)) == ("2010-04", "2024-02", 167)
    with gzip.open(COPIES / "mps_borough_month_offences_2010_2026.csv.gz", "rt", encoding="utf-8") as stream:
        wanted = sum(float(row["offences"]) for row in csv.DictReader(stream)
                     if row["month"].startswith("2020-04") and row["minortext"] == "VIOLENCE WITH INJURY")  # fmt: skip
    assert wanted > 1000
    assert panel.frame["value"].to_numpy()[months.index("2020-04")] == wanted


@with_copies
def test_the_change_of_recording_is_a_step_of_its_own(fetched: Path) -> None:
    """Why nothing is read across it."""
    _, _, high = percent(analysed(fetched, LONDON, "recording-change-2024")[1])
    assert high < 0.0


# Admissions, under the rule for hospital counts


def narrowed(project: Path, place: Path, **changes: Any) -> Spec:
    """Return the admissions study with other blocks, in a project beside the first with the same data."""
    text = yaml.safe_load((project / "evaluations" / f"{ADMISSIONS}.yaml").read_text(encoding="utf-8"))
    for key in ("sensitivity", "falsification", "rollout", "claims"):
        text.pop(key)
    (place / "evaluations").mkdir()
    (place / "data").mkdir()
    shutil.copytree(project / "data" / "tidy", place / "data" / "tidy")
    file = place / "evaluations" / f"{ADMISSIONS}.yaml"
    file.write_text(yaml.safe_dump({**text, **changes}, allow_unicode=True), encoding="utf-8")
    return load_spec(file)


def counts_in(files: dict[str, str | bytes]) -> list[tuple[str, float]]:
    """Return every number under a heading that counts admissions, of all tables that a page offers."""
    found = []
    for name, content in files.items():
        if not name.endswith(".csv"):
            continue
        assert isinstance(content, str)
        cells = [cell for row in csv.DictReader(content.splitlines()) for head, cell in row.items()
                 if head and head.lower() == "observed"]  # fmt: skip
        found += [(name, float(cell.replace(",", ""))) for cell in cells if re.fullmatch(r"[\d,]+(\.\d+)?", cell or "")]
    return found


@with_copies
def test_one_region_shows_no_count_from_one_to_seven(fetched: Path, tmp_path: Path) -> None:
    """The South West has two hidden months, read as the middle of 1 to 7: neither may be seen on anything."""
    design = {"kind": "interrupted_time_series", "season": "none", "errors": "ordinary", "horizons": [6]}
    evaluation = evaluate(narrowed(
        fetched, tmp_path, design=design, intervention={"start": "2019-09"},
        data={"source": "csv", "path": "data/tidy/sharp_object_admissions_by_region.csv", "filter":
              {"region": "South West"}, "period": {"column": "month", "frequency": "month"}},
    ))  # fmt: skip
    result = evaluation.analyses[0].result
    assert all(point.observed is None for point in result.path)  # one hidden month hides all: differences would tell it
    quarters = {point["period"]: point["observed"] for point in result.disclosure["path"]}
    # Of 40 quarters: 2019-Q3 is split by the start, and the quarters of the two hidden months hold a value put in.
    assert (result.disclosure["drawn_by"], len(quarters)) == ("quarter", 37)
    assert not {"2019-Q2", "2019-Q3", "2022-Q1"} & set(quarters)
    assert all(value >= 8 and value % 5 == 0 for value in quarters.values())
    printed = counts_in(study_files(evaluation, tmp_path))
    assert len(printed) > 30
    assert not [one for one in printed if 0 < one[1] < 8]


@with_copies
def test_averages_of_regions_give_no_count_from_one_to_seven(fetched: Path) -> None:
    """Months of the two groups: sums of four and of five regions, rounded to 5."""
    spec, _ = tables_of(fetched / "evaluations" / f"{ADMISSIONS}.yaml")
    assert spec.study.disclosure is not None
    assert spec.study.disclosure.profile == "hes"
    panel, result = analysed(fetched, ADMISSIONS, "primary")
    assert (result.n_units, result.n_treated_units, len(panel.frame)) == (9, 4, 1080)
    sums = panel.frame.assign(group=panel.frame["first_treated"].notna()).groupby(["group", "period"])["value"].sum()
    assert sums.min() >= 8
    _, low, high = percent(result)
    assert low < 0.0 < high


@with_copies
def test_regions_are_put_together_by_the_share_of_residents_in_funded_areas(fetched: Path) -> None:
    """The shares that the study prints, from residents of mid-2019."""
    region = {row["area_name"]: row["region"] for row in table("pfa_knife_offences_by_year.csv")
              if row["level"] == "police_force_area"}  # fmt: skip
    cohort = {row["pfa_name"]: row["cohort"] for row in table("serious_violence_fund_areas.csv")}
    people = {row["pfa_name"]: float(row["population"]) for row in table("pfa_population_mid_year_2010_2024.csv")
              if row["year"] == "2019"}  # fmt: skip
    shares = {}
    for name in set(region.values()) - {"Wales"}:
        here = [force for force in region if region[force] == name]
        shares[name] = sum(people[f] for f in here if cohort[f] == "2019") / sum(people[f] for f in here)
    starts = load_spec(fetched / "evaluations" / f"{ADMISSIONS}.yaml").study.intervention.starts
    assert {name for name, share in shares.items() if share > 2 / 3} == set(starts)
    high = sorted(round(100 * shares[name]) for name in starts)
    low = sorted(round(100 * share) for name, share in shares.items() if name not in starts)
    assert (high, low[0], low[-1]) == ([68, 78, 87, 100], 31, 55)


# Without the data


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_without_its_data_says_which_command_fetches_them(study: str, tmp_path: Path) -> None:
    for folder in ("evaluations", "data"):
        (tmp_path / folder).mkdir()
    shutil.copy(REPOSITORY / "data" / "sources.yaml", tmp_path / "data")
    file = Path(shutil.copy(REPOSITORY / "evaluations" / f"{study}.yaml", tmp_path / "evaluations"))
    found = waiting(file)
    assert found is not None
    assert found.command == f"evalkit data fetch {' '.join(STUDIES[study])}"
    assert all(one.source.publisher and one.tables for one in found.sources)


@with_copies
@pytest.mark.parametrize("study", STUDIES)
def test_a_study_with_its_data_waits_for_nothing(fetched: Path, study: str) -> None:
    assert waiting(fetched / "evaluations" / f"{study}.yaml") is None


def test_a_study_that_lacks_another_file_too_does_not_wait(tmp_path: Path) -> None:
    for folder in ("evaluations", "data"):
        (tmp_path / folder).mkdir()
    shutil.copy(REPOSITORY / "data" / "sources.yaml", tmp_path / "data")
    text = (REPOSITORY / "evaluations" / f"{UNITS}.yaml").read_text(encoding="utf-8")
    file = tmp_path / "evaluations" / f"{UNITS}.yaml"
    file.write_text(text.replace("data/tidy/population_by", "data/own/population_by"), encoding="utf-8")
    assert waiting(file) is None
    file.write_text(text.replace("evalkit: 1", "evalkit: 1\nno_such_key: 1"), encoding="utf-8")
    assert waiting(file) is None


def test_nothing_of_the_copies_lies_in_the_project() -> None:
    listed = subprocess.run(["git", "ls-files", "data"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "data/sources.yaml" in listed.stdout.split()
    assert not [name for name in listed.stdout.split() if name.startswith(("data/raw/", "data/tidy/"))]
