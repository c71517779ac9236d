"""Which design can be used: a few questions, for the page of the gallery and for the terminal.

Both print the same words: those of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.diagnostics.series import FEW_POINTS
from evalkit.report.numbers import number
from evalkit.report.particulars import design_title
from evalkit.spec.scaffold import DESIGNS as SCAFFOLDED


@dataclass(frozen=True)
class Step:
    """One question, and where its two answers lead: to another question, or to a design."""

    ask: str
    yes: str
    no: str


STEPS = (
    Step("ask_measured", yes="ask_others", no="ask_elsewhere"),
    Step("ask_others", yes="ask_alike", no="ask_series"),
    Step("ask_alike", yes="difference_in_differences", no="ask_series"),
    Step("ask_series", yes="interrupted_time_series", no="before_after"),
    Step("ask_elsewhere", yes="appraisal_only", no="theory_only"),
)
SAYS = {
    "difference_in_differences": "can_difference_in_differences",
    "interrupted_time_series": "can_interrupted_time_series",
    "before_after": "can_before_after",
    "appraisal_only": "can_appraisal_only",
    "theory_only": "can_theory_only",
}
"""What each design can say, the strongest first."""


@dataclass(frozen=True)
class Answer:
    """One answer of a question.

    Attributes
    ----------
    word : str
        Yes or no.
    leads : str
        Where it leads, in words.
    anchor : str
        Id on the page of what it leads to.
    """

    word: str
    leads: str
    anchor: str


@dataclass(frozen=True)
class Question:
    """One question of the guide, with its number, its text and both answers."""

    number: int
    text: str
    answers: tuple[Answer, Answer]

    @property
    def anchor(self) -> str:
        """Id on the page."""
        return f"question-{self.number}"


@dataclass(frozen=True)
class Choice:
    """A design: its kind, its name, what it can say, and how to begin."""

    kind: str
    title: str
    can: str
    begin: str


@dataclass(frozen=True)
class Guide:
    """The questions, the designs they lead to, and what holds for every design."""

    questions: tuple[Question, ...]
    choices: tuple[Choice, ...]
    notes: tuple[str, ...]


def guide(words: Mapping[str, str]) -> Guide:
    """Return the guide in the words of the site.

    Parameters
    ----------
    words : mapping
        Group `guide` of the catalogue.
    """
    numbers = {step.ask: place for place, step in enumerate(STEPS, start=1)}

    def answer(word: str, target: str) -> Answer:
        if target in numbers:
            return Answer(words[word], words["go"].format(number=numbers[target]), f"question-{numbers[target]}")
        return Answer(words[word], f"{design_title(target)}.", target)

    asked = {"ask_series": {"points": number(FEW_POINTS)}}
    questions = [Question(numbers[step.ask], words[step.ask].format(**asked.get(step.ask, {})),
                          (answer("yes", step.yes), answer("no", step.no)))
                 for step in STEPS]  # fmt: skip
    choices = [Choice(kind, design_title(kind), words[name], words["begin"].format(command=_command(kind)))
               for kind, name in SAYS.items()]  # fmt: skip
    return Guide(tuple(questions), tuple(choices), (words["lots"], words["small"]))


def guide_text(words: Mapping[str, str]) -> list[str]:
    """Return the guide as lines for the terminal; empty lines part its paragraphs."""
    made = guide(words)
    lines: list[str] = []
    for question in made.questions:
        lines += [f"{question.number}. {question.text}",
                  *(f"   {answer.word}: {answer.leads}" for answer in question.answers), ""]  # fmt: skip
    for choice in made.choices:
        lines += [choice.title, f"   {choice.can}", f"   {choice.begin}", ""]
    return [*lines, *made.notes]


def _command(kind: str) -> str:
    """Return how a study of a design is begun."""
    return f"evalkit new ID --design {kind}" if kind in SCAFFOLDED else f"design: {{kind: {kind}}}"
