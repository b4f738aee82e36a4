"""Curves as SVG: where the points lie, what is left out, and which numbers stand beside them."""

import re
from math import inf, nan

import pytest

from backhand.notebook import lines
from tests.notebook.markup import Markup


def polylines(page):
    pairs = (re.findall(r"[\d.]+,[\d.]+", text) for text in Markup(page).attributes.get("points", []))
    return [[tuple(map(float, pair.split(","))) for pair in each] for each in pairs]


def test_the_highest_value_stands_highest_and_points_are_evenly_apart():
    ((first, second, third),) = polylines(lines.chart("loss", {"training": [1.0, 3.0, 2.0]}))
    assert second[1] < third[1] < first[1]
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.11)
    assert lines.LEFT <= first[0] < third[0] <= lines.WIDTH - lines.RIGHT
    assert lines.TOP <= second[1] < first[1] <= lines.HEIGHT - lines.BOTTOM


def test_a_value_that_is_not_finite_leaves_a_gap():
    assert list(map(len, polylines(lines.chart("loss", {"a": [1, 2, nan, 3, inf]})))) == [2, 1]
    assert Markup(lines.chart("a < b", {"a": [nan]})).text == "a < b: no finite value"
    assert Markup(lines.chart("loss", {})).text == "loss: no finite value"


@pytest.mark.parametrize("values", [[-1e308, 1e308, 1, 2], [5e-324, 1e-323, 0, 5e-324], [1e-310, 3e-310]])
def test_ranges_at_the_limits_of_numbers_are_drawn(values):
    for curve in polylines(page := lines.chart("loss", {"a": values})):
        assert all(lines.TOP <= y <= lines.HEIGHT - lines.BOTTOM for _, y in curve)
    assert not re.search("nan|inf", page)
    assert sum(map(len, polylines(page))) == sum(abs(value) < 1e300 for value in values)


@pytest.mark.parametrize("x", [[3, 2, 1], [5, 5, 5]])
def test_points_in_any_order_are_drawn(x):
    ((first, _, third),) = polylines(lines.chart("loss", {"a": [1, 2, 3]}, x=x))
    assert (first[0] > third[0]) == (x[0] > x[2])
    assert lines.LEFT <= third[0] <= first[0] <= lines.WIDTH - lines.RIGHT


def test_a_wide_range_is_logarithmic_where_that_is_allowed():
    values = [1.0, 0.1, 0.01]
    ((a, b, c),) = polylines(lines.chart("loss", {"a": values}, may_be_logarithmic=True))
    assert b[1] - a[1] == pytest.approx(c[1] - b[1], abs=0.11)
    assert "(log)" in lines.chart("loss", {"a": values}, may_be_logarithmic=True)
    assert "(log)" not in lines.chart("loss", {"a": values})
    assert "(log)" not in lines.chart("loss", {"a": [1, 0]}, may_be_logarithmic=True)


def test_names_stand_above_several_lines_and_in_the_words_for_readers_who_cannot_see_them():
    page = Markup(lines.chart("accuracy", {"training": [0.5, 0.75], "<b>": [nan, nan]}))
    assert "training" in page.text
    assert page.attributes["aria-label"] == [
        "accuracy against epoch: training from 0.5 to 0.75; <b> without a finite value"
    ]
    assert "training" not in Markup(lines.chart("loss", {"training": [1, 2]})).text


def test_single_points_and_equal_values_are_drawn():
    assert len(polylines(lines.chart("loss", {"a": [0.5]}, x=[7]))[0]) == 1
    assert "7" in Markup(lines.chart("loss", {"a": [0.5]}, x=[7])).text
    ((a, b),) = polylines(lines.chart("loss", {"a": [0.0, 0.0]}))
    assert a[1] == b[1]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.9, 1.01, [0.9, 0.95, 1.0]), (1, 100, [20, 40, 60, 80, 100])],
)
def test_numbers_beside_the_lines_are_round(low, high, expected):
    assert lines.round_values(low, high, 5) == pytest.approx(expected)
