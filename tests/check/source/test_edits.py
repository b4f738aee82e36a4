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
