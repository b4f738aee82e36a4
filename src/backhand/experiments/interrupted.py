"""Ctrl-C, for every command that keeps what it has in a folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from backhand.console import exits
from backhand.console.terminal import make_console
from backhand.experiments import environment
from backhand.experiments.kinds import kind_of
from backhand.files.paths import command


@contextmanager
def interruptible(folder: Path, *more: object, again: bool = False) -> Iterator[None]:
    """Ctrl-C ends the program with status 130, and with the command that goes on, where anything was begun.

    more: words of that command which the folder does not know.   again: it is this very command, whatever is there.
    """
    try:
        yield
    except KeyboardInterrupt:
        onward = sys.argv[1:] if again else _onward(folder, more)
        words = f"go on with: {command([environment.program(), *onward])}" if onward else "nothing was begun"
        make_console().print(f"interrupted; {words}", soft_wrap=True)
        raise typer.Exit(exits.INTERRUPTED) from None


def _onward(folder: Path, more: tuple[object, ...]) -> list[object]:
    """The command words that go on with the experiment in this folder; none where it holds no experiment."""
    kind = kind_of(folder)
    return [] if kind is None else [*kind.resume, folder, *more]
