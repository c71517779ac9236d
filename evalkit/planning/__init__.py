"""Planning: the smallest change that a study could find, by how long it watches before and after.

Nothing here needs the outcome after the start, so that it can be asked before the programme begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.records import Design, Panel

REPLICATIONS, SEED, TARGET = 500, 20_240_229, 0.8

__all__ = ["REPLICATIONS", "power"]


def power(
    design: Design,
    panel: Panel,
    grid: tuple[Sequence[int], Sequence[int]] | None = None,
    replications: int = REPLICATIONS,
    seed: int = SEED,
) -> dict[str, Any]:
    """Return the smallest change that the design finds four times in five, for lengths before and after.

    Parameters
    ----------
    design : Design
        interrupted_time_series, or before_after of counts; as the study file has it (options on `auto` are settled
        for each length by themselves) or as resolved.
    panel : Panel
        The study's data. Only periods before the start are read; where no unit is treated within them, all periods
        are before the start, which is yet to come.
    grid : pair of sequences of int, or None
        Numbers of periods before, and after. None: lengths around the study's own, none longer before than the data.
    replications : int
        Simulated series for each pair of lengths; 30 or more.
    seed : int
        Start of the random numbers.

    Returns
    -------
    dict
        `target` (0.8), `level` of the intervals, `replications`, `seed`, `measure` in words, `cells` and `own`
        (the study's own lengths), each with `before`, `after`, `smallest_change_percent` (above zero; null where no
        change is found so often, with the reason in `problem`) and `error_percent` (its standard error from the
        number of simulated series), `pre_period` (`periods`, `level`, `unit`, `autocorrelation`, `dispersion`,
        `season`) and `words`. Plain data, for `Result.power`.

    Raises
    ------
    DesignError
        For other designs, for a series too short or too plain to learn its noise from, or a grid of no whole numbers.
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

    References
    ----------
    Zhang, Wagner and Ross-Degnan (2011), Journal of Clinical Epidemiology 64, 1252-1261, on power of segmented
    regression by simulation. Przyborowski and Wilenski (1940), Biometrika 31, 313-323.
    """
    from evalkit.planning import series, windows

    if replications < 30:
        raise DesignError(f"{replications} replications say nothing about one study in five", "ask for 200 or more")
    if grid is not None and not all(
        side and all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in side) for side in grid
    ):
        raise DesignError("the lengths before and after must be whole numbers of periods, 1 or more")
    if design.kind == "interrupted_time_series":
        return series.power(design, panel, grid, replications, seed)  # type: ignore[arg-type]
    if design.kind == "before_after":
        return windows.power(design, panel, grid)  # type: ignore[arg-type]
    raise DesignError(
        f"power is not worked out for {design.kind} yet",
        "plan with `interrupted_time_series` on the treated series alone",
        "design.kind",
    )
