"""A publisher on loopback with a certificate of its own, and short waits."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from evalkit.fetching.download import Download, Limits
from tests.fetching.server import QUICK, Publisher, published


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def publisher(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with published(authority, "localhost", "127.0.0.1") as server:
        yield server


@pytest.fixture
def download(trust: ssl.SSLContext, tmp_path: Path) -> Callable[..., Download]:
    """Make a download of an address into data.csv."""

    def make(address: str, name: str = "data.csv", expected: str | None = None, largest: int = 10_000_000,
             limits: Limits = QUICK) -> Download:  # fmt: skip
        return Download(address, tmp_path / name, expected, largest, limits, trust)

    return make
