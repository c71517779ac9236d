"""Comparison areas of a before/after comparison: the change in treated areas over the change in theirs."""

from __future__ import annotations

import dataclasses
import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.designs.before_after.cells import Cell, cell_of
from evalkit.designs.before_after.change import Change
from evalkit.designs.before_after.halves import Halves
from evalkit.designs.outcomes import named
from evalkit.diagnostics.words import listed, several
from evalkit.errors import DataError, DesignError, Problem
from evalkit.records import Estimate, Panel

if TYPE_CHECKING:
    from evalkit.estimation.before_after.relative_effect import Dispersion, RelativeEffect

WHERE = "design.comparison"
FEWEST_AREAS = 3
"""Areas in each group from which on the dispersion is taken from how much their changes differ."""
FEWEST_PERIODS = 3
SOURCES = ("areas", "areas_within_cells", "periods")
"""Where a dispersion may come from: between areas, of areas within the four cells, of periods within them."""


def comparison_units(panel: Panel, comparison: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the units that are the comparison areas, in the order of the panel.

    Parameters
    ----------
    panel : Panel
    comparison : str or tuple of str
        `never_treated`, or names of units.

    Raises
    ------
    DesignError
        When there is none, a name is not in the data, all units are named, or one of them is treated at a time of
        its own. Where all units start together, `intervention` says when and `comparison` says where not.
    """
    treated, units = panel.treated_units, panel.units
    if comparison == "never_treated":
        found = tuple(unit for unit in units if unit not in set(treated))
        if not found or not treated:
            what = "every unit is treated" if not found else "no unit is ever treated"
            raise DesignError(f"{what}, so `never_treated` names nothing", "name the comparison areas", WHERE)
        return found
    if not comparison:
        raise DesignError("`comparison` names no unit", "name the comparison areas, or leave it out", WHERE)
    problems = []
    for name in comparison:
        if name not in units:
            close = difflib.get_close_matches(name, [*filter(None, units), "never_treated"], n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"the data hold {listed(units)}"
            if list(units) == [""]:
                mend = "the data are one series: name the column of the units in `data.unit`"
            problems.append(Problem(f"there is no unit {name!r} in the data", mend, WHERE))
    together = len(treated) == len(units) and panel.frame["first_time"].nunique() == 1
    for name in comparison:
        if name in treated and not together:
            problems.append(
                Problem(f"{name} is treated itself", "name units that are not, or drop it from `intervention`", WHERE)
            )
    if not problems and set(comparison) >= set(units):
        problems.append(Problem("every unit is named as comparison", "leave the treated ones out", WHERE))
    if problems:
        raise DesignError(problems)
    return tuple(unit for unit in units if unit in set(comparison))


def treated_panel(panel: Panel, compared: tuple[str, ...]) -> tuple[Panel, tuple[tuple[str, str], ...]]:
    """Return the panel without comparison areas, and units that are neither treated nor comparison, with the reason."""
    rest = panel.frame[~panel.frame["unit"].isin(compared)]
    kept = dataclasses.replace(panel, frame=rest)
    treated = set(kept.treated_units)
    reason = "neither treated nor named under `comparison`"
    dropped = tuple((unit, reason) for unit in kept.units if treated and unit not in treated)
    return dataclasses.replace(kept, frame=rest[~rest["unit"].isin([unit for unit, _ in dropped])]), dropped


def comparison_halves(panel: Panel, compared: tuple[str, ...], rows: Halves) -> Halves:
    """Return the rows of the comparison areas in the windows of the treated ones, the same periods left out.

    Raises
    ------
    DataError
        Naming the areas that lack periods of the windows.
    """
    areas = dataclasses.replace(panel, frame=panel.frame[panel.frame["unit"].isin(compared)])
    problems: list[Problem] = []
    for span in rows.spans:
        window = dataclasses.replace(areas, frame=areas.frame[areas.frame["time"].between(*span)])
        problems += [Problem(f"{unit} has no rows in a window", "drop it from `comparison`", WHERE)
                     for unit in compared if unit not in set(window.units)]  # fmt: skip
        try:
            window.require_complete(span.first, span.last)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    before, after = (areas.frame[areas.frame["time"].isin(times)] for times in rows.times)
    return Halves(areas, before, after, rows.spans, compared, (), rows.left_out)


@dataclass(frozen=True, eq=False)
class FourCells:
    """Treated and comparison areas, before and after."""

    treated: tuple[Cell, Cell]
    comparison: tuple[Cell, Cell]

    @property
    def each(self) -> tuple[Cell, Cell, Cell, Cell]:
        """The cells in the order treated before, treated after, comparison before, comparison after."""
        return (*self.treated, *self.comparison)


def four_cells(rows: Halves, areas: Halves) -> FourCells:
    """Return the cells of both groups, areas in the same order before and after."""
    treated, compared = ((cell_of(half.before, half.both), cell_of(half.after, half.both)) for half in (rows, areas))
    return FourCells(treated, compared)


def dispersion_by(cells: FourCells, source: str) -> Dispersion | None:
    """Return the dispersion between areas, or of areas or periods within the four cells; None where it cannot be."""
    from evalkit.estimation.before_after.relative_effect import dispersion_between_areas, dispersion_within_cells

    if source == "areas":
        groups = [(before.by_unit, after.by_unit) for before, after in (cells.treated, cells.comparison)]
        return dispersion_between_areas(
            [(before.counts, after.counts) for before, after in groups],
            [(before.exposures, after.exposures) for before, after in groups],
        )
    sums = [cell.by_unit if source == "areas_within_cells" else cell.by_period for cell in cells.each]
    name: Any = source
    return dispersion_within_cells([one.counts for one in sums], [one.exposures for one in sums], name)


def effect_of_cells(cells: FourCells, source: str | None, level: float) -> RelativeEffect:
    """Return the relative effect of four cells, its variance by the dispersion from `source` (None: Poisson).

    Raises
    ------
    DesignError
        When a total is zero, or the dispersion cannot be estimated.
    """
    from evalkit.estimation.before_after.relative_effect import relative_effect

    (a, ea), (b, eb), (c, ec), (d, ed) = totals = [cell.total for cell in cells.each]
    if min(count for count, _ in totals) <= 0.0:
        raise DesignError(
            "one of the four totals (treated and comparison, before and after) is zero, so their ratio has no "
            f"logarithm: {', '.join(f'{count:g}' for count, _ in totals)}",
            "use longer windows or more areas",
            WHERE,
        )
    dispersion = None if source is None else dispersion_by(cells, source)
    if source is not None and dispersion is None:
        raise DesignError(f"the dispersion cannot be estimated from {source}", "use longer windows", WHERE)
    return relative_effect((a, b), (c, d), (ea, eb), (ec, ed), dispersion, level)


def chosen_source(rows: Halves, areas: Halves, asked: str | None) -> str | None:
    """Return where the dispersion is estimated from: as asked, else areas where there are enough, else periods.

    None where four totals are all there is.

    Raises
    ------
    DesignError
        When what is asked for cannot be estimated.
    """
    cells = four_cells(rows, areas)
    have = {source for source in SOURCES if dispersion_by(cells, source) is not None}
    if asked is not None:
        if asked not in have:
            raise DesignError(
                f"the dispersion cannot be estimated from {asked.replace('_', ' ')}: there are "
                f"{several(len(rows.panel.units), 'treated area')}, "
                f"{several(len(areas.panel.units), 'comparison area')} and {min(rows.periods)} periods in the shorter "
                "window",
                f"use {listed(sorted(have))}" if have else "leave `dispersion_from` out",
                "design.dispersion_from",
            )
        return asked
    enough = min(len(rows.panel.units), len(areas.panel.units)) >= FEWEST_AREAS
    if "areas" in have and enough:
        return "areas"
    if "periods" in have and min(rows.periods) >= FEWEST_PERIODS:
        return "periods"
    return "areas" if "areas" in have else None


def change_against(rows: Halves, areas: Halves, source: str | None, level: float) -> Change:
    """Return the change in treated areas over the change in comparison areas.

    Parameters
    ----------
    rows, areas : Halves
        Of treated and of comparison areas, in the same periods.
    source : str or None
        Where the dispersion comes from; None: Poisson variance of four totals.
    level : float

    Returns
    -------
    Change
        `level_before` is the treated rate before times the change of the comparison areas: what the rate after would
        be had it changed as theirs did. Its limits are the rate after over the limits of the ratio.

    Raises
    ------
    DesignError
        When a total is zero.
    """
    cells = four_cells(rows, areas)
    found = effect_of_cells(cells, source, level)
    return _as_change(rows, found, cells, _particulars(rows, areas, found, cells, source), level)


def _as_change(
    rows: Halves, found: RelativeEffect, cells: FourCells, particulars: dict[str, Any], level: float
) -> Change:
    """Return the relative effect as a change, with what a meta-analysis needs."""
    outcome = rows.panel.outcome
    rule: Any = "normal" if found.df is None else "t"
    effect = Estimate(
        found.log_ratio, label=f"{outcome.label}: change beyond that of the comparison areas", unit="log ratio",
        se=found.se, df=found.df, low=found.low, high=found.high, p_value=found.p_value, level=level, scale="log",
        rule=rule,
    )  # fmt: skip
    count_after, time_after = cells.treated[1].total
    rate_after = count_after / time_after
    expected = [rate_after * math.exp(-value) for value in (found.log_ratio, found.low, found.high)]
    per_row = time_after / len(rows.after)
    value, low, high = ((rate_after - level_then) * per_row for level_then in expected)
    absolute = Estimate(
        value, label=f"{outcome.label}: change per unit and period beyond that of the comparison areas",
        unit=named(outcome), low=low, high=high, p_value=found.p_value, level=level, rule=rule,
    )  # fmt: skip
    return Change(
        effect, effect.percent(), absolute, found.rule, expected[0], rate_after, expected[2], expected[1],
        found.dispersion, found.dispersion is not None, particulars,
    )  # fmt: skip


def _particulars(
    rows: Halves, areas: Halves, found: RelativeEffect, cells: FourCells, source: str | None
) -> dict[str, Any]:
    """Return the four totals, every dispersion that can be estimated, and the numbers for a meta-analysis."""
    names = ("treated_before", "treated_after", "comparison_before", "comparison_after")
    totals = [cell.total for cell in cells.each]
    (a, ea), (b, eb), (c, ec), (d, ed) = totals
    every = [one for name in SOURCES if source is not None and (one := dispersion_by(cells, name)) is not None]
    poisson = sum(1.0 / count for count, _ in totals)
    listed_dispersions = [
        {"source": one.source, "value": one.value, "df": one.df, "se": math.sqrt(max(1.0, one.value) * poisson)}
        for one in every
    ]
    return {
        "meta_analysis": {"effect_size": "log relative incidence-rate ratio", "log_ratio": found.log_ratio,
                          "se": found.se, "variance": found.variance, "dispersion": found.dispersion,
                          "rule": found.rule},
        "comparison": {"treated_areas": list(rows.panel.units), "comparison_areas": list(areas.panel.units),
                       "totals": {name: count for name, (count, _) in zip(names, totals, strict=True)},
                       "exposures": {name: time for name, (_, time) in zip(names, totals, strict=True)},
                       "change_treated": 100.0 * ((b / eb) / (a / ea) - 1.0),
                       "change_comparison": 100.0 * ((d / ed) / (c / ec) - 1.0)},
        "compared_with": "than with the change seen in the comparison "
                         f"{'area' if len(areas.panel.units) == 1 else 'areas'}",
        "dispersions": listed_dispersions,
        "dispersion_from": None if found.dispersion is None else source,
    }  # fmt: skip
