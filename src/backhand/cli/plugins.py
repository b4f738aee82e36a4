"""`backhand plugins`: what installed packages of others add."""

import warnings
from typing import Any

from backhand.errors import BackhandWarning, closest


def plugins() -> None:
    """List what installed packages add: layers, operations, data sets, studies, kinds of experiments.

    Each is imported, and what cannot be used is said in a sentence.
    """
    from rich.table import Column, Table

    from backhand.console.terminal import make_console
    from backhand.plugins import PluginError, installed

    groups, console = _groups(), make_console()
    table = Table(
        "package", "adds", "name", Column("from", overflow="fold"), box=None, header_style="bold", pad_edge=False
    )
    problems = [_unknown(name, groups) for name in installed() if name not in groups]
    for group in groups.values():
        for plugin in group.plugins():
            try:
                group.value(plugin)
            except PluginError as error:
                problems.append(str(error))
            else:
                table.add_row(plugin.package, group.noun, plugin.name, plugin.target)
    console.print(table if table.row_count else "no installed package adds anything that can be used")
    for problem in problems:
        warnings.warn(problem, BackhandWarning, stacklevel=2)


def _groups() -> dict[str, Any]:
    """Every group of entry points, by its name."""
    from backhand.architectures.activations import ACTIVATIONS
    from backhand.backend import OP_KERNELS, OPS
    from backhand.check.plugin_cases import PLUGIN_CASES
    from backhand.data import DATASETS
    from backhand.experiments.kinds import ADDED
    from backhand.layers import LAYERS
    from backhand.study.text import STUDIES

    tables = LAYERS.group, ACTIVATIONS.group, OPS, OP_KERNELS, PLUGIN_CASES, DATASETS.group, STUDIES, ADDED
    return {group.name: group for group in tables}


def _unknown(name: str, groups: dict[str, Any]) -> str:
    from backhand.plugins import installed

    package = installed()[name][0].package
    return f'{package} has entry points of the group "{name}", which Backhand does not know{closest(name, groups)}'
