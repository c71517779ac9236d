"""The plan fixed in advance: `lock` writes it down, and from then on every change of it needs an amendment.

`locks` is what is fixed and where it is kept; `completeness` what a study must say before; `changes` sets the study
file beside it; `amendments` replays what was amended; `dates` which dates may be borne; `seen` what earlier runs show;
`state` is the gate that `check` and every run pass through; `writing` puts the lines into the study file.
"""

from __future__ import annotations

from evalkit.registration.locks import FOLDER, Lock, lock_name, lock_path, lock_study, plan_of
from evalkit.registration.state import lock_inputs, reminders, require, state_of, with_lock
from evalkit.registration.writing import registration_lines, write_lines

__all__ = [
    "FOLDER",
    "Lock",
    "lock_inputs",
    "lock_name",
    "lock_path",
    "lock_study",
    "plan_of",
    "registration_lines",
    "reminders",
    "require",
    "state_of",
    "with_lock",
    "write_lines",
]
