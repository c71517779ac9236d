"""What one event is worth: a benefit of the YAML, looked up in the reference tables and split by who gains."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from evalkit.appraisal.cost import ValueType
from evalkit.appraisal.economics import Benefit
from evalkit.appraisal.tables import CrimeCost, Reference, ServiceCost
from evalkit.errors import SpecError

VICTIMS = "Victims and society"
HOUSEHOLDS = "Households and businesses"
JUSTICE = "Police and criminal justice"
_KINDS: dict[str, ValueType] = {"fiscal": "fiscal", "economic": "economic", "social": "social"}
_CONSEQUENCE: dict[str, tuple[ValueType, str]] = {
    "physical_emotional_harm": ("social", ""), "lost_output": ("economic", ""),
    "property_stolen_or_damaged": ("economic", ""), "victim_services": ("economic", ""),
    "health_services": ("fiscal", "NHS"),
}  # fmt: skip
_RESPONSE: dict[str, tuple[ValueType, str]] = {
    "police": ("fiscal", "Police"), "other_cjs": ("fiscal", "Criminal Justice System"),
}  # fmt: skip

# Figures of the services table that price an offence or incident itself: anti-social behaviour, domestic violence, and
# the crimes numbered in its eighth section, each with its parts.
_INCIDENT = re.compile(r"service:gmca_cr(?:1_\d+|2_0|8_\d+)(?![^_])")
# Public services whose money a unit cost of crime holds.
_SERVICES = re.compile(r"\b(?:nhs|hospitals?|ambulances?|police|courts?|prisons?|probation|prosecution|justice)\b")


@dataclass(frozen=True)
class Part:
    """One part of a unit cost: what it is in words, who gains, and pounds in the table's own prices."""

    words: str
    kind: ValueType
    gainer: str
    printed: float


@dataclass(frozen=True)
class PricedBenefit:
    """A benefit of the YAML with what its reference table says.

    Attributes
    ----------
    index : int
        Place among the benefits of the YAML, from 0.
    benefit : Benefit
    label : str
        The unit cost as a reader names it.
    parts : tuple of Part
        Parts that add up to the unit cost that is used.
    price_year : str
        Prices of the parts; empty is refused before this record is made.
    events : float
        Priced events per unit of the outcome, with the multiplier.
    unit, edition, source, status, note : str
    declared_price_year : bool
        True when the table prints no price year and the YAML declares one.
    tags : frozenset of str
        Names by which the table of overlaps may call this line.
    """

    index: int
    benefit: Benefit
    label: str
    parts: tuple[Part, ...]
    price_year: str
    events: float
    unit: str = ""
    edition: str = ""
    source: str = ""
    status: str = "declared"
    note: str = ""
    declared_price_year: bool = False
    tags: frozenset[str] = frozenset()

    @property
    def printed(self) -> float:
        """Pounds per event in prices of `price_year`."""
        return sum(part.printed for part in self.parts)

    @property
    def crime(self) -> str:
        """Id of the offence, or empty when it is not a unit cost of crime."""
        kind, _, key = (self.benefit.unit_cost or "").partition(":")
        return key if kind == "crime" else ""

    @property
    def offence(self) -> str:
        """Whole figure of an offence or incident of which this is the cost or a part; empty for anything else."""
        figure = _INCIDENT.match(self.benefit.unit_cost or "")
        return self.crime or (figure.group() if figure else "")

    @property
    def public(self) -> bool:
        """True when public money is gained, by its type or by the name of who gains."""
        return any(part.kind == "fiscal" or _SERVICES.search(part.gainer.casefold()) for part in self.parts)


def price_benefit(index: int, benefit: Benefit, reference: Reference) -> PricedBenefit:
    """Return what one event of a benefit is worth, in the prices of its source.

    Raises
    ------
    SpecError
        When the unit cost or its edition is not in the tables, when it has no single value or no price year, or when
        a multiplier is applied to what is not police recorded crime of the same edition.
    """
    if benefit.unit_cost is None:
        return _declared(index, benefit)
    kind, _, key = benefit.unit_cost.partition(":")
    if kind == "crime" and any(row.offence_id == key for row in reference.crime):
        return _crime(index, benefit, _edition(index, benefit, key, reference))
    if kind == "service" and key in reference.services:
        return _service(index, benefit, reference.services[key])
    ids = [f"crime:{row.offence_id}" for row in reference.crime] + [f"service:{id_}" for id_ in reference.services]
    bare = next((name for name in ids if name.partition(":")[2] == (key or kind)), None)
    return _refuse(index, "unit_cost", f"there is no unit cost {benefit.unit_cost!r}",
                   _meant(benefit.unit_cost, ids, bare))  # fmt: skip


