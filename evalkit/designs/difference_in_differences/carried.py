"""What an estimator cannot carry, whatever it finds: refused by name of units and columns, with the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics.words import listed, several
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.records import Panel

WITH_ANTICIPATION = ("callaway_santanna", "sun_abraham", "imputation", "poisson")
"""Estimators that can leave periods just before the start out of what is compared with."""
SYNTHETIC = ("synthetic_control", "synthetic_did")
LOST = 1e-8
"""A column of which less is left than this, as a share of what it was, is explained by the others."""


def require_rows(design: DifferenceInDifferences, panel: Panel, found: Compared) -> None:
    """Raise where an estimator would misread these rows.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    panel : Panel
    found : Compared
        The rows that are used.

    Raises
    ------
    DesignError
        When all units lie in one cluster, or a synthetic method gets several rows of a unit and period, units without a
        period, or clusters larger than units.
    """
    frame = found.study.frame
    clusters = frame["cluster"] if "cluster" in frame else frame["unit"]
    if clusters.nunique() < 2:
        raise DesignError(
            f"all {several(frame['unit'].nunique(), 'unit')} lie in one cluster ({clusters.iloc[0]}), and what they "
            "share cannot be told from chance",
            "name a column with two clusters or more, or leave `cluster` out",
            "design.cluster",
        )
    if design.estimator in SYNTHETIC:
        _require_donors(design.estimator, found)
        _require_table(design.estimator, panel, found)
        if larger_clusters(frame):
            raise DesignError(
                f"{design.estimator} takes no clusters larger than units",
                "leave `cluster` out, or choose two_way_fixed_effects",
                "design.cluster",
            )


def larger_clusters(frame: pandas.DataFrame) -> bool:
    """Return whether a cluster is not its unit."""
    return "cluster" in frame and bool((frame["cluster"].astype(str) != frame["unit"].astype(str)).any())


def repeated_rows(frame: pandas.DataFrame) -> list[str]:
    """Return units with several rows in one period."""
    twice = frame.loc[frame.duplicated(["unit", "time"]), "unit"]
    return [str(unit) for unit in dict.fromkeys(twice)]


def incomplete_units(found: Compared) -> list[str]:
    """Return units that lack a period that is used, as declared gaps allow."""
    frame = found.study.frame
    counts = frame.drop_duplicates(["unit", "time"]).groupby("unit", sort=False)["time"].size()
    return [str(unit) for unit in counts.index[counts < len(found.study.times)]]


def _require_donors(estimator: str, found: Compared) -> None:
    """Raise where every unit is treated sooner or later."""
    if not found.study.comparison:
        raise DesignError(
            f"{estimator} needs donors that are never treated, and every unit is treated within the data: "
            f"{listed(list(found.study.starts))}",
            "add units that are never treated, or choose callaway_santanna, which compares with those not yet treated",
            "design.comparison",
        )


def _require_table(estimator: str, panel: Panel, found: Compared) -> None:
    """Raise unless there is one row of every unit in every period."""
    twice = repeated_rows(found.study.frame)
    if twice:
        raise DesignError(
            f"{estimator} needs one row per unit and period, and there are several for {listed(twice)}",
            "bring the rows of a unit and period together, or choose two_way_fixed_effects",
            "design.estimator",
        )
    lacking = incomplete_units(found)
    if lacking:
        first = found.study.frame[found.study.frame["unit"] == lacking[0]]
        gap = next(time for time in found.study.times if time not in set(first["time"]))
        raise DesignError(
            f"{estimator} needs every unit in every period, and there are gaps in {listed(lacking)} "
            f"(first {panel.label(gap)})",
            "leave these units out by `exclude`, choose other windows, or choose two_way_fixed_effects",
            "design.estimator",
        )


def lost_covariates(
    columns: numpy.ndarray, names: list[str], unit: numpy.ndarray, time: numpy.ndarray, weights: numpy.ndarray | None,
    trend: numpy.ndarray | None = None,
) -> list[str]:  # fmt: skip
    """Return covariates of which unit and period effects and the columns before them leave nothing.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, k)
        Regressors, the covariates last.
    names : list of str
        Of the covariates.
    unit, time : numpy.ndarray of int, shape (n,)
        Codes.
    weights : numpy.ndarray, shape (n,), or None
    trend : numpy.ndarray, shape (n,), or None
        Periods as numbers, where each unit has a straight line of its own in them.
    """
    import numpy

    from evalkit.estimation.unit_trends import within_unit_trends
    from evalkit.estimation.within import within_two_way

    root = numpy.ones(len(columns)) if weights is None else numpy.sqrt(weights)
    whole = (columns - columns.mean(axis=0)) * root[:, None]
    if trend is None:
        left = within_two_way(columns, unit, time, weights) * root[:, None]
    else:
        left = within_unit_trends(columns, unit, time, weights, trend) * root[:, None]
    found, first = [], columns.shape[1] - len(names)
    for place, name in enumerate(names, start=first):
        rest, before = left[:, place], left[:, :place]
        rest = rest - before @ numpy.linalg.lstsq(before, rest, rcond=None)[0]
        if float(rest @ rest) <= LOST**2 * max(float(whole[:, place] @ whole[:, place]), 1e-300):
            found.append(name)
    return found
