"""A solution file cut into layers: what is given, what is left to write, and what its error says."""

import pytest

from backhand.exercises.source import Source

TEXT = '''"""Layers."""

import numpy as np


def helper(x):
    """Return twice the number that is given."""
    return 2 * x


# ---- linear ----


class Affine:
    """Affine map."""

    def __init__(self, W):
        self.W = W

    def forward(self, x):
        """Return the outputs of the layer."""
        self.x = x  # kept for later
        out = helper(x @ self.W)
        return out

    def backward(self, dout):
        """Return dx and set dW."""
        self.dW = self.x.T @ dout
        # a remark
        dx = dout @ self.W.T
        return dx

    @property
    def params(self):  # given
        """Return the parameters of the layer."""
        return [self.W]


# ---- network ----


def step(params, grads):
    """Make a step with the layer."""
    params["W"] -= grads
    for key in params:
        params[key + "x"] = 0
    return Affine(np.eye(2)), (params, grads)


def both(x):
    """Return a list of two numbers."""
    y = 2 * x
    return [x, y]


def plain(x):
    if x:
        return x + 1
    return x + 2
'''


@pytest.fixture
def source():
    return Source.parse("layers.py", TEXT)


def test_the_parts_make_up_the_file(source):
    assert [section.layer for section in source.sections] == ["linear", "network"]
    assert source.solution() == TEXT


def test_bodies_are_left_to_write(source):
    assert source.sections[0].to_write() == ["Affine.forward", "Affine.backward"]
    text = source.exercise({"linear": "derivations/linear.md"})
    assert text.startswith(source.preamble)
    for kept in ("    def __init__(self, W):\n        self.W = W\n", "return [self.W]", '"""Return dx and set dW."""'):
        assert kept in text
    for gone in ("self.x.T", "a remark", "kept for later", "helper(x @", "np.eye", "x + 1"):
        assert gone not in text


def test_the_errors_say_what_to_write(source):
    names = {"np": None}
    exec(
        compile(source.exercise({"linear": "linear.md"}).replace("import numpy as np", ""), "layers.py", "exec"), names
    )
    layer = names["Affine"](1)
    assert layer.params == [1]
    for function, arguments, message in (
        (layer.forward, (1,), "write Affine.forward: return out; see linear.md"),
        (layer.backward, (1,), "write Affine.backward: set self.dW; return dx; see linear.md"),
        (names["step"], (1, 2), "write step: set params['W'], the entries of params; return cache"),
        (names["both"], (1,), "write both: return [x, y]"),
        (names["plain"], (1,), "write plain"),
    ):
        with pytest.raises(NotImplementedError) as error:
            function(*arguments)
        assert str(error.value) == message


def test_a_long_error_stands_on_three_lines(source):
    text = source.exercise({"linear": "derivations/" + "x" * 90})
    assert 'NotImplementedError(\n            "write Affine.forward: return out; see derivations/xxx' in text


def test_layers_are_chosen(source):
    linear = source.of(["linear"])
    assert "step" not in linear.solution()
    assert linear.solution().endswith("return [self.W]\n")
    assert source.of(["conv2d"]).solution() == source.preamble.rstrip("\n") + "\n"
    given = Source.parse("util.py", "import os\n")
    assert given.exercise({}) == given.solution() == "import os\n"


def test_imports_between_files():
    util, deep = Source.parse("util.py", ""), Source.parse("nn/layers.py", "from util import im2col\n")
    assert deep.imports(util)
    assert not util.imports(deep)
    assert Source.parse("a.py", "from nn.layers import x\nimport os\n").imports(deep)
    assert Source.parse("nn/a.py", "from layers import x\n").imports(deep)
    assert not Source.parse("a.py", "from ayers import x\n").imports(deep)
