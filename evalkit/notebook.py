"""What people use from Python: `load_spec`, `evaluate`, `load`; an evaluation shows itself in Jupyter."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from evalkit import archive, flow, records
from evalkit.errors import DataError
from evalkit.releases import RESULTS
from evalkit.spec.loading import Spec, load_spec

__all__ = ["Evaluation", "evaluate", "load", "load_spec"]


class Evaluation(records.Evaluation):
    """An evaluation that shows itself in a notebook: headline, chart and table."""

    def _repr_html_(self) -> str:
        from evalkit import report

        return report.page_html(self)

    def __repr__(self) -> str:
        """Return id, level and headline in one line."""
        from evalkit import report

        headline = report.headline(self)
        return f"<Evaluation {self.id} ({self.level}): {headline.sentence} {headline.detail}>"


def evaluate(spec: Spec | str | Path) -> Evaluation:
    """Return a study's evaluation, computed now; nothing is written.

    Parameters
    ----------
    spec : Spec, str or Path
        A study file, or what `load_spec` returned.

    Raises
    ------
    SpecError, DataError, DesignError
        With every problem of the stage at once.
    """
    computed = flow.evaluate(spec if isinstance(spec, Spec) else load_spec(spec))
    return _shown(archive.from_document(archive.to_document(computed)))


def load(id: str, results: str | Path = RESULTS) -> Evaluation:  # noqa: A002 - the word that the YAML uses
    """Return the evaluation that the last `evalkit run` wrote.

    Parameters
    ----------
    id : str
        The study's id: its file name without the ending.
    results : str or Path
        Folder of results.

    Raises
    ------
    DataError
        When there is none; the message says how to make it.
    """
    path = Path(results) / id / archive.FILE_NAME
    if not path.is_file():
        raise DataError(f"{path} is not there", f"run `evalkit run evaluations/{id}.yaml` first")
    return _shown(archive.read_result(path))


def _shown(evaluation: records.Evaluation) -> Evaluation:
    fields = {field.name: getattr(evaluation, field.name) for field in dataclasses.fields(evaluation)}
    return Evaluation(**fields)
