"""What a panel holds: missing periods, ranges, declared gaps, and runs of zeros that are improbable."""

import math
from collections.abc import Callable

import pytest

from evalkit.records import Panel
from evalkit.sources import coverage_of, with_open_zeros, without_zeros
from evalkit.sources.coverage import UNLIKELY

MONTHS = [f"{year}-{month:02}" for year in (2018, 2019, 2020) for month in range(1, 13)]


def table(**units: list[object]) -> str:
    """Return CSV text; None leaves a row out."""
    rows = [f"{unit},{month},{value}" for unit, values in units.items()
            for month, value in zip(MONTHS, values, strict=False) if value is not None]  # fmt: skip
    return "\n".join(["area,month,value", *rows]) + "\n"


def states(panel: Panel, used: set[int] | None = None) -> dict[str, str]:
    found = coverage_of(panel, used)
    assert found is not None
    return {unit.unit: unit.states for unit in found.units}


def test_missing_ranges_and_declared_gaps(csv_panel: Callable[..., Panel]) -> None:
    text = table(a=[5] * 36, b=[5, 5, None, "<5", 7, *[6] * 31], c=[5, None, *[5] * 34])
    gaps = [{"period": "2018-02", "why": "New system", "unit": "c"}]
    found = states(csv_panel(text, outcome={"suppressed": {"<5": [1, 4]}}, gaps=gaps))
    assert found == {"a": "c" * 36, "b": "ccmpc" + "c" * 31, "c": "cd" + "c" * 34}


def test_a_place_whose_data_stop_is_missing_to_the_end(csv_panel: Callable[..., Panel]) -> None:
    found = states(csv_panel(table(a=[5] * 36, b=[*[5] * 18, *[None] * 18])))
    assert found["b"] == "c" * 18 + "m" * 18


def test_periods_outside_the_windows_are_not_used(csv_panel: Callable[..., Panel]) -> None:
    panel = csv_panel(table(a=[5, None, *[5] * 34]))
    first = panel.times[0]
    coverage = coverage_of(panel, {first + 3, first + 4, first + 9})
    assert coverage is not None
    assert (coverage.units[0].first, coverage.units[0].states) == ("2018-04", "cc" + "oooo" + "c")
    assert coverage.units[0].whole
    assert coverage.units[0].used == 3
    assert coverage.units[0].start == "2020-02"


@pytest.mark.parametrize("level", [1, 2, 9])
def test_a_run_of_zeros_is_told_from_the_length_that_the_level_makes_improbable(
    csv_panel: Callable[..., Panel], level: int
) -> None:
    """With mean m a run of k zeros has probability exp(-k m): below 0.001 is told, and no shorter run."""
    for length in range(1, 12):
        values = [level] * (36 - length) + [0] * length
        mean = sum(values) / 36
        told = states(csv_panel(table(a=values, b=[5] * 36)))["a"]
        improbable = math.exp(-length * mean) < UNLIKELY
        assert told == "c" * (36 - length) + ("z" if improbable else "c") * length
    assert improbable


def test_zeros_by_exposure(csv_panel: Callable[..., Panel]) -> None:
    """Four months without an event are no wonder with a tenth of the population."""

    def text(late: int) -> str:
        lines = ["area,month,value,people"]
        for at, month in enumerate(MONTHS):
            lines.append(f"a,{month},{0 if at >= 32 else 4},{late if at >= 32 else 1000}")
            lines.append(f"b,{month},5,1000")
        return "\n".join(lines) + "\n"

    jumps = {"kind": "rate", "exposure": "people", "per": 1000, "exposure_jumps": "People moved away"}
    assert states(csv_panel(text(1000), outcome=jumps))["a"].endswith("czzzz")
    assert states(csv_panel(text(100), outcome=jumps))["a"] == "c" * 36


def test_other_kinds_have_no_runs_of_zeros(csv_panel: Callable[..., Panel]) -> None:
    for kind in ("continuous", "proportion", "rate"):
        coverage = coverage_of(csv_panel(table(a=[1] * 20 + [0] * 16, b=[1] * 36), outcome={"kind": kind}))
        assert coverage is not None
        assert not coverage.zeros
        assert coverage.units[0].states == "c" * 36


def test_runs_beside_hidden_numbers_are_not_told(csv_panel: Callable[..., Panel]) -> None:
    coverage = coverage_of(csv_panel(table(a=[*[9] * 10, 0, 0, *[9] * 10, 0, 0, *[9] * 12], b=[5] * 36)))
    assert coverage is not None
    assert coverage.units[0].states == "c" * 10 + "zz" + "c" * 10 + "zz" + "c" * 12
    one_hidden = with_open_zeros(coverage, set(MONTHS) - {"2018-11"})
    assert one_hidden.units[0].states == "c" * 22 + "zz" + "c" * 12
    none = without_zeros(coverage)
    assert none.units[0].states == "c" * 36
    assert not none.zeros


def test_too_many_cells_are_not_told_one_by_one(csv_panel: Callable[..., Panel], monkeypatch) -> None:
    panel = csv_panel(table(a=[5] * 36, b=[5] * 36))
    monkeypatch.setattr("evalkit.sources.coverage.LARGEST", 71)
    assert coverage_of(panel) is None


def test_five_hundred_places(csv_panel: Callable[..., Panel]) -> None:
    found = states(csv_panel(table(**{f"u{at:03}": [5] * 36 for at in range(500)})))
    assert len(found) == 500
    assert set(found.values()) == {"c" * 36}
