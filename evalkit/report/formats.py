"""Studies as PDF and as Word documents, made from the page that the bundled engine renders.

Pandoc reads the page as `printed_page` left it, so that every table is a real one. It writes Typst, of which the
package `typst` makes a tagged PDF (PDF/UA-1), or a Word document, whose drawings `typst` paints. Both carry no clock:
the same page gives the same bytes.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from evalkit.archive import write_whole
from evalkit.errors import DesignError, Problem, SpecError
from evalkit.report.engines import DOCUMENTS, bundled_page, in_unicode, pandoc_path
from evalkit.report.printed_page import PrintedPage, printed_page
from evalkit.report.templates import find_template

FORMATS = tuple(suffix.removeprefix(".") for suffix in DOCUMENTS)
_NEEDED = {"typst": "typst", "html5lib": "html5lib", "pypandoc": "pypandoc_binary"}
"""Modules that both formats need, and the packages that bring them."""
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg")
_MOMENT = 315_532_800
"""1 January 1980 in seconds: the first moment that a ZIP file can name, written wherever a file must carry a date."""
_SHARPNESS = 220
"""Dots to the inch of drawings in Word documents."""


def write_documents(
    project: Path, studies: Sequence[str], kind: str, site: Path, file: Path | None = None
) -> list[Path]:
    """Write studies as PDF or Word documents, each beside its page.

    Parameters
    ----------
    project, site : Path
        Folder that `write_sources` wrote to, and folder of the site.
    studies : sequence of str
        Their ids.
    kind : {'pdf', 'docx'}
    file : Path, optional
        The file to write instead, for one study.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DesignError
        When the format cannot be made here, or one file is named for several studies.
    SpecError
        When a study has no page, or its page cannot be put into this format; the others are written.
    """
    require(kind)
    if file is not None and len(studies) != 1:
        raise DesignError(f"{len(studies)} studies cannot go into the one file {file}",
                          "name one study, or leave --file out")  # fmt: skip
    written: list[Path] = []
    problems: list[Problem] = []
    for study in studies:
        try:
            written.append(write_document(project, study, kind, file or site / "studies" / f"{study}.{kind}"))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return written


def write_document(project: Path, study: str, kind: str, target: Path) -> Path:
    """Write a study as a PDF or Word document, whole or not at all.

    Parameters
    ----------
    project : Path
        Folder that `write_sources` wrote to.
    study : str
        Id of a study whose document is there.
    kind : {'pdf', 'docx'}
    target : Path
        The file to write; its folder is made when missing.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DesignError
        When the format is unknown, or a package that makes it is not installed.
    SpecError
        When the study has no page, or its page cannot be put into this format.
    """
    require(kind)
    document = project / "studies" / f"{study}.qmd"
    if not document.is_file():
        raise SpecError(f"{document.name} has not been written", f"run `evalkit run {study}` first")
    style = find_template("style.css", project).read_text(encoding="utf-8")
    page = printed_page(bundled_page(project, document), style, lambda name: _picture(name, document, project))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in page.files.items():
            (folder / file).write_bytes(content)
        try:
            made = (_pdf if kind == "pdf" else _docx)(page, folder, project)
        except SpecError as error:
            raise error.in_file(f"studies/{document.name}") from None
    write_whole(target, made)
    return target


def require(kind: str) -> None:
    """Check that a format is known and can be made here.

    Raises
    ------
    DesignError
        When it is not, with the package that is missing.
    """
    if kind not in FORMATS:
        raise DesignError(f"{kind!r} is not a format", f"use {' or '.join(('html', *FORMATS))}")
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DesignError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed, so no {kind} can be made",
            f"run `pip install {' '.join(missing)}`, or leave --format out: pages need neither",
        )


def _picture(address: str, document: Path, project: Path) -> bytes | None:
    """Return a picture of the author's, which must lie inside the project."""
    file = (document.parent / address).resolve()
    inside = file.is_relative_to(project.resolve()) and file.suffix.lower() in _PICTURES
    return file.read_bytes() if inside and file.is_file() else None


def _pdf(page: PrintedPage, folder: Path, project: Path) -> bytes:
    """Return a tagged PDF; the typefaces are those that Typst and matplotlib bring, on every machine the same."""
    template = find_template("document.typ", project)
    source = _pandoc(page, folder, project, "typst-smart", "--template", str(template))
    (made,) = _typeset(source, folder, "pdf")
    return made


def _docx(page: PrintedPage, folder: Path, project: Path) -> bytes:
    """Return a Word document; the drawings in it are painted, since Word shows no SVG everywhere."""
    drawings = [name for name in page.files if name.endswith(".svg")]
    if drawings:
        sheets = "\n#pagebreak()\n".join(f'#image("{name}")' for name in drawings)
        source = f"#set page(width: auto, height: auto, margin: 0pt, fill: white)\n{sheets}\n"
        for name, painted in zip(drawings, _typeset(source.encode(), folder, "png"), strict=True):
            (folder / name).with_suffix(".png").write_bytes(painted)
    return _pandoc(page, folder, project, "docx", "--template", str(find_template("document.openxml", project)))


def _pandoc(page: PrintedPage, folder: Path, project: Path, writer: str, *more: str) -> bytes:
    """Return what pandoc makes of a page."""
    region = page.language.partition("-")[2]
    command = [
        pandoc_path(), "--from", "html", "--to", writer, "--standalone", "--shift-heading-level-by=-1",
        "--lua-filter", str(find_template("document.lua", project)), "--metadata", f"title={page.title}",
        "--metadata", f"lang={page.language}", "--variable", f"language={page.language.partition('-')[0]}",
        *(["--variable", f"region={region}"] if region else []), *more, "--output", "-",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, input=page.html.encode(), capture_output=True, check=False, timeout=120,  # noqa: S603
                          env={**in_unicode(), "SOURCE_DATE_EPOCH": str(_MOMENT)})  # fmt: skip
    if done.returncode:
        raise SpecError(f"pandoc could not write it as {writer}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _typeset(source: bytes, folder: Path, kind: Literal["pdf", "png"]) -> list[bytes]:
    """Return the PDF, or the pages as pictures, that Typst makes of a document."""
    import typst

    letters = find_spec("matplotlib")
    fonts = [Path(letters.origin).parent / "mpl-data" / "fonts" / "ttf"] if letters and letters.origin else []
    compiler = typst.Compiler(root=folder, font_paths=fonts, ignore_system_fonts=True)
    standard: Literal["ua-1"] | None = "ua-1" if kind == "pdf" else None
    try:
        made = compiler.compile(source, format=kind, ppi=_SHARPNESS, timestamp=_MOMENT, pdf_standards=standard)
    except typst.TypstError as error:
        raise SpecError(f"Typst could not set it: {' '.join([str(error.message), *error.hints])}") from None
    return [page for page in (made if isinstance(made, list) else [made]) if page is not None]
