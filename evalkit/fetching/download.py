"""One file over https: within a time and a size, again when the line breaks, and on from where it broke.

Nothing stands under the file's name before it is whole and has the hash that is expected of it.
"""

from __future__ import annotations

import hashlib
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError
from evalkit.fetching.content import ENOUGH, require_kind
from evalkit.fetching.partial import Part

if TYPE_CHECKING:
    import urllib3

Tell = Callable[[int, int], None]
"""Called with the bytes that have come and the bytes there are (0 where nobody says)."""
_BLOCK = 1 << 16
_PROGRESS = 1 << 15
"""Bytes that a try must bring to be worth another without being counted."""
_REDIRECTS = {301, 302, 303, 307, 308}
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0
_FURTHER = 3
"""Redirects within one host that are followed."""


@dataclass(frozen=True)
class Limits:
    """How long to wait and how often to try, in seconds and times."""

    connect: float = 15.0
    read: float = 30.0
    total: float = 3_600.0
    attempts: int = 5
    pause: float = 1.0


class _BrokenError(Exception):
    """The line broke, or the publisher asks to come again: worth another try."""

    def __init__(self, words: str, pause: float = 0.0) -> None:
        super().__init__(words)
        self.pause = pause


@dataclass
class Download:
    """One file to bring here.

    Attributes
    ----------
    address : str
        Where it is; https.
    target : Path
        Where it will stand.
    expected : str or None
        Hash that it must have.
    largest : int
        Bytes that it may have.
    limits : Limits
    trust : ssl.SSLContext or None
        Which certificates are believed; those of the system when None.
    tell : callable
        Told of progress.
    """

    address: str
    target: Path
    expected: str | None
    largest: int
    limits: Limits = field(default_factory=Limits)
    trust: ssl.SSLContext | None = None
    tell: Tell = lambda done, total: None
    _deadline: float = field(default=0.0, init=False)
    _went_on: bool = field(default=False, init=False)

    def run(self) -> str:
        """Bring the file; return its hash.

        Raises
        ------
        DataError
            Naming the address and what went wrong: no answer, refused, too large, too slow, not the file that was
            meant, another hash than declared.
        """
        require_https(self.address)
        self._deadline = time.monotonic() + self.limits.total
        self.target.parent.mkdir(parents=True, exist_ok=True)
        part = Part(self.target, self.address)
        part.resume()
        if self.expected is None or part.digest.hexdigest() != self.expected:  # else it was whole, and lacked its name
            self._try_often(part)
        found = self._checked(part)
        if self.expected is not None and found != self.expected and self._went_on:
            part.restart()  # what came earlier may have been wrong: once more from the beginning
            self._try_often(part)
            found = self._checked(part)
        if self.expected is not None and found != self.expected:
            part.discard()
            raise DataError(f"what came has sha256 {found}, and {self.expected} is declared",
                            "see whether the publisher revised the file; declare the new hash if it is right",
                            "sha256")  # fmt: skip
        part.finish()
        return found

    def _try_often(self, part: Part) -> None:
        """Receive the part, again after each break and a little later; tries that bring little are counted."""
        attempt = 0
        while True:
            before = part.size
            try:
                self._receive(part)
                return
            except _BrokenError as broken:
                attempt = 1 if part.size >= before + _PROGRESS else attempt + 1
                pause = min(max(broken.pause, self.limits.pause * 2 ** (attempt - 1)), _LONGEST_PAUSE)
                late = time.monotonic() + pause > self._deadline
                if attempt >= self.limits.attempts or late:
                    words = f"after {attempt} tries: {broken}" if attempt > 1 else str(broken)
                    kept = f"; {part.size:,} bytes are kept" if part.size else ""
                    raise DataError(f"it could not be fetched {words}{kept}", "run `evalkit data fetch` again later",
                                    "address") from None  # fmt: skip
                time.sleep(pause)

    def _receive(self, part: Part) -> None:
        """Ask once, and write down what comes."""
        import urllib3

        with self._answer(part) as response:
            total = self._place(part, response)
            try:
                with part.path.open("r+b") as stream:
                    stream.seek(part.size)
                    self._write(part, stream, response, total)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
                    raise  # the disk, not the line
                raise _BrokenError(_words(error)) from None
            finally:
                if part.size and part.validator:
                    part.note()
            if total and part.size != total:
                raise _BrokenError(f"the line broke after {part.size:,} of {total:,} bytes")

    def _write(self, part: Part, stream: Any, response: urllib3.BaseHTTPResponse, total: int) -> None:
        """Write block by block, and stop when it grows too large, too late, or is not what was meant."""
        start = b""
        while block := response.read1(_BLOCK):
            part.write(stream, block)
            if part.size > self.largest:
                self._refuse_size(part)
            if len(start) < ENOUGH and part.size - len(block) == len(start):
                start += block
                if len(start) >= ENOUGH:
                    self._require_kind(part, start)
            self.tell(part.size, total)
            if time.monotonic() > self._deadline:
                stream.flush()
                raise DataError(f"it took longer than {self.limits.total:,.0f} seconds; {part.size:,} bytes are kept",
                                "run `evalkit data fetch` again; it goes on from there", "address")  # fmt: skip

    @contextmanager
    def _answer(self, part: Part) -> Iterator[urllib3.BaseHTTPResponse]:
        """Ask for the file, or for the rest of it; follow redirects within the host."""
        import urllib3

        headers = {"Accept-Encoding": "identity", "User-Agent": "evalkit"}
        if part.size:
            headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
        address = self.address
        for _ in range(_FURTHER + 1):
            left = max(self._deadline - time.monotonic(), 0.1)
            waits = urllib3.Timeout(connect=min(self.limits.connect, left), read=min(self.limits.read, left))
            with self._pool(address) as pool:
                try:
                    response = pool.request("GET", address, headers=headers, preload_content=False, retries=False,
                                            redirect=False, decode_content=False, timeout=waits)  # fmt: skip
                except urllib3.exceptions.SSLError as error:
                    if "CERTIFICATE" not in str(error):
                        raise _BrokenError(_words(error)) from None
                    raise DataError(f"its certificate is not believed ({_words(error)})",
                                    "check the address and the clock of this machine", "address") from None  # fmt: skip
                except urllib3.exceptions.HTTPError as error:
                    raise _BrokenError(_words(error)) from None
                try:
                    if response.status not in _REDIRECTS:
                        yield response
                        return
                    address = self._further(address, response.headers.get("Location", ""))
                finally:
                    response.close()
        raise DataError(f"it is redirected more than {_FURTHER} times", "look at the address in a browser", "address")

    def _pool(self, address: str) -> urllib3.PoolManager:
        """Return the way out: straight, or through the proxy that the system names."""
        import urllib3

        host = urllib.parse.urlsplit(address).hostname or ""
        proxy = urllib.request.getproxies().get("https")
        trust = self.trust or ssl.create_default_context()
        if proxy and not urllib.request.proxy_bypass(host):
            return urllib3.ProxyManager(proxy, ssl_context=trust)
        return urllib3.PoolManager(ssl_context=trust)

    def _further(self, address: str, location: str) -> str:
        """Return where a redirect leads, when it stays with the publisher."""
        there = urllib.parse.urljoin(address, location)
        old, new = urllib.parse.urlsplit(address), urllib.parse.urlsplit(there)
        if new.scheme != "https":
            raise DataError(f"it is redirected to {there}, which is not https", "ask the publisher", "address")
        if (new.hostname, new.port or 443) != (old.hostname, old.port or 443):
            raise DataError(f"it is redirected to another host: {there}",
                            "if that is the publisher's too, write that address instead", "address")  # fmt: skip
        return there

    def _place(self, part: Part, response: urllib3.BaseHTTPResponse) -> int:
        """Find out where in the file an answer belongs; return how long the file is, 0 when nobody says."""
        status, headers = response.status, response.headers
        if status in _AGAIN:
            raise _BrokenError(f"the publisher answers {status}", _seconds(headers.get("Retry-After", "")))
        if status == 416 and part.size:
            part.restart()
            raise _BrokenError("the publisher's file is shorter than what was received")
        if status not in (200, 206):
            raise DataError(f"the publisher answers {status}", "look at the address in a browser", "address")
        validator = _validator(headers)
        if status == 206:
            self._went_on = True
            begin, total = _content_range(headers.get("Content-Range", ""))
            if begin != part.size or (validator and validator != part.validator):
                part.restart()
                raise _BrokenError("the publisher sent another part than was asked for")
        else:
            if part.size:
                part.restart()  # it has changed since, or the publisher sends whole files only
            part.validator = validator
            length = headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else 0
        if total > self.largest:
            self._refuse_size(part, total)
        return total

    def _refuse_size(self, part: Part, total: int = 0) -> None:
        words = f"{total:,} bytes" if total else f"more than {self.largest:,} bytes"
        part.discard()
        raise DataError(f"it has {words}, and at most {self.largest:,} are fetched",
                        "raise `max_size` if that is right", "max_size")  # fmt: skip

    def _checked(self, part: Part) -> str:
        """Return the hash of what lies on the disk, when it is the kind of file that was meant."""
        with part.path.open("rb") as stream:
            start = stream.read(ENOUGH)
            stream.seek(0)
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        self._require_kind(part, start)
        if found != part.digest.hexdigest():
            part.discard()
            raise DataError("another program wrote into the file while it came", "fetch again, once at a time")
        return found

    def _require_kind(self, part: Part, start: bytes) -> None:
        """Refuse what is not the kind of file that was meant, and keep nothing of it."""
        try:
            require_kind(start[:ENOUGH], self.target.name)
        except DataError:
            part.discard()
            raise


