"""The cases by which the ops and layers of plugins are checked: entry points of the group `backhand.cases`."""

from collections.abc import Sequence
from dataclasses import dataclass

from backhand.arrays import Shape
from backhand.check.inputs import Case
from backhand.layers import Layer
from backhand.plugins import Group


@dataclass(frozen=True)
class Cases:
    """The cases of what a plugin calls by one name.

    op: as a row of `cases.OPS`.   layer: layers, each with the shape of its samples and the batch size.
    """

    op: Sequence[Case] = ()
    layer: Sequence[tuple[Layer, Shape, int]] = ()


def _are_cases(_name: str, value: object) -> bool:
    return isinstance(value, Cases)


PLUGIN_CASES: Group[Cases] = Group("backhand.cases", "cases", "a Cases of backhand.check.plugin_cases", _are_cases)


def cases_of(name: str) -> Cases:
    """The cases that a plugin brings for its op or layer of this name; none where it brings none."""
    return PLUGIN_CASES.load(name) if name in PLUGIN_CASES else Cases()
