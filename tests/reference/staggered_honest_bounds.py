"""Honest intervals by moderndid, and the event study of the Medicaid expansions by pyfixest, for test_honest_bounds.py.

Run in this folder: python staggered_honest_bounds.py
Made with moderndid[didhonest] 0.2.0, pyfixest 0.60.0, cvxpy 1.9.3 and numpy 2.4.6. It takes about two minutes.

Medicaid: share insured by state and year (ehec_data of Mixtape-Sessions/Advanced-DID, which moderndid carries), years
to 2015 without the states that began in 2015; two-way fixed effects with clusters by state, as in the README of the R
package HonestDiD.

The generated estimates have a first step that is surely small: moderndid leaves the first step before the reference out
of the largest one (its s runs to -1 and counts from one period later than R's, which runs to 0).
Its grid has steps of 0.025 standard errors here; its first-stage critical value is from 1,000 draws.
"""

from __future__ import annotations

import csv
import warnings

import numpy as np
import pyfixest
from moderndid.core.data import load_ehec
from moderndid.didhonest.delta.rm.rm import compute_conditional_cs_rm
from moderndid.didhonest.fixed_length_ci import compute_flci

rows: list[tuple[str, str, float]] = []
EXAMPLES = {
    "three before, three after": (
        [-0.21, -0.23, 0.11, 0.62, 0.75, 0.55],
        [0.16, 0.15, 0.14, 0.17, 0.21, 0.26],
        0.985,
        (1.0, 0.0, 0.0),
    ),
    "four before, two after": (
        [0.40, 0.42, -0.05, 0.18, 1.10, 1.45],
        [0.33, 0.32, 0.28, 0.22, 0.30, 0.36],
        0.99,
        (0.5, 0.5),
    ),
}


def keep_study(case: str, estimates: np.ndarray, covariance: np.ndarray) -> None:
    """Keep the estimates and the upper half of their covariance."""
    for i, value in enumerate(estimates):
        rows.append((case, f"estimate {i}", float(value)))
        rows.extend((case, f"covariance {i} {j}", float(covariance[i, j])) for j in range(i, len(estimates)))


def medicaid() -> None:
    """Keep the event study of the README of HonestDiD."""
    states = load_ehec().to_pandas()
    states = states[(states["year"] < 2016) & (states["yexp2"] != 2015)].copy()
    states["treated"] = (states["yexp2"] == 2014).astype(int)
    fitted = pyfixest.feols("dins ~ i(year, treated, ref=2013) | stfips + year", data=states, vcov={"CRV1": "stfips"})
    keep_study("medicaid", fitted.coef().to_numpy(), fitted._vcov)


def generated(case: str, estimates: list[float], errors: list[float], first: float, target: tuple[float, ...]) -> None:
    """Keep one example with its intervals."""
    after = len(target)
    before = len(errors) - after
    beta, sd = np.array(estimates), np.array(errors)
    correlation = 0.6 ** np.abs(np.subtract.outer(np.arange(len(sd)), np.arange(len(sd))))
    correlation[0, 1] = correlation[1, 0] = first  # the first step has hardly any noise
    correlation[0, 2:] = correlation[2:, 0] = correlation[1, 2:]
    covariance = correlation * np.outer(sd, sd)
    assert np.linalg.eigvalsh(covariance).min() > 1e-6
    keep_study(case, beta, covariance)
    weights = np.array(target)
    centre = weights @ beta[before:]
    error = np.sqrt(weights @ covariance[before:, before:] @ weights)
    for multiple in (0.5, 1.0):
        found = compute_conditional_cs_rm(
            beta, covariance, before, after, l_vec=weights[:, None], m_bar=multiple, seed=0,
            grid_points=481, grid_lb=centre - 6 * error, grid_ub=centre + 6 * error,
        )  # fmt: skip
        accepted = found["grid"][found["accept"] == 1]
        rows.append((case, f"relative_magnitudes low {multiple}", float(accepted.min())))
        rows.append((case, f"relative_magnitudes high {multiple}", float(accepted.max())))
    for curvature in (0.0, 0.05, 0.2):
        low, high = compute_flci(beta, covariance, curvature, before, after, weights).flci
        rows.append((case, f"smoothness low {curvature}", float(low)))
        rows.append((case, f"smoothness high {curvature}", float(high)))


warnings.simplefilter("ignore")
medicaid()
for name, example in EXAMPLES.items():
    generated(name, *example)

with open("staggered_honest_bounds.csv", "w", newline="") as file:  # noqa: PTH123
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("case", "quantity", "value"))
    writer.writerows((case, quantity, repr(value)) for case, quantity, value in rows)
