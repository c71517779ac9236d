"""Weights for the incomes of those who gain and pay: a pound is worth more to those who have less."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.appraisal.cost import Text
from evalkit.records import Block

Income = Annotated[float, Field(gt=0)]
ELASTICITY = 1.3


class IncomeWeights(Block):
    """Incomes of payers and gainers, for a scenario with distributional weights; others weigh one.

    References
    ----------
    HM Treasury, The Green Book, annex on distributional appraisal: elasticity of the marginal utility of income 1.3.
    """

    median_income: Income = Field(description="Median equivalised household income, pounds a year")
    incomes: dict[Text, Income] = Field(min_length=1, description="Income by payer or gainer, as named in the ledger")
    elasticity: Annotated[float, Field(gt=0, le=4)] = ELASTICITY
    source: Text

    def weight(self, name: str) -> float:
        """Return the weight of a payer or gainer."""
        incomes = {key.casefold(): income for key, income in self.incomes.items()}
        income = incomes.get(name.casefold())
        return 1.0 if income is None else distributional_weight(income, self.median_income, self.elasticity)


def distributional_weight(income: float, median_income: float, elasticity: float = ELASTICITY) -> float:
    """Return what a pound is worth to somebody with this income, one at the median.

    Notes
    -----
    ``(median / income) ** elasticity``.
    """
    return float((median_income / income) ** elasticity)
