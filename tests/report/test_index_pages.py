"""The pages around the studies: strategies, one outcome in several places, how to read, methods, accessibility."""

import dataclasses
import itertools
import math
import re
import shutil
from pathlib import Path

import demo
import pytest

from evalkit import archive, evidence, releases, report
from evalkit.records import DataInput, Diagnostic, Estimate, Measure
from evalkit.report import templates
from evalkit.report.catalogue import STATEMENT
from evalkit.report.engines import engine_files
from evalkit.report.ladder import read
from evalkit.report.site import compare, methods, reading, strategies
from evalkit.report.site.about import area_of, outcomes_of, programme_of
from evalkit.report.site.index import answer
from evalkit.report.site.library import grouped

AROUND = ("index", "reading", "methods", "accessibility")
BESIDES = ("run_by", "burden", "out_of_scope", "alternatives", "tested")
WHERE_THERE_IS_ANYTHING = ("strategies", "compare")
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' [link](javascript:alert(1)) `code` {{< env HOME >}} ŵŷ *"


def measure(strategy, wording, **more):
    return {"strategy": strategy, "wording": wording, "outcome": None, "target": None, "baseline": None,
            "deadline": None, "source": None, **more}  # fmt: skip


def changed(evaluation, role="primary", **of_analysis):
    """Return an evaluation whose analyses of a role are changed."""
    analyses = tuple(dataclasses.replace(a, **of_analysis) if a.role == role else a for a in evaluation.analyses)
    return dataclasses.replace(evaluation, analyses=analyses)


def other_state(**study):
    base = demo.castle()
    return demo.castle(id="another-state", study={**base.study, "title": "Another state law", **study})


def with_result(evaluation, **result):
    return changed(evaluation, result=dataclasses.replace(evaluation.primary.result, **result))


@pytest.fixture
def site(tmp_path, pages):
    """Return a function that renders the pages around some studies, parsed as strict HTML5."""
    parsed = type(pages["index"])
    shutil.copy(Path(__file__).resolve().parents[2] / "_quarto.yml", tmp_path)

    def made(*evaluations):
        report.write_sources(evaluations, tmp_path)
        names = [name for name in (*AROUND, *WHERE_THERE_IS_ANYTHING) if (tmp_path / f"{name}.qmd").is_file()]
        report.render(tmp_path, tmp_path / "_site", "bundled", [Path(f"{name}.qmd") for name in names])
        return {name: parsed((tmp_path / "_site" / f"{name}.html").read_text(encoding="utf-8")) for name in names}

    made.project = tmp_path
    return made


@pytest.fixture
def quick(monkeypatch):
    """Leave the studies' own pages out: only the pages around them are looked at."""
    monkeypatch.setattr("evalkit.report.sources.study_files", lambda evaluation, _: {
        f"studies/{evaluation.id}.qmd": "---\npagetitle: T\ngenerated-by: evalkit\n---\n\n# T\n"})  # fmt: skip


