"""A plain Python file is loaded statement by statement, and what fails becomes a remark."""

import inspect
import sys
import traceback
from pathlib import Path

import pytest

from backhand.check.source import Place, guarded, load, load_module, statements
from backhand.errors import BackhandError
from tests.check.source.programs import kinds, texts, value


def test_a_statement_that_fails_does_not_end_the_rest(load_text):
    program = load_text("x = 1 / 0\ndef forward(a):\n    return a\nimport sys\nsys.exit()\nclass Linear:\n    pass\n")
    assert [each.name for each in program.functions()] == ["forward"]
    assert [each.name for each in program.classes()] == ["Linear"]
    assert kinds(program) == [("statement", 1), ("statement", 5)]
    assert "ZeroDivisionError: division by zero" in texts(program)
    assert "ends itself" in texts(program)


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "GeneratorExit", "RecursionError", "BaseException"])
def test_whatever_is_raised_is_survived(load_text, error):
    program = load_text(f"raise {error}\ny = 2\n")
    assert kinds(program) == [("statement", 1)]
    assert value(program, "y") == 2


def test_a_definition_that_fails_is_named(load_text):
    program = load_text("class Linear(Layer):\n    pass\n\n@decorate\ndef forward(x):\n    return x\n")
    assert kinds(program) == [("definition", 1), ("definition", 5)]
    assert "The class `Linear` could not be defined" in program.remarks[0].text
    assert "The function `forward` could not be defined" in program.remarks[1].text
    assert program.functions() == program.classes() == []


def test_the_line_is_the_one_inside_the_statement(load_text):
    program = load_text("for i in range(3):\n    x = i\n    y = missing\n")
    assert kinds(program) == [("statement", 3)]


def test_main_is_not_executed_and_other_conditions_are(load_text):
    program = load_text("x = 0\nif __name__ == '__main__':\n    x = 1\nif x == 0:\n    def f():\n        return 5\n")
    assert value(program, "x") == 0
    assert value(program, "__name__") == "layers"
    assert [each.name for each in program.functions()] == ["f"]


def test_an_endless_loop_ends(load_text, monkeypatch):
    monkeypatch.setattr(statements, "SECONDS", 0.2)
    program = load_text("while True:\n    pass\nx = 3\n")
    assert kinds(program)[0][0] == "time limit"
    assert "takes longer than 0.2 seconds" in texts(program)
    assert value(program, "x") == 3


def test_a_loop_that_catches_everything_ends_as_well(load_text, monkeypatch):
    monkeypatch.setattr(statements, "SECONDS", 0.1)
    monkeypatch.setattr(guarded, "REPEAT", 0.01)
    program = load_text("while True:\n    try:\n        while True:\n            pass\n    except:\n        pass\n")
    assert [kind for kind, _ in kinds(program)] == ["time limit"]


def test_without_alarms_an_endless_loop_ends(load_text, monkeypatch):
    monkeypatch.setattr(statements, "SECONDS", 0.1)
    monkeypatch.delattr(guarded.signal, "setitimer")
    before = sys.gettrace()
    program = load_text("import helper\nx = 3\n", {"helper.py": "while True:\n    pass\ndef f():\n    pass\n"})
    assert [kind for kind, _ in kinds(program)] == ["time limit"]
    assert program.remarks[0].file == "helper.py"
    assert value(program, "x") == 3
    assert sys.gettrace() is before


def test_output_is_swallowed_and_input_is_empty(load_text, capsys):
    program = load_text("import sys\nprint('hello')\nsys.stderr.write('x' * 10**6)\nname = input('name? ')\n")
    assert capsys.readouterr() == ("", "")
    assert kinds(program) == [("statement", 4)]
    assert "waits for input" in texts(program)


def test_a_data_file_that_is_not_there_is_named(load_text):
    program = load_text("import numpy as np\nx = np.load('data/mnist.npy')\n")
    assert "reads `mnist.npy`, which is not there" in texts(program)


def test_what_follows_from_a_failure_says_so(load_text):
    text = "import sys\ndata, n = open('x'), 3\nlines = data.read()\nrate = float(sys.argv[1])\nother()\n"
    program = load_text(f"{text}data.more()\nother()\nclass A(data):\n    pass\n")
    assert [remark.line for remark in program.remarks] == [2, 3, 4, 5, 8]
    assert program.remarks[1].text == "This statement was left out, since `data` comes from one that failed."
    assert "reads arguments of the command line" in program.remarks[2].text
    assert "NameError: name 'other' is not defined" in program.remarks[3].text


def test_arguments_folder_and_environment_are_those_of_the_file(load_text, project):
    program = load_text("import os, sys\na, b, c = sys.argv, os.getcwd(), os.environ['MPLBACKEND']\n")
    assert [value(program, name) for name in "abc"] == [["layers.py"], str(project), "Agg"]


