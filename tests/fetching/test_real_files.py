"""Readers against the publishers' own files, and the committed list of sources against a mirror that holds them.

The files are not part of the project. EVALKIT_MIRROR names the folder that holds them; ../shared/data/real is looked at
when it is not set. Without either these tests are skipped; the same readers are tested on made files beside this one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas
import pytest

from evalkit.fetching.catalogue import Catalogue, load_catalogue
from evalkit.fetching.fetch import Fetcher
from evalkit.fetching.lock import read_lock
from evalkit.fetching.readers import HospitalAdmissions, PoliceForceAreas
from evalkit.fetching.states import states

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("EVALKIT_MIRROR") or REPOSITORY.parent / "shared" / "data" / "real")
ONS, NHS = "ons_pfa_tables_ye_dec_2024.xlsx", "nhs_hes_assault_sharp_object_admissions_2012_2022.xlsx"

pytestmark = pytest.mark.skipif(
    not (FOLDER / ONS).is_file(), reason=f"published files are not here: set EVALKIT_MIRROR to a folder that has {ONS}"
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(REPOSITORY)


def expected(name: str) -> pandas.DataFrame:
    return pandas.read_csv(FOLDER / name, dtype=object, keep_default_na=False)


def assert_same(found: pandas.DataFrame, wanted: pandas.DataFrame, columns: dict[str, str]) -> None:
    """Compare columns cell by cell, in order, as text; numbers by value."""
    assert len(found) == len(wanted)
    for ours, theirs in columns.items():
        for at, (cell, other) in enumerate(zip(found[ours], wanted[theirs], strict=True)):
            if isinstance(cell, int | float):
                assert float(cell) == float(other), f"{ours}, row {at}: {cell} and {other}"
            else:
                assert ("" if cell is None else cell) == other, f"{ours}, row {at}: {cell!r} and {other!r}"


AREA = {name: name for name in ("area_code", "area_name", "level", "region", "period", "period_type", "period_start",
                                "period_end")}  # fmt: skip


def test_knife_offences_are_as_published_with_the_breaks_of_each_series(catalogue: Catalogue) -> None:
    _, source = catalogue.of_table("data/tidy/knife_offences_by_police_force_area.csv") or ("", None)
    assert source is not None
    found = source.tables[0].reader.read(FOLDER / ONS)
    assert len(found) == 812
    assert_same(found, expected("pfa_knife_offences_by_year.csv"),
                {**AREA, "knife_offences": "knife_offences", "percent_involving_knife": "pct_involving_knife",
                 "series_note": "series_break_note"})  # fmt: skip
    assert set(found[found.area_name == "Greater Manchester"].notes) == {"8"}
    assert found[found.level == "police_force_area"].area_code.nunique() == 43


def reader(*tables: str) -> PoliceForceAreas:
    return PoliceForceAreas.model_validate({"kind": "ons_police_force_areas", "tables": list(tables)})


def test_firearm_offences_are_as_published() -> None:
    found = reader("P8").read(FOLDER / ONS)
    assert len(found) == 825
    assert_same(found, expected("pfa_firearm_offences_by_year.csv"), {**AREA, "firearm_offences": "firearm_offences"})


def test_offence_groups_are_as_published() -> None:
    found = reader("P1", "P4").read(FOLDER / ONS)
    wanted = expected("pfa_recorded_crime_by_offence_group_2023_2024.csv")
    key = ["area_code", "area_name", "year_ending", "offence_group"]
    both = found.merge(wanted, on=key, suffixes=("", "_wanted"))
    assert len(found) == len(wanted) == len(both) == 2576
    assert_same(both, both, {"offences": "offences_wanted"})


def test_partnerships_are_as_published() -> None:
    found = reader("C2", "C5").read(FOLDER / ONS)
    wanted = expected("csp_recorded_crime_3_years_ending.csv.gz")
    wanted = wanted[wanted.year_ending != "2025-06-30"]
    assert len(found) == len(wanted) == 18_354
    wanted = wanted.assign(pfa_name=wanted.pfa_name.str.replace(" [note 4]", "", regex=False))  # kept by the extract
    key = {"police_force_area_code": "pfa_code", "police_force_area_name": "pfa_name", "partnership_code": "csp_code",
           "partnership_name": "csp_name", "year_ending": "year_ending", "offence_group": "offence_group"}  # fmt: skip
    both = found.merge(wanted.rename(columns={theirs: ours for ours, theirs in key.items()}), on=list(key),
                       suffixes=("", "_wanted"))  # fmt: skip
    assert len(both) == 18_354
    both["offences"] = pandas.Series(["" if cell is None else cell for cell in both.offences], dtype=object)
    assert_same(both, both, {"offences": "offences_wanted"})
    assert set(both[both.level == "other"].partnership_name) == {"Manchester Airport"}
    same = both[both.level != "other"].level.replace("partnership", "csp")
    assert list(same) == list(both[both.level != "other"].level_wanted)


def test_populations_agree_with_the_estimates_by_local_authority() -> None:
    found = reader("P3").read(FOLDER / ONS).set_index("area_code").population
    other = expected("pfa_population_mid_year_2010_2024.csv")
    other = other[other.year == "2023"].set_index("pfa_code").population.astype(float)
    assert len(other) == 43
    apart = {code: abs(found[code] / people - 1) for code, people in other.items()}
    assert max(apart.values()) < 0.008


def test_admissions_are_as_published() -> None:
    found = HospitalAdmissions(kind="nhs_admissions").read(FOLDER / NHS)
    wanted = expected("nhs_hes_sharp_assault_admissions_region_month_2012_2022.csv")
    assert len(found) == 1680
    hidden = (found.admissions == "*") | (found.episodes == "*")
    assert list(hidden.astype(int).astype(str)) == list(wanted.suppressed_1_to_7)
    shown = found.copy()
    for name in ("admissions", "episodes"):
        shown[name] = pandas.Series(["" if cell in ("*", None) else cell for cell in found[name]], dtype=object)
    assert_same(shown, wanted, {"month": "month", "financial_year": "financial_year", "region": "region",
                                "admissions": "admissions_fae", "episodes": "episodes_fce"})  # fmt: skip
    england = found[found.region == "England"]
    assert england[england.financial_year == "2018-19"].admissions.sum() == 5069
    assert england[england.financial_year == "2020-21"].admissions.sum() == 4014


@pytest.fixture(scope="module")
def fetched(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("fetched")
    outcome = Fetcher(project, project, FOLDER).run(catalogue)
    assert {item.id: item.ended for item in outcome if item.ended != "fetched"} == {}
    return project


def test_every_source_with_a_mirror_comes_and_holds(catalogue: Catalogue, fetched: Path) -> None:
    found = states(catalogue, read_lock(fetched), fetched, [])
    assert {state.word for state in found if state.source.mirror} == {"pinned"}
    assert {state.id for state in found if state.word == "missing"} == {"police-uk-street-crime"}


def test_a_second_fetch_writes_the_same_bytes(catalogue: Catalogue, fetched: Path, tmp_path: Path) -> None:
    names = ["police-force-areas-2024-12", "sharp-object-admissions", "serious-violence-funds"]
    Fetcher(tmp_path, tmp_path, FOLDER).run(catalogue, names)
    for name in names:
        for table in catalogue.sources[name].tables:
            assert (tmp_path / table.path).read_bytes() == (fetched / table.path).read_bytes()


def test_offences_by_borough_are_those_of_the_extract(fetched: Path) -> None:
    found = pandas.read_csv(fetched / "data/tidy/offences_by_london_borough.csv", dtype=object, keep_default_na=False)
    wanted = expected("mps_borough_month_offences_2010_2026.csv.gz")
    assert_same(found, wanted, {"borough": "boroughname", "month": "month", "major_type": "majortext",
                                "minor_type": "minortext", "offences": "offences"})  # fmt: skip


def test_recorded_crime_adds_up_to_the_published_totals(fetched: Path) -> None:
    found = pandas.read_csv(fetched / "data/tidy/recorded_crime_by_force_and_quarter.csv")
    totals = found.groupby("offence_group").offences.sum()
    assert totals["Robbery"] == pytest.approx(77_000, rel=0.01)
    assert totals["Violence against the person"] == pytest.approx(1_396_000, rel=0.001)
    assert sorted(found.quarter.unique()) == ["2017-Q2", "2017-Q3", "2017-Q4", "2018-Q1"]
