"""How a process ended, from its status and its trace alone."""

import sys
from pathlib import Path

import pytest

from backhand.check.review.endings import Ending, sentence

HOME = Path("/home/anna").resolve()
FRAMES = f"""Current thread 0x1 (most recent call first):
  File "{sys.prefix}/lib/numpy/core.py", line 5 in dot
  File "{HOME / "layers.py"}", line 31 in Affine.forward
  File "{HOME / "main.py"}", line 2 in <module>
"""


def said(ending, trace="", target=HOME / "layers.py", **options):
    return sentence(ending, trace, target, 5.0, 2**31, **options)


def test_the_line_is_the_innermost_of_the_persons_own():
    assert "in `Affine.forward`, line 31 after 5 seconds" in said(Ending(1), f"Timeout (0:00:05)!\n{FRAMES}")
    assert "in `Affine.forward`, line 31 (SIGSEGV)" in said(Ending(-11), FRAMES)
    other = said(Ending(-11), FRAMES, HOME / "main.py")
    assert "in `Affine.forward`, layers.py, line 31 (SIGSEGV)" in other


def test_out_of_time_and_memory():
    assert said(Ending(out_of_time=True)).startswith("The check was ended after 5 seconds, its limit;")
    for ending, options in ((Ending(out_of_memory=True), {}), (Ending(), {"in_memory": True})):
        assert "needs more than 2 GiB of memory" in said(ending, **options)
    assert "needs more than 2 GiB" in said(Ending(1), "Traceback (most recent call last):\n  x\nMemoryError\n")


@pytest.mark.parametrize(
    ("status", "words"),
    [(-9, "(SIGKILL), most likely for its memory"), (-6, "(SIGABRT)"), (-99, "(signal 99)"), (7, "with status 7;")],
)
def test_signals_and_statuses(status, words):
    assert words in said(Ending(status))
