"""The command line: arguments in, one call out."""

from backhand.cli.main import main

__all__ = ["main"]
