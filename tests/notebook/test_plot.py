"""Galleries of pictures: each in its place, its words below it, and figures that show themselves."""

import numpy as np
import pytest

from backhand.notebook.plot import CELL, Plot, gallery, shorten

IMAGES = [np.full((4, 6, 3), k, np.uint8) for k in range(5)]
TEXTS = [(f"class {k}", "50%") for k in range(5)]


def test_pictures_stand_in_rows_with_their_words_below():
    figure = gallery(IMAGES, TEXTS, 3, "a title for $5")
    (axes,) = figure.axes
    left, right, bottom, top = np.array([image.get_extent() for image in axes.images]).T
    assert left == pytest.approx([0.04, 1.04, 2.04, 0.04, 1.04])
    assert right - left == pytest.approx(np.full(5, 0.92))
    assert (bottom - top) / (right - left) == pytest.approx(np.full(5, 4 / 6))
    assert (top[3:] > bottom[0]).all()
    below = [text.get_position()[1] for text in axes.texts[:5]]
    assert (np.array(below) > bottom).all()
    assert [text.get_text() for text in axes.texts] == [f"class {k}\n50%" for k in range(5)] + [r"a title for \$5"]
    assert figure.get_figwidth() == pytest.approx(3 * CELL)


def test_fewer_pictures_than_columns_make_a_narrow_figure():
    assert gallery(IMAGES[:2], TEXTS[:2], 8).get_figwidth() == pytest.approx(2 * CELL)


def test_long_lines_are_shortened_and_dollars_start_no_formula():
    assert shorten("a" * 30) == "a" * 18 + "…"
    assert shorten("$x^2") == r"\$x^2"
    assert gallery(IMAGES[:1], [("$x^2", "猫")], 1).png().startswith(b"\x89PNG")


def test_a_figure_shows_itself():
    png, facts = Plot(figsize=(2, 1))._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert facts == {"width": 200}
