"""All that a page may say about one study, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalkit.records.coverage import Coverage
from evalkit.records.guard import GuardFinding
from evalkit.records.money import Appraisal
from evalkit.records.releases import Releases
from evalkit.records.result import Analysis
from evalkit.records.words import Role

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class DataInput:
    """One input as it was read; `fixed` says that data/sources.yaml declares the file that it was read from."""

    name: str
    sha256: str
    rows: int
    first: str = ""
    last: str = ""
    fixed: bool = False


@dataclass(frozen=True)
class Provenance:
    """What went in: hashes of study file, protocol, data and code, package versions, seed."""

    spec_sha256: str
    protocol_sha256: str
    data: tuple[DataInput, ...]
    code_version: str
    packages: Mapping[str, str]
    seed: int


@dataclass(frozen=True)
class Failure:
    """An analysis that could not be computed, with the reason."""

    id: str
    role: Role
    label: str
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """All that a page may say about one study.

    Attributes
    ----------
    id : str
        Name of the study file without its ending.
    study : mapping
        Everything that the YAML says, with every default filled in, as plain data.
    analyses : tuple of Analysis
        The primary one first, then in the order of the study file.
    failures : tuple of Failure
        Analyses other than the primary one that could not be computed, with the reason.
    appraisal : Appraisal or None
    evidence : mapping
        `design`, `data` and `repeating`, each {score, of, reason}; `level_cap` says why a level was lowered.
    claims : tuple of mapping
        Published claims as printed, recomputed and beside what this study finds.
    provenance : Provenance or None
    coverage : Coverage or None
        What the data of the primary analysis hold for each place and period.
    protocol : mapping or None
        How the study stands to the plan that was fixed: `state`, `locked_at`, `locked_sha256`, `data_seen`,
        `now_sha256` and `changes` (each `{field, from, to, amended}`).
    releases : Releases or None
        Earlier releases, and what moved since; None before the first one.
    guards : tuple of GuardFinding
        Rules that evalkit itself held the data of the primary analysis against.
    shape : mapping or None
        Columns, categories, units and ends of these data, against which the next run holds its own.
    """

    id: str
    study: Mapping[str, Any]
    analyses: tuple[Analysis, ...]
    failures: tuple[Failure, ...] = ()
    appraisal: Appraisal | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[Mapping[str, Any], ...] = ()
    provenance: Provenance | None = None
    coverage: Coverage | None = None
    protocol: Mapping[str, Any] | None = None
    releases: Releases | None = None
    guards: tuple[GuardFinding, ...] = ()
    shape: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """Title of the study."""
        return str(self.study["title"])

    @property
    def level(self) -> str:
        """monitoring, interim or impact."""
        return str(self.study["level"])

    @property
    def primary(self) -> Analysis:
        """The analysis that the headline rests on."""
        return next(analysis for analysis in self.analyses if analysis.role == "primary")

    @property
    def simulated(self) -> bool:
        """True when any number of the study comes from simulated data."""
        return any(analysis.simulated for analysis in self.analyses)

    def analysis(self, id: str = "primary") -> Analysis:  # noqa: A002 - the word that the YAML uses
        """Return one analysis by its id.

        Raises
        ------
        KeyError
            When there is no such analysis; the message lists those there are.
        """
        for analysis in self.analyses:
            if analysis.id == id:
                return analysis
        raise KeyError(f"no analysis {id!r}; there are {', '.join(a.id for a in self.analyses)}")

    def effects(self) -> pandas.DataFrame:
        """Return one row per analysis: effect with its interval, relative, absolute and averted."""
        import pandas

        rows = []
        for analysis in self.analyses:
            row: dict[str, Any] = {"id": analysis.id, "role": analysis.role, "label": analysis.label,
                                   "outcome": analysis.outcome.id, "design": analysis.design["kind"]}  # fmt: skip
            for name in ("effect", "relative", "absolute", "averted"):
                estimate = getattr(analysis.result, name)
                row |= {name: estimate and estimate.value, f"{name}_low": estimate and estimate.low,
                        f"{name}_high": estimate and estimate.high}  # fmt: skip
            row |= {"scale": analysis.result.effect.scale, "p_value": analysis.result.effect.p_value}
            rows.append(row)
        return pandas.DataFrame(rows)

    def path(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return observed and expected path of one analysis, one row per group and period."""
        return _frame(self.analysis(id).result.path)

    def coefficients(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return the model's terms, one row each."""
        return _frame(self.analysis(id).result.coefficients)

    def event_study(self, id: str = "primary") -> pandas.DataFrame:  # noqa: A002
        """Return the effect by distance from the first treated period, one row each."""
        return _frame(self.analysis(id).result.event_study)

    def diagnostics(self) -> pandas.DataFrame:
        """Return every check of every analysis, one row each."""
        import pandas

        frames = [_frame(a.result.diagnostics).assign(analysis=a.id) for a in self.analyses if a.result.diagnostics]
        return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()


def _frame(records: tuple[Any, ...]) -> pandas.DataFrame:
    import dataclasses

    import pandas

    return pandas.DataFrame([dataclasses.asdict(record) for record in records])
