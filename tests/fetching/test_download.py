"""A file over https: it comes whole and right, or not at all, and every fault is named."""

from __future__ import annotations

import errno
import hashlib
import json
import random
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from evalkit.errors import DataError
from evalkit.fetching import partial
from evalkit.fetching.download import Download, Limits
from tests.fetching.downloads import BODY, HASH, Make, left, refused
from tests.fetching.server import QUICK, Publisher, published, redirect, status, whole


def test_a_file_comes_whole(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)), expected=HASH)
    assert task.run() == HASH
    assert task.target.read_bytes() == BODY
    assert left(task) == ["data.csv"]


def test_a_file_of_unsaid_length_comes_whole(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, length=False)))
    assert task.run() == HASH


@pytest.mark.parametrize("cut", [1, 100, 200_000])
def test_a_cut_line_is_taken_up_where_it_broke(publisher: Publisher, download: Make, cut: int) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, upto=cut), whole(BODY)), expected=HASH)
    assert task.run() == HASH
    first, second = publisher.asked_for("/data.csv")
    assert "Range" not in first.headers
    assert second.headers["Range"] == f"bytes={cut}-"
    assert second.headers["If-Range"] == '"1"'


def test_a_line_that_breaks_again_and_again_but_brings_something_comes_through(
    publisher: Publisher, download: Make
) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, upto=len(BODY) // 8)), expected=HASH)
    assert task.run() == HASH
    assert len(publisher.seen) > QUICK.attempts


def test_a_line_that_brings_next_to_nothing_is_given_up(publisher: Publisher, download: Make) -> None:
    said = refused(download(publisher.says("/data.csv", whole(BODY, upto=100))))
    assert "after 3 tries: the line broke" in said
    assert "300 bytes are kept" in said


def test_without_a_validator_a_cut_line_begins_anew(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, None, upto=5_000), whole(BODY, None)), expected=HASH)
    assert task.run() == HASH
    assert all("Range" not in request.headers or "If-Range" in request.headers for request in publisher.seen)
    assert task.target.read_bytes() == BODY


def test_a_weak_validator_is_not_relied_on(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, 'W/"1"', upto=5_000), whole(BODY, 'W/"1"')))
    assert task.run() == HASH
    assert all('W/"1"' not in request.headers.get("If-Range", "") for request in publisher.seen)


def test_a_publisher_that_knows_no_ranges_is_asked_for_all_of_it(publisher: Publisher, download: Make) -> None:
    replies = (whole(BODY, ranges=False, upto=9_000), whole(BODY, ranges=False))
    task = download(publisher.says("/data.csv", *replies), expected=HASH)
    assert task.run() == HASH


def test_a_file_that_changed_between_two_parts_is_not_mixed(publisher: Publisher, download: Make) -> None:
    newer = BODY.replace(b"Leeds", b"Derby")
    task = download(publisher.says("/data.csv", whole(BODY, '"old"', upto=50_000), whole(newer, '"new"')))
    assert task.run() == hashlib.sha256(newer).hexdigest()
    assert task.target.read_bytes() == newer
    assert publisher.seen[1].headers["If-Range"] == '"old"'


def test_a_publisher_that_mixes_versions_is_found_out_by_the_hash(publisher: Publisher, download: Make) -> None:
    other = BODY.replace(b"Leeds", b"Derby")  # the same validator for another file: a fault of the publisher
    task = download(publisher.says("/data.csv", whole(other, upto=50_000), whole(BODY)), expected=HASH)
    assert task.run() == HASH
    assert task.target.read_bytes() == BODY


def test_a_file_that_became_shorter_is_fetched_anew(publisher: Publisher, download: Make) -> None:
    short = BODY[:1_000]
    task = download(publisher.says("/data.csv", whole(BODY, upto=50_000), whole(short), whole(short)))
    assert task.run() == hashlib.sha256(short).hexdigest()
    assert [request.headers.get("Range") for request in publisher.seen] == [None, "bytes=50000-", None]


def test_the_wrong_part_is_refused(publisher: Publisher, download: Make) -> None:
    def wrong(handler: object) -> None:
        handler.begin(206, 10, {"Content-Range": f"bytes 0-9/{len(BODY)}", "ETag": '"1"'})  # type: ignore[attr-defined]
        handler.wfile.write(BODY[:10])  # type: ignore[attr-defined]

    task = download(publisher.says("/data.csv", whole(BODY, upto=50_000), wrong, whole(BODY)))
    assert task.run() == HASH


def test_faults_of_the_publisher_are_tried_again(publisher: Publisher, download: Make) -> None:
    replies = (status(500), status(503, {"Retry-After": "0"}), whole(BODY))
    assert download(publisher.says("/data.csv", *replies)).run() == HASH
    assert len(publisher.seen) == 3


