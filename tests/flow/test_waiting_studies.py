"""Studies that wait for published data: the site is built without them, and their page says what fetches the files."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit import building, freshness
from evalkit.junit import junit_text
from evalkit.terminal import build_line
from tests.conftest import REPOSITORY

NAME, COMMAND = "london-first-lockdown", "evalkit data fetch london-boroughs"
ROWS = [f"Park,{2010 + month // 12}-{month % 12 + 1:02d},VIOLENCE AGAINST THE PERSON,VIOLENCE WITH INJURY,"
        f"{400 + month % 12 - (60 if month >= 122 else 0) + 7 * month % 5}" for month in range(3, 150)]  # fmt: skip


@pytest.fixture
def waiting(project: Path, write_study: Callable[..., Path]) -> Callable[[], building.Build]:
    """A project with a study whose data are here and one that waits for its own."""
    write_study()
    shutil.copy(REPOSITORY / "data" / "sources.yaml", project / "data")
    text = (REPOSITORY / "evaluations" / f"{NAME}.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^(sensitivity|falsification|process):\n.*?(?=^\S)", "", text)
    text = re.sub(r"(?ms)^  (robbery|weapons):\n.*?(?=^  \w|^\S)", "", text)
    write_study(text, NAME)
    places = building.Places(project, project / "results", project / "_site", "bundled")
    return lambda: building.build(places, freshness.find_studies(project))


def page(project: Path, name: str = f"studies/{NAME}") -> str:
    return (project / "_site" / f"{name}.html").read_text(encoding="utf-8")


def test_the_site_is_built_and_the_page_names_the_command(
    waiting: Callable[[], building.Build], project: Path
) -> None:  # fmt: skip
    done = waiting()
    states = {outcome.id: outcome.state for outcome in done.outcomes}
    assert (states, done.failed, done.site.faults) == ({"study": "run", NAME: "waiting"}, (), ())
    assert f"<code>{COMMAND}</code>" in page(project)
    assert f"<code>{COMMAND} --mirror FOLDER</code>" in page(project)
    assert "Metropolitan Police Service, London Datastore" in page(project)
    assert "Not known; the file comes from a folder that holds a copy, as above." in page(project)  # its address
    index = page(project, "index")
    assert f'href="studies/{NAME}.html"' in index
    assert "Not shown" not in index
    assert "1 waiting for data" in build_line(2, [], [], ["x"], done.outcomes[:1])
    assert 'message="waiting for data"' in junit_text(done.outcomes)
    assert 'failures="0"' in junit_text(done.outcomes)
    assert waiting().site.written == ()  # nothing changed, nothing is written


def test_the_studys_own_page_takes_the_place_once_the_data_are_there(
    waiting: Callable[[], building.Build], project: Path
) -> None:  # fmt: skip
    waiting()
    table = project / "data" / "tidy" / "offences_by_london_borough.csv"
    table.parent.mkdir()
    table.write_text("\n".join(["borough,month,major_type,minor_type,offences", *ROWS]) + "\n", encoding="utf-8")
    assert {outcome.state for outcome in waiting().outcomes} == {"run", "unchanged"}
    assert COMMAND not in page(project)
    assert 'id="answer"' in page(project)
    assert "Waiting for data" not in page(project, "index")
    table.unlink()
    assert {outcome.state for outcome in waiting().outcomes} == {"waiting", "unchanged"}
    assert COMMAND in page(project)