def test_every_page_is_whole(pages, project):
    for name in AROUND:
        page = pages[name]
        levels = [int(e.tag[1]) for e in page.tree.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name
        identifiers = [e.get("id") for e in page.tree.iter() if e.get("id")]
        assert len(identifiers) == len(set(identifiers)), name
        for link in page.all("a"):
            target, _, anchor = link.get("href").partition("#")
            assert target.startswith("https://") or not target or (project / "_site" / target).is_file(), (name, target)
            if not target and anchor:
                assert anchor in identifiers, (name, anchor)
        for table in page.all("table"):
            assert "".join(table.find("caption").itertext()).strip()
            assert all(head.get("scope") in ("col", "row") for head in table.iter("th"))
        assert len(page.source) < 500_000
        assert page.tree.get("lang") == "en-GB"
        if name != "index":
            assert not page.all("script")


def test_navigation_names_what_is_there_and_where_one_is(pages):
    for name, page in pages.items():
        navigation = next(nav for nav in page.all("nav") if nav.get("aria-label") == "Site")
        links = {link.get("href").split("/")[-1]: link for link in navigation.iter("a")}
        assert list(links) == ["index.html", "reading.html", "methods.html"]  # no strategy, no outcome in common
        here = [target for target, link in links.items() if link.get("aria-current") == "page"]
        assert here == ([f"{name}.html"] if f"{name}.html" in links else [])
        foot = next(e for e in page.all("footer") if e.get("class") == "foot")
        assert "These are not official statistics." in "".join(foot.itertext())
        assert [a.get("href").split("/")[-1] for a in foot.iter("a")] == ["accessibility.html"]
    assert not set(WHERE_THERE_IS_ANYTHING) & set(pages)  # a page that nothing leads to is not made


def test_every_page_refuses_scripts_but_the_list_of_studies(pages):
    for name, page in pages.items():
        [policy] = [m.get("content") for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        allowed = re.search(r"script-src ([^;]+)", policy).group(1)
        assert re.fullmatch(r"'sha256-[\w+/]{43}='" if name == "index" else "'none'", allowed)
        assert policy.startswith("default-src 'none';")


def test_what_a_study_is_about():
    base = demo.seat_belts()
    assert (programme_of(base), area_of(base)) == ("Front seat-belt law", "Great Britain")
    assert area_of(demo.seat_belts(study={**base.study, "area": "Wales"})) == "Wales"
    outcomes = {
        "rear": {"label": "rear", "role": "negative_control"},
        "second": {"label": "others", "role": "secondary"},
        "first": {"label": "front", "plain_label": "drivers", "role": "primary"},
    }
    assert outcomes_of(demo.seat_belts(study={**base.study, "outcomes": outcomes})) == ["Drivers", "Others"]


def test_same_name_in_two_ways_of_writing():
    assert grouped([("B  b!", 1), ("a", 2), ("b B", 3)]) == {"a": ("a", [2]), "b b": ("B b!", [1, 3])}


def test_strategies(site, quick):
    outcome = {"first": {"label": "Robberies", "kind": "count", "role": "primary"}}
    first = demo.portsmouth(
        study={
            **demo.portsmouth().study,
            "strategies": [
                measure("safer  streets", "Halve knife crime.", target="half", outcome="main"),
                measure("Duty", "Fewer homicides"),
            ],
        }
    )
    second = demo.castle(study={**demo.castle().study, "strategies": [
        measure("Safer Streets", "Halve knife crime", target="50%", deadline=2034, outcome="main")]})  # fmt: skip
    plan = demo.seat_belts(analyses=(), failures=(), evidence={}, study={**demo.seat_belts().study, "outcomes": outcome,
                           "strategies": [measure("Duty", "Fewer homicides", outcome="first")]})  # fmt: skip
    page = site(first, second, plan, demo.rehearsal())["strategies"]
    text = page.text()
    assert ["".join(h.itertext()) for h in page.all("h2")] == ["Duty", "Safer Streets"]
    assert ["".join(h.itertext()) for h in page.all("h3")] == ["“Fewer homicides”", "“Halve knife crime”"]
    assert "Target 50%; half" in text
    assert "By when 2034" in text
    assert text.count("Baseline None printed") == 2
    assert "A movement in a measure is not by itself what the programme did." in text
    assert "Measured by: Robberies in Portsmouth" in text
    assert strategies.NOT_MEASURED in text
    assert text.count(answer(first)) == 1  # under the measure that its outcome measures, and not under the other
    assert answer(second) in text
    rows = ["".join(h.itertext()) for h in page.all("h5")]
    assert rows == [
        "Violent Crime Taskforce, robberies in Portsmouth",
        "Seat-belt law and car drivers killed or seriously injured",
        "Castle-doctrine laws and homicide, United States",
        "Violent Crime Taskforce, robberies in Portsmouth",
    ]
    assert "A plan. It has no result yet." in text
    nav = next(n for n in page.all("nav") if n.get("aria-label") == "Site")
    assert "strategies.html" in [a.get("href") for a in nav.iter("a")]


def test_a_measure_is_told_by_its_own_outcome_and_no_other():
    base = demo.seat_belts()
    second = Measure("rear", "Rear passengers", "people", "count", "lower")
    other = dataclasses.replace(base.primary, id="rear", role="secondary", outcome=second)
    study = {**base.study, "outcomes": {**base.study["outcomes"], "rear": {"label": "Rear passengers"}}}
    evaluation = demo.seat_belts(study=study, analyses=(*base.analyses, other))
    words = {"not_computed": "no result", "measured_by": "by {text}"}

    def told(outcome, of=evaluation):
        return strategies.measured(of, measure("S", "W", outcome=outcome), "x", words)

    assert told("rear").text.startswith("Rear passengers: ")
    assert told("rear").by == "by Rear passengers"
    assert "Clear evidence" not in told("rear").text  # the verdict is the primary outcome's
    assert told("main").text == answer(evaluation)
    nothing = told(None)  # its main answer is about another thing: under this measure it would be read as one on it
    assert nothing.strips == []
    assert nothing.text == strategies.NO_RESULT
    assert answer(evaluation) not in nothing.text + nothing.by + nothing.none
    assert not re.search(r"\d", nothing.text + nothing.by + nothing.none)
    assert told("gone").text == "no result"
    assert told("gone").strips == []
    rehearsed = told("main", demo.rehearsal())
    assert rehearsed.strips == []
    assert not re.search(r"\d", rehearsed.text)


def test_compare_shows_two_places_apart_from_monitoring_and_rehearsals(site, quick):
    outcome = demo.castle().primary.outcome
    watched = demo.portsmouth(id="watched", study={**demo.portsmouth().study, "title": "Zeta, watched",
                              "short_title": None, "outcomes": demo.castle().study["outcomes"]})  # fmt: skip
    watched = dataclasses.replace(watched, analyses=tuple(dataclasses.replace(a, outcome=outcome)
                                                          for a in watched.analyses))  # fmt: skip
    tried = changed(demo.castle(id="tried", study={**demo.castle().study, "title": "Tried out"}), simulated=True)
    large = with_result(other_state(), relative=Estimate(90.0, "Change", "percent", low=60.0, high=120.0))
    found = compare.shared_outcomes([tried, demo.castle(), watched, large, demo.seat_belts()])
    assert [[study.evaluation.id for study in shared.studies] for shared in found] == [
        ["another-state", "castle-doctrine", "watched"]]  # fmt: skip
    page = site(tried, demo.castle(), watched, large, demo.seat_belts())["compare"]
    text = page.text()
    for words in ("Places may differ. So do the programmes, the years and the designs.", "It is not a ranking.",
                  "No overall number is given.", "Tried out on simulated data, so no result is shown: Tried out.",
                  "In each of the 2 studies the interval lies wholly above no change",
                  "Monitoring stands apart.", "strength of design 3 of 5", "+90%"):  # fmt: skip
        assert words in text, words
    figures = [f for f in page.all("figure") if f.get("class") == "fig"]
    assert len(figures) == 1  # the one monitoring study has nothing to stand beside: its table tells it
    (impact,) = ("".join(figure.itertext()) for figure in figures)
    monitoring = next("".join(table.itertext()) for table in page.all("table") if "Zeta" in "".join(table.itertext()))
    assert impact.index("Another state law") < impact.index("Castle-doctrine")
    assert "Zeta" not in impact
    assert "Tried out" not in impact + monitoring
    assert "One study" not in text
    assert "Lower than expected" in impact
    [shared] = found
    pair = [shared.studies[2], dataclasses.replace(shared.studies[2])]
    assert "Lower than before" in (compare.forest(pair, "x", _words()).alt_description or "") + str(
        compare.forest(pair, "x", _words()).wide_svg)
    csv = next((site.project / "compare").glob("*impact.csv")).read_text(encoding="utf-8-sig")
    assert csv.splitlines()[0] == 'Study,Change,"95% interval, low","95% interval, high"'
    site(demo.castle())
    assert not (site.project / "compare.qmd").exists()
    assert not (site.project / "_site" / "compare.html").exists()  # no page that nothing links to
    assert not (site.project / "compare").exists()
    assert not (site.project / "_site" / "compare").exists()


@pytest.mark.parametrize(("change", "kept"), [
    ({}, True),
    ({"label": "Killings"}, False),
    ({"label": "HOMICIDES: per 100,000 people"}, True),
    ({"kind": "count"}, False),
    ({"unit": "per 1,000"}, False),
])  # fmt: skip
def test_an_outcome_is_the_same_by_name_kind_and_unit(change, kept):
    other = changed(other_state(outcomes={}), outcome=dataclasses.replace(demo.castle().primary.outcome, **change))
    assert bool(compare.shared_outcomes([demo.castle(), other])) is kept


def test_pretend_starts_and_other_choices_are_not_compared():
    lone = dataclasses.replace(other_state(), analyses=tuple(
        dataclasses.replace(a, outcome=Measure("z", "Other", "x", "rate")) if a.role == "primary" else a
        for a in other_state().analyses))  # fmt: skip
    assert compare.shared_outcomes([demo.castle(), lone]) == []


def test_unreliable_and_unlike_studies_are_told_apart():
    words = _words()
    check = Diagnostic("steady", "Steady.", "sign against", "It was not.", key=True)
    doubtful = with_result(other_state(), diagnostics=(check,))
    wide = with_result(demo.castle(), effect=dataclasses.replace(demo.castle().primary.result.effect, level=0.9))
    [shared] = compare.shared_outcomes([doubtful, wide])
    assert [(study.row.shape, "not reliable" in study.row.label) for study in shared.studies] == [
        ("ring", True), ("diamond", False)]  # fmt: skip
    figure = compare.forest(shared.studies, "x", words)
    assert "Each line is the study's own interval" in figure.subtitle
    assert "95%" not in figure.subtitle
    assert figure.table[0][2] == "Interval"
    assert [row[0].rsplit(": ")[1] for row in figure.table[1:]] == ["95% interval", "90% interval"]
    assert all(label in figure.alt_description for label in (": 95% interval", ": 90% interval"))
    own = with_result(other_state(), relative=None, effect=Estimate(1.5, low=0.5, high=2.5))
    [shared] = compare.shared_outcomes([own, demo.castle()])
    assert [study.percent for study in shared.studies] == [False, True]
    assert "stands in the table alone" in compare.forest(shared.studies, "x", words).subtitle
    assert len(compare.forest(shared.studies, "x", words).table) == 2


def test_the_page_says_so_where_they_stand(site, quick):
    data = (DataInput("a.csv", "f" * 64, 10),)
    [first, same] = [dataclasses.replace(one, provenance=dataclasses.replace(demo.castle().provenance, data=data))
                     for one in (demo.castle(), other_state())]  # fmt: skip
    assert "rest on the same data. Neither confirms the other." in site(first, same)["compare"].text()


@pytest.mark.parametrize(("ends", "words"), [
    ([(-9, -1), (-8, -2)], "In each of the 2 studies the interval lies wholly below no change"),
    ([(-9, 1), (-8, 2), (-7, 3)], "In each of the 3 studies the interval takes in no change"),
    ([(-9, -1), (1, 2), (-7, 3)], "In 1 of 3 studies the interval lies wholly below no change, in 1 it lies wholly"),
    ([(-9, 1)], "One study: the interval takes in no change"),
    ([(1, math.inf)], "One study: the interval lies wholly above no change"),
])  # fmt: skip
def test_the_title_of_a_comparison_counts_intervals(ends, words):
    studies = [with_result(demo.castle(id=f"s{n}"), relative=Estimate(sum(e) / 2 if math.isfinite(e[1]) else 5.0,
               low=e[0], high=e[1])) for n, e in enumerate(ends)]  # fmt: skip
    [*found] = [compare._compared(study, study.primary) for study in studies]
    assert compare.message(found).replace(";", ",").startswith(words)


def _words():
    from evalkit.report.catalogue import words

    return words(None)["compare"]


def test_reading_tells_every_rung_by_the_function_of_real_pages(pages):
    rungs = {example.name: read(example.evaluation).rung for example in reading.EXAMPLES}
    assert {name: rung for name, rung in rungs.items() if name.startswith("V")} == {
        name: name[:2] for name in rungs if name.startswith("V")}  # fmt: skip
    assert set(rungs.values()) == {"V0", "V1", "V2", "V3", "V4", "V5", "V6"}
    text = pages["reading"].text()
    for example in reading.EXAMPLES:
        assert reading.sentence_of(example) in text
    for sentence in ("Clear evidence of a reduction.", "Evidence of a reduction; its size is uncertain.",
                     "No sign of a change large enough to matter.", "Too uncertain to say. A fall as large as 30% or",
                     "Evidence of an increase.", "Clear evidence of an increase.", "Not reliable: ",
                     "Interim: the planned final look is 31 March 2027.", "Simulated data. Clear evidence",
                     "Not studied yet.", "Thefts: 12% fewer in 2024 than in 2022. We cannot say whether"):  # fmt: skip
        assert sentence in text, sentence
    assert text.count("example") >= 2


def test_reading_has_the_words_of_scales_and_checks(pages):
    text = pages["reading"].text()
    for words in (*evidence.WHY.values(), *evidence.BESIDE.values(), "Strength of design", "Quality of data",
                  "Chance of repeating", "No sign against", "Of every 100 expected, 85 happened."):  # fmt: skip
        assert words in text, words


def test_conditions_on_the_reading_page_are_those_that_are_counted(pages):
    """Every condition that can hold, in the words in which the scale prints it."""
    base = demo.seat_belts()
    result = dataclasses.replace(base.primary.result, n_pre_periods=40, diagnostics=(
        Diagnostic("negative_controls", "", "no sign against", ""),))  # fmt: skip
    other = dataclasses.replace(base.primary, id="o", role="sensitivity", result=dataclasses.replace(
        result, effect=dataclasses.replace(result.effect, value=result.effect.value * 1.1)))  # fmt: skip
    primary = dataclasses.replace(base.primary, result=result)
    study = {**base.study, "data": {"source": "package", "publisher": "P"},
             "outcomes": {"main": {"measurement_affected": "unlikely"}}}  # fmt: skip
    found = evidence.assess(study, [primary, other], [])
    text = pages["reading"].text()
    for key, count in (("data", 5), ("repeating", 4)):
        held = re.search(r"For: (.*?)\.(?: Against|$)", found[key]["reason"]).group(1).split("; ")
        assert len(held) == count
        assert all(condition in text for condition in held), held


def test_methods_page_has_every_heading_of_the_file(pages):
    source = templates.find_methods().read_text(encoding="utf-8")
    outside = re.sub(r"```.*?```", "", source, flags=re.DOTALL)
    headings = re.findall(r"^#{2,3} (.+)$", outside, re.MULTILINE)
    found = [" ".join("".join(h.itertext()).split()) for h in pages["methods"].tree.iter() if h.tag in ("h2", "h3")]
    assert found == [heading.replace("`", "") for heading in headings]
    assert pages["methods"].find("design-before_after").tag == "h2"
    assert pages["methods"].all("table")


def test_methods_keep_code_and_drop_links_into_files():
    tables = "| a |\n|---|\n| 1 |\n\n| c |\n|---|\n| 2 |\n\n"
    links = "[x](data/README.md) [y](#a--b) [z](https://e.org) ![pic](a.png)\n"
    html = methods.as_html(f"# T\n\n## A & B\n\n{tables}```\none\n\n\ntwo <b>\n```\n\n{links}")
    assert "<caption>A &amp; B</caption>" in html
    assert "A &amp; B, table 2" in html
    assert "one\n&#10;&#10;two &lt;b&gt;" in html
    assert 'href="#a--b"' in html
    assert 'href="https://e.org"' in html
    assert "README" not in html
    assert "<img" not in html


def test_without_the_file_there_is_no_page_of_methods(site, quick, monkeypatch):
    site(demo.castle())
    monkeypatch.setattr("evalkit.report.site.methods.find_methods", lambda: None)
    index = site(demo.castle())["index"]
    assert "methods.html" not in [a.get("href") for a in index.all("a")]
    assert not (site.project / "methods.qmd").exists()
    assert not (site.project / "_site" / "methods.html").exists()


def test_a_damaged_copy_of_methods_is_made_again(site, quick):
    site(demo.castle())
    whole = (site.project / "methods.qmd").read_bytes()
    kept = site.project / methods.KEPT
    kept.write_text(kept.read_text(encoding="utf-8").replace("Appraisal", "Nonsense"), encoding="utf-8")
    site(demo.castle())
    assert (site.project / "methods.qmd").read_bytes() == whole


def test_accessibility_statement(pages, site, quick):
    text = pages["accessibility"].text()
    for words in ("version 2.2, at level AA", "To state whom to tell, set contact",
                  "They do not run on this site each time"):
        assert words in text
    settings = site.project / "_quarto.yml"
    settings.write_text(settings.read_text().replace("# contact: Who", "contact: <b>Who</b>"))
    text = site(demo.castle())["accessibility"].text()
    assert "Contact: <b>Who</b> answers, within how many days" in text


def test_what_the_law_asks_of_a_statement_is_stated_or_said_not_to_be(site, quick):
    page = site(demo.castle())["accessibility"]
    text, links = page.text(), [link.get("href") for link in page.all("a")]
    assert {"https://www.equalityadvisoryservice.com/", "https://www.equalityni.org/"} <= set(links)
    assert "is responsible for enforcing the Public Sector Bodies" in text
    for name in STATEMENT:
        assert f"Not stated. To state it, set accessibility: {name} in _quarto.yml." in text
    assert "Equality and Human Rights Commission" in text
    assert "(No. 2) Accessibility Regulations 2018" in text
    settings = site.project / "_quarto.yml"
    settings.write_text(settings.read_text() + "\naccessibility:\n  status: Partly <b>compliant</b>\n  not_accessible: "
                        "[Old maps, PDF of 2019.]\n  complain: Write to us first\n  date: 2026-11-22\n"
                        + "".join(f"  {name}: Said of {name}\n" for name in BESIDES))  # fmt: skip
    text = site(demo.castle())["accessibility"].text()
    for words in ("Partly <b>compliant</b>", "Old maps. PDF of 2019", "Write to us first", "2026-11-22",
                  *(f"Said of {name}" for name in BESIDES)):  # fmt: skip
        assert words in text
    assert "Not stated. To state it" not in text


def test_a_projects_own_page_is_linked_and_left(site, quick):
    own = site.project / "accessibility.qmd"
    own.write_text("---\npagetitle: Ours\n---\n\n# Our own statement\n")
    page = site(demo.castle())["accessibility"]
    assert "Our own statement" in page.text()
    assert own.read_text().endswith("# Our own statement\n")


def test_nothing_typed_runs_on_the_pages_around(site, quick):
    outcome = Measure("main", HOSTILE, HOSTILE, "rate", "lower")
    study = {**demo.castle().study, "title": HOSTILE, "short_title": HOSTILE, "area": HOSTILE, "status": "final",
             "programme": {"name": HOSTILE, "where": HOSTILE},
             "outcomes": {"main": {"label": HOSTILE, "kind": "rate"}},
             "strategies": [measure(HOSTILE, HOSTILE, target=HOSTILE, source=HOSTILE, outcome="main")],
             "data": {"source": "csv", "publisher": HOSTILE}}  # fmt: skip
    studies = [changed(demo.castle(id=name, study=study), outcome=outcome, label=HOSTILE) for name in ("one", "two")]
    found = site(*studies, demo.portsmouth())
    for name in ("index", "strategies", "compare"):
        page = found[name]
        assert len(page.all("script")) == (2 if name == "index" else 0)
        assert "<script>alert(1)</script>" in page.text()
        assert "{{< env HOME >}}" in page.text()
        assert "ŵŷ" in page.text()
        for element in page.tree.iter():
            assert not any(str(attribute).startswith("on") for attribute in element.attrib)
            assert not str(element.get("href", "")).lower().startswith("javascript")


def test_only_what_changed_is_rendered_and_links_reach_every_page(tmp_path, quick):
    results, output = tmp_path / "results", tmp_path / "_site"

    def made(*evaluations):
        for evaluation in evaluations:
            archive.write_result(evaluation, results)
        ids = sorted(path.parent.name for path in results.glob("*/result.json"))
        return set(releases.make_site(tmp_path, results, output, engine="bundled", ids=ids).written)

    assert made(demo.castle(), demo.portsmouth()) == {*AROUND, "castle-doctrine", "portsmouth-robberies"}
    assert made() == set()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert made() == set()
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    study = {**demo.castle().study, "short_title": "Other words"}
    assert made(demo.castle(study=study)) == {"index", "castle-doctrine"}
    # A second place with the same outcome: a page of comparison, to which every page now links.
    assert made(other_state()) == {*AROUND, "compare", "castle-doctrine", "portsmouth-robberies", "another-state"}
    for page in output.rglob("*.html"):
        assert "compare.html" in page.read_text(encoding="utf-8")
    (output / "reading.html").unlink()
    assert made() == {"reading"}
    (tmp_path / "accessibility.qmd").write_text("---\npagetitle: Ours\n---\n\n# Ours\n")
    assert made() == {"accessibility"}
    assert made() == set()
    (tmp_path / "_quarto.yml").write_text("website:\n  title: Another name\n")
    assert "castle-doctrine" in made()
    assert "Another name" in (output / "reading.html").read_text(encoding="utf-8")


def test_the_frame_holds_dollars_and_quotation_marks(tmp_path):
    own = tmp_path / "reports" / "templates" / "words"
    own.mkdir(parents=True)
    (own / "qps.yaml").write_text('navigation: {index: "a $b$ \\"c\\" <d>"}\nframe: {skip: "$x$"}\n')
    (tmp_path / "_quarto.yml").write_text("lang: qps\n")
    (tmp_path / "studies").mkdir()
    engine_files(tmp_path)
    (tmp_path / "own.qmd").write_text("---\npagetitle: T\n---\n\n# One\n")
    made = report.render(tmp_path, tmp_path / "_site", "bundled", [Path("own.qmd")]).pages[0].read_text()
    assert "a $b$ &#34;c&#34; &lt;d&gt;</a>" in made
    assert ">$x$</a>" in made
