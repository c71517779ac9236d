"""Units by other names in the roll-out, the starts and the data; designs that read one row per unit and period."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.errors import DataError, SpecError
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
STUDY = """\
evalkit: 1
title: A roll-out
question: Did it change?
data: {source: csv, path: data/rows.csv, unit: area, period: {column: year, frequency: year}%s}
intervention: {starts: {%s}}
outcomes:
  incidents: {label: Incidents, column: value, kind: count, better: lower}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
"""
AREAS = ("E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08")


@pytest.fixture
def study(write_study: Write, project: Path) -> Callable[..., Path]:
    """Write a study of eight areas in six years with these starts and this roll-out."""
    rows = [
        f"{area},{year},{20 + 3 * number + year % 5}" for number, area in enumerate(AREAS) for year in range(2010, 2016)
    ]
    (project / "data" / "rows.csv").write_text("\n".join(["area,year,value", *rows]) + "\n", encoding="utf-8")

    def write(starts: str, rollout: str = "", data: str = "") -> Path:
        text = STUDY % (data, starts)
        return write_study(text + (f"rollout: {{units: [{rollout}]}}\n" if rollout else ""))

    return write


def refused(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return str(caught.value)


def test_the_same_units_are_accepted(study: Callable[..., Path]) -> None:
    load_spec(study("E01: 2013, E02: 2013", "{id: E01, start: 2013}, {id: two, name: E02, start: 2013}, "
                    "{id: E05, start: never}"))  # fmt: skip
    load_spec(study("E01: 2013, E02: never", "{id: E01, start: 2013}, {id: E02}"))


def test_a_code_that_is_spelled_otherwise_in_the_roll_out(study: Callable[..., Path]) -> None:
    message = refused(study("E01: 2013, E02: 2013", "{id: E-01, start: 2013}, {id: E02, start: 2013}"))
    assert "rollout.units.0.id: 'E-01' starts in the roll-out, and intervention.starts has no such unit; " in message
    assert "did you mean 'E01'?" in message
    assert "intervention.starts.E01: 'E01' is not among the units of the roll-out; did you mean 'E-01'?" in message


def test_another_start_in_the_roll_out(study: Callable[..., Path]) -> None:
    message = refused(study("E01: 2013", "{id: E01, start: 2012}"))
    assert "'E01' starts 2012 here and 2013 in intervention.starts; say the same in both" in message


def test_one_code_that_the_data_do_not_have(study: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"'E1' is not among the units of the data; did you mean 'E01'\?"):
        flow.evaluate(load_spec(study("E1: 2013, E02: 2013")))


def test_many_codes_that_the_data_do_not_have_are_told_at_once(study: Callable[..., Path]) -> None:
    starts = ", ".join(f"S{number}: 2013" for number in range(1, 8))
    with pytest.raises(DataError) as caught:
        flow.evaluate(load_spec(study(starts)))
    assert len(caught.value.problems) == 1
    message = str(caught.value)
    assert "7 names are not among the units of the data: S1, S2, S3, S4, S5 and 2 more" in message
    assert "E01, E02, E03, E04, E05 and 3 more" in message


@pytest.mark.parametrize("kind", ["before_after", "interrupted_time_series"])
def test_designs_that_read_one_row_per_unit_and_period(study: Callable[..., Path], kind: str) -> None:
    path = study("E01: 2013", data=", sampling: repeated_cross_section")
    text = path.read_text(encoding="utf-8")
    design = text[text.index("design:") :].splitlines()[0]
    path.write_text(text.replace(design, f"design: {{kind: {kind}}}"), encoding="utf-8")
    message = refused(path)
    assert f"data.sampling: {kind} reads one row per unit and period; leave `sampling` out" in message


def test_rows_of_a_panel_that_repeat_name_the_option(study: Callable[..., Path], project: Path) -> None:
    path = study("E01: 2013")
    path.write_text(path.read_text(encoding="utf-8").replace("kind: count", "kind: continuous"), encoding="utf-8")
    rows = project / "data" / "rows.csv"
    rows.write_text(rows.read_text(encoding="utf-8") + "E01,2010,25\n", encoding="utf-8")
    with pytest.raises(DataError, match="sampling: repeated_cross_section"):
        flow.evaluate(load_spec(path))