def test_tries_come_to_an_end(publisher: Publisher, download: Make) -> None:
    said = refused(download(publisher.says("/data.csv", status(500))))
    assert "after 3 tries: the publisher answers 500" in said
    assert len(publisher.seen) == 3


def test_a_long_wait_that_is_asked_for_is_not_sat_out(publisher: Publisher, download: Make) -> None:
    begun = time.monotonic()
    said = refused(download(publisher.says("/data.csv", status(429, {"Retry-After": "50"}))))
    assert "429" in said
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("code", [403, 404, 410])
def test_what_is_not_there_is_asked_for_once(publisher: Publisher, download: Make, code: int) -> None:
    assert f"the publisher answers {code}" in refused(download(publisher.says("/data.csv", status(code))))
    assert len(publisher.seen) == 1


PAGE = b"<!DOCTYPE html>\n<html><head><title>Page not found</title></head><body>moved</body></html>"


@pytest.mark.parametrize("name", ["data.csv", "data.xlsx", "data.zip", "data.csv.gz", "data.ods", "data.parquet"])
def test_a_web_page_in_place_of_a_file_is_named(publisher: Publisher, download: Make, name: str) -> None:
    task = download(publisher.says("/x", whole(PAGE + b" " * 5_000, kind="text/html")), name)
    assert "a web page came with the title 'Page not found'" in refused(task)
    assert left(task) == []


@pytest.mark.parametrize(("name", "body", "words"), [
    ("data.xlsx", b"a,b\n1,2\n", "something else came, where a workbook was expected"),
    ("data.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a workbook of the old kind (.xls) came"),
    ("data.csv", b"PK\x03\x04" + b"\0" * 600, "a zip archive or workbook came, where a text table was expected"),
    ("data.csv", b"%PDF-1.7 ...", "a PDF came"),
    ("data.csv", b"", "empty"),
])  # fmt: skip
def test_the_wrong_kind_is_named(publisher: Publisher, download: Make, name: str, body: bytes, words: str) -> None:
    task = download(publisher.says("/x", whole(body, kind="text/csv")), name)
    assert words in refused(task)
    assert left(task) == []


def test_another_hash_is_named_and_nothing_kept(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)), expected="0" * 64)
    said = refused(task)
    assert HASH in said
    assert "0" * 64 in said
    assert left(task) == []


def test_an_older_file_stays_when_the_new_one_is_wrong(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)), expected="0" * 64)
    task.target.write_bytes(b"older\n")
    with pytest.raises(DataError):
        task.run()
    assert task.target.read_bytes() == b"older\n"


def test_a_file_that_says_it_is_too_large_is_not_begun(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)), largest=1_000)
    assert f"it has {len(BODY):,} bytes, and at most 1,000 are fetched" in refused(task)
    assert left(task) == []


def test_a_file_that_does_not_say_how_large_it_is_is_stopped(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY, length=False)), largest=100_000)
    assert "more than 100,000 bytes" in refused(task)
    assert left(task) == []


def test_slow_bytes_run_out_of_time_and_are_kept(publisher: Publisher, download: Make) -> None:
    address = publisher.says("/data.csv", whole(BODY, pace=0.05), whole(BODY))
    begun = time.monotonic()
    task = download(address, limits=Limits(2, 2, total=1.0, attempts=3, pause=0.01))
    assert "it took longer than 1 seconds" in refused(task)
    assert time.monotonic() - begun < 4
    note = json.loads((task.target.parent / "data.csv.part.json").read_text())
    assert 5 < note["size"] < 40
    assert download(address, expected=HASH).run() == HASH
    assert publisher.seen[-1].headers["Range"] == f"bytes={note['size']}-"


def test_silence_is_not_waited_for(publisher: Publisher, download: Make) -> None:
    begun = time.monotonic()
    task = download(publisher.says("/data.csv", whole(BODY, upto=0, hang=30)),
                    limits=Limits(1, 0.3, total=20, attempts=2, pause=0.01))  # fmt: skip
    assert "after 2 tries: no answer in time" in refused(task)
    assert time.monotonic() - begun < 8


def test_a_redirect_within_the_host_is_followed(publisher: Publisher, download: Make) -> None:
    publisher.says("/there.csv", whole(BODY))
    assert download(publisher.says("/here.csv", redirect("/there.csv"))).run() == HASH


def test_a_redirect_to_another_host_is_refused(publisher: Publisher, download: Make) -> None:
    publisher.says("/there.csv", whole(BODY))
    there = publisher.address("/there.csv", "127.0.0.1")
    assert f"redirected to another host: {there}" in refused(download(publisher.says("/here.csv", redirect(there))))
    assert publisher.asked_for("/there.csv") == []


