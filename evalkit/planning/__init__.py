"""Planning: the smallest change that a study could find, by how long it watches, or by how many places are treated.

Nothing here needs the outcome after the start, so that it can be asked before the programme begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.records import Design, Panel

REPLICATIONS, SEED, TARGET = 500, 20_240_229, 0.8
IN_A_RUN = 200
"""Panels for each cell of a difference in differences in a run of the study, which is not to take seconds more."""

__all__ = ["REPLICATIONS", "power"]


def power(
    design: Design,
    panel: Panel,
    grid: tuple[Sequence[int], Sequence[int]] | None = None,
    replications: int | None = None,
    seed: int = SEED,
    after: int | None = None,
    treated: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return the smallest change that the design finds four times in five.

    Parameters
    ----------
    design : Design
        interrupted_time_series, before_after of counts, or difference_in_differences; as the study file has it (options
        on `auto` are settled for each cell by themselves) or as resolved.
    panel : Panel
        The study's data. Only periods before the start are read; where no unit is treated within them, all periods
        are before the start, which is yet to come. (For difference_in_differences the panel then has the starts.)
    grid : pair of sequences of int, or None
        Of a series: numbers of periods before, and after. None: lengths around the study's own, none longer before than
        the data.
    replications : int or None
        Simulated series or panels for each cell; 30 or more. None: 500, and 200 for difference_in_differences, which is
        what a run of the study does.
    seed : int
        Start of the random numbers.
    after : int or None
        difference_in_differences: periods watched from the last start on. None: those of the data, or where the start
        is yet to come a year, and three periods at least. A series is looked at for several lengths after: one that is
        given is the only one.
    treated : sequence of int or None
        difference_in_differences: numbers of treated units. None: 1, 2, 3, 5, 10, half, and the study's own.

    Returns
    -------
    dict
        `target` (0.8), `level` of the intervals, `replications`, `seed`, `measure` in words, `cells` and `own`
        (the study's own), each with `before`, `after`, `smallest_change_percent` (above zero; null where no
        change is found so often, with the reason in `problem`) and `error_percent` (its standard error from the
        number of simulations), `pre_period` (`periods`, `level`, `unit`, `autocorrelation`, `dispersion`,
        `season`) and `words`. Plain data, for `Result.power`.
        difference_in_differences has `by: treated`, `noun` (unit or cluster), `planned` (whether the start is yet to
        come), and in each cell also `treated`, `units`, `drawn` (at random, or the study's own), `estimator`,
        `inference`, `smallest_p` (the smallest that could come out), `replications`, `smallest_change` (on the modelled
        scale), `fall_percent`, `rise_percent` and, of numbers of events, `events_a_year`; in `pre_period` also `units`,
        `lasting` and `lasting_share`.

    Raises
    ------
    DesignError
        For designs and estimators without power, for a series too short or too plain to learn its noise from, or a grid
        of no whole numbers.
    DataError
        When a period before is missing that is not declared as a gap.

    Notes
    -----
    interrupted_time_series: level, season, autocorrelation and dispersion are estimated from the periods before the
    start by the design's own terms with first-order autoregressive errors; series of each length are drawn with them
    and estimated by the design's own errors, and the smallest change is the 80% quantile of
    ``t se - error`` (`power.smallest_shift`). Count families are drawn on the linearised scale of
    quasi-likelihood, ``m^(1/2) x``, with the means that the change itself leaves; for the study's own lengths counts
    are then drawn with that change and fitted, and `own` says how many of them found it. The time before is taken as
    known: that its numbers are estimates is not in the answer.

    before_after: exactly, by the conditional test of two counts; where counts vary more than chance, of the counts
    over their dispersion.

    difference_in_differences: panels without an effect are drawn from what is left of the time before without unit and
    period effects (`evalkit.estimation.few_units.null_panels`), treated units drawn at random in each panel, or those
    of the study; with the study's own estimator (synthetic ones give way to the printed rule where many are treated)
    and the inference that the printed rule chooses for so many. A constant effect d in treated cells moves a linear
    estimate by d, so that its test in a panel with the effect is the test of the supposed effect -d in the panel
    without it: power by size takes no refitting (`few_units.planned_power`).

    References
    ----------
    Zhang, Wagner and Ross-Degnan (2011), Journal of Clinical Epidemiology 64, 1252-1261, on power of segmented
    regression by simulation. Przyborowski and Wilenski (1940), Biometrika 31, 313-323. Burlig, Preonas and Woerman
    (2020), Journal of Development Economics 144, 102458, on power of panels.
    """
    from evalkit.planning import panels, series, windows

    if replications is None:
        replications = IN_A_RUN if design.kind == "difference_in_differences" else REPLICATIONS
    if replications < 30:
        raise DesignError(f"{replications} replications say nothing about one study in five", "ask for 200 or more")
    if grid is not None and not all(
        side and all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in side) for side in grid
    ):
        raise DesignError("the lengths before and after must be whole numbers of periods, 1 or more")
    if after is not None and after < 1:
        raise DesignError(f"{after} periods after the start", "ask for 1 or more")
    if design.kind == "interrupted_time_series":
        return series.power(design, panel, grid, replications, seed, after)  # type: ignore[arg-type]
    if design.kind == "before_after":
        return windows.power(design, panel, grid, after)  # type: ignore[arg-type]
    if design.kind == "difference_in_differences":
        return panels.power(design, panel, replications, seed, after, treated)  # type: ignore[arg-type]
    raise DesignError(
        f"power is not worked out for {design.kind} yet",
        "plan with `interrupted_time_series` on the treated series alone",
        "design.kind",
    )
