"""Every kind of picture file is read rightly, or refused: upright, by its own bit depth, whatever it is called."""

import io
import struct

import datafiles as df
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from backhand.data import load
from backhand.data.formats.pictures import BadImageError, decode, measure
from backhand.experiment.predict import read_image

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


def test_a_telephones_file_of_several_pictures_is_its_first(tmp_path):
    first, second = (Image.fromarray(blocks(STORED[6])[:, :, 0] // k) for k in (1, 3))
    first.save(tmp_path / "photo.jpg", "MPO", save_all=True, append_images=[second], exif=df.exif(6), quality=95)
    with Image.open(tmp_path / "photo.jpg") as photo:
        assert photo.n_frames == 2
    x = decode((tmp_path / "photo.jpg").read_bytes(), "photo.jpg")
    np.testing.assert_allclose(x.astype(int), blocks(UPRIGHT).astype(int), atol=2)


def test_training_and_prediction_see_photographs_alike(tmp_path):
    files = {
        f"{part}/{label}/{o}.{suffix}": stored(o, form)
        for part in ("train", "test")
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
    assert measure(turned, "a.png") == ((3, 2), "L")
    monkeypatch.setattr(PngImageFile, "load", lambda self: pytest.fail("decoded"))
    assert measure(plain, "a.png") == ((2, 3), "L")
    if not behind:
        assert measure(turned, "a.png") == ((3, 2), "L")


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
        f"{part}/{label}/{name}": df.picture(x, form, **({"lossless": True} if form == "WEBP" else {}))
        for part in ("train", "test")
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
    with pytest.raises(BadImageError, match=f"photo.jpg is a {form} file, which is not read; save it as JPEG or PNG"):
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
