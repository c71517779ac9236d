"""PDF and Word: everything that the page tells is in both, real tables and described drawings, the same bytes twice."""

import dataclasses
import io
import itertools
import re
import zipfile
from collections import Counter
from xml.etree import ElementTree

import demo
import pypdf
import pytest
from first_side import summary_of
from notes import NOTE
from test_told_hostile import hostile_study as filled_study
from told_rooms import told as filled

from evalkit import report
from evalkit.errors import DesignError, SpecError
from evalkit.report import formats
from evalkit.report.engines import engine_files
from evalkit.report.printed_page import printed_page

STUDIES = ["portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal", "hot-spots",
           "hot-spots-plan"]  # fmt: skip
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
SVG = "{http://www.w3.org/2000/svg}"
ON_SCREEN = {"site", "skip", "foot", "contents"}


@dataclasses.dataclass
class Document:
    """What a reader, or a program that reads aloud, finds in a document."""

    pages: list[str]
    alternatives: Counter
    tables: int
    head_rows: int
    headings: list[tuple[int, str]]

    @property
    def text(self) -> str:
        return "".join(self.pages)

    def holds(self, text: str) -> bool:
        """Say whether a text is there, in one piece or broken by the end of one page."""
        return text in self.text or any(
            text[:place] in before and text[place:] in after
            for before, after in itertools.pairwise(self.pages)
            for place in range(1, len(text))
        )


def squeezed(text: str) -> str:
    """Return a text without the spaces that a line or a narrow column adds, the pages of links, and ways back."""
    return re.sub(r"\(p\.\d+\)|↩\ufe0e?", "", re.sub(r"[\s\u200b\u00ad]+", "", text))


def read_docx(content: bytes) -> Document:
    archive = zipfile.ZipFile(io.BytesIO(content))
    body = ElementTree.fromstring(archive.read("word/document.xml"))
    headings = []
    for paragraph in body.iter(f"{WORD}p"):
        style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        named = re.fullmatch(r"Heading(\d)", "" if style is None else style.get(f"{WORD}val"))
        if named:
            headings.append((int(named[1]), squeezed("".join(t.text or "" for t in paragraph.iter(f"{WORD}t")))))
    tables = list(body.iter(f"{WORD}tbl"))
    return Document(
        [squeezed("".join(text.text or "" for text in body.iter(f"{WORD}t")))],
        Counter(squeezed(drawn.get("descr") or "") for drawn in body.iter(f"{DRAWING}docPr")),
        len(tables),
        sum(table.find(f"{WORD}tr/{WORD}trPr/{WORD}tblHeader") is not None for table in tables),
        headings,
    )


def read_pdf(content: bytes) -> Document:
    reader = pypdf.PdfReader(io.BytesIO(content))
    title = squeezed(reader.metadata.title)
    pages = []
    for number, page in enumerate(reader.pages, start=1):
        text = squeezed(page.extract_text()).removesuffix(str(number))
        pages.append(text.removeprefix(title) if number > 1 else text)
    kinds: Counter = Counter()
    alternatives: Counter = Counter()

    def walk(node) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        for child in node if isinstance(node, list) else ():
            walk(child)
        if isinstance(node, dict):
            kinds[node.get("/S")] += 1
            if node.get("/S") == "/Figure":
                alternatives[squeezed(node.get("/Alt", ""))] += 1
            walk(node.get("/K", []))

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return Document(pages, alternatives, kinds["/Table"], kinds["/THead"],
                    list(outlined(reader.outline)))  # fmt: skip


def outlined(entries, level: int = 1):
    for entry in entries:
        if isinstance(entry, list):
            yield from outlined(entry, level + 1)
        else:
            yield level, squeezed(entry.title)


READ = {"pdf": read_pdf, "docx": read_docx}


def words(element) -> str:
    return squeezed("".join(element.itertext()))


def drawings(page) -> Counter:
    """Return what the drawings of a page say to those who do not see them."""
    shown = [svg for svg in page.tree.iter(f"{SVG}svg") if svg.get("class") != "slim"]
    return Counter(squeezed("".join(described(svg))) for svg in shown)


def described(svg):
    for tag in ("title", "desc"):
        for part in svg.findall(f"{SVG}{tag}"):
            text = part.text.strip()
            yield text if text.endswith((".", "!", "?")) else f"{text}."


