"""What is said of an option that a command does not have, where a key of a study has its name."""

from typing import Any, cast

import typer
from typer.core import TyperCommand

# Typer brings click with it, or uses the one that is installed; this is the error of either.
UsageError = cast(type[Exception], typer.BadParameter.__bases__[0])


class Command(TyperCommand):
    """A command that, where it takes `--set`, says of `--epochs 3` that `--set train.epochs=3` is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises a usage error as any command does, with the key that was meant."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            unknown: Any = error
            option = str(getattr(error, "option_name", ""))
            settable = any("--set" in parameter.opts for parameter in self.params)
            meant = _meant(option.lstrip("-").replace("-", "_")) if settable else ""
            if meant and "No such option" in unknown.message:
                unknown.message += f"; to change that key of the study, write {meant}"
                unknown.possibilities = ()
            raise


def _meant(name: str) -> str:
    """How to change the key of a study that has this name; of a table with several kinds, its kind."""
    from backhand.study.keys import kinds, named

    keys = (f"{key}.{kinds()[key].key}" if key in kinds() else key for key in named(name))
    return " or ".join(f"--set {key}=VALUE" for key in keys)
