"""The inventory of a program: its layers, losses and networks, file by file."""

import inspect
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from backhand.check.reading.closures import closure_units
from backhand.check.reading.units import (
    Unit,
    class_unit,
    custom_vjp_units,
    loss_units,
    network_unit,
    pair_functions,
)
from backhand.check.source.definitions import plain
from backhand.check.source.program import Program
from backhand.check.spec import Spec


def find_units(program: Program) -> Iterator[Unit]:
    """The layers, losses and networks of a program."""
    for module in program.modules:
        yield from _units_of(module, program)


def _specified_units(module: ModuleType) -> Iterator[Unit]:
    """The layers of which the person has said how they are called."""
    for name, value in vars(module).items():
        if isinstance(value, Spec) and value.make is not None:
            cls = type(value.make())
            yield Unit(name, "class", module, cls, cls, value)
        elif isinstance(value, Spec) and value.forward is not None:
            yield Unit(name, "functions", module, value.forward, value.backward, value)


def _units_of(module: ModuleType, program: Program) -> Iterator[Unit]:
    yield from _specified_units(module)
    functions = [d.value for d in program.functions() if d.module is module and inspect.isfunction(d.value)]
    pairs = [*custom_vjp_units(vars(module), module)]
    known = {id(function) for unit in pairs for function in (unit.forward, unit.backward)}
    pairs += [unit for unit in pair_functions(functions, module) if id(unit.backward) not in known]
    paired = {id(function) for unit in pairs for function in (unit.forward, unit.backward)}
    pairs += _pairs_across_files([function for function in functions if id(function) not in paired], module, program)
    paired |= {id(function) for unit in pairs for function in (unit.forward, unit.backward)}
    pairs += closure_units([function for function in functions if id(function) not in paired], module)
    yield from pairs
    known |= {id(plain(function)) for unit in pairs for function in (unit.forward, unit.backward)}
    yield from loss_units(functions, known, module)
    for definition in program.classes():
        if definition.module is module:
            network = network_unit(definition.name, definition.value, module)
            unit = network or class_unit(definition.name, definition.value, module)
            if unit is not None:
                yield unit


def _pairs_across_files(functions: Sequence[Any], module: ModuleType, program: Program) -> Iterator[Unit]:
    """The backward passes of a file with the forward passes of the same name in another file of its folder."""
    elsewhere = {d.name: d.value for d in program.functions() if d.module is not module}
    for function in functions:
        wanted = function.__name__.replace("backward", "forward")
        if wanted == function.__name__:
            continue
        forward = elsewhere.get(wanted) or program.beside(wanted)
        if inspect.isfunction(forward):
            yield from pair_functions([forward, function], module)
