"""Inline SVG of the house: what matplotlib wrote, made small, free of ids, and coloured by the page's variables.

A drawing is painted with stand-in colours (`stand_in`) and stand-in texts (numbers). `tidy` puts the page's variables
and the real words in their place afterwards, so that neither fonts, nor matplotlib's mathematics signs, nor the light
and dark colours have a say in how a chart is laid out, and the same records give the same bytes on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

PAINTS = {
    "ink": "var(--ink)",
    "muted": "var(--muted)",
    "observed": "var(--observed)",
    "expected": "var(--expected)",
    "band": "var(--band)",
    "deep": "var(--deep)",
    "notice": "var(--notice)",
    "paper": "var(--paper)",
    "hair": "var(--hair)",
    "wash": "var(--wash)",
}
"""What may be painted, by the one meaning that each colour has on every page."""

_NAMES = tuple(PAINTS)
_SIMPLE = ("fill", "stroke", "stroke-width", "stroke-dasharray")
_TOKEN = re.compile(r"[A-Za-z]|-?\d+(?:\.\d+)?(?:e-?\d+)?")
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def stand_in(paint: str) -> str:
    """Return the colour that stands for a paint until `tidy` names the page's variable."""
    return f"#e0a1{_NAMES.index(paint):02d}"


def clean(text: str) -> str:
    """Return a text on one line, without the control characters that XML refuses."""
    return " ".join(_NOT_XML.sub(" ", text).split())


def escape(text: str) -> str:
    """Return a text that is safe between tags and in attributes."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(sign, entity)
    return text


def slug(name: str) -> str:
    """Return a name that can begin an id: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "figure"


def coordinate(value: float) -> str:
    """Return a length in pixels to one decimal: 69.1, 440."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def frame(body: str, width: float, height: float, *, name: str, style: str, title: str, description: str) -> str:
    """Return a whole `<svg>` element with its title and description for those who do not see it.

    Parameters
    ----------
    body : str
        Markup of the drawing.
    width, height : float
        Size in pixels; the page scales the drawing to its column.
    name : str
        Begins both ids, so it must be the only one of its kind on the page.
    style : str
        Class of the element: `wide`, `slim`, `strip` ...
    title, description : str
        Alternative text, in words.
    """
    start = f"{slug(name)}-{style}"
    return (
        f'<svg class="{style}" viewBox="0 0 {coordinate(width)} {coordinate(height)}" role="img" '
        f'aria-labelledby="{start}-title {start}-description" preserveAspectRatio="xMidYMid meet" '
        f'stroke-linejoin="round"><title id="{start}-title">{escape(clean(title))}</title>'
        f'<desc id="{start}-description">{escape(clean(description))}</desc>{body}</svg>'
    )


def text_element(x: float, y: float, words: str, size: float, paint: str, *, bold: bool = False, anchor: str = "start",
                 halo: bool = False) -> str:  # fmt: skip
    """Return one line of text; a halo in the colour of the paper keeps it readable over marks."""
    weight = ' font-weight="700"' if bold else ""
    placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
    around = ";stroke:var(--paper);stroke-width:4px;paint-order:stroke" if halo else ""
    return (f'<text x="{coordinate(x)}" y="{coordinate(y)}"{placed} font-size="{coordinate(size)}"{weight} '
            f'style="fill:{PAINTS[paint]}{around}">{escape(clean(words))}</text>')  # fmt: skip


def tidy(drawn: str, words: Sequence[str], halos: Sequence[bool]) -> str:
    """Return the body of a drawing that matplotlib wrote.

    Parameters
    ----------
    drawn : str
        A whole SVG document, painted in stand-in colours and with the place in `words` for each text.
    words : sequence of str
        The real texts.
    halos : sequence of bool
        Which of them have a halo.

    Raises
    ------
    ValueError
        When it holds an image, or a colour that is no stand-in.
    """
    root = ElementTree.fromstring(drawn)  # noqa: S314 - written by matplotlib a moment ago
    kept = {
        path.get("id", ""): path.get("d", "") for defs in root.iter(f"{_SVG}defs") for path in defs.iter(f"{_SVG}path")
    }
    marks: list[tuple[str, str]] = []
    for element in root.iter():
        tag = element.tag.removeprefix(_SVG)
        if tag in ("path", "use") and element.get("id") not in kept:
            style = _style(_declarations(element))
            if style:
                marks.append((style, _shape(*_traced(element, kept))))
        elif tag == "text":
            marks.append(("", _text(element, words, halos)))
        elif tag == "image":
            raise ValueError("the drawing holds an image")
    return "".join(_group(style, [mark for _, mark in run]) for style, run in groupby(marks, key=lambda mark: mark[0]))


def _traced(element: ElementTree.Element, kept: dict[str, str]) -> tuple[str, float, float]:
    """Return path data and how far it is moved: a mark that is used once is kept elsewhere in the document."""
    link = element.get(_LINK, "")
    if not link:
        return element.get("d", ""), 0.0, 0.0
    return kept[link.removeprefix("#")], float(element.get("x", "0")), float(element.get("y", "0"))


def _declarations(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _style(declared: dict[str, str]) -> str:
    """Return the style of a shape in the page's variables; empty when it paints nothing."""
    for key in ("fill", "stroke"):
        if float(declared.get(f"{key}-opacity", declared.get("opacity", "1"))) == 0:
            declared[key] = "none"
    if declared.get("fill", "none") == "none" == declared.get("stroke", "none"):
        return ""
    parts = []
    for key in _SIMPLE:
        value = declared.get(key)
        if value is None or (key in _SIMPLE[1:] and declared.get("stroke", "none") == "none"):
            continue
        if key in ("fill", "stroke") and value != "none":
            value = _variable(value)
        elif value != "none":
            value = " ".join(f"{float(length):.2f}".rstrip("0").rstrip(".") for length in value.split(","))
        parts.append(f"{key}:{value}")
    return ";".join(parts)


