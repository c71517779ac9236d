"""Optimism bias: how much more a programme tends to cost, and how much less it tends to bring, than its plan says."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from evalkit.errors import SpecError
from evalkit.records import Block

if TYPE_CHECKING:
    from evalkit.appraisal.economics import Economics
    from evalkit.appraisal.tables import OptimismRow, Reference

MOST = 5.0


def _share(value: object) -> object:
    """Return a share or a key; a number of percent is refused."""
    if isinstance(value, int | float) and not isinstance(value, bool) and not -1.0 < value <= MOST:
        raise ValueError(f"{value:g} is a share of the amount: write {value / 100:g} for {value:g}%")
    return value


Bias = Annotated[float | str, BeforeValidator(_share)]


class OptimismBias(Block):
    """Adjustments of all costs and all benefits: shares, or grades of the table optimism_bias."""

    costs: Bias = Field(0.0, description="Share added to every cost, such as 0.1, or a key of the table: grade_3")
    benefits: Bias = Field(0.0, description="Share added to every benefit, such as -0.15, or a key: grade_3")


@dataclass(frozen=True)
class Adjustment:
    """A share that is added, and where it comes from; status as in the reference tables."""

    share: float
    words: str
    source: str = ""
    status: str = "declared"


NONE = Adjustment(0.0, "")


def adjustment(
    bias: float | str, side: Literal["cost", "benefit"], capital: bool, reference: Reference, where: str
) -> Adjustment:
    """Return the adjustment that a share or a key of the table asks for.

    Parameters
    ----------
    bias : float or str
        A share; `grade_1` to `grade_6`; or a kind of project, such as `standard_buildings` (upper bound) or
        `standard_buildings lower`.
    side : {'cost', 'benefit'}
    capital : bool
        Whether a cost is capital: bounds by kind of project differ between capital and running costs.
    reference : Reference
    where : str
        Dotted key, for the problem.

    Raises
    ------
    SpecError
        When the table has no such key, or no figure for this side.
    """
    if not isinstance(bias, str):
        if side == "cost" and bias < 0:
            raise SpecError(
                f"optimism bias takes {-100 * bias:g}% off costs", f"it raises them: write {-bias:g}", where
            )
        if side == "benefit" and bias > 0:
            raise SpecError(
                f"optimism bias adds {100 * bias:g}% to benefits",
                f"it lowers them: write {-bias:g}", where,
            )  # fmt: skip
        return Adjustment(bias, f"{100 * bias:+g}% by declaration".replace("-", "−")) if bias else NONE
    key, _, bound = bias.partition(" ")
    rows = reference.optimism
    if key not in rows or bound not in ("", "upper", "lower"):
        close = difflib.get_close_matches(bias, rows, n=1)
        mend = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(rows)}, or a share such as 0.1"
        raise SpecError(f"there is no optimism bias {bias!r}", mend, where)
    row = rows[key]
    share = _of_row(row, side, capital, bound or "upper")
    if share is None:
        kind = "benefits" if side == "benefit" else "capital costs" if capital else "running costs"
        raise SpecError(f"{key} has no figure for {kind}", "choose another key, or write a share", where)
    words = f"{100 * share:+g}% ({key.replace('_', ' ')}{f', {bound} bound' if bound else ''})".replace("-", "−")
    return Adjustment(share, words, row.source, row.status)


def cost_biases(economics: Economics, reference: Reference) -> list[Adjustment]:
    """Return the adjustment of each cost for optimism: its own, or that of the block."""
    whole = economics.optimism_bias
    found = []
    for index, cost in enumerate(economics.costs):
        own, where = cost.optimism_bias, f"economics.costs.{index}.optimism_bias"
        if own is None:
            own, where = (whole.costs, "economics.optimism_bias.costs") if whole else (0.0, where)
        found.append(adjustment(own, "cost", cost.kind == "capital", reference, where) if own else NONE)
    return found


def benefit_bias(economics: Economics, reference: Reference) -> Adjustment:
    """Return the adjustment of benefits for optimism."""
    if economics.optimism_bias is None or not economics.optimism_bias.benefits:
        return NONE
    where = "economics.optimism_bias.benefits"
    return adjustment(economics.optimism_bias.benefits, "benefit", False, reference, where)


def _of_row(row: OptimismRow, side: str, capital: bool, bound: str) -> float | None:
    if row.grade:
        return row.cost if side == "cost" else row.benefit
    if side == "benefit":
        return None
    return row.bounds[("capital" if capital else "running", bound)]
