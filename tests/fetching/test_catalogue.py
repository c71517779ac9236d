"""data/sources.yaml: what is wrong is said with file, line and mend, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.fetching.catalogue import CatalogueError, load_catalogue
from evalkit.fetching.lock import FILE as LOCK
from evalkit.fetching.lock import read_lock
from tests.fetching.written import EXTRACT, extract_of, source, written

REPOSITORY = Path(__file__).resolve().parents[2]


def refused(project: Path) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(project)
    assert all(problem.file == "data/sources.yaml" for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_the_committed_list_is_right_and_says_why_an_address_is_missing() -> None:
    catalogue = load_catalogue(REPOSITORY)
    assert "police-force-areas-2024-12" in catalogue.sources
    for entry in catalogue.sources.values():
        assert entry.address or entry.note
        assert entry.licence


def test_a_source_is_found_by_its_table() -> None:
    catalogue = load_catalogue(REPOSITORY)
    found = catalogue.of_table("data/tidy/sharp_object_admissions_by_region.csv")
    assert found is not None
    assert found[0] == "sharp-object-admissions"
    assert found[1].provisional == "April 2021 to March 2022"
    assert catalogue.of_table("data/tidy/other.csv") is None


def test_defaults(project: Path) -> None:
    entry = load_catalogue(written(project, a=source())).sources["a"]
    assert entry.max_size == 50_000_000
    assert entry.sha256 is None
    assert not entry.only_when_named


@pytest.mark.parametrize(("changed", "words"), [
    ({"address": "http://example.org/x.csv"}, "is not https"),
    ({"address": "file:///etc/passwd"}, "is not https"),
    ({"address": "https://me:pw@example.org/x.csv"}, "name and password"),
    ({"address": "https:///x.csv"}, "is no address"),
    ({"address": None}, "no address and no `note`"),
    ({"address": "absent"}, "address: is missing"),
    ({"licence": "absent"}, "licence: is missing"),
    ({"licence": ""}, "licence"),
    ({"sha256": "abc"}, "sha256"),
    ({"file": "/etc/x.csv"}, "is no path below data/"),
    ({"file": "data/../x.csv"}, "is no path below data/"),
    ({"file": "data/./x.csv"}, "is no path below data/"),
    ({"file": "data//x.csv"}, "is no path below data/"),
    ({"file": "data\\x.csv"}, "is no path below data/"),
    ({"file": "evaluations/x.csv"}, "is no path below data/"),
    ({"file": "data/reference/discount_rates.csv"}, "belongs to the project itself"),
    ({"file": "data/sources.yaml"}, "belongs to the project itself"),
    ({"file": "data/raw/x.doc"}, "ends like no known file"),
    ({"file": "data/raw/x.xlsx"}, "extract does not read .xlsx"),
    ({"mirror": "../x.csv"}, "is no name of a file"),
    ({"mirror": "x.xlsx"}, "of another kind"),
    ({"max_size": "20 pigs"}, "is no size; write it such as 20 MB"),
    ({"max_size": 0}, "max_size"),
    ({"max_size": "900 GB"}, "max_size"),
    ({"tables": []}, "tables"),
    ({"tables": [{"path": "data/x.txt", "reader": EXTRACT}]}, "neither CSV nor parquet"),
    ({"tables": [{"path": "data/raw/x.csv", "reader": EXTRACT}]}, "is written more than once"),
    ({"tables": [{"path": "data/x.csv", "reader": {**EXTRACT, "kind": "extrakt"}}]}, "did you mean 'extract'?"),
    ({"tables": [{"path": "data/x.csv", "reader": {**EXTRACT, "key": ["m"]}}]}, "`key` names m"),
    ({"tables": [{"path": "data/x.csv", "reader": {**EXTRACT, "kep": 1}}]}, "did you mean"),
    ({"publischer": "x"}, "did you mean 'publisher'?"),
    ({"provisional": ["a"]}, "provisional"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(project: Path, changed: dict[str, Any], words: str) -> None:
    found = refused(written(project, a=source(**changed)))
    assert any(words in problem for problem in found), found
    assert all(problem.startswith("data/sources.yaml:") and problem.split(":")[1].isdigit() for problem in found)


def test_all_faults_of_all_sources_are_named_at_once(project: Path) -> None:
    found = refused(written(project, a=source(address="http://example.org"), b=source(max_size="x")))
    assert len(found) >= 4  # two faults, and two files that both would write
    assert any("sources.a.address" in problem for problem in found)
    assert any("sources.b.max_size" in problem for problem in found)
    assert sum("is written more than once" in problem for problem in found) == 4


def test_two_files_that_differ_by_capitals_alone_are_one(project: Path) -> None:
    other = source(file="data/raw/X.csv", tables=[{"path": "data/tidy/y.csv", "reader": EXTRACT}])
    assert any("written more than once" in problem for problem in refused(written(project, a=source(), b=other)))


def test_an_id_that_is_none_is_named(project: Path) -> None:
    assert "'A b' cannot be an id" in refused(written(project, **{"A b": source()}))[0]


def test_an_extract_stands_beside_the_file(project: Path) -> None:
    entry = load_catalogue(written(project, a=source(mirror=extract_of()))).sources["a"]
    assert entry.extract_path == "data/raw/x_tidy.csv"


@pytest.mark.parametrize(("mirror", "words"), [
    (extract_of(reader={**EXTRACT, "keep": {"area": "a", "m": "m"}}), "the extract has the columns area, m"),
    (extract_of(file="x.xlsx"), "extract does not read x.xlsx"),
    ({"file": "x_tidy.csv", "reader": EXTRACT}, "sha256"),
])  # fmt: skip
def test_an_extract_that_does_not_fit_is_refused(project: Path, mirror: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in refused(written(project, a=source(mirror=mirror))))


@pytest.mark.parametrize(("text", "words"), [
    ("", "holds no keys"), ("evalkit: 1\n", "sources"), ("evalkit: 2\nsources: {}\n", "evalkit"),
    ("a: [\n", "is not YAML"), ("evalkit: 1\nsources: !!python/object:os.system {}\n", "tag"),
    ("evalkit: 1\nsources: []\n", "sources"),
])  # fmt: skip
def test_a_file_that_is_no_list_of_sources(project: Path, text: str, words: str) -> None:
    (project / "data/sources.yaml").write_text(text)
    assert any(words in problem for problem in refused(project))


def test_a_project_without_the_file(project: Path) -> None:
    assert "does not exist" in refused(project)[0]


def test_an_unknown_source_is_named_with_the_nearest(project: Path) -> None:
    catalogue = load_catalogue(written(project, london=source()))
    with pytest.raises(CatalogueError, match="did you mean 'london'"):
        catalogue.chosen(["londn"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sources": {"a": {}}}', '{"sources": {"a": {"tables": 1}}}'])
def test_a_damaged_lock_file_is_not_guessed_at(project: Path, text: str) -> None:
    (project / LOCK).write_text(text)
    with pytest.raises(CatalogueError, match="is damaged"):
        read_lock(project)
