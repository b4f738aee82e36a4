"""`backhand check`: the table, the last sentence, the exit status."""

import pytest
from typer.testing import CliRunner

from backhand.check import cases, suite
from backhand.cli.app import app
from backhand.errors import BackhandError
from backhand.kernels.kernel import Kernel
from backhand.ops import tanh

runner = CliRunner()


def test_one_name_gives_its_op_and_layer():
    done = runner.invoke(app, ["check", "--only", "tanh", "--seed", "3"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["op", "tanh"], ["layer", "tanh"]]
    assert all(line.rstrip().endswith("pass") for line in lines[1:3])
    assert lines[-1].startswith("All 2 agree with numerical derivatives, at ")


def test_a_wrong_gradient_ends_with_status_1(monkeypatch):
    wrong = Kernel(tanh.forward, lambda dy, y: (dy * (1 - y),))
    monkeypatch.setattr(suite, "op", lambda name: wrong)
    done = runner.invoke(app, ["check", "--only", "op tanh"])
    assert done.exit_code == 1
    assert "FAIL" in done.output
    assert "tanh with x (4, 3): the gradient of x at [" in done.output
    assert "1 of 1 failed: op tanh." in done.output


def test_an_op_without_a_case_fails(monkeypatch):
    monkeypatch.delitem(cases.OPS, "tanh")
    found = suite.check_row("op tanh")
    assert not found.passed
    assert "nothing was checked" in found.failures[0]


def test_an_unknown_name_is_told():
    with pytest.raises(BackhandError, match='unknown op, layer or network "tahn"; did you mean "tanh"'):
        suite.row_names("tahn")


def test_another_seed_draws_other_numbers():
    first, second = (suite.check_row("op tanh", seed) for seed in (0, 1))
    assert first.error != second.error
    assert suite.check_row("op tanh", 1) == second
