"""The commands of plugins: one for each kind of experiment that a package of others adds."""

import warnings
from functools import cache, partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from backhand.cli.hints import StudyCommand
from backhand.console.program import Program
from backhand.errors import BackhandWarning
from backhand.experiments.kind import Kind
from backhand.experiments.kinds import ADDED
from backhand.plugins import PluginError, made


class Commands(TyperGroup):
    """All commands; those of plugins are looked for by --help, and for a name that the program does not have."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands: the program's own, then those of plugins that can be used.

        A BackhandWarning tells of each that cannot be used.
        """
        own = super().list_commands(ctx)
        return [*own, *(name for name, kind in ADDED.usable().items() if name not in own and _is_usable(kind))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None. Raises PluginError for that of a plugin that cannot be used."""
        own = super().get_command(ctx, cmd_name)
        return own if own is not None or cmd_name not in ADDED else _command(ADDED.load(cmd_name))


@cache
def _is_usable(kind: Kind) -> bool:
    """Whether the command of a kind can be used; a BackhandWarning tells once where it cannot."""
    try:
        _command(kind)
    except PluginError as error:
        warnings.warn(str(error), BackhandWarning, stacklevel=2)
        return False
    return True


def _command(kind: Kind) -> Any:
    """The command that the package of a kind has in its module `command`. Raises PluginError where it has none."""
    failure = f'the command "{kind.command}" of {kind.name} cannot be used from {kind.package}.command'
    return made(partial(_make, kind), failure, "update its package, or uninstall it")


def _make(kind: Kind) -> Any:
    function = getattr(import_module(f"{kind.package}.command"), kind.command)
    app = Program(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(kind.command, cls=StudyCommand)(function)
    command = typer.main.get_command(app)
    command.name = kind.command
    return command