def require_https(address: str) -> None:
    """Check that an address can be fetched from.

    Raises
    ------
    DataError
        When it is not https, names no host, or holds a name and password.
    """
    fault = address_fault(address)
    if fault:
        raise DataError(fault, "write the publisher's address: https://...", "address")


def address_fault(address: str) -> str:
    """Return why an address cannot be fetched from, or an empty text."""
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"{address!r} is no address"
    del port
    if parts.scheme != "https":
        return f"{address!r} is not https"
    if not host or any(c.isspace() or not c.isprintable() for c in address):
        return f"{address!r} is no address"
    return "an address may not hold a name and password" if parts.username or parts.password else ""


def _validator(headers: Any) -> str:
    """Return what tells one version of a file from another: a strong ETag, else the date of its last change."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", ""))


def _content_range(text: str) -> tuple[int, int]:
    """Return the first byte and the length of `bytes 100-199/200`; -1 where it says neither."""
    span, _, total = text.removeprefix("bytes ").partition("/")
    begin = span.partition("-")[0]
    return (int(begin) if begin.isdigit() else -1, int(total) if total.isdigit() else 0)


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0


def _words(error: BaseException) -> str:
    """Return what broke, in words; libraries name addresses of memory and of machines that help nobody."""
    import urllib3.exceptions as faults

    named: tuple[tuple[type[BaseException], str], ...] = (
        (faults.ConnectTimeoutError, "no connection in time"), (faults.ReadTimeoutError, "no answer in time"),
        (faults.NameResolutionError, "the host is not known"), (faults.NewConnectionError, "no connection"),
        (faults.ProxyError, "the proxy does not let it through"), (faults.IncompleteRead, "the line broke"),
        (faults.SSLError, str(error).partition("(_ssl")[0].strip()), (faults.ProtocolError, "the line broke"),
        (TimeoutError, "no answer in time"),
    )  # fmt: skip
    return next((words for kind, words in named if isinstance(error, kind)), "the line broke")
