"""Honest bounds through YAML: the printed Medicaid table from the states' own rows, county employment by moderndid."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import math
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from evalkit import flow
from evalkit.records import Result
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: Published bounds
question: Did it change where it began?
data: {{source: csv, path: data/rows.csv, unit: unit, period: {{column: year, frequency: year}}}}
intervention: {{start_column: start}}
outcomes:
  outcome: {{label: Outcome, column: value, kind: continuous, better: higher}}
design: {{kind: difference_in_differences, {options}}}
"""
REFERENCE = Path(__file__).parents[1] / "reference" / "staggered_honest_counties.csv"


def carried(name: str) -> Any:
    """Return a table that moderndid carries, without importing the package."""
    found = importlib.util.find_spec("moderndid")
    assert found is not None, "install requirements-test-data.lock: moderndid"
    assert found.origin is not None
    with gzip.open(Path(found.origin).parent / "core" / "datasets" / name) as file:
        return pickle.load(file)


@pytest.fixture
def run(write_study: Callable[..., Path]) -> Callable[..., Result]:
    """Evaluate rows (unit, year, value, start) with options of the design."""

    def evaluate(rows: Iterable[tuple[object, ...]], options: str) -> Result:
        study = write_study(STUDY.format(options=options))
        path = study.parents[1] / "data" / "rows.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("unit", "year", "value", "start"), *rows])
        return flow.evaluate(load_spec(study)).primary.result

    return evaluate


def bounds(result: Result, restriction: str, target: str) -> dict[float, tuple[float, float]]:
    return {
        row["m"]: (row["low"], row["high"])
        for row in result.robust_bounds
        if (row["restriction"], row["target"]) == (restriction, target)
    }


class TestMedicaid:
    """README of the R package HonestDiD: states that expanded Medicaid in 2014, share insured, years to 2015."""

    PRINTED = {0.5: (0.0241, 0.0673), 1.0: (0.0171, 0.0720), 1.5: (0.00859, 0.0796), 2.0: (-0.00107, 0.0883)}

    @pytest.fixture
    def states(self) -> list[tuple[object, ...]]:
        table = carried("ehec_data.pkl.gz")
        columns = (table["stfips"], table["year"], table["dins"], table["yexp2"])
        return [
            (f"state {unit}", int(year), float(value), 2014 if start == 2014 else "")
            for unit, year, value, start in zip(*(list(column) for column in columns), strict=True)
            if year < 2016 and start != 2015
        ]

    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    def test_printed_table(self, run: Callable[..., Result], states: list[tuple[object, ...]], estimator: str) -> None:
        result = run(states, f"estimator: {estimator}")
        assert (result.n_units, result.n_treated_units) == (43, 22)
        found = bounds(result, "relative_magnitudes", "first")
        printed = {m: pytest.approx(ends, abs=5e-4) for m, ends in self.PRINTED.items()}
        assert {m: found[m] for m in printed} == printed
        assert 1.5 < result.breakdown["relative_magnitudes"]["first"] < 2.0
        assert 0.02 < result.breakdown["smoothness"]["first"] < 0.03


class TestCountyEmployment:
    """Callaway and Sant'Anna's example, universal base, by moderndid (staggered_honest_counties.py)."""

    @pytest.fixture
    def counties(self) -> list[tuple[object, ...]]:
        table = carried("mpdta_long.pkl.gz")
        columns = (table["countyreal"], table["year"], table["lemp"], table["first.treat"])
        return [
            (f"county {int(unit)}", int(year), float(value), int(start) or "")
            for unit, year, value, start in zip(*columns, strict=True)
        ]

    @pytest.fixture
    def numbers(self) -> dict[tuple[str, str], float]:
        with REFERENCE.open(newline="") as file:
            return {(row["case"], row["quantity"]): float(row["value"]) for row in csv.DictReader(file)}

    def test_as_moderndid(
        self, run: Callable[..., Result], counties: list[tuple[object, ...]], numbers: dict[tuple[str, str], float]
    ) -> None:
        result = run(counties, "estimator: callaway_santanna, leads: 4")
        for point in result.event_study:
            if point.se is not None:
                assert point.value == pytest.approx(numbers["event study", f"time {point.time}"], abs=1e-8)
                assert point.se == pytest.approx(numbers["event study", f"error {point.time}"], rel=1e-6)
        for target in ("first", "average"):
            ends = [numbers[target, f"smoothness {end} 0.0"] for end in ("low", "high")]
            assert bounds(result, "smoothness", target)[0.0] == pytest.approx(ends, abs=4e-4)

    def test_steps_as_moderndid(
        self, run: Callable[..., Result], counties: list[tuple[object, ...]], numbers: dict[tuple[str, str], float]
    ) -> None:
        """Without the earliest step, which moderndid leaves out of the largest one and R's package does not."""
        result = run(counties, "estimator: callaway_santanna, leads: 2")
        for target in ("first", "average"):
            error = numbers[target, "standard error"]
            found = bounds(result, "relative_magnitudes", target)
            for m in (0.5, 1.0, 1.5, 2.0):
                low, high = found[m]
                ends = [numbers[target, f"relative_magnitudes {end} {m}"] for end in ("low", "high")]
                # Its grid has steps of 0.025 standard errors whose points lie inside; its first-stage critical value
                # is a quantile of 1,000 fixed draws at 0.5%, where ours is exact. The simulation error of such a
                # quantile is sqrt(0.005 x 0.995 / 1000) / 0.017 (the density there), 0.13: under 0.4 of it is left.
                assert -0.02 * error < ends[0] - low < (0.025 + 0.05) * error
                assert -0.02 * error < high - ends[1] < (0.025 + 0.05) * error

    def test_every_estimator_has_bounds(self, run: Callable[..., Result], counties: list[tuple[object, ...]]) -> None:
        """A varying base has those of the universal one; imputation says whose they are."""
        universal, varying, imputed = (
            run(counties, options) for options in (
                "estimator: callaway_santanna", "estimator: callaway_santanna, base_period: varying",
                "estimator: imputation",
            )
        )  # fmt: skip
        assert bounds(varying, "smoothness", "first") == bounds(universal, "smoothness", "first")
        assert bounds(imputed, "relative_magnitudes", "average") == bounds(universal, "relative_magnitudes", "average")
        checks = [{c.name: c.reading for c in r.diagnostics}["robust_to_departures"] for r in (varying, imputed)]
        assert "a varying base" in checks[0]
        assert "imputation compares with all periods before the start together" in checks[1]
        assert len(universal.leave_out) == 60 + 3
        assert math.isfinite(imputed.breakdown["relative_magnitudes"]["average"])
