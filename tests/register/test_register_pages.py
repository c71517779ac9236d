"""Pages of the registers, and the gallery: whole without a script, sortable with one, never more than there is."""

import csv
import io
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest

from evalkit import report
from evalkit.designs import DESIGNS
from evalkit.report import made
from evalkit.report.catalogue import words
from evalkit.report.site import gallery, measures_found
from evalkit.report.site.guide import SAYS, STEPS, guide, guide_text
from evalkit.report.site.library import Library
from tests.conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests" / "report"))

import demo
from in_browser import UNFOLD, page_of, started

from tests.browsers import comes_true

STRATEGY = "Trafford Serious Violence Reduction Strategy 2024-2027"
PARTS = ("For: ", "Should change: ", "Where: ", "Start as printed: ", "Strongest design that could be had: ",
         "What a study would need", "Set against", "Data needed", "What could mislead", "Source")  # fmt: skip
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' [link](javascript:alert(1)) {{< env HOME >}} *"


def informs(wording: str, outcome: str | None = "main", strategy: str = STRATEGY) -> dict[str, object]:
    return {"strategy": strategy, "wording": wording, "outcome": outcome, "target": None, "baseline": None,
            "deadline": None, "source": None}  # fmt: skip


def informing(evaluation, *measures, **study):
    return replace(evaluation, study={**evaluation.study, "strategies": list(measures), **study})


