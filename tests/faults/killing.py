"""Builds that are killed at random moments, one after another, in a folder whose data keep changing.

Run by test_killed.py as a process of its own: it imports everything once and forks, so that each build takes a moment
and the kill falls into its work and not into its imports. What is found is printed as JSON.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import evalkit.releases
import evalkit.report.painting  # noqa: F401 - imported once, before the processes part
from evalkit import building, freshness
from evalkit.provenance import code_version, package_versions

MADE = ("results", "_site")
Bytes = dict[str, bytes]


def built(project: Path) -> None:
    """Build once, here."""
    places = building.Places(project, Path("results"), Path("_site"), "bundled")
    done = building.build(places, freshness.find_studies(project))
    assert not done.failed, done.failed
    assert not done.site.faults, done.site.faults


def there() -> Bytes:
    """Return every file that a build made; what is not yet in place has a name of its own."""
    files = [file for folder in MADE for file in Path(folder).rglob("*") if file.is_file()]
    return {str(file): file.read_bytes() for file in files if not file.name.endswith((".part", ".lock"))}


def set_data(state: int) -> None:
    """Give both studies the data of one state, each file replaced in one step."""
    for study in ("first", "second"):
        rows = "\n".join(f"{2018 + i // 12}-{i % 12 + 1:02d},{50 + (7 * i + state * (i % 5)) % 17}" for i in range(48))
        part = Path("data") / f"{study}.part"
        part.write_text(f"month,value\n{rows}\n")
        part.replace(part.with_suffix(".csv"))


def killed(project: Path, after: float) -> bool:
    """Start a build and kill it after so many seconds; return whether it had not ended by then."""
    child = os.fork()
    if child == 0:
        os.setsid()
        try:
            built(project)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    ends = time.monotonic() + after
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert status == 0, "a build that was left alone failed"
            return False
        time.sleep(0.002)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # it had not yet made a group of its own
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def check(project: Path, whole: list[Bytes], state: int) -> None:
    """Check after a kill: every file old or new, and nothing called up to date that is not."""
    now = there()
    for name, content in now.items():
        assert content in {made.get(name) for made in whole}, f"{name} is neither old nor new"
    for outcome in building.state_of(freshness.find_studies(project), Path("results")):
        if outcome.state == "unchanged":
            name = f"results/{outcome.id}/result.json"
            assert now[name] == whole[state][name], f"{name} is called up to date and is not"
    if freshness.site_stands(project, Path("results"), Path("_site"), "bundled"):
        assert now == whole[state], "the site is called up to date and is not"


def require_clean(clean: Bytes) -> None:
    """Check that a whole build left what a clean one leaves."""
    now = there()
    other = sorted(name for name in {*now, *clean} if now.get(name) != clean.get(name))
    assert not other, f"a whole build after kills has other bytes than a clean one: {other}"


def main(kills: int, seed: int) -> dict[str, int]:
    """Kill so many builds; return how many were killed and how many times a whole build followed."""
    project, chance = Path.cwd(), random.Random(seed)
    code_version(), package_versions()  # known before the processes part, as is every module
    whole: list[Bytes] = [{}, {}]
    for state in (0, 1, 0, 1):  # twice: what a page says of the run before must have settled
        set_data(state)
        began = time.monotonic()
        built(project)
        taken, whole[state] = time.monotonic() - began, there()
    assert whole[0] != whole[1], "the data make no difference"
    state, done, ended, midway = 1, 0, 0, 0
    while done < kills:
        if there() == whole[state]:
            state = 1 - state
            set_data(state)
        if killed(project, chance.uniform(0, 1.1 * taken)):
            done += 1
            now = there()
            midway += now not in whole
            check(project, whole, state)
        else:
            ended += 1
            require_clean(whole[state])
    built(project)
    require_clean(whole[state])
    return {"killed": done, "ended": ended, "midway": midway}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