def told(page):
    """Yield the texts of a page: a paragraph, cell, heading or line of a list each."""

    def walk(element):
        if set((element.get("class") or "").split()) & ON_SCREEN or "svg" in str(element.tag):
            return
        if element.tag in ("p", "td", "th", "caption", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"):
            yield words(element)
            return
        for child in element:
            if isinstance(child.tag, str):
                yield from walk(child)

    yield from walk(next(page.tree.iter("main")))


@pytest.fixture(scope="session")
def made(project):
    """Return a function that writes a study in a format, once for all tests."""
    kept: dict[tuple[str, str], bytes] = {}

    def document(study: str, kind: str) -> bytes:
        if (study, kind) not in kept:
            target = project / "documents" / f"{study}.{kind}"
            kept[study, kind] = formats.write_document(project, study, kind, target).read_bytes()
        return kept[study, kind]

    return document


@pytest.mark.parametrize("kind", formats.FORMATS)
@pytest.mark.parametrize("study", STUDIES)
def test_every_table_drawing_and_word_is_there(pages, made, study, kind):
    page, found = pages[study], READ[kind](made(study, kind))
    assert found.tables == len(page.all("table")) > 0
    assert found.head_rows == found.tables
    assert found.alternatives == drawings(page)
    assert not [text for text in told(page) if not found.holds(text)]


@pytest.mark.parametrize("study", STUDIES)
def test_the_summary_is_one_side_of_the_pdf(pages, made, study):
    sides = read_pdf(made(study, "pdf")).pages
    kept = [squeezed("".join(element.itertext())) for element in summary_of(pages[study].tree).iter()
            if element.tag in ("h1", "h2", "h3", "p", "dt", "dd", "li") and "src" not in (element.get("class") or "")
            and not ON_SCREEN & set((element.get("class") or "").split())]  # fmt: skip
    assert [text for text in kept if text and text not in sides[0]] == []
    first = next(section for section in pages[study].all("section") if "sect" in (section.get("class") or "").split())
    assert words(first.find("h2")) in sides[1][:150]


def test_scales_keep_their_bars():
    marks = "".join(f"<i{' class=on' if place < 3 else ''}></i>" for place in range(5))
    html = page_of(
        f"<div class=scales><div><h3>S</h3><p><span class=pips aria-hidden=true>{marks}</span> 3 of 5</p></div></div>"
    )
    (bar,) = re.findall(r"<span [^>]*pips[^>]*>", html.html)
    assert 'data-on="3"' in bar
    assert 'data-of="5"' in bar


@pytest.mark.parametrize("kind", formats.FORMATS)
@pytest.mark.parametrize("study", STUDIES)
def test_headings_in_the_order_of_the_page(pages, made, study, kind):
    found = READ[kind](made(study, kind)).headings
    headings = [element for element in pages[study].tree.iter() if re.fullmatch("h[2-6]", str(element.tag))]
    expected = [(int(heading.tag[1]) - 1, words(heading)) for heading in headings
                if heading.get("id") != "contents-heading"]  # fmt: skip
    figures = any(pages[study].all("figure"))
    assert found[: len(expected)] == expected
    assert len(found) - len(expected) == (1 if figures else 0)


def test_simulated_numbers_say_so_on_every_table(pages, made):
    assert "Simulated data" in pages["ae-navigators-rehearsal"].text()
    for kind in formats.FORMATS:
        found = READ[kind](made("ae-navigators-rehearsal", kind))
        captions = ["".join(caption.itertext()) for caption in pages["ae-navigators-rehearsal"].all("caption")]
        assert found.text.count("Simulateddata") >= len(captions)
        assert all("Simulateddata" in text or "simulated" in text for text in found.alternatives)


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_same_bytes_twice_and_no_clock(project, made, tmp_path, kind):
    again = formats.write_document(project, "seat-belts", kind, tmp_path / f"a.{kind}")
    assert again.read_bytes() == made("seat-belts", kind)
    if kind == "docx":
        assert {entry.date_time for entry in zipfile.ZipFile(again).infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01" in zipfile.ZipFile(again).read("docProps/core.xml")
    else:
        assert b"/CreationDate" not in again.read_bytes()
    assert str(project).encode() not in again.read_bytes()


def test_pdf_is_tagged_and_says_its_title_and_language(made):
    reader = pypdf.PdfReader(io.BytesIO(made("seat-belts", "pdf")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Seat-belt law and car drivers killed or seriously injured"
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_word_says_its_title_and_language(made):
    archive = zipfile.ZipFile(io.BytesIO(made("seat-belts", "docx")))
    core = archive.read("docProps/core.xml").decode()
    assert "<dc:title>Seat-belt law and car drivers killed or seriously injured</dc:title>" in core
    assert "<dc:language>en-GB</dc:language>" in core
    assert '<w:pgSz w:w="11906" w:h="16838" />' in archive.read("word/document.xml").decode()  # A4
    assert 'w:val="en-GB"' in archive.read("word/styles.xml").decode()
    pictures = [archive.read(name) for name in archive.namelist() if name.startswith("word/media/")]
    assert pictures
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


HOSTILE = (
    "<b>Llŷn & Dŵr</b> \"q\" 'a' #let x = 1 $y$ @fig-z *s* `c` [l](javascript:x) {{< env HOME >}} \\n // no /* end"
)
LONG = "Llanfairpwllgwyngyll " * 9 + "gogogoch ŵŷ"
UNBROKEN = "W" * 200


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_names_survive(tmp_path, kind):
    evaluation = demo.seat_belts(id="hostile")
    programme = {**evaluation.study["programme"], "name": UNBROKEN, "why": HOSTILE}
    first, *others = evaluation.analyses
    labelled = dataclasses.replace(first, outcome=dataclasses.replace(first.outcome, label=LONG))
    renamed = [dataclasses.replace(analysis, label=UNBROKEN) for analysis in others]
    evaluation = dataclasses.replace(
        evaluation, study={**evaluation.study, "title": HOSTILE, "programme": programme}, analyses=(labelled, *renamed)
    )
    report.write_sources([evaluation], tmp_path)
    target = formats.write_document(tmp_path, "hostile", kind, tmp_path / f"a.{kind}")
    found = READ[kind](target.read_bytes())
    assert found.text.startswith(squeezed(HOSTILE))
    for text in (HOSTILE, LONG, UNBROKEN):
        assert found.text.count(squeezed(text)) > 1
    assert any(squeezed(LONG) in text for text in found.alternatives)
    if kind == "pdf":  # what is broken nowhere is printed over its neighbour, or over the edge
        whole = "\n".join(page.extract_text() for page in pypdf.PdfReader(target).pages)
        assert max(map(len, re.findall("W+", whole))) <= 60
        assert evaluation.provenance.spec_sha256 in whole  # and what people copy is not broken


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_notes_of_an_author_are_in_both(render_one, tmp_path, kind):
    evaluation = demo.seat_belts()
    narrative = {**evaluation.study["narrative"], "background": NOTE}
    page = render_one(demo.seat_belts(study={**evaluation.study, "narrative": narrative}))
    target = formats.write_document(tmp_path, evaluation.id, kind, tmp_path / f"a.{kind}")
    found = READ[kind](target.read_bytes())
    assert "Titleofbox" in found.text
    assert "FirstOneSecondTwo" in found.text
    assert not [text for text in told(page) if not found.holds(text)]


def test_every_place_that_a_page_links_to_is_in_the_pdf(render_one, tmp_path):
    """With every block filled, the checklists link to all of them, the names on the first side among them."""
    blocks = filled_study("said")
    people = {part: {"name": f"Name of the {part}"} for part in ("commissioner", "analyst", "assurer", "approver")}
    evaluation = filled("impact", {**blocks, "governance": {**blocks["governance"], **people}})
    page = render_one(evaluation)
    assert [link for link in page.all("a") if link.get("href") == "#named"]
    target = formats.write_document(tmp_path, evaluation.id, "pdf", tmp_path / "a.pdf")
    assert len(pypdf.PdfReader(target).pages) > 10


def page_of(body: str, picture=lambda _: None):
    source = f'<html lang="cy"><body><nav>N</nav><main><h1>T</h1>{body}</main></body></html>'
    return printed_page(source, ":root { --ink: #123456; }", picture)


def test_folded_parts_are_opened_and_captions_not_said_twice():
    table = "<table><caption>C</caption><tbody><tr><th>a</th><td class='n'>1</td></tr></tbody></table>"
    html = page_of(f"<details><summary>C</summary>{table}</details><details><summary>S</summary><p>x</p></details>",
                   ).html  # fmt: skip
    assert "details" not in html
    assert html.count(">C<") == 1
    assert "<strong>S</strong>" in html
    assert 'style="text-align: right"' in html


def test_colours_are_written_into_drawings():
    words = "<title>A title</title><desc>Says it.</desc>"
    svg = f'<svg class="wide" viewBox="0 0 760 90">{words}<path style="fill:var(--ink)"/></svg>'
    found = page_of(f"<figure class='fig' id='f'><h2>M</h2>{svg}{svg.replace('wide', 'slim')}</figure>")
    (drawing,) = found.files.values()
    assert b"#123456" in drawing
    assert b"var(" not in drawing
    assert 'alt="A title. Says it."' in found.html
    assert '<h2 id="f">' in found.html
    assert found.language == "cy"


def test_headings_go_down_a_level_at_a_time():
    html = page_of("<h2>a</h2><h4>b</h4><h5>c</h5><h2>d</h2><h3>e</h3>").html
    assert re.findall(r"<(h\d)>(\w)", html) == [("h2", "a"), ("h3", "b"), ("h4", "c"), ("h2", "d"), ("h3", "e")]


def test_own_pictures_come_along_and_missing_ones_leave_their_words():
    picture = {"a.png": b"bytes"}.get
    found = page_of('<p><img src="a.png" alt="Seen"><img src="b.png" alt="Words"><img src="c.png" alt=""></p>', picture)
    assert list(found.files.values()) == [b"bytes"]
    assert 'alt="Seen"' in found.html
    assert "Words" in found.html
    assert "A picture that nobody described: c.png" in found.html


def test_links_lead_inside_the_document_or_to_the_web():
    links = {
        "#a": "in",
        "#p": "gone",
        "#b": "gone",
        "x/y.csv": "file",
        "https://example.org": "out",
        "../index.html": "home",
    }
    html = page_of(
        f"<h2 id='a'>A</h2><p id='p'>{' '.join(f'<a href={to!r}>{text}</a>' for to, text in links.items())}</p>"
    ).html
    assert re.findall('href="([^"]*)"', html) == ["#a", "https://example.org"]
    assert "file<span> (y.csv)</span>" in html
    assert "<span>home</span>" in html


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_pictures_of_the_project_and_none_from_outside(tmp_path, kind):
    from PIL import Image

    project = tmp_path / "project"
    (project / "studies" / "own").mkdir(parents=True)
    engine_files(project)
    for place in (project / "studies" / "own" / "map.png", tmp_path / "secret.png"):
        Image.new("RGB", (40, 20), "navy").save(place)
    text = "---\npagetitle: T\n---\n# A study\n\n![A map of Gwynedd](own/map.png)\n\n![Not ours](../../secret.png)\n"
    (project / "studies" / "own.qmd").write_text(text, encoding="utf-8")
    found = READ[kind](formats.write_document(project, "own", kind, tmp_path / f"own.{kind}").read_bytes())
    assert found.alternatives == Counter({"AmapofGwynedd": 1})
    assert "Notours" in found.text


def test_what_cannot_be_made_is_said_with_its_mend(project, tmp_path, monkeypatch):
    with pytest.raises(DesignError, match="use html or pdf or docx"):
        formats.write_document(project, "seat-belts", "odt", tmp_path / "a.odt")
    with pytest.raises(SpecError, match=r"nobody\.qmd has not been written"):
        formats.write_document(project, "nobody", "pdf", tmp_path / "a.pdf")
    with pytest.raises(DesignError, match="2 studies cannot go into the one file"):
        formats.write_documents(project, ["a", "b"], "pdf", tmp_path, tmp_path / "a.pdf")
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "typst" else object())
    with pytest.raises(DesignError, match=r"typst is not installed, so no pdf can be made; run `pip install typst`"):
        formats.write_document(project, "seat-belts", "pdf", tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_documents_go_with_their_page(tmp_path, kind):
    report.write_sources([demo.portsmouth(), demo.portsmouth(id="other")], tmp_path)
    site = tmp_path / "_site"
    report.render(tmp_path, site, "bundled")
    written = formats.write_documents(tmp_path, ["portsmouth-robberies", "other"], kind, site)
    assert written == [site / "studies" / f"{study}.{kind}" for study in ("portsmouth-robberies", "other")]
    report.render(tmp_path, site, "bundled", ["index"])
    assert all(path.is_file() for path in written)
    report.render(tmp_path, site, "bundled", ["other"])
    assert [path.is_file() for path in written] == [True, False]
    report.write_sources([demo.portsmouth(id="other")], tmp_path)
    report.render(tmp_path, site, "bundled", ["index"])
    assert not written[0].exists()
