"""Downloads from a server on this machine: mirrors, resuming, checksums."""

import gzip
import hashlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backhand.data import DATASETS, download
from backhand.data.download import fetch_data_set, fetch_file
from backhand.data.entry import PublishedFile
from backhand.errors import DataError

CONTENT = bytes(range(256)) * 2000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers for the Mirror that it belongs to."""

    def do_GET(self):
        mirror, wanted = self.server.mirror, self.headers.get("Range", "")
        mirror.asked.append(wanted)
        start = int(re.match(r"bytes=(\d+)-$", wanted)[1]) if wanted and mirror.ranges else 0
        size = len(mirror.content)
        if mirror.status != 200:
            self.send_error(mirror.status)
        elif start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
        else:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            self.send_header("Content-Length", str(size - start))
            self.end_headers()
            self.wfile.write(mirror.content[start : start + mirror.breaks.pop(0) if mirror.breaks else size])

    def log_message(self, *_):
        pass


class Mirror:
    """A server of CONTENT. ranges: whether it knows Range.   breaks: after how many bytes it hangs up, once each."""

    def __init__(self, content=CONTENT, ranges=True, breaks=(), status=200):
        self.content, self.ranges, self.breaks, self.status = content, ranges, list(breaks), status
        self.asked = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.mirror = self
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/file"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    made = []

    def make(**options):
        made.append(Mirror(**options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def dead(mirror):
    """The address of a server that has gone."""
    server = Mirror()
    server.close()
    return server.url


def original(*urls, sha=SHA):
    return PublishedFile("file.bin", urls, sha)


def whole(path):
    return path.read_bytes() == CONTENT and [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_first_living_mirror_gives_it(tmp_path, mirror, dead):
    broken, living, spare = mirror(status=503), mirror(), mirror()
    assert whole(fetch_file(original(dead, broken.url, living.url, spare.url), tmp_path / "new"))
    assert (broken.asked, living.asked, spare.asked) == ([""], [""], [])


def test_a_connection_that_breaks_is_taken_up_where_it_broke(tmp_path, mirror):
    server = mirror(breaks=(1000, 200_000))
    assert whole(fetch_file(original(server.url), tmp_path))
    assert server.asked == ["", "bytes=1000-", "bytes=201000-"]


def test_several_that_fetch_at_once_fetch_it_once(tmp_path, mirror):
    server = mirror()
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda _: fetch_file(original(server.url), tmp_path), range(4))]
    assert all(map(whole, found))
    assert server.asked == [""]


def test_a_later_fetch_goes_on_from_the_part(tmp_path, mirror):
    server = mirror()
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:123_456])
    assert whole(fetch_file(original(server.url), tmp_path))
    assert server.asked == ["bytes=123456-"]


def test_a_whole_part_is_only_checked(tmp_path, mirror):
    server = mirror()
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert whole(fetch_file(original(server.url), tmp_path))


def test_a_part_that_is_too_long_is_fetched_anew(tmp_path, mirror):
    server = mirror()
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    assert whole(fetch_file(original(server.url), tmp_path))
    assert server.asked == [f"bytes={len(CONTENT) + 4}-", ""]


def test_a_server_without_ranges_starts_over(tmp_path, mirror):
    server = mirror(ranges=False)
    (tmp_path / "file.bin.part").write_bytes(b"other bytes")
    assert whole(fetch_file(original(server.url), tmp_path))


def test_what_came_before_a_failure_is_kept(tmp_path, mirror):
    server = mirror(breaks=(5000, 0))
    with pytest.raises(DataError, match=r"the connection closed after 5,000 of 512,000 bytes.*try later"):
        fetch_file(original(server.url), tmp_path)
    assert (tmp_path / "file.bin.part").read_bytes() == CONTENT[:5000]


def test_wrong_content_is_refused_and_the_next_mirror_tried(tmp_path, mirror):
    wrong, right = mirror(content=CONTENT[::-1]), mirror()
    assert whole(fetch_file(original(wrong.url, right.url), tmp_path / "a"))
    with pytest.raises(DataError, match="not the published file"):
        fetch_file(original(wrong.url), tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_a_spoilt_part_is_refused_and_does_not_stay(tmp_path, mirror):
    server = mirror()
    (tmp_path / "file.bin.part").write_bytes(b"x" * 1000)
    with pytest.raises(DataError, match="not the published file"):
        fetch_file(original(server.url), tmp_path)
    assert whole(fetch_file(original(server.url), tmp_path))


def test_a_file_that_is_there_is_checked_and_kept(tmp_path, dead):
    (tmp_path / "file.bin").write_bytes(CONTENT)
    assert whole(fetch_file(original(dead), tmp_path))
    (tmp_path / "file.bin").write_bytes(b"another")
    with pytest.raises(DataError, match="move it away and fetch again"):
        fetch_file(original(dead), tmp_path)
    assert (tmp_path / "file.bin").read_bytes() == b"another"


def test_a_gzip_packed_anew_is_accepted(tmp_path, dead):
    published = replace(original(dead), unpacked_sha256=SHA, sha256="0" * 64)
    (tmp_path / "file.bin").write_bytes(gzip.compress(CONTENT))
    assert fetch_file(published, tmp_path) == tmp_path / "file.bin"


def test_no_mirror_answers(tmp_path, dead):
    with pytest.raises(DataError, match=r"cannot fetch file.bin \(127.*refused.*\); try later, or put the file into"):
        fetch_file(original(dead), tmp_path)


def test_fetch_all_by_name(tmp_path, mirror, monkeypatch):
    server = mirror()
    files = tuple(replace(original(server.url), name=name) for name in ("one", "two"))
    entry = replace(DATASETS["mnist"], published_files=(*files, PublishedFile("not published")))
    monkeypatch.setitem(DATASETS, "mnist", entry)
    paths = fetch_data_set("mnist", tmp_path)
    assert paths == [tmp_path / "mnist" / "one", tmp_path / "mnist" / "two"]
    assert all(path.read_bytes() == CONTENT for path in paths)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("digits", "built in"),
        ("fer2013", "cannot be downloaded; download fer2013.csv"),
        ("mnits", 'did you mean "mnist"'),
    ],
)
def test_what_cannot_be_fetched(tmp_path, name, match):
    with pytest.raises(DataError, match=match):
        fetch_data_set(name, tmp_path)


def test_published_files_have_checksums_and_safe_addresses():
    for entry in DATASETS.values():
        for file in getattr(entry, "originals", ()):
            assert all(url.startswith("https://") for url in file.urls)
            assert len(file.sha256) == 64 or not file.urls


def test_silence_is_not_waited_for_forever(tmp_path, monkeypatch):
    import socket

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(DataError, match="timed out"):
            fetch_file(original(url), tmp_path)