def test_a_redirect_to_another_port_is_refused(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/here.csv", redirect("https://localhost:1/there.csv")))
    assert "another host" in refused(task)


@pytest.mark.parametrize("scheme", ["http", "ftp", "file"])
def test_a_redirect_away_from_https_is_refused(publisher: Publisher, download: Make, scheme: str) -> None:
    there = publisher.address("/there.csv", scheme=scheme)
    assert "which is not https" in refused(download(publisher.says("/here.csv", redirect(there))))


def test_redirects_in_a_circle_end(publisher: Publisher, download: Make) -> None:
    assert "redirected more than 3 times" in refused(download(publisher.says("/a.csv", redirect("/a.csv"))))


def test_a_certificate_that_nobody_vouches_for_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    task = Download(publisher.says("/data.csv", whole(BODY)), tmp_path / "data.csv", None, 10**7, QUICK)
    assert "its certificate is not believed" in refused(task)
    assert publisher.seen == []


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, download: Make) -> None:
    with published(authority, "elsewhere.example") as other:
        said = refused(download(other.says("/data.csv", whole(BODY))))
        assert "its certificate is not believed" in said
        assert "localhost" in said
        assert other.seen == []


@pytest.mark.parametrize("address", ["http://localhost/data.csv", "file:///etc/passwd", "ftp://localhost/x.csv",
                                     "https:///data.csv", "data.csv", "https://me:secret@localhost/data.csv",
                                     "https://localhost/a b.csv", "https://[::1/data.csv"])  # fmt: skip
def test_only_https_is_asked(download: Make, address: str) -> None:
    said = refused(download(address))
    assert "not https" in said or "is no address" in said or "name and password" in said


def test_no_publisher_there(download: Make) -> None:
    assert "no connection" in refused(download("https://localhost:9/data.csv"))


def test_the_proxy_of_the_system_is_used_unless_it_is_told_not_to(
    publisher: Publisher, download: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = publisher.says("/data.csv", whole(BODY))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert "the proxy does not let it through" in refused(download(address))
    assert publisher.seen == []
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert download(address).run() == HASH


def test_a_second_writer_is_found_out(publisher: Publisher, download: Make) -> None:
    task = download(publisher.says("/data.csv", whole(BODY)))

    def meddle(done: int, total: int) -> None:
        with (task.target.parent / "data.csv.part").open("r+b") as stream:
            stream.write(b"#")

    task.tell = meddle
    assert "another program wrote into the file" in refused(task)


def test_progress_is_told(publisher: Publisher, download: Make) -> None:
    told: list[tuple[int, int]] = []
    task = download(publisher.says("/data.csv", whole(BODY)))
    task.tell = lambda done, total: told.append((done, total))
    task.run()
    assert told[-1] == (len(BODY), len(BODY))


def test_a_full_disk_is_no_broken_line(publisher: Publisher, download: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    task = download(publisher.says("/data.csv", whole(BODY)))
    monkeypatch.setattr(partial.Part, "write", full)
    with pytest.raises(OSError, match="No space left"):
        task.run()
    assert len(publisher.seen) == 1
    assert not task.target.exists()


def test_threads_are_not_left_behind(publisher: Publisher, download: Make, trust: ssl.SSLContext) -> None:
    before = threading.active_count()
    download(publisher.says("/data.csv", whole(BODY))).run()
    time.sleep(0.1)
    assert threading.active_count() <= before + 1


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_on_the_line_one_version_comes_whole_or_none(
    publisher: Publisher, download: Make, seed: int
) -> None:
    chance = random.Random(seed)
    versions = {f'"{i}"': BODY.replace(b"Leeds", name) for i, name in enumerate([b"Derby", b"York", b"Hull and Goole"])}
    script = []
    for _ in range(chance.randrange(1, 12)):
        tag, body = chance.choice(list(versions.items()))
        script.append(chance.choice([
            whole(body, tag, upto=chance.randrange(len(body))), whole(body, tag, upto=chance.randrange(2_000)),
            whole(body, None, upto=chance.randrange(len(body))), status(chance.choice([500, 503, 416])),
            whole(body, tag, ranges=False, upto=chance.randrange(len(body))), whole(body, tag),
        ]))  # fmt: skip
    task = download(publisher.says("/data.csv", *script), limits=Limits(2, 2, total=5, attempts=4, pause=0.01))
    try:
        found = task.run()
    except DataError:
        assert not task.target.exists()
        return
    assert task.target.read_bytes() in versions.values()
    assert found == hashlib.sha256(task.target.read_bytes()).hexdigest()
    assert left(task) == ["data.csv"]
