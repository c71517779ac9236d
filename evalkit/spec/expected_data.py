"""What a study file says that its data must hold: its periods, and breaks that the design cannot carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, Problem
from evalkit.periods import parse_period
from evalkit.spec.reading import Document, Path

if TYPE_CHECKING:
    from evalkit.sources.columns import Data
    from evalkit.spec.study import Study


def expected_periods(data: Data) -> Iterator[tuple[Path, Any]]:
    """Yield each period that the keys about what the data hold name, with its place in the study file."""
    if data.expected_coverage is not None:
        yield ("data", "expected_coverage", "from"), data.expected_coverage.from_
        if data.expected_coverage.to != "latest":
            yield ("data", "expected_coverage", "to"), data.expected_coverage.to
    if data.provisional is not None:
        yield ("data", "provisional", "from"), data.provisional.from_
    for index, each in enumerate(data.breaks):
        yield ("data", "breaks", index, "date"), each.date


def data_problems(study: Study, document: Document) -> Iterator[Problem]:
    """Yield breaks as indicators in a design without a model for them, and months of publication that are none."""
    data = study.data
    if data is None:
        return
    for index, late in enumerate(data.late):
        try:
            parse_period(late.expected, "month")
        except EvalkitError as error:
            found = error.problems[0]
            yield document.problem(found.message, found.mend, ("data", "late", index, "expected"))
    if not hasattr(study.design, "kind") or hasattr(study.design, "covariates"):
        return
    for index, each in enumerate(data.breaks):
        if each.handling == "indicator":
            yield document.problem(f"{study.design.kind} has no model that an indicator could enter",
                                   "use `handling: exclude`, or `none`",
                                   ("data", "breaks", index, "handling"))  # fmt: skip
