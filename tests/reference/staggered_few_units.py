"""Few clusters and synthetic comparison units by other packages, for the tests in tests/estimation that read its CSV.

Run in this folder, once in each of two environments, since their dependencies differ:
    python staggered_few_units.py diff-diff FOLDER/california_prop99.csv   (diff-diff 3.13, pyfixest 0.60; first)
    python staggered_few_units.py pysyncon FOLDER/california_prop99.csv    (pysyncon 1.7, wildboottest 0.3.2)
The first writes the panel and its numbers, the second adds its own.

california_prop99.csv: packs of cigarettes sold per head, 39 states, 1970 to 2000, a column a state; the data of Abadie,
Diamond and Hainmueller (2010). It lies in the folder causalpy/data of the Python package CausalPy 0.9.0. Its numbers
went through single precision; they are rounded back to one decimal, as they were published.
"""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
PANEL, NUMBERS = Path("staggered_few_units_panel.csv"), Path("staggered_few_units.csv")


def panel() -> pd.DataFrame:
    """Return 14 units in 12 periods: six adopt in periods 5, 5, 7, 7, 9, 9; nested clusters of one or two units."""
    generator = np.random.default_rng(20260)
    unit, period = np.repeat(np.arange(14), 12), np.tile(np.arange(12), 14)
    start = np.array([12, 12, 5, 12, 7, 5, 12, 9, 12, 7, 12, 9, 12, 12])[unit]
    shock = generator.normal(size=(14, 12)).cumsum(axis=1).ravel()
    covariate = generator.normal(size=168) + 0.3 * period
    treatment = (period >= start) * 1
    outcome = 5 + 0.4 * unit + 0.2 * period + 1.1 * treatment + 0.5 * covariate + shock * (1 + (unit % 3))
    frame = pd.DataFrame(
        {
            "unit": unit,
            "period": period,
            "start": start,
            "treatment": treatment,
            "covariate": covariate.round(6),
            "outcome": outcome.round(6),
            "weight": generator.uniform(0.5, 3.0, 14).round(4)[unit],
            "cluster": np.minimum(unit, 9),
            "crossed": (unit + period) % 8,
        }
    )
    # two rows are lost, so that the panel is not balanced
    return frame.drop(index=[17, 101]).reset_index(drop=True)


def dummies(frame: pd.DataFrame) -> np.ndarray:
    """Return treatment, covariate and every effect as columns."""
    effects = pd.get_dummies(frame[["unit", "period"]].astype(str), dtype=float)
    names = [name for name in effects if name != "period_0"]
    return np.column_stack([frame[["treatment", "covariate"]], effects[names]]).astype(float)


def cigarettes(path: str) -> pd.DataFrame:
    """Return packs with a row a year and a column a state."""
    packs = pd.read_csv(path, index_col="Year").round(1)
    packs.index = packs.index.astype(int)
    return packs[sorted(packs)]


