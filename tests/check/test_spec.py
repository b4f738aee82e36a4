"""Layers whose calls a person has specified."""

import numpy as np
import pytest

from backhand.check import check_file, spec

ODD = """
class Odd:
    def __init__(self, wobble, flavour, zing):
        self.k = wobble[0] * flavour["a"]
    def forward(self, q):
        self.q = q
        return self.k * q + q[:, :1] * q[:, 1:2]
    def backward(self, up):
        d = self.k * up
        d[:, 0] += up.sum(1) * self.q[:, 1]
        d[:, 1] += up.sum(1) * self.q[:, 0]{mistake}
        return d
"""
SPECIFIED = """
from backhand.check import spec
from layers import Odd
odd = spec.layer(lambda: Odd([2], {"a": 3}, None), q=(4, 3))
"""


def test_an_unread_layer_comes_with_the_lines_that_would_explain_it(tmp_path):
    (tmp_path / "layers.py").write_text(ODD.replace("{mistake}", ""))
    (unread,) = check_file(tmp_path / "layers.py").unread
    lines = unread.spec.splitlines()
    assert lines[:2] == ["from backhand.check import spec", "from layers import Odd"]
    assert lines[2].startswith("odd = spec.layer(lambda: Odd(...), ")


@pytest.mark.parametrize("mistake", ["", " * 2"])
def test_a_specified_layer_is_checked(tmp_path, mistake):
    (tmp_path / "layers.py").write_text(ODD.replace("{mistake}", mistake))
    (tmp_path / "check_layers.py").write_text(SPECIFIED)
    review = check_file(tmp_path / "check_layers.py")
    assert [unit.name for unit in review.units] == ["odd"]
    assert review.passed is not bool(mistake)


def test_a_pair_of_functions_and_arrays_may_be_specified():
    given = spec.layer((np.sin, np.cos), x=np.ones(3), axis=0)
    assert (given.make, given.forward, given.backward) == (None, np.sin, np.cos)
    assert given.arguments["axis"] == 0


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match=r"pair \(forward, backward\)"):
        spec.layer(3)
