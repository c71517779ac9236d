"""One door to work that is done beside one another: here, in processes of this machine, or on a Dask cluster.

Studies and the grids of calibrations go through it. What is done does not depend on where: each item is computed alone
and from its own seed, so that the bytes are the same in one process, in ten and on a cluster.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from evalkit import provenance
from evalkit.errors import EvalkitError, Problem

Item = TypeVar("Item")
Value = TypeVar("Value")
CONNECT_SECONDS = 20
"""How long a scheduler may take to answer."""
ATTEMPTS = 3
"""How many workers may be lost with the same item before it is given up: it may be what kills them."""


@dataclass(frozen=True)
class Lost:
    """An item that could not be done, since whatever did it was ended from outside each time; and the mend."""

    found: str
    mend: str


class Workers(Protocol):
    """Whatever does work; used in a `with` statement."""

    def map(
        self, function: Callable[[Item], Value], items: Sequence[Item],
        late: Callable[[int, Value], None] | None = None, meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[tuple[int, Value | Lost]]:  # fmt: skip
        """Yield the place of each item and what became of it, as they are done.

        Parameters
        ----------
        function : callable
            Of a module, so that other processes find it. What it raises is raised here.
        items : sequence
            Plain values, which can be sent to another process.
        late : callable, optional
            Told the place of an item and what became of it when that is known only after the rest was given up, as on
            Ctrl-C, and nobody asks for it any more. Work here ends with it, and a cluster is left as it is.
        meanwhile : callable, optional
            Called once by the process that asks, when others have begun the work; before the work where there are none.
        """
        ...

    def __enter__(self) -> Workers:
        """Make ready."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        """End; on Ctrl-C what has not been begun is left."""
        ...


def open_workers(jobs: int = 1, cluster: str | None = None) -> Workers:
    """Return the workers that are asked for: a cluster where one is named, else so many processes, else this one."""
    if cluster is not None:
        return Cluster(cluster)
    return Processes(jobs) if jobs > 1 else Here()


def in_order(workers: Workers, function: Callable[[Item], Value], items: Sequence[Item]) -> Iterator[Value]:
    """Yield what became of each item, in the order of the items.

    Raises
    ------
    EvalkitError
        When an item was lost.
    """
    done: dict[int, Value] = {}
    reached = 0
    for place, value in workers.map(function, items):
        if isinstance(value, Lost):
            raise EvalkitError(Problem(value.found, value.mend))
        done[place] = value
        while reached in done:
            yield done.pop(reached)
            reached += 1


class Here(AbstractContextManager["Here"]):
    """Work in the process that asks, one item after another."""

    def map(
        self, function: Callable[[Item], Value], items: Sequence[Item],
        late: Callable[[int, Value], None] | None = None, meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[tuple[int, Value | Lost]]:  # fmt: skip
        """Yield the place of each item and what became of it."""
        if meanwhile:
            meanwhile()
        for place, item in enumerate(items):
            yield place, function(item)

    def __exit__(self, *_: object) -> None:
        """Nothing is to be ended."""


class Processes(AbstractContextManager["Processes"]):
    """Processes of this machine. When one is ended from outside, what was not done is done again, one by one."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def map(
        self, function: Callable[[Item], Value], items: Sequence[Item],
        late: Callable[[int, Value], None] | None = None, meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[tuple[int, Value | Lost]]:  # fmt: skip
        """Yield the place of each item and what became of it, as they are done."""
        waiting, left = dict(enumerate(items)), [meanwhile] if meanwhile else []
        try:
            for place, value in self._together(function, waiting, late, left):
                del waiting[place]
                yield place, value
        except BrokenProcessPool:
            while left:  # it was ended before all was handed over
                left.pop()()
            for place, item in list(waiting.items()):
                yield place, self._alone(function, item)

    def _together(
        self, function: Callable[[Item], Value], items: dict[int, Item], late: Callable[[int, Value], None] | None,
        meanwhile: list[Callable[[], object]],
    ) -> Iterator[tuple[int, Value]]:  # fmt: skip
        """Yield what is done; raises BrokenProcessPool once all that was whole has been yielded."""
        broken: BrokenProcessPool | None = None
        places: dict[Future[Value], int] = {}
        with _pool(min(self.jobs, len(items) or 1)) as pool:
            try:
                with _without_interruptions():
                    places.update((pool.submit(function, item), place) for place, item in items.items())
                while meanwhile:
                    meanwhile.pop()()
                while places:
                    ready, _ = wait(places, return_when=FIRST_COMPLETED)
                    for future in sorted(ready, key=lambda done: places[done]):
                        place = places.pop(future)
                        try:
                            value = future.result()
                        except BrokenProcessPool as error:
                            broken = error
                        else:
                            yield place, value
            finally:
                pool.shutdown(cancel_futures=True)  # what was begun is done to its end
                for future, place in places.items():
                    if late and not future.cancelled() and future.exception() is None:
                        late(place, future.result())
        if broken:
            raise broken

    def _alone(self, function: Callable[[Item], Value], item: Item) -> Value | Lost:
        """Return what becomes of an item in a process of its own: the one that ends it takes no other with it."""
        with _pool(1) as pool:
            try:
                with _without_interruptions():
                    future = pool.submit(function, item)
                return future.result()
            except BrokenProcessPool:
                return Lost("its process was ended from outside", "is memory short? run with --jobs 1")

    def __exit__(self, *_: object) -> None:
        """Every pool has ended with its `map`."""


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Return processes that leave Ctrl-C to this one."""
    return ProcessPoolExecutor(jobs, initializer=_leave_interruptions)


@contextmanager
def _without_interruptions() -> Iterator[None]:
    """Hold Ctrl-C back while processes begin: until it can ignore it, a new one would stop with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where a new process begins afresh
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_interruptions() -> None:
    """Leave Ctrl-C to the process that began this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@dataclass(frozen=True)
class _Home:
    """Where the work was asked for: folder, code and packages, which a worker must share; settings, which it takes."""

    folder: str
    code: str
    packages: dict[str, str]
    settings: dict[str, str]


class Cluster(AbstractContextManager["Cluster"]):
    """Workers of a Dask scheduler, which see the project's folder under the same path and run the same code.

    A lost worker is survived: the scheduler gives what it had to another.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.client: Any = None

    def __enter__(self) -> Cluster:
        """Connect.

        Raises
        ------
        EvalkitError
            When the package is not installed, or no scheduler answers.
        """
        try:
            import distributed
        except ImportError:
            raise EvalkitError(Problem("Dask is not installed", "pip install 'evalkit[cluster]', here and on every "
                                       "worker", "--cluster")) from None  # fmt: skip
        try:
            client: Any = distributed.Client
            self.client = client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            found = f"no scheduler answers at {self.address!r} ({type(error).__name__})"
            raise EvalkitError(Problem(found, "start one, or name its address, such as tcp://10.0.0.5:8786",
                                       "--cluster")) from None  # fmt: skip
        return self

    def map(
        self, function: Callable[[Item], Value], items: Sequence[Item],
        late: Callable[[int, Value], None] | None = None, meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[tuple[int, Value | Lost]]:  # fmt: skip
        """Yield the place of each item and what became of it, as they are done."""
        import distributed

        as_completed: Any = distributed.as_completed
        home = _Home(str(Path.cwd()), provenance.code_version(), provenance.package_versions(), _settings())
        work = partial(_at_home, home=home, function=function)
        futures = self.client.map(work, items, pure=False, retries=0)
        places = {future.key: place for place, future in enumerate(futures)}
        try:
            if meanwhile:
                meanwhile()
            for future in as_completed(futures, loop=self.client.loop):
                try:
                    value = future.result()
                except distributed.KilledWorker:
                    value = Lost(f"{ATTEMPTS} workers were ended while they did it", "is their memory short? give "
                                 "them more, or run it here")  # fmt: skip
                yield places[future.key], value
        finally:
            self.client.cancel(futures)

    def __exit__(self, *_: object) -> None:
        """Leave the scheduler and its workers as they are."""
        self.client.close()


def _at_home(item: Item, home: _Home, function: Callable[[Item], Value]) -> Value:
    """Do an item on a worker, in the folder in which the work was asked for.

    Raises
    ------
    EvalkitError
        When the worker does not see the folder, or would compute with other code.
    """
    if not Path(home.folder).is_dir():
        raise EvalkitError(Problem(f"a worker does not see {home.folder}", "give all workers the project folder under "
                                   "the same path", "--cluster"))  # fmt: skip
    if (provenance.code_version(), provenance.package_versions()) != (home.code, home.packages):
        raise EvalkitError(Problem("a worker runs another version of evalkit, or of a package that moves numbers",
                                   "install from the same lock file everywhere", "--cluster"))  # fmt: skip
    with _ONE_HOME:
        os.chdir(home.folder)
        for name in _settings().keys() - home.settings.keys():
            del os.environ[name]
        os.environ.update(home.settings)
        return function(item)


_ONE_HOME = threading.Lock()
"""A process has one folder and one environment: of a worker with several threads one works at a time."""


def _settings() -> dict[str, str]:
    """Return what evalkit is told by the environment."""
    return {name: value for name, value in os.environ.items() if name.startswith("EVALKIT_")}
