"""Every word of the site's furniture comes from one catalogue, so that it can be had in Welsh.

Sentences about results, captions and column heads of tables, and titles of parts are made in code, in English, and
are not looked at here.
"""

import re
import shutil
from pathlib import Path

import demo
import pytest
import yaml

from evalkit import report
from evalkit.errors import SpecError
from evalkit.report import templates
from evalkit.report.catalogue import Settings, read_settings, words

TEMPLATES = Path(__file__).resolve().parents[2] / "reports" / "templates"
ENGLISH = yaml.safe_load((TEMPLATES / "words" / "en.yaml").read_text(encoding="utf-8"))
OPEN, CLOSE = "⟦", "⟧"


def marked(group):
    """Return a catalogue of a language that nobody speaks: every English text in brackets."""
    return {name: marked(text) if isinstance(text, dict) else f"{OPEN}{text}{CLOSE}" for name, text in group.items()}


def leaves(group, path=""):
    for name, text in group.items():
        yield from leaves(text, f"{path}{name}.") if isinstance(text, dict) else [(f"{path}{name}", text)]


@pytest.fixture(scope="module")
def translated(tmp_path_factory, pages):
    """Return the pages of a site in that language."""
    project = tmp_path_factory.mktemp("translated")
    shutil.copy(Path(__file__).resolve().parents[2] / "_quarto.yml", project)
    settings = (project / "_quarto.yml").read_text().replace("lang: en-GB", "lang: qps-ploc")
    (project / "_quarto.yml").write_text(settings)
    own = project / "reports" / "templates" / "words"
    own.mkdir(parents=True)
    (own / "qps.yaml").write_text(yaml.safe_dump(marked(ENGLISH), allow_unicode=True), encoding="utf-8")
    strategy = {"strategy": "S", "wording": "W", "outcome": "main", "target": None}
    studies = [demo.castle(study={**demo.castle().study, "strategies": [strategy]}), demo.castle(id="second"),
               demo.portsmouth(), demo.seat_belts(), demo.rehearsal()]  # fmt: skip
    report.write_sources(studies, project, [("op-deter", "no data")])
    report.render(project, project / "_site", "bundled")
    parsed = type(pages["index"])
    return {path.stem: parsed(path.read_text(encoding="utf-8")) for path in (project / "_site").rglob("*.html")}


def text_of(element):
    return " ".join("".join(element.itertext()).split())


def classed(page, tag, name):
    return [e for e in page.all(tag) if name in (e.get("class") or "").split()]


def furniture(page):
    """Yield every element of a page that is furniture of the site, whatever the studies say."""
    yield from classed(page, "a", "skip")
    yield from (link for nav in page.all("nav") for link in nav.iter("a"))
    yield from (heading for nav in page.all("nav") for heading in nav.iter("h2"))
    yield from (part for foot in page.all("footer") for part in foot.iter("p"))
    yield from classed(page, "span", "badge")
    yield from page.all("label")
    yield from page.all("button")
    yield from (e.find("h3") for e in classed(page, "div", "scale") if e.find("h3") is not None)
    yield from (e.find("h3") for tag in ("div", "section") for e in classed(page, tag, "short"))
    yield from (link for part in classed(page, "div", "get") for link in part.findall("a"))
    yield from (summary for part in classed(page, "div", "get") for summary in part.iter("summary"))


def test_nothing_of_the_furniture_passes_by_the_catalogue(translated):
    seen = 0
    for name, page in translated.items():
        for element in furniture(page):
            seen += 1
            assert text_of(element).startswith(OPEN), (name, element.tag, text_of(element))
        assert page.tree.get("lang") == "qps-ploc"
        for element in page.tree.iter():
            if element.tag == "nav" and element.get("aria-label"):
                assert element.get("aria-label").startswith(OPEN)
    assert seen > 300


@pytest.mark.parametrize("name", ["index", "reading", "methods", "accessibility"])
def test_titles_and_headings_of_pages_around_are_translated(translated, name):
    page = translated[name]
    assert text_of(page.all("h1")[0]).startswith(OPEN)
    if name == "index":
        assert all(text_of(heading).startswith(OPEN) for heading in page.all("h2"))
    if name in ("reading", "accessibility"):
        headings = [text_of(e) for e in page.tree.iter() if e.tag in ("h2", "h3")]
        assert headings
        assert all(heading.startswith(OPEN) for heading in headings)
        told = [text_of(e) for e in page.all("main")[0].iter("p") if e.get("class") is None]
        assert all(text.startswith((OPEN, "Of every")) for text in told), told


@pytest.mark.parametrize("name", ["castle-doctrine", "portsmouth-robberies", "seat-belts", "ae-navigators-rehearsal"])
def test_titles_of_sections_are_translated_and_answers_are_not(translated, name):
    page = translated[name]
    assert len(classed(page, "section", "short") + classed(page, "div", "short")) == 3
    plain = [text_of(heading) for heading in page.all("h2") if not text_of(heading).startswith(OPEN)]
    messages = [text_of(e) for e in page.tree.iter() if e.get("class") == "msg"]
    callouts = [text_of(e) for e in page.tree.iter() if "boxed-title" in (e.get("class") or "")]
    answer = [text for text in plain if text not in messages + callouts]
    assert len(answer) == 1, answer
    assert OPEN not in answer[0]


