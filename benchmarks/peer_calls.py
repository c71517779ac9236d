"""Calls of other packages, timed in an environment of their own: one task a line in, one answer a line out.

Run by `benchmarks/peers.py` with the Python of that environment. A task is JSON: `call`, one of the functions below,
and `data`, a file that evalkit wrote. The first task of a call also prepares its input and, where it is quick, runs it
once uncounted, so that what is imported or compiled late is not counted. The answer is JSON: `seconds`, or `reason` why
there are none.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Call = Callable[[], Any]
SLOW = 45.0
"""A call whose first run took longer, what it compiles included, is not run a second time."""


def frame_of(data: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the rows of a file as a table."""
    return pd.DataFrame({name: values for name, values in data.items() if values.ndim == 1})


def pyfixest_two_way(data: dict[str, np.ndarray]) -> Call:
    """Two-way fixed effects, clustered by unit."""
    import pyfixest

    frame, weights = frame_of(data), "weight" if "weight" in data else None
    return lambda: pyfixest.feols("y ~ treated | unit + period", frame, vcov={"CRV1": "unit"}, weights=weights)


def diff_diff_two_way(data: dict[str, np.ndarray]) -> Call:
    """Two-way fixed effects, clustered by unit."""
    import diff_diff

    frame = frame_of(data)
    frame["post"] = (frame["period"] >= frame.loc[frame["treated"] == 1, "period"].min()).astype(int)
    frame["ever"] = frame.groupby("unit")["treated"].transform("max")
    model = diff_diff.TwoWayFixedEffects(cluster="unit")
    return lambda: model.fit(frame, outcome="y", treatment="ever", post="post", unit="unit")


def pyfixest_reassigned(data: dict[str, np.ndarray]) -> Call:
    """Ten reassignments of treatment among units, one regression each."""
    import pyfixest

    frame, generator = frame_of(data), np.random.default_rng(0)
    units = frame["unit"].to_numpy()
    paths = frame["treated"].to_numpy().reshape(units.max() + 1, -1)

    def ten() -> None:
        for _ in range(10):
            frame["treated"] = paths[generator.permutation(len(paths))].ravel()
            pyfixest.feols("y ~ treated | unit + period", frame, vcov={"CRV1": "unit"})

    return ten


def pyfixest_wild_bootstrap(data: dict[str, np.ndarray]) -> Call:
    """Wild cluster bootstrap with the null imposed, 999 draws, p-value alone."""
    import pyfixest

    fitted = pyfixest.feols("y ~ treated + C(unit) + C(period)", frame_of(data), vcov={"CRV1": "unit"})
    return lambda: fitted.wildboottest(param="treated", cluster="unit", reps=999, seed=1)


def diff_diff_wild_bootstrap(data: dict[str, np.ndarray]) -> Call:
    """Wild cluster bootstrap with the null imposed, 999 draws."""
    import diff_diff

    frame = frame_of(data)
    frame["post"] = (frame["period"] >= frame.loc[frame["treated"] == 1, "period"].min()).astype(int)
    frame["ever"] = frame.groupby("unit")["treated"].transform("max")
    model = diff_diff.TwoWayFixedEffects(cluster="unit", inference="wild_bootstrap", n_bootstrap=999, seed=1)
    return lambda: model.fit(frame, outcome="y", treatment="ever", post="post", unit="unit")


def diff_diff_group_time(data: dict[str, np.ndarray]) -> Call:
    """Callaway and Sant'Anna, 999 draws."""
    import diff_diff

    frame = frame_of(data)
    frame["start"] = np.where(np.isfinite(frame["start"]), frame["start"], 0).astype(int)
    model = diff_diff.CallawaySantAnna(n_bootstrap=999, seed=1)
    names = {"outcome": "y", "unit": "unit", "time": "period", "first_treat": "start"}
    return lambda: model.fit(frame, **names, aggregate="event_study")


def moderndid_group_time(data: dict[str, np.ndarray]) -> Call:
    """Callaway and Sant'Anna, 999 draws."""
    import moderndid
    import polars

    frame = frame_of(data)
    frame["start"] = np.where(np.isfinite(frame["start"]), frame["start"], 0).astype(int)
    table = polars.from_pandas(frame)
    names = {"yname": "y", "tname": "period", "idname": "unit", "gname": "start"}
    return lambda: moderndid.aggte(
        moderndid.att_gt(data=table, **names, boot=True, biters=999, random_state=1), type="dynamic"
    )


def moderndid_honest_bounds(data: dict[str, np.ndarray]) -> Call:
    """Relative magnitudes at four multiples, first period after the start."""
    from moderndid.didhonest.delta.rm.rm import compute_conditional_cs_rm

    values, covariance = data["values"], data["covariance"]
    after = int((data["times"] >= 0).sum())
    weights = np.eye(after)[:, :1]

    def four() -> None:
        for multiple in (0.5, 1.0, 1.5, 2.0):
            compute_conditional_cs_rm(
                values, covariance, values.size - after, after, l_vec=weights, m_bar=multiple, seed=0
            )

    return four


def diff_diff_synthetic_did(data: dict[str, np.ndarray]) -> Call:
    """Synthetic difference in differences with 200 placebos."""
    import diff_diff

    frame = frame_of(data)
    frame["ever"] = frame.groupby("unit")["treated"].transform("max")
    after = sorted(frame.loc[frame["treated"] == 1, "period"].unique())
    model = diff_diff.SyntheticDiD(variance_method="placebo", n_bootstrap=200, seed=1)
    return lambda: model.fit(frame, "y", "ever", "unit", "period", post_periods=after)


def answer(task: dict[str, str], prepared: dict[tuple[str, str], Call]) -> dict[str, Any]:
    """Return the seconds of one run, or why there are none."""
    key, first = (task["call"], task["data"]), 0.0
    try:
        if key not in prepared:
            with np.load(task["data"]) as file:
                prepared[key] = globals()[task["call"]](dict(file))
            start = time.perf_counter()
            prepared[key]()
            first = time.perf_counter() - start
            if first > SLOW:
                return {"seconds": first, "slow": True}
        start = time.perf_counter()
        prepared[key]()
        return {"seconds": time.perf_counter() - start}
    except Exception as problem:
        return {"reason": f"{type(problem).__name__}: {' '.join(str(problem).split())[:160]}"}


def main() -> None:
    """Answer tasks until there are no more; what packages print goes to standard error."""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    prepared: dict[tuple[str, str], Call] = {}
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), prepared)), file=answers, flush=True)


if __name__ == "__main__":
    main()
