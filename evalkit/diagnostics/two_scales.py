"""Whether the answer hangs on comparing amounts or percent."""

from __future__ import annotations

from evalkit.diagnostics.words import judged
from evalkit.records import Diagnostic

SCALE = "The result does not hang on whether paths are parallel in amounts or in percent."


def scale_of_the_outcome(own: float, other: float, scale: str, clear_own: bool, clear_other: bool) -> Diagnostic:
    """Return whether the estimate on the other scale says the same.

    Parameters
    ----------
    own, other : float
        Change in percent on the study's own scale, and on the other one.
    scale : {'identity', 'log'}
        The study's own scale.
    clear_own, clear_other : bool
        Whether the interval of each lies clear of no effect.

    Notes
    -----
    Sign against: the two have opposite signs and one lies clear of no effect. Opposite signs of which neither does
    are too weak to tell: never no sign against. Paths parallel in amounts are not parallel in percent unless levels are
    alike: Roth and Sant'Anna (2023), Econometrica 91, 737-747.
    """
    opposite = own * other < 0.0
    turned = opposite and (clear_own or clear_other)
    first, second = ("percent", "amounts") if scale == "log" else ("amounts", "percent")
    reading = (
        f"With paths parallel in {first} the change is {own:+.3g}%, with paths parallel in {second} {other:+.3g}%."
    )
    if opposite and not turned:
        reading += " The direction turns round, and the two are too weak to tell which one holds."
    return Diagnostic(
        "scale_of_the_outcome", SCALE, judged(turned, weak=opposite), reading, statistic=other - own,
        looked_at="The same estimate on the other scale, both read in percent",
        short="the direction depends on comparing amounts or percent" if turned else "",
    )  # fmt: skip


def scale_not_run(reason: str) -> Diagnostic:
    """Return that the other scale could not be tried, with the reason, a sentence."""
    return Diagnostic("scale_of_the_outcome", SCALE, "not run", reason, looked_at="Nothing")
