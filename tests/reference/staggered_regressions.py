"""Sun-Abraham and imputation by diff-diff and pyfixest, the decomposition by diff-diff, counts by pyfixest.

For tests in tests/estimation/staggered. Run in this folder: python staggered_regressions.py
Made with diff-diff 3.13.0, pyfixest 0.60.0 and numpy 2.4.6.
"""

from __future__ import annotations

import csv
import warnings

import diff_diff
import numpy as np
import pandas as pd
import pyfixest
from staggered_panel_data import panel, without_some_rows

TIGHT = {"fixef_tol": 1e-13}
rows: list[tuple[str, str, float]] = []


def keep(case: str, quantity: str, effect: float, error: float | None = None) -> None:
    """Keep one effect and, where there is one, its standard error."""
    rows.append((case, f"effect {quantity}", float(effect)))
    if error is not None:
        rows.append((case, f"se {quantity}", float(error)))


def table(data: dict) -> pd.DataFrame:
    """Return the panel as diff-diff wants it."""
    frame = pd.DataFrame(data)
    frame["first"] = frame["first_treated"].where(np.isfinite(frame["first_treated"]), 0).astype(int)
    frame["since"] = np.where(frame["first"] > 0, frame["period"] - frame["first"], -1000)
    return frame


def interactions(frame: pd.DataFrame) -> list[str]:
    """Add a column for every treated cohort and period but the one before its start; return their names."""
    names = []
    for cohort in sorted(set(frame["first"]) - {0}):
        for period in sorted(set(frame["period"])):
            if period != cohort - 1:
                names.append(f"d{cohort}_{period}")
                frame[names[-1]] = ((frame["first"] == cohort) & (frame["period"] == period)).astype(float)
    return names


def sun_abraham(case: str, data: dict, cluster: str = "unit", weights: str | None = None, more: str = "") -> None:
    """Keep every interaction by pyfixest."""
    frame = table(data)
    names = interactions(frame)
    formula = f"outcome ~ {' + '.join(names)}{more} | unit + period"
    fit = pyfixest.feols(formula, frame, vcov={"CRV1": cluster}, weights=weights, **TIGHT)
    for name in names:
        keep(case, name[1:].replace("_", " "), fit.coef()[name], fit.se()[name])


def event_study(case: str, data: dict) -> None:
    """Keep the event study of Sun and Abraham, and its average, by diff-diff."""
    fit = diff_diff.SunAbraham(n_bootstrap=0).fit(
        table(data), outcome="outcome", unit="unit", time="period", first_treat="first"
    )
    for event, each in fit.event_study_effects.items():
        keep(case, f"dynamic {event}", each["effect"], each["se"])
    keep(case, "simple", fit.overall_att, fit.overall_se)


def imputation(case: str, data: dict, cluster: str | None = None, covariates: list | None = None, **options) -> None:
    """Keep averages of imputed effects by diff-diff."""
    fit = diff_diff.ImputationDiD(n_bootstrap=0, cluster=cluster, **options).fit(
        table(data),
        outcome="outcome",
        unit="unit",
        time="period",
        first_treat="first",
        covariates=covariates,
        aggregate="all",
    )
    keep(case, "simple", fit.overall_att, fit.overall_se)
    for event, each in fit.event_study_effects.items():
        if np.isfinite(each["se"]) and each["se"] > 0:
            keep(case, f"dynamic {event}", each["effect"], each["se"])
    for cohort, each in fit.group_effects.items():
        keep(case, f"group {cohort:g}", each["effect"], each["se"])


def counts(case: str, data: dict, formula: str, weights: str | None = None, cluster: str = "unit") -> None:
    """Keep a Poisson regression by pyfixest."""
    frame = table(data)
    frame["treated"] = (frame["period"] >= frame["first_treated"]).astype(float)
    frame["logarithm"] = np.log(frame["exposure"])
    if "{cells}" in formula:
        cells = [name for name in interactions(frame) if int(name.split("_")[1]) >= int(name[1:].split("_")[0])]
        formula = formula.replace("{cells}", " + ".join(cells))
    fit = pyfixest.fepois(
        formula, frame, vcov={"CRV1": cluster}, offset="logarithm", weights=weights, iwls_tol=1e-13, **TIGHT
    )
    for name, value in fit.coef().items():
        keep(case, name, value, fit.se()[name])
    keep(case, "rows", fit._N)


warnings.simplefilter("ignore")
full, some = panel(), without_some_rows(panel())
sun_abraham("interactions", full)
sun_abraham("interactions some rows", some, cluster="cluster", weights="weight", more=" + moving")
event_study("event study", full)
event_study("event study some rows", some)
imputation("imputation", full)
imputation("imputation some rows", some, cluster="cluster", covariates=["moving"])
imputation("imputation leave out", full, leave_one_out=True)
imputation("imputation event time", full, aux_partition="horizon")
frame = table(full)
frame["lead2"], frame["lead1"] = (frame["since"] == -2) * 1.0, (frame["since"] == -1) * 1.0
frame = frame[frame["period"] < frame["first_treated"]]
leads = pyfixest.feols("outcome ~ lead2 + lead1 | unit + period", frame, vcov={"CRV1": "unit"}, **TIGHT)
for label, name in ((-2, "lead2"), (-1, "lead1")):
    keep("leads", str(label), leads.coef()[name], leads.se()[name])
found = diff_diff.BaconDecomposition(weights="exact").fit(
    table(full), outcome="outcome", unit="unit", time="period", first_treat="first"
)
keep("decomposition", "two_way", found.twfe_estimate)
for each in found.comparisons:
    pair = f"{each.comparison_type} {each.treated_group:g} {each.control_group}"
    keep("decomposition", pair, each.estimate)
    rows.append(("decomposition", f"weight {pair}", float(each.weight)))
counts("counts", full, "counts ~ treated + moving | unit + period")
counts("counts some rows", some, "counts ~ treated + moving | unit + period", "weight", "cluster")
counts("counts cells", full, "counts ~ {cells} | unit + period")

with open("staggered_regressions.csv", "w", newline="") as file:  # noqa: PTH123
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("case", "quantity", "value"))
    writer.writerows((case, quantity, repr(value)) for case, quantity, value in rows)
