"""`evalkit data` as it is typed: what it prints, its exit status, and that system certificates are what is believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from tests.fetching import shapes
from tests.fetching.server import Publisher, status, whole
from tests.fetching.written import EXTRACT, source, written

BODY = b"area,n\nLeeds,3\nYork,*\n"
Type = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(project: Path, authority_file: Path) -> Type:
    """Run `evalkit data ...` in the project."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        names = {**os.environ, "SSL_CERT_FILE": str(authority_file), "COLUMNS": "200", **environment}
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            names.pop(name, None)
        return subprocess.run([sys.executable, "-m", "evalkit", "data", *arguments], cwd=project, env=names,
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip

    return run


def test_from_nothing_to_verified(project: Path, publisher: Publisher, typed: Type) -> None:
    written(project, leeds=source(address=publisher.says("/x.csv", whole(BODY)), provisional="March 2024"))
    listed = typed("list")
    assert listed.returncode == 0
    assert "missing" in listed.stdout
    assert "leeds: provisional: March 2024" in listed.stdout
    assert "never tried on the publisher's own file" in listed.stdout
    unfetched = typed("verify")
    assert (unfetched.returncode, "never fetched: leeds" in unfetched.stdout) == (0, True)
    fetched = typed("fetch")
    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert fetched.stdout == "leeds: fetched, 2 rows\n1 source: 1 fetched\n"
    assert typed("verify").stdout == "1 source as declared or as first fetched; 0 not\n"
    again = typed("fetch", "--json")
    assert json.loads(again.stdout) == [{"id": "leeds", "state": "up to date", "changed": [], "gone": [],
                                         "extract": False, "rows": 2, "problems": []}]  # fmt: skip


@pytest.mark.parametrize("verb", ["list", "verify", "fetch"])
def test_the_list_of_a_new_project_is_right_and_names_no_source_yet(project: Path, typed: Type, verb: str) -> None:
    (project / "data/sources.yaml").write_bytes(files("evalkit.scaffold").joinpath("files/sources.yaml").read_bytes())
    said = typed(verb)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("data/sources.yaml: no sources yet. Name each published file below `sources:`")
    assert said.stdout.count("\n") == 1
    assert json.loads(typed(verb, "--json").stdout) == []
    unknown = typed(verb, "leeds")
    assert unknown.returncode == 1
    assert "there is no source 'leeds'" in unknown.stderr


def test_verify_names_every_difference(project: Path, publisher: Publisher, typed: Type) -> None:
    written(project, leeds=source(address=publisher.says("/x.csv", whole(BODY))))
    typed("fetch")
    (project / "data/raw/x.csv").write_bytes(BODY + b"Derby,1\n")
    (project / "data/tidy/x.csv").unlink()
    found = typed("verify")
    assert found.returncode == 1
    assert "leeds: data/raw/x.csv has sha256" in found.stderr
    assert "leeds: data/tidy/x.csv is not there; `evalkit data fetch leeds`" in found.stderr
    assert "Traceback" not in found.stderr
    rows = json.loads(typed("verify", "--json").stdout)
    assert [row["state"] for row in rows] == ["differs"]
    assert len(rows[0]["problems"]) == 2
    assert typed("verify", "leeds").returncode == 1


def test_a_failing_source_is_named_and_the_others_come(project: Path, publisher: Publisher, typed: Type) -> None:
    other = source(address=publisher.says("/y.csv", whole(BODY)), file="data/raw/y.csv",
                   tables=[{"path": "data/tidy/y.csv", "reader": EXTRACT}])  # fmt: skip
    written(project, gone=source(address=publisher.says("/x.csv", status(404))), here=other)
    found = typed("fetch")
    assert found.returncode == 1
    assert "gone.address: the publisher answers 404; look at the address in a browser" in found.stderr
    assert found.stdout.endswith("2 sources: 1 fetched, 1 failed\n")


def test_a_mirror_of_which_no_source_names_a_file_is_no_success(project: Path, typed: Type, tmp_path: Path) -> None:
    written(project, forces=source())
    nothing = typed("fetch", "--mirror", str(tmp_path))
    assert (nothing.returncode, "no source names its file in a mirror" in nothing.stderr) == (1, True)


def test_the_mirror_and_the_data_root(project: Path, typed: Type, tmp_path_factory: pytest.TempPathFactory) -> None:
    mirror, root = tmp_path_factory.mktemp("mirror"), tmp_path_factory.mktemp("root")
    shapes.police_force_areas(mirror / "pfa.xlsx")
    table = {"path": "data/tidy/p6.csv", "reader": {"kind": "ons_police_force_areas", "tables": ["P6"]}}
    written(project, forces=source(address=None, note="N", file="data/raw/p.xlsx", mirror="pfa.xlsx", tables=[table]))
    left_out = typed("fetch")
    assert left_out.returncode == 0
    assert "forces: left out: its address is not known; `--mirror FOLDER` takes pfa.xlsx" in left_out.stdout
    assert typed("fetch", "forces").returncode == 1
    assert typed("fetch", "--mirror", str(mirror), "--data", str(root)).returncode == 0
    assert (root / "data/tidy/p6.csv").is_file()
    assert not (project / "data/raw").exists()
    assert typed("verify", EVALKIT_DATA=str(root)).returncode == 0
    (row,) = json.loads(typed("list", "--json", "--data", str(root)).stdout)
    assert row["state"] == "fetched"
    assert row["tried_on"] == "Police force area data tables, year ending December 2024 (ONS)"
    assert row["tables"] == ["data/tidy/p6.csv"]


@pytest.mark.parametrize(("arguments", "words"), [
    (("fetch", "nobody"), "there is no source 'nobody'"), (("list", "nobody"), "there is no source 'nobody'"),
    (("verify", "nobody"), "there is no source 'nobody'"), (("fetch", "--mirror", "nowhere"), "is not a folder"),
    (("fetch", "--data", "nowhere"), "is not a folder"),
])  # fmt: skip
def test_what_cannot_be_is_said_without_a_traceback(
    project: Path, typed: Type, arguments: tuple[str, ...], words: str
) -> None:
    written(project, a=source())
    found = typed(*arguments)
    assert found.returncode == 1
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_list_of_sources_that_is_wrong_is_shown_with_its_lines(project: Path, typed: Type) -> None:
    written(project, a=source(address="http://example.org/x.csv", publischer="x"))
    found = typed("fetch")
    assert found.returncode == 1
    assert "data/sources.yaml: 2 problems (the list of sources is wrong)" in found.stderr
    assert "^" in found.stderr


def test_a_certificate_that_the_system_does_not_know_is_refused(
    project: Path, publisher: Publisher, typed: Type
) -> None:
    written(project, a=source(address=publisher.says("/x.csv", whole(BODY))))
    found = typed("fetch", SSL_CERT_FILE="")
    assert found.returncode == 1
    assert "its certificate is not believed" in found.stderr
    assert publisher.seen == []
