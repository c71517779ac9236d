"""What may be said of the money: one object decides, and every sentence, table and chart of it asks here."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records import Appraisal, Evaluation, MoneyLine
from evalkit.report.ladder import read
from evalkit.report.scales import is_finite
from evalkit.report.texts import plain


@dataclass(frozen=True)
class MoneyReading:
    """What may be printed of an appraisal.

    Attributes
    ----------
    appraisal : Appraisal
    priced : bool
        Benefits may be printed, with their range.
    why_not : str
        Why they may not; empty when they may, or when there is nothing to say.
    monitoring : bool
        The page may not speak of causes.
    without_data : bool
        Nothing was estimated here: the effect is assumed or borrowed, or there is none.
    simulated : bool
    unsettled : bool
        The interval of the change that is priced includes none: no title may lead with how likely a gain is.
    """

    appraisal: Appraisal
    priced: bool
    why_not: str
    monitoring: bool
    without_data: bool
    simulated: bool
    unsettled: bool = False

    @property
    def clear(self) -> bool:
        """True when a ratio may stand, and benefits may be led with."""
        return self.priced and not self.appraisal.ratio_withheld

    @property
    def break_even(self) -> str:
        """Sentence on where benefits equal costs, which owes nothing to the estimate; empty where not known."""
        return plain(str((self.appraisal.break_even or {}).get("sentence") or ""))

    @property
    def lines(self) -> list[MoneyLine]:
        """Lines of the ledger that may be printed."""
        return [line for line in self.appraisal.lines if self.priced or line.side == "cost"]

    @property
    def doubtful(self) -> list[MoneyLine]:
        """Printed lines whose figures were not checked at their source."""
        return [line for line in self.lines if line.status != "primary"]


def read_money(evaluation: Evaluation) -> MoneyReading | None:
    """Return what may be said of the money of a study; None where it has no appraisal.

    Notes
    -----
    With data, the analysis that is priced decides: it must not be monitoring, and no key check of it may speak against
    it; the appraisal withholds its ratio, and all that rests on one, for the same reasons. Without data (a borrowed or
    assumed effect) the appraisal decides: it holds no benefits where none may stand.
    """
    appraisal = evaluation.appraisal
    if appraisal is None:
        return None
    if not evaluation.analyses:
        monitoring = evaluation.level == "monitoring"
        priced = not monitoring and appraisal.benefit is not None and is_finite(appraisal.benefit.value)
        return MoneyReading(appraisal, priced, "", monitoring, True, evaluation.simulated)
    chosen = next((one for one in evaluation.analyses if one.id == appraisal.analysis), evaluation.primary)
    reading = read(evaluation, chosen)
    why_not = ""
    if reading.monitoring:
        why_not = "Benefits are not shown: a comparison over time cannot say what the programme is worth."
    elif not reading.reliable:
        why_not = "Benefits are not shown: a key check speaks against the result, so it is not priced."
    unsettled = reading.change is not None and reading.change.side == "across"
    return MoneyReading(
        appraisal, reading.may_price, why_not, reading.monitoring, False, evaluation.simulated, unsettled
    )


def without_own_data(evaluation: Evaluation) -> bool:
    """Say whether a study prices an effect that it did not estimate: it has an appraisal and no analysis."""
    return evaluation.appraisal is not None and not evaluation.analyses
