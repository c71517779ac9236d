"""A page made ready for paper: the same words, tables and drawings, without what only a screen can use.

The page that a browser shows is the one source. Navigation goes, what is folded is opened, each drawing becomes a file
with its words as alternative text, and the numbers behind the drawings move to the end, a table each. Writers of PDF
and Word read the rest as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

SVG = "{http://www.w3.org/2000/svg}"
BEHIND = "The figures as tables"
"""Heading of the part that holds the numbers behind the drawings."""

_SCREEN_ONLY = {"site", "skip", "foot", "contents", "footnote-back"}
_KEPT_BOXES = {"boxed", "author", "status", "answer", "question", "fig", "summary"}
_BESIDE = {"hero", "numbers", "scales", "chartrow", "shorts", "people"}
"""Parts of the summary whose children stand beside one another, so that it is one side of paper too."""
_LINE, _GAP, _LONGEST, _WIDEST = 96, 2, 30, 40
"""In letters: what a line of a table holds, the space between columns, the most that a word and a text count for."""
_FINGERPRINT = re.compile(r"[0-9a-f]+")
_BREAKS = re.compile(r"[\s/\u2013-]")
_HEADING = re.compile("h[1-6]")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_DECLARED = re.compile(r"(--[\w-]+):\s*(#[0-9a-fA-F]{3,8})\b")
_ROOT = re.compile(r":root\s*\{(.*?)\}", re.DOTALL)


@dataclass
class PrintedPage:
    """A page for paper.

    Attributes
    ----------
    title, language : str
        Of the document: its metadata, and the words above it.
    html : str
        What stands under the title; its images are the names in `files`.
    files : dict
        Drawings, in the colours of the light page, and the author's own pictures.
    """

    title: str
    language: str
    html: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


def printed_page(source: str, stylesheet: str, picture: Callable[[str], bytes | None]) -> PrintedPage:
    """Return a page of the site made ready for paper.

    Parameters
    ----------
    source : str
        A whole page, as either engine rendered it.
    stylesheet : str
        The site's stylesheet, which gives the colours.
    picture : callable
        Returns the bytes of a picture by its address on the page; None where there is none, and its words are printed.
    """
    import html5lib

    tree = html5lib.parse(source, namespaceHTMLElements=False)
    main = next(element for element in tree.iter("main"))
    heading = next(element for element in main.iter("h1"))
    made = PrintedPage(_words(heading), tree.get("lang") or "en-GB")
    _replace(main, lambda element: element is heading or _for_screens(element), lambda _: [])
    _pictures(main, made, picture)
    _draw(main, made, _colours(stylesheet))
    _behind_figures(main)
    _open(main)
    _set_beside(main)
    _plain(main)
    _link(main)
    _step(main)
    made.html = "".join(ElementTree.tostring(part, encoding="unicode", method="html") for part in main)
    return made


def _for_screens(element: Element) -> bool:
    """Say whether an element is of use on a screen alone: navigation, the slim drawings, marks that words repeat."""
    return bool(
        element.tag in ("nav", "script", "style")
        or _classes(element) & _SCREEN_ONLY
        or (element.get("aria-hidden") == "true" and element.tag != "figcaption" and "pips" not in _classes(element))
        or (element.tag == f"{SVG}svg" and "slim" in _classes(element))
    )


def _pictures(main: Element, made: PrintedPage, picture: Callable[[str], bytes | None]) -> None:
    """Take the author's own pictures along; of one that is not there, its words are left."""
    for shown in list(main.iter("img")):
        address = shown.get("src") or ""
        words = shown.get("alt") or f"A picture that nobody described: {address.rpartition('/')[2]}"
        content = picture(address)
        shown.attrib.clear()
        if content is None:
            shown.tag, shown.text = "span", words
        else:
            name = f"picture-{len(made.files) + 1}{re.sub('[^.a-z]', '', PurePosixPath(address.lower()).suffix)}"
            made.files[name] = content
            shown.attrib |= {"src": name, "alt": words}


