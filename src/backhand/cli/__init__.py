"""The command line: each command reads its arguments and makes one call."""

from backhand.cli.main import main

__all__ = ["main"]
