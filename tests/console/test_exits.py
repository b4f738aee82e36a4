"""The program ends in order, whatever its output is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def program(*arguments, **options):
    command = [sys.executable, "-m", "backhand", *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices as POSIX systems have them")
def test_the_program_ends_without_a_traceback_whatever_its_output_is():
    read, write = os.pipe()
    os.close(read)
    gone = program("list", stdout=write)
    os.close(write)
    encoding = program("list", stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii:strict"})
    closed = program("list", preexec_fn=lambda: os.close(1))
    assert (gone.communicate()[1], gone.returncode) == ("", 141)
    output, errors = encoding.communicate()
    assert (errors, encoding.returncode) == ("", 0)
    assert "8 x 8" in output
    assert (closed.communicate()[1], closed.returncode) == ("", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("words", [["list"], ["-h"], ["--version"], ["check", "--help"]], ids=" ".join)
def test_an_output_that_is_full_is_one_sentence(words):
    with Path("/dev/full").open("w") as full:
        process = program(*words, stdout=full)
    assert process.communicate()[1] == "error: cannot write to standard output: No space left on device\n"
    assert process.returncode == 2