def _draw(main: Element, made: PrintedPage, colours: dict[str, str]) -> None:
    """Put each drawing into a file, and an image with its words in its place."""

    def image(drawing: Element) -> list[Element]:
        name = f"drawing-{len(made.files) + 1}.svg"
        told = [_words(part) for tag in ("title", "desc") for part in drawing.findall(f"{SVG}{tag}")]
        made.files[name] = _file(drawing, colours)
        shown = Element("img", {"src": name, "alt": " ".join(_stopped(text) for text in told if text)})
        width, height = _size(drawing)
        shown.attrib |= {"class": "drawing", "width": f"{width:g}", "height": f"{height:g}"}
        paragraph = Element("p")
        paragraph.append(shown)
        return [paragraph]

    _replace(main, lambda element: element.tag == f"{SVG}svg", image)


def _file(drawing: Element, colours: dict[str, str]) -> bytes:
    """Return a drawing as a file of its own, in colours instead of the page's variables."""
    width, height = _size(drawing)
    drawing.attrib |= {"width": f"{width:g}", "height": f"{height:g}", "font-family": "DejaVu Sans"}
    drawing.tail = None
    ElementTree.register_namespace("", SVG.strip("{}"))
    text = ElementTree.tostring(drawing, encoding="unicode")
    return _VARIABLE.sub(lambda found: colours.get(found[1], "#000000"), text).encode()


def _size(drawing: Element) -> tuple[float, float]:
    _, _, width, height = (float(part) for part in (drawing.get("viewBox") or "0 0 760 400").split())
    return width, height


def _colours(stylesheet: str) -> dict[str, str]:
    """Return the colours of the light page by the names of their variables."""
    first = _ROOT.search(stylesheet)
    return dict(_DECLARED.findall(first[1])) if first else {}


def _behind_figures(main: Element) -> None:
    """Move the numbers behind the drawings to the end; a link in their place leads there."""
    tables: list[Element] = []

    def pointer(given: Element) -> list[Element]:
        table = next(given.iter("table"))
        table.set("id", f"numbers-{len(tables) + 1}")
        tables.append(table)
        paragraph = Element("p", {"class": "note"})
        SubElement(paragraph, "a", {"href": f"#{table.get('id')}"}).text = _words(next(given.iter("summary")))
        return [paragraph]

    _replace(main, lambda element: "get" in _classes(element) and any(True for _ in element.iter("table")), pointer)
    if tables:
        SubElement(main, "h2", {"id": "figures-as-tables"}).text = BEHIND
        main.extend(tables)


def _open(main: Element) -> None:
    """Open what is folded; its summary stays as a line, unless the table's own caption repeats it."""

    def opened(details: Element) -> list[Element]:
        summary = details.find("summary")
        captions = {_words(caption) for caption in details.iter("caption")}
        if summary is not None:
            details.remove(summary)
        line = [] if summary is None or _words(summary) in captions else [Element("p")]
        for paragraph in line:
            SubElement(paragraph, "strong").text = _words(summary) if summary is not None else ""
        return [*line, *_content(details)]

    _replace(main, lambda element: element.tag == "details", opened)


def _set_beside(main: Element) -> None:
    """Make each child of a row of the summary a cell; of a list of numbers or names, each pair."""
    for marks in [part for status in main.iter("div") if "status" in _classes(status) for part in status.iter("ul")]:
        _on_one_line(marks)
    for row in [element for element in main.iter() if _classes(element) & _BESIDE]:
        held = next((part for part in row if part.tag == "dl"), row)
        parts = _pairs(held) if held.tag == "dl" else list(row)
        row.tag, row.text = "div", None
        row[:] = [Element("div", {"class": "cell"}) for _ in parts]
        for cell, part in zip(row, parts, strict=True):
            cell.append(part)


def _on_one_line(marks: Element) -> None:
    """Make the marks of a study's status one line of words."""
    marks.tag = "p"
    for mark in marks:
        mark.tag = "span"
        mark.tail = " \u00b7 " if mark is not marks[-1] else None


def _pairs(given: Element) -> list[Element]:
    """Return each term of a list with what is said of it, as a list of its own."""
    pairs: list[Element] = []
    for part in [part for part in given.iter() if part.tag in ("dt", "dd")]:
        if part.tag == "dt":
            pairs.append(Element("dl"))
        pairs[-1].append(part)
    return pairs


