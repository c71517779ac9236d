"""What the tests of staggered adoption share: panels made by arithmetic, and numbers of other programs."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.estimation.staggered.staggered_panel import StaggeredPanel, staggered_panel

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
sys.path.insert(0, str(REFERENCE))

from staggered_panel_data import noise, panel, without_some_rows  # noqa: E402 - found through the line above

__all__ = ["counties", "noise", "numbers", "panel", "wide", "without_some_rows"]


def numbers(name: str) -> dict[str, dict[str, float]]:
    """Return the numbers of one reference script, by case and quantity."""
    found: dict[str, dict[str, float]] = {}
    with (REFERENCE / f"{name}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], {})[row["quantity"]] = float(row["value"])
    return found


def wide(data: dict[str, Any], covariates: tuple[str, ...] = (), **columns: str) -> StaggeredPanel:
    """Return the wide panel of a made-up panel; `columns` says which columns are weights, cluster, outcome."""
    outcome = data[columns.pop("outcome", "outcome")]
    extra = np.column_stack([data[name] for name in covariates]) if covariates else None
    named = {role: data[column] for role, column in columns.items()}
    return staggered_panel(
        outcome, data["unit"], data["period"], data["first_treated"], extra, covariate_names=covariates, **named
    )


def counties() -> dict[str, Any]:
    """Return R did's county employment data, from the file that the package moderndid carries."""
    import gzip
    import importlib.util
    import pickle

    found = importlib.util.find_spec("moderndid")
    assert found is not None, "the package moderndid, of the test extra, carries the data"
    path = Path(str(found.origin)).parent / "core" / "datasets" / "mpdta_long.pkl.gz"
    with gzip.open(path) as file:
        frame = pickle.load(file)
    first = np.asarray(frame["first.treat"], dtype=float)
    return {
        "unit": np.asarray(frame["countyreal"]),
        "period": np.asarray(frame["year"]),
        "first_treated": np.where(first == 0.0, np.inf, first),
        "outcome": np.asarray(frame["lemp"], dtype=float),
        "lpop": np.asarray(frame["lpop"], dtype=float),
    }
