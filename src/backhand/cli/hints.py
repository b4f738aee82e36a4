"""A hint for an option that a command does not have, where a key of the study has that name."""

from typing import Any, cast

import typer
from typer.core import TyperCommand

# Typer comes with a copy of click, or uses the installed one; this is the error of whichever it uses.
UsageError = cast(type[Exception], typer.BadParameter.__bases__[0])


class StudyCommand(TyperCommand):
    """A command that takes `--set`: for the unknown option `--epochs` it suggests `--set train.epochs=VALUE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; the error for an unknown option suggests the key of the study with that name."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            usage_error: Any = error
            option = str(getattr(error, "option_name", ""))
            takes_set = any("--set" in parameter.opts for parameter in self.params)
            suggestion = _suggestion(option.lstrip("-").replace("-", "_")) if takes_set else ""
            if suggestion and "No such option" in usage_error.message:
                usage_error.message += f"; to change that key of the study, write {suggestion}"
                usage_error.possibilities = ()
            raise


def _suggestion(name: str) -> str:
    """The `--set` that changes the key of this name; for a table of several kinds, the one that changes its kind."""
    from backhand.study.keys import kinds, named

    keys = (f"{key}.{kinds()[key].key}" if key in kinds() else key for key in named(name))
    return " or ".join(f"--set {key}=VALUE" for key in keys)
