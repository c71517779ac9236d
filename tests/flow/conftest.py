"""A study that is planned, and the same study once it is locked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import registration
from evalkit.spec.loading import Spec, load_spec
from tests.flow.plans import DATE, PLAN

Write = Callable[..., Path]


@pytest.fixture
def plan(write_study: Write) -> Callable[..., Spec]:
    """Write the study file, changed by pairs of old and new text, and load it; its data are not there."""

    def loaded(*pairs: tuple[str, str], text: str = PLAN) -> Spec:
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return load_spec(write_study(text), planned=True)

    return loaded


@pytest.fixture
def locked(plan: Callable[..., Spec]) -> Callable[..., Spec]:
    """The same, once the study is locked."""
    lock = registration.lock_study(plan(), DATE)

    def loaded(*pairs: tuple[str, str], amendments: str = "") -> Spec:
        lines = "".join(f"  {line}\n" for line in registration.registration_lines(lock))
        text = PLAN + lines + (f"  amendments:\n{amendments}" if amendments else "")
        return plan(*pairs, text=text)

    return loaded
