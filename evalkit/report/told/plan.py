"""The plan: when it was fixed, where it is registered, what was changed since, and what was done otherwise (E7, E8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.arrangements import SEEN, kind_words
from evalkit.report.exhibits import Exhibits
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.summary import kind_of
from evalkit.report.told.stated import NOT_STATED, counted, dated, stated, table_of_words
from evalkit.report.words import capital
from evalkit.report.written_dates import in_words

FIGURES: tuple[Drawn, ...] = ()
LENGTH = 64
"""Signs of a fingerprint written in full (SHA-256, hexadecimal); a shorter one cannot be set beside another."""
NEVER = "Never fixed in advance: nothing shows what was decided before the numbers were seen."
BY_ACCOUNT = "By the authors’ own account, which nothing here can show: {seen}"
NOT_YET = "Not fixed yet: the plan can still change."
NO_CHANGE = "No change of the plan is recorded."
STATED = ("The study file gives the date on which the plan was fixed. No copy of the plan from that day is kept here, "
          "so it cannot be shown that nothing was changed since.")  # fmt: skip
NOT_RECORDED = ("The date on which the plan was fixed is stated, not recorded: the copy of the plan was made {day}. "
                "Nothing here shows that it stood so before.")  # fmt: skip
SAME = "The plan in this study file is the one that was fixed: the fingerprints agree."
OTHER = ("The fingerprint that was fixed is not that of the plan in this study file, so this page cannot show that the "
         "two are the same.")  # fmt: skip
STATES = {"as_locked": "As it was fixed", "amended": "Changed since, with a record of each change",
          "not_as_locked": "Not as it was fixed"}  # fmt: skip
"""How the plan stands to the one that was fixed, for the card; what cannot be told is left out."""
SIGHT = "the outcome data had been seen"
LATE = "The plan was fixed after the outcome data had been seen, so it is no guard against choosing by the result."
CHANGED = ("Part of the plan", "As it was fixed", "Now", "Date of the change on record")
AMENDED = ("Date", "What was changed", "From", "To", "Why", "What had been seen")
DEVIATED = ("Date", "What was done otherwise", "Why", "What had been seen")


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the card of the plan, what of it is not as fixed, its changes, and what was done otherwise."""
    block = evaluation.study.get("registration") or {}
    amendments, deviations = list(block.get("amendments") or ()), list(block.get("deviations") or ())
    unchanged = NO_CHANGE if block.get("locked_at") and not amendments and not deviations else ""
    differ = list((evaluation.protocol or {}).get("changes") or ())
    tables = [
        table_of_words(
            "tbl-not-as-fixed", "Parts of the plan that are not as they were fixed", CHANGED, [*map(_differs, differ)]
        ),
        table_of_words("tbl-amendments", "Changes of the plan", AMENDED, [*map(_amended, amendments)]),
        table_of_words("tbl-deviations", "Done otherwise than planned", DEVIATED, [*map(_deviated, deviations)]),
    ]
    told = [
        _not_as_fixed(evaluation, len(differ)),
        _changes(amendments, "change of the plan is", "changes of the plan are"),
        _changes(deviations, "thing done otherwise than planned is", "things done otherwise than planned are"),
    ]
    card = part("", [_fixed(block, evaluation), _fingerprints(evaluation), unchanged], _card(block, evaluation))
    title = "What was changed since" if block.get("locked_at") else "What was changed or done otherwise"
    return [*card, *part(title, told, blocks=[exhibits.table(table) for table in tables])]


def _fixed(block: Mapping[str, Any], evaluation: Evaluation) -> str:
    """Return that the plan was not fixed before the numbers were seen; empty for one that was: the card says when."""
    if block.get("locked_at"):
        shown = STATED if (evaluation.protocol or {}).get("state") == "stated" else _dated(evaluation.protocol or {})
        late = LATE if block.get("data_seen_before_lock") == "outcome_data" else ""
        return " ".join(sentence for sentence in (late, shown) if sentence)
    return NOT_YET if kind_of(evaluation) == "protocol" else NEVER


def _dated(protocol: Mapping[str, Any]) -> str:
    """Return that the date was told to evalkit, not recorded by it; empty where it was recorded."""
    if protocol.get("dated") != "stated":
        return ""
    written = protocol.get("written_at")
    return NOT_RECORDED.format(day=f"on {in_words(written)}" if written else "on a day that is not known")


