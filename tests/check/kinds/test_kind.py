"""What kinds share: the comparison of results, texts with names, and the choices behind a case."""

import numpy as np
import pytest

from backhand.check.kinds.kind import Mistake, agree
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of


@pytest.mark.parametrize(
    ("y", "expected", "alike"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-10], True),
        ([1.0, 2.0], [1.0, 2.1], False),
        ([[1.0, 2.0]], [1.0, 2.0], True),
        ([[1.0], [2.0]], [1.0, 2.0], True),
        ([1.0, 2.0, 3.0], [1.0, 2.0], False),
        ([np.nan, 2.0], [np.nan, 2.0 + 1e-10], True),
        ([np.nan, 2.0], [np.nan, 2.1], False),
        ([np.nan, 2.0], [1.0, 2.0], False),
        ([1.0, 2.0], [np.nan, 2.0], False),
        ([np.inf, 2.0], [-np.inf, 2.0], False),
        ([], [], True),
    ],
)
def test_results_agree_to_within_rounding(y, expected, alike):
    assert agree(np.array(y), np.array(expected)) == alike


def test_texts_take_the_names_that_are_known():
    mistake = Mistake("leaves {b} out", "{N} samples share {b}.", "{y} = {x} {w} + {b}")
    filled = mistake.fill({"b": "self.bias", "x": "inputs", "N": 4})
    assert filled == Mistake("leaves self.bias out", "4 samples share self.bias.", "y = inputs w + self.bias")


def test_a_setting_that_differs_from_one_configuration_to_the_next_is_taken_from_the_case():
    kind = kind_named("leaky_relu")
    first, second = kind.configs()[:2]
    assert first["slope"] != second["slope"]
    case = case_of(kind, second, kind.layouts()[0])
    given = {**kind.layouts()[0], "function": f"slope {first['slope']:g}"}
    moved = type(case)(case.config, case.arrays, case.y, case.dy, case.gradients, case.true, given)
    assert kind.convention_of(moved)["function"] == f"slope {second['slope']:g}"