@pytest.fixture
def quick(monkeypatch):
    """Leave the studies' own pages out: only the pages around them are looked at."""
    monkeypatch.setattr("evalkit.report.sources.study_files", lambda evaluation, _: {
        f"studies/{evaluation.id}.qmd": "---\npagetitle: T\ngenerated-by: evalkit\n---\n\n# T\n"})  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Return a project with the registers of this one."""
    shutil.copy(REPOSITORY / "_quarto.yml", tmp_path)
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "data").mkdir()
    for name in ("programmes", "measures"):
        shutil.copy(REPOSITORY / "data" / f"{name}.yaml", tmp_path / "data")
    text = re.sub(r"\n    studies: \[.*\]", "", (tmp_path / "data" / "programmes.yaml").read_text(encoding="utf-8"))
    (tmp_path / "data" / "programmes.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def small(project):
    """Return it with the first programmes of the register alone: a browser takes a second for dozens of rows."""
    file = project / "data" / "programmes.yaml"
    file.write_text(file.read_text(encoding="utf-8").partition("\n  gm-vru:")[0], encoding="utf-8")
    return project


def link(project: Path, programme: str, study: str) -> None:
    """Let a programme of the register name a study, and put a file there for it."""
    file = project / "data" / "programmes.yaml"
    text = file.read_text(encoding="utf-8")
    place = text.index("    status:", text.index(f"\n  {programme}:"))
    file.write_text(f"{text[:place]}    studies: [{study}]\n{text[place:]}", encoding="utf-8")
    (project / "evaluations" / f"{study}.yaml").write_text("evalkit: 1\ntitle: A study's file\n", encoding="utf-8")


def site(project: Path, *evaluations, names=("programmes",)):
    """Return pages of the site of some studies, each as text and parsed strictly, and the faults."""
    sources = report.write_sources(evaluations, project)
    report.render(project, project / "_site", "bundled", [Path(f"{name}.qmd") for name in names])
    found = {}
    for name in names:
        text = (project / "_site" / f"{name}.html").read_text(encoding="utf-8")
        found[name] = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return found, sources


def text_of(element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows_of(page):
    return [e for e in page.iter("li") if "study" in (e.get("class") or "").split()]


def test_every_programme_has_its_row_its_anchor_and_what_a_study_would_need(project, quick):
    link(project, "hi-violent-crime-taskforce", "portsmouth-robberies")
    pages, _ = site(project, demo.portsmouth())
    page = pages["programmes"]
    rows = {row.get("id"): row for row in rows_of(page)}
    assert len(rows) == 76
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for row in rows.values():
        said = text_of(row)
        assert [part for part in PARTS if part not in said] == [], row.get("id")
        assert row.find(".//details") is not None
    deter, vru = text_of(rows["tvp-op-deter-adults"]), text_of(rows["gm-vru"])
    assert "Start as printed: No start is printed" in deter
    assert "1 July 2022 Milton Keynes" in deter.partition("Start from elsewhere")[2]
    assert "not checked" in deter.partition("Start from elsewhere")[2]
    assert "“formed in 2019”" in vru
    assert "Start as printed: January 2023 (Milton Keynes); March 2023 (Slough)" in text_of(rows["tvp-act-now"])
    linked = [a.get("href") for a in rows["hi-violent-crime-taskforce"].iter("a")]
    assert "studies/portsmouth-robberies.html" in linked
    assert "No study here yet" in deter
    assert "Programmes: 76, named in 5 documents. With a printed start: 17. With a study here: 1." in text_of(page)
    text = (project / "_site" / "programmes" / "programmes.csv").read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == 76
    assert {row["precision"] for row in table} == {"unknown", "year", "month"}
    safe = next(row for row in table if row["id"] == "ma-safe-taskforce")
    assert safe["start_as_printed"].startswith("2022-03 (taskforce launched); 2023-01 (phase one")


def test_a_study_without_a_page_is_named_and_not_linked(small, quick):
    link(small, "sx-vrp", "sussex")
    pages, _ = site(small, demo.portsmouth())
    row = next(row for row in rows_of(pages["programmes"]) if row.get("id") == "sx-vrp")
    assert "sussex (no page yet)" in text_of(row)
    assert not any("sussex" in a.get("href") for a in row.iter("a"))


def test_what_authors_write_is_text(small, quick):
    file = small / "data" / "programmes.yaml"
    text, quoted = file.read_text(encoding="utf-8"), HOSTILE.replace("'", "''")
    file.write_text(text.replace("area: Thames Valley", f"area: '{quoted}'", 1), encoding="utf-8")
    pages, _ = site(small, demo.portsmouth())
    assert "<script>alert(1)</script>" in text_of(rows_of(pages["programmes"])[0])
    assert len(list(pages["programmes"].iter("script"))) == 2  # the words and the script of the list


@pytest.mark.browser
def test_finding_a_programme_in_a_browser(small, quick):
    site(small, demo.portsmouth())
    file = small / "_site" / "programmes.html"
    with started() as browser:
        with page_of(browser, file) as page:

            def shown() -> list[str]:
                return [row.get_attribute("id") for row in page.query_selector_all(".study") if row.is_visible()]

            comes_true(page, lambda: len(shown()) == 15)
            page.select_option("#find-tier", label="Enforcement")
            enforced = ["tvp-op-deter-adults", "hi-violent-crime-taskforce", "hi-vct-night-time-economy"]
            comes_true(page, lambda: shown() == enforced)
            comes_true(page, lambda: page.inner_text("#find-shown") == "Programmes shown: 3 of 15")
            page.select_option("#find-design", label="Interrupted time series")
            comes_true(page, lambda: shown() == ["hi-vct-night-time-economy"])
            page.click("button[type=reset]")
            comes_true(page, lambda: len(shown()) == 15)
            page.fill("#find-search", "cuckoo")
            comes_true(page, lambda: shown() == [])
            page.fill("#find-search", "regression to the mean")  # stands in what is folded
            comes_true(page, lambda: shown() == ["tvp-op-deter-adults", "sx-habitual-knife-carriers"])
            page.fill("#find-search", "")
            page.select_option("#find-order", "started")
            comes_true(page, lambda: shown()[0] == "wm-faith-alliance")  # the first of 2019 by name
            page.select_option("#find-order", "area")
            comes_true(page, lambda: shown()[0] == "wy-ae-navigators-bradford")
            comes_true(page, lambda: "order=area" in page.url)
        with page_of(browser, file, 360, script=False) as page:
            assert len(page.query_selector_all(".study")) == 15
            assert not page.query_selector("#find").is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.browser
def test_nothing_that_the_rules_of_accessibility_speak_against(small, quick):
    from axe_playwright_python.sync_playwright import Axe

    (small / "evaluations" / "castle-doctrine.yaml").write_text("evalkit: 1\n# a comment\n" * 40, encoding="utf-8")
    names = ("programmes", "strategies", "strategies/safer-trafford-2015", "gallery")
    site(small, demo.castle(), names=names)
    options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
               "resultTypes": ["violations"]}  # fmt: skip
    with started() as browser:
        for name in names:
            with page_of(browser, small / "_site" / f"{name}.html", 320) as page:
                page.evaluate(UNFOLD)
                assert page.evaluate("document.documentElement.scrollWidth") == 320
                violations = Axe().run(page, options=options).response["violations"]
                assert [(rule["id"], node["target"]) for rule in violations for node in rule["nodes"]] == [], name


def test_a_wrong_register_takes_its_page_and_nothing_else(small, quick):
    file = small / "data" / "programmes.yaml"
    good = file.read_text(encoding="utf-8")
    site(small, demo.portsmouth())
    file.write_text(good.replace("    people:", "    peeple:", 1), encoding="utf-8")
    pages, sources = site(small, demo.portsmouth(), names=("index", "strategies"))
    [fault] = sources.faults
    assert fault.id == "data/programmes.yaml"
    assert "did you mean 'people'?" in str(fault.problems[0])
    assert not (small / "programmes.qmd").exists()
    assert not (small / "_site" / "programmes.html").exists()
    assert "programmes.html" not in [a.get("href") for a in pages["index"].iter("a")]


def test_a_link_to_a_study_that_is_not_there_is_a_fault_and_the_page_stands(small, quick):
    link(small, "sx-vrp", "sussex")
    (small / "evaluations" / "sussex.yaml").unlink()
    _, sources = site(small, demo.portsmouth())
    [fault] = sources.faults
    assert "there is no evaluations/sussex.yaml" in fault.message
    assert (small / "_site" / "programmes.html").is_file()


def test_without_registers_there_are_no_such_pages(project, quick):
    for name in ("programmes", "measures"):
        (project / "data" / f"{name}.yaml").unlink()
    pages, sources = site(project, demo.portsmouth(), names=("index",))
    assert sources.faults == ()
    links = [a.get("href") for a in pages["index"].iter("a")]
    assert not {"programmes.html", "strategies.html", "gallery.html"} & set(links)
    assert not (project / "strategies").exists()


def test_a_changed_register_is_noticed(project):
    before = made.study_keys("look", {}, (), project)
    file = project / "data" / "measures.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert made.study_keys("look", {}, (), project) != before


@pytest.fixture
def studies():
    """Return studies that inform Trafford's measures: impact, monitoring, a rehearsal, and one without an outcome."""
    return (
        informing(demo.castle(), informs("Robberies")),
        informing(demo.portsmouth(), informs("The severity of serious violence incidents"), informs("Robberies"),
                  informs("Feelings of safety across the city-region", None)),
        informing(demo.rehearsal(), informs("Aspirations and hope for young people",
                                            demo.rehearsal().primary.outcome.id)),
    )  # fmt: skip


