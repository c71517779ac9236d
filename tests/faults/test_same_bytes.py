"""The same inputs give the same bytes: in another process, with other hash seeds, another language, another folder."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.faults.conftest import evalkit


def languages() -> list[str]:
    """Return languages of this machine that write numbers, or sort, in other ways than C; at least C in UTF-8."""
    there = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout.split()
    return [name for name in there if name.casefold().startswith(("cy_gb", "de_de", "tr_tr", "c.utf"))]


def test_two_runs_elsewhere_give_the_same_bytes(small: Path, tmp_path_factory: object) -> None:
    shutil.copy(REPOSITORY / "evaluations" / "seat-belts.yaml", small / "evaluations")
    found = []
    for seed, language in (("1", "C"), ("4242", languages()[-1])):
        place = small / f"place {seed} é"
        shutil.copytree(small, place, ignore=shutil.ignore_patterns("place*"))
        done = evalkit("build", "--engine", "bundled", "--jobs", seed if seed == "1" else "2", folder=place,
                       PYTHONHASHSEED=seed, LC_ALL=language, LANG=language, TZ="Pacific/Apia" if seed == "1" else "UTC",
                       PYTHONUTF8="1" if language == "C" else "0", OMP_NUM_THREADS="1")  # fmt: skip
        assert done.returncode == 0, done.stderr
        kept = [*place.glob("results/*/result.json"), *(file for file in place.glob("_site/**/*") if file.is_file())]
        found.append({os.fspath(file.relative_to(place)): file.read_bytes() for file in kept})
    first, second = found
    assert first.keys() == second.keys()
    assert sorted(name for name in first if first[name] != second[name]) == []
    assert "_site/studies/seat-belts.html" in first
