"""Whether a headline moved too far since the last release, by its result alone: quick, since every build asks it."""

from __future__ import annotations

import json
from pathlib import Path


def moved_beyond(study: str, results: Path) -> bool:
    """Say whether the headline of a study moved further than it tolerates since the last release."""
    try:
        block = json.loads((results / study / "result.json").read_bytes()).get("releases") or {}
    except (OSError, ValueError, AttributeError):
        return False
    return bool((block.get("move") or {}).get("beyond"))
