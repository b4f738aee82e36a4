"""Pictures brought to one size: against Pillow, by hand, and the same wherever they are read."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from backhand.data import load
from backhand.data.formats.inspection import inspect_pictures
from backhand.data.formats.pictures import decode
from backhand.data.formats.resize import Resize, resize_images
from backhand.errors import DataError
from tests.data import datafiles as df

LANCZOS = Image.Resampling.LANCZOS
SHAPES = [(40, 60), (60, 40), (7, 9), (200, 33), (16, 24), (1, 50)]  # height, width


def saved(pixels: np.ndarray, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_crop_and_a_stretch_are_what_pillow_makes(shape: tuple[int, int]) -> None:
    pixels = df.noise(*shape, 3)
    image = Image.fromarray(pixels)
    np.testing.assert_array_equal(Resize((16, 24))(pixels), ImageOps.fit(image, (24, 16), LANCZOS))
    np.testing.assert_array_equal(Resize((16, 24), "stretch")(pixels), image.resize((24, 16), LANCZOS))


@pytest.mark.parametrize("how", ["crop", "letterbox", "stretch"])
def test_every_channel_is_scaled_as_a_picture_of_its_own(how: str) -> None:
    pixels, resize = df.noise(31, 45, 4), Resize((20, 20), how)
    alone = [resize(pixels[:, :, [c]]) for c in range(4)]
    np.testing.assert_array_equal(resize(pixels), np.concatenate(alone, axis=2))
    np.testing.assert_array_equal(resize(pixels[:, :, :3]), np.concatenate(alone[:3], axis=2))


def test_a_letterbox_has_the_whole_picture_in_the_middle_of_black() -> None:
    wide = Resize((20, 20), "letterbox")(np.full((10, 40, 1), 200, np.uint8))
    assert np.flatnonzero(wide[:, 0, 0]).tolist() == [7, 8, 9, 10, 11]  # 20 x 5 pixels of it
    assert (wide[7:12] == 200).all()
    high = Resize((6, 20), "letterbox")(np.full((30, 10, 3), 9, np.uint8))
    assert np.flatnonzero(high[0, :, 0]).tolist() == [9, 10]
    line = Resize((8, 8), "letterbox")(np.full((1, 500, 1), 50, np.uint8))
    assert (line[3] == 50).all()  # a picture is never scaled away


DRAFTS = {  # the size (height, width) of a JPEG, that which is wanted, that which is decoded
    "a camera's": ((1024, 1536), (64, 64), (128, 192)),
    "just as large": ((512, 512), (64, 64), (512, 512)),
    "held upright": ((1536, 1024), (64, 48), (192, 128)),
    "wanted large": ((1024, 1024), (300, 200), (1024, 1024)),
    "a strip": ((300, 4000), (32, 128), (300, 4000)),
}


@pytest.mark.parametrize("case", DRAFTS)
def test_a_huge_jpeg_is_decoded_at_a_fraction_that_is_twice_what_is_needed(case: str) -> None:
    shape, wanted, decoded = DRAFTS[case]
    with Image.open(io.BytesIO(saved(np.zeros(shape, np.uint8), "JPEG"))) as image:
        Resize(wanted).draft(image)
        assert image.size == decoded[::-1]


def test_a_letterbox_of_a_thread_is_a_line_one_pixel_wide() -> None:
    for shape, line in (((400, 1, 1), np.s_[:, 7]), ((1, 400, 1), np.s_[7])):
        framed = Resize((16, 16), "letterbox")(np.full(shape, 200, np.uint8))[:, :, 0]
        assert (framed[line] == 200).all()
        assert framed.astype(int).sum() == 16 * 200


def test_a_crop_keeps_the_middle_and_the_aspect() -> None:
    columns = np.repeat(np.arange(0, 240, 4, dtype=np.uint8)[None, :, None], 20, axis=0)  # 20 x 60
    cut = Resize((10, 10))(columns)[:, :, 0]
    assert (cut == cut[0]).all()
    assert (np.diff(cut[0].astype(int)) == 8).all()  # every second column of
    assert cut[0, 0] >= 80  # the middle third
    assert cut[0, -1] <= 160


def test_what_has_the_size_is_left_as_it_is() -> None:
    pixels = df.noise(16, 24, 3)
    for how in ("crop", "letterbox", "stretch"):
        assert Resize((16, 24), how)(pixels) is pixels
    x = df.noise(5, 16, 24, 1)
    assert resize_images(x, Resize((16, 24))) is x
    assert resize_images(x, Resize()) is x


def test_arrays_are_scaled_image_by_image() -> None:
    x = df.noise(3, 12, 12, 2)
    y = resize_images(x, Resize((8, 6), "stretch"))
    np.testing.assert_array_equal(y[1], Resize((8, 6), "stretch")(x[1]))
    with pytest.raises(DataError, match=r"^data\.resize scales images, and .* rows of 4 features$"):
        resize_images(np.zeros((3, 4), np.float32), Resize((8, 8)))


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(28, 28)] * 3, (28, 28)),  # one size stays
        ([(30, 50)] * 3, (30, 50)),
        ([(480, 640)] * 2, (55, 74)),  # scaled to the area of 64 x 64
        ([(96, 96)], (64, 64)),
        ([(5, 5)] * 2, (16, 16)),  # enlarged
        ([(1, 1)], (16, 16)),
        ([(12, 18)], (16, 24)),
        ([(20, 1500)], (16, 256)),  # a piece of it, whose area is that of 64 x 64
        ([(3000, 20)], (256, 16)),
        ([(30, 300)], (20, 202)),
        ([(24, 90), (40, 30), (70, 70)], (24, 24)),  # the middle one of 24, 30, 70, in steps of 8
        ([(500, 400), (300, 300), (90, 20)], (64, 64)),
        ([(9, 9), (10, 12)], (16, 16)),
    ],
)
def test_a_size_that_suits_the_pictures(sizes: list[tuple[int, int]], chosen: tuple[int, int]) -> None:
    assert Resize(how="letterbox").with_size_for(sizes) == Resize(chosen, "letterbox")
    assert Resize((5, 5)).with_size_for(sizes) == Resize((5, 5))


def test_no_size_scales_nothing() -> None:
    with pytest.raises(ValueError, match="a size must be chosen"):
        Resize()(df.noise(4, 4, 1))


@pytest.mark.parametrize("how", ["crop", "letterbox", "stretch"])
def test_a_photograph_is_scaled_upright(how: str) -> None:
    pixels = df.noise(30, 44, 3)
    sideways = saved(pixels, "PNG", exif=df.exif(6))
    upright = np.ascontiguousarray(np.rot90(pixels, -1))
    resize = Resize((16, 20), how)
    np.testing.assert_array_equal(decode(sideways, "a", resize=resize), resize(upright))


@pytest.mark.parametrize("turned", [1, 6])
@pytest.mark.parametrize("how", ["crop", "letterbox", "stretch"])
def test_a_huge_jpeg_is_decoded_small_and_looks_the_same(how: str, turned: int, monkeypatch) -> None:
    rows, columns = np.mgrid[0:900, 0:1400]
    pixels = np.stack([rows // 4, columns // 6, (rows + columns) // 10], axis=2).astype(np.uint8)
    data = saved(pixels, "JPEG", quality=95, exif=df.exif(turned))
    resize, seen = Resize((48, 64), how), []
    whole = resize(decode(data, "a"))
    scaled = Resize.__call__
    monkeypatch.setattr(Resize, "__call__", lambda self, image: seen.append(image.shape) or scaled(self, image))
    small = decode(data, "a", resize=resize)
    assert max(seen[0]) < 800
    assert min(seen[0][:2]) >= 2 * 48 or how == "letterbox"
    assert np.abs(small.astype(int) - whole).mean() < 1.5


FORMS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "bmp": "BMP"}


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two classes of six pictures each: four formats, many sizes, some grey."""
    rng = np.random.default_rng(1)
    for k, label in enumerate(("cat", "dog")):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(6):
            height, width = rng.integers(20, 70, 2)
            shape = (height, width) if i == 2 else (height, width, 3)
            suffix, form = list(FORMS.items())[(i + k) % 4]
            (tmp_path / "photos" / label / f"{i}.{suffix}").write_bytes(saved(df.noise(*shape, seed=i), form))
    return tmp_path / "photos"