def _declared(index: int, benefit: Benefit) -> PricedBenefit:
    assert benefit.value is not None
    assert benefit.gainer is not None
    part = Part("", benefit.value_type or "social", benefit.gainer, benefit.value)
    return PricedBenefit(
        index, benefit, benefit.item, (part,), benefit.price_year or "", benefit.events_per_outcome,
        source=benefit.source or "", status=benefit.status or "declared", note=benefit.note,
    )  # fmt: skip


def _service(index: int, benefit: Benefit, row: ServiceCost) -> PricedBenefit:
    if benefit.multiplier == "apply":
        _refuse(index, "multiplier", "the multiplier turns police recorded crime into all crime; a count of services "
                "holds every event already", "write multiplier: none")  # fmt: skip
    for key in sorted(benefit.model_fields_set & {"edition", "anticipation"}):
        _refuse(index, key, f"`{key}` belongs to a unit cost of crime, not to {row.id}", "leave it out")
    if row.value is None:
        printed = f"a range, {row.low:g} to {row.high:g}" if row.low is not None and row.high is not None else "none"
        _refuse(index, "unit_cost", f"the table prints no single value for {row.id} ({printed})",
                "declare `value`, `price_year` and `source` instead")  # fmt: skip
    kind = _KINDS.get(row.value_type)
    if kind is None:
        found = f"{row.id} is a {row.value_type}, not the value of an event"
        _refuse(index, "unit_cost", found, "choose another unit cost")
    year = _price_year(index, benefit, row.price_year, row.id)
    part = Part("", kind, benefit.gainer or row.payer, row.value)
    cashable = f"cashability: {row.cashability}" if row.cashability else ""
    return PricedBenefit(
        index, benefit, row.item, (part,), year, benefit.events_per_outcome, unit=row.unit, source=row.source,
        status=row.status, note=_joined(benefit.note, row.unit, cashable, row.note),
        declared_price_year=not row.price_year, tags=frozenset({f"service:{row.id}", *_families(row.id)}),
    )  # fmt: skip


def _families(key: str) -> Iterator[str]:
    """Yield the figures that a service line belongs to: gmca_cr8_2_6 is one of gmca_cr8_2_*, and so is gmca_cr8_2."""
    words = key.split("_")
    yield from (f"service:{'_'.join(words[:number])}_*" for number in range(1, len(words) + 1))


def _crime(index: int, benefit: Benefit, row: CrimeCost) -> PricedBenefit:
    _same_thing(index, benefit, row)
    events = benefit.events_per_outcome * _multiplier(index, benefit, row)
    year = _price_year(index, benefit, row.price_year, row.offence_id)
    tags = {"crime:any", f"crime:{row.offence_id}", f"crime:{row.edition}", f"crime:{row.edition} edition",
            f"crime:{row.offence_id} {row.edition}"}  # fmt: skip
    if benefit.anticipation == "exclude" and not _has_parts(row):
        _refuse(index, "unit_cost", f"the {row.edition} unit cost of {row.offence_id} is not split into parts, so "
                "spending in anticipation of crime cannot be left out", "write anticipation: include")  # fmt: skip
    return PricedBenefit(
        index, benefit, f"{row.offence}, {row.edition} edition", crime_parts(row, benefit.anticipation, benefit.gainer),
        year, events, unit=row.unit, edition=row.edition, source=row.source, status=row.status,
        note=_joined(benefit.note, row.unit, row.note), declared_price_year=not row.price_year, tags=frozenset(tags),
    )  # fmt: skip


def _same_thing(index: int, benefit: Benefit, row: CrimeCost) -> None:
    """Raise where a cost per victim would be set against incidents, or a cost per crime against people."""
    if row.unit == "per victim" and benefit.outcome_is != "victims":
        _refuse(index, "outcome_is", f"{row.offence_id} is priced per victim, over all that happens to that person; "
                "one victim may stand behind many incidents", "count each victim once and write outcome_is: victims, "
                "or choose a unit cost per crime")  # fmt: skip
    if row.unit != "per victim" and benefit.outcome_is == "victims":
        _refuse(index, "outcome_is", f"{row.offence_id} is priced {row.unit or 'per crime'}, and the outcome counts "
                "victims", "write outcome_is: actual with events_per_outcome, or choose a cost per victim")  # fmt: skip


