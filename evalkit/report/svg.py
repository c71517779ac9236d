"""Inline SVG of the house: what matplotlib wrote, made small, free of ids, and coloured by the page's variables.

Drawings are painted together, in stand-in colours (`stand_in`) that say which drawing a mark belongs to. `tidy` takes
them apart and puts the page's variables in their place; text is written here, never by matplotlib. So neither fonts,
nor mathematics signs, nor the light and dark colours have a say in how a chart is laid out, and the same records give
the same bytes on every machine.
"""

from __future__ import annotations

import re
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
_STAND_IN = re.compile("#([0-9a-fA-F]{4})([0-9a-fA-F]{2})")
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def stand_in(paint: str, number: int = 0) -> str:
    """Return the colour that stands for a paint of a drawing, given by its number, until `tidy` has read it.

    No drawing has the colours that begin with four zeros: matplotlib leaves black out.
    """
    return f"#{number + 1:04x}{_NAMES.index(paint):02x}"


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
    """Return a length in pixels to one decimal: 69.1, 440.

    It is rounded to four first, so that what arithmetic leaves at the ends (0.05 and 0.04999999) has no say.
    """
    text = f"{round(value, 4):.1f}".removesuffix(".0")
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


def tidy(drawn: str, count: int) -> list[str]:
    """Return the marks of each drawing on a sheet that matplotlib wrote.

    Parameters
    ----------
    drawn : str
        A whole SVG document, painted in stand-in colours.
    count : int
        How many drawings are on it.

    Raises
    ------
    ValueError
        When it holds an image, or a colour that is no stand-in of one of the drawings.
    """
    root = ElementTree.fromstring(drawn)  # noqa: S314 - written by matplotlib a moment ago
    kept = {
        path.get("id", ""): path.get("d", "") for defs in root.iter(f"{_SVG}defs") for path in defs.iter(f"{_SVG}path")
    }
    marks: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    for element in root.iter():
        tag = element.tag.removeprefix(_SVG)
        if tag in ("path", "use") and element.get("id") not in kept:
            number, style = _style(_declarations(element), count)
            if style:
                marks[number].append((style, _shape(*_traced(element, kept))))
        elif tag == "image":
            raise ValueError("the drawing holds an image")
    return ["".join(_group(style, [mark for _, mark in run]) for style, run in groupby(found, key=lambda mark: mark[0]))
            for found in marks]  # fmt: skip


def _traced(element: ElementTree.Element, kept: dict[str, str]) -> tuple[str, float, float]:
    """Return path data and how far it is moved: a mark that is used once is kept elsewhere in the document."""
    link = element.get(_LINK, "")
    if not link:
        return element.get("d", ""), 0.0, 0.0
    return kept[link.removeprefix("#")], float(element.get("x", "0")), float(element.get("y", "0"))


def _declarations(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _style(declared: dict[str, str], count: int) -> tuple[int, str]:
    """Return which drawing a shape is of, and its style in the page's variables; empty when it paints nothing."""
    for key in ("fill", "stroke"):
        if float(declared.get(f"{key}-opacity", declared.get("opacity", "1"))) == 0:
            declared[key] = "none"
    if declared.get("fill", "none") == "none" == declared.get("stroke", "none"):
        return 0, ""
    number, parts = 0, []
    for key in _SIMPLE:
        value = declared.get(key)
        if value is None or (key in _SIMPLE[1:] and declared.get("stroke", "none") == "none"):
            continue
        if key in ("fill", "stroke") and value != "none":
            number, value = _variable(value, count)
        elif value != "none":
            value = " ".join(f"{float(length):.2f}".rstrip("0").rstrip(".") for length in value.split(","))
        parts.append(f"{key}:{value}")
    return number, ";".join(parts)


def _variable(colour: str, count: int) -> tuple[int, str]:
    """Return which drawing a stand-in belongs to, and the page's variable that it stands for."""
    found = _STAND_IN.fullmatch(colour)
    number, place = (int(found[1], 16) - 1, int(found[2], 16)) if found else (-1, 0)
    if not (0 <= number < count and place < len(_NAMES)):
        raise ValueError(f"the drawing holds a colour that is no variable of the page: {colour}")
    return number, PAINTS[_NAMES[place]]


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
