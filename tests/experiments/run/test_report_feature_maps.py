"""Feature maps: a row for each test picture, a column for each channel, every value as the run left it."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand import checkpoint
from backhand.errors import CheckpointError
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.record import read
from backhand.experiments.run.report import feature_maps
from backhand.page import style
from backhand.page.mosaic import FRAME, GAP
from backhand.page.numbers import shape
from tests.experiments.runfolders import FILES
from tests.experiments.writtenreport import written


@pytest.fixture(scope="module")
def run(hundred):
    return read(hundred.folder)


@pytest.fixture
def axes(run, monkeypatch):
    """The axes on which the run's only sheet is drawn."""
    figures = []
    monkeypatch.setattr(style, "png", lambda figure: figures.append(figure) or b"")
    feature_maps.feature_maps(run)
    (figure,) = figures
    return figure.axes[0]


def cell(axes, row, column, side):
    page = np.asarray(axes.images[0].get_array())
    top = feature_maps.ABOVE + FRAME + row * (side + GAP)
    left = feature_maps.LEFT + FRAME + column * (side + GAP)
    return page[top : top + side, left : left + side]


def test_every_map_is_in_its_place(run, axes):
    """Pictures of 32 pixels fourfold, maps of 28 as well, in the middle of their cells."""
    images, maps = run.evidence.feature_maps.images, run.evidence.feature_maps.layers["1"].maps
    tint = (np.array(matplotlib.colormaps[feature_maps.COLOURS].colors) * 255).astype(np.uint8)
    for i in range(4):
        np.testing.assert_array_equal(cell(axes, i, 0, 128)[::4, ::4], images[i])
        for j in range(8):
            pixels = cell(axes, i, 1 + j, 128)[8:120, 8:120]
            np.testing.assert_allclose(pixels[::4, ::4].astype(int), tint[maps[i, :, :, j]].astype(int), atol=1)
            np.testing.assert_array_equal(pixels[::4, ::4], pixels[3::4, 3::4])


def test_no_pixel_is_resampled(axes):
    page = np.asarray(axes.images[0].get_array())
    width, height = axes.figure.get_size_inches() * style.DPI
    assert (round(height), round(width)) == page.shape[:2]


def test_rows_and_columns_are_named(run, axes):
    texts = [text.get_text() for text in axes.texts]
    for i in range(3):
        assert texts[i] == style.shorten(run.classes[run.evidence.feature_maps.labels[i]], 12)
    assert "taken for" in texts[3]
    assert texts[4:7] == ["channel", "darkest", "brightest"]
    layer = run.evidence.feature_maps.layers["1"]
    low, high = (f"{value:.3g}".replace("-", "−") for value in layer.ranges[0])
    assert texts[10:13] == [str(layer.channels[0]), low, high]


def test_caption_and_alternative_name_the_layer(run):
    (image,) = feature_maps.feature_maps(run)
    assert image.name == "feature-maps-1"
    assert f"after layer 1, ReLU(), of {shape((28, 28, 16))}: 8 of 16 channels" in image.caption
    assert "4 test pictures" in image.alt
    assert "layer 1, ReLU()" in image.alt


def test_a_wide_plot_is_marked_so_that_a_phone_scrolls_it(hundred):
    plots = [image for image in hundred.page.images if "width" in image]
    assert [image.get("class") for image in plots] == ["wide" if int(image["width"]) > 600 else None for image in plots]
    assert "wide" in [image.get("class") for image in plots if "feature maps" in image["alt"]]


def test_the_text_tells_which_pictures_they_are_and_how_they_were_read(run, hundred):
    maps = run.evidence.feature_maps
    index, labels, predictions = maps.index, maps.labels, maps.predictions
    assert f"“{run.classes[labels[0]]}” (sample {index[0]})" in hundred.page.text
    taken = f"“{run.classes[labels[3]]}” (sample {index[3]}, taken for “{run.classes[predictions[3]]}”)"
    assert taken in hundred.page.text


def test_layers_come_in_the_order_of_the_network(run):
    arrays = run.evidence.arrays()
    more = {f"{key}.{n}": arrays[f"{key}.1"] for key in ("maps", "map_channels", "map_ranges") for n in (10, 0)}
    evidence = Evidence.of(more | arrays)
    rows = [row.model_copy(update={"name": str(k)}) for k, row in enumerate([run.metrics.model.layers[0]] * 11)]
    model = run.metrics.model.model_copy(update={"layers": tuple(rows)})
    deep = replace(run, evidence=evidence, metrics=run.metrics.model_copy(update={"model": model}))
    assert [image.name for image in feature_maps.feature_maps(deep)] == [f"feature-maps-{k}" for k in (0, 1, 10)]
    shallow = replace(run, evidence=evidence)  # layer 10 is none of this network
    assert [image.name for image in feature_maps.feature_maps(shallow)] == ["feature-maps-0", "feature-maps-1"]


def test_without_maps_there_is_no_chapter(run, digits):
    bare = replace(run, evidence=replace(run.evidence, feature_maps=None))
    assert feature_maps.feature_maps(bare) == ()
    assert "feature-maps" not in digits.page.ids


def test_the_same_bytes_twice(run):
    assert feature_maps.feature_maps(run) == feature_maps.feature_maps(run)


def test_a_long_and_hostile_class_name_stays_in_its_margin(run):
    names = ("$x^2 and a very long name", *run.classes[1:])
    hostile = replace(
        run,
        metrics=run.metrics.model_copy(update={"data": run.metrics.data.model_copy(update={"classes": names})}),
        evidence=Evidence.of(run.evidence.arrays() | {"map_labels": np.zeros(4, np.int64)}),
    )
    with style.plot_style():
        (image,) = feature_maps.feature_maps(hostile)
    assert image.png.startswith(b"\x89PNG")


@pytest.fixture
def changed(hundred, tmp_path):
    """A copy of the run folder, its evidence changed by a function."""

    def change(function):
        for name in FILES:
            (tmp_path / name).write_bytes((hundred.folder / name).read_bytes())
        arrays = function(load_file(tmp_path / "evidence.safetensors"))
        checkpoint.save(tmp_path / FILES[-1], {name: np.ascontiguousarray(array) for name, array in arrays.items()})
        return tmp_path

    return change


def test_a_report_of_a_folder_without_maps(changed):
    page = written(changed(lambda a: {name: a[name] for name in a if not name.startswith(("map", "first"))}))
    assert not {"feature-maps", "weights"} & set(page.page.ids)
    assert not [name for name in page.plots() if name.startswith(("feature-maps", "weights"))]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: {name: a[name] for name in a if name != "map_ranges.1"}, "maps.1 but no map_ranges.1"),
        (lambda a: {name: a[name] for name in a if name != "map_images"}, "maps.1 but no map_images"),
        (lambda a: a | {"maps.1": a["maps.1"][:3]}, "maps.1 has 3 where 4 are expected"),
        (lambda a: a | {"maps.1": a["maps.1"][..., :5]}, "map_channels.1 has 8 where 5 are expected"),
        (lambda a: a | {"maps.1": a["maps.1"].astype(np.float32)}, "maps.1 holds float32 where uint8 is expected"),
        (lambda a: a | {"map_ranges.1": a["map_ranges.1"][:, :1]}, "map_ranges.1 has 1 where 2 are expected"),
        (lambda a: a | {"map_labels": a["map_labels"] + 100}, "map_labels holds a label outside 0 to 99"),
    ],
)
def test_maps_that_contradict_themselves(changed, change, words):
    with pytest.raises(CheckpointError, match=words):
        read(changed(change))
