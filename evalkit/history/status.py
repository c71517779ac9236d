"""What about the data changed since the last run, for the reasons why a study is to be run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.errors import EvalkitError
from evalkit.flow import disclosure_rule
from evalkit.history.cells import of_panels, told
from evalkit.history.crossed import same_columns
from evalkit.history.earlier import last_run, made_up
from evalkit.history.record import panel_of
from evalkit.spec.loading import Spec


def with_cells(changed: Sequence[str], spec: Spec, folder: Path) -> list[str]:
    """Return which inputs changed, with the cells that did: `data/x.csv changed: 3 cells revised, 1 month added`.

    Parameters
    ----------
    changed : sequence of str
        An entry for each input that changed.
    spec : Spec
        The study as it is.
    folder : Path
        Where its last run is kept.

    Returns
    -------
    list of str
        As they came where the rows of that run were not kept, where small numbers are hidden, where the study file now
        takes other things from the data, where one of both is made up, or where the data cannot be read: the run itself
        will say why.
    """
    try:
        then = last_run(folder)
        if then.rows is None or disclosure_rule(spec) is not None or not same_columns(then.run, spec):
            return list(changed)
        now = panel_of(spec)
        if now is None or now.simulated != made_up(then.run.document["analyses"][:1]):
            return list(changed)
        cells = of_panels(then.rows, now)
    except EvalkitError:
        return list(changed)
    if cells is None:
        return list(changed)
    if len(changed) == 1:
        return [f"{changed[0]}: {told(cells)}"]
    return [*changed, f"in the rows that are used: {told(cells)}"]
