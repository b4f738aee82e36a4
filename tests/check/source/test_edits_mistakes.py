"""Every usual mistake is mended by one of the edits, in the line where it was made."""

import warnings
from difflib import SequenceMatcher

import numpy as np
import pytest

from backhand.check.source.edits import edits, rank, returned_names, slice_lines, stored_names
from tests.check.source.edit_mistakes import LAYERS, NORMS
from tests.check.source.edit_more_mistakes import IMAGES, LOSSES
from tests.check.source.test_edits import load

MISTAKES = {**LAYERS, **NORMS, **LOSSES, **IMAGES}


@pytest.mark.parametrize("name", MISTAKES)
def test_an_edit_mends_the_mistake(name):
    layer, right, wrong, operator = MISTAKES[name]
    source = layer.source.replace(right, wrong, 1)
    module, expected = load(source), results(layer, load(layer.source))
    before = results(layer, module)
    assert expected[0].dtype.kind != "U", "the right layer raises an error"
    assert not agree(before, expected)
    function = function_of(module, layer.function)
    lines = lines_of(layer.source, source)
    found = list(edits(function))
    mending = [edit for edit in found if edit.line in lines and operator in edit.operator]
    first = next((edit for edit in mending if is_mended(edit, layer, module, expected)), None)
    assert first is not None
    assert agree(results(layer, module), before)
    print(f"{name}: {found.index(first)} of {len(found)}; {position_with_focus(first, found)} with focus")


@pytest.mark.parametrize("name", ["half the penalty", "no stride", "statistics at test time"])
def test_the_edits_of_a_long_function_are_few(name):
    layer = MISTAKES[name].layer
    assert len(list(edits(function_of(load(layer.source), layer.function)))) < 1500


def is_mended(edit, layer, module, expected):
    with edit.applied():
        return agree(results(layer, module), expected)


def position_with_focus(edit, found):
    """The position of an edit once the name of a wrong result is known."""
    function = edit.function
    names = [*returned_names(function), *(stored.name for stored in stored_names(function))]
    wrong = [name for name in names if edit.line in slice_lines(function, [name])]
    return rank(found, wrong[:1]).index(edit)


def lines_of(right, wrong):
    """The lines of the mistaken source that differ; all lines if the mistake is that one is missing."""
    right, wrong = right.splitlines(), wrong.splitlines()
    changed = [code for code in SequenceMatcher(None, right, wrong).get_opcodes() if code[0] != "equal"]
    lines = {line + 1 for _, _, _, first, stop in changed for line in range(first, stop)}
    return lines or set(range(1, len(wrong) + 1))


def function_of(module, name):
    """The plain function of this dotted name."""
    found = module[name.partition(".")[0]]
    return getattr(found, name.partition(".")[2]) if "." in name else found


def results(layer, module):
    """All arrays that two calls of the layer return, change or leave; the error if one raises."""
    np.random.seed(0)  # noqa: NPY002 - what people draw from
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return flat([layer.call(module, np.random.default_rng(seed)) for seed in (1, 2)])
    except Exception as error:  # a changed layer may raise anything
        return [np.array(str(error))]


def flat(values):
    if isinstance(values, dict):
        return flat([values[key] for key in sorted(values)])
    if isinstance(values, list | tuple):
        return [array for value in values for array in flat(value)]
    return [] if values is None or isinstance(values, str) else [np.array(values)]


def agree(arrays, others):
    return len(arrays) == len(others) and all(map(is_close, arrays, others))


def is_close(a, b):
    if "U" in (a.dtype.kind, b.dtype.kind):
        return np.array_equal(a, b)
    return a.shape == b.shape and a.dtype.kind in "fib" and b.dtype.kind in "fib" and np.allclose(a, b, equal_nan=True)
