"""Output goes to whatever there is: any encoding, a closed or a full stream, or none."""

import io
import os
import sys
from pathlib import Path

import pytest
from rich.progress import Progress

from backhand.console.terminal import ClosedOutputError, Stream, make_console
from backhand.errors import BackhandError

TEXT = "8 × 8 “café” ≥ 0.5 → 数 \N{GRINNING FACE} [bold]a:b:smile: –"


class Bare:
    """A stream of a host program: it has `write` and nothing else."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", '8 x 8 "caf?" >= 0.5 -> ? ? [bold]a:b:smile: -'),
        ("cp1251", "8 x 8 “caf?” >= 0.5 -> ? ? [bold]a:b:smile: –"),
        ("latin-1", '8 × 8 "café" >= 0.5 -> ? ? [bold]a:b:smile: -'),
        ("utf-8", TEXT),
    ],
)
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_characters_that_an_encoding_lacks_are_replaced(encoding, expected, name, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, name, stream)
    make_console(stderr=name == "stderr").print(TEXT)
    assert stream.buffer.getvalue().decode(encoding).rstrip() == expected


def test_a_console_made_earlier_writes_to_the_stream_of_now(monkeypatch):
    console, bare = make_console(), Bare()
    monkeypatch.setattr(sys, "stdout", bare)
    console.print("8 × 8")
    assert bare.text == "8 × 8\n"
    assert not console.is_terminal


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("close", [True, False])
def test_a_process_without_standard_output_writes_nothing(quiet, close, monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream if close else None)
    console = make_console(quiet=quiet)
    console.print("unheard")
    with console.status("waiting"):
        pass
    with pytest.raises(OSError, match="there is no stdout"):
        Stream().fileno()


def test_a_reader_that_has_gone_is_told_from_a_disk_that_is_full(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(ClosedOutputError):
            make_console().print("unheard")
        make_console().print("and no more")  # goes nowhere from then on
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            with pytest.raises(BackhandError, match="cannot write to standard output: No space left"):
                make_console().print("lost")


@pytest.mark.parametrize("stderr", [False, True])
def test_a_bar_in_a_terminal_ends(stderr, monkeypatch):
    """While a bar is drawn, rich puts a proxy of the console in the place of both streams."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Progress(console=make_console(stderr=stderr), transient=True) as bar:
        bar.console.print("amid")
        bar.advance(bar.add_task("working", total=1))
