"""`backhand plugins`: what installed packages of others add."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backhand.errors import BackhandWarning, closest

if TYPE_CHECKING:
    from backhand.plugins import Group, Plugin

Row = tuple[str, str, str, str]


def plugins() -> dict[str, Any]:
    """List what installed packages add to Backhand.

    Each is imported; what cannot be used is said in a sentence.
    """
    from rich.table import Column, Table

    from backhand.console.terminal import make_console
    from backhand.plugins import PluginError, installed

    console, rows, problems = make_console(), list[Row](), list[str]()
    groups = {group.name: group for group in _groups()}
    for name, added in installed().items():
        if name not in groups:
            problems.append(f'{added[0].package} adds to "{name}", a group that is unknown{closest(name, groups)}')
    for group in groups.values():
        for plugin in group.plugins():
            try:
                rows.extend(_rows(group, plugin))
            except PluginError as error:
                problems.append(str(error))
    table = Table(
        "package", "adds", "name", Column("from", overflow="fold"), box=None, header_style="bold", pad_edge=False
    )
    for row in rows:
        table.add_row(*row)
    console.print(table if rows else "no installed package adds anything")
    for problem in problems:
        warnings.warn(problem, BackhandWarning, stacklevel=2)
    found = [dict(zip(("package", "adds", "name", "from"), row, strict=True)) for row in rows]
    return {"plugins": found, "problems": problems}


def _rows(group: "Group[Any]", plugin: "Plugin") -> Iterator[Row]:
    """What a plugin adds; an op with its derivation. Raises PluginError where it cannot be used."""
    from backhand.backend import OPS
    from backhand.check.derivations import derivation

    group.value(plugin)
    yield plugin.package, group.noun, plugin.name, plugin.target
    if group is OPS and (page := derivation(plugin.name)) is not None:
        yield plugin.package, "derivation", plugin.name, str(page)


def _groups() -> tuple["Group[Any]", ...]:
    """Every group of entry points."""
    from backhand.architectures.activations import ACTIVATIONS
    from backhand.backend import OP_KERNELS, OPS
    from backhand.check.plugin_cases import PLUGIN_CASES
    from backhand.data import DATASETS
    from backhand.experiments.kinds import ADDED
    from backhand.layers import LAYERS
    from backhand.study.text import STUDIES
    from backhand.training.callback_tables import CALLBACKS

    return (
        LAYERS.group,
        ACTIVATIONS.group,
        OPS,
        OP_KERNELS,
        PLUGIN_CASES,
        DATASETS.group,
        CALLBACKS.group,
        STUDIES,
        ADDED,
    )
