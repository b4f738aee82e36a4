"""Small files of every form that the loaders read, good and evil."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from backhand.data import load
from backhand.errors import DataError

CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def mnist_arrays(n=20, seed=0):
    return noise(n, 28, 28, seed=seed), np.arange(n, dtype=np.uint8) % 10


def mnist_files(suffix=".gz"):
    """Name to content: 20 training and 10 test images."""
    files = {}
    for split, n in (("train", 20), ("t10k", 10)):
        x, y = mnist_arrays(n, seed=n)
        for name, array in ((f"{split}-images-idx3-ubyte", x), (f"{split}-labels-idx1-ubyte", y)):
            files[name + suffix] = gzip.compress(idx(array), mtime=0) if suffix else idx(array)
    return files


def cifar_batch(i):
    """x (10, 3072) and y (10,) of batch i."""
    return noise(10, 3072, seed=i), np.roll(np.arange(10), i)


def binary_batch(x, y):
    return np.hstack([y.astype(np.uint8)[:, None], x]).tobytes()


def python2_pickle(x, y):
    """What cPickle of Python 2 wrote (protocol 2) for {batch_label, labels, data, filenames}, opcode by opcode."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def number(value):
        return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)

    content = x.tobytes()
    labels = b"".join(number(int(label)) for label in y)
    dtype = b"cnumpy\ndtype\nq\n" + text(b"u1") + b"K\x00K\x01\x87Rq\x0b"
    dtype += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85" + text(b"b") + b"\x87Rq\x09"
    array += b"(K\x01" + number(len(x)) + number(x.shape[1]) + b"\x86" + dtype
    array += b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
    names = b"".join(text(b"leptodactylus_s_%06d.png" % i) for i in range(len(x)))
    return (
        b"\x80\x02}q\x01("
        + (text(b"batch_label") + b"q\x02" + text(b"training batch 1 of 5") + b"q\x03")
        + (text(b"labels") + b"q\x04]q\x05(" + labels + b"e")
        + (text(b"data") + b"q\x06" + array)
        + (text(b"filenames") + b"q\x0c]q\x0d(" + names + b"e")
        + b"u."
    )


def cifar_files(form):
    """Name to content, as in the archive of the form "bin" or "py"."""
    make, suffix = (binary_batch, ".bin") if form == "bin" else (python2_pickle, "")
    folder = f"cifar-10-batches-{form}"
    files = {f"{folder}/{name}{suffix}": make(*cifar_batch(i)) for i, name in enumerate(BATCHES)}
    return {f"{folder}/readme.html": b"<html></html>", **files}


def picture(array, form="PNG", **options):
    out = io.BytesIO()
    Image.fromarray(array.squeeze() if array.shape[-1] == 1 else array).save(out, form, **options)
    return out.getvalue()


def exif(orientation):
    """EXIF data that hold this orientation and nothing else."""
    data = Image.Exif()
    data[274] = orientation
    return data


def png(width, height, bits, colour, rows, *chunks):
    """A PNG from its parts: fields of IHDR, rows (each behind its filter byte), chunks (kind, data) before them."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def bmp(bits, width, rows, palette=(), masks=b""):
    """A BMP of one row: pixels as `rows` has them, a palette of grey values, or masks of its channels."""
    table = b"".join(bytes([value, value, value, 0]) for value in palette) + masks
    offset, size = 54 + len(table), 56 if len(masks) == 16 else 40  # the later header has a mask for alpha
    info = struct.pack("<IiiHHIIiiII", size, width, 1, 1, bits, 3 if masks else 0, len(rows), 0, 0, len(palette), 0)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + table + rows


def picture_tree(splits, classes, shape=(8, 8, 3), per_class=3, suffix="png"):
    """Name to content: `split/class/0.png` (or `class/0.png` for the split "")."""
    form = "PNG" if suffix == "png" else "JPEG"
    files, seed = {}, 0
    for split in splits:
        for label in classes:
            for i in range(per_class):
                seed += 1
                name = f"{split}/{label}/{i}.{suffix}" if split else f"{label}/{i}.{suffix}"
                files[name] = picture(noise(*shape, seed=seed), form)
    return files


def fer_csv(columns=("emotion", "pixels", "Usage"), per_split=14):
    lines = [",".join(columns)]
    for usage in ("Training", "PublicTest", "PrivateTest"):
        for i in range(per_split):
            values = {
                "emotion": str(i % 7),
                "pixels": " ".join(map(str, noise(2304, seed=i).tolist())),
                "Usage": usage,
            }
            lines.append(",".join(values[column.strip()] for column in columns))
    return ("\n".join(lines) + "\n").encode()


def in_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def in_zip(path, files, compression=zipfile.ZIP_DEFLATED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def in_tar(path, files, mode="w:gz"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


PACKERS = {"folder": in_folder, "zip": in_zip, "tar": in_tar}


class Evil:
    """Unpickled, it would run a command that is heard on standard error."""

    def __reduce__(self):
        return os.system, ("echo a pickle ran > /dev/stderr; exit 1",)


def refused(match, name, **given):
    """The sentence with which `load` refuses this; it must match, and be one line."""
    with pytest.raises(DataError, match=match) as caught:
        load(name, **given)
    message = str(caught.value)
    assert "\n" not in message
    assert "None" not in message.replace("x[:, None]", "")
    assert message.strip() == message
    return message


def assert_same(first, second):
    """The same classes, and the same samples in every split."""
    assert first.classes == second.classes
    assert first.by_name.keys() == second.by_name.keys()
    for name, split in first.by_name.items():
        np.testing.assert_array_equal(split.x, second.by_name[name].x)
        np.testing.assert_array_equal(split.y, second.by_name[name].y)