def test_no_template_has_words_of_its_own():
    found = []
    for file in sorted(TEMPLATES.rglob("*")):
        if file.suffix not in (".qmd", ".html"):
            continue
        text = file.read_text(encoding="utf-8")
        code = re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL)
        literals = [literal for part in code for literal in re.findall(r"\"([^\"]*)\"", part)]
        found += [(file.name, literal) for literal in literals if re.search(r"[A-Z][a-z]|[a-z] [a-z]", literal)]
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        attributes = re.findall(r"\b(?:aria-label|title|alt|placeholder)=\"([^\"]*)\"", text)
        found += [(file.name, value) for value in attributes if re.search(r"[A-Za-z]{2}", value)]
        for markup in (r"<[^>]*>", r"\$[^$]*\$", r"^:::.*$", r"\{[#.=][^}]*\}", r"\(#?[\w./]*\)"):
            text = re.sub(markup, "", text, flags=re.MULTILINE)
        found += [(file.name, line.strip()) for line in text.splitlines() if re.search(r"[A-Za-z]{2}", line)]
    assert found == []


def test_every_text_of_the_catalogue_is_asked_for():
    """A text that no template and no code names would be translated for nothing."""
    code = (TEMPLATES.parents[1] / "evalkit" / "report").rglob("*.py")
    files = [*TEMPLATES.rglob("*.qmd"), *TEMPLATES.rglob("*.html"), *code]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    put_together = re.compile(r"legend\.\w+_badge|compare\.\w+_studies|reading\.\w+_conditions|accessibility\.\w+_\d|"
                              r"sections\.\w+|contents\.\w+|published\.(?:verdicts\.|held_)\w+")  # fmt: skip
    for path, _ in leaves(ENGLISH):
        named = re.search(rf"\b{re.escape(path)}\b|[\"']{path.split('.')[-1]}[\"']", source)
        assert named or put_together.fullmatch(path), path


def test_every_section_has_its_title_and_its_place_for_the_authors_words():
    from evalkit.spec.blocks import NARRATIVE

    assert set(ENGLISH["sections"]) <= set(NARRATIVE)


def test_names_are_no_methods_of_a_mapping():
    """A template reads `words.group.name`, which for such a name would be the method."""
    for path, text in leaves(ENGLISH):
        assert not any(hasattr(dict, part) for part in path.split(".")), path
        assert isinstance(text, str), path


def test_what_is_left_out_stays_in_english(tmp_path):
    own = tmp_path / "reports" / "templates" / "words"
    own.mkdir(parents=True)
    (tmp_path / "_quarto.yml").write_text("lang: cy-GB\nwebsite: {title: Llyfrgell}\ncontact: Rhywun\n")
    (own / "cy.yaml").write_text("navigation: {index: Pob astudiaeth, methods: Dulliau}\n", encoding="utf-8")
    (own / "cy-GB.yaml").write_text("navigation: {methods: Y dulliau}\n", encoding="utf-8")
    found = words(tmp_path)
    assert found["navigation"]["index"] == "Pob astudiaeth"
    assert found["navigation"]["methods"] == "Y dulliau"
    assert found["navigation"]["reading"] == ENGLISH["navigation"]["reading"]
    assert read_settings(tmp_path) == Settings("Llyfrgell", "cy-GB", "Rhywun")
    assert read_settings(None) == Settings()


@pytest.mark.parametrize(("text", "said"), [
    ("navigation: {indx: x}", "navigation.indx is not in the English catalogue"),
    ("navigation: x", "navigation is not in the English catalogue"),
    ("find: {shown: 'Astudiaethau: {shown}'}", "the same values in braces as the English text: {all} and {shown}"),
    ("find: {shown: '{shown {all}'}", "must hold the same values"),
    ("- x", "is not a mapping"),
    ("a: [", "is not YAML"),
])  # fmt: skip
def test_a_slip_in_a_translation_is_named(tmp_path, text, said):
    own = tmp_path / "reports" / "templates" / "words"
    own.mkdir(parents=True)
    (tmp_path / "_quarto.yml").write_text("lang: cy\n")
    (own / "cy.yaml").write_text(text + "\n")
    with pytest.raises(SpecError) as caught:
        words(tmp_path)
    assert said in str(caught.value.problems[0].sentence())


def test_settings_that_are_not_yaml(tmp_path):
    (tmp_path / "_quarto.yml").write_text("a: [")
    with pytest.raises(SpecError, match="is not YAML"):
        read_settings(tmp_path)


def test_a_catalogue_moves_the_templates_version(tmp_path):
    before = templates.templates_version(tmp_path)
    own = tmp_path / "reports" / "templates" / "words"
    own.mkdir(parents=True)
    (own / "cy.yaml").write_text("navigation: {index: Pob astudiaeth}\n")
    assert templates.templates_version(tmp_path) != before


def test_a_setting_of_the_statement_that_there_is_not_is_named(tmp_path):
    (tmp_path / "_quarto.yml").write_text("accessibility: {staus: full}\n")
    with pytest.raises(SpecError, match="accessibility has no staus"):
        read_settings(tmp_path)
    (tmp_path / "_quarto.yml").write_text("accessibility: fully\n")
    with pytest.raises(SpecError, match="accessibility is not a mapping"):
        read_settings(tmp_path)
    (tmp_path / "_quarto.yml").write_text("accessibility:\n  date: 2026-11-22\n  status: Fully compliant\n")
    assert read_settings(tmp_path).accessibility == (("status", "Fully compliant"), ("date", "2026-11-22"))