def test_future_statements_hold_for_the_whole_file(load_text):
    program = load_text("from __future__ import annotations\ndef f(x: Unknown) -> Unknown:\n    return x\n")
    assert not program.remarks
    assert value(program, "f").__annotations__["x"] == "Unknown"


def test_dataclasses_and_docstrings_work(load_text):
    text = '"""Layers."""\nfrom __future__ import annotations\nfrom dataclasses import dataclass\n'
    program = load_text(f"{text}@dataclass\nclass Param:\n    value: int\n    grad: float = 0.0\n", name="random.py")
    assert not program.remarks
    assert program.modules[0].__doc__ == "Layers."
    assert value(program, "Param")(2).grad == 0.0
    assert sys.modules["random"] is not program.modules[0]


def test_locations_and_texts_are_the_persons_own(load_text):
    text = "import functools\n\nclass Linear:\n    def forward(self, x):\n        return x\n\n"
    text += "def same(f):\n    @functools.wraps(f)\n    def g(*a):\n        return f(*a)\n    return g\n\n"
    text += "@same\ndef relu(x):\n    return x\n\nhalf = lambda x: x / 2\n"
    program = load_text(text)
    linear, relu, half = (value(program, name) for name in ("Linear", "relu", "half"))
    assert [each.name for each in program.functions()] == ["same", "relu", "half"]
    assert program.location(linear) == Place("layers.py", 3)
    assert str(program.location(linear().forward)) == "layers.py, line 4"
    assert program.location(relu) == Place("layers.py", 14)
    assert program.source(relu) == "@same\ndef relu(x):\n    return x\n"
    assert program.source(linear.forward) == "def forward(self, x):\n    return x\n"
    assert program.source(half) == "half = lambda x: x / 2\n"
    assert program.location(len) is None
    assert program.source(pytest.raises) == ""
    assert program.text(program.modules[0]) == text
    assert inspect.getsource(linear).startswith("class Linear")


def test_the_line_of_an_exception_is_found(load_text):
    program = load_text("import numpy as np\ndef f(x):\n    return np.linalg.inv(\n        x)\n")
    try:
        value(program, "f")("no matrix")
    except TypeError as error:
        raised = error
    except ValueError as error:
        raised = error
    assert program.raised_at(raised).line == 3
    assert "return np.linalg.inv(" in "".join(traceback.format_exception(raised))
    assert program.raised_at(ValueError()) is None


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfx = 1\r\n# caf\xc3\xa9\r\ny = 2\r\n", b"x = 1\n# caf\xe9\ny = 2\n"])
def test_encodings_and_line_ends(project, content):
    file = project / "my layers é.py"
    file.write_bytes(content)
    program = load(file)
    assert (value(program, "x"), value(program, "y")) == (1, 2)
    assert not program.remarks


def test_a_declared_encoding_and_utf16_are_read(project):
    for encoding, text in (("gbk", "# -*- coding: gbk -*-\nname = '线性'\n"), ("utf-16", "name = '线性'\n")):
        file = project / f"{encoding}.py"
        file.write_bytes(text.encode(encoding))
        assert value(load(file), "name") == "线性"


def test_an_empty_file_is_a_program_without_anything(load_text):
    program = load_text("")
    assert len(program.modules) == 1
    assert [*program.functions(), *program.classes(), *program.remarks] == []


def test_what_cannot_be_loaded_is_refused(project):
    (project / "weights.py").write_bytes(b"\x00\x01\x02")
    with pytest.raises(BackhandError, match="is not a text file but a binary one"):
        load(project / "weights.py")
    with pytest.raises(BackhandError, match="there is no"):
        load(project / "missing.py")
    with pytest.raises(BackhandError, match="holds no Python files"):
        load(project / ".git")


def test_a_module_is_loaded_by_its_name(project, monkeypatch):
    (project / "nn").mkdir()
    (project / "nn" / "relu.py").write_text("def forward(x):\n    return x\n")
    monkeypatch.chdir(project)
    assert [each.name for each in load_module("nn.relu").functions()] == ["forward"]
    monkeypatch.chdir(project)
    assert [each.name for each in load_module("nn").functions()] == ["forward"]
    assert load_module("json.tool").path.name == "tool.py"
    for name in ("no_such_module", "sys", "json.missing.more"):
        with pytest.raises(BackhandError, match="there is no Python module"):
            load_module(name)


# One right file of every convention, where they lie beside the checkout.
EXAMPLES = sorted((Path(__file__).parents[4] / "shared" / "checker" / "examples").glob("*.py"))


@pytest.mark.skipif(not EXAMPLES, reason="the examples lie elsewhere")
@pytest.mark.parametrize("path", [path for path in EXAMPLES if "jax" not in path.name], ids=lambda path: path.stem)
def test_the_examples_load_without_a_remark(path):
    program = load(path)
    assert program.functions() or program.classes()
    assert not program.remarks
    assert not program.unfinished
