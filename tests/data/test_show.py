"""Pictures of data sets."""

import datafiles as df
import numpy as np
import pytest
from PIL import Image

from backhand.data import load
from backhand.data.show import contact_sheet, scatter, show
from backhand.errors import BackhandError, DataError


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def bordered(image, margin=8):
    """True where the outermost pixels are white: nothing is cut off."""
    inner = image.copy()
    inner[margin:-margin, margin:-margin] = 255
    return (inner == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("names", [("cat", "dog", "cow"), ("a" * 60, "$x^2", "<b>&"), ("äöü", "", "\\frac")])
def test_a_contact_sheet_holds_every_class_and_cuts_nothing_off(tmp_path, channels, names):
    colours = np.array([[200, 0, 0], [0, 150, 0], [0, 0, 250]], np.uint8)[:, :channels]
    y = np.arange(60) % 3
    x = np.broadcast_to(colours[y][:, None, None], (60, 8, 8, channels)).copy()
    path = contact_sheet(x, y, names, tmp_path / "a.png", title="A rather long title of a data set " * 4)
    image = pixels(path)
    assert bordered(image)
    for colour in np.broadcast_to(colours, (3, 3)) if channels == 1 else colours:
        assert (image == colour).all(axis=-1).mean() > 0.1


def test_the_seed_draws_the_sample(tmp_path):
    x, y = df.noise(100, 8, 8, 1), np.arange(100) % 2
    sheets = [
        contact_sheet(x, y, ("a", "b"), tmp_path / f"{i}.png", title="t", seed=seed).read_bytes()
        for i, seed in enumerate((1, 1, 2))
    ]
    assert sheets[0] == sheets[1]
    assert not np.array_equal(pixels(tmp_path / "0.png"), pixels(tmp_path / "2.png"))


def test_many_classes_and_few_pictures(tmp_path):
    y = np.arange(45) % 30
    sheet = contact_sheet(df.noise(45, 4, 9, 3), y, tuple(map(str, range(30))), tmp_path / "a.png", title="many")
    assert bordered(pixels(sheet))


@pytest.mark.parametrize("features", [2, 5])
def test_features_are_scattered(tmp_path, features):
    x = np.random.default_rng(0).normal(size=(50, features)).astype(np.float32)
    image = pixels(scatter(x, np.arange(50) % 2, ("no", "yes"), tmp_path / "a.png", title="points"))
    assert bordered(image)
    assert (image != 255).any()


@pytest.mark.parametrize("columns", [2, 3])
def test_large_numbers_and_constants_are_drawn(tmp_path, columns):
    """Two clouds a minute apart, as far apart as two clouds around 0."""
    y = np.arange(60) % 2
    near = np.stack([60 * y + np.arange(60) / 10, np.ones(60), np.ones(60)], axis=1)[:, :columns]
    drawn = [pixels(scatter(x, y, ("no", "yes"), tmp_path / "a.png", title="t")) for x in (near, 1.7e9 + near)]
    blue = [(image[..., 2] > image[..., 0].astype(int) + 80).sum() for image in drawn]
    assert blue[0] > 100
    assert blue[1] == pytest.approx(blue[0], rel=0.2)


def test_what_cannot_be_drawn(tmp_path):
    y = np.arange(4) % 2
    with pytest.raises(DataError, match="pictures are"):
        contact_sheet(df.noise(4, 3, 3, 2), y, ("a", "b"), tmp_path / "a.png", title="")
    with pytest.raises(DataError, match="F of 2 or more"):
        scatter(np.ones((4, 1), np.float32), y, ("a", "b"), tmp_path / "a.png", title="")
    (tmp_path / "file").write_text("")
    with pytest.raises(BackhandError, match="name another file"):
        show(load("blobs"), tmp_path / "file" / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
