"""A publisher on this machine: files over https on loopback, and everything that can go wrong with them."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import trustme

from evalkit.fetching.download import Limits

QUICK = Limits(connect=2, read=2, total=20, attempts=3, pause=0.01)
Reply = Callable[["Handler"], None]


@dataclass
class Request:
    path: str
    headers: dict[str, str]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Publisher

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.seen.append(Request(self.path, dict(self.headers.items())))
        script = self.server.scripts.get(self.path, [status(404)])
        reply = script.pop(0) if len(script) > 1 else script[0]
        reply(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def begin(self, code: int, length: int | None, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def asked(self, body: bytes, etag: str | None, ranges: bool = True) -> tuple[int, int]:
        """Return the status and the first byte to send, as a publisher that knows ranges would."""
        wanted = self.headers.get("Range", "")
        if not wanted or not ranges or self.headers.get("If-Range", etag) != etag:
            return 200, 0
        begin = int(wanted.removeprefix("bytes=").rstrip("-"))
        return (206, begin) if begin < len(body) else (416, 0)


def whole(body: bytes, etag: str | None = '"1"', *, ranges: bool = True, upto: int | None = None,
          kind: str = "application/octet-stream", pace: float = 0.0, hang: float = 0.0,
          length: bool = True) -> Reply:  # fmt: skip
    """A file; `upto` cuts the line after so many bytes of each answer, `pace` sends them one by one."""

    def reply(handler: Handler) -> None:
        code, begin = handler.asked(body, etag, ranges)
        headers = {"Content-Type": kind} | ({"ETag": etag} if etag else {})
        if code == 416:
            handler.begin(416, 0, {"Content-Range": f"bytes */{len(body)}"})
            return
        if code == 206:
            headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
        handler.begin(code, len(body) - begin if length else None, headers)
        part = body[begin:] if upto is None else body[begin : begin + upto]
        if pace:
            for at in range(len(part)):
                handler.wfile.write(part[at : at + 1])
                handler.wfile.flush()
                time.sleep(pace)
        else:
            handler.wfile.write(part)
            handler.wfile.flush()
        handler.server.gate.wait(hang)

    return reply


def status(code: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    def reply(handler: Handler) -> None:
        handler.begin(code, len(body), headers)
        handler.wfile.write(body)

    return reply


def redirect(location: str, code: int = 302) -> Reply:
    return status(code, {"Location": location})


@dataclass
class Publisher(http.server.ThreadingHTTPServer):
    context: ssl.SSLContext
    scripts: dict[str, list[Reply]] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    daemon_threads = True
    block_on_close = False

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = self.context.wrap_socket(self.socket, server_side=True)

    def __hash__(self) -> int:
        return id(self)

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is what many tests are about

    def says(self, path: str, *replies: Reply) -> str:
        """Serve replies at a path, one after the other, the last for ever; return the address."""
        self.scripts[path] = list(replies)
        return self.address(path)

    def address(self, path: str, host: str = "localhost", scheme: str = "https") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}{path}"

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.seen if request.path == path]


@contextmanager
def published(authority: trustme.CA, *names: str) -> Iterator[Publisher]:
    """Run a publisher whose certificate is for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    server = Publisher(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()
