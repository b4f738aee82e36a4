"""Ctrl-C, for every command that keeps what it has in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from backhand.console import make_console
from backhand.experiment.kinds import kind_of


@contextmanager
def interruptible(folder: Path, onward: str) -> Iterator[None]:
    """Ctrl-C ends the program with status 130, and with the words that say how to go on where anything was begun."""
    try:
        yield
    except KeyboardInterrupt:
        begun = kind_of(folder) is not None
        make_console().print(f"interrupted; {onward if begun else 'nothing was begun'}")
        raise typer.Exit(130) from None
