"""Published files that a study reads and that nobody has fetched yet: it waits for them, and has not failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError, SpecError
from evalkit.fetching.catalogue import Catalogue, Source, load_catalogue
from evalkit.sources.files import FileData

if TYPE_CHECKING:
    from evalkit.spec.study import Study


@dataclass(frozen=True)
class Awaited:
    """One source of data/sources.yaml for which a study waits.

    Attributes
    ----------
    name : str
        Its id.
    source : Source
        Whose it is, where it comes from.
    tables : tuple of str
        Its tables that the study names and that are not here.
    """

    name: str
    source: Source
    tables: tuple[str, ...]

    @property
    def command(self) -> str:
        """What fetches it."""
        return f"evalkit data fetch {self.name}"


@dataclass(frozen=True)
class Waiting:
    """A study that waits for data: its id, what its file says, and the sources that it waits for."""

    id: str
    study: Study
    sources: tuple[Awaited, ...]

    @property
    def command(self) -> str:
        """What fetches all of them."""
        return f"evalkit data fetch {' '.join(one.name for one in self.sources)}"


def waiting(path: Path, data: str | None = None) -> Waiting | None:
    """Return for which published files a study waits; None where it waits for none, or something else is wrong too.

    Parameters
    ----------
    path : Path
        The study file.
    data : str, optional
        Data root.

    Notes
    -----
    A study whose file is wrong, or that also lacks a file that no source gives, does not wait: fetching would not do.
    Files that only a variation of the study names are not looked for.
    """
    from pydantic import ValidationError

    from evalkit.sources.folders import Folders
    from evalkit.spec.loading import project_of, shown_path
    from evalkit.spec.reading import read_yaml
    from evalkit.spec.study import Study

    try:
        folders = Folders.of(project_of(path), data)
        study = Study.model_validate(read_yaml(path.read_bytes(), shown_path(path)).data)
        absent = [name for name in _files(study) if not folders.holds(name)]
        if not absent or not _otherwise_right(path, data, absent):
            return None
        catalogue = load_catalogue(folders.project)
    except (EvalkitError, ValidationError, OSError):
        return None
    sources = _sources(absent, catalogue)
    return None if sources is None else Waiting(path.stem, study, sources)


def _otherwise_right(path: Path, data: str | None, absent: list[str]) -> bool:
    """Say whether nothing is wrong with a study but that files are not here."""
    from evalkit.spec.loading import load_spec

    try:
        load_spec(path, data, planned=True)
    except SpecError as error:  # a roll-out table must be there even for a plan
        return all(any(name in problem.message for name in absent) for problem in error.problems)
    return True


def _sources(absent: list[str], catalogue: Catalogue) -> tuple[Awaited, ...] | None:
    """Return the sources of tables that are not here, in the order of the study; None where a table has none."""
    tables: dict[str, list[str]] = {}
    for path in absent:
        found = catalogue.of_table(path)
        if found is None:
            return None
        tables.setdefault(found[0], []).append(path)
    return tuple(Awaited(name, catalogue.sources[name], tuple(paths)) for name, paths in tables.items())


def _files(study: Study) -> list[str]:
    """Return every file that a study names: data, exposures, neighbours, roll-out table."""
    data, intervention = study.data, study.intervention
    if data is None:
        return []
    own = [data.path] if isinstance(data, FileData) else []
    beside = [data.neighbour_table, None if intervention is None else intervention.start_table]
    tables = [*data.exposures.values(), *(table for table in beside if table is not None)]
    return list(dict.fromkeys([*own, *(table.path for table in tables)]))
