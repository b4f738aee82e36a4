"""Mistakes in trees of pictures are one clear sentence: which file, what is wrong, what to do."""

import io

import numpy as np
import pytest

from backhand.data import load
from backhand.data.formats.pictures import BadImageError, decode
from backhand.errors import DataError
from tests.data import datafiles as df
from tests.data.datafiles import refused

good = df.picture(df.noise(8, 8, 3))
jpeg = df.picture(df.noise(64, 64, 3), "JPEG")


def png_header(width, height):
    """A PNG that announces this size, and nothing of it."""
    return df.png(width, height, 8, 2, b"")


def saved(mode, form, **options):
    from PIL import Image

    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, form, **options)
    return out.getvalue()


BAD_PICTURES = {
    "truncated JPEG": (jpeg[:-200], r"is not an image \(truncated JPEG\); remove it or pass --skip-bad-images"),
    "truncated PNG": (good[:-60], "is not an image"),
    "empty": (b"", r"is not an image \(unknown format\)"),
    "text": (b"<html>not found</html>", "is not an image"),
    "GIF": (saved("P", "GIF"), "is a GIF file, which is not supported; save it as JPEG or PNG"),
    "bomb": (png_header(60_000, 60_000), "too many"),
    "smaller bomb": (png_header(10_000, 10_000), "too many"),
    "large": (png_header(9_000, 9_000), "9000 x 9000 pixels"),
    "transparent": (saved("RGBA", "PNG"), "transparent pixels"),
    "transparent colour": (saved("RGB", "PNG", transparency=(0, 0, 0)), "transparent pixels"),
    "sixteen bits": (saved("I;16", "PNG"), "16 bits per channel"),
    "CMYK": (saved("CMYK", "JPEG"), "pixels of the kind CMYK"),
}


@pytest.mark.parametrize("packed", ["folder", "zip"])
@pytest.mark.parametrize("case", BAD_PICTURES)
def test_bad_pictures_are_named_and_can_be_skipped(tmp_path, case, packed):
    content, match = BAD_PICTURES[case]
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), "train/cat/0012.jpg": content}
    path = df.PACKERS[packed](tmp_path / "pets", files)
    assert f"{path}/train/cat/0012.jpg" in refused(match, "images", path=path)
    splits = load("images", path=path, skip_bad_images=True)
    assert len(splits.train) == 6
    assert splits.notes == {"skipped images": "1: train/cat/0012.jpg"}
    del files["train/cat/0012.jpg"]
    df.assert_same(splits, load("images", path=df.PACKERS[packed](tmp_path / "good", files)))


def test_a_picture_without_pixels_data_is_not_read_as_black():
    with pytest.raises(DataError, match="is not an image"):
        decode(png_header(8, 8), "a.png")


BAD_TREES = {
    "another size": (
        {"train/cat/7.png": df.picture(df.noise(8, 9, 3))},
        "cat/7.png is 8 x 9, the pictures before it are 8 x 8",
    ),
    "a folder deeper": ({"train/cat/more/7.png": good}, "train/cat/more/7.png is not at split/class/image"),
    "beside the classes": ({"train/7.png": good}, "train/7.png is not at split/class/image"),
    "beside the splits": ({"other/cat/7.png": good}, "is not at class/image"),
    "a class only tested": ({"test/cow/7.png": good}, 'class "cow" has no samples in the train split'),
    "a class not tested": ({"train/cow/7.png": good}, 'class "cow" has no samples in the test split'),
}


@pytest.mark.parametrize("packed", df.PACKERS)
@pytest.mark.parametrize("case", BAD_TREES)
def test_bad_trees(tmp_path, case, packed):
    changes, match = BAD_TREES[case]
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), **changes}
    refused(match, "images", path=df.PACKERS[packed](tmp_path / "pets", files))


def test_trees_with_too_little(tmp_path):
    for files, match in (
        ({}, "holds no .jpg"),
        (df.picture_tree(("",), ("cat",)), 'has the one class "cat"'),
        (df.picture_tree(("test",), ("cat", "dog")), "has no train folder beside test"),
        (df.picture_tree(("",), ("cat", "dog"), per_class=1), 'class "cat" has 1 of 2 samples, too few'),
        ({"cat/0.png": b"", "dog/0.png": b""}, "is not an image"),
    ):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.mkdir()
        refused(match, "images", path=df.in_folder(path, files))
    refused("holds no picture that can be read; the first: ", "images", path=path, skip_bad_images=True)


def test_an_empty_class_folder(tmp_path):
    path = df.in_folder(tmp_path, df.picture_tree(("train", "test"), ("cat", "dog")))
    (path / "train" / "cow").mkdir()
    refused("class folder train/cow holds no images", "images", path=path)


@pytest.mark.parametrize(("mode", "plain"), [("RGBA", "RGB"), ("LA", "L")])
def test_an_alpha_channel_that_hides_nothing_is_dropped(mode, plain):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, len(plain)), np.uint8)
    image = Image.fromarray(pixels.squeeze()).convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    np.testing.assert_array_equal(decode(out.getvalue(), "a.png"), pixels)
    image.putpixel((3, 2), (*[1] * len(plain), 254))
    out = io.BytesIO()
    image.save(out, "PNG")
    with pytest.raises(BadImageError, match="transparent pixels"):
        decode(out.getvalue(), "a.png")
