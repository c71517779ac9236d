"""Honest intervals of the county employment example by moderndid, for tests/studies/test_published_bounds.py.

Run in this folder: python staggered_honest_counties.py
Made with moderndid[didhonest] 0.2.0 and cvxpy 1.9.3. It takes a few minutes.

Effects by start and period with the universal base, doubly robust without covariates, never treated counties as the
comparison, averaged by time since the start; their covariance from moderndid's own influence functions. Intervals by
C-LF (relative magnitudes, a grid in steps of 0.025 standard errors) and FLCI (smoothness), first period and average.
"""

from __future__ import annotations

import csv
import warnings

import numpy as np
from moderndid import aggte, att_gt
from moderndid.core.data import load_mpdta
from moderndid.didhonest.delta.rm.rm import compute_conditional_cs_rm
from moderndid.didhonest.fixed_length_ci import compute_flci

warnings.simplefilter("ignore")
counties = load_mpdta()
effects = att_gt(
    data=counties, yname="lemp", tname="year", idname="countyreal", gname="first.treat", xformla="~ 1",
    base_period="universal", control_group="nevertreated", est_method="dr", boot=False, cband=False,
)  # fmt: skip
dynamic = aggte(effects, type="dynamic", boot=False, cband=False)
times, values = np.asarray(dynamic.event_times).astype(int), np.asarray(dynamic.att_by_event)
influence = np.asarray(dynamic.influence_func)
units = influence.shape[0]
kept = np.flatnonzero(times != -1)
estimates = values[kept]
covariance = influence[:, kept].T @ influence[:, kept] / units**2
before, after = int((times < -1).sum()), int((times >= 0).sum())

rows: list[tuple[str, str, float]] = [("event study", f"time {times[k]}", float(values[k])) for k in kept]
rows += [("event study", f"error {times[k]}", float(np.sqrt(covariance[i, i]))) for i, k in enumerate(kept)]
for target, weights in (("first", np.eye(after)[0]), ("average", np.full(after, 1.0 / after))):
    centre = weights @ estimates[before:]
    error = np.sqrt(weights @ covariance[before:, before:] @ weights)
    for multiple in (0.5, 1.0, 1.5, 2.0):
        found = compute_conditional_cs_rm(
            estimates, covariance, before, after, l_vec=weights[:, None], m_bar=multiple, seed=0,
            grid_points=1201, grid_lb=centre - 15 * error, grid_ub=centre + 15 * error,
        )  # fmt: skip
        accepted = found["grid"][found["accept"] == 1]
        rows.append((target, f"relative_magnitudes low {multiple}", float(accepted.min())))
        rows.append((target, f"relative_magnitudes high {multiple}", float(accepted.max())))
        rows.append((target, "standard error", float(error)))
    for curvature in (0.0, 0.01, 0.02):
        low, high = compute_flci(estimates, covariance, curvature, before, after, weights).flci
        rows.append((target, f"smoothness low {curvature}", float(low)))
        rows.append((target, f"smoothness high {curvature}", float(high)))

with open("staggered_honest_counties.csv", "w", newline="") as file:  # noqa: PTH123
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("case", "quantity", "value"))
    writer.writerows((case, quantity, repr(value)) for case, quantity, value in dict.fromkeys(rows))
