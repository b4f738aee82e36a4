import linecache
from itertools import count
from types import FunctionType

import numpy as np
import pytest

from backhand.check.source.edits import edits, rank, returned_names, slice_lines, stored_names

NUMBERS = count()


def load(source):
    """The namespace of a source text, whose lines Python finds as it finds those of a file."""
    name = f"<edits {next(NUMBERS)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"__name__": "layers"}
    exec(compile(source, name, "exec"), namespace)
    return namespace


def edit_of(function: FunctionType, after: str):
    """The edit whose line reads so."""
    return next(edit for edit in edits(function) if edit.after == after)


AFFINE = """
import numpy as np

def backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout  # weights
    db = np.mean(dout, axis=0)
    return dx, dw, db
"""


def test_an_edit_changes_one_line_and_keeps_its_comment():
    edit = edit_of(load(AFFINE)["backward"], "dw = x.T @ dout / x.shape[0]  # weights")
    assert (edit.line, edit.before, edit.operator) == (7, "dw = x.T @ dout  # weights", "divisor added")
    assert edit.names == {"x", "dout", "dw"}


def test_an_applied_edit_runs_under_every_name_until_it_is_left():
    backward = load(AFFINE)["backward"]
    alias, dout = backward, np.arange(6.0).reshape(2, 3)
    cache = np.ones((2, 4)), np.ones((4, 3)), np.ones(3)
    before = backward.__code__
    with edit_of(backward, "db = np.sum(dout, axis=0)").applied():
        assert alias(dout, cache)[2].tolist() == dout.sum(0).tolist()
    assert alias(dout, cache)[2].tolist() == dout.mean(0).tolist()
    assert backward.__code__ is before


def test_the_code_is_restored_after_an_error():
    backward = load(AFFINE)["backward"]
    before = backward.__code__
    with pytest.raises(ValueError, match="wrong"), edit_of(backward, "db = np.sum(dout, axis=0)").applied():
        raise ValueError("wrong")
    assert backward.__code__ is before


def test_slices_returned_and_stored_names():
    backward = load(AFFINE)["backward"]
    assert returned_names(backward) == ["dx", "dw", "db"]
    assert stored_names(backward) == []
    assert slice_lines(backward, ["dw"]) == [9, 7, 5]
    ordered = rank(edits(backward), ["db"])
    assert ordered[0].line == 8


def test_a_name_that_is_read_in_another_name_s_computation_is_no_line_of_it():
    backward = load(AFFINE)["backward"]
    assert 7 not in slice_lines(backward, ["db"])
    assert slice_lines(backward, ["dout @ w.T"]) == [5]


CLASSES = """
import numpy as np
from functools import wraps

def logged(function):
    @wraps(function)
    def inner(*arguments):
        return function(*arguments)
    return inner

class Base:
    def scale(self, x):
        return 2 * x

class Layer(Base):
    __factor = 3

    def scale(self, x, shift=lambda: 1):
        y = super().scale(x) + shift()
        return y * self.__factor

    @staticmethod
    def mean(x):
        return x.mean(axis=0)

    @classmethod
    def total(cls, x): return x.sum()  # on one line

    @logged
    def grads(self, x):
        self.dW = x + 1
        self.grads = {'W': x, 'b': x.sum(0)}
        self.W.grad[:] = (x +
                          1)

class Other(Layer):
    pass

double, triple = lambda x: x * 2, lambda x: x * 3
"""


def test_methods_that_use_super_and_private_names():
    module = load(CLASSES)
    other = module["Other"]()
    with edit_of(module["Layer"].scale, "return y / self.__factor").applied():
        assert other.scale(3.0) == 7 / 3
    assert other.scale(3.0) == 21
    with edit_of(module["Layer"].scale, "y = super().scale(x) - shift()").applied():
        assert other.scale(3.0) == 15


def test_every_edit_compiles_and_keeps_the_free_variables():
    module = load(CLASSES)
    inner = module["Layer"].grads.__wrapped__
    for function in (module["Layer"].scale, inner, module["Layer"].mean, module["double"]):
        for edit in edits(function):
            with edit.applied():
                assert function.__code__.co_freevars == edit.text.code.co_freevars


def test_static_and_class_methods_and_decorated_functions():
    module = load(CLASSES)
    layer, x = module["Layer"], np.ones((2, 3))
    with edit_of(layer.mean, "return x.sum(axis=0)").applied():
        assert layer.mean(x).tolist() == [2, 2, 2]
    with edit_of(layer.total.__func__, "def total(cls, x): return x.mean()  # on one line").applied():
        assert layer.total(x) == 1
    assert edit_of(layer.grads.__wrapped__, "self.dW = x - 1").line == 31


def test_one_of_two_lambdas_on_a_line():
    module = load(CLASSES)
    double, triple = module["double"], module["triple"]
    with edit_of(triple, "double, triple = lambda x: x * 2, lambda x: x / 3").applied():
        assert (double(6), triple(6)) == (12, 2)
    assert triple(6) == 18


def test_what_a_function_stores():
    grads = load(CLASSES)["Layer"].grads.__wrapped__
    assert stored_names(grads) == [
        ("self.dW", 31), ("self.grads", 32), ("self.grads['W']", 32), ("self.grads['b']", 32), ("self.W.grad", 33)
    ]  # fmt: skip


def test_an_expression_over_two_lines_is_shown_whole():
    grads = load(CLASSES)["Layer"].grads.__wrapped__
    edit = next(edit for edit in edits(grads) if edit.line == 33 and edit.operator == "+ to -")
    assert edit.before.splitlines()[0] == "self.W.grad[:] = (x +"
    assert edit.after == "self.W.grad[:] = (x - 1)"


CLOSURE = """
def linear(w, scale):
    def forward(x):
        def backprop(dy):
            return dy * w, dy * x
        return x * w * scale, backprop
    return forward
"""


def test_closures_keep_their_variables():
    forward = load(CLOSURE)["linear"](2.0, 3.0)
    with edit_of(forward, "return dy * w * scale, dy * x").applied():
        y, backprop = forward(5.0)
        assert (y, backprop(1.0)) == (30, (6, 5))
    assert forward(5.0)[1](1.0) == (2, 5)
    assert not [edit for edit in edits(forward) if "scale" not in edit.after and edit.line == 6]
    assert returned_names(forward) == ["x * w * scale", "backprop"]
    assert 5 in slice_lines(forward, ["backprop"])


def test_a_function_without_source_has_no_edits():
    namespace = {}
    exec("def f(x): return x + 1", namespace)
    assert list(edits(namespace["f"])) == []
    assert slice_lines(namespace["f"], ["x"]) == []
    assert returned_names(namespace["f"]) == stored_names(namespace["f"]) == []


def test_no_edit_is_given_twice():
    found = list(edits(load(AFFINE)["backward"]))
    assert len({edit.changed for edit in found}) == len(found)


def test_letters_outside_of_ascii_stay():
    module = load("def f(x, β):\n    return x * β + 'é'.count('é')  # naïve\n")
    with edit_of(module["f"], "return x / β + 'é'.count('é')  # naïve").applied():
        assert module["f"](6, 2) == 4