def states(project, *evaluations):
    library = Library(evaluations, project)
    found, problems = measures_found.registered(library)
    assert problems == ()
    entries = measures_found.entries_of(library, found.strategies["trafford-2024"])
    return {name: measures_found.state_of(told) for name, told in entries.items()}


def test_what_there_is_for_each_measure(project, studies):
    found = states(project, *studies)
    assert found.pop("tr-m4") == "evidence"  # an impact study and monitoring: the stronger counts
    assert found.pop("tr-m5") == "monitoring"
    assert found.pop("tr-m8") == "plan"
    assert set(found.values()) == {"nothing"}  # also where a study informs it and names no outcome that measures it


def test_what_is_withdrawn_or_not_reliable_is_no_evidence(project, studies):
    castle = studies[0]
    assert states(project, replace(castle, study={**castle.study, "status": "withdrawn"}))["tr-m4"] == "nothing"
    first, *others = castle.primary.result.diagnostics
    against = (replace(first, key=True, verdict="sign against"), *others)
    doubted = replace(castle.primary, result=replace(castle.primary.result, diagnostics=against))
    analyses = tuple(doubted if each is castle.primary else each for each in castle.analyses)
    assert states(project, replace(castle, analyses=analyses))["tr-m4"] == "monitoring"


def test_a_page_for_each_strategy(small, quick, studies):
    names = ("strategies", "strategies/trafford-2024", "strategies/safer-trafford-2015")
    pages, _ = site(small, *studies, names=names)
    trafford, safer = pages["strategies/trafford-2024"], pages["strategies/safer-trafford-2015"]
    said = text_of(trafford)
    assert "Measures: 9. With an impact study: 1. With monitoring only: 1. With nothing: 7." in said
    assert "Of those with nothing, there is a plan or a rehearsal for 1." in said
    assert "A movement in a measure is not by itself what the programme did." in said
    ids = {e.get("id") for e in trafford.iter() if e.get("id")}
    assert {f"tr-m{number}" for number in range(1, 10)} <= ids
    for link_ in trafford.iter("a"):
        target, _, anchor = link_.get("href").partition("#")
        assert not anchor or anchor in ids
        if target.endswith(".html") and "/studies/" not in target and target != "../methods.html":
            assert (small / "strategies" / target).resolve().with_suffix(".qmd").is_file(), target
    assert "../studies/castle-doctrine.html" in [a.get("href") for a in trafford.iter("a")]
    told = text_of(safer)
    assert "20% of 43 people is 8.6 people. It cannot be met as written" in told
    assert "It names no date and no source of data." in told
    assert "Measures: 7. With an impact study: 0. With monitoring only: 0. With nothing: 7." in told
    first = [a.get("href") for a in pages["strategies"].iter("a")]
    assert "strategies/trafford-2024.html" in first
    here = [a.get("href") for a in trafford.iter("a") if a.get("aria-current") == "page"]
    assert here == ["../strategies.html"]


