"""A link below data/ never takes a fetched file out of the project: the link is named and nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.fetching.catalogue import load_catalogue
from evalkit.fetching.fetch import Fetched, Fetcher
from evalkit.fetching.inside import leads_out, require_inside
from evalkit.fetching.lock import read_lock
from evalkit.fetching.states import states
from tests.fetching.written import source, written

BODY = b"area,n\nLeeds,3\n"


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture
def mirrored(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Fetched]]:
    """Fetch one source from a mirror into the project, or into a data root."""
    mirror = tmp_path_factory.mktemp("mirror")
    (mirror / "x.csv").write_bytes(BODY)

    def bring(root: Path | None = None) -> list[Fetched]:
        written(project, a=source(mirror="x.csv"))
        return Fetcher(project, root or project, mirror).run(load_catalogue(project))

    return bring


Mirrored = Callable[..., list[Fetched]]


@pytest.mark.parametrize("link", ["data/raw", "data/tidy", "data/raw/x.csv", "data/raw/x.csv.part", "data/tidy/x.csv"])
def test_a_link_that_leads_out_is_refused_by_name(
    project: Path, elsewhere: Path, mirrored: Mirrored, link: str
) -> None:
    target = elsewhere / "x.csv" if link.endswith(("csv", "part")) else elsewhere
    (elsewhere / "x.csv").write_text("mine\n")
    (project / link).parent.mkdir(parents=True, exist_ok=True)
    (project / link).symlink_to(target)
    (found,) = mirrored()
    assert found.ended == "failed"
    assert f"{link} is a link that leads out of the project" in str(found.problems[0])
    assert [(path.name, path.read_text()) for path in elsewhere.iterdir()] == [("x.csv", "mine\n")]
    assert not (project / "data/sources.lock.json").exists()


def test_data_itself_may_not_lead_out(project: Path, elsewhere: Path, mirrored: Mirrored) -> None:
    shutil.rmtree(project / "data")
    (project / "data").symlink_to(elsewhere)
    with pytest.raises(DataError, match="data is a link that leads out of the project; put a folder in its place"):
        mirrored()
    assert [path.name for path in elsewhere.iterdir()] == ["sources.yaml"], "written by this test, and nothing else"


def test_the_state_of_a_source_is_not_read_through_such_a_link(
    project: Path, elsewhere: Path, mirrored: Mirrored
) -> None:
    assert mirrored()[0].ended == "fetched"
    (project / "data/raw").rename(elsewhere / "raw")
    (project / "data/raw").symlink_to(elsewhere / "raw")
    (state,) = states(load_catalogue(project), read_lock(project), project, [])
    assert state.word == "differs"
    assert state.problems[0].sentence().startswith("a: data/raw is a link that leads out of the project")


def test_links_that_stay_inside_and_a_data_root_that_is_a_link_are_followed(
    project: Path, elsewhere: Path, mirrored: Mirrored, tmp_path: Path
) -> None:
    (project / "data/store").mkdir(parents=True)
    (project / "data/raw").symlink_to("store")
    assert mirrored()[0].ended == "fetched"
    assert (project / "data/store/x.csv").read_bytes() == BODY
    (tmp_path / "root").symlink_to(elsewhere)
    assert mirrored(tmp_path / "root")[0].ended == "fetched"
    assert (elsewhere / "data/raw/x.csv").read_bytes() == BODY


def test_a_link_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/raw").symlink_to("raw")
    with pytest.raises(DataError, match="data/raw is a link that leads to itself"):
        require_inside(tmp_path, ["data/raw/x.csv"])


@settings(deadline=None)  # a machine that does much else is slow
@given(st.lists(st.sampled_from(["in", "out", "up", "plain"]), min_size=1, max_size=4))
def test_a_path_is_refused_exactly_when_it_resolves_outside(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    """Chains of folders and links: each is a folder, a link to one inside, to one outside, or two folders up."""
    root, outside = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("outside")
    at = root
    for number, kind in enumerate(kinds):
        place = at / f"f{number}"
        if kind == "plain":
            place.mkdir()
        else:
            inside = root / f"i{number}"
            inside.mkdir()
            place.symlink_to({"in": inside, "out": outside, "up": at.resolve().parent}[kind])
        at = place
        if kind != "plain" and not at.resolve().is_relative_to(root.resolve()):
            break  # what lies outside is not this test's to write to
    name = at.relative_to(root).as_posix()
    assert (leads_out(root, name) is not None) == (not at.resolve().is_relative_to(root.resolve()))
