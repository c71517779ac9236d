"""What the time before the first start tells of many places: how they vary, their sizes, and who is to be treated."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.adoption import Adoption
from evalkit.designs.difference_in_differences.estimated import Estimated
from evalkit.designs.difference_in_differences.estimators import rows_of, studied
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel
from evalkit.designs.outcomes import EVENTS, modelled, to_events
from evalkit.errors import DesignError
from evalkit.periods import PER_YEAR, as_pandas

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.estimation.few_units.null_panels import Noise
    from evalkit.records import Panel

FEWEST_AFTER = 3
"""Periods after the last start that are planned for where a year has fewer."""


@dataclass(frozen=True, eq=False)
class Places:
    """Units (or clusters, where these are larger) before the first start, in the order of `WidePanel`.

    Attributes
    ----------
    asked : DifferenceInDifferences
        As the study file has it.
    design : DifferenceInDifferences
        Resolved on these data.
    panel : Panel
        Where the start is yet to come, with stand-ins for the periods that are not there yet.
    noise : Noise
    levels : numpy.ndarray, shape (places,)
        Mean of each before the start, on the modelled scale.
    weights, sizes : numpy.ndarray, shape (places,), or None
        As `WidePanel` has them; weights are means over periods.
    first_treated : numpy.ndarray of int, shape (places,)
        Index of the first treated period, the number of periods for places that are never treated.
    before, periods : int
        Periods before the first start, and in all.
    learnt : int
        Periods from which the noise is learnt.
    observed : numpy.ndarray, shape (places,)
        Mean modelled outcome in the last year before, not in logarithms.
    events : numpy.ndarray, shape (places,), or None
        Events a year in the last year before; None where the outcome counts none, or periods are numbered.
    ahead : bool
        Whether the start is yet to come.
    noun : str
        unit or cluster.
    """

    asked: DifferenceInDifferences
    design: DifferenceInDifferences
    panel: Panel
    noise: Noise
    levels: numpy.ndarray
    weights: numpy.ndarray | None
    sizes: numpy.ndarray | None
    first_treated: numpy.ndarray
    before: int
    periods: int
    learnt: int
    observed: numpy.ndarray
    events: numpy.ndarray | None
    ahead: bool
    noun: str

    @property
    def treated(self) -> numpy.ndarray:
        """Positions of the places that are treated, by start."""
        import numpy

        order = numpy.argsort(self.first_treated, kind="stable")
        return numpy.asarray(order[self.first_treated[order] < self.periods])

    @property
    def dates(self) -> numpy.ndarray:
        """First treated periods of the treated places, ascending."""
        import numpy

        return numpy.asarray(self.first_treated[self.treated])

    @property
    def logarithmic(self) -> bool:
        """Whether effects are logarithms of ratios."""
        return self.design.transform == "log"


def learn(design: DifferenceInDifferences, panel: Panel, after: int | None = None) -> Places:
    """Return what the time before the first start tells.

    Parameters
    ----------
    design : DifferenceInDifferences
        As the study file has it, or resolved.
    panel : Panel
        `first_time` may lie after the last period: then the start is yet to come.
    after : int or None
        Periods watched from the last start on. None: those of the data, or where the start is yet to come a year, and
        three periods at least.

    Raises
    ------
    DesignError, DataError
        As the design's own; where the estimator cannot be planned for; with fewer than four periods before.
    """
    from evalkit.estimation.few_units.null_panels import learn_noise

    whole, ahead = _with_the_time_after(panel, after)
    resolved = design.resolve(whole)
    if resolved.estimator == "poisson":
        raise DesignError(
            "power is not worked out for poisson: counts cannot be shifted by an effect",
            "plan with two_way_fixed_effects, on the log scale where all counts are above zero", "design.estimator",
        )  # fmt: skip
    study = rows_of(resolved, whole, studied(resolved, whole)).study
    wide, noun = _wide(resolved, whole, study)
    before = int(wide.first_treated.min())
    times = [time for time in study.times if time < min(study.starts.values()) and time <= panel.times[-1]]
    learnt = min(before - resolved.anticipation, len(times))  # stand-ins before a start far ahead teach nothing
    earlier = wide.outcome[:, :learnt] - _explained(wide, learnt)
    if wide.weights is not None and bool((wide.weights[:, :learnt] == 0.0).any()):
        raise DesignError("a unit has no row in a period before the start, and its noise is not known there",
                          "let `before` begin after the gap", "design.before")  # fmt: skip
    last = times[-max(1, round(PER_YEAR[panel.frequency])) :]
    observed, events = _sizes(whole, study, wide, noun, last)
    return Places(
        asked=design, design=resolved, panel=whole, noise=learn_noise(earlier), levels=earlier.mean(axis=1),
        weights=None if wide.weights is None else wide.weights[:, :learnt].mean(axis=1), sizes=wide.sizes,
        first_treated=wide.first_treated, before=before, periods=wide.outcome.shape[1], learnt=learnt,
        observed=observed, events=events, ahead=ahead, noun=noun,
    )  # fmt: skip


def _wide(design: DifferenceInDifferences, panel: Panel, study: Adoption) -> tuple[WidePanel, str]:
    """Return the panel as a matrix of places by periods, on the modelled scale."""
    model = TwoWay(design, panel, study)
    bare = Estimated(
        panel=panel, study=study, scale=model.scale, unit=model.unit, observed=model.observed, outcome=model.outcome,
        weights=model.weights, clusters=model.clusters, noun=model.noun, covariates=tuple(design.covariates),
    )  # fmt: skip
    return wide_panel(bare), model.noun


def _explained(wide: WidePanel, periods: int) -> numpy.ndarray | float:
    """Return what covariates explain of the outcome before the start, beside unit and period effects."""
    import numpy

    if wide.covariates is None:
        return 0.0
    outcome, columns = wide.outcome[:, :periods], wide.covariates[:, :periods]

    def left(values: numpy.ndarray) -> numpy.ndarray:
        values = values - values.mean(axis=1, keepdims=True)
        return numpy.asarray(values - values.mean(axis=0)).reshape(-1, *values.shape[2:])

    return numpy.asarray(columns @ numpy.linalg.lstsq(left(columns), left(outcome), rcond=None)[0])


def _sizes(
    panel: Panel, study: Adoption, wide: WidePanel, noun: str, last: list[int]
) -> tuple[numpy.ndarray, numpy.ndarray | None]:
    """Return each place's mean outcome and events a year in the last year before the start."""
    import numpy

    frame = study.frame[study.frame["time"].isin(last)]
    names = frame["unit"] if noun == "unit" or "cluster" not in frame else frame["cluster"]
    rows = frame.assign(place=names.astype(str).to_numpy(), modelled=modelled(frame, panel))
    observed = rows.groupby("place")["modelled"].mean().reindex(list(wide.names)).to_numpy(dtype=float)
    factor = to_events(frame, panel)
    if factor is None or panel.outcome.kind not in EVENTS or panel.frequency == "number":  # of which none is a year
        return observed, None
    events = rows.assign(events=rows["modelled"] * factor).groupby("place")["events"].sum()
    years = len(last) / PER_YEAR[panel.frequency]
    return observed, numpy.asarray(events.reindex(list(wide.names)).to_numpy(dtype=float) / years)


