"""Published panels, run from YAML, against the printed numbers: county employment, California's tobacco control."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.archive import from_document, to_document
from evalkit.records import Evaluation
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: {title}
question: Did it change where it began?
data: {{source: csv, path: data/rows.csv, unit: unit, period: {{column: year, frequency: year}}}}
intervention: {{start_column: start}}
outcomes:
  outcome: {{label: Outcome, column: value, kind: continuous, better: lower}}
design: {{kind: difference_in_differences, estimator: {estimator}, inference: {inference}}}
"""


def package_file(package: str, *parts: str) -> Path:
    """Return a file that a package carries, without importing the package."""
    found = importlib.util.find_spec(package)
    assert found is not None, f"install the test extra: {package}"
    assert found.origin is not None
    return Path(found.origin).parent.joinpath(*parts)


@pytest.fixture
def run(write_study: Callable[..., Path]) -> Callable[..., Evaluation]:
    """Evaluate rows (unit, year, value, start) with an estimator."""

    def evaluate(rows: Iterable[tuple[object, ...]], estimator: str, inference: str = "auto") -> Evaluation:
        study = write_study(STUDY.format(title="Published panel", estimator=estimator, inference=inference))
        path = study.parents[1] / "data" / "rows.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("unit", "year", "value", "start"), *rows])
        return flow.evaluate(load_spec(study))

    return evaluate


@pytest.fixture(scope="module")
def counties() -> list[tuple[object, ...]]:
    """Log teen employment in 500 counties, 2003 to 2007, from the file that moderndid carries."""
    with gzip.open(package_file("moderndid", "core", "datasets", "mpdta_long.pkl.gz")) as file:
        frame = pickle.load(file)
    columns = (frame["countyreal"], frame["year"], frame["lemp"], frame["first.treat"])
    return [
        (f"county {int(unit)}", int(year), float(value), int(start) or "")
        for unit, year, value, start in zip(*columns, strict=True)
    ]


class TestCountyEmployment:
    """Callaway and Sant'Anna (2021); the numbers are those that the vignette of R's package did prints."""

    @pytest.mark.parametrize("estimator", ["callaway_santanna", "auto"])
    def test_as_published(
        self, run: Callable[..., Evaluation], counties: list[tuple[object, ...]], estimator: str
    ) -> None:
        evaluation = run(counties, estimator)
        result = evaluation.primary.result
        found = result.aggregations
        assert found is not None
        assert round(found["dynamic"]["overall"]["value"], 4) == -0.0772
        assert round(found["group"]["overall"]["value"], 4) == -0.0310
        groups = {row["label"]: round(row["value"], 4) for row in found["group"]["by"]}
        assert groups == {"2004": -0.0797, "2006": -0.0229, "2007": -0.0261}
        after = {point.time: round(point.value, 4) for point in result.event_study if point.time >= 0}
        assert after == {0: -0.0199, 1: -0.0510, 2: -0.1373, 3: -0.1008}
        assert result.inference["method"] == "cluster_robust"
        again = from_document(to_document(evaluation)).primary.result
        assert again.group_time[0].value == pytest.approx(result.group_time[0].value, rel=1e-9)
        assert again.aggregations["dynamic"]["overall"]["value"] == pytest.approx(-0.0772, abs=5e-5)

    def test_anticipation_leaves_out_the_first_start(
        self, run: Callable[..., Evaluation], counties: list[tuple[object, ...]]
    ) -> None:
        """With one period of anticipation the 20 counties of 2004 have none before; moderndid 0.2: -0.045205540684."""
        result = run(counties, "callaway_santanna, anticipation: 1").primary.result
        assert result.effect.value == pytest.approx(-0.045205540684, abs=1e-10)
        assert (result.n_treated_units, len(result.dropped)) == (171, 20)
        assert {reason.partition(",")[0] for _, reason in result.dropped} == {"treated from 2004 on"}


def test_california_by_synthetic_did(run: Callable[..., Evaluation]) -> None:
    """Arkhangelsky et al. (2021), table 1: -15.6."""
    spec = importlib.util.find_spec("causalpy")
    assert spec is not None
    assert spec.submodule_search_locations
    source = Path(spec.submodule_search_locations[0]) / "data" / "california_prop99.csv"
    with source.open(newline="") as file:
        years = list(csv.DictReader(file))
    rows = [
        (state, int(row["Year"]), round(float(value), 1), 1989 if state == "California" else "")
        for row in years for state, value in row.items() if state != "Year"
    ]  # fmt: skip
    result = run(rows, "synthetic_did").primary.result
    assert f"{result.effect.value:.1f}" == "-15.6"
    assert (result.inference["method"], result.inference["assignments"]) == ("placebo", 39)
    assert dict(result.weights)["Nevada"] == pytest.approx(0.124, abs=0.005)