def test_pictures_of_every_size_and_format_load_at_one_size(photographs: Path) -> None:
    resize = Resize((24, 32), "letterbox")
    splits = load("images", path=photographs, resize=resize)
    found = {image.tobytes() for split in splits.by_name.values() for image in split.x}
    files = sorted(photographs.rglob("*.*"))
    assert splits.train.x.shape[1:] == (24, 32, 3)
    assert found == {decode(file.read_bytes(), "a", "RGB", resize).tobytes() for file in files}
    assert splits.notes["pictures scaled"] == "to 24 x 32 pixels (height x width) by letterbox"


def test_each_size_and_way_is_cached_apart(photographs: Path) -> None:
    ways = [Resize((24, 24)), Resize((24, 24), "stretch"), Resize((16, 24))]
    fresh = [load("images", path=photographs, resize=way).train.x for way in ways]
    again = [load("images", path=photographs, resize=way).train.x for way in ways]
    assert len({x.tobytes() for x in fresh}) == 3
    for a, b in zip(fresh, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_resize_pictures_must_be_of_one_size(photographs: Path) -> None:
    with pytest.raises(
        DataError, match=r"the pictures before it are .*; set data\.resize in the study, or pass --resize$"
    ):
        load("images", path=photographs)


def test_a_size_is_chosen_from_the_headers(photographs: Path) -> None:
    seen = inspect_pictures(photographs)
    assert seen.classes == ("cat", "dog")
    assert [seen.counts(split) for split in ("train", "test")] == [(6, 6), (0, 0)]
    assert seen.colours.count("L") == 1  # the other grey one is a WebP, which knows no grey
    side = sorted(min(size) for size in seen.sizes)[5] // 8 * 8
    assert load("images", path=photographs, resize=Resize()).train.x.shape[1:3] == (side, side)


def test_headers_tell_upright_sizes_and_what_cannot_be_read(photographs: Path) -> None:
    (photographs / "cat" / "turned.jpg").write_bytes(saved(df.noise(10, 20), "JPEG", exif=df.exif(8)))
    (photographs / "dog" / "broken.png").write_bytes(b"no picture")
    (photographs / "dog" / "notes.txt").write_text("hello")
    seen = inspect_pictures(photographs)
    sizes = {member.name: size for member, size in zip(seen.members, seen.sizes, strict=True)}
    assert sizes["cat/turned.jpg"] == (20, 10)
    assert ["dog/broken.png is not an image" in error for error in seen.unreadable] == [True]
    assert seen.ignored_files == "1 .txt"
    for file in photographs.rglob("*.*"):
        if file.suffix != ".txt":
            file.write_bytes(b"no picture")
    with pytest.raises(DataError, match="can be read; the first: "):
        inspect_pictures(photographs)


def test_data_sets_of_arrays_come_to_a_size_as_well() -> None:
    plain, large = load("digits"), load("digits", resize=Resize((12, 12), "stretch"))
    np.testing.assert_array_equal(large.test.x[3], Resize((12, 12), "stretch")(plain.test.x[3]))
    with pytest.raises(DataError, match=r"data\.resize scales images"):
        load("blobs", resize=Resize((8, 8)))
