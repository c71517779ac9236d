"""Work beside one another: processes and a Dask cluster, with the bytes of one process; a lost worker is survived."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import EvalkitError
from evalkit.workers import Here, Lost, Processes, in_order, open_workers
from tests.conftest import REPOSITORY
from tests.faults.conftest import evalkit


def square(number: int) -> int:
    return number * number


def dies_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def test_every_door_gives_the_same() -> None:
    for workers in (open_workers(1), open_workers(3)):
        with workers:
            assert dict(workers.map(square, range(20))) == {n: n * n for n in range(20)}
            assert list(in_order(workers, square, range(20))) == [n * n for n in range(20)]
    assert isinstance(open_workers(1), Here)


def test_an_item_that_ends_its_process_takes_no_other_with_it() -> None:
    with Processes(2) as workers:
        found = dict(workers.map(dies_on_three, range(6)))
    assert isinstance(found.pop(3), Lost)
    assert found == {n: n * n for n in range(6) if n != 3}
    with Processes(2) as workers, pytest.raises(EvalkitError, match="ended from outside"):
        list(in_order(workers, dies_on_three, range(6)))


@pytest.mark.parametrize("workers", [Here(), Processes(2)])
@pytest.mark.parametrize("items", [0, 5])
def test_what_is_to_be_done_meanwhile_is_done_once(workers: Here | Processes, items: int) -> None:
    called: list[int] = []
    with workers:
        found = dict(workers.map(square, range(items), meanwhile=lambda: called.append(os.getpid())))
    assert found == {n: n * n for n in range(items)}
    assert called == [os.getpid()]


def test_it_is_done_once_also_where_workers_end_before_all_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []
    submit = ProcessPoolExecutor.submit

    def broken(pool: ProcessPoolExecutor, function: Any, item: int, /) -> Any:
        if item == 2 and not called:
            raise BrokenProcessPool
        return submit(pool, function, item)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", broken)
    with Processes(2) as workers:
        found = dict(workers.map(square, range(4), meanwhile=lambda: called.append(1)))
    assert found == {n: n * n for n in range(4)}
    assert called == [1]


def started(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-m", *arguments], env=environment, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process of its own; address and workers."""
    import json

    told = tmp_path / "scheduler.json"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", str(told))  # fmt: skip
    worker = ("distributed.cli.dask_worker", "--scheduler-file", str(told), "--nthreads", "1", "--no-nanny",
              "--no-dashboard", "--local-directory", str(tmp_path))  # fmt: skip
    processes = [started(*scheduler)]
    while not told.is_file() or not told.read_text():
        assert processes[0].poll() is None, "no scheduler"
        time.sleep(0.05)
    address = json.loads(told.read_text())["address"]
    processes += [started(*worker), started(*worker)]
    yield address, processes[1:]
    for process in processes:
        process.kill()
        process.wait()


def test_a_cluster_gives_the_bytes_of_one_process_and_survives_a_lost_worker(
    small: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    for name in ("third", "fourth", "fifth", "sixth"):
        (small / "evaluations" / f"{name}.yaml").write_bytes((small / "evaluations" / "first.yaml").read_bytes())
    assert evalkit("run", "--all", "--output", "alone", folder=small).returncode == 0
    command = [sys.executable, "-m", "evalkit", "run", "--all", "--cluster", address]
    running = subprocess.Popen(command, cwd=small, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((small / "results").glob("*/result.json")) and running.poll() is None:
        time.sleep(0.01)
    assert running.poll() is None, running.communicate()
    workers[0].kill()
    _, words = running.communicate(timeout=300)
    assert running.returncode == 0, words
    for path in sorted((small / "alone").glob("*/result.json")):
        assert (small / "results" / path.parent.name / path.name).read_bytes() == path.read_bytes()
    assert len(list((small / "results").glob("*/result.json"))) == 6
    assert workers[1].poll() is None


def test_a_cluster_stands_in_for_data_that_are_not_there(
    small: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    for table in (small / "data").glob("*.csv"):
        table.unlink()
    done = evalkit("run", "--all", "--simulated", "--cluster", cluster[0], folder=small)
    assert done.returncode == 0, done.stderr
    assert len(list((small / "results").glob("*/result.json"))) == 2


def test_an_address_at_which_nobody_answers_is_named(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.workers.CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(EvalkitError, match="no scheduler answers"), open_workers(1, address):
            pass
