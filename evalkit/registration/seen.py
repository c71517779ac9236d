"""What earlier runs show of a plan: that the outcomes had been seen, and that it had been fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import archive
from evalkit.errors import DataError, Problem
from evalkit.registration.changes import text_of
from evalkit.spec.loading import Spec, shown_path


@dataclass(frozen=True)
class EarlierRun:
    """A run that left its result, or was released.

    Attributes
    ----------
    name : str
        Its file, as the user knows it.
    real : bool
        Whether it was made from the outcomes, not from simulated data.
    locked_sha256 : str or None
        Hash of the plan that was fixed by then.
    amendments : sequence of mapping
        Those that the study file had by then.
    """

    name: str
    real: bool
    locked_sha256: str | None
    amendments: Sequence[Mapping[str, Any]]


def earlier_runs(spec: Spec, results: Path | None = None) -> list[EarlierRun]:
    """Return what is left of earlier runs of a study: its last release, then its last result.

    One that cannot be read shows nothing: it is refused, or made again, where it matters.
    """
    project = spec.folders.project
    paths = (project / "reports" / "published" / f"{spec.id}.json",
             (results or project / "results") / spec.id / archive.FILE_NAME)  # fmt: skip
    return [found for path in paths if path.is_file() and (found := _read(path)) is not None]


def _read(path: Path) -> EarlierRun | None:
    try:
        document = archive.read_document(path)
        block = (document.get("study") or {}).get("registration") or {}
        return EarlierRun(shown_path(path), any(not each["simulated"] for each in document["analyses"]),
                          (document.get("protocol") or {}).get("locked_sha256"),
                          block.get("amendments") or ())  # fmt: skip
    except (DataError, KeyError, TypeError, AttributeError):
        return None


def seen_before_lock(spec: Spec, runs: Sequence[EarlierRun]) -> Iterator[Problem]:
    """Yield that the outcomes have been seen, where the study file says otherwise and a run shows it."""
    block = spec.study.registration
    said = block.data_seen_before_lock if block else None
    made = next((run for run in runs if run.real), None)
    if said not in (None, "outcome_data") and made is not None:
        yield spec.document.problem(f"{made.name} was made from the outcomes, so they have been seen", "write "
                                    "`data_seen_before_lock: outcome_data`",
                                    ("registration", "data_seen_before_lock"))  # fmt: skip


def seen_before_amendments(spec: Spec, runs: Sequence[EarlierRun]) -> Iterator[Problem]:
    """Yield each amendment that is newer than a run on the outcomes, and says that they had not been seen.

    An amendment that the run's own study file had, word for word, was there before the outcomes were seen by it.
    """
    block = spec.study.registration
    for index, amendment in enumerate(block.amendments if block else ()):
        if amendment.data_seen == "outcome_data":
            continue
        own = _told(amendment.model_dump(mode="json", by_alias=True))
        newer = next((run for run in runs if run.real and own not in map(_told, run.amendments)), None)
        if newer is not None:
            yield spec.document.problem(
                f"{newer.name} was made from the outcomes before this amendment was written, so they had been seen",
                "write `data_seen: outcome_data`", ("registration", "amendments", index, "data_seen"))  # fmt: skip


def _told(amendment: Mapping[str, Any]) -> tuple[str, ...]:
    """Return by what an amendment is known again: all but its reason, whose words may be mended."""
    return tuple(text_of(amendment.get(key)) for key in ("date", "field", "from", "to", "data_seen"))


def fixed_otherwise(runs: Sequence[EarlierRun], lock: str | None, name: str) -> Iterator[Problem]:
    """Yield that a run shows another plan as fixed than the lock that is there, or one where there is none now.

    Parameters
    ----------
    runs : sequence of EarlierRun
    lock : str or None
        Hash of the plan in the lock; None where there is no lock.
    name : str
        The lock's file.
    """
    other = next((run for run in runs if run.locked_sha256 not in (None, lock)), None)
    if other is None:
        return
    mend = f"put that file back from the history of the project: its plan has sha256 {other.locked_sha256}"
    if lock is None:
        yield Problem(f"the plan was fixed when {other.name} was made, and its lock is not there", mend, file=name)
    else:
        yield Problem(f"is not the plan that was fixed when {other.name} was made", mend, file=name)
