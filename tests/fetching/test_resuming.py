"""What is kept of a transfer that broke: gone on with when it is sound and from the same address, else begun anew."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.fetching import partial
from tests.fetching.downloads import BODY, HASH, Make, left, refused
from tests.fetching.server import Publisher, status, whole


def test_a_part_from_another_address_is_not_gone_on_with(publisher: Publisher, download: Make) -> None:
    with pytest.raises(DataError):
        download(publisher.says("/old.csv", whole(b"x" * 50_000, upto=4_000), status(500))).run()
    task = download(publisher.says("/new.csv", whole(BODY)), expected=HASH)
    assert task.run() == HASH
    assert "Range" not in publisher.asked_for("/new.csv")[0].headers


def test_a_part_that_was_changed_is_not_gone_on_with(publisher: Publisher, download: Make) -> None:
    address = publisher.says("/data.csv", whole(BODY, upto=4_000), status(500), status(500), status(500), whole(BODY))
    task = download(address)
    assert "4,000 bytes are kept" in refused(task)
    part = task.target.parent / "data.csv.part"
    part.write_bytes(b"y" + part.read_bytes()[1:])
    assert download(address).run() == HASH
    assert "Range" not in publisher.seen[-1].headers


def test_what_was_written_after_the_last_note_is_cut_off(publisher: Publisher, download: Make) -> None:
    address = publisher.says("/data.csv", whole(BODY, upto=4_000), status(500), status(500), status(500), whole(BODY))
    task = download(address)
    refused(task)
    with (task.target.parent / "data.csv.part").open("ab") as stream:
        stream.write(b"#" * len(BODY))
    assert download(address).run() == HASH
    assert publisher.seen[-1].headers["Range"] == "bytes=4000-"


@pytest.mark.parametrize("note", ["", "{", "[]", '{"address": 1}', '{"size": "x"}'])
def test_a_damaged_note_is_not_believed(publisher: Publisher, download: Make, note: str) -> None:
    address = publisher.says("/data.csv", whole(BODY, upto=4_000), status(500), status(500), status(500), whole(BODY))
    task = download(address)
    refused(task)
    (task.target.parent / "data.csv.part.json").write_text(note)
    assert download(address).run() == HASH


def test_a_whole_part_that_lacks_its_name_alone_is_not_asked_for(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)), expected=HASH)
    part = partial.Part(task.target, task.address)
    part.restart()
    part.validator = '"1"'
    with part.path.open("r+b") as stream:
        part.write(stream, BODY)
    part.note()
    assert task.run() == HASH
    assert publisher.seen == []
    assert left(task) == ["data.csv"]


KILLED = """
import ssl, sys
from pathlib import Path
from evalkit.fetching.download import Download
Download(sys.argv[1], Path(sys.argv[2]), None, 10**8).run()
"""


def test_a_killed_process_goes_on_from_its_last_note(
    publisher: Publisher, download: Make, authority_file: Path, tmp_path: Path
) -> None:
    body = BODY * (3 * partial.NOTE_EVERY // len(BODY))
    sent = partial.NOTE_EVERY * 2 + 1_000_000
    address = publisher.says("/data.csv", whole(body, upto=sent, hang=60), whole(body))
    target, note = tmp_path / "data.csv", tmp_path / "data.csv.part.json"
    process = subprocess.Popen([sys.executable, "-c", KILLED, address, str(target)],
                               env={**os.environ, "SSL_CERT_FILE": str(authority_file)})  # fmt: skip
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and process.poll() is None:
        part = tmp_path / "data.csv.part"
        noted = json.loads(note.read_text())["size"] if note.is_file() else 0
        if noted >= 2 * partial.NOTE_EVERY and part.stat().st_size >= sent - 200_000:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = json.loads(note.read_text())["size"]
    assert 2 * partial.NOTE_EVERY <= kept < sent
    assert not target.exists()
    task = download(address, expected=hashlib.sha256(body).hexdigest(), largest=10**8)
    task.run()
    assert publisher.seen[-1].headers["Range"] == f"bytes={kept}-"
