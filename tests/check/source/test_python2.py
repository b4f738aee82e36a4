"""Python 2 is read where a small conversion suffices; its lines stay."""

import ast
import inspect

import pytest

from backhand.check.source.python2 import convert
from tests.check.source.programs import kinds, texts, value

PAIRS = {
    'print "a", b': 'print("a", b)',
    "print": "print()",
    "print x,": 'print(x, end=" ")',
    "print >>sys.stderr, x, y": "print(x, y, file=sys.stderr)",
    "print >> f": "print(file=f)",
    'print("a") % x': 'print(("a") % x)',
    'print ("%d" %\n  3), x  # note, print it': 'print(("%d" %\n  3), x)  # note, print it',
    'print "a, # b"; y = 2': 'print("a, # b"); y = 2',
    "if x: print x": "if x: print(x)",
    "if d[1:2]:\n\tprint d": "if d[1:2]:\n\tprint(d)",
    "for i in x: print i; print": "for i in x: print(i); print()",
    'print "a" \\\n  "b"': 'print("a" \\\n  "b")',
    'print "%s" % `x`': 'print("%s" % repr(x))',
    "try:\n  f()\nexcept (A, B), e:\n  pass": "try:\n  f()\nexcept (A, B) as e:\n  pass",
    'raise ValueError, "bad, %d" % (1, 2)': 'raise ValueError("bad, %d" % (1, 2))',
    "raise E, None, trace": "raise E",
    "raise E, 'a', trace": "raise E('a')",
    "if a <> b: pass": "if a != b: pass",
    'exec "x = 1"': 'exec("x = 1")',
    "exec code in names": "exec(code, names)",
    "m = ur'\\d'": "m = r'\\d'",
    "f(0777, 10L, 0xFFL, 0.07, 10.0, 007)": "f(0o777, 10, 0xFF, 0.07, 10.0, 0o07)",
}


@pytest.mark.parametrize(("old", "new"), PAIRS.items())
def test_each_form_of_python_2_is_converted(old, new):
    converted = convert(old)
    assert converted.text == new
    assert converted.sign
    ast.parse(new)


@pytest.mark.parametrize(
    "text",
    [
        "print('a', end='')\nprint (a, b)\nprint(\n  a)\nprinter = 3\nx.print = 4\nprint = log\n",
        "'print x'\n'''\nprint x\nexcept A, e:\n'''\n# print x, 0777\n",
        "except_ = a, b\nexecute(x)\nexec('x')\nexec (x)\nraise E('a, b')\nraise\nraise E from e\n",
        "0\n0.0\n1e05, 1e-05, 1.e+05\nx07 = a[0:7]\n",
        "from __future__ import print_function\nprint\n",
        "x = {'a': 1, 'b': lambda y: y}\ndef f(x: int, y: str = 'ur') -> None: ...\n",
    ],
)
def test_python_3_is_left_alone(text):
    assert convert(text) == (text, 0, "")


FILE = """import numpy as np
import cPickle, Queue
from itertools import izip
def forward(x, cache):
    for i in xrange(2):
        print "step", i
    if cache.has_key("w"):
        for name, w in cache.iteritems():
            x = x + w
    return x, map(abs, [-1]) + range(2), 7 / 2
half = reduce(lambda a, b: a + b, [1, 2])
words = [unicode("a"), long(3), isinstance("a", basestring), cmp(1, 2), list(izip([1], [2]))]
"""


def test_a_file_of_python_2_is_loaded(load_text):
    program = load_text(FILE)
    assert kinds(program) == [("python 2", 6)]
    assert "as a print statement shows" in texts(program)
    assert "`/` between integers rounds down" in texts(program)
    forward = value(program, "forward")
    assert forward(1, {"w": 2}) == (3, [1, 0, 1], 3)
    assert program.location(forward).line == 4
    assert 'print "step", i' in program.source(forward)
    assert 'print("step", i)' in inspect.getsource(forward)
    assert value(program, "half") == 3
    assert value(program, "words") == ["a", 3, True, -1, [(1, 2)]]


def test_names_of_python_2_are_provided_in_files_of_today(load_text):
    program = load_text("def f(n):\n    return [i for i in xrange(n)]\n")
    assert kinds(program) == [("python 2", 2)]
    assert "`xrange` is a name of Python 2" in texts(program)
    assert value(program, "f")(2) == [0, 1]


def test_names_that_the_file_brings_itself_are_no_python_2(load_text):
    text = "from past.builtins import xrange\nfrom functools import reduce\nlong = 3\n"
    text += "x = xrange(long), reduce(max, [1, 2])\n"
    program = load_text(text)
    assert not program.remarks
    assert value(program, "x") == (range(3), 2)


def test_tabs_mixed_with_spaces_are_read(load_text):
    program = load_text("def f(x):\n    if x:\n\treturn 1\n    return 2\n\ndef g(x):\n\treturn x\n")
    assert kinds(program) == [("python 2", 3)]
    assert "mixes tabs and spaces" in texts(program)
    assert (value(program, "f")(0), value(program, "f")(1)) == (2, 1)


def test_one_block_that_stays_broken_does_not_hide_the_others(load_text):
    program = load_text("print 'a'\ndef f((a, b)):\n    return a\ndef g(x):\n    print x\n    return x\n")
    assert kinds(program) == [("python 2", 1), ("syntax", 2)]
    assert [each.name for each in program.functions()] == ["g"]
