"""Pictures of data sets."""

import matplotlib.colors
import numpy as np
import pytest
from PIL import Image

from backhand.data import Dataset, Splits, load
from backhand.data import show as drawing
from backhand.data.show import COLOURS, MARKERS, draw_contact_sheet, draw_samples, draw_scatter
from backhand.errors import BackhandError, DataError
from tests.data import datafiles as df


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
    path = draw_contact_sheet(x, y, names, tmp_path / "a.png", title="A rather long title of a data set " * 4)
    image = pixels(path)
    assert bordered(image)
    for colour in np.broadcast_to(colours, (3, 3)) if channels == 1 else colours:
        assert (image == colour).all(axis=-1).mean() > 0.1


def test_the_seed_draws_the_sample(tmp_path):
    x, y = df.noise(100, 8, 8, 1), np.arange(100) % 2
    sheets = [
        draw_contact_sheet(x, y, ("a", "b"), tmp_path / f"{i}.png", title="t", seed=seed).read_bytes()
        for i, seed in enumerate((1, 1, 2))
    ]
    assert sheets[0] == sheets[1]
    assert not np.array_equal(pixels(tmp_path / "0.png"), pixels(tmp_path / "2.png"))


def test_many_classes_and_few_pictures(tmp_path):
    y = np.arange(45) % 30
    sheet = draw_contact_sheet(df.noise(45, 4, 9, 3), y, tuple(map(str, range(30))), tmp_path / "a.png", title="many")
    assert bordered(pixels(sheet))


@pytest.mark.parametrize("features", [2, 5])
def test_features_are_scattered(tmp_path, features):
    x = np.random.default_rng(0).normal(size=(50, features)).astype(np.float32)
    image = pixels(draw_scatter(x, np.arange(50) % 2, ("no", "yes"), tmp_path / "a.png", title="points"))
    assert bordered(image)
    assert (image != 255).any()


