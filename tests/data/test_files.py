"""Streams that are not trusted."""

import gzip
import io

import pytest

from backhand.data import files
from backhand.data.files import SizeLimitedStream, open_unpacked, read_up_to
from backhand.errors import DataError


@pytest.fixture(autouse=True)
def little(monkeypatch):
    """Packed bytes may grow to twice their number, and 10 more."""
    monkeypatch.setattr(files, "MAX_RATIO", 2)
    monkeypatch.setattr(files, "MIN_ALLOWANCE", 10)


@pytest.mark.parametrize("sizes", [(-1,), (30,), (31,), (7, 23), (29, 1), (29, -1), (1000,)])
def test_what_a_real_file_unpacks_to_is_read(sizes):
    stream = SizeLimitedStream(io.BytesIO(b"x" * 30), 10, "a.gz")
    assert b"".join(stream.read(size) for size in sizes) == b"x" * 30
    assert stream.read() == stream.read(5) == b""


@pytest.mark.parametrize("sizes", [(-1,), (31,), (30, 1), (1000,), (29, -1)])
def test_a_byte_more_is_refused(sizes):
    stream = SizeLimitedStream(io.BytesIO(b"x" * 10_000), 10, "a.gz")
    for size in sizes[:-1]:
        stream.read(size)
    with pytest.raises(DataError, match=r"a\.gz unpacks to more than 2 times its size"):
        stream.read(sizes[-1])
    assert stream.stream.tell() <= 32  # and no more of it is unpacked


def test_nothing_is_read_where_nothing_is_asked_for():
    assert SizeLimitedStream(io.BytesIO(b"x" * 100), 10, "a.gz").read(0) == b""


@pytest.mark.parametrize("size", [0, 1, 29, 30, 31])
def test_at_most_so_many_bytes(size, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 8)
    stream = io.BytesIO(bytes(range(30)))
    assert read_up_to(stream, size) == bytes(range(30))[:size]
    assert stream.tell() == min(size, 30)


def test_a_packed_stream_is_told_apart_by_its_content():
    for content in (b"plain", gzip.compress(b"plain")):
        with open_unpacked(io.BytesIO(content), len(content), "a") as stream:
            assert stream.read() == b"plain"
