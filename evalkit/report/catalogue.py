"""The words of the site's furniture (navigation, headings, labels), in one file for each language.

`reports/templates/words/en.yaml` holds every one of them. A translator copies it, under the name of the language, and
changes what stands right of the colons; what is left out stays in English. `lang` in `_quarto.yml` chooses.
Sentences about results are made in code, in English, and do not stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from evalkit.errors import SpecError
from evalkit.report.templates import template_folders

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""What `yaml.safe_load` reads with, in C where that is there."""

TITLE = "Evaluation library"
LANGUAGE = "en-GB"
FOLDER = "words"
STATEMENT = ("run_by", "status", "not_accessible", "burden", "out_of_scope", "alternatives", "tested", "complain",
             "date")  # fmt: skip
"""Settings under `accessibility:`, in the order of the page: who runs the site, how far the rules are met, what is not
accessible and why, by the three reasons that the law knows, what there is instead, tests, how to complain, dates."""


@dataclass(frozen=True)
class Settings:
    """What `_quarto.yml` says of the site.

    Attributes
    ----------
    title : str
        Name of the site.
    language : str
        As in `en-GB` or `cy`.
    contact : str
        Whom to tell of a page that cannot be used; empty where nobody is named.
    accessibility : tuple of (str, str)
        What the accessibility statement says besides, by name (see `STATEMENT`); what is not set is left out.
    """

    title: str = TITLE
    language: str = LANGUAGE
    contact: str = ""
    accessibility: tuple[tuple[str, str], ...] = ()


def read_settings(project: Path | None) -> Settings:
    """Return what `_quarto.yml` says of the site; the defaults where there is none.

    Raises
    ------
    SpecError
        When `_quarto.yml` is not YAML.
    """
    file = None if project is None else project / "_quarto.yml"
    if file is None or not file.is_file():
        return Settings()
    return _settings(file, file.read_text(encoding="utf-8"))


def words(project: Path | None) -> Mapping[str, Any]:
    """Return the words of the site in its language: texts by name, in groups.

    Raises
    ------
    SpecError
        When a catalogue is not YAML, or holds a name or a value in braces that the English one does not have.
    """
    return catalogue(tuple(template_folders(project)), read_settings(project).language)


@cache
def catalogue(folders: tuple[Path, ...], language: str) -> Mapping[str, Any]:
    """Return the English words, with those of the language laid over them: `cy` first, then `cy-GB`."""
    made: dict[str, Any] = {}
    for name in dict.fromkeys(["en", language.partition("-")[0], language]):
        shown = f"{FOLDER}/{name}.yaml"
        file = next((folder / shown for folder in folders if (folder / shown).is_file()), None)
        if file is not None:
            found = _mapping(file.read_text(encoding="utf-8"), shown, file)
            made = _over(made, found, shown, "") if made else found
    if not made:
        raise SpecError(f"the template {FOLDER}/en.yaml was not found", "install evalkit again, or restore the file")
    return made


@cache
def _settings(file: Path, text: str) -> Settings:
    """Return the settings that a text holds; asked for at every exhibit, taken apart once."""
    found = _mapping(text, "_quarto.yml", file)
    website = found.get("website")
    title = website.get("title") if isinstance(website, Mapping) else None
    return Settings(str(title or TITLE), str(found.get("lang") or LANGUAGE), str(found.get("contact") or ""),
                    _statement(found.get("accessibility"), file))  # fmt: skip


def _statement(found: Any, file: Path) -> tuple[tuple[str, str], ...]:
    """Return what `accessibility:` sets, in the order of `STATEMENT`; a list is joined to sentences."""
    known = ", ".join(STATEMENT)
    if found is None:
        return ()
    if not isinstance(found, Mapping):
        raise SpecError("_quarto.yml: accessibility is not a mapping", f"set {known} under it").in_file(str(file))
    if unknown := [str(name) for name in found if name not in STATEMENT]:
        raise SpecError(f"_quarto.yml: accessibility has no {', '.join(unknown)}", f"it has {known}").in_file(str(file))
    texts = {name: found[name] for name in STATEMENT if found.get(name)}
    return tuple((name, ". ".join(str(part).rstrip(". ") for part in text) if isinstance(text, list) else str(text))
                 for name, text in texts.items())  # fmt: skip


def _over(base: Mapping[str, Any], own: Mapping[str, Any], shown: str, group: str) -> dict[str, Any]:
    """Return the base with the texts of `own` in place of its own; every name must be one of the base."""
    made = dict(base)
    for name, text in own.items():
        place = f"{group}{name}"
        if name not in base or isinstance(text, Mapping) != isinstance(base[name], Mapping):
            raise SpecError(f"{shown}: {place} is not in the English catalogue", "take it out, or mend the name")
        if isinstance(text, Mapping):
            made[name] = _over(base[name], text, shown, f"{place}.")
            continue
        wanted = _values(str(base[name]))
        if _values(str(text)) != wanted:
            raise SpecError(f"{shown}: {place} must hold the same values in braces as the English text: "
                            f"{' and '.join(sorted(wanted)) or 'none'}", "write them as they stand there")  # fmt: skip
        made[name] = str(text)
    return made


def _values(text: str) -> set[str]:
    """Return the names in braces: places where a number or a name is put in."""
    try:
        return {f"{{{name}}}" for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}  # braces that do not close fit no other text


def _mapping(text: str, shown: str, file: Path) -> dict[str, Any]:
    try:
        found = _LOADER(text).get_single_data() or {}
    except yaml.YAMLError as error:
        raise SpecError(f"{shown} is not YAML: {error}", "mend or restore it").in_file(str(file)) from None
    if not isinstance(found, dict):
        raise SpecError(f"{shown} is not a mapping", "write `name: text` lines").in_file(str(file))
    return found
