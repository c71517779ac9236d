"""Paths: inside the project or the data root, and nowhere else."""

from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.sources import Folders


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret.csv").write_text("a\n1\n")
    return folder


def test_finds_a_file_of_the_project(folders: Folders) -> None:
    (folders.project / "data" / "robbery.csv").write_text("a\n1\n")
    assert folders.find("data/robbery.csv") == folders.project / "data" / "robbery.csv"
    assert folders.find("data/../data/robbery.csv") == folders.project / "data" / "robbery.csv"


def test_the_data_root_comes_first(folders: Folders, outside: Path) -> None:
    (folders.project / "secret.csv").write_text("b\n")
    assert Folders(folders.project, outside).find("secret.csv") == outside / "secret.csv"


@pytest.mark.parametrize("with_root", [False, True])
@pytest.mark.parametrize("path", ["../secret.csv", "data/../../secret.csv", "link.csv", "linked/secret.csv"])
def test_never_leaves_the_project(folders: Folders, outside: Path, path: str, with_root: bool) -> None:
    for folder in (folders.project, folders.project / "root"):
        folder.mkdir(exist_ok=True)
        (folder / "link.csv").symlink_to(outside / "secret.csv")
        (folder / "linked").symlink_to(outside)
    (folders.project.parent / "secret.csv").write_text("a\n1\n")
    places = Folders(folders.project / "inner", folders.project / "root") if with_root else folders
    places.project.mkdir(exist_ok=True)
    if with_root and path.startswith("data/"):
        path = "data/../../../secret.csv"
    if with_root and path.startswith("../"):
        path = "../../secret.csv"
    with pytest.raises(DataError, match="lies outside the project"):
        places.find(path)


def test_a_link_inside_the_project_is_followed(folders: Folders) -> None:
    (folders.project / "data" / "a.csv").write_text("a\n")
    (folders.project / "data" / "b.csv").symlink_to(folders.project / "data" / "a.csv")
    assert folders.find("data/b.csv").name == "a.csv"


def test_absolute_paths_are_refused_even_inside(folders: Folders) -> None:
    (folders.project / "a.csv").write_text("a\n")
    with pytest.raises(DataError, match="is an absolute path; write it relative"):
        folders.find(str(folders.project / "a.csv"))


def test_a_missing_file_names_the_nearest(folders: Folders) -> None:
    (folders.project / "data" / "robbery.csv").write_text("a\n")
    with pytest.raises(DataError, match=r"data/robery.csv does not exist; nearest: data/robbery.csv"):
        folders.find("data/robery.csv")


@pytest.mark.parametrize("path", ["a\0b.csv", "x" * 5000, "loop.csv"])
def test_paths_that_cannot_be(folders: Folders, path: str) -> None:
    (folders.project / "loop.csv").symlink_to(folders.project / "loop.csv")
    with pytest.raises(DataError, match=r"cannot be a path|does not exist"):
        folders.find(path)


def test_a_folder_is_no_file(folders: Folders) -> None:
    with pytest.raises(DataError, match="data is a folder"):
        folders.find("data")
