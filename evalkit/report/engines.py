"""Engines: Quarto documents in, pages out. `quarto` where it is installed, `bundled` (pandoc) everywhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from evalkit.archive import write_whole
from evalkit.errors import DesignError, EvalkitError, SpecError
from evalkit.report.features import prepared
from evalkit.report.templates import PAGE_FILES, SITE_FOLDER, SITE_PAGES, site_documents

EngineName = Literal["auto", "quarto", "bundled"]
Tell = Callable[[str, int, int], None]
PROCESSES = 2
DOCUMENTS = (".pdf", ".docx")
"""Suffixes of the documents of a study, beside its page."""
FOOT = "accessibility"
"""The page around the studies that the foot of every page links to; the others stand at its head."""
_EXTENSIONS = "-raw_html-raw_tex-tex_math_dollars-native_divs-native_spans-markdown_in_html_blocks"
_COPIED = (".csv", ".json", ".yaml", ".svg", ".png", ".jpg")


@dataclass(frozen=True)
class RenderedSite:
    """What was made: the folder, its first page, the pages that were rendered now, and the engine's name."""

    output: Path
    index: Path
    pages: tuple[Path, ...]
    engine: str


def render(
    project: Path, output: Path, engine: EngineName = "auto", pages: Sequence[str | Path] | None = None,
    tell: Tell | None = None,
) -> RenderedSite:  # fmt: skip
    """Render the documents of a project to a site, each file replaced in one step.

    Parameters
    ----------
    project : Path
        Folder that `write_sources` wrote to.
    output : Path
        Folder of the site, made when missing.
    engine : {'auto', 'quarto', 'bundled'}
        auto: quarto when it is on PATH.
    pages : sequence of str or Path, optional
        Study ids, `index`, or documents; all when left out.
    tell : callable, optional
        Called with a page's name, its number and how many there are.

    Returns
    -------
    RenderedSite

    Raises
    ------
    SpecError
        When a document uses what the engine cannot render, with its file and line.
    DesignError
        When the engine is not there or fails.
    """
    chosen = available_engine(engine, project)
    documents = _documents(project, pages)
    run = _quarto if chosen == "quarto" else _bundled
    with ThreadPoolExecutor(1) as beside:  # the engine is a program of its own: exhibits are copied while it works
        copied = beside.submit(_copy_exhibits, project, output)
        try:
            made = run(project, output, documents, tell)
            for page in made:  # a document of the page as it was would contradict it
                for suffix in DOCUMENTS:
                    page.with_suffix(suffix).unlink(missing_ok=True)
        finally:  # a fault in one document takes nothing from the pages of the others
            copied.result()
            _remove_stale(project, output)
    return RenderedSite(output, output / "index.html", tuple(made), chosen)


def available_engine(engine: EngineName, project: Path) -> str:
    """Return the engine to use: the one asked for, or the better one that is there.

    Raises
    ------
    DesignError
        When quarto is asked for and not on PATH, or the project is not a Quarto project, or the name is unknown.
    """
    if engine not in ("auto", "quarto", "bundled"):
        raise DesignError(f"{engine!r} is not an engine", "use auto, quarto or bundled")
    found = shutil.which("quarto")
    settings = (project / "_quarto.yml").is_file()
    if engine == "quarto" and not found:
        raise DesignError("quarto is not on PATH", "install it (evalkit[quarto]), or use --engine bundled")
    if engine == "quarto" and not settings:
        raise DesignError("the project has no _quarto.yml", "copy evalkit's own, or use --engine bundled")
    return "quarto" if found and settings and engine != "bundled" else "bundled"


def _documents(project: Path, pages: Sequence[str | Path] | None) -> list[Path]:
    if pages is None:
        found = [*site_documents(project), *sorted((project / "studies").glob("*.qmd"))]
        return [path for path in found if path.is_file()]
    found = [_document(project, page) for page in pages]
    missing = [path for path in found if not path.is_file()]
    if missing:
        raise SpecError(f"{missing[0].name} has not been written", "run `evalkit run` for this study first")
    return found


def _document(project: Path, page: str | Path) -> Path:
    if isinstance(page, Path):
        return page if page.is_absolute() else project / page
    return project / "index.qmd" if page == "index" else project / "studies" / f"{page}.qmd"


def _bundled(project: Path, output: Path, documents: Sequence[Path], tell: Tell | None) -> list[Path]:
    """Render with pandoc, two documents at a time; a fault in one is raised when the others are written."""

    def attempt(document: Path) -> str | EvalkitError:
        try:
            return bundled_page(project, document)
        except EvalkitError as error:
            return error

    with ThreadPoolExecutor(PROCESSES) as pool:
        rendered = list(pool.map(attempt, documents))
    faults = [found for found in rendered if isinstance(found, EvalkitError)]
    made = []
    for number, (document, html) in enumerate(zip(documents, rendered, strict=True), start=1):
        if isinstance(html, EvalkitError):
            continue
        target = _target(project, output, document)
        write_whole(target, html)
        made.append(target)
        if tell:
            tell(document.stem, number, len(documents))
    write_whole(output / "style.css", (project / "style.css").read_bytes())
    if faults:
        raise SpecError([problem for fault in faults for problem in fault.problems])
    return made


