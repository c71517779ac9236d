"""Comparison series of an interrupted time series: which units, and what becomes of them."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from evalkit.designs.outcomes import has_exposure
from evalkit.errors import DesignError, Problem
from evalkit.records import Block

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.records import Panel


class Controls(Block):
    """Units that were not treated, and how they enter."""

    units: list[str] = Field(min_length=1, description="Names of the comparison units")
    as_: Literal["comparison", "covariates", "average"] = Field(
        "comparison",
        alias="as",
        description="comparison: the change beyond that of their mean; covariates: each one's value as a term; "
        "average: their mean as one term",
    )


def _listed(value: Any) -> Any:
    return {"units": [value] if isinstance(value, str) else value} if isinstance(value, list | str) else value


ControlsOption = Annotated[Controls, BeforeValidator(_listed, json_schema_input_type=Controls | list[str] | str)]
"""Controls, or their names alone, which is ``as: comparison``."""


class Parted(NamedTuple):
    """A panel in two: the series that is treated, and its controls.

    Attributes
    ----------
    panel : Panel
        The treated series alone.
    control : Panel or None
        The controls, None where the design names none.
    dropped : tuple of (str, str)
        Units that are neither, each with the reason.
    """

    panel: Panel
    control: Panel | None
    dropped: tuple[tuple[str, str], ...]


def part(panel: Panel, controls: Controls | None) -> Parted:
    """Return the treated series and its controls.

    Raises
    ------
    DesignError
        When there are several series and no controls are named, a control is no unit of the data or starts at another
        time by itself, or when not exactly one other unit is treated.
    """
    if controls is None:
        if len(panel.units) > 1:
            raise DesignError(
                f"there are {len(panel.units)} units, and interrupted_time_series takes one series",
                "keep one unit by `data.filter`, leave out `data.unit` so that rows are summed, name the others in "
                "`design.controls`, or use difference_in_differences",
                "design.kind",
            )
        return Parted(panel, None, ())
    names = list(dict.fromkeys(controls.units))
    _require_units(panel, names)
    treated = [unit for unit in panel.treated_units if unit not in names]
    if len(treated) != 1:
        found = ", ".join(treated[:5]) or "none"
        raise DesignError(
            f"{len(treated)} units beside the controls are treated ({found}), and one must be",
            "say in `intervention.starts` which unit is treated, or sum the treated units to one series",
            "design.controls",
        )
    one = _rows(panel, treated)
    control = _rows(panel, names)
    _require_untreated(one, control)
    rest = [unit for unit in panel.units if unit not in {*names, *treated}]
    return Parted(one, control, tuple((unit, "neither treated nor named as a control") for unit in rest))


class ControlSeries(NamedTuple):
    """The mean of the controls by period, as the treated series is modelled.

    Attributes
    ----------
    value : ndarray, shape (n,)
        The outcome: for a count family the sum of their counts.
    exposure : ndarray, shape (n,)
        For a count family: what the sum is taken over.
    modelled : ndarray, shape (n,)
        Mean per unit, or total over total exposure, in the unit of the treated series as modelled.
    """

    value: numpy.ndarray
    exposure: numpy.ndarray
    modelled: numpy.ndarray


def control_series(control: Panel, times: list[int]) -> ControlSeries:
    """Return the controls' common series in these periods.

    Parameters
    ----------
    control : Panel
    times : list of int
        Periods that are used.

    Notes
    -----
    A count with exposure: ``sum of counts / sum of exposure`` times `per`. A rate, proportion or yes/no outcome with
    exposure: its mean weighted by exposure. All else: the plain mean over units. In a balanced panel a least-squares
    fit of that mean and of the units' rows have the same terms of change.
    """
    import numpy

    per = control.outcome.per
    declared = has_exposure(control)
    rows = control.frame[control.frame["time"].isin(times)]
    weight = rows["exposure"] if declared else rows["exposure"] * 0.0 + 1.0
    if control.outcome.kind == "count":
        sums = rows.assign(weight=weight).groupby("time", sort=True)[["value", "weight"]].sum()
        value, exposure = (sums[name].to_numpy(dtype=float) for name in ("value", "weight"))
        factor = per if declared else 1.0
        return ControlSeries(value, numpy.asarray(exposure / factor), numpy.asarray(value / exposure * factor))
    if control.outcome.kind == "continuous":
        weight = weight * 0.0 + 1.0
    sums = (
        rows.assign(total=rows["value"] * weight, weight=weight).groupby("time", sort=True)[["total", "weight"]].sum()
    )
    mean = (sums["total"] / sums["weight"]).to_numpy(dtype=float)
    return ControlSeries(mean, numpy.ones(mean.size), mean)


def control_covariate(control: Panel, column: str, times: list[int]) -> numpy.ndarray:
    """Return a covariate's mean over the controls in these periods."""
    import numpy

    rows = control.frame[control.frame["time"].isin(times)]
    return numpy.asarray(rows.groupby("time", sort=True)[column].mean().to_numpy(dtype=float))


def control_terms(control: Panel, average: bool, times: list[int], log: bool) -> dict[str, numpy.ndarray]:
    """Return the controls as covariates: each by its name, or their mean; their logarithm on the log scale.

    Raises
    ------
    DesignError
        When a value has no logarithm.
    """
    import numpy

    groups = {"mean of the controls": control} if average else {unit: _rows(control, [unit]) for unit in control.units}
    terms = {f"control {name}" if not average else name: control_series(found, times).modelled
             for name, found in groups.items()}  # fmt: skip
    for name, values in terms.items():
        if log and (values <= 0.0).any():
            time = control.label(times[int(numpy.argmax(values <= 0.0))])
            raise DesignError(
                f"{name} is not above zero in {time}, so it has no logarithm",
                "use `as: average`, leave this unit out, or use scale: identity",
                "design.controls",
            )
    return {name: numpy.log(values) if log else values for name, values in terms.items()}


def _rows(panel: Panel, units: list[str]) -> Panel:
    """Return a panel of some of the units."""
    frame: pandas.DataFrame = panel.frame[panel.frame["unit"].isin(units)].reset_index(drop=True)
    return dataclasses.replace(panel, frame=frame)


def _require_units(panel: Panel, names: list[str]) -> None:
    """Raise unless every control is a unit of the data."""
    units, problems = panel.units, []
    for name in names:
        if name not in units:
            meant = difflib.get_close_matches(name, units, n=1)
            mend = f"did you mean {meant[0]!r}?" if meant else f"the units are {', '.join(units[:10])}"
            if units == [""]:
                mend = "the data are one series: name the column of the units in `data.unit`"
            problems.append(
                Problem(f"the control {name!r} is not among the units of the data", mend, "design.controls")
            )
    if problems:
        raise DesignError(problems)


def _require_untreated(one: Panel, control: Panel) -> None:
    """Raise when a control has a start of its own; a start that is the same for all units is the treated unit's."""
    start = float(one.frame["first_time"].iloc[0])
    other = control.frame.loc[control.frame["first_time"].notna() & (control.frame["first_time"] != start)]
    if len(other):
        row = other.iloc[0]
        raise DesignError(
            f"the control {row['unit']} is itself treated from {control.label(int(row['first_time']))}",
            "leave it out of `controls`",
            "design.controls",
        )
