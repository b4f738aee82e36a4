"""Pictures are read upright, as their EXIF orientation says, wherever it lies in the file."""

import struct

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from backhand.data import load
from backhand.data.formats.pictures import BadImageError, decode, read_size_and_colour
from backhand.predictors.images import read_image
from tests.data import datafiles as df

UPRIGHT = [[10, 80], [120, 160], [200, 250]]
# What a camera held so writes, by EXIF's definition: which side of the scene row 0 and column 0 of the file are.
STORED = {
    1: [[10, 80], [120, 160], [200, 250]],  # top, left
    2: [[80, 10], [160, 120], [250, 200]],  # top, right
    3: [[250, 200], [160, 120], [80, 10]],  # bottom, right
    4: [[200, 250], [120, 160], [10, 80]],  # bottom, left
    5: [[10, 120, 200], [80, 160, 250]],  # left, top
    6: [[80, 160, 250], [10, 120, 200]],  # right, top
    7: [[250, 160, 80], [200, 120, 10]],  # right, bottom
    8: [[200, 120, 10], [250, 160, 80]],  # left, bottom
}
OPTIONS = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"lossless": True}, "MPO": {"quality": 95}}


def blocks(rows):
    """A grey picture of 16 x 16 pixels for each number, so that JPEG keeps them."""
    return np.kron(np.array(rows, np.uint8), np.ones((16, 16), np.uint8))[:, :, None]


def stored(orientation, form):
    return df.picture(blocks(STORED[orientation]), form, exif=df.exif(orientation), **OPTIONS[form])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "MPO"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_turned_upright(form, orientation):
    x = decode(stored(orientation, form), "photo", "L")
    np.testing.assert_allclose(x.astype(int), blocks(UPRIGHT).astype(int), atol=2)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_measured_as_it_is_seen(form, orientation):
    assert read_size_and_colour(stored(orientation, form), "photo") == ((48, 32), "L")


def test_a_telephones_file_of_several_pictures_is_its_first(tmp_path):
    first, second = (Image.fromarray(blocks(STORED[6])[:, :, 0] // k) for k in (1, 3))
    first.save(tmp_path / "photo.jpg", "MPO", save_all=True, append_images=[second], exif=df.exif(6), quality=95)
    with Image.open(tmp_path / "photo.jpg") as photo:
        assert photo.n_frames == 2
    x = decode((tmp_path / "photo.jpg").read_bytes(), "photo.jpg")
    np.testing.assert_allclose(x.astype(int), blocks(UPRIGHT).astype(int), atol=2)


def test_training_and_prediction_see_photographs_alike(tmp_path):
    files = {
        f"{split}/{label}/{o}.{suffix}": stored(o, form)
        for split in ("train", "test")
        for label in ("cat", "dog")
        for o, (suffix, form) in enumerate([("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")] * 2, start=3)
    }
    splits = load("images", path=df.in_folder(tmp_path / "phone", files))
    assert splits.train.x.shape == (12, 48, 32, 3)  # WebP knows no grey
    one = read_image(tmp_path / "phone" / "train" / "cat" / "6.jpg", (48, 32, 3))
    for x in (*splits.train.x, *splits.test.x, one):
        np.testing.assert_allclose(x.astype(int), np.repeat(blocks(UPRIGHT), 3, 2).astype(int), atol=2)


def exif_block(orientation_entry):
    """EXIF data of one tag, given as it lies in the file: type, count, value."""
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<H", 274) + orientation_entry + bytes(4)


DAMAGED_EXIF = {
    "no TIFF": b"Exif\0\0 and nothing of the kind",
    "cut off": exif_block(struct.pack("<HII", 3, 1, 6))[:15],
    "empty": b"Exif\0\0",
    "zero": exif_block(struct.pack("<HII", 3, 1, 0)),
    "nine": exif_block(struct.pack("<HII", 3, 1, 9)),
    "a text": exif_block(struct.pack("<HI", 2, 4) + b"six\0"),
    "values beyond the end": exif_block(struct.pack("<HII", 3, 900, 4000)),
    "an unknown type": exif_block(struct.pack("<HII", 99, 1, 6)),
    "a fraction": exif_block(struct.pack("<HII", 5, 1, 26)) + bytes(8),
}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("case", DAMAGED_EXIF)
def test_damaged_exif_data_count_as_none(case, form):
    x = blocks(UPRIGHT)
    got = decode(df.picture(x, form, exif=DAMAGED_EXIF[case], **OPTIONS[form]), "photo", "L")
    np.testing.assert_allclose(got.astype(int), x.astype(int), atol=2)


def test_a_png_whose_metadata_are_damaged_is_read(tmp_path):
    """Pillow gives up for a wrong checksum in any chunk, and for a text that does not unpack."""
    rows = b"".join(b"\0" + bytes(row) for row in STORED[6])
    turn = (b"eXIf", exif_block(struct.pack("<HII", 3, 1, 6))[6:])
    text = (b"zTXt", b"Comment\0\0no zlib")
    content = df.png(3, 2, 8, 0, rows, text, turn)
    assert decode(content, "a.png")[:, :, 0].tolist() == UPRIGHT
    broken = content.replace(b"eXIfII", b"eXIfI!")  # and so its checksum is wrong
    assert decode(broken, "a.png")[:, :, 0].tolist() == STORED[6]
    with pytest.raises(BadImageError, match="damaged PNG"):
        decode(content[:-20] + b"?" + content[-19:], "a.png")


def test_an_orientation_that_only_xmp_or_a_text_chunk_tells():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    x = decode(df.picture(blocks(STORED[6]), "WEBP", xmp=xmp, lossless=True), "photo", "L")
    np.testing.assert_array_equal(x, blocks(UPRIGHT))
    profile = b"Raw profile type exif\0\nexif\n      32\n" + exif_block(struct.pack("<HII", 3, 1, 6)).hex().encode()
    rows = b"".join(b"\0" + bytes(row) for row in STORED[6])
    assert decode(df.png(3, 2, 8, 0, rows, (b"tEXt", profile + b"\n")), "photo")[:, :, 0].tolist() == UPRIGHT


@pytest.mark.parametrize("behind", [False, True])
def test_an_orientation_behind_the_pixels_of_a_png_counts_and_others_are_measured_undecoded(behind, monkeypatch):
    rows = b"".join(b"\0" + bytes(row) for row in STORED[6])
    exif = df.png(3, 2, 8, 0, b"", (b"eXIf", exif_block(struct.pack("<HII", 3, 1, 6))[6:]))[33:-28]
    plain = df.png(3, 2, 8, 0, rows)
    exif = exif[: 12 + int.from_bytes(exif[:4])]
    at = len(plain) - 12 if behind else 33
    turned = plain[:at] + exif + plain[at:]
    assert decode(turned, "a.png")[:, :, 0].tolist() == UPRIGHT
    assert read_size_and_colour(turned, "a.png") == ((3, 2), "L")
    monkeypatch.setattr(PngImageFile, "load", lambda self: pytest.fail("decoded"))
    assert read_size_and_colour(plain, "a.png") == ((2, 3), "L")
    if not behind:
        assert read_size_and_colour(turned, "a.png") == ((3, 2), "L")
