"""result.json: an evaluation as stable plain data, written whole or not at all, and read back.

Keys are sorted, floats have 10 significant digits, nothing in it depends on the clock or the machine. An infinite
bound is written as the text "Infinity" or "-Infinity", since JSON has no such number; null means that there is none.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.records import (
    Acceptability,
    Analysis,
    Appraisal,
    Baseline,
    Bin,
    Cell,
    Cells,
    Coefficient,
    Coverage,
    CumulativePoint,
    DataInput,
    Diagnostic,
    ErrorModel,
    Estimate,
    Evaluation,
    EventTime,
    Failure,
    Family,
    GroupTime,
    GuardFinding,
    Headline,
    Horizon,
    LeftOut,
    Measure,
    MoneyLine,
    MoneyParameter,
    MoneyReturn,
    MoneyScenario,
    MoneyYear,
    Move,
    PathPoint,
    PayerYear,
    Placebo,
    Provenance,
    Release,
    Releases,
    Result,
    ScaleEstimate,
    Share,
    UnitCoverage,
)
from evalkit.whole_files import SEAL, fits, holds, sealed, write_whole

__all__ = [
    "FILE_NAME",
    "SCHEMA",
    "SEAL",
    "from_document",
    "holds",
    "plain",
    "read_document",
    "read_release",
    "read_releases",
    "read_result",
    "to_document",
    "to_text",
    "write_result",
    "write_whole",
]

SCHEMA = "evalkit/result/1"
FILE_NAME = "result.json"
_EFFECT = ("value", "se", "df", "low", "high", "level", "p_value", "scale", "unit", "rule")
_BOUNDS = ("value", "low", "high")
_LISTS: dict[str, Any] = {
    "path": PathPoint, "path_without_season": PathPoint, "coefficients": Coefficient, "event_study": EventTime,
    "diagnostics": Diagnostic, "horizons": Horizon, "cumulative": CumulativePoint, "error_models": ErrorModel,
    "placebos": Placebo, "leave_out": LeftOut, "baselines": Baseline, "group_time": GroupTime,
    "scales": ScaleEstimate,
}  # fmt: skip
_MAPPINGS = (
    "inference", "estimator", "fit", "selection", "expected_coverage", "power", "aggregations", "decomposition",
    "breakdown", "pretest_power", "disclosure",
)  # fmt: skip
_COUNTS = ("n_observations", "n_units", "n_treated_units", "n_pre_periods", "n_post_periods")
_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}
_FLAT = {float, int, bool, str, type(None)}


def to_document(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as the plain data of result.json (ARCHITECTURE.md lists its blocks)."""
    study = evaluation.study
    document: dict[str, Any] = _plain({
        "schema": SCHEMA, "id": evaluation.id, "title": study["title"], "status": study["status"],
        "level": study["level"], "analyses": [_analysis(analysis) for analysis in evaluation.analyses],
        "failures": [dataclasses.asdict(failure) for failure in evaluation.failures],
        "appraisal": evaluation.appraisal and _appraisal(evaluation.appraisal),
        "evidence": evaluation.evidence, "claims": list(evaluation.claims), "study": study,
        "provenance": evaluation.provenance and _provenance(evaluation.provenance),
        "coverage": evaluation.coverage and dataclasses.asdict(evaluation.coverage),
        "protocol": evaluation.protocol,
        "releases": evaluation.releases and dataclasses.asdict(evaluation.releases),
        "guards": [dataclasses.asdict(each) for each in evaluation.guards], "shape": evaluation.shape,
    })  # fmt: skip
    return document


def _provenance(provenance: Provenance) -> dict[str, Any]:
    """Return what went in; of an input that no list fixes, nothing is said of that."""
    data = [{key: value for key, value in dataclasses.asdict(item).items() if key != "fixed" or value}
            for item in provenance.data]  # fmt: skip
    return {**dataclasses.asdict(provenance), "data": data}


