"""Whatever bytes a file holds, a loader returns a data set or raises BackhandError; nothing else, and never a crash."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backhand.data import load
from backhand.data.formats.cifar_pickle import read_batch
from backhand.data.formats.pictures import decode
from backhand.data.sets.cifar10 import read_binary_batch
from backhand.errors import BackhandError
from tests.data import datafiles as df

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def valid(tmp_path_factory):
    """One small valid file for each kind that is read from a path: (data set, file name, content)."""
    folder = tmp_path_factory.mktemp("seeds")
    tree = df.picture_tree(("train", "test"), ("cat", "dog"), shape=(4, 4, 1), per_class=1)
    x, y = np.random.default_rng(0).normal(size=(10, 2)), np.arange(10) % 2
    np.savez(folder / "a.npz", x=x, y=y)
    csv = df.fer_csv(per_split=1)
    return {
        "zip": ("images", df.in_zip(folder / "a.zip", tree).read_bytes()),
        "tar": ("images", df.in_tar(folder / "a.tar", tree, "w").read_bytes()),
        "tar.gz": ("images", df.in_tar(folder / "a.tar.gz", tree).read_bytes()),
        "npz": ("npz", (folder / "a.npz").read_bytes()),
        "csv": ("fer2013", csv),
        "csv in zip": ("fer2013", df.in_zip(folder / "b.zip", {"fer2013.csv": csv}).read_bytes()),
    }


# Changed bytes (place as a share of the length, value), then a cut: most of the file stays as it was.
edits = st.tuples(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.one_of(st.none(), st.floats(0, 1)),
)


def edited(content, edit):
    changes, cut = edit
    data = bytearray(content)
    for place, value in changes:
        data[int(place * len(data))] = value
    return bytes(data if cut is None else data[: int(cut * len(data))])


def survives(call, *arguments, **keywords):
    with suppress(BackhandError):
        call(*arguments, **keywords)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "npz", "csv", "csv in zip"])
@given(edit=edits)
@fuzz
def test_damaged_files(tmp_path, valid, kind, edit):
    name, content = valid[kind]
    path = tmp_path / "file"
    path.write_bytes(edited(content, edit))
    survives(load, name, path=path, skip_bad_images=True)


@pytest.mark.parametrize("name", ["images", "npz", "fer2013", "cifar10"])
@given(content=st.binary(max_size=600), head=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00"]))
@fuzz
def test_random_files(tmp_path, name, content, head):
    path = tmp_path / "file"
    path.write_bytes(head + content)
    survives(load, name, path=path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@given(edit=edits)
@fuzz
def test_damaged_idx(tmp_path, suffix, edit):
    files = df.mnist_files(suffix)
    name = f"train-images-idx3-ubyte{suffix}"
    df.in_folder(tmp_path, {**files, name: edited(files[name], edit)})
    survives(load, "mnist", path=tmp_path)


@given(content=st.binary(max_size=400), magic=st.booleans())
@fuzz
def test_random_idx(tmp_path, content, magic):
    files = df.mnist_files("")
    df.in_folder(tmp_path, {**files, "train-images-idx3-ubyte": b"\0\0\x08\x03" * magic + content})
    survives(load, "mnist", path=tmp_path)


small = df.python2_pickle(df.noise(1, 3072), np.array([3]))
# Everything but the pixels, so that the edits fall on opcodes.
frame = small.index(b"\x89T") + 6


@given(edit=edits, tail=st.booleans())
@settings(max_examples=600, deadline=None)
def test_damaged_cifar_pickle(edit, tail):
    changed = small[:frame] + edited(small[frame:], edit) if tail else edited(small[:frame], edit) + small[frame:]
    survives(read_batch, changed, "batch")


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_random_cifar_batches(content):
    survives(read_batch, b"\x80\x02" + content, "batch")
    survives(read_binary_batch, content, "batch")


PICTURES = {
    "PNG": df.picture(df.noise(8, 8, 3)),
    "JPEG": df.picture(df.noise(16, 16, 3), "JPEG"),
    "grey JPEG": df.picture(df.noise(16, 16, 1), "JPEG"),
    "turned JPEG": df.picture(df.noise(16, 8, 3), "JPEG", exif=df.exif(6)),
    "WebP": df.picture(df.noise(8, 8, 3), "WEBP", exif=df.exif(6)),
    "BMP": df.picture(df.noise(8, 8, 3), "BMP"),
}


@pytest.mark.parametrize("form", PICTURES)
@given(edit=edits)
@settings(max_examples=400, deadline=None)
def test_damaged_pictures(form, edit):
    survives(decode, edited(PICTURES[form], edit), "picture")


@pytest.mark.parametrize(
    "head", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1\x00\x18Exif\0\0", b"RIFF", b"BM"]
)
@given(content=st.binary(max_size=200))
@fuzz
def test_random_pictures(head, content):
    survives(decode, head + content, "picture")
