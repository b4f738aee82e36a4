"""A syntax error leaves out its block; the others are loaded."""

import pytest

from backhand.check.source.blocks import parse
from tests.check.source.programs import kinds, texts

BROKEN = {
    "a missing colon": "def broken(x)\n    return x\n",
    "an open bracket": "def broken(x):\n    y = (x +\n    return y\n",
    "a wrong indent": "def broken(x):\n    y = x\n      return y\n",
    "half a string": "def broken(x):\n    return 'x\n",
    "nothing in it": "def broken(x):\n",
    "a conflict": "<<<<<<< HEAD\nx = 1\n=======\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_block_with_the_error_is_left_out(load_text, broken):
    before = "import numpy as np\n@property\ndef first(x):\n    return '''\nmargin\n'''\n"
    program = load_text(
        f"{before}{broken}@staticmethod\ndef last(x):\n    return (\nx\n)\nif last:\n    pass\nelse:\n    y = 1\n"
    )
    assert {kind for kind, _ in kinds(program)} == {"syntax"}
    assert all(7 <= line <= 9 for _, line in kinds(program))
    assert {"first", "last"} <= set(vars(program.modules[0]))
    assert program.location(program.modules[0].last).line == 7 + broken.count("\n") + 1


def test_of_a_class_only_the_method_is_left_out(load_text):
    text = "class Linear:\n    size = 3\n    @staticmethod\n    def first(x):\n        W = # TODO\n        return W\n\n"
    text += "    def second(self, x):\n        return x\n    def third(self, x):\n        return (x\n"
    program = load_text(f"{text}class ReLU:\n    x = = 3\n    def forward(self, x):\n        return x\n")
    assert kinds(program) == [("syntax", 5), ("syntax", 11), ("syntax", 13)]
    linear = program.classes()[0].value
    assert linear().second(linear.size) == 3
    assert not hasattr(linear, "first")
    assert [each.name for each in program.classes()] == ["Linear"]


def test_the_remark_says_what_python_says(load_text):
    program = load_text("def f(x):\n    return (x + 1\n")
    assert "syntax error at `return (x + 1`, column 12: Python says: '(' was never closed." in texts(program)
    program = load_text("x = 1 +* 2\n")
    assert "syntax error at `x = 1 +* 2`, column 8: Python cannot read it." in texts(program)


def test_a_triple_quote_that_is_never_closed_leaves_out_one_block_at_a_time():
    parsed = parse('"""\nx = 1\ny = 2\n')
    assert [statement.lineno for statement in parsed.statements] == [2, 3]
    assert len(parsed.errors) == 1
    assert parsed.text == "\nx = 1\ny = 2\n"


def test_deep_nesting_is_an_error_of_its_block():
    parsed = parse(f"x = {'(' * 300}1{')' * 300}\ny = 2\n")
    assert len(parsed.statements) == len(parsed.errors) == 1
