"""How much the program prints, and in which form: what `--quiet`, `--verbose` and `--json` say, in one place.

`make_console` asks here: with `--quiet` it prints nothing, and with `--json` what people read goes to standard error,
so that standard output holds the result alone.
"""

import logging
from dataclasses import dataclass, field
from typing import Any

from backhand.errors import BackhandError

LEVELS = {1: logging.INFO, 2: logging.DEBUG}
FORMAT = "%(asctime)s %(name)s: %(message)s"


@dataclass
class Output:
    """What the options of the command that runs have said.   verbose: 0, 1, or 2 for all of the log."""

    quiet: bool = False
    verbose: int = 0
    json: bool = False
    handler: logging.Handler | None = field(default=None, repr=False)

    def choose(self, *, quiet: bool = False, verbose: int = 0, json: bool = False) -> None:
        """Take over options; one that was given before the name of the command counts after it, too.

        Raises BackhandError for --quiet with --verbose.
        """
        self.quiet, self.verbose, self.json = self.quiet or quiet, max(self.verbose, verbose), self.json or json
        if self.quiet and self.verbose:
            raise BackhandError("--quiet and --verbose contradict each other; leave one of them out")
        if self.verbose and self.handler is None:
            self.handler = _Handler()
            self.handler.setFormatter(logging.Formatter(FORMAT, "%H:%M:%S"))
            logging.getLogger("backhand").addHandler(self.handler)
        if self.handler is not None:
            logging.getLogger("backhand").setLevel(LEVELS[min(self.verbose, 2)])

    def reset(self) -> None:
        """Return to what holds without any option, as before a command."""
        if self.handler is not None:
            logging.getLogger("backhand").removeHandler(self.handler)
            logging.getLogger("backhand").setLevel(logging.NOTSET)
        self.quiet, self.verbose, self.json, self.handler = False, 0, False, None


OUTPUT = Output()  # of this process, which runs one command


class _Handler(logging.Handler):
    """Writes the log to standard error, whatever its encoding is."""

    def emit(self, record: logging.LogRecord) -> None:
        from backhand.console.terminal import make_console

        make_console(stderr=True).print(self.format(record), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a result as JSON on standard output, numbers that are not finite as null; a text is JSON already."""
    from backhand.console.terminal import Stream
    from backhand.files import jsontext

    stream = Stream()
    stream.write(f"{value if isinstance(value, str) else jsontext.dumps(value, indent=2)}\n")
    stream.flush()
