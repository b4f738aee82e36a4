"""What a run notes of its machine and of the command that made it."""

import shlex
import sys

import pytest

from backhand.experiments import environment


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/usr/bin/backhand", "run", "digits"], ["backhand", "run", "digits"]),
        (["/lib/backhand/__main__.py", "run", "--out", "a; rm -rf b"], ["backhand", "run", "--out", "a; rm -rf b"]),
        (["C:/bin/backhand.exe", "--set", "data.path='my pictures'"], ["backhand", "--set", "data.path='my pictures'"]),
        (["scripts/train all.py", "$HOME"], ["train all.py", "$HOME"]),
        (["backhand", "--storage", "postgresql://a:b@c/d"], ["backhand", "--storage", "postgresql://a:***@c/d"]),
        (["-c"], ["-c"]),
    ],
)
def test_the_command_can_be_pasted(arguments, expected, monkeypatch):
    monkeypatch.setattr(sys, "argv", arguments)
    assert shlex.split(environment.describe(0).command) == expected
