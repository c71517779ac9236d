"""Which pages of a site are up to date: each by the hash of all that it is made of, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evalkit.provenance import WORDING, code_version, sha256_of, sha256_of_file
from evalkit.report.catalogue import read_settings
from evalkit.report.templates import PAGE_FILES, find_methods, site_documents, templates_version

if TYPE_CHECKING:
    from evalkit.report.engines import EngineName

Keys = dict[str, str]
"""Hashes by the name of a page: a study's id, `index`, or the document of another page around the studies."""
REGISTERS = ("data/programmes.yaml", "data/measures.yaml", "data/claims.yaml")
"""Files of a project that pages around the studies are made from."""
MANIFEST = "studies/_page/made.json"
"""Where a project keeps what each document was made from, and the hashes of its files."""
FRAME = PAGE_FILES["page.html"]
"""The frame of every page: where its links change, every page is rendered again."""


def page_of(output: Path, name: str) -> Path:
    """Return the file of a page of a site."""
    if name == "index" or name.endswith(".qmd"):
        return (output / name).with_suffix(".html")
    return output / "studies" / f"{name}.html"


def look_of(project: Path, output: Path, engine: EngineName | Literal["none"]) -> str:
    """Return what decides how every page looks, and where it stands."""
    from evalkit.report.engines import available_engine

    used = engine if engine == "none" else available_engine(engine, project)
    made = (code_version(WORDING), templates_version(project), repr(read_settings(project)))
    return "|".join((str(output.resolve()), used, *made))


def study_keys(
    look: str, results: Mapping[str, Path], failures: Sequence[tuple[str, str]], project: Path | None = None
) -> Keys:  # fmt: skip
    """Return the keys of the studies' pages and of the index, which stands for everything that a site is made from."""
    keys = {study: sha256_of(look + sha256_of(path.read_bytes())) for study, path in results.items()}
    methods = find_methods()
    about = sha256_of(methods.read_bytes()) if methods else ""
    beside = [] if project is None else _beside(project)
    return {**keys, "index": sha256_of(look + json.dumps([keys, list(failures), about, beside], sort_keys=True))}


def _beside(project: Path) -> list[list[str]]:
    """Return the hashes of what a project keeps beside its results and puts on pages: registers and study files."""
    files = [*(project / name for name in REGISTERS), *sorted((project / "evaluations").glob("*.y*ml"))]
    return [[file.name, sha256_of(file.read_bytes())] for file in files if file.is_file()]


def site_keys(look: str, project: Path) -> Keys:
    """Return the keys of the other pages around the studies, from their documents as they are, and of the frame."""
    documents = [file for file in site_documents(project) if file != project / "index.qmd" and file.is_file()]
    keys = {file.relative_to(project).as_posix(): sha256_of(look + sha256_of(file.read_bytes())) for file in documents}
    frame = project / FRAME
    return {**keys, FRAME: sha256_of(frame.read_bytes()) if frame.is_file() else ""}


def outdated(wanted: Keys, made: Keys, output: Path) -> list[str]:
    """Return the names of the pages that must be rendered: what they are made of changed, or they are not there.

    Parameters
    ----------
    wanted, made : dict
        Keys as they should be, and as they were when the pages were rendered.
    output : Path
        Folder of the site.
    """
    pages = [name for name in wanted if name != FRAME]
    if FRAME in wanted and made.get(FRAME) != wanted[FRAME]:
        return pages
    return [name for name in pages if made.get(name) != wanted[name] or not page_of(output, name).is_file()]


def whole(project: Path, output: Path) -> bool:
    """Say whether every document and download is as it was written, and every download the same on the site.

    False also when that is not known.
    """
    try:
        made = json.loads((project / MANIFEST).read_text(encoding="utf-8"))
        files = {name: digest for entry in made.values() for name, digest in entry["files"].items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return False
    copied = {name: digest for name, digest in files.items() if not name.endswith(".qmd")}
    style = sha256_of_file(project / "style.css")
    return (all(sha256_of_file(f"{project}/{name}") == digest for name, digest in files.items())
            and all(sha256_of_file(f"{output}/{name}") == digest for name, digest in copied.items())
            and style is not None and sha256_of_file(output / "style.css") == style)  # fmt: skip


def read_keys(path: Path, output: Path) -> Keys:
    """Return keys as they were kept, of those pages that are still the bytes that were rendered.

    A build that was stopped may have left a page of other data beside a key of these, so a key counts only together
    with its page. None where the file is not there or is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    kept = found if isinstance(found, dict) else {}
    return {name: text.partition(" ")[0] for name, text in kept.items()
            if isinstance(text, str) and text == _kept(name, text.partition(" ")[0], output)}  # fmt: skip


def keys_text(keys: Keys, output: Path) -> str:
    """Return keys as they are kept, each with the hash of its page."""
    kept = {name: _kept(name, key, output) for name, key in keys.items()}
    return json.dumps(kept, sort_keys=True, indent=1) + "\n"


def _kept(name: str, key: str, output: Path) -> str:
    page = None if name == FRAME else sha256_of_file(page_of(output, name))
    return key if page is None else f"{key} {page}"
