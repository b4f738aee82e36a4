"""A process in which only the packages of a slim installation can be imported: `python slim.py REFUSED RESULT`.

It runs the commands that it reads from standard input, a JSON list of lists of arguments of `backhand`, or `-c` and
lines of Python, and writes the exit status
and the output of each to the file RESULT. REFUSED: the top modules that cannot be imported, with commas in between.
"""

import contextlib
import io
import json
import sys
from functools import partial
from pathlib import Path


class Slim:
    """Refuses every module of a package that a slim installation does not have."""

    def __init__(self, refused):
        self.refused = refused

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def outcome(arguments):
    from backhand.cli.main import _run
    from backhand.console.exits import run_to_exit_status

    program = _run
    if arguments[0] == "-c":  # the library, by lines of Python
        program = partial(exec, arguments[1], {})
    sys.argv = ["backhand", *arguments]
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            status = run_to_exit_status(program)
        except SystemExit as end:
            status = end.code or 0
    return status, " ".join(text.getvalue().split())


if __name__ == "__main__":
    sys.meta_path.insert(0, Slim(set(sys.argv[1].split(","))))
    Path(sys.argv[2]).write_text(json.dumps([outcome(arguments) for arguments in json.load(sys.stdin)]), "utf-8")
