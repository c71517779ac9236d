"""Archives that would do harm are refused before anything is written."""

from __future__ import annotations

import gzip
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.fetching import archives
from evalkit.fetching.archives import blocks, opened, table_stream, ungzipped, vet


def made(path: Path, members: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = attributes.get("external_attr", 0)
            archive.writestr(info, content)
    return path


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        vet(path)
    return str(caught.value)


def test_a_sound_archive_is_opened(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"2024-01/2024-01-essex-street.csv": b"Month\n" * 1000, "folder/..notes": b"x"})
    vet(path)
    with opened(path) as archive:
        assert b"".join(blocks(archive, archive.infolist()[0])) == b"Month\n" * 1000


@pytest.mark.parametrize("name", ["../evil.csv", "a/../../evil.csv", "a\\..\\..\\evil.csv", "..", "a/.."])
def test_members_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    assert "climbs out of its folder" in refused(made(tmp_path / "a.zip", {"fine.csv": b"x", name: b"x"}))


@pytest.mark.parametrize("name", ["/etc/passwd", "\\\\host\\share\\x", "C:\\x.csv", "C:x.csv"])
def test_members_with_absolute_paths_are_refused(tmp_path: Path, name: str) -> None:
    assert "has an absolute path" in refused(made(tmp_path / "a.zip", {name: b"x"}))


def test_links_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"link": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert "is a link" in refused(path)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    said = refused(made(tmp_path / "a.zip", {"../a": b"x", "/b": b"x"}))
    assert "'../a'" in said
    assert "'/b'" in said


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"zeros": bytes(64 << 20)})
    assert path.stat().st_size < 100_000
    assert "would unpack to 67,108,864 bytes" in refused(path)


def test_a_bomb_that_lies_is_refused_as_well(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"zeros": bytes(64 << 20)})
    content = bytearray(path.read_bytes())
    size = struct.pack("<L", 64 << 20)
    assert content.count(size) == 2
    path.write_bytes(bytes(content).replace(size, struct.pack("<L", 1_000)))
    assert "is damaged" in refused(path)


def test_many_members_that_are_large_together_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {f"{i}": bytes(range(256)) * 400 for i in range(30)})
    with pytest.raises(DataError, match="at most 1,000,000 are opened"):
        vet(path, most=1_000_000)


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert "has 4 members" in refused(made(tmp_path / "a.zip", {f"{i}": b"" for i in range(4)}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive at all"])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "it is not a zip file" in refused(path)


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"table.csv": bytes(range(256)) * 100})
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(bytes(content))
    assert "'table.csv' in the archive is damaged" in refused(path)


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", {"table.csv": b"x" * 100})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(bytes(content))
    assert "is encrypted" in refused(path)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20)))
    with pytest.raises(DataError, match="unpacks to more than"):
        list(ungzipped(path))


@pytest.mark.parametrize("cut", [0.0, 0.5, 0.99])
def test_a_cut_gzip_file_is_named(tmp_path: Path, cut: float) -> None:
    packed = gzip.compress(bytes(range(256)) * 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(b"x" if cut == 0 else packed[: int(len(packed) * cut)])
    with pytest.raises(DataError, match="damaged"):
        list(ungzipped(path))


def test_a_packed_table_reads_as_the_table(tmp_path: Path) -> None:
    body = b"".join(b"row %d\n" % i for i in range(300_000))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(body))
    with table_stream(path) as stream:
        assert stream.readline() == b"row 0\n"
        assert stream.read() == body[6:]
