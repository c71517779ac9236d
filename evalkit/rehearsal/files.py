"""The files of a rehearsal: written as the study names them, in a folder that is looked up last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, SpecError, system_problem
from evalkit.rehearsal.draws import exposure_rows, pair_rows, rows_of
from evalkit.rehearsal.shape import Shape, Wishes, shape_of
from evalkit.sources.files import FileData
from evalkit.spec.loading import Spec, rehearsal_folder

if TYPE_CHECKING:
    import pandas

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def absent_data(spec: Spec) -> list[str]:
    """Return the files of a study's data that are not there, its own first; none for data that are no file."""
    data = spec.study.data
    if not isinstance(data, FileData):
        return []
    tables = [data.path, *(table.path for table in data.exposures.values())]
    tables += [data.neighbour_table.path] if data.neighbour_table else []
    return [path for path in dict.fromkeys(tables) if not spec.folders.holds(path)]


def rehearse(spec: Spec, wishes: Wishes | None = None) -> Path:
    """Write simulated files in place of those that are not there, and return their folder.

    Parameters
    ----------
    spec : Spec
        A study file, loaded as planned.
    wishes : Wishes, optional
        What the study file does not say.

    Raises
    ------
    SpecError
        When there is nothing to rehearse: the data are there, or are no file.
    DataError
        When no data of this shape can be made.
    """
    data, wishes = spec.study.data, wishes or Wishes()
    _require_rehearsable(spec)
    assert isinstance(data, FileData)
    try:
        shape = shape_of(spec, wishes)
        root = rehearsal_folder(spec.folders.project, spec.id)
        _write(root / data.path, rows_of(spec, shape, wishes), data)
        _write_beside(spec, root, shape)
    except EvalkitError as error:
        raise spec.located(error) from None
    except OSError as error:
        raise EvalkitError(system_problem(error)) from None
    return root


def _require_rehearsable(spec: Spec) -> None:
    data = spec.study.data
    if not isinstance(data, FileData):
        kind = spec.study.design.kind if data is None else f"source: {data.source}"
        raise SpecError(spec.document.problem(f"there is no file of data to rehearse ({kind})", "run the study as it "
                                              f"is: evalkit run {spec.id}", ("data", "source")))  # fmt: skip
    if data.path not in absent_data(spec):
        raise SpecError(spec.document.problem(f"{data.path} is there: there is nothing to rehearse", "run the study: "
                                              f"evalkit run {spec.id}", ("data", "path")))  # fmt: skip
    if data.sha256 is not None:
        raise SpecError(spec.document.problem("the hash of data that are yet to come cannot be known", "leave `sha256` "
                                              "out until they are there", ("data", "sha256")))  # fmt: skip


def _write_beside(spec: Spec, root: Path, shape: Shape) -> None:
    """Write the tables beside the data that are not there."""
    data = spec.study.needed_data
    for name, table in data.exposures.items():
        if not spec.folders.holds(table.path):
            _write(root / table.path, exposure_rows(spec, shape, name), table)
    if data.neighbour_table is not None and not spec.folders.holds(data.neighbour_table.path):
        _write(root / data.neighbour_table.path, pair_rows(spec, shape), data.neighbour_table)


def _write(path: Path, rows: pandas.DataFrame, table: Any) -> None:
    """Write rows as the study says that the file is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = "".join(path.suffixes[-2:]).lower().removesuffix(".gz")
    above = getattr(table, "header_row", 1) - 1
    if ending.endswith(".parquet"):
        rows.to_parquet(path, index=False)
    elif ending.endswith((".xlsx", ".xlsm")):
        rows.to_excel(path, sheet_name=table.sheet or "simulated", startrow=above, index=False)
    else:
        mark = _SEPARATORS.get(table.separator, table.separator)
        text = rows.to_csv(index=False, sep=mark, decimal=getattr(table, "decimal", "."), lineterminator="\n")
        head = "".join(f"simulated{mark}\n" for _ in range(above))
        _write_text(path, f"{head}{text}".encode(getattr(table, "encoding", None) or "utf-8"))


def _write_text(path: Path, content: bytes) -> None:
    import gzip

    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content)