def first_part(rows: list[tuple[str, str, float]], path: str) -> None:
    """Cluster-robust covariances by pyfixest and diff-diff; synthetic difference in differences by diff-diff."""
    import pyfixest
    from diff_diff import SyntheticDiD
    from diff_diff.linalg import compute_robust_vcov

    frame = panel()
    frame.to_csv(PANEL, index=False, lineterminator="\n")
    for cluster in ("unit", "cluster", "crossed"):
        for kind in ("CRV1", "CRV3"):
            fit = pyfixest.feols(
                "outcome ~ treatment + covariate | unit + period", frame, vcov={kind: cluster}, fixef_tol=1e-13
            )
            for j in (0, 1):
                rows.append((f"pyfixest {kind} {cluster}", f"coefficient {j + 1}", fit.coef().iloc[j]))
                rows.append((f"pyfixest {kind} {cluster}", f"se {j + 1}", fit.se().iloc[j]))
        matrix = dummies(frame)
        coefficients, *_ = np.linalg.lstsq(matrix, frame["outcome"].to_numpy(), rcond=None)
        residuals = frame["outcome"].to_numpy() - matrix @ coefficients
        covariance, df = compute_robust_vcov(
            matrix, residuals, frame[cluster].to_numpy(), return_dof=True, vcov_type="hc2_bm"
        )
        for j in (0, 1):
            rows.append((f"diff-diff CR2 {cluster}", f"se {j + 1}", np.sqrt(covariance[j, j])))
            rows.append((f"diff-diff CR2 {cluster}", f"df {j + 1}", df[j]))
    packs = cigarettes(path).rename_axis(index="year", columns="state").stack().rename("packs").reset_index()
    packs["treated"] = (packs["state"] == "California").astype(int)
    after = list(range(1989, 2001))
    fit = SyntheticDiD(n_bootstrap=2000, seed=1).fit(packs, "packs", "treated", "state", "year", post_periods=after)
    rows.append(("diff-diff synthetic California", "effect", fit.att))
    rows.append(("diff-diff synthetic California", "zeta", fit.zeta_omega))
    rows.extend(("diff-diff synthetic weights", str(name), value) for name, value in fit.unit_weights.items())
    rows.extend(("diff-diff synthetic times", str(name), value) for name, value in fit.time_weights.items())
    effects = np.unique(np.round(fit.variance_effects, 8))
    rows.extend(("diff-diff synthetic California", f"placebo {j + 1}", value) for j, value in enumerate(effects))
    several = packs.assign(treated=packs["state"].isin(["California", "Nevada", "Utah"]).astype(int))
    fit = SyntheticDiD(variance_method="jackknife").fit(
        several, "packs", "treated", "state", "year", post_periods=after
    )
    rows.append(("diff-diff synthetic several", "effect", fit.att))
    rows.append(("diff-diff synthetic several", "se jackknife", fit.se))
    fit = SyntheticDiD(variance_method="bootstrap", n_bootstrap=2000, seed=1).fit(
        several, "packs", "treated", "state", "year", post_periods=after
    )
    rows.append(("diff-diff synthetic several", "se bootstrap", fit.se))


def second_part(rows: list[tuple[str, str, float]], path: str) -> None:
    """Synthetic controls by pysyncon; the wild bootstrap by wildboottest, all sets of signs."""
    import statsmodels.api as sm
    from pysyncon import Synth
    from wildboottest.wildboottest import wildboottest

    packs = cigarettes(path)
    before, donors = packs.loc[:1988], [name for name in packs if name != "California"]
    fit = Synth()
    fit.fit(
        X0=before[donors],
        X1=before["California"],
        Z0=before[donors],
        Z1=before["California"],
        custom_V=np.full(len(before), 10.0),  # its solver stops by scale: 10 comes lowest of 1 to 1e5
    )
    rows.extend(("pysyncon California", name, value) for name, value in zip(donors, fit.W, strict=True))
    frame = pd.read_csv(PANEL)
    for cluster in ("cluster", "crossed"):
        model = sm.OLS(frame["outcome"].to_numpy(), dummies(frame))
        found = wildboottest(
            model, B=9999, cluster=frame[cluster].to_numpy(), param="x1", bootstrap_type="11", seed=1, show=False
        )
        rows.append((f"wildboottest {cluster}", "statistic", float(found["statistic"].iloc[0])))
        rows.append((f"wildboottest {cluster}", "p_value", float(found["p-value"].iloc[0])))


def main(part: str, path: str) -> None:
    """Write one part and keep the other rows."""
    rows: list[tuple[str, str, float]] = []
    if part != "diff-diff":
        with NUMBERS.open(newline="") as file:
            rows = [(row["case"], row["quantity"], float(row["value"])) for row in csv.DictReader(file)]
        rows = [row for row in rows if not row[0].startswith(("pysyncon", "wildboottest"))]
    (first_part if part == "diff-diff" else second_part)(rows, path)
    with NUMBERS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "quantity", "value"])
        writer.writerows((case, quantity, f"{value:.10g}") for case, quantity, value in rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
