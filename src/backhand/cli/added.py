"""The commands of plugins: one for each kind of experiment that a package of others adds."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from backhand.cli.hints import StudyCommand
from backhand.console.program import Program
from backhand.experiments.kind import Kind
from backhand.experiments.kinds import ADDED
from backhand.plugins import PluginError


class Commands(TyperGroup):
    """All commands; those of plugins are looked for by --help, and for a name that the program does not have."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands: the program's own, then those of plugins that can be used."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in ADDED.usable() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None. Raises PluginError for that of a plugin that cannot be used."""
        own = super().get_command(ctx, cmd_name)
        return own if own is not None or cmd_name not in ADDED else _command(ADDED.load(cmd_name))


def _command(kind: Kind) -> Any:
    """The command that the package of a kind has in its module `command`."""
    app = Program(pretty_exceptions_enable=False, rich_markup_mode=None)
    try:
        function = getattr(import_module(f"{kind.package}.command"), kind.command)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f'the command "{kind.command}" of {kind.name} cannot be imported from {kind.package}.command ({error})'
        ) from error
    app.command(kind.command, cls=StudyCommand)(function)
    command = typer.main.get_command(app)
    command.name = kind.command
    return command
