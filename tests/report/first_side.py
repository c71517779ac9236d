"""The first side of a page as words: what a reader reads, a sentence at a time, to measure its length and its grade."""

from __future__ import annotations

from xml.etree.ElementTree import Element

INLINE = {"a", "em", "strong", "code", "span", "b", "i"}
NOT_PROSE = ("svg", "details", "script", "style", "h1")
NOT_OURS = {"author", "question", "people", "badge", "sub", "src", "get"}
"""Classes of the author's words, of names, and of labels of exhibits."""


def summary_of(tree: Element) -> Element:
    """Return the first side of a page."""
    return next(element for element in tree.iter() if "summary" in (element.get("class") or "").split())


def blocks_of(element: Element) -> list[str]:
    """Return the blocks of words of an element in their order: a paragraph, a heading, an item each."""
    parts: list[str] = []

    def walk(found: Element) -> None:
        if not isinstance(found.tag, str):
            return
        tag = found.tag.rpartition("}")[2]  # a drawing has a namespace
        if tag in NOT_PROSE or set((found.get("class") or "").split()) & NOT_OURS:
            return
        parts.append(found.text or "")
        for child in found:
            walk(child)
            parts.append(child.tail or "")
        parts.append("" if tag in INLINE else "\n")

    walk(element)
    return [text for block in "".join(parts).split("\n\n") for text in [" ".join(block.split())] if text]


def prose(blocks: list[str]) -> str:
    """Return blocks as one text in which each ends as a sentence does."""
    return " ".join(block if block[-1] in ".?!" else f"{block}." for block in blocks)


def sentences_alone(blocks: list[str]) -> list[str]:
    """Return the blocks that are sentences: headings, labels and scores are short, and would lower every grade."""
    return [block for block in blocks if block[-1] in ".?!" and len(block.split()) >= 5]
