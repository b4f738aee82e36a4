"""The program `backhand`, from its first import to its exit status."""

import sys

from backhand.console import exits


def main() -> None:
    """Run the program and end the process with its exit status; Ctrl-C is handled from the first import on."""
    sys.exit(exits.run_to_exit_status(_run))


def _run() -> None:
    from backhand.cli.app import app

    app()
