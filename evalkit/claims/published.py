"""data/claims.yaml: what published documents claim, as printed, with what they say of the numbers behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from evalkit.errors import Problem, SpecError, system_problem
from evalkit.records import Block
from evalkit.spec.problems import problems_from
from evalkit.spec.reading import MAX_BYTES, read_yaml
from evalkit.spec.texts import Text

FILE = "data/claims.yaml"

Kind = Literal["outcome", "output", "cost", "economics", "statement", "context", "target", "case", "limit"]
Status = Literal["primary", "secondary", "memory"]


class ClaimsError(SpecError):
    """The register of claims is wrong: its author mends it."""

    heading = "the register of claims is wrong"


class ClaimSource(Block):
    """A document that claims are taken from."""

    title: Text
    publisher: Text


class PublishedClaim(Block):
    """One claim as printed, and what its document says of how it was come by.

    What is left out is not printed. Nothing here is a judgement: the rules make those.
    """

    about: Text = Field(description="What the claim is of, in a few words")
    words: Text = Field(description="As printed; passages that are joined are parted by //")
    document: str = Field("", description="Id under `documents`")
    place: str = Field("", description="Where in the document")
    programme: str | None = Field(None, description="Id in the register of programmes")
    kind: Kind = Field("outcome", description="What is claimed: a change of an outcome, an activity, a cost ...")
    before: float | None = Field(None, ge=0, description="Count or percentage before")
    after: float | None = Field(None, ge=0, description="Count or percentage after, or a count alone")
    of: int | None = Field(None, ge=1, description="Number of people that `after`, or the percentage, is a share of")
    people: int | None = Field(None, ge=1, description="Number of people behind the events, where these are no share")
    percent: float | None = Field(None, description="Percentage as printed, with its sign")
    difference: float | None = Field(None, description="Difference of the counts, where only that is printed")
    in_percent: bool = Field(False, description="`before` and `after` are percentages")
    counts_from: Literal["here", "same_document", "elsewhere"] = Field("here", description="Who prints the counts")
    dispersion: float | None = Field(None, gt=0, description="Taken for the interval instead of chance alone")
    compares: Literal["nothing", "two_times", "people", "uptake"] = Field(
        "nothing", description="two_times: one time against another; people: the same ones before and after; uptake: "
        "those who engaged against those who did not")  # fmt: skip
    before_period: str | None = Field(None, description="2019-12, 2021, or 2018-04 to 2019-03")
    after_period: str | None = None
    windows: Literal["equal", "unequal", "other_season", "not_stated"] | None = Field(
        None, description="Length and season of the two times, where they are said or known to be missing")  # fmt: skip
    chosen: Literal["spike", "level", "event", "unknown"] | None = Field(
        None, description="How those counted were chosen, where by the outcome")  # fmt: skip
    recording: Literal["likely", "possible", "unlikely"] | None = Field(
        None, description="Whether the programme changes how the outcome is recorded")  # fmt: skip
    asked: bool = Field(False, description="Rests on what people said when asked, or on a sample of records")
    best_of: str | None = Field(None, description="Months, areas ... of which this one is quoted as it is the best")
    rare: bool = Field(False, description="Expected counts are under ten a year")
    role: Literal["primary", "secondary"] | None = Field(
        None, description="Of the outcome, in the evaluation behind it"
    )
    primary_clear: bool | None = Field(None, description="Whether the main outcome of that evaluation changed clearly")
    ratio_of: str | None = Field(None, description="Programme or area that a benefit-cost ratio belongs to, if another")
    other_programme: str | None = Field(None, description="What else began in the same places alone")
    start_known: bool | None = None
    gap: str | None = Field(None, description="Time without data in an area that had the programme")
    shares: list[float] = Field([], description="Percentages that are to add up to a whole")
    overlapping: str | None = Field(None, description="Which of these shares count some twice, in words")
    remark: str | None = Field(None, description="What else speaks for or against it, in one sentence of our own")
    made_here: bool = Field(False, description="A sum of our own with printed numbers; no document prints it")
    status: Status = Field("primary", description="How far the words were checked: read there, by another, unchecked")
    note: str | None = None

    @model_validator(mode="after")
    def _a_share_within_its_whole(self) -> PublishedClaim:
        if self.of is not None and self.after is not None and self.after > self.of:
            raise ValueError(f"`after` ({self.after:,.0f}) is a share of `of` ({self.of:,}), so it cannot be larger")
        return self


class PublishedClaims(Block):
    """Every claim of the register, by id."""

    evalkit: Literal[1]
    documents: dict[str, ClaimSource]
    claims: dict[str, PublishedClaim]

    @model_validator(mode="after")
    def _known_documents(self) -> PublishedClaims:
        for name, claim in self.claims.items():
            if claim.document not in self.documents:
                raise ValueError(f"{name} names the document {claim.document!r}, and there are: "
                                 f"{', '.join(self.documents)}")  # fmt: skip
        return self


def read_claims(project: Path) -> PublishedClaims | None:
    """Return a project's register of published claims; None where it has none.

    Raises
    ------
    ClaimsError
        When the file cannot be read, or says what the model does not know. Every problem is named with its place.
    """
    file = project / FILE
    if not file.is_file():
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ClaimsError(system_problem(error, FILE)) from None
    if len(content) > MAX_BYTES:
        raise ClaimsError(Problem(f"is larger than {MAX_BYTES:,} bytes", "leave out what is not needed", file=FILE))
    try:
        document = read_yaml(content, FILE)
    except SpecError as error:
        raise ClaimsError(error.problems) from None
    try:
        return PublishedClaims.model_validate(document.data)
    except ValidationError as error:
        raise ClaimsError(problems_from(error, document, PublishedClaims)) from None
