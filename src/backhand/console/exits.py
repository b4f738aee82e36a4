"""The exit status of the program, and a sentence in place of a traceback."""

import errno
import warnings
from collections.abc import Callable
from functools import partial
from typing import TextIO

from backhand.errors import BackhandError

SHOW_PYTHON_WARNING = warnings.showwarning
USER_ERROR, INTERRUPTED, OUTPUT_CLOSED = 2, 130, 141  # 128 plus the number of the signal, as in a shell


def run_to_exit_status(program: Callable[[], object]) -> int:
    """Run the program to its end and return its exit status.

    The status is 0 for success; 2 for an error that the user can correct, whose message is printed in one sentence;
    130 for Ctrl-C and SIGTERM; and 141 where the reader of the output has gone. Any other exception is a bug and is
    not caught.
    """
    from backhand.console.terminal import ClosedOutputError, Stream

    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            program()
    except BackhandError as error:
        return _report_error(str(error))
    except MemoryError as error:
        return _report_error(
            f"there is not enough memory ({error or 'the system gives no more'}); use less data or a smaller model"
        )
    except OSError as error:
        if error.errno == errno.ENOSPC and error.filename is None:  # of --help, which does not use our console
            return run_to_exit_status(partial(Stream().raise_write_error, error))
        if error.filename is None:
            raise
        return _report_error(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except ClosedOutputError:
        return OUTPUT_CLOSED
    return 0


def _report_error(message: str) -> int:
    """Print an error: as a sentence, or with --json as an object on standard output."""
    from backhand.console.output import OUTPUT, print_json

    if OUTPUT.json:
        print_json({"error": message})
    else:
        _print_to_stderr(f"error: {message}", errors=True)
    return USER_ERROR


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning to the user as a sentence, and one to programmers as Python does, with the line of its origin."""
    if issubclass(category, UserWarning):
        _print_to_stderr(f"warning: {message}")
    else:
        SHOW_PYTHON_WARNING(message, category, filename, lineno, file, line)


def _print_to_stderr(text: str, *, errors: bool = False) -> None:
    from backhand.console.terminal import make_console

    make_console(stderr=True, errors=errors).print(text, soft_wrap=True)
