"""Whether files are those that the authors of a data set published."""

import gzip
import hashlib
from dataclasses import replace

import pytest

from backhand.data import DATASETS
from backhand.data.formats.resize import Resize
from backhand.data.provenance import PublishedFile
from backhand.data.verify import verify
from backhand.errors import DataError
from tests.data import datafiles as df


def test_verify_counts_what_has_no_checksum(tmp_path):
    files = df.picture_tree(("train", "test"), df.CIFAR, (32, 32, 3))
    with pytest.raises(DataError, match="train split has 30 samples, not 50,000: this is not CIFAR-10 as published"):
        verify("cifar10", path=df.in_folder(tmp_path, files))
    assert verify("digits").findings == ()


def test_verify_refuses_a_file_of_a_published_name_with_other_content(tmp_path):
    df.in_folder(tmp_path, df.mnist_files())
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is not the published file"):
        verify("mnist", path=tmp_path)
    (tmp_path / "fer2013.csv").write_bytes(df.fer_csv())
    with pytest.raises(DataError, match=r"fer2013\.csv is not the published file"):
        verify("fer2013", path=tmp_path / "fer2013.csv")


CONTENT = b"a table"
DIGESTS = {
    "SHA-256 as published": PublishedFile("a.csv", sha256=hashlib.sha256(CONTENT).hexdigest()),
    "MD5 as published": PublishedFile("a.csv", md5=hashlib.md5(CONTENT).hexdigest()),
    "SHA-256 of the unpacked bytes as published": PublishedFile(
        "a.csv.gz", sha256="x", unpacked_sha256=hashlib.sha256(CONTENT).hexdigest()
    ),
}


@pytest.mark.parametrize("said", DIGESTS)
def test_what_is_compared_is_said(tmp_path, said):
    (tmp_path / "a").write_bytes(CONTENT)
    assert DIGESTS[said].matching_checksum(tmp_path / "a") == said
    (tmp_path / "a.gz").write_bytes(gzip.compress(CONTENT))
    assert DIGESTS[said].matching_checksum(tmp_path / "a.gz") == (said if "unpacked" in said else "")
    (tmp_path / "a").write_bytes(CONTENT + b".")
    assert DIGESTS[said].matching_checksum(tmp_path / "a") == ""


def test_a_packed_file_that_is_damaged_is_named(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CONTENT)[:-4])
    with pytest.raises(DataError, match=r"a\.csv\.gz cannot be read .* damaged: fetch it again"):
        DIGESTS["SHA-256 of the unpacked bytes as published"].matching_checksum(tmp_path / "a.csv.gz")


@pytest.mark.parametrize("given", ["path", "data_dir", "BACKHAND_DATA"])
def test_unpacked_files_are_compared_wherever_they_are_found(tmp_path, given, monkeypatch):
    files = df.in_folder(tmp_path, df.mnist_files(""))
    originals = tuple(
        PublishedFile(f"{path.name}.gz", (), "x", hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(files.iterdir())
    )
    monkeypatch.setitem(DATASETS, "mnist", replace(DATASETS["mnist"], published_files=originals, publication=None))
    if given == "BACKHAND_DATA":
        monkeypatch.setenv(given, str(tmp_path))
    options = {} if given == "BACKHAND_DATA" else {given: tmp_path}
    found = verify("mnist", **options).findings
    assert found == tuple(
        f"{original.name.removesuffix('.gz')}: SHA-256 of the unpacked bytes as published" for original in originals
    )
    labels = tmp_path / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\0")
    with pytest.raises(DataError, match=r"labels-idx1-ubyte is not the published file .*; fetch it again$"):
        verify("mnist", **options)


def test_one_file_may_be_named_by_its_path(tmp_path, monkeypatch):
    content = df.fer_csv()
    original = PublishedFile("fer2013.csv", md5=hashlib.md5(content).hexdigest())
    monkeypatch.setitem(
        DATASETS, "fer2013", replace(DATASETS["fer2013"], published_files=(original,), publication=None)
    )
    for name, said in (("fer2013.csv", "MD5 as published"), ("faces.csv", "no checksum is published for this form")):
        (tmp_path / name).write_bytes(content)
        assert verify("fer2013", path=tmp_path / name).findings == (f"{name}: {said}",)


def test_pictures_are_verified_as_they_are_read(tmp_path):
    files = df.picture_tree(("train", "test"), ("cat", "dog")) | {"train/cat/9.png": df.picture(df.noise(9, 5, 3))}
    path = df.in_folder(tmp_path / "sizes", files)
    assert verify("images", path=path, resize=Resize((6, 6))).splits.train.x.shape == (7, 6, 6, 3)
    bad = df.in_folder(tmp_path / "bad", files | {"train/cat/9.png": b"none"})
    with pytest.raises(DataError, match="is not an image"):
        verify("images", path=bad)
    assert len(verify("images", path=bad, skip_bad_images=True).splits.train) == 6