@pytest.mark.parametrize("columns", [2, 3])
def test_large_numbers_and_constants_are_drawn(tmp_path, columns):
    """Two clouds a minute apart, as far apart as two clouds around 0."""
    y = np.arange(60) % 2
    near = np.stack([60 * y + np.arange(60) / 10, np.ones(60), np.ones(60)], axis=1)[:, :columns]
    drawn = [pixels(draw_scatter(x, y, ("no", "yes"), tmp_path / "a.png", title="t")) for x in (near, 1.7e9 + near)]
    blue = [(image[..., 2] > image[..., 0].astype(int) + 80).sum() for image in drawn]
    assert blue[0] > 100
    assert blue[1] == pytest.approx(blue[0], rel=0.2)


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, in place of their files."""
    drawn = []
    monkeypatch.setattr(drawing, "_save", lambda figure, path: drawn.append(figure) or path)
    return drawn


def plain(texts):
    """What they say; no part of it is taken for a formula."""
    texts = list(texts)
    assert not any(text.get_parse_math() for text in texts)
    return [text.get_text() for text in texts]


def test_every_class_has_its_points_its_mark_and_its_name(figures):
    x, y = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300) % 30
    names = ("$x_1$", "_b", "n" * 24, "n" * 25, *map(str, range(4, 30)))
    draw_scatter(x, y, names, "a.png", title="Points of the plane")
    [axes] = figures[0].axes
    for k, drawn in enumerate(axes.collections):
        np.testing.assert_array_equal(drawn.get_offsets(), x[y == k])
        assert matplotlib.colors.to_hex(drawn.get_facecolor()[0]).upper() == COLOURS[k % 7]
    marks = [drawn.get_paths()[0].vertices.tolist() for drawn in axes.collections]
    assert all(marks[k] == marks[k + 8] for k in range(22))
    assert all(marks[k] != marks[k + 1] for k in range(len(MARKERS)))
    legend = axes.get_legend()
    assert plain(legend.get_texts()) == [*names[:3], "n" * 23 + "…", *names[4:]]
    assert legend._ncols == 2  # so that it is no higher than the plot
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("feature 1", "feature 2")
    assert plain(figures[0].texts) == ["300 of 300 training samples, 2 features", "Points of the plane"]


def test_many_features_are_seen_along_the_directions_in_which_they_vary(figures):
    z = np.random.default_rng(0).normal(size=(500, 3)) * [5, 3, 1]
    x = z @ np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    y = np.arange(500) % 2
    draw_scatter(x, y, ("a", "b"), "a.png", title="")
    [axes] = figures[0].axes
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    left, sizes, _ = np.linalg.svd(scaled)
    shares = 100 * sizes**2 / (sizes**2).sum()
    for k, label in enumerate((axes.get_xlabel(), axes.get_ylabel())):
        assert label == f"principal component {k + 1} ({shares[k]:.0f}% of the variance)"
        seen = np.concatenate([drawn.get_offsets()[:, k] for drawn in axes.collections])
        wanted = np.concatenate([(left * sizes[k])[y == c, k] for c in range(2)])
        np.testing.assert_allclose(np.abs(seen), np.abs(wanted), atol=1e-6)


def test_the_rows_of_a_regression_have_the_colours_of_their_target(figures):
    splits = load("diabetes")
    draw_samples(splits, "a.png")
    axes, bar = figures[0].axes
    np.testing.assert_array_equal(np.sort(axes.collections[0].get_array()), np.sort(splits.train.y[:, 0]))
    assert bar.get_ylabel() == "progression"
    assert "354 of 354 training samples, 10 features, by progression" in plain(figures[0].texts)
    one = Dataset(np.arange(9.0)[:, None], np.arange(18.0).reshape(9, 2))
    draw_samples(Splits("mine", (), one, one, targets=("$a", "b")), "a.png")
    [axes] = figures[1].axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.yaxis.label.get_parse_math()) == ("feature 1", "$a", False)
    assert "by $a, the first of 2 targets" in plain(figures[1].texts)[0]


def test_the_pictures_of_a_regression_are_in_rows_of_rising_targets(figures):
    x, y = np.arange(50, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2), np.arange(50.0)[:, None]
    for values in (y, np.ones((50, 1))):
        data = Dataset(x, values)
        draw_samples(Splits("mine", (), data, data, targets=("age",)), "a.png")
    rising, constant = (figure.axes[0] for figure in figures)
    names = plain(rising.get_yticklabels())
    assert names == ["0 to 9.8", "9.8 to 19.6", "19.6 to 29.4", "29.4 to 39.2", "39.2 to 49"]
    sheet = rising.images[0].get_array().reshape(5, 5, 12, 5, 3)[:, 0, :10, 0, 0]
    np.testing.assert_array_equal(np.sort(sheet, axis=1), np.arange(50).reshape(5, 10))
    assert plain(constant.get_yticklabels()) == ["1"]


def test_constants_have_no_direction(figures):
    draw_scatter(np.ones((9, 3)), np.arange(9) % 2, ("a", "b"), "a.png", title="")
    assert figures[0].axes[0].get_xlabel() == "principal component 1 (0% of the variance)"


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (40, 40)])
def test_pictures_keep_their_aspect_beside_the_names_of_their_classes(figures, shape):
    height, width = shape
    x, y = np.full((40, height, width, 1), 9, np.uint8), np.arange(40) % 25
    draw_contact_sheet(x, y, tuple(f"${k}$" for k in range(25)), "a.png", title="Blocks")
    [axes] = figures[0].axes
    wide, high = figures[0].get_size_inches() / (12, 20)
    assert wide / high == pytest.approx(width / height)
    assert max(wide, high) == pytest.approx(drawing.CELL)
    assert plain(axes.get_yticklabels()) == [f"${k}$" for k in range(20)]
    gap = 2 if width == 40 else 1
    np.testing.assert_allclose(axes.get_yticks(), (np.arange(20) + 0.5) * (height + gap) - 0.5)
    sheet = axes.images[0].get_array().reshape(20, height + gap, 12, width + gap, 3)
    assert (sheet[:, height:] == sheet[:, :, :, width:].max()).all()
    assert (sheet[0, :height, :2, :width] == 9).all()
    assert (sheet[0, :, 2:] == 255).all()
    about = f"40 training images, {height} × {width} pixels · drawn with seed 0 · 20 of 25 classes"
    assert plain(figures[0].texts) == [about, "Blocks"]


@pytest.mark.parametrize("shape", [(90, 8, 8, 1), (3000, 2)])
def test_the_seed_that_none_names_is_0(figures, shape):
    """Pictures, or more points than are drawn."""
    x, y = df.noise(*shape), np.arange(shape[0]) % 2
    splits = Splits("mine", ("a", "b"), *[Dataset(x if len(shape) == 4 else x.astype(np.float32), y)] * 2)
    draw = draw_contact_sheet if len(shape) == 4 else draw_scatter
    draw_samples(splits, "a.png")
    draw_samples(splits, "a.png", seed=3)
    for options in ({}, {"seed": 0}, {"seed": 3}):
        draw(splits.train.x, y, ("a", "b"), "a.png", title="mine", **options)
    default, third, *others = (np.asarray(content(figure)) for figure in figures)
    for other, wanted in zip(others, (default, default, third), strict=True):
        np.testing.assert_array_equal(other, wanted)
    assert not np.array_equal(default, third)


def content(figure):
    [axes] = figure.axes
    return axes.images[0].get_array() if axes.images else axes.collections[0].get_offsets()


def test_what_cannot_be_drawn(tmp_path):
    y = np.arange(4) % 2
    with pytest.raises(DataError, match="pictures are"):
        draw_contact_sheet(df.noise(4, 3, 3, 2), y, ("a", "b"), tmp_path / "a.png", title="")
    for x in (df.noise(4, 3, 3, 1).astype(float), df.noise(4, 3, 3)):
        with pytest.raises(DataError, match="pictures are"):
            draw_contact_sheet(x, y, ("a", "b"), tmp_path / "a.png", title="")
    with pytest.raises(DataError, match="F of 2 or more"):
        draw_scatter(np.ones((4, 1), np.float32), y, ("a", "b"), tmp_path / "a.png", title="")
    (tmp_path / "file").write_text("")
    with pytest.raises(BackhandError, match="name another file"):
        draw_samples(load("blobs"), tmp_path / "file" / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