def _variable(colour: str) -> str:
    for paint in _NAMES:
        if colour.lower() == stand_in(paint):
            return PAINTS[paint]
    raise ValueError(f"the drawing holds a colour that is no variable of the page: {colour}")


def _text(element: ElementTree.Element, words: Sequence[str], halos: Sequence[bool]) -> str:
    """Return a text element with its real words, where matplotlib placed its number."""
    declared = _declarations(element)
    place = int((element.text or "").strip())
    paint = next(paint for paint in _NAMES if declared["fill"].lower() == stand_in(paint))
    return text_element(
        float(element.get("x", "0")), float(element.get("y", "0")), words[place],
        float(declared["font-size"].removesuffix("px")), paint, bold=declared.get("font-weight") == "700",
        anchor=declared.get("text-anchor", "start"), halo=halos[place])  # fmt: skip


def _shape(d: str, right: float, down: float) -> str:
    """Return a circle where the path is one, otherwise the path, moved and at one decimal: `M0 10L5 12 9 14`."""
    pieces = _TOKEN.findall(d)
    numbers = [float(piece) for piece in pieces if not piece.isalpha()]
    across, downs = [x + right for x in numbers[0::2]], [y + down for y in numbers[1::2]]
    if pieces.count("C") == 8:
        x, y = (min(across) + max(across)) / 2, (min(downs) + max(downs)) / 2
        return f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(max(across) - x)}"/>'
    moved = iter([value for pair in zip(across, downs, strict=True) for value in pair])
    parts, previous = [], ""
    for piece in pieces:
        if not piece.isalpha():
            parts.append(f" {coordinate(next(moved))}")
        elif piece != "L" or previous != "L":
            parts.append(piece)
            previous = piece
    return f'<path d="{re.sub("([MLCQ]) ", lambda found: found[1], "".join(parts))}"/>'


def _group(style: str, shapes: list[str]) -> str:
    """Return shapes of one style, the style written once."""
    if not style:
        return "".join(shapes)
    if len(shapes) == 1:
        return shapes[0].replace("/>", f' style="{style}"/>')
    return f'<g style="{style}">{"".join(shapes)}</g>'
