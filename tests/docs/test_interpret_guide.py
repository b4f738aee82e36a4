"""The guide on what a network looks at: its program runs, and its assertions hold."""

import ast

from tests.docs.markdown_pages import GUIDES, blocks, run_python

PAGE = GUIDES / "interpret.md"


def test_the_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trees = [ast.parse(block) for block in blocks(PAGE, "python")]
    assert sum(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree)) >= 8
    names = run_python(PAGE)
    assert names["bh"].evaluate(names["model"], names["bh"].SoftmaxCrossEntropy(), names["test"]).accuracy > 0.9
