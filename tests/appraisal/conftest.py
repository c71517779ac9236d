from collections.abc import Callable
from typing import Any

import pytest

from evalkit.appraisal import Economics, Reference

COST = {"item": "Team", "payer": "NHS", "price_year": "2024-25", "source": "Annual accounts", "amount": 500_000,
        "year": "2024-25"}  # fmt: skip
VIOLENCE = {"item": "Violence with injury avoided", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
            "outcome_is": "actual"}  # fmt: skip


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()


@pytest.fixture
def block() -> Callable[..., Economics]:
    """Return an economics block: one cost of £500,000 in 2024-25, violence with injury as the benefit."""

    def build(**changes: Any) -> Economics:
        document = {"price_base": "2024-25", "base_year": "2024-25", "costs": [COST], "benefits": [VIOLENCE]}
        return Economics.model_validate(document | changes)

    return build
