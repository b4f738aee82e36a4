"""How a process of ours ends: what its exit status says, and a sentence instead of a traceback."""

import errno
import warnings
from collections.abc import Callable
from functools import partial
from typing import TextIO

from backhand.errors import BackhandError

SHOW = warnings.showwarning
MISTAKE, INTERRUPTED, CLOSED = 2, 130, 141  # 128 and the number of the signal, as a shell counts


def status_of(program: Callable[[], object]) -> int:
    """Run the program to its end and return its exit status.

    0, or 2 for what a user can mend, which is told in one sentence; 130 for Ctrl-C; 141 when the reader of its output
    has gone. Any other exception is a bug, and passes.
    """
    from backhand.console.terminal import ClosedOutputError, Stream

    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show
            program()
    except BackhandError as error:
        return _fail(str(error))
    except MemoryError as error:
        return _fail(f"there is not enough memory ({error or 'no more is given'}); try less data or a smaller model")
    except OSError as error:
        if error.errno == errno.ENOSPC and error.filename is None:  # of what does not write by our console, as help
            return status_of(partial(Stream().give_up, error))
        if error.filename is None:
            raise
        return _fail(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except ClosedOutputError:
        return CLOSED
    return 0


def _fail(message: str) -> int:
    _say(f"error: {message}")
    return MISTAKE


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning to the user as a sentence; one to programmers as Python shows it, with the line that it comes from."""
    if issubclass(category, UserWarning):
        _say(f"warning: {message}")
    else:
        SHOW(message, category, filename, lineno, file, line)


def _say(text: str) -> None:
    from backhand.console.terminal import make_console

    make_console(stderr=True).print(text, soft_wrap=True)
