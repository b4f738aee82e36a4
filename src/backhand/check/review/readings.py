"""As what each unit of a program is read."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np

from backhand.check.kinds.kind import Kind
from backhand.check.kinds.network import Body, Network, TwoMatrices
from backhand.check.kinds.specified import Specified
from backhand.check.kinds.table import likely, spoken_kinds
from backhand.check.reading.choice import read
from backhand.check.reading.inventory import find_units
from backhand.check.reading.reader import Reading, Unread
from backhand.check.reading.units import Unit, class_passes, class_unit
from backhand.check.reading.words import words
from backhand.check.source.definitions import plain
from backhand.check.source.guarded import OutOfTime, outcome
from backhand.check.source.program import Program

log = logging.getLogger(__name__)
Value = TypeVar("Value")
NETWORK_WORDS = {"network", "net", "nn", "mlp", "perceptron", "model", "classifier", "prop", "cost"}


def read_units(
    program: Program, wanted: Callable[[Unit], bool] = lambda _: True
) -> Iterator[tuple[Unit, Reading | Unread]]:
    """Each unit of a program that is written already, and as what it was read."""
    unfinished = {each.name for each in program.unfinished}
    for unit in filter(wanted, find_units(program)):
        if not _names_of_passes(unit) & unfinished:
            found = unless_failed(unit, partial(_read, unit))
            if isinstance(found, Unread) and unit.form == "network" and isinstance(unit.forward, type):
                other = class_unit(unit.name, unit.forward, unit.module)  # its loss may be but a loss
                again = found if other is None else _read(other)
                found = found if isinstance(again, Unread) else again
            yield found.unit, found


def unless_failed(unit: Unit, step: Callable[[], Value]) -> Value | Unread:
    """What a step of the check says of a unit.

    Where the check itself fails, the rest of the file is worth as much as before: the unit is told as unread, and the
    log has the traceback. Too little memory and Ctrl-C end the check.
    """
    try:
        return step()
    except MemoryError:
        raise
    except (Exception, OutOfTime) as error:
        log.exception("the check of %s failed", unit.name)
        return Unread(unit, f"the check itself failed here ({type(error).__name__}: {error})", error)


def _read(unit: Unit) -> Reading | Unread:
    reading = read(unit, kinds_for(unit), spoken_kinds(unit.name))
    if isinstance(reading, Reading) and _gives_no_gradient(reading):
        return Unread(unit, "its gradients were not found")
    return reading


def _gives_no_gradient(reading: Reading) -> bool:
    """Whether a backward pass that runs leaves no gradient of any array where it is looked for."""
    assert reading.specimen is not None
    passage = outcome(reading.specimen.forward).value
    found = None if passage is None else outcome(lambda: passage.backward(np.ones(passage.y.shape))).value
    return found is not None and all(gradient is None for gradient in found.values.values())


def _names_of_passes(unit: Unit) -> set[str]:
    """The qualified names of the functions that make the passes of a unit, and of its constructor."""
    functions: tuple[Any, ...] = (unit.forward, unit.backward)
    if unit.form in ("class", "network"):
        functions = (*class_passes(unit.forward), getattr(unit.forward, "__init__", None))
    return {getattr(plain(function), "__qualname__", "") for function in functions}


def kinds_for(unit: Unit) -> list[Kind]:
    """The kinds as which a unit is tried, the likeliest first."""
    if unit.spec is not None:
        return [Specified(unit.spec)]
    if unit.form == "network":
        return [Network()]
    kinds = likely(unit.name, unit.argument_names).kinds
    networks = [Network(), TwoMatrices()]
    if unit.form == "class" and not unit.takes_labels:
        networks = [Body()]
    speaks = set(words(unit.name)) & (NETWORK_WORDS - {"cost", "prop"} if unit.form == "class" else NETWORK_WORDS)
    return [*networks, *kinds] if speaks else [*kinds, *networks]
