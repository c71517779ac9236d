"""The reference tables: published totals T1, T2 and T12, where tables are found, and tables that are wrong."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from evalkit.appraisal import Economics, Reference, reference_files, reference_table
from evalkit.appraisal.tables import FOLDER, NAMES
from evalkit.errors import DataError

ROOT = Path(__file__).parents[2]


def edition(reference, name, group="individual"):
    return {row.offence_id: row for row in reference.crime if row.edition == name and row.group == group}


def test_t1_second_edition_totals(reference):
    rows = edition(reference, "2015/16")
    totals = {name: row.number_of_crimes * row.unit_cost for name, row in rows.items()}
    assert sum(totals.values()) == 50_094_950_300
    expected = {"homicide": 1.834, "violence_with_injury": 15.524, "violence_without_injury": 5.058, "rape": 4.792,
                "other_sexual_offences": 7.415, "robbery": 2.190, "domestic_burglary": 4.121, "theft_of_vehicle": 0.700,
                "theft_from_vehicle": 0.499, "theft_from_person": 0.634, "arson": 0.190, "other_criminal_damage": 1.360,
                "fraud": 4.665, "cyber_crime": 1.112}  # fmt: skip
    assert {name: total / 1e9 for name, total in totals.items()} == pytest.approx(expected, abs=0.0005)
    violent = (
        "homicide",
        "violence_with_injury",
        "violence_without_injury",
        "rape",
        "other_sexual_offences",
        "robbery",
    )
    cost = sum(totals[name] for name in violent) / sum(totals.values())
    count = sum(rows[name].number_of_crimes for name in violent) / sum(row.number_of_crimes for row in rows.values())
    assert (100 * cost, 100 * count) == pytest.approx((73.49, 28.72), abs=0.01)


def test_t2_components_of_the_2019_20_edition(reference):
    rows = edition(reference, "2019/20") | edition(reference, "2019/20", "business")
    assert len(rows) == 19
    for row in rows.values():
        assert abs(row.anticipation + row.consequence + row.response - row.unit_cost) <= 10, row.offence_id
    assert rows["homicide"].number_of_crimes * rows["homicide"].unit_cost == 2_252_315_640
    violence = rows["violence_with_injury"]
    assert violence.number_of_crimes * violence.unit_cost == 13_927_448_400
    assert rows["commercial_theft"].number_of_crimes * rows["commercial_theft"].unit_cost == 5_472_000_000


@pytest.mark.parametrize(
    ("offence", "rounding"),
    [("homicide", 0), ("violence_without_injury", 0), ("robbery", 0), ("violence_with_injury", 10), ("rape", 10),
     ("other_sexual_offences", 10)],
)  # fmt: skip
def test_t2_sub_costs_of_the_second_edition(reference, offence, rounding):
    row = edition(reference, "2015/16")[offence]
    assert sum(value for value in row.parts.values() if value is not None) == row.unit_cost + rounding


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("gmca_cr8_1", (17_672, 1_655, 9_596, 135_662, 8_866, 913)),
        ("gmca_cr8_2", (7_013, 414, 3_808, 3_237, 2_539, 1_598)),
        ("gmca_cr8_3", (488, 70, 265, 159, 185, 1_598)),
        ("gmca_cr8_4", (1_151, 39, 535, 543, 244, 1_086)),
        ("gmca_cr8_5", (140, 19, 77, 15, 58, 146)),
        ("gmca_cr8_6", (1_041, 95, 561, 1_009, 395, 572)),
        ("gmca_es2_0", (7_181, 63.6875, 970.4375, 1_003.50)),
    ],
)
def test_t12_agency_splits(reference, code, parts):
    found = tuple(reference.services[f"{code}_{number}"].value for number in range(1, len(parts) + 1))
    assert found == parts
    assert sum(parts) == pytest.approx(reference.services[code].value, abs=1)


def test_t12_one_denominator_behind_three_published_ratios():
    denominators = [6.9e6 / 82, 1.25e6 / 14.8, 1.62e6 / 19.1]
    assert [round(value) for value in denominators] == [84_146, 84_459, 84_817]
    assert max(denominators) / min(denominators) < 1.01


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_source_and_status(name):
    table = reference_table(name)
    assert table.origin == "evalkit"
    for row in table.numbered():
        assert row.text("source"), row.number
        assert row.text("status") in ("primary", "secondary", "memory"), row.number


def test_ids_of_the_overlaps_are_in_the_tables(reference):
    offences = {row.offence_id for row in reference.crime}
    for overlap in reference.overlaps:
        for line in (overlap.line_a, overlap.line_b):
            kind, _, key = line.partition(":")
            if kind == "service":
                figure = key.removesuffix("*").removesuffix("_")  # a figure with its parts
                assert any(id_ == figure or (key.endswith("_*") and id_.startswith(f"{figure}_"))
                           for id_ in reference.services), overlap.id  # fmt: skip
            elif kind == "crime" and key != "any" and not re.search(r"\d/\d", key):
                assert key in offences, overlap.id


def test_the_readme_names_every_table_with_its_hash():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / FOLDER).glob("*.csv")):
        assert f"reference/{path.name}" in text
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text, path.name


def own_table(project: Path, name: str, change: tuple[str, str]) -> Path:
    folder = project / FOLDER
    folder.mkdir(parents=True)
    text = reference_table(name).path.read_text(encoding="utf-8")
    assert change[0] in text
    path = folder / f"{name}.csv"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    return path


def test_the_projects_own_table_wins(tmp_path, block):
    path = own_table(tmp_path, "unit_costs_of_crime", ("per crime,15720,280,13390", "per crime,15730,280,13400"))
    rows = {(row.edition, row.offence_id): row for row in Reference(tmp_path).crime}
    assert rows["2019/20", "violence_with_injury"].consequence == 13_400
    assert Reference(tmp_path).deflator.index == Reference().deflator.index
    assert reference_files(block(), tmp_path)[0] == path


def test_files_are_those_that_the_block_needs(block):
    names = [path.stem for path in reference_files(block())]
    assert names == ["unit_costs_of_crime", "gdp_deflator", "discount_rates", "overlaps", "overlap_extensions"]
    names = [path.stem for path in reference_files(block(benefits=[], discount_rate=0.035))]
    assert names == ["gdp_deflator"]


def test_installed_copy_is_found(tmp_path, monkeypatch):
    from evalkit.appraisal import tables

    package = tmp_path / "site" / "evalkit"
    shipped = package / "shipped" / "reference"
    shutil.copytree(ROOT / FOLDER, shipped)
    monkeypatch.setattr(tables, "__file__", str(package / "appraisal" / "tables.py"))
    assert reference_table("discount_rates").path.parent == shipped


def test_wrong_tables_name_file_row_and_column(tmp_path):
    own_table(tmp_path, "unit_costs_of_crime", ("per crime,15720", "per crime,dear"))
    with pytest.raises(DataError, match=r"unit_costs_of_crime\.csv: unit_cost: row 2 has 'dear' in unit_cost"):
        _ = Reference(tmp_path).crime


def test_missing_column_is_named(tmp_path):
    own_table(tmp_path, "gdp_deflator", ("index_2024_25_100", "index"))
    with pytest.raises(DataError, match="no column index_2024_25_100"):
        _ = Reference(tmp_path).deflator


def test_no_default_vintage_is_refused(tmp_path):
    path = own_table(tmp_path, "gdp_deflator", ("1955-56", "1955-56"))
    path.write_text(path.read_text(encoding="utf-8").replace(",yes,", ",no,"), encoding="utf-8")
    with pytest.raises(DataError, match="no vintage for use"):
        _ = Reference(tmp_path).deflator


def test_unreadable_and_unknown_tables(tmp_path):
    path = own_table(tmp_path, "overlaps", ("OV01", "OV01"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        reference_table("overlaps", tmp_path)
    with pytest.raises(DataError, match="no reference table 'prices'"):
        reference_table("prices")


def test_check_imports_nothing_slow():
    import subprocess
    import sys

    code = ("import sys; from evalkit.appraisal.economics import Economics, economics_problems; "
            "economics_problems(Economics(price_base='2024-25', base_year='2024-25', "
            "costs=[{'item': 'a', 'payer': 'b', 'amount': None}], "
            "benefits=[{'item': 'x', 'unit_cost': 'service:nhs_ae_attendance'}])); "
            "sys.exit(bool({'pandas', 'numpy', 'scipy'} & set(sys.modules)))")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    assert Economics.model_json_schema()["properties"]["costs"]["minItems"] == 1
