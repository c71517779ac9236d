"""Effects by cohort and period by moderndid and diff-diff, for tests/estimation/test_group_time.py.

Run in this folder: python staggered_group_time.py
Made with moderndid 0.2.0, diff-diff 3.13.0 and numpy 2.4.6.
"""

from __future__ import annotations

import csv
import itertools
import warnings

import diff_diff
import moderndid
import numpy as np
import pandas as pd
import polars as pl
from staggered_panel_data import panel, without_some_rows

METHODS = {"outcome_regression": "reg", "inverse_probability": "ipw", "doubly_robust": "dr"}
rows: list[tuple[str, str, float]] = []


def by_moderndid(case: str, data: dict, **options) -> None:
    """Keep effects and analytical standard errors of every cohort and period, and of each aggregation."""
    frame = pd.DataFrame(data)
    frame["first_treated"] = frame["first_treated"].where(np.isfinite(frame["first_treated"]), 0).astype(int)
    if not options.get("panel", True):
        frame["unit"] = np.arange(len(frame))
    table = pl.from_pandas(frame)
    names = {"yname": "outcome", "tname": "period", "idname": "unit", "gname": "first_treated"}
    found = moderndid.att_gt(data=table, **names, boot=False, cband=False, **options)
    for cohort, period, effect, error in zip(found.groups, found.times, found.att_gt, found.se_gt, strict=True):
        keep(case, f"{cohort:g} {period:g}", effect, error)
    for kind in ("simple", "group", "dynamic", "calendar"):
        if "weightsname" in options:
            break  # its averages do not use the weights, as R's do
        average = moderndid.aggte(found, type=kind)
        keep(case, kind, average.overall_att, average.overall_se)
        for label, effect, error in zip(
            average.event_times if kind != "simple" else (),
            average.att_by_event if kind != "simple" else (),
            average.se_by_event if kind != "simple" else (),
            strict=True,
        ):
            keep(case, f"{kind} {label:g}", effect, error)


def by_diff_diff(case: str, data: dict, **options) -> None:
    """Keep effects and analytical standard errors of every cohort and period."""
    frame = pd.DataFrame(data)
    frame["first_treated"] = frame["first_treated"].where(np.isfinite(frame["first_treated"]), 0).astype(int)
    covariates = options.pop("covariates", None)
    fitted = diff_diff.CallawaySantAnna(n_bootstrap=0, **options).fit(
        frame, outcome="outcome", unit="unit", time="period", first_treat="first_treated", covariates=covariates
    )
    for (cohort, period), each in fitted.group_time_effects.items():
        keep(case, f"{cohort:g} {period:g}", each["effect"], each["se"])


def keep(case: str, quantity: str, effect: float, error: float) -> None:
    """Keep one effect and its standard error; a base period has none."""
    rows.append((case, f"effect {quantity}", float(effect)))
    rows.append((case, f"se {quantity}", 0.0 if np.isnan(error) else float(error)))


warnings.simplefilter("ignore")
full, late = panel(), panel(never=False)
for method, comparison, base in itertools.product(
    METHODS, ("never_treated", "not_yet_treated"), ("varying", "universal")
):
    options = {
        "est_method": METHODS[method],
        "control_group": comparison.replace("_", ""),
        "base_period": base,
        "xformla": "~ x1 + x2",
    }
    by_moderndid(f"panel {method} {comparison} {base}", full, **options, weightsname="weight")
for method in METHODS:
    by_moderndid(
        f"rows {method}", full, est_method=METHODS[method], panel=False, xformla="~ x1 + x2", weightsname="weight"
    )
by_moderndid("rows plain", full, panel=False, control_group="notyettreated")
by_moderndid("anticipation", full, anticipation=1, control_group="notyettreated")
by_moderndid("anticipation universal", full, anticipation=1, base_period="universal", xformla="~ x1")
by_moderndid("moving covariate", full, xformla="~ moving")
by_moderndid("no never-treated", late, control_group="notyettreated", xformla="~ x1")
# its doubly robust weights are not made to sum to one, unlike R's: only the other two are held to it
by_diff_diff("diff-diff probability", full, estimation_method="ipw", covariates=["x1", "x2"], pscore_trim=1e-9)
by_diff_diff("diff-diff regression", full, estimation_method="reg", covariates=["x1", "x2"], base_period="universal")
by_diff_diff("diff-diff incomplete", without_some_rows(full), control_group="not_yet_treated")
by_diff_diff("diff-diff clustered", full, cluster="cluster")

with open("staggered_group_time.csv", "w", newline="") as file:  # noqa: PTH123
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("case", "quantity", "value"))
    writer.writerows((case, quantity, repr(value)) for case, quantity, value in rows)
