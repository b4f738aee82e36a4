"""Output goes to whatever there is: any encoding, a closed or a full stream, or none."""

import io
import os
import subprocess
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


@pytest.mark.parametrize("stderr", [False, True])
def test_a_bar_in_a_terminal_ends(stderr, monkeypatch):
    """While a bar is drawn, rich puts a proxy of the console in the place of both streams."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Progress(console=make_console(stderr=stderr), transient=True) as bar:
        bar.console.print("amid")
        bar.advance(bar.add_task("working", total=1))


STUDY = """
name = "small"
title = "Größe × 数"
[data]
name = "digits"
train_size = 100
groups = { "gerade ½" = ["0", "2"], "ungerade" = ["1", "3"] }
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
"""


def test_files_are_utf_8_whatever_the_locale(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
    run = program(
        "run", tmp_path / "study.toml", "--out", tmp_path / "run", stdout=subprocess.PIPE, env=os.environ | locale
    )
    output, errors = run.communicate()
    assert (errors, run.returncode) == ("", 0), output
    assert "Gr??e x ?" in output
    for name in ("study.toml", "report.md", "report.html"):
        assert "Größe × 数" in (tmp_path / "run" / name).read_text("utf-8"), name
    assert "gerade ½" in (tmp_path / "run" / "metrics.json").read_text("utf-8")
