"""Whether places next to those with the programme changed with it, as they would if it reached them or moved harm."""

from __future__ import annotations

from evalkit.diagnostics.words import figure, judged, reaches, several
from evalkit.records import Diagnostic, Verdict

NEXT_DOOR = "What happened where the programme ran did not change the outcome in the places next to it."
WHERE_IT_RAN = "that where the programme ran"
LOOKED_AT = "The change in places that adjoin those with the programme, beside places that adjoin none"


def spillover_not_run(reason: str) -> Diagnostic:
    """Return that neighbours were not looked at, with the reason, a sentence or several."""
    return Diagnostic("spillover_to_neighbours", NEXT_DOOR, "not run", reason, looked_at="Nothing")


def spillover_to_neighbours(
    neighbours: int,
    others: int,
    change: tuple[float, float | None, float | None],
    measure: str,
    headline: float,
    left_out: bool,
    how: str,
) -> Diagnostic:
    """Return whether neighbours of places with the programme changed when it began next door.

    Parameters
    ----------
    neighbours, others : int
        Number of places without the programme that adjoin one with it, and of those that adjoin none.
    change : (float, float or None, float or None)
        Estimate for the neighbours as if the programme had begun there too, with its bounds, in `measure`.
    measure : str
        percent, or the outcome's unit.
    headline : float
        The effect where the programme ran, in the same measure.
    left_out : bool
        Whether the headline leaves these neighbours out of its comparison.
    how : str
        Estimator and inference, in words.

    Notes
    -----
    Sign against: the interval lies clear of no change. Too weak to tell: else, where it holds a change as large as the
    headline. No interval, no verdict. Places further apart than next door can hide what moved: no sign against is not
    evidence that nothing did.
    """
    value, low, high = change
    bounds = "" if low is None or high is None else f" ({_amount(low, measure)} to {_amount(high, measure)})"
    reading = (
        f"Taken as if the programme had begun there too, the {several(neighbours, 'place')} next to places with it "
        f"changed by {_amount(value, measure)}{bounds}, beside the {several(others, 'place')} that "
        f"{'adjoins' if others == 1 else 'adjoin'} none ({how})."
    )
    against = low is not None and high is not None and (low > 0.0 or high < 0.0)
    weak = not against and reaches(low, high, headline)
    if against:
        reading += " " + _meaning(value * headline > 0.0, left_out)
    elif bounds:
        reading += " The interval includes no change."
        reading += f" That is too weak to tell: a change as large as {WHERE_IT_RAN} is in it as well." if weak else ""
    else:
        reading += " There is no interval, so chance is not told from a change."
    verdict: Verdict = judged(against, weak) if bounds else "not run"
    return Diagnostic(
        "spillover_to_neighbours", NEXT_DOOR, verdict, reading, statistic=value, low=low, high=high,
        looked_at=LOOKED_AT, short="places next to the programme changed when it began" if against else "",
    )  # fmt: skip


def _meaning(same: bool, left_out: bool) -> str:
    """Return what a change next door says of the headline."""
    which = "the same way as" if same else "the other way than"
    words = f"They moved {which} the places with the programme"
    words += "." if same else ", as they would if what it drove away went next door."
    if left_out:
        return f"{words} They are left out of the comparison."
    return f"{words} They are in the comparison, which makes the effect look {'smaller' if same else 'larger'}."


def _amount(value: float, measure: str) -> str:
    """Return a signed change with its unit."""
    sign = "+" if value > 0 else "-" if value < 0 else ""
    size = figure(abs(value))
    return f"{sign}{size}%" if measure == "percent" else f"{sign}{size} {measure}".rstrip()
