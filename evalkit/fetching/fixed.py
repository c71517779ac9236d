"""Which tables of a study are fixed by the list of published files: fetching would stop on any other copy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalkit.fetching.catalogue import FILE, MirrorExtract, load_catalogue
from evalkit.fetching.lock import read_lock
from evalkit.fetching.states import pin_of


def fixed_tables(project: Path, hashes: Mapping[str, str]) -> frozenset[str]:
    """Return which inputs were read from a file whose hash data/sources.yaml declares.

    Parameters
    ----------
    project : Path
        Folder that holds data/sources.yaml and what was written of fetches.
    hashes : mapping of str to str
        Hash of each input as it was read, by its path as the study file names it.

    Returns
    -------
    frozenset of str
        Their names. A table that is not what was read from that file, or that nobody fetched, is not fixed, whatever
        is declared of the file.

    Raises
    ------
    CatalogueError
        When the list, or what was written of fetches, is damaged.
    """
    if not (project / FILE).is_file():
        return frozenset()
    catalogue, records = load_catalogue(project), read_lock(project)
    found = set()
    for path, digest in hashes.items():
        named = catalogue.of_table(path)
        record = None if named is None else records.get(named[0])
        if named is None or record is None:
            continue
        source = named[1]
        extract = isinstance(source.mirror, MirrorExtract) and record.file == source.extract_path
        read = any((table.path, table.sha256) == (path, digest) for table in record.tables)
        if read and record.sha256 == pin_of(source, extract):
            found.add(path)
    return frozenset(found)
