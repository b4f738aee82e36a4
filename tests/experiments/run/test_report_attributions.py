"""The chapter on what the network looks at: its pictures, their words, and what damaged evidence is refused for."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand import checkpoint
from backhand.errors import CheckpointError
from backhand.experiments.run.evidence_groups import Importance
from backhand.experiments.run.record import read
from backhand.experiments.run.report import attributions
from backhand.page import style
from tests.experiments.runfolders import FILES


@pytest.fixture(scope="module")
def run(hundred):
    return read(hundred.folder)


def test_the_chapter_has_a_picture_of_mistakes_and_one_of_right_answers(hundred, digits, binary):
    for report in (hundred, digits):
        assert "attributions" in report.page.ids
        assert {"attributions-mistakes", "attributions-right"} <= report.plots()
    assert "Grad-CAM shows where the feature maps after layer 1, ReLU()" in hundred.page.text
    assert "Grad-CAM" not in digits.page.text
    assert "importance" in binary.plots()
    assert "the 20 most important of 30 columns" in binary.page.text
    assert "10 shuffles of 114 test samples" in binary.page.text


def test_the_caption_names_the_first_picture(run, hundred):
    saved = run.evidence.attributions
    true, predicted = (run.classes[k[0]] for k in (saved.labels, saved.predictions))
    assert f"the first of which is sample {saved.index[0]}, “{true}” taken for “{predicted}”" in hundred.page.text
    assert "2 test pictures with saliency and Grad-CAM: most confident mistakes" in [
        image["alt"] for image in hundred.page.images
    ]


def drawn(saved, classes):
    return attributions.figure(saved, attributions.titles(saved, classes))


def test_each_picture_has_a_column_and_mistakes_a_map_of_each_class(run):
    saved = run.evidence.attributions
    with style.plot_style():
        mistakes = drawn(attributions.select(saved, np.arange(2)), run.classes)
        right = drawn(attributions.select(saved, np.arange(2, 5)), run.classes)
    names = [axes.get_ylabel() for axes in mistakes.axes]
    assert list(filter(None, names)) == [
        "picture",
        "saliency",
        "Grad-CAM of\nthe class given",
        "Grad-CAM of\nthe right class",
    ]
    assert len(mistakes.axes) == 8
    assert [axes.get_ylabel() for axes in right.axes[::3]] == ["picture", "saliency", "Grad-CAM"]
    np.testing.assert_array_equal(mistakes.axes[1].images[0].get_array(), saved.images[1])


def test_both_maps_of_a_mistake_are_on_one_scale_and_a_map_of_zeros_has_no_colour(run):
    saved = run.evidence.attributions
    with style.plot_style():
        figure = drawn(attributions.select(saved, np.arange(2)), run.classes)
    given, right = (np.asarray(figure.axes[i].images[0].get_array()) for i in (4, 6))
    grey = saved.images[0].mean(axis=2) / 255
    colourless = given - 0.75 * grey[..., None]
    assert np.ptp(colourless, axis=(0, 1)).max() < 1e-6  # the same tint everywhere
    assert np.ptp(right - 0.75 * grey[..., None], axis=(0, 1)).max() > 0.3


def test_the_bars_are_the_mean_losses_the_largest_first():
    losses = np.array([[0.0, 0.02], [0.1, 0.3], [-0.02, 0.0]], np.float32)
    with style.plot_style():
        figure = attributions.importance_figure(Importance(losses, np.array([50])))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["column 2", "column 1", "column 3"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([20, 1, -1], abs=1e-4)
    with style.plot_style():
        named = attributions.importance_figure(Importance(losses, np.array([50])), ("a", "b", "price in $"))
    assert [label.get_text() for label in named.axes[0].get_yticklabels()] == ["b", "a", r"price in \$"]


def without(name):
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("saliency"), "attribution_images but no saliency"),
        (without("attribution_index"), "attribution_images but no attribution_index"),
        (without("grad_cam_true.1"), "grad_cam.1 without the other"),
        (lambda a: a | {"saliency": -a["saliency"]}, "saliency holds a value that is negative or not finite"),
        (
            lambda a: a | {"grad_cam.1": a["grad_cam.1"] + np.float32(np.nan)},
            "grad_cam.1 holds a value that is negative",
        ),
        (lambda a: a | {"grad_cam.1": a["grad_cam.1"][:, :4]}, "grad_cam.1 has 4 where 32 are expected"),
        (
            lambda a: a | {"attribution_labels": a["attribution_labels"] + 100},
            "attribution_labels holds a label outside",
        ),
        (lambda a: a | {"attribution_images": a["saliency"][..., None]}, "attribution_images"),
        (lambda a: a | {f"{n}.2": a[f"{n}.1"] for n in ("grad_cam", "grad_cam_true")}, "maps of several layers"),
        (lambda a: a | {"importance": np.full((3, 2), np.nan), "importance_rows": np.array([2])}, "importance holds a"),
        (lambda a: a | {"importance": np.zeros((3, 2))}, "importance but no importance_rows"),
    ],
)
def test_damaged_evidence_is_refused(hundred, tmp_path, change, said):
    for name in FILES:
        (tmp_path / name).write_bytes((hundred.folder / name).read_bytes())
    arrays = change(load_file(tmp_path / "evidence.safetensors"))
    checkpoint.save(tmp_path / FILES[-1], {name: np.ascontiguousarray(array) for name, array in arrays.items()})
    with pytest.raises(CheckpointError, match=said):
        read(tmp_path)
