"""What is drawn: the right values, the right scale, the kept epoch, every picture in its place."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PILImage

from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import Predictions
from backhand.experiments.run.record import read
from backhand.experiments.run.report import curves, pictures, plots
from backhand.experiments.run.report.classes import errors_by_class
from backhand.experiments.run.report.scores import calibration, roc
from backhand.page import style


@pytest.fixture(scope="module")
def run(digits):
    return read(digits.folder)


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn while the test runs."""
    drawn = []
    monkeypatch.setattr(style, "png", lambda figure: drawn.append(figure) or b"")
    return drawn


def pixels(png):
    return np.asarray(PILImage.open(io.BytesIO(png)))


def test_curves_show_both_splits_and_the_kept_epoch(run, figures):
    curves.draw(run, curves.LOSS)
    axes = figures[0].axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(lines["training"].get_ydata(), [epoch.train_loss for epoch in run.history])
    np.testing.assert_array_equal(lines["validation"].get_ydata(), [epoch.validation_loss for epoch in run.history])
    assert lines[f"epoch {run.chosen.epoch} kept"].get_xdata()[0] == run.chosen.epoch
    assert lines["training"].get_linestyle() != lines["validation"].get_linestyle()


def test_error_is_the_other_side_of_accuracy(run, figures):
    curves.draw(run, curves.ACCURACY, "time")
    axes = figures[0].axes[0]
    figures[0].draw_without_rendering()
    (error,) = axes.child_axes
    heights = [side.transData.transform((0, value))[1] for side, value in ((axes, 97.5), (error, 2.5))]
    assert heights[0] == pytest.approx(heights[1])
    assert axes.get_xlabel() == "training time (s)"
    assert axes.get_xlim()[0] == 0


@pytest.mark.parametrize(("seconds", "unit"), [(20, "s"), (1000, "min"), (40_000, "h")])
def test_time_has_a_fitting_unit(run, figures, seconds, unit):
    history = tuple(epoch.model_copy(update={"elapsed": seconds * epoch.epoch / 25}) for epoch in run.history)
    curves.draw(replace(run, history=history), curves.LOSS, "time")
    axes = figures[0].axes[0]
    assert axes.get_xlabel() == f"training time ({unit})"
    assert axes.lines[0].get_xdata()[-1] * {"s": 1, "min": 60, "h": 3600}[unit] == pytest.approx(seconds)


def test_exploding_loss_is_drawn_on_a_logarithmic_scale_to_the_last_finite_value(diverged, figures):
    curves.draw(read(diverged.folder), curves.LOSS)
    axes = figures[0].axes[0]
    assert axes.get_yscale() == "log"
    assert axes.get_xlim()[1] > 4  # the epoch without a finite loss has its place
    assert np.isnan(axes.lines[0].get_ydata()[-1])


def test_confusion_shows_counts_up_to_25_classes():
    figures = [
        plots.confusion(tuple(f"class {k}" for k in range(size)), np.eye(size, dtype=int) * 7 + 1)
        for size in (3, 25, 26)
    ]
    counts = [len(figure.axes[0].texts) for figure in figures]
    assert counts == [9, 625, 0]
    assert {text.get_text() for text in figures[0].axes[0].texts} == {"8", "1"}


def test_confusion_of_a_class_that_never_occurs():
    axes = plots.confusion(("a", "b"), np.array([[3, 1], [0, 0]])).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[75, 25], [0, 0]])
    assert {text.get_text(): text.get_position() for text in axes.texts} == {"3": (0, 0), "1": (1, 0)}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_roc_runs_from_corner_to_corner():
    labels = np.array([1, 0, 1, 0])
    probabilities = np.array([[0.1, 0.9], [0.4, 0.6], [0.6, 0.4], [0.9, 0.1]])
    figure = plots.roc(roc(Evidence(predictions=Predictions(probabilities, labels))))
    x, y = figure.axes[0].lines[0].get_data()
    assert [(x[0], y[0]), (x[-1], y[-1])] == [(0, 0), (100, 100)]
    assert y[x == 0].max() == 50  # one of the two positives stands before every negative


def test_reliability_has_a_bar_at_the_accuracy_of_each_bin_in_use():
    probabilities = np.array([[0.95, 0.05], [0.05, 0.95], [0.6, 0.4]])
    bins = calibration(Evidence(predictions=Predictions(probabilities, np.zeros(3))))
    top, bottom = plots.reliability(bins).axes
    assert [bar.get_height() for bar in top.patches] == [100, 50]
    assert [bar.get_height() for bar in bottom.patches if bar.get_height()] == [1, 2]


def test_counts_are_stacked():
    figure = plots.class_counts(("a", "b"), {"train": (5, 7), "test": (2, 1)})
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]
    assert bars == [(0, 5), (0, 7), (5, 2), (7, 1)]


def test_errors_by_class_have_intervals_and_the_worst_comes_first():
    rows = errors_by_class(("a", "b", "never"), np.array([[9, 1, 0], [5, 5, 0], [0, 0, 0]]))
    assert [(row.name, row.samples, row.errors, row.share) for row in rows] == [("a", 10, 1, 0.1), ("b", 10, 5, 0.5)]
    assert rows[0].low < 0.1 < rows[0].high
    (axes,) = plots.errors_by_class(rows).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in axes.patches] == [50, 10]


def test_pictures_are_stored_pixel_for_pixel():
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (5, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(pictures.png(colour)), colour)
    grey = rng.integers(0, 256, (5, 7, 1)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(pictures.png(grey)), grey.repeat(3, axis=2))


def test_samples_take_turns_by_class(run):
    names = [picture.lines[0] for picture in pictures.samples(run).pictures]
    assert names == [str(k) for k in range(10)] * 3


def test_every_font_problem_and_formula_in_a_class_name_is_harmless():
    names = ("$x^2", "\\frac{", "猫", "a\tb", "_hidden", "very long name indeed")
    with style.plot_style():
        for figure in plots.confusion(names, np.eye(6, dtype=int)), plots.class_counts(names, {"train": (1,) * 6}):
            assert pixels(style.png(figure)).shape[2] >= 3
