"""The lines of a file around a finding, in notebooks those of the cell."""

import json

from backhand.check.review.forms.listing import lines_around
from backhand.check.source.remarks import Place


def numbers(lines):
    return [(line.number, line.text, line.marked) for line in lines]


def test_lines_end_at_the_file_and_blank_ones_are_left_out(tmp_path):
    (tmp_path / "a.py").write_text("first\n\n\tsecond   \nthird\n\n\n")
    found = lines_around(Place("a.py", 3), str(tmp_path / "a.py"))
    assert numbers(found) == [(1, "first", False), (2, "", False), (3, "    second", True), (4, "third", False)]
    assert numbers(lines_around(Place("a.py", 4), str(tmp_path), 0)) == [(4, "third", True)]


def test_a_cell_of_a_notebook_is_numbered_by_itself(tmp_path):
    cells = [{"cell_type": "code", "source": text} for text in ("a\nb\nc", "d\ne")]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "x"}, *cells]}))
    target = str(tmp_path / "n.ipynb")
    assert numbers(lines_around(Place("n.ipynb", 2, 2), target)) == [(1, "d", False), (2, "e", True)]
    assert numbers(lines_around(Place("n.ipynb", 3, 1), target, 1)) == [(2, "b", False), (3, "c", True)]


def test_a_file_that_is_gone_or_shorter_now_has_no_lines(tmp_path):
    assert lines_around(Place("gone.py", 3), str(tmp_path / "gone.py")) == []
    (tmp_path / "a.py").write_text("x\n")
    assert lines_around(Place("a.py", 90), str(tmp_path / "a.py")) == []