def to_text(evaluation: Evaluation) -> str:
    """Return result.json's text, with its seal: the same evaluation, the same bytes."""
    document = {**to_document(evaluation), SEAL: ""}
    return sealed(json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_result(evaluation: Evaluation, folder: Path) -> Path:
    """Write `folder/ID/result.json` whole or not at all and return its path."""
    path = folder / evaluation.id / FILE_NAME
    write_whole(path, to_text(evaluation))
    return path


def read_result(path: Path) -> Evaluation:
    """Return the evaluation that a result.json holds.

    Raises
    ------
    DataError
        When the file is missing, damaged, altered or of another schema.
    """
    return from_document(read_document(path), str(path))


@dataclasses.dataclass(frozen=True)
class Stored:
    """An evaluation that is kept in a file: what it is made of at once, its values when they are asked for.

    Attributes
    ----------
    path : Path
        A result.json.
    """

    path: Path

    @functools.cached_property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes()

    @functools.cached_property
    def evaluation(self) -> Evaluation:
        """The evaluation that these bytes hold; raises like `read_result`, and where it is that of another study."""
        found = from_document(_document_of(self.content, self.path), str(self.path))
        if found.id != self.id:
            raise DataError(f"{self.path} holds the result of {found.id!r}", "run `evalkit run` again")
        return found

    @property
    def id(self) -> str:
        """The name of its folder, which is the study's id."""
        return self.path.parent.name


def read_document(path: Path) -> dict[str, Any]:
    """Return result.json as plain data; raises like `read_result`."""
    try:
        return _document_of(path.read_bytes(), path)
    except OSError:
        raise DataError(f"{path} is not there", "run `evalkit run` first") from None


def _document_of(content: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        raise DataError(f"{path} is damaged", "run `evalkit run` again") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise DataError(f"{path} was written by another version of evalkit", "run `evalkit run` again")
    if SEAL in document and not fits(content, document[SEAL]):
        raise DataError(f"{path} was altered after it was written", "run `evalkit run` again")
    return document


def from_document(document: Mapping[str, Any], name: str = FILE_NAME) -> Evaluation:
    """Return the evaluation that plain data hold; inverse of `to_document`, without the draws."""
    try:
        provenance = document["provenance"]
        return Evaluation(
            id=document["id"], study=document["study"],
            analyses=tuple(_read_analysis(item) for item in document["analyses"]),
            failures=tuple(Failure(**item) for item in document["failures"]),
            appraisal=document["appraisal"] and _read_appraisal(document["appraisal"]),
            evidence=document["evidence"], claims=tuple(document["claims"]),
            provenance=provenance and Provenance(**{
                **provenance, "data": tuple(DataInput(**item) for item in provenance["data"])}),
            coverage=_read_coverage(document.get("coverage")),
            protocol=document.get("protocol"),
            releases=read_releases(document.get("releases")),
            guards=tuple(GuardFinding(**item) for item in document.get("guards") or ()),
            shape=document.get("shape"),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        raise DataError(f"{name} is damaged: {error}", "run `evalkit run` again") from None


def _read_coverage(data: Mapping[str, Any] | None) -> Coverage | None:
    return None if data is None else Coverage(**{
        **data, "units": tuple(UnitCoverage(**item) for item in data["units"])})  # fmt: skip


def read_releases(data: Mapping[str, Any] | None) -> Releases | None:
    """Return earlier releases and what moved since, from plain data."""
    if data is None:
        return None
    history = tuple(read_release(item) for item in data["history"])
    return Releases(data["record_sha256"], history, _read_move(data["move"]))


def read_release(data: Mapping[str, Any]) -> Release:
    """Return one release from plain data."""
    return Release(**{**data, "headline": Headline(**_numbers(data["headline"])), "move": _read_move(data["move"])})


def _read_move(data: Mapping[str, Any] | None) -> Move | None:
    if data is None:
        return None
    cells: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                             for name, value in (data["cells"] or {}).items()}  # fmt: skip
    if cells:
        cells["named"] = tuple(Cell(**item) for item in cells["named"])
    return Move(**{
        **data, "before": Headline(**_numbers(data["before"])), "now": Headline(**_numbers(data["now"])),
        "causes": tuple(data["causes"]), "shares": tuple(Share(**item) for item in data["shares"]),
        "details": tuple((cause, words) for cause, words in data["details"]), "notes": tuple(data["notes"]),
        "cells": Cells(**cells) if cells else None,
    })  # fmt: skip


def plain(value: Any) -> Any:
    """Return a record, such as a `Release`, as result.json writes it."""
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return data as JSON can hold it: tuples as lists, 10 significant digits, infinite bounds as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return float(f"{value:.10g}") if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    raise TypeError(f"{type(value).__name__} has no place in {FILE_NAME}")


def _estimate(estimate: Estimate | None, names: tuple[str, ...]) -> dict[str, Any] | None:
    return None if estimate is None else {name: getattr(estimate, name) for name in names}


def _analysis(analysis: Analysis) -> dict[str, Any]:
    result = analysis.result
    document = {
        "id": analysis.id, "role": analysis.role, "label": analysis.label, "outcome": analysis.outcome.id,
        "measure": dataclasses.asdict(analysis.outcome), "design": dict(analysis.design),
        "frequency": analysis.frequency, "first_treated": analysis.first_treated, "simulated": analysis.simulated,
        "origin": analysis.origin, "notes": analysis.notes, "outcome_role": analysis.outcome_role,
        "group": analysis.group or None, "other_rows": analysis.other_rows or None, "family": _family(analysis.family),
        "period_names": dict(analysis.period_names) or None, "unit_label": analysis.unit_label or None,
        "estimand": result.estimand,
        "standard_errors": result.standard_errors, "effect": _estimate(result.effect, _EFFECT),
        "relative": _estimate(result.relative, _BOUNDS), "absolute": _estimate(result.absolute, (*_BOUNDS, "unit")),
        "averted": _estimate(result.averted, (*_BOUNDS, "unit")),
        **{name: getattr(result, name) for name in _MAPPINGS},
        "dropped": [{"unit": unit, "reason": reason} for unit, reason in result.dropped],
        "weights": [{"unit": unit, "weight": weight} for unit, weight in result.weights],
        "time_weights": [{"period": period, "weight": weight} for period, weight in result.time_weights],
        "robust_bounds": [dict(row) for row in result.robust_bounds],
        **{name: [dataclasses.asdict(item) for item in getattr(result, name)] for name in _LISTS},
        **{name: getattr(result, name) for name in _COUNTS},
    }  # fmt: skip
    return {key: value for key, value in document.items() if value not in (None, [], ()) or key in _ALWAYS}


def _family(family: Family | None) -> dict[str, Any] | None:
    if family is None:
        return None
    return {"count": family.count, "p_value": family.p_value, "level": family.level,
            "effect": _estimate(family.effect, _EFFECT), "relative": _estimate(family.relative, _BOUNDS),
            "absolute": _estimate(family.absolute, (*_BOUNDS, "unit"))}  # fmt: skip


_ALWAYS = ("relative", "absolute", "averted", "path", "diagnostics", "dropped")


def _appraisal(appraisal: Appraisal) -> dict[str, Any]:
    document = dataclasses.asdict(dataclasses.replace(appraisal, draws=None))
    del document["draws"]
    for name in _MONEY:
        if document[name]:
            del document[name]["draws"]
    document["by_payer"] = [{"payer": p, "cost": cost, "benefit": benefit} for p, cost, benefit in appraisal.by_payer]
    document["by_kind"] = [{"kind": k, "cost": cost, "benefit": benefit} for k, cost, benefit in appraisal.by_kind]
    return document


def _numbers(data: Any) -> Any:
    """Return data with the texts Infinity and -Infinity as numbers again; most rows have none and stay."""
    if isinstance(data, dict):
        values = data.values()
        if _FLAT.issuperset(map(type, values)) and not any(word in values for word in _INFINITE):
            return data
        return {key: _numbers(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_numbers(item) for item in data]
    return _INFINITE.get(data, data) if isinstance(data, str) else data


def _read_estimate(data: Mapping[str, Any] | None, **words: Any) -> Estimate | None:
    return None if data is None else Estimate(**{**words, **_numbers(data)})


def _read_analysis(data: Mapping[str, Any]) -> Analysis:
    effect = _read_estimate(data["effect"])
    assert effect is not None
    shared = {"level": effect.level, "rule": effect.rule}
    lists: dict[str, Any] = {
        name: tuple(kind(**_numbers(item)) for item in data.get(name, [])) for name, kind in _LISTS.items()
    }
    result = Result(
        estimand=data["estimand"], standard_errors=data["standard_errors"], effect=effect,
        relative=_read_estimate(data["relative"], **shared, unit="percent"),
        absolute=_read_estimate(data["absolute"], **shared), averted=_read_estimate(data["averted"], **shared),
        **{name: _numbers(data.get(name)) for name in _MAPPINGS},
        dropped=tuple((item["unit"], item["reason"]) for item in data["dropped"]),
        weights=tuple((item["unit"], item["weight"]) for item in data.get("weights", [])),
        time_weights=tuple((item["period"], item["weight"]) for item in data.get("time_weights", [])),
        robust_bounds=tuple(_numbers(data.get("robust_bounds", []))),
        **lists, **{name: data[name] for name in _COUNTS},
    )  # fmt: skip
    return Analysis(data["id"], data["role"], data["label"], Measure(**data["measure"]), data["design"], result,
                    data["frequency"], data.get("first_treated", ""), data["simulated"], data.get("origin", ""),
                    tuple(data.get("notes", ())), data.get("outcome_role", "primary"), _read_family(data.get("family")),
                    data.get("group", ""), data.get("period_names", {}), data.get("unit_label", ""),
                    data.get("other_rows", ""))  # fmt: skip


def _read_family(data: Mapping[str, Any] | None) -> Family | None:
    if data is None:
        return None
    effect = _read_estimate(data["effect"])
    shared = {} if effect is None else {"level": effect.level, "rule": effect.rule}
    return Family(data["count"], data["p_value"], data["level"], effect,
                  _read_estimate(data["relative"], **shared, unit="percent"),
                  _read_estimate(data["absolute"], **shared))  # fmt: skip


_MONEY = ("cost", "benefit", "net_present_social_value", "ratio", "cost_per_outcome")
_MONEY_LISTS: dict[str, type] = {
    "by_year": MoneyYear, "lines": MoneyLine, "parameters": MoneyParameter, "scenarios": MoneyScenario,
    "returns": MoneyReturn, "acceptability": Acceptability, "distribution": Bin, "costs_by_payer": PayerYear,
}  # fmt: skip


def _read_appraisal(data: Mapping[str, Any]) -> Appraisal:
    money = {name: _read_estimate(data.get(name)) for name in _MONEY}
    lists = {name: tuple(kind(**_numbers(item)) for item in data.get(name, ())) for name, kind in _MONEY_LISTS.items()}
    return Appraisal(**{
        **data, **money, **lists, "break_even": _numbers(data["break_even"]),
        "by_payer": tuple((item["payer"], item["cost"], item["benefit"]) for item in data["by_payer"]),
        "by_kind": tuple((item["kind"], item["cost"], item["benefit"]) for item in data["by_kind"]),
        "unpriced": tuple(data["unpriced"]), "cautions": tuple(data["cautions"]),
    })  # fmt: skip
