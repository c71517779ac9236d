"""`evalkit init`: a repository of one's own, with one study that runs, and everything that CI needs."""

from __future__ import annotations

import importlib.metadata
import re
from importlib import resources
from pathlib import Path

from evalkit.archive import write_whole
from evalkit.errors import Problem, SpecError
from evalkit.spec.schema import schema_text

STEPS = ("install", "fetch", "build", "diff", "site", "propose")
"""The scripts of `ci/`, in the order in which they are called."""
ALL_STEPS = "evaluate"
"""The script that calls them, for a CI that calls one command."""
WORKFLOW = ".github/workflows/evaluate.yml"
SCHEMA = "evaluations/evaluation.schema.json"
_FILES = {"evaluations/example.yaml": "example.yaml", "README.md": "README.md", "data/README.md": "data-README.md",
          "data/sources.yaml": "sources.yaml", "Makefile": "Makefile", ".gitignore": "gitignore"}  # fmt: skip
_PACKAGE = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def write_project(folder: Path) -> list[Path]:
    """Write a repository into a folder that is empty, or not there yet; return its files.

    Raises
    ------
    SpecError
        When something is there already (but for a folder `.git`): nothing is overwritten.
    """
    if folder.exists() and not folder.is_dir():
        raise SpecError(Problem("is a file", "name a folder", file=str(folder)))
    there = sorted(path.name for path in folder.iterdir() if path.name != ".git") if folder.is_dir() else []
    if there:
        raise SpecError(Problem(f"holds files already ({', '.join(there[:3])}); nothing was written",
                                "name an empty folder, or one that is not there yet", file=str(folder)))  # fmt: skip
    contents = _contents()
    for name, content in contents.items():
        write_whole(folder / name, content)
        if name.startswith("ci/"):
            (folder / name).chmod(0o755)
    return [folder / name for name in contents]


def _contents() -> dict[str, bytes]:
    """Return the files of a new repository by path."""
    own = resources.files("evalkit.scaffold").joinpath("files")
    made = {place: own.joinpath(name).read_bytes() for place, name in _FILES.items()}
    steps = {f"ci/{step}": _shipped(f"ci/{step}").read_bytes() for step in (*STEPS, ALL_STEPS)}
    return {
        **made, **steps, WORKFLOW: _shipped(WORKFLOW).read_bytes(), SCHEMA: schema_text().encode(),
        "_quarto.yml": _shipped("_quarto.yml").read_bytes(), "requirements.lock": lock_text().encode(),
    }  # fmt: skip


def _shipped(name: str) -> Path:
    """Return a file as it ships with an installed evalkit, or as it stands in the checkout that runs."""
    places = (_PACKAGE / "shipped" / "project" / name, _PACKAGE.parent / name)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise SpecError(f"{name} was not found in evalkit", "install evalkit again")
    return found


def lock_text() -> str:
    """Return the versions of evalkit and of all that it needs, as they are installed where this runs."""
    found = _installed("evalkit")
    lines = [f"{name}=={version}" for name, version in sorted(found.items(), key=lambda item: item[0].casefold())]
    head = (
        "# What ci/install installs: the versions with which this folder was made, so that numbers agree between\n"
        "# computers. Where your index has no evalkit, write in place of its line where it comes from:\n"
        "# evalkit @ git+https://ADDRESS@VERSION\n"
        "# A lock with hashes is safer: uv pip compile requirements.lock --generate-hashes -o requirements.lock\n"
    )
    return head + "\n".join(lines) + "\n"


def _installed(first: str) -> dict[str, str]:
    """Return the version of a package and of what it needs to run here, by name."""
    found: dict[str, str] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed by another system or another Python
        known = distribution.metadata["Name"]
        if known in found:
            continue
        found[known] = distribution.version
        needed = [line for line in distribution.requires or () if "extra ==" not in line]
        waiting += [match.group() for line in needed if (match := _NAME.match(line))]
    return found
