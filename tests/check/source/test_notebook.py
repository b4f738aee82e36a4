"""Notebooks are read as JSON, cell by cell, and their lines are those that the person sees."""

import inspect
import json

import pytest

from backhand.check.source import Place, load
from backhand.errors import BackhandError
from tests.check.source.programs import value

CELLS = [
    ("code", ["%matplotlib inline\n", "!pip install x\n", "import numpy as np"]),
    ("markdown", ["# Layers"]),
    ("code", "?np.sum\nx = 7 % 4\nfiles = !ls\nnp.sum?\n\ndef forward(x):\n    %time\n    return x\n"),
    ("code", "%%bash\nls\n"),
    ("code", "%%time\ny = (x\n % 2)\nclass Linear:\n    def forward(self, x):\n        return 1 / x\n1 / 0"),
    ("code", "def broken(:\n    pass"),
    ("code", "get_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(x)\nz = 1"),
]


def write(path, cells, **more):
    path.write_text(json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells], **more}))


def test_a_notebook_is_loaded(project):
    write(project / "my notebook.ipynb", CELLS, nbformat=4)
    program = load(project / "my notebook.ipynb")
    assert [value(program, name) for name in "xyz"] == [3, 1, 1]
    linear, forward = value(program, "Linear"), value(program, "forward")
    assert program.location(forward) == Place("my notebook.ipynb", 6, 2)
    assert str(program.location(linear.forward)) == "my notebook.ipynb, cell 4, line 5"
    assert program.source(linear).startswith("class Linear:\n")
    assert inspect.getsource(linear).startswith("class Linear:\n")
    seen = [(remark.kind, remark.cell, remark.line) for remark in program.remarks]
    assert sorted(seen) == [("statement", 4, 7), ("syntax", 5, 1)]
    with pytest.raises(ZeroDivisionError) as raised:
        linear().forward(0)
    assert program.raised_at(raised.value) == Place("my notebook.ipynb", 6, 4)


def test_the_older_form_with_work_sheets_is_read(project):
    sheets = [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]
    (project / "old.ipynb").write_text(json.dumps({"nbformat": 3, "worksheets": sheets}))
    program = load(project / "old.ipynb")
    assert (value(program, "x"), value(program, "y")) == (1, 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{not json", "is no notebook, since line 1 is not JSON"),
        ("[]", "no code cells"),
        ('{"cells": 3}', "no code cells"),
    ],
)
def test_a_broken_notebook_is_refused(project, content, words):
    (project / "broken.ipynb").write_text(content)
    with pytest.raises(BackhandError, match=words):
        load(project / "broken.ipynb")
