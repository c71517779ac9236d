"""JSON Schema of a study file, from the models: editors complete and check from it."""

from __future__ import annotations

import json
from typing import Any

from evalkit.spec.study import Study

ADDRESS = "evalkit/schema/evaluation.json"


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a study file."""
    schema = Study.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "evalkit study file",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def schema_text() -> str:
    """Return the schema as it is committed under `evalkit/schema/`."""
    return json.dumps(study_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
