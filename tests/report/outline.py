"""A page in lines: its words, a block to a line, with every anchor and every place that a link leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib

BLOCKS = {"p", "li", "dt", "dd", "caption", "figcaption", "summary", "tr", "pre"}
OF_QUARTO = {"caption-top", "header", "odd", "even"}
INLINE = {"a", "span", "strong", "em", "code", "b", "i", "sub", "sup", "del", "th", "td", "label"}
"""Elements whose words stand in the line of what holds them."""
HEADING = re.compile("h[1-6]")


def read(path: Path) -> Element:
    """Return a page as a tree, whichever engine wrote it."""
    return html5lib.parse(path.read_text(encoding="utf-8"), namespaceHTMLElements=False)


def outline(tree: Element) -> list[str]:
    """Return the lines of a page: language and title, then text, anchors and links in their order."""
    head = [f"lang {tree.get('lang')}", f"title {_words(next(tree.iter('title')))}"]
    described = [
        f"description {meta.get('content')}" for meta in tree.iter("meta") if meta.get("name") == "description"
    ]
    return [*head, *described, *_lines(next(tree.iter("body")))]


def _lines(element: Element) -> Iterator[str]:
    tag = str(element.tag).rpartition("}")[2]
    if tag in ("script", "style"):
        return
    if element.get("id"):
        yield f"{tag} #{element.get('id')}"
    if element.get("href"):
        yield f"-> {element.get('href')}"
    if HEADING.fullmatch(tag):
        yield f"{tag} {_words(element)}"
    elif tag == "svg":
        yield f"drawing {_words(element)}"
        return
    elif tag in BLOCKS:
        cells = " | ".join(_words(cell) for cell in element) if tag == "tr" else _words(element)
        yield f"{tag} {cells}".rstrip()
    elif (element.text or "").strip() and tag not in INLINE:
        yield f"{tag} {' '.join((element.text or '').split())}"
    for child in element:
        if isinstance(child.tag, str):
            yield from _lines(child)


def elements(tree: Element) -> list[str]:
    """Return every element of a page with its attributes and the words in it: what a stylesheet and a reader see.

    Tables written in Markdown have classes of Quarto's own, which no style of ours looks at.
    """
    found: list[str] = []

    def walk(element: Element) -> None:
        classes = [name for name in (element.get("class") or "").split() if name not in OF_QUARTO]
        attributes = {**element.attrib, "class": " ".join(classes)}
        found.append(f"{element.tag} {sorted(attributes.items())} {' '.join((element.text or '').split())}")
        for child in element:
            if isinstance(child.tag, str):
                walk(child)
            found.append(" ".join((child.tail or "").split()))

    walk(tree)
    return [line for line in found if line]


def _words(element: Element) -> str:
    return " ".join(" ".join(element.itertext()).split())
