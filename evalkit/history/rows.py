"""The rows that a primary analysis used, kept as a compressed CSV file and read back to the last digit.

They are kept where anybody may see them: of studies without a rule for small numbers whose data lie in the project,
and of no file whose rows are people. Its first line says what the rows are and which run they belong to, and seals
them: rows that were altered since are nobody's.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalkit.archive import write_whole
from evalkit.errors import EvalkitError
from evalkit.flow import disclosure_rule
from evalkit.periods import as_pandas
from evalkit.provenance import canonical, sha256_of
from evalkit.records import Measure, Panel
from evalkit.sources import exposure_inputs, roll_out_inputs
from evalkit.spec.loading import Spec

FILE_NAME = "rows.csv.gz"
SEAL = "sha256"
"""Key of the first line that holds the hash of all the rest."""
MOST_ROWS = 250_000
"""A larger table is not kept: a release is meant to lie in a repository."""
_MADE = ("unit", "time", "value", "exposure", "first_time", "weight", "cluster")
"""Columns of every panel that cannot be worked out from the others."""
_OPEN = ("package", "counts", "simulated")
"""Sources that anybody has who has the project; a table that lies elsewhere has no file in it."""


def why_not(spec: Spec, panel: Panel | None) -> str:
    """Return why the rows of a study are not kept, in the middle of a sentence; empty where they are."""
    wanted = None if spec.study.release is None else spec.study.release.keep_rows
    if disclosure_rule(spec) is not None:
        return "the study hides small numbers"
    if panel is None:
        return "its rows are people"
    if wanted is False:
        return "the study file says so"
    if wanted is None and _from_elsewhere(spec):
        return "the data lie outside the project"
    return f"there are more than {MOST_ROWS:,}" if len(panel) > MOST_ROWS else ""


def run_key(document: Mapping[str, Any]) -> str:
    """Return which run a result is of: the hash of its study file and inputs."""
    origin = document["provenance"]
    return sha256_of(canonical([origin["spec_sha256"], [[i["name"], i["sha256"]] for i in origin["data"]]]))


def to_bytes(panel: Panel, key: str) -> bytes:
    """Return a panel as compressed CSV; the same panel, the same bytes."""
    about = {
        "key": key, "outcome": asdict(panel.outcome), "frequency": panel.frequency, "origin": panel.origin,
        "covariates": panel.covariates, "gaps": panel.gaps, "simulated": panel.simulated,
        "neighbours": panel.neighbours, "bounded": sorted(panel.bounded), "observed": panel.cross_sections,
    }  # fmt: skip
    columns = [*_MADE, *(["observation"] if panel.cross_sections else []), *panel.covariates]
    rows = panel.frame[columns].to_csv(index=False, lineterminator="\n")
    about[SEAL] = _seal_of(about, rows)
    return gzip.compress(f"# {canonical(about)}\n{rows}".encode(), mtime=0)


def from_bytes(content: bytes, key: str = "") -> Panel | None:
    """Return the panel of a compressed CSV; None for one that is damaged or altered, or that is of another run.

    Parameters
    ----------
    content : bytes
        What `to_bytes` gave.
    key : str, optional
        The run that it must be of. Without one, whoever asks has compared the hash of the whole file, as the record of
        a release does, and a file without a seal of its own will do.
    """
    import pandas

    try:
        head, _, body = gzip.decompress(content).decode().partition("\n")
        about = json.loads(head.removeprefix("# "))
        seal = about.pop(SEAL, None)
        if (key and (about["key"] != key or seal is None)) or seal not in (None, _seal_of(about, body)):
            return None
        return _panel(pandas.read_csv(io.StringIO(body), dtype=str, keep_default_na=False), about)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, EvalkitError):
        return None


def _seal_of(about: Mapping[str, Any], rows: str) -> str:
    """Return the hash of rows and of what is said of them."""
    return sha256_of(f"{canonical(about)}\n{rows}")


def _panel(frame: Any, about: Mapping[str, Any]) -> Panel:
    import pandas

    frequency, covariates = about["frequency"], tuple(about["covariates"])
    for name in ("value", "exposure", "first_time", "weight", *covariates):
        frame[name] = [float(text) if text else math.nan for text in frame[name]]
    for name in ("time", *(["observation"] if about["observed"] else [])):
        frame[name] = [int(text) for text in frame[name]]
    frame["period"] = as_pandas(frame["time"], frequency)
    frame["first_treated"] = frame["first_time"]
    if frequency != "number":
        treated = pandas.Series(as_pandas(frame["first_time"].fillna(0), frequency))
        frame["first_treated"] = treated.where(frame["first_time"].notna())
    observation = ["observation"] if about["observed"] else []
    columns = ["unit", "period", "time", "value", "exposure", "first_treated", "first_time", "weight", "cluster"]
    return Panel(
        frame=frame[[*columns, *observation, *covariates]], outcome=Measure(**about["outcome"]), frequency=frequency,
        origin=about["origin"], covariates=covariates, gaps=tuple(tuple(gap) for gap in about["gaps"]),
        simulated=about["simulated"], neighbours=tuple(tuple(pair) for pair in about["neighbours"]),
        bounded=frozenset((unit, time) for unit, time in about["bounded"]),
    )  # fmt: skip


def keep(spec: Spec, panel: Panel | None, document: Mapping[str, Any], folder: Path) -> None:
    """Keep the rows of a run beside its result, or take away what was kept where it may not be."""
    path = folder / FILE_NAME
    if why_not(spec, panel) or panel is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, to_bytes(panel, run_key(document)))


def kept(path: Path, document: Mapping[str, Any]) -> Panel | None:
    """Return the rows that were kept of a run; None where there are none, or they are of another run."""
    try:
        return from_bytes(path.read_bytes(), run_key(document))
    except (OSError, KeyError, TypeError):
        return None


def belong(path: Path, document: Mapping[str, Any]) -> bool:
    """Say whether a file holds rows that were kept of a run; their first line tells, the rest is not read."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return bool(json.loads(lines.readline().removeprefix("# "))["key"] == run_key(document))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return False


def _from_elsewhere(spec: Spec) -> bool:
    """Say whether a file of the main analysis lies outside the project, where not everybody may read it."""
    data = spec.study.data
    if data is None:
        return True
    inputs = [*data.inputs(spec.folders), *exposure_inputs(data, spec.folders),
              *roll_out_inputs(spec.study.intervention, spec.folders)]  # fmt: skip
    paths = [Path(os.path.realpath(item.path)) for item in inputs if item.path is not None]
    if data.source in _OPEN:
        return False
    return len(paths) < len(inputs) or not all(path.is_relative_to(spec.folders.project) for path in paths)
