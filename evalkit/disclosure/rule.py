"""Which counts are hidden and which are rounded: the profiles of data owners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLACES = 6
"""Decimals to which a number of events is known: a rate times its exposure misses whole numbers by less."""


@dataclass(frozen=True)
class DisclosureRule:
    """Which counts are hidden, and how the others are rounded.

    Attributes
    ----------
    profile : str
        police, hes or custom.
    smallest : int
        The smallest count that is shown; counts above 0 and below it are hidden.
    round_to : int or None
        Shown counts are rounded to the nearest multiple of it.
    zeros : bool
        Whether 0 is shown.
    national : bool
        Whether counts are national totals, which the rules of hospital data leave as published.
    also : tuple of (str, str)
        Group and period of further counts that the study hides.
    """

    profile: str
    smallest: int
    round_to: int | None = None
    zeros: bool = True
    national: bool = False
    also: tuple[tuple[str, str], ...] = ()

    def hides(self, events: float) -> bool:
        """Say whether a number of events may not be shown."""
        events = round(events, PLACES)
        return events < self.smallest and (events > 0 or not self.zeros)

    def rounded(self, events: float) -> float:
        """Return a number of events as it is shown, halves upwards; never down to one that is hidden."""
        if self.round_to is None or events <= 0:
            return events
        steps = int((round(events, PLACES) + self.round_to / 2) // self.round_to)
        return float(max(steps * self.round_to, self.round_to))

    @property
    def words(self) -> str:
        """The rule in one sentence for a reader."""
        if self.national:
            return "These are national totals, which the rules for hospital data leave as published."
        sentence = f"Counts from {1 if self.zeros else 0} to {self.smallest - 1} are hidden"
        if self.zeros:
            sentence += " (0 is shown)"
        if self.round_to:
            sentence += f", and other counts are rounded to the nearest {self.round_to}"
        return f"{sentence}. Further counts are hidden where a total would give one away."


PROFILES: Mapping[str, DisclosureRule] = {
    "police": DisclosureRule("police", smallest=5),
    "hes": DisclosureRule("hes", smallest=8, round_to=5),
}
"""Profiles whose numbers are set. hes: NHS England, rules for hospital episode statistics below national level."""


def rule_of(block: Mapping[str, Any] | None) -> DisclosureRule | None:
    """Return the rule of a study's `disclosure` block.

    Parameters
    ----------
    block : mapping or None
        `profile`, `min_cell`, `round_to`, `zeros`, `national`, `also_hidden`.

    Returns
    -------
    DisclosureRule or None
        None where the profile is none or no block is there. A profile with set numbers is made stricter by `min_cell`,
        `round_to` and `zeros`, never looser.
    """
    block = block or {}
    profile = block.get("profile") or "none"
    if profile == "none":
        return None
    base = PROFILES.get(profile) or DisclosureRule(profile, smallest=1)
    return DisclosureRule(
        profile, max(base.smallest, block.get("min_cell") or 1),
        max((base.round_to or 0, block.get("round_to") or 0)) or None,
        zeros=base.zeros and block.get("zeros", True), national=bool(block.get("national")),
        also=tuple((cell["group"], str(cell["period"])) for cell in block.get("also_hidden") or ()),
    )  # fmt: skip