def crime_parts(row: CrimeCost, anticipation: str = "exclude", gainer: str | None = None) -> tuple[Part, ...]:
    """Return the parts of a unit cost of crime, as finely as its edition prints them.

    Parameters
    ----------
    row : CrimeCost
    anticipation : {'exclude', 'include'}
        exclude: consequence plus response alone; the publication advises this for small falls in crime.
    gainer : str, optional
        Who gains the consequences; the response always stands with police and criminal justice.

    Notes
    -----
    With anticipation the parts add up to the printed unit cost: what the publisher's rounding leaves over (at most
    £10) goes to the consequence. The response is fiscal. Consequences are split into fiscal, economic and social where
    the edition prints its sub-costs; otherwise they stand as social, because harm is by far the largest of them.
    """
    if not _has_parts(row):
        return (Part("whole unit cost, not split", "social", gainer or VICTIMS, row.unit_cost),)
    assert row.anticipation is not None
    assert row.consequence is not None
    assert row.response is not None
    rounding = row.unit_cost - row.anticipation - row.consequence - row.response if anticipation == "include" else 0.0
    parts = _split(row, _CONSEQUENCE, row.consequence, gainer or VICTIMS)
    if not parts:
        words = "consequence (harm, lost output, property and health services, not split in this edition)"
        parts = [Part(words, "social", gainer or VICTIMS, row.consequence)]
    parts[0] = Part(parts[0].words, parts[0].kind, parts[0].gainer, parts[0].printed + rounding)
    parts += _split(row, _RESPONSE, row.response, JUSTICE) or [Part("response", "fiscal", JUSTICE, row.response)]
    if anticipation == "include":
        parts.append(Part("spending in anticipation of crime", "economic", HOUSEHOLDS, row.anticipation))
    return tuple(parts)


def _has_parts(row: CrimeCost) -> bool:
    return None not in (row.anticipation, row.consequence, row.response)


def _split(row: CrimeCost, kinds: dict[str, tuple[ValueType, str]], total: float, gainer: str) -> list[Part]:
    """Return the sub-costs when the edition prints all of them, that is when they add up to the total."""
    known = {name: value for name in kinds if (value := row.parts[name]) is not None}
    if not known or abs(sum(known.values()) - total) > 0.5:
        return []
    return [Part(name.replace("other_cjs", "other criminal justice").replace("_", " "), kinds[name][0],
                 kinds[name][1] or gainer, value) for name, value in known.items()]  # fmt: skip


def _edition(index: int, benefit: Benefit, offence: str, reference: Reference) -> CrimeCost:
    """Return the row of the offence in the edition that the YAML names, or in the only edition there is."""
    rows = {row.edition: row for row in reference.crime if row.offence_id == offence}
    if benefit.edition is None:
        if len(rows) > 1:
            _refuse(index, "unit_cost", f"{offence} has several editions: {', '.join(rows)}",
                    f"write edition: {next(iter(rows))}, or another")  # fmt: skip
        return next(iter(rows.values()))
    if benefit.edition not in rows:
        _refuse(index, "edition", f"{offence} has no edition {benefit.edition!r}", _meant(benefit.edition, rows))
    return rows[benefit.edition]


def _multiplier(index: int, benefit: Benefit, row: CrimeCost) -> float:
    """Return how many offences stand behind one unit of the outcome; one unless the multiplier is asked for."""
    if benefit.multiplier == "none":
        return 1.0
    if benefit.outcome_is is None:
        _refuse(index, "multiplier", "the multiplier applies to police recorded crime only",
                "say what the outcome counts: outcome_is: recorded")  # fmt: skip
    if benefit.outcome_is != "recorded":
        _refuse(index, "multiplier", "the multiplier turns police recorded crime into all crime; a survey or hospital "
                "count must not be multiplied", "write multiplier: none")  # fmt: skip
    if row.multiplier is None:
        found = f"the {row.edition} edition has no multiplier for {row.offence_id}, and that of another edition"
        _refuse(index, "multiplier", f"{found} must not be used with it", "write multiplier: none, or another edition")
    return row.multiplier


def _price_year(index: int, benefit: Benefit, printed: str, name: str) -> str:
    """Return the price year of the table, or the declared one where the table prints none."""
    if not printed and benefit.price_year is None:
        _refuse(index, "unit_cost", f"the table prints no price year for {name}: publications disagree, or it is a "
                "calendar year", "read the publication and declare price_year")  # fmt: skip
    if printed and benefit.price_year not in (None, printed):
        found = f"{name} is in prices of {printed}, not {benefit.price_year}"
        _refuse(index, "price_year", found, "leave price_year out")
    return printed or str(benefit.price_year)


def _refuse(index: int, key: str, message: str, mend: str) -> NoReturn:
    raise SpecError(message, mend, f"economics.benefits.{index}.{key}")


def _meant(word: str, names: Iterable[str], sure: str | None = None) -> str:
    choices = list(dict.fromkeys(names))
    close = [sure] if sure else difflib.get_close_matches(word, choices, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"one of {', '.join(choices)}" if len(choices) < 12 else "see the ids in data/reference/unit_costs_*.csv"


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)
