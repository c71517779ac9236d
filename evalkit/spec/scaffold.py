"""`evalkit new`: a commented study file to fill in."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from evalkit.errors import Problem, SpecError
from evalkit.spec.loading import ID
from evalkit.spec.schema import ADDRESS, schema_text

DESIGNS = ("before_after", "interrupted_time_series", "difference_in_differences")


def new_study(study: str, design: str) -> str:
    """Return the text of a new study file.

    Parameters
    ----------
    study : str
        Its id.
    design : str
        One of `DESIGNS`.

    Raises
    ------
    SpecError
        When the id or the design cannot be used.
    """
    if not ID.fullmatch(study):
        mend = "use small letters, digits and -, such as op-deter"
        raise SpecError(Problem(f"{study!r} cannot be an id", mend, "ID"))
    if design not in DESIGNS:
        raise SpecError(Problem(f"{design!r} is not a design", f"one of {', '.join(DESIGNS)}", "--design"))
    template = resources.files("evalkit.spec").joinpath(f"new_{design}.yaml").read_text(encoding="utf-8")
    return template.replace("STUDY-ID", study)


def write_new(study: str, design: str, project: Path) -> Path:
    """Write `evaluations/ID.yaml` and return its path, relative to the project.

    Raises
    ------
    SpecError
        When there is one already: nothing is overwritten.
    """
    text = new_study(study, design)
    path = project / "evaluations" / f"{study}.yaml"
    if path.exists():
        raise SpecError(Problem("exists already; it was not changed", "choose another id", file=str(path)))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (project / ADDRESS).is_file():  # a project of its own: editors complete from a copy beside the studies
        (path.parent / "evaluation.schema.json").write_text(schema_text(), encoding="utf-8")
        text = text.replace(f"../{ADDRESS}", "evaluation.schema.json")
    path.write_text(text, encoding="utf-8")
    return path.relative_to(project)
