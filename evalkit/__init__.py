"""evalkit: evaluate programmes from a YAML file, honestly, and make a page that a commissioner can read.

>>> import evalkit
>>> evaluation = evalkit.load("seat-belts")  # doctest: +SKIP
>>> evaluation.effects()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.errors import DataError, DesignError, EvalkitError, SpecError
    from evalkit.notebook import Evaluation, evaluate, load, load_spec

__version__ = "0.1.0"
__all__ = ["DataError", "DesignError", "EvalkitError", "Evaluation", "SpecError", "evaluate", "load", "load_spec"]

_WHERE = {**dict.fromkeys(("Evaluation", "evaluate", "load", "load_spec"), "evalkit.notebook"),
          **dict.fromkeys(("DataError", "DesignError", "EvalkitError", "SpecError"), "evalkit.errors")}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import evalkit` itself stays quick."""
    if name in _WHERE:
        import importlib

        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