def _pandoc(project: Path, document: Path, source: tuple[dict[str, Any], str]) -> str:
    """Return a document as a page, by pandoc with the project's template and filter."""
    metadata, body = source
    root = os.path.relpath(project, document.parent).replace(os.sep, "/")
    folder = project / "studies" / "_page"
    command = [
        pandoc_path(), "--from", f"markdown{_EXTENSIONS}", "--to", "html5", "--section-divs", "--wrap",
        "preserve", "--template", str(folder / "page.html"), "--lua-filter", str(folder / "evalkit.lua"),
        "--variable", "css=style.css" if root == "." else f"css={root}/style.css",
    ]  # fmt: skip
    front = f"---\n{yaml.safe_dump(metadata, allow_unicode=True)}---\n\n"
    done = subprocess.run(  # noqa: S603
        command,
        input=(front + body).encode(),
        capture_output=True,
        check=False,
        timeout=120,
        env=in_unicode(),
    )
    if done.returncode:
        raise SpecError(f"pandoc could not render it: {done.stderr.decode(errors='replace').strip()}").in_file(
            _shown(document, project))  # fmt: skip
    return done.stdout.decode()


def bundled_page(project: Path, document: Path) -> str:
    """Return a document as a whole page of HTML, by the bundled engine; nothing is written.

    Raises
    ------
    SpecError
        When it uses what this engine cannot render.
    """
    return _pandoc(project, document, prepared(document, project))


def in_unicode() -> dict[str, str]:
    """Return the environment for programs that read the names of files by the language that is set: all letters."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


@cache
def pandoc_path() -> str:
    """Return the program that pypandoc brings; looked up once, since the look-up runs it."""
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def _quarto(project: Path, output: Path, documents: Sequence[Path], tell: Tell | None) -> list[Path]:
    """Render with Quarto: the whole project when every document is asked for, else one document after another."""
    everything = set(documents) == set(_documents(project, None))
    targets: list[list[str]] = [[]] if everything else [[str(document)] for document in documents]
    environment = {**os.environ, "EVALKIT_RENDERING": "1"}
    for number, target in enumerate(targets, start=1):
        command = [shutil.which("quarto") or "quarto", "render", *target, "--output-dir", str(output.resolve())]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False, timeout=900)  # noqa: S603
        if done.returncode:
            raise DesignError(f"quarto render failed: {done.stderr.decode(errors='replace').strip()[-2000:]}",
                              "mend the document, or use --engine bundled")  # fmt: skip
        if tell:
            tell(Path(target[0]).stem if target else "all pages", number, len(targets))
    return [_target(project, output, document) for document in documents]


def _target(project: Path, output: Path, document: Path) -> Path:
    return output / document.relative_to(project).with_suffix(".html")


def _shown(document: Path, project: Path) -> str:
    return str(document.relative_to(project)) if document.is_relative_to(project) else str(document)


def _copy_exhibits(project: Path, output: Path) -> None:
    """Copy what the pages offer for download; files whose bytes are the same are left as they are."""
    for name in _offered(project):
        write_whole(output / name, (project / name).read_bytes())


def _remove_stale(project: Path, output: Path) -> None:
    """Remove our pages and downloads whose documents are no longer there; nothing else in the folder is touched."""
    pages = [*(output / f"{name}.html" for name in SITE_PAGES), *(output / SITE_FOLDER).glob("*.html")]
    around = [page for page in pages if _ours(page)]
    studies = [page for suffix in (".html", *DOCUMENTS) for page in (output / "studies").glob(f"*{suffix}")]
    for page in [*studies, *around]:
        if not (project / page.relative_to(output)).with_suffix(".qmd").is_file():
            page.unlink()
    for name in set(_offered(output)).difference(_offered(project)):
        file = output / name
        file.unlink()
        if not any(file.parent.iterdir()):
            file.parent.rmdir()


def _offered(root: Path) -> list[str]:
    """Return what pages offer for download: files in the folders of the studies and of the pages around them."""
    studies = root / "studies"
    own = sorted(studies.iterdir()) if studies.is_dir() else []
    folders = [*(folder for folder in own if not folder.name.startswith("_")), *(root / name for name in SITE_PAGES)]
    found = []
    for folder in folders:
        if folder.is_dir():
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(_COPIED) and entry.is_file())
            found += [f"{folder.relative_to(root).as_posix()}/{name}" for name in names]
    return found


def _ours(page: Path) -> bool:
    """Say whether evalkit made a page: its frame says so."""
    return page.is_file() and b'<meta name="generator" content="evalkit">' in page.read_bytes()[:4000]


def engine_files(project: Path, pages: Sequence[str] = ("index",)) -> list[Path]:
    """Write the stylesheet, the page's frame and the filter where both engines look for them; return their paths.

    Parameters
    ----------
    project : Path
    pages : sequence of str
        Pages around the studies that the frame of every page links to, by name, in their order.
    """
    from evalkit.report.templates import exhibit_environment, find_template

    links = {"linked": [name for name in pages if name != FOOT], "accessibility": FOOT in pages}
    written = []
    for name, place in PAGE_FILES.items():
        path = project / place
        made = name.endswith(".html")
        text = exhibit_environment(project).get_template(name).render(links).encode() if made else b""
        write_whole(path, text or find_template(name, project).read_bytes())
        written.append(path)
    return written