def test_a_misquoted_measure_is_a_fault(small, quick):
    (small / "evaluations" / "castle-doctrine.yaml").write_text(
        f"strategies:\n  - {{strategy: {STRATEGY}, wording: Robbery}}\n", encoding="utf-8")  # fmt: skip
    _, sources = site(small, informing(demo.castle(), informs("Robbery")), names=("strategies",))
    [fault] = sources.faults
    assert (fault.problems[0].file, fault.problems[0].line) == ("evaluations/castle-doctrine.yaml", 2)


def test_the_gallery_shows_one_study_of_each_design_with_its_file(small, quick):
    shown = (demo.castle(), demo.portsmouth(), demo.seat_belts(), demo.rehearsal())
    for study in shown:
        (small / "evaluations" / f"{study.id}.yaml").write_text(f"title: {study.id} <b>&</b>\n", encoding="utf-8")
    pages, _ = site(small, *shown, names=("gallery",))
    page = pages["gallery"]
    examples = [e for e in page.iter("div") if e.get("class") == "example"]
    assert [e.find(".//h4/a").get("href") for e in examples] == [
        "studies/castle-doctrine.html", "studies/seat-belts.html", "studies/portsmouth-robberies.html"]  # fmt: skip
    named = ("castle-doctrine", "seat-belts", "portsmouth-robberies")
    assert [text_of(e.find("pre")) for e in examples] == [f"title: {name} <b>&</b>" for name in named]
    assert text_of(page).count("No study here has this design yet.") == 2
    ids = {e.get("id") for e in page.iter() if e.get("id")}
    assert set(DESIGNS) <= ids
    assert all(a.get("href")[1:] in ids for a in page.iter("a") if a.get("href", "").startswith("#"))


def test_which_study_stands_for_a_design_does_not_hang_on_what_came_out(project):
    def of(name, lines, status="draft", **more):
        (project / "evaluations" / f"{name}.yaml").write_text("a: b\n" * lines, encoding="utf-8")
        return replace(demo.castle(id=name), study={**demo.castle().study, "status": status}, **more)

    def chosen(*evaluations):
        found = gallery.example(Library(evaluations, project), "difference_in_differences")
        return found and found[0].id

    long, short = of("long", 90), of("short", 20)
    assert chosen(long, short) == "short"
    assert chosen(long, short, of("done", 200, "final")) == "done"
    assert chosen(long, of("gone", 1, "withdrawn")) == "long"
    rehearsed = replace(demo.rehearsal(), id="rehearsed")
    (project / "evaluations" / "rehearsed.yaml").write_text("a: b\n", encoding="utf-8")
    assert chosen(long, rehearsed) == "long"
    assert chosen(rehearsed) == "rehearsed"
    assert chosen(replace(demo.castle(), id="no-file")) is None


def test_every_way_through_the_guide_ends_at_a_design_and_every_design_is_reached():
    steps = {step.ask: step for step in STEPS}
    reached: set[str] = set()

    def walk(name: str, seen: tuple[str, ...]) -> None:
        assert name not in seen, "it goes round"
        if name in steps:
            walk(steps[name].yes, (*seen, name))
            walk(steps[name].no, (*seen, name))
        else:
            reached.add(name)

    walk(STEPS[0].ask, ())
    assert reached == set(DESIGNS) == set(SAYS)


def test_the_terminal_and_the_page_have_the_same_words(small, quick):
    (small / "evaluations" / "castle-doctrine.yaml").write_text("evalkit: 1\n", encoding="utf-8")
    pages, _ = site(small, demo.castle(), names=("gallery",))
    page = text_of(pages["gallery"])
    told = words(small)["guide"]
    printed = " ".join(guide_text(told))
    for question in guide(told).questions:
        assert question.text in page
        assert question.text in printed
    for choice in guide(told).choices:
        assert f"{choice.can} {choice.begin}" in page
        assert choice.can in printed
    assert "at least 12 months or quarters" in page