def _plain(main: Element) -> None:
    """Dissolve what only lays a page out: its ids go to the heading or table inside, numbers are set to the right."""
    for element in main.iter():
        if element.tag in ("section", "figure", "div") and element.get("id"):
            inside = next((part for part in element.iter() if part is not element and _names_itself(part)), None)
            if inside is not None and not inside.get("id"):
                inside.set("id", element.attrib.pop("id"))
        if element.tag in ("td", "th") and "n" in _classes(element):
            element.set("style", "text-align: right")
        if element.tag == "span" and _classes(element) & {"badge"}:
            element.tag = "strong"
        if "pips" in _classes(element):
            element.set("data-on", str(sum("on" in _classes(pip) for pip in element)))
            element.set("data-of", str(len(element)))
            element[:] = []
        if element.tag == "figcaption":
            element.tag = "p"
        if element.tag == "figure" and "fig" in _classes(element):
            element.tag = "div"
        if element.tag == "table":
            _widths(element)
    _replace(main, _lays_out, _content)


def _widths(table: Element) -> None:
    """Share the line among the columns of a wide table: first each one's longest word, then what stands in it."""
    rows = [[_words(cell) for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    columns = [list(column) for column in zip(*rows, strict=False)]
    if sum(max(map(len, column)) + _GAP for column in columns) <= _LINE:
        return
    least = [max(_needed(word) for text in column for word in _BREAKS.split(text)) + _GAP for column in columns]
    usual = [min(_WIDEST, sum(map(len, column)) / len(column)) for column in columns]
    spare = max(_LINE - sum(least), 0)
    widths = [needed + spare * length / max(sum(usual), 1) for needed, length in zip(least, usual, strict=True)]
    group = Element("colgroup")
    for width in widths:
        SubElement(group, "col", {"style": f"width: {100 * width / sum(widths):.2f}%"})
    table.insert(1 if table.find("caption") is not None else 0, group)


def _needed(word: str) -> int:
    """Return the letters that a word needs; a long one is broken by the writer of PDF, unless it is a fingerprint."""
    return len(word) if _FINGERPRINT.fullmatch(word) else min(len(word), _LONGEST)


def _names_itself(element: Element) -> bool:
    return element.tag == "table" or (isinstance(element.tag, str) and _HEADING.fullmatch(element.tag) is not None)


def _lays_out(element: Element) -> bool:
    return element.tag in ("section", "figure", "header") or (
        element.tag == "div" and not element.get("id") and not _classes(element) & (_KEPT_BOXES | _BESIDE | {"cell"})
    )


def _link(main: Element) -> None:
    """Keep links to headings, tables and boxes, and to the web; of a file of the site only its name is left."""
    known = {element.get("id") for element in main.iter() if _names_itself(element) or element.tag in ("div", "span")}
    for link in main.iter("a"):
        target = link.get("href") or ""
        if target.startswith("#") and target[1:] in known:
            continue
        if re.match(r"(?:https?|mailto):", target):
            continue
        link.tag = "span"
        link.attrib.clear()
        if target and not target.startswith(("#", "..")):
            SubElement(link, "span").text = f" ({target.rpartition('/')[2]})"


def _step(main: Element) -> None:
    """Let no heading be more than one level below the heading before it, as PDF/UA asks; authors write as they like."""
    level = 1
    for element in main.iter():
        if isinstance(element.tag, str) and _HEADING.fullmatch(element.tag):
            level = min(int(element.tag[1]), level + 1)
            element.tag = f"h{level}"


def _replace(parent: Element, found: Callable[[Element], bool], made: Callable[[Element], list[Element]]) -> None:
    """Replace elements below a parent, innermost first, by what is made of them; the words after them stay."""
    for child in list(parent):
        if isinstance(child.tag, str):
            _replace(child, found, made)
        if not found(child):
            continue
        place, tail = list(parent).index(child), child.tail or ""
        new = made(child)
        parent[place : place + 1] = new
        before = new[-1] if new else parent[place - 1] if place else None
        if before is None:
            parent.text = (parent.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail


def _content(element: Element) -> list[Element]:
    """Return the children of an element; where words stand free among them, all of it becomes a paragraph."""
    free = [element.text, *(child.tail for child in element)]
    if not any((text or "").strip() for text in free):
        return list(element)
    paragraph = Element("p")
    paragraph.text = element.text
    paragraph.extend(element)
    return [paragraph]


def _classes(element: Element) -> set[str]:
    return set((element.get("class") or "").split())


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
