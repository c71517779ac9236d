"""How the interval was made, in plain words: which rule, why, what it takes as given, what it cannot find."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.records import Analysis
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import number
from evalkit.report.result_tables import p_words
from evalkit.report.rule_words import DOES, plain_nouns, plain_reason
from evalkit.report.words import HIGHEST_P, capital


@dataclass(frozen=True)
class Method:
    """A way of inference for a reader: its name, what is done, and what must hold for it."""

    name: str
    done: str
    given: str


ESTIMATORS = {
    "two_way_fixed_effects": "Two-way fixed effects",
    "event_study": "Event study",
    "callaway_santanna": "Callaway and Sant'Anna",
    "sun_abraham": "Sun and Abraham",
    "imputation": "Imputation (Borusyak, Jaravel and Spiess)",
    "poisson": "Poisson regression",
    "synthetic_control": "Synthetic control",
    "synthetic_did": "Synthetic difference in differences",
}
"""Names of estimators by the word of the study file."""
PROPER = ("callaway_santanna", "sun_abraham")
"""Those that are named after people."""
METHODS = {
    "cluster_robust": Method(
        "Cluster-robust standard errors",
        "How sure the estimate is was read off how much places differ from each other, each place as a whole.",
        "Places do not move together for reasons that the model leaves out, and there are many, with the programme and "
        "without it.",
    ),
    "wild_bootstrap": Method(
        "Wild cluster bootstrap",
        "The study was repeated on made-up data with no effect, in which what the model leaves over was kept or turned "
        "about at random, a place at a time. The result was set among those.",
        "Places do not move together for reasons that the model leaves out, and enough of them have the programme.",
    ),
    "randomisation": Method(
        "Randomisation inference",
        "In thought the programme was given to other sets of places. The result was set among what comes out there.",
        "Each set of places was as likely to be treated. Where larger or more variable places are treated, that is not "
        "so.",
    ),
    "ferman_pinto": Method(
        "Ferman and Pinto, for one treated place",
        "How much a single place moves by itself was read off the places without the programme, allowing for size.",
        "The treated place varies as the others do, apart from its size.",
    ),
    "conley_taber": Method(
        "Conley and Taber, for few treated places",
        "How much places move by themselves was read off the places without the programme.",
        "The treated places vary as the others do, whatever their size.",
    ),
    "placebo": Method(
        "Placebos in space",
        "Other places were put in place of the treated. The result was set among what the method finds there.",
        "Each place was as likely to be treated, and is as well matched by the others.",
    ),
    "classical": Method(
        "Classical standard errors",
        "How sure the estimate is was read off how much single rows differ within their group.",
        "Rows are independent of each other and vary alike. Whatever all rows of a group and period have in common is "
        "not in the interval, so it may be too narrow.",
    ),
    "robust": Method(
        "Heteroscedasticity-robust standard errors",
        "How sure the estimate is was read off how much single rows differ, which may be more in some groups.",
        "Rows are independent of each other. Whatever all rows of a group and period have in common is not in the "
        "interval, so it may be too narrow.",
    ),
    "none": Method("None", "There is no interval.", ""),
}  # fmt: skip
"""By the method that a result names."""
METHODS["clustered"] = METHODS["cluster_robust"]


def method_of(analysis: Analysis) -> Method | None:
    """Return the way of inference in words; None where the result names none that has words."""
    return METHODS.get(str((analysis.result.inference or {}).get("method") or ""))


def inference_pairs(analysis: Analysis) -> list[tuple[str, str]]:
    """Return rule, reason, what is given, the smallest p-value, assignments and seed as terms with their words.

    Empty where the result names no way of inference.
    """
    inference, method = analysis.result.inference or {}, method_of(analysis)
    if method is None or not inference.get("reason"):
        return []
    pairs = [
        ("Rule used", as_compared(f"{method.name}. {method.done}", analysis)),
        ("Why this one", _sentence(plain_reason(str(inference["reason"])))),
        ("What it takes as given", as_compared(method.given, analysis)),
        ("p-value", _sureness(analysis)),
        ("Smallest p-value that could come out", _smallest(inference)),
        ("Drawn at random", _drawn(inference)),
    ]
    return [(term, words) for term, words in pairs if words]


def estimator_pairs(analysis: Analysis) -> list[tuple[str, str]]:
    """Return the estimator, who chose it, by which rule and why; empty where the design has one alone."""
    known = analysis.result.estimator or {}
    if not known.get("name"):
        return []
    by_rule = known.get("chosen_by") == "rule"
    name = ESTIMATORS.get(str(known["name"]), capital(str(known["name"]).replace("_", " ")))
    return [pair for pair in (
        ("Estimator", f"{name}, {'chosen by the rule below' if by_rule else 'named by the study file'}. "
                      f"{DOES.get(str(known['name']), '')}".strip()),
        ("Rule for the estimator", _named(str(known.get("rule") or "")) if by_rule else ""),
        ("Why this estimator", _named(str(known.get("reason") or "")) if by_rule else ""),
    ) if pair[1]]  # fmt: skip


def terminal_rules(analysis: Analysis) -> list[str]:
    """Return which estimator and which inference ran and why, a line each for a terminal; nothing where not known."""
    estimator, inference = dict(estimator_pairs(analysis)), dict(inference_pairs(analysis))
    told = []
    if "Estimator" in estimator:
        name = estimator["Estimator"].replace("chosen by the rule below", "chosen by the rule of METHODS.md")
        told.append(" ".join(["Estimator:", name, estimator.get("Why this estimator", "")]).rstrip())
    if "Rule used" in inference:
        told.append(f"How sure: {inference['Rule used'].partition('.')[0]}. {inference['Why this one']}")
    return told


def given_by_estimator(analysis: Analysis) -> list[str]:
    """Return what the estimator that ran takes as given; empty where the result does not say."""
    return [str(text) for text in (analysis.result.estimator or {}).get("assumptions") or ()]


def _sureness(analysis: Analysis) -> str:
    effect = analysis.result.effect
    if effect.p_value is None:
        return ""
    open_ends = any(end in (float("inf"), float("-inf")) for end in (effect.low, effect.high))
    without = " The interval has an open end: on that side no effect is too large to fit." if open_ends else ""
    return f"p = {p_words(effect.p_value)}.{without}".replace("p = under", "p under")


def _smallest(inference: Mapping[str, Any]) -> str:
    """Return the smallest p-value with what it comes from; empty where it is not limited."""
    smallest, assignments = inference.get("smallest_p"), inference.get("assignments")
    if smallest is None:
        return ""
    cases = f", with {number(assignments, 0)} cases to compare" if assignments else ""
    late = ". No result could have counted" if smallest > HIGHEST_P else ""
    return f"{capital(p_words(smallest))}{cases}{late}."


def _drawn(inference: Mapping[str, Any]) -> str:
    """Return how much was drawn and from which seed; empty where everything was listed."""
    draws, seed = inference.get("draws"), inference.get("seed")
    if seed is None or not draws:
        return ""
    return f"{number(draws, 0)} draws from seed {seed}."


def _named(text: str) -> str:
    """Return a sentence in which estimators go by their names and not by the words of the study file."""
    for option, name in ESTIMATORS.items():
        inner = name if option in PROPER else f"{name[:1].lower()}{name[1:]}"
        text = re.sub(rf"\b{option}\b", inner, text)
    return _sentence(plain_nouns(text))


def _sentence(text: str) -> str:
    text = capital(text.strip())
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."
