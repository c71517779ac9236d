"""A panel as a matrix of places by periods, with each place's start: what reassigns treatment among places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.outcomes import EVENTS, has_exposure, to_events
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.estimated import Estimated

THINNEST = 1e-6
"""Sizes below this share of the largest are raised to it, so that a place without events keeps a finite variance."""


@dataclass(frozen=True, eq=False)
class WidePanel:
    """Places by periods.

    Attributes
    ----------
    names : tuple of str
        Units, or clusters where these are larger than units, in an order that depends on starts and outcomes alone, so
        that neither names nor the order of rows moves a draw.
    outcome : numpy.ndarray, shape (places, periods)
        On the modelled scale; weighted means where a place has several rows in a period, 0 where it has none.
    first_treated : numpy.ndarray of int, shape (places,)
        Index of the first treated period; the number of periods where there is none.
    weights : numpy.ndarray, shape (places, periods), or None
        None where all cells weigh the same; 0 where a place has no row in a period.
    covariates : numpy.ndarray, shape (places, periods, k), or None
    sizes : numpy.ndarray, shape (places,), or None
        What a place's variance falls with: see `variance_sizes`. None where nothing is known of sizes.
    times : numpy.ndarray, shape (periods,)
        Periods as numbers.
    fixed : numpy.ndarray of bool, shape (places,)
        Treated in all periods: rows of a regression that treatment cannot be dealt to.
    """

    names: tuple[str, ...]
    outcome: numpy.ndarray
    first_treated: numpy.ndarray
    weights: numpy.ndarray | None
    covariates: numpy.ndarray | None
    sizes: numpy.ndarray | None
    times: numpy.ndarray
    fixed: numpy.ndarray

    @property
    def treated(self) -> numpy.ndarray:
        """Mask of places that are treated at some time."""
        import numpy

        return numpy.asarray(self.first_treated < self.outcome.shape[1])


def wide_panel(model: Estimated) -> WidePanel:
    """Return the panel as a matrix of places by periods.

    Raises
    ------
    DesignError
        When clusters are larger than units and a cluster holds units with different starts (it is named).
    """
    import numpy

    frame = model.study.frame
    rows = frame[["time"]].assign(
        place=model.clusters.astype(str).to_numpy(),
        start=frame["unit"].map(model.study.starts).astype(float).fillna(numpy.inf).to_numpy(),
    )
    _require_one_start(rows)
    weight = numpy.ones(len(frame)) if model.weights is None else model.weights
    cells = [rows["place"].to_numpy(), rows["time"].to_numpy()]
    total = _wide(weight, cells)
    outcome = (_wide(weight * model.outcome, cells) / total).fillna(0.0).to_numpy()
    starts = rows.groupby("place")["start"].first().reindex(total.index).to_numpy()
    first = numpy.searchsorted(total.columns.to_numpy(dtype=float), starts).astype(numpy.int64)
    extra = [
        (_wide(weight * frame[name].to_numpy(dtype=float), cells) / total).fillna(0.0) for name in model.covariates
    ]
    order = numpy.lexsort([*outcome.T[::-1], first])
    sizes = variance_sizes(model, cells)
    kept = frame["unit"].isin(list(model.study.always))
    heavy = total.fillna(0.0).to_numpy()[order]
    return WidePanel(
        names=tuple(str(total.index[place]) for place in order),
        outcome=outcome[order],
        first_treated=first[order],
        weights=None if numpy.ptp(heavy) <= 1e-12 * heavy.max() else heavy,
        covariates=numpy.stack([table.to_numpy()[order] for table in extra], axis=2) if extra else None,
        sizes=None if sizes is None else sizes[order],
        times=total.columns.to_numpy(dtype=float),
        fixed=numpy.isin(total.index.to_numpy()[order], model.clusters[kept].astype(str).unique()),
    )


def variance_sizes(model: Estimated, cells: list[numpy.ndarray]) -> numpy.ndarray | None:
    """Return what the variance of each place's outcome falls with, in the order of names; None where nothing is known.

    Notes
    -----
    Events that are counted vary as their number does, so a modelled outcome m with f events per unit of it has variance
    ``m / f``, and its logarithm ``1 / (m f)``; the size is one over its mean over the periods before the first start.
    Other outcomes have the exposure as their size, where one is declared. Means of repeated cross-sections have the
    number of their rows.
    """
    import numpy

    study = model.study
    before = (study.frame["time"] < min(study.starts.values())).to_numpy()
    if model.panel.cross_sections:
        return _positive(_wide(numpy.ones(before.sum()), [codes[before] for codes in cells]).mean(axis=1).to_numpy())
    factor, early = to_events(study.frame, model.panel), [codes[before] for codes in cells]
    if factor is not None and model.panel.outcome.kind in EVENTS:
        events = _wide(model.observed[before] * factor[before], early).sum(axis=1)
        if model.scale == "log":
            return _positive(events.to_numpy())
        spread = _wide(model.observed[before] / factor[before], early).mean(axis=1).to_numpy()
        return _positive(1.0 / numpy.maximum(spread, THINNEST * spread.max()) if spread.max() > 0.0 else spread)
    if not has_exposure(model.panel):
        return None
    return _positive(_wide(study.frame["exposure"].to_numpy(dtype=float)[before], early).mean(axis=1).to_numpy())


def _positive(sizes: numpy.ndarray) -> numpy.ndarray | None:
    """Return sizes above zero; None where there are none, or they do not differ."""
    import numpy

    if not sizes.max() > 0.0 or numpy.ptp(sizes) <= 1e-9 * sizes.max():
        return None
    return numpy.asarray(numpy.maximum(sizes, THINNEST * sizes.max()))


def _wide(values: numpy.ndarray, cells: list[numpy.ndarray]) -> pandas.DataFrame:
    """Return sums by place (rows) and period (columns), both ascending."""
    import pandas

    table = pandas.DataFrame({"place": cells[0], "time": cells[1], "sum": values})
    return table.groupby(["place", "time"])["sum"].sum().unstack()


def _require_one_start(rows: pandas.DataFrame) -> None:
    """Raise where units of one cluster start at different times."""
    starts = rows.groupby("place")["start"].nunique()
    mixed = [str(name) for name in starts.index[starts > 1]]
    if mixed:
        raise DesignError(
            f"units of one cluster start at different times, or not all of them: {', '.join(mixed[:10])}",
            "treatment can be dealt out anew among whole clusters alone: choose cluster_robust or wild_bootstrap, or "
            "leave `cluster` out",
            "design.inference",
        )
