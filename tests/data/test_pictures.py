"""Every kind of picture file is read rightly, or refused: by its own bit depth, whatever it is called."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from backhand.data import load
from backhand.data.formats.picture_headers import bits_per_channel, format_of, without_metadata
from backhand.data.formats.pictures import BadImageError, decode
from tests.data import datafiles as df

# Depths. PNG's kinds of colour: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.

SIXTEEN = {0: 1, 2: 3, 4: 2, 6: 4}


@pytest.mark.parametrize("kind", SIXTEEN)
@pytest.mark.parametrize("value", [900, 65_535])
def test_sixteen_bits_are_refused_by_the_files_own_word(tmp_path, kind, value):
    row = b"\0" + struct.pack(">H", value) * SIXTEEN[kind] * 8
    content = df.png(8, 8, 16, kind, row * 8)
    with pytest.raises(BadImageError, match=r"a\.png has 16 bits per channel; save it as 8-bit"):
        decode(content, "a.png")
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), "train/cat/7.png": content}
    splits = load("images", path=df.in_folder(tmp_path, files), skip_bad_images=True)
    assert splits.notes == {"skipped images": "1: train/cat/7.png"}


@pytest.mark.parametrize(
    ("bits", "row", "expected"),
    [(1, 0b01010000, [0, 255, 0, 255]), (2, 0b00011011, [0, 85, 170, 255]), (4, 0x0F, [0, 255])],
)
def test_shallow_grey_is_scaled_and_shallow_palettes_are_looked_up(bits, row, expected):
    grey = decode(df.png(len(expected), 1, bits, 0, bytes([0, row])), "a.png")
    assert grey.ravel().tolist() == expected
    palette = b"".join(bytes([10 * k, 200, 7]) for k in range(2**bits))
    x = decode(df.png(len(expected), 1, bits, 3, bytes([0, row]), (b"PLTE", palette)), "a.png")
    index = [round(value / 255 * (2**bits - 1)) for value in expected]
    assert x[0].tolist() == [[10 * k, 200, 7] for k in index]


def test_a_jpeg_of_twelve_bits():
    content = bytearray(df.picture(df.noise(16, 16, 3), "JPEG"))
    content[content.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(BadImageError, match="12 bits per channel"):
        decode(bytes(content), "a.jpg")


# Transparency: what hides nothing is dropped.


def test_a_transparency_that_hides_nothing():
    palette = (b"PLTE", bytes([1, 2, 3, 4, 5, 6]))
    hides = df.png(2, 1, 8, 3, b"\0\0\1", palette, (b"tRNS", b"\xff\x80"))
    shows = df.png(2, 1, 8, 3, b"\0\0\1", palette, (b"tRNS", b"\xff\xff"))
    colour = df.png(2, 1, 8, 2, b"\0\1\2\3\4\5\6", (b"tRNS", bytes([0, 9, 0, 9, 0, 9])))
    for content in (shows, colour, df.picture(decode(colour, "a"), "WEBP", lossless=True)):
        assert decode(content, "a.png")[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(BadImageError, match="transparent pixels"):
        decode(hides, "a.png")


@pytest.mark.parametrize("form", ["WEBP", "PNG", "BMP"])
def test_alpha(form):
    image = Image.fromarray(df.noise(4, 4, 3)).convert("RGBA")
    x = decode(saved(image, form, lossless=True), "a")
    np.testing.assert_array_equal(x, df.noise(4, 4, 3))
    if form == "BMP":  # whose writer drops it; the other version of the header has a mask for it
        return
    image.putpixel((1, 2), (0, 0, 0, 254))
    with pytest.raises(BadImageError, match="transparent pixels"):
        decode(saved(image, form, lossless=True), "a")


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_animations(form):
    frames = [Image.fromarray(df.noise(8, 8, 3, seed=k)) for k in range(3)]
    with pytest.raises(BadImageError, match="is an animation of several pictures"):
        decode(saved(frames[0], form, save_all=True, append_images=frames[1:]), "a")


def test_the_precision_of_a_jpeg_is_found_behind_fill_bytes_and_tables():
    data = df.picture(df.noise(8, 8, 3), "JPEG", comment=b"x" * 300)
    assert bits_per_channel(data) == 8
    at = data.index(b"\xff\xc0")
    for marker in (0xC0, 0xC2, 0xC5, 0xC9, 0xCD, 0xCF):
        twelve = bytearray(data)
        twelve[at + 1], twelve[at + 4] = marker, 12
        assert bits_per_channel(bytes(twelve)) == 12
        for fill in (b"\xff\xff", b"\xff"):
            filled = bytes(twelve[:at]) + fill + bytes(twelve[at:])
            assert bits_per_channel(filled) == 12
        with pytest.raises(BadImageError, match="has 12 bits per channel"):
            decode(filled, "a.jpg")
    for marker in (0xC4, 0xC8, 0xCC, 0xD0, 0xFE):  # tables and comments, whose fifth byte is something else
        other = bytearray(data)
        other[at + 1], other[at + 4] = marker, 12
        assert bits_per_channel(bytes(other)) == 8
    assert bits_per_channel(data[:at]) == 8
    assert bits_per_channel(b"\xff\xd8") == 8


HEADS = {
    b"RIFF\x10\0\0\0WEBPVP8 ": "WebP",
    b"RIFF\x10\0\0\0WAVEfmt ": "",
    b"ABCD\x10\0\0\0WEBPVP8 ": "",
    b"\0\0\0\x18ftypheic": "HEIC",
    b"\0\0\0\x18ftypmp42": "",
    b"\xff\xd8\xff": "JPEG",
    b"GIF89a": "GIF",
    b"<html>": "",
    b"": "",
}


@pytest.mark.parametrize("head", HEADS)
def test_a_format_is_known_by_its_first_bytes(head):
    assert format_of(head) == HEADS[head]


def chunk(kind, data, *, whole=True):
    checksum = zlib.crc32(kind + data) + (not whole)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def test_a_png_is_left_as_it_is_but_for_texts_and_damaged_metadata():
    plain = df.png(2, 1, 8, 0, b"\0\x07\x09")
    head, rest = plain[:33], plain[33:]
    kept = chunk(b"pHYs", bytes(9)) + chunk(b"eXIf", b"II*\0\x07") + chunk(b"PLTE", bytes(3), whole=False)
    gone = chunk(b"tEXt", b"a\0b") + chunk(b"eXIf", b"II*\0\x07", whole=False) + chunk(b"tIME", bytes(7), whole=False)
    assert without_metadata(head + kept + gone + rest) == head + kept + rest
    assert without_metadata(head + gone + rest + b"behind") == plain + b"behind"
    cut = head + rest[:-3]
    assert without_metadata(cut) == cut


# BMP


@pytest.mark.parametrize(
    ("bits", "row", "masks", "expected"),
    [
        (16, 0xF81F_07E0, (0xF800, 0x7E0, 0x1F), [[0, 255, 0], [255, 0, 255]]),
        (16, 0x7C1F_03E0, (), [[0, 255, 0], [255, 0, 255]]),
        (32, 0xFF11_2233_FF44_5566, (0xFF0000, 0xFF00, 0xFF), [[0x44, 0x55, 0x66], [0x11, 0x22, 0x33]]),
    ],
)
def test_bmp_of_sixteen_and_thirty_two_bits(bits, row, masks, expected):
    content = df.bmp(bits, 2, row.to_bytes(bits // 4, "little"), masks=struct.pack(f"<{len(masks)}I", *masks))
    assert decode(content, "a.bmp")[0].tolist() == expected


def test_bmp_of_the_first_version_and_one_without_alpha_in_the_later_header():
    header = b"BM" + struct.pack("<IHHI", 30, 0, 0, 26) + struct.pack("<IHHHH", 12, 1, 1, 1, 24)
    assert decode(header + b"\x03\x02\x01\0", "a.bmp").ravel().tolist() == [1, 2, 3]
    palette = b"".join(bytes([value] * 3) for value in range(256))
    header = b"BM" + struct.pack("<IHHI", 798, 0, 0, 794) + struct.pack("<IHHHH", 12, 4, 1, 1, 8)
    assert decode(header + palette + bytes(range(4)), "a.bmp")[0, :, 0].tolist() == [0, 1, 2, 3]
    plain = df.bmp(16, 2, b"\xff\x7f\xff\x7f", masks=struct.pack("<4I", 0x7C00, 0x3E0, 0x1F, 0))
    assert decode(plain, "a.bmp").ravel().tolist() == [255] * 6


def test_bmp_palettes():
    assert decode(df.bmp(8, 4, bytes(range(4)), range(256)), "a")[0, :, 0].tolist() == [0, 1, 2, 3]
    assert decode(df.bmp(4, 4, b"\x01\x2f\0\0", range(0, 256, 17)), "a")[0, :, 0].tolist() == [0, 17, 34, 255]
    assert decode(df.bmp(1, 4, b"\x50\0\0\0", (255, 0)), "a")[0, :, 0].tolist() == [255, 0, 255, 0]
    assert decode(df.bmp(1, 4, b"\x50\0\0\0", (0, 255)), "a")[0, :, 0].tolist() == [0, 255, 0, 255]


@pytest.mark.parametrize(
    "content",
    [
        df.bmp(8, 4, bytes([0, 1, 0, 1]), (0, 255)),  # two grey levels in bytes, which Pillow takes for bits
        df.bmp(4, 4, b"\x01\x2f\0\0", range(16)),  # sixteen near black, which it takes for bytes
        df.bmp(16, 2, b"\xff\x7f\xff\xff", masks=struct.pack("<4I", 0x7C00, 0x3E0, 0x1F, 0x8000)),  # one bit of alpha
        df.bmp(16, 2, b"\xff\x7f\xff\xff", masks=struct.pack("<4I", 0xF800, 0x7C0, 0x3E, 1)),  # or at the other end
        df.bmp(32, 1, bytes(4), masks=struct.pack("<3I", 0x3FF00000, 0xFFC00, 0x3FF)),  # ten bits per channel
    ],
)
def test_bmp_that_would_be_misread_is_refused(content):
    with pytest.raises(BadImageError, match="is a BMP file of an unusual kind"):
        decode(content, "a.bmp")


def test_bmp_of_sixty_four_bits():
    with pytest.raises(BadImageError, match="16 bits per channel"):
        decode(df.bmp(64, 1, bytes(8)), "a.bmp")


# Names and what lies beside


def test_the_content_decides_and_not_the_name(tmp_path):
    x = df.noise(8, 8, 3)
    forms = {"0.png": "JPEG", "1.jpg": "PNG", "2.webp": "BMP", "3.bmp": "WEBP", "4.JFIF": "PNG", "5.mpo": "PNG"}
    files = {
        f"{split}/{label}/{name}": df.picture(x, form, **({"lossless": True} if form == "WEBP" else {}))
        for split in ("train", "test")
        for label in ("a", "b")
        for name, form in forms.items()
    }
    splits = load("images", path=df.in_folder(tmp_path, files))
    assert len(splits.train) == 12
    for i in (1, 2, 3, 4, 5):
        np.testing.assert_array_equal(splits.train.x[i], x)


FOREIGN = {
    "GIF": df.picture(df.noise(4, 4, 1), "GIF"),
    "TIFF": df.picture(df.noise(4, 4, 1), "TIFF"),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
    "AVIF": b"\0\0\0\x18ftypavif" + bytes(40),
    "JPEG XL": b"\xff\x0a" + bytes(40),
}


@pytest.mark.parametrize("form", FOREIGN)
def test_a_format_that_is_not_read_is_named(form):
    with pytest.raises(
        BadImageError, match=f"photo.jpg is a {form} file, which is not supported; save it as JPEG or PNG"
    ):
        decode(FOREIGN[form], "photo.jpg")


@pytest.mark.parametrize("packed", df.PACKERS)
def test_files_passed_over_are_counted_cold_and_warm(tmp_path, packed):
    files = df.picture_tree(("train", "test"), ("cat", "dog"))
    files |= {f"train/cat/{k}.gif": FOREIGN["GIF"] for k in range(3)}
    files |= {"train/cat/1.HEIC": b"", "README": b"", ".DS_Store": b"", "__MACOSX/train/cat/._0.png": b""}
    path = df.PACKERS[packed](tmp_path / "pets", files)
    for _ in range(2):
        assert load("images", path=path).notes == {"files passed over": "3 .gif, 1 .heic, 1 without a suffix"}


@pytest.mark.parametrize("packed", df.PACKERS)
def test_a_class_of_other_files_alone_is_refused(tmp_path, packed):
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), "train/cow/0.gif": b"", "train/cow/1.gif": b""}
    df.refused(
        "class folder train/cow holds no images, but 2 .gif; add some",
        "images",
        path=df.PACKERS[packed](tmp_path / "pets", files),
    )
    path = df.PACKERS[packed](tmp_path / "scans", {"cat/0.tiff": b"", "dog/0.tiff": b""})
    df.refused("holds no .jpg, .png, .webp or .bmp images, but 2 .tiff; put", "images", path=path)
