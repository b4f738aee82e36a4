"""A plain Python file is loaded statement by statement, and what fails becomes a remark."""

from backhand.check.source import load


def test_a_statement_that_fails_does_not_end_the_rest(tmp_path):
    file = tmp_path / "layers.py"
    file.write_text("x = 1 / 0\ndef forward(a):\n    return a\nimport sys\nsys.exit()\nclass Linear:\n    pass\n")
    program = load(file)
    assert [each.name for each in program.functions()] == ["forward"]
    assert [each.name for each in program.classes()] == ["Linear"]
    assert [(remark.kind, remark.line) for remark in program.remarks] == [("statement", 1), ("statement", 5)]
    assert "ZeroDivisionError" in program.remarks[0].text
