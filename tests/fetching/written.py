"""Lists of sources, written into an empty project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

EXTRACT = {"kind": "extract", "keep": {"area": "area", "n": "n"}, "key": ["area"]}


def source(**changed: Any) -> dict[str, Any]:
    entry = {"title": "T", "publisher": "P", "licence": "L", "address": "https://example.org/x.csv",
             "file": "data/raw/x.csv", "tables": [{"path": "data/tidy/x.csv", "reader": EXTRACT}]}  # fmt: skip
    return {key: value for key, value in {**entry, **changed}.items() if value != "absent"}


def written(project: Path, **sources: Any) -> Path:
    (project / "data").mkdir(exist_ok=True)
    named = {name.replace("_", "-"): entry for name, entry in sources.items()}
    (project / "data/sources.yaml").write_text(yaml.safe_dump({"evalkit": 1, "sources": named}, sort_keys=False))
    return project


def extract_of(**changed: Any) -> dict[str, Any]:
    return {"file": "x_tidy.csv", "sha256": "0" * 64, "reader": EXTRACT, **changed}
