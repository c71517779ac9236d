"""What the pages around the studies are made from, and what each of them is when it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import Problem
from evalkit.records import Evaluation
from evalkit.report.catalogue import words
from evalkit.report.pages import front_matter, ordered
from evalkit.report.templates import escape_markdown, page_environment, raw_block, render_exhibit

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Library:
    """All studies of a site.

    Attributes
    ----------
    evaluations : tuple of Evaluation
        Those that have a page.
    project : Path or None
        Where templates, words and settings are looked up first.
    failures : tuple of (id, message)
        Studies that could not be computed, or whose page could not be written.
    """

    evaluations: tuple[Evaluation, ...]
    project: Path | None
    failures: tuple[tuple[str, str], ...] = ()

    @property
    def ordered(self) -> list[Evaluation]:
        """The studies by kind and then by the alphabet; never by size of the result."""
        return ordered(self.evaluations)

    @property
    def words(self) -> Mapping[str, Any]:
        """The words of the site, in its language."""
        return words(self.project)

    def exhibit(self, name: str, **values: Any) -> Markup:
        """Return an exhibit as a raw block."""
        return raw_block(render_exhibit(name, values, self.project))

    def page(self, name: str, title: str, description: str, front: Mapping[str, str] | None = None, root: str = "", /,
             **values: Any) -> str:  # fmt: skip
        """Return a page around the studies as a Quarto document, made from the template of its name.

        Parameters
        ----------
        name : str
        title, description : str
            For the browser's window and for search engines.
        front : mapping, optional
            Further metadata for the frame; the texts are escaped here.
        root : str
            Path from the page to the folder of the site: `../` for a page in a folder.
        values
            What the template prints.
        """
        extra = {f"is-{name}": "yes", **(front or {})}
        lines = [f"{key}: {json.dumps(str(escape_markdown(text)))}" for key, text in extra.items()]
        head = "\n".join([str(front_matter(self.project, title, description, root)), *lines])
        template = page_environment(self.project).get_template(f"{name}.qmd")
        return template.render({"front": _as_it_stands(head), **values})


@dataclass(frozen=True)
class SitePage:
    """One page around the studies.

    Attributes
    ----------
    name : str
    document : str
        Empty: there is nothing behind it, and it is left out.
    linked : bool
        Whether every page links to it.
    files : mapping
        What it offers for download, by path below the project.
    own : bool
        The project has written this document itself; it is left as it is.
    problems : tuple of Problem
        What is wrong with the file of the project that it is made from.
    """

    name: str
    document: str
    linked: bool = True
    files: Mapping[str, str] = field(default_factory=dict)
    own: bool = False
    problems: tuple[Problem, ...] = ()


def grouped(pairs: Sequence[tuple[str, Any]]) -> dict[str, tuple[str, list[Any]]]:
    """Return what stands under the same name, by the name without regard to capitals, signs and spaces.

    Parameters
    ----------
    pairs : sequence of (name, thing)

    Returns
    -------
    dict
        For each name in the order of the alphabet: the name as first written, and its things in their order.
    """
    found: dict[str, tuple[str, list[Any]]] = {}
    for name, thing in pairs:
        found.setdefault(plain(name), (" ".join(name.split()), []))[1].append(thing)
    return dict(sorted(found.items()))


def plain(name: str) -> str:
    """Return a name without capitals, signs and double spaces, so that two ways of writing it are the same."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in name.casefold()).split())


def _as_it_stands(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - JSON of escaped text