def _fingerprints(evaluation: Evaluation) -> str:
    """Return whether the plan that was fixed is the plan of this study file; empty where it cannot be told."""
    if (evaluation.protocol or {}).get("state") == "amended":
        return ""  # which parts differ is said where the changes stand
    fixed, now = _fingerprint(evaluation), _fingerprint_now(evaluation)
    if len(fixed) != LENGTH or not now:
        return ""
    return SAME if fixed == now else OTHER


def _card(block: Mapping[str, Any], evaluation: Evaluation) -> list[tuple[str, str]]:
    registry = (evaluation.study.get("governance") or {}).get("registry") or {}
    places = [*(stated(registry.get(key), "") for key in ("name", "id", "url")), stated(block.get("registry_url"), "")]
    fixed, now = stated(block.get("protocol_sha256"), ""), _fingerprint_now(evaluation)
    kinds = [kind_words(kind, evaluation) for kind in evaluation.study.get("evaluation_types") or ()]
    pairs = [
        ("Fixed on", dated(block.get("locked_at"), "Not yet" if kind_of(evaluation) == "protocol" else "Never")),
        ("The plan now", STATES.get(str((evaluation.protocol or {}).get("state")), "")),
        _before(block),
        ("Registered at", ", ".join(dict.fromkeys(place for place in places if place)) or NOT_STATED),
        ("Fingerprint of the plan", fixed),
        ("Fingerprint of this study file’s plan", "" if now == _fingerprint(evaluation) else now),
        ("Last look planned", dated(block.get("final_look"))),
        ("Kinds of evaluation", stated(kinds)),
    ]
    return [(term, text) for term, text in pairs if text]


def _before(block: Mapping[str, Any]) -> tuple[str, str]:
    """Return what had been seen; of a plan that was never fixed that is the authors' word alone."""
    seen = block.get("data_seen_before_lock")
    if block.get("locked_at"):
        return "Seen before it was fixed", _seen(seen)
    return "What had been seen", BY_ACCOUNT.format(seen=SEEN[str(seen)]) if str(seen) in SEEN else ""


def _fingerprint(evaluation: Evaluation) -> str:
    """Return the fingerprint that the study file gives for the plan as it was fixed."""
    return stated((evaluation.study.get("registration") or {}).get("protocol_sha256"), "").lower()


def _fingerprint_now(evaluation: Evaluation) -> str:
    """Return the fingerprint of the plan as the study file holds it now."""
    if evaluation.protocol and evaluation.protocol["locked_sha256"]:
        return str(evaluation.protocol["now_sha256"])
    return "" if evaluation.provenance is None else evaluation.provenance.protocol_sha256


def _not_as_fixed(evaluation: Evaluation, count: int) -> str:
    """Return how many parts of the plan are not as they were fixed, and whether each has a record."""
    if not count:
        return ""
    which = counted(count, "part of the plan is not as it was fixed", "parts of the plan are not as they were fixed")
    amended = (evaluation.protocol or {}).get("state") == "amended"
    return f"{which}. {'Each change is on record.' if amended else 'Not every change is on record.'}"


def _differs(row: Mapping[str, Any]) -> list[str]:
    dates = ", ".join(map(dated, row.get("amended") or ()))
    return [str(row["field"]), stated(row.get("from"), "Not there"), stated(row.get("to"), "Not there"),
            dates or "None"]  # fmt: skip


def _changes(rows: Sequence[Mapping[str, Any]], one: str, several: str) -> str:
    """Return how many changes there are, and how many of them came after the outcomes had been seen."""
    if not rows:
        return ""
    late = sum(_sight(row) == "outcome_data" for row in rows)
    if len(rows) == 1:
        return f"{counted(1, one, several)} recorded, {'made after' if late else 'made before'} {SIGHT}."
    which = {0: "none", len(rows): "all"}.get(late, number(late, 0))
    return f"{counted(len(rows), one, several)} recorded, {which} of them made after {SIGHT}."


def _amended(row: Mapping[str, Any]) -> list[str]:
    words = (stated(row.get(key)) for key in ("field", "from", "to", "reason"))
    return [dated(row.get("date")), *words, _seen(_sight(row))]


def _deviated(row: Mapping[str, Any]) -> list[str]:
    return [dated(row.get("date")), *(stated(row.get(key)) for key in ("what", "why")), _seen(_sight(row))]


def _sight(row: Mapping[str, Any]) -> str:
    """Return what had been seen before a change; the worst is taken where it is not said, as the study file does."""
    return str(row.get("data_seen") or "outcome_data")


def _seen(choice: Any) -> str:
    return capital(SEEN.get(str(choice), NOT_STATED))
