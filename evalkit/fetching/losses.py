"""What a newer table no longer holds: publishers take old months down, so a table that would be lost is set aside."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import DataError
from evalkit.fetching.readers.text_tables import text_table
from evalkit.fetching.states import sha256_of_file
from evalkit.whole_files import replacing

if TYPE_CHECKING:
    import pandas


def set_aside(target: Path, new: pandas.DataFrame) -> str:
    """Keep the table that stands, beside its place, when the new one has fewer rows or lacks a label that it has.

    Parameters
    ----------
    target : Path
        Where the tidy table is about to be replaced.
    new : pandas.DataFrame
        What it is to be replaced by.

    Returns
    -------
    str
        What would have gone and where it is kept, in one sentence; empty where nothing goes. Labels are values of
        columns of text, such as areas and months: numbers are revised all the time.
    """
    try:
        old = text_table(target) if target.is_file() else None
    except DataError:  # damaged by hand: there is nothing to be kept
        old = None
    if old is None:
        return ""
    gone = [text for name in old.columns if name in new.columns and (text := _gone(old, new, name))]
    if not gone and len(new) >= len(old):
        return ""
    kept = target.with_name(f"{target.stem}.kept-{(sha256_of_file(target, target.name) or '')[:8]}{target.suffix}")
    with replacing(kept) as copy:
        shutil.copyfile(target, copy)
    rows = f"{len(old):,} rows before, {len(new):,} now"
    return f"{'; '.join([rows, *gone])}; the table before is kept as {kept.name}"


def _gone(old: pandas.DataFrame, new: pandas.DataFrame, name: str) -> str:
    """Return which labels of a column are no longer there; empty for columns of numbers."""
    import pandas

    labels = old[name].dropna().astype(str)
    if pandas.to_numeric(labels, errors="coerce").notna().any():
        return ""
    lost = sorted(set(labels) - set(new[name].dropna().astype(str)))
    if not lost:
        return ""
    which = lost[0] if len(lost) == 1 else f"{lost[0]} to {lost[-1]}"
    return f"{name}: {len(lost):,} no longer there ({which})"
