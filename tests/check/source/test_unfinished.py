"""What is left of a template is listed; functions that are meant to be empty, or compute something, are not."""

import ast

import pytest

from backhand.check.source.unfinished import is_unfinished

UNFINISHED = {
    "pass": "def f(x):\n    'Text.'\n    # TODO\n    pass\n",
    "dots": "def f(x): ...\n",
    "raise": "def f(x):\n    y = x\n    raise NotImplementedError\n",
    "words": "def f(x):\n    raise Exception('Not implemented!')\n",
    "return": "def f(x):\n    return None\n",
    "returns": "def f(x):\n    return None, None\n",
    "constant": "def f(x):\n    return NotImplemented\n",
    "cs231n forward": "def f(x, w, b):\n    out = None\n    pass\n    cache = (x, w, b)\n    return out, cache\n",
    "cs231n backward": "def f(dout, cache):\n    x, w, b = cache\n    dx, dw, db = None, None, None\n    pass\n"
    "    return dx, dw, db\n",
    "cs231n dropout": "def f(x, dropout_param):\n    p, mode = dropout_param['p'], dropout_param['mode']\n"
    "    if 'seed' in dropout_param:\n        np.random.seed(dropout_param['seed'])\n    mask = None\n    out = None\n"
    "    if mode == 'train':\n        pass\n    elif mode == 'test':\n        pass\n    cache = (dropout_param, mask)\n"
    "    out = out.astype(x.dtype, copy=False)\n    return out, cache\n",
    "cs231n loss": "def f(W, X, y, reg):\n    loss = 0.0\n    dW = np.zeros_like(W)\n    pass\n    return loss, dW\n",
    "cs231n batchnorm": "def f(x, bn_param):\n    mode = bn_param['mode']\n    mean = bn_param.get('mean', 3)\n"
    "    out, cache = None, None\n    if mode == 'train':\n        pass\n    else:\n        raise ValueError(mode)\n"
    "    bn_param['mean'] = mean\n    return out, cache\n",
    "deeplearning.ai": "def f(A, W, b):\n    Z = None\n    assert Z.shape\n    cache = (A, W)\n    return Z, cache\n",
    "mytorch": "def f(self, dLdZ):\n    dLdA = None\n    dLdW = None\n    self.dLdW = dLdW\n    return dLdA\n",
}
FINISHED = {
    "one of two": "def f(dy, cache):\n    dx, dw = None, None\n    dx = dy * cache\n    return dx, dw\n",
    "identity": "def f(x):\n    return x\n",
    "cache": "def f(x):\n    y = x + 1\n    cache = None\n    return y, cache\n",
    "update": "def f(self, x):\n    self.x = x\n",
    "zeros": "def f(x):\n    y = np.zeros_like(x)\n    y[x > 0] = 1\n    return y\n",
    "loop": "def f(x):\n    y = None\n    for i in x:\n        y = i if y is None else y + i\n    return y\n",
    "guard": "def f(x):\n    if x is None:\n        raise NotImplementedError\n    return x\n",
    "in place": "def f(x):\n    out = None\n    out = x @ x\n    return out\n",
    "early": "def f(x):\n    if x:\n        return x + 1\n    return None\n",
}


@pytest.mark.parametrize("text", UNFINISHED.values(), ids=UNFINISHED)
def test_templates_are_unfinished(text):
    assert is_unfinished(ast.parse(text).body[0])


@pytest.mark.parametrize("text", FINISHED.values(), ids=FINISHED)
def test_other_functions_are_finished(text):
    assert not is_unfinished(ast.parse(text).body[0])


def test_the_program_lists_them_with_their_lines_and_spares_abstract_classes(load_text):
    text = "import abc\nclass Layer:\n    def forward(self, x):\n        raise NotImplementedError\n"
    text += "class ReLU(Layer):\n    def __init__(self):\n        pass\n    def backward(self, dy):\n        pass\n"
    text += "class Loss(abc.ABC):\n    def value(self):\n        pass\n"
    text += "class Model:\n    @abc.abstractmethod\n    def run(self):\n        pass\n"
    program = load_text(f"{text}def conv(x):\n    pass\n", {"other.py": "def f():\n    pass\n"})
    listed = [(each.name, str(each.location)) for each in program.unfinished]
    assert listed == [("ReLU.backward", "layers.py, line 8"), ("conv", "layers.py, line 17")]


def test_a_constructor_that_raises_is_unfinished(load_text):
    text = "class Linear:\n    def __init__(self, n):\n        self.n = n\n        raise NotImplementedError()\n"
    text += "class Base:\n    def __init__(self):\n        pass\n"
    assert [each.name for each in load_text(text).unfinished] == ["Linear.__init__"]


def test_a_function_that_never_sets_what_it_returns_is_unfinished(load_text):
    text = "out = 3\ndef left(x):\n    # your code\n    return result\ndef wrong_case(x):\n    dX = x\n    return dx\n"
    text += "def other(x):\n    result = x\n    return result\ndef constant(x):\n    return out\n"
    assert [each.name for each in load_text(text).unfinished] == ["left"]


def test_what_stands_before_a_line_that_raises_does_not_count(load_text):
    text = "def left(x):\n    y = x + 1\n    raise NotImplementedError\n    return y\n"
    text += "def done(x):\n    if x:\n        return 1\n    raise NotImplementedError\n"
    assert [each.name for each in load_text(text).unfinished] == ["left"]