def _with_the_time_after(panel: Panel, after: int | None) -> tuple[Panel, bool]:
    """Return the panel up to so many periods from the last start on, with stand-ins for those that are not there yet.

    Stand-ins repeat the last rows of each unit: nothing is learnt from them.
    """
    import numpy
    import pandas

    frame, times = panel.frame, panel.times
    starts = frame["first_time"].dropna()
    if starts.empty:
        raise DesignError("no unit is to be treated", "check the units and dates under `intervention`", "intervention")
    ahead = int(starts.min()) > times[-1]
    if not ahead and after is None:
        return panel, False
    if after is not None and after < 1:
        raise DesignError(f"{after} periods after the last start", "ask for 1 or more")
    length = after or max(FEWEST_AFTER, round(PER_YEAR[panel.frequency]))
    last = int(starts.max() if ahead else starts[starts <= times[-1]].max()) + length - 1
    kept = frame[frame["time"] <= last]
    missing = numpy.arange(times[-1] + 1, last + 1)
    if missing.size:
        tails = [_stand_in(rows, missing) for _, rows in kept.groupby("unit", sort=False)]
        kept = pandas.concat([kept, *tails]).sort_values(["unit", "time"], kind="stable").reset_index(drop=True)
        kept["period"] = as_pandas(kept["time"], panel.frequency)
    return dataclasses.replace(panel, frame=kept), ahead


def _stand_in(rows: pandas.DataFrame, times: numpy.ndarray) -> pandas.DataFrame:
    """Return a unit's last rows once more, in other periods."""
    import numpy

    return rows.iloc[numpy.arange(times.size) % len(rows) - min(times.size, len(rows))].assign(time=times)
