"""The check of starts that one place has to itself: its own noise cannot be seen in a clustered standard error."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.diagnostics.words import listed, several
from evalkit.records import Diagnostic


def lone_starts(lone: Sequence[tuple[str, str]], starts: int, noun: str, clustered: bool) -> Diagnostic:
    """Return whether every start has places enough to see how they vary.

    Parameters
    ----------
    lone : sequence of (str, str)
        Starts that one cluster has to itself, each with its unit or units.
    starts : int
        Number of different starts.
    noun : str
        What a cluster is called.
    clustered : bool
        Whether the interval of the headline is a clustered one, which leaves that noise out.

    Returns
    -------
    Diagnostic
        `lone_starts`: a sign against where some start stands alone; key where the headline's interval leaves the noise
        of all treated units out.
    """
    looked_at = f"The number of treated {noun}s behind each start"
    assumption = "Each start has places enough to see how they vary."
    if not lone:
        reading = f"Each of the {several(starts, 'start')} has two {noun}s or more."
        return Diagnostic("lone_starts", assumption, "no sign against", reading, statistic=0.0, looked_at=looked_at)
    who = listed([f"{units} ({start})" for start, units in lone])
    every = len(lone) == starts
    reading = (
        f"{several(len(lone), 'start')} of {starts} {'has' if len(lone) == 1 else 'have'} one {noun} each: {who}. What "
        "is particular to it cannot be told from the programme, so effects by that start alone stand without interval"
    )
    if clustered:
        reading += ", and the interval of the average leaves that noise out"
    return Diagnostic(
        "lone_starts", assumption, "sign against", f"{reading}.", statistic=float(len(lone)),
        key=clustered and every, looked_at=looked_at,
        short="some starts rest on one place each, whose own luck cannot be seen",
    )  # fmt: skip
