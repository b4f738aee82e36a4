"""Reads a unit: tries kinds, layouts and values until its forward pass runs and, if possible, computes a known kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Kind, Layout, Match
from backhand.check.reading.arguments import Setup, Unresolved
from backhand.check.reading.dialect import Maker, makers
from backhand.check.reading.functions import Calls, FunctionSpecimen, plan_calls, plan_loss
from backhand.check.reading.networks import NetworkMethods, NetworkSpecimen, plan_network
from backhand.check.reading.objects import Methods, ObjectSpecimen
from backhand.check.reading.specimen import Passage, Specimen
from backhand.check.reading.units import BACKWARD, FORWARD, PARAMETER_GRADIENTS, Unit, method

MAX_ATTEMPTS = 400
VARIANTS = 3


@dataclass(frozen=True)
class Reading:
    """A unit that was understood: how it is made in any configuration.

    kind: what it is taken for.   match: the way in which its forward pass computes that kind; None where it computes
    something else, and a match with a mistake where it computes a known mistake.
    """

    unit: Unit
    kind: Kind
    layout: Layout
    variant: int
    make: Maker
    methods: Methods | None = None
    calls: Calls | None = None
    network: NetworkMethods | None = None
    match: Match | None = None
    specimen: Specimen | None = field(default=None, compare=False, repr=False)

    @property
    def has_upstream(self) -> bool:
        """Whether backward is given an upstream gradient; that of a loss, a single number, is 1."""
        return self.specimen is None or self.specimen.forward().y.ndim > 0

    def specimen_for(self, config: Config) -> Specimen:
        """The unit in a configuration. Raises whatever the person's code raises there."""
        return _specimen(self, Setup(self.kind, config, self.layout, self.variant))


@dataclass(frozen=True)
class Unread:
    """A unit that was not understood, and why, in the words of the last error."""

    unit: Unit
    reason: str


def _specimen(reading: Reading, setup: Setup) -> Specimen:
    if reading.network is not None:
        return NetworkSpecimen(reading.network, setup, reading.make)
    if reading.methods is not None:
        return ObjectSpecimen(reading.methods, setup, reading.make)
    assert reading.calls is not None
    return FunctionSpecimen(reading.calls, setup, reading.make)


def read(unit: Unit, kinds: Sequence[Kind]) -> Reading | Unread:
    """Read a unit as one of these kinds, the likeliest of which come first."""
    best: Reading | None = None
    wrong: Reading | None = None
    reason = ""
    for attempts, (kind, layout, variant, make) in enumerate(_attempts(unit, kinds)):
        if attempts >= MAX_ATTEMPTS:
            break
        try:
            reading = _attempt(unit, kind, layout, variant, make)
        except Exception as error:
            reason = reason or f"{type(error).__name__}: {error}"
            continue
        if reading.match is not None and not reading.match.mistake:
            return reading
        if reading.match is not None:
            wrong = wrong or reading
        if unit.form == "network" and not any(_faults(reading)):
            return reading
        if best is None or (unit.form == "network" and _faults(reading) < _faults(best)):
            best = reading
    return wrong or best or Unread(unit, reason)


def _faults(reading: Reading) -> tuple[int, int, float]:
    """How many parameters have no gradient, how many gradients are wrong, and by how much."""
    from backhand.check.verdicts.trial import run_trial

    trial = run_trial(reading, reading.kind.configs()[0])
    if trial.refused is not None or trial.crashed is not None or trial.specimen is None:
        return (99, 99, np.inf)
    parameters = [name for name, role in trial.specimen.roles.items() if role not in ("x", "scores")]
    missing = [name for name in parameters if trial.gradients.values.get(name) is None]
    return (len(missing), len(trial.wrong), 0.0)


def _attempts(unit: Unit, kinds: Sequence[Kind]) -> Iterator[tuple[Kind, Layout, int, Maker]]:
    for kind in kinds:
        for make in makers(unit.module):
            for variant in range(VARIANTS):
                for layout in kind.layouts():
                    yield kind, layout, variant, make


def _attempt(unit: Unit, kind: Kind, layout: Layout, variant: int, make: Maker) -> Reading:
    config = kind.configs()[0]
    setup = Setup(kind, config, layout, variant)
    if unit.form == "class":
        methods = methods_of(unit.forward)  # type: ignore[arg-type]
        return _tried(Reading(unit, kind, layout, variant, make, methods), setup)
    bare = Reading(unit, kind, layout, variant, make)
    if unit.form == "network":
        networks = plan_network(unit.forward, setup, make)  # type: ignore[arg-type]
        readings = _runnable([replace(bare, network=network) for network in networks], setup)
    else:
        plans = (
            plan_loss(unit.forward, setup, make)
            if unit.backward is None
            else plan_calls(unit.forward, unit.backward, setup, make)
        )
        readings = [_tried(replace(bare, calls=calls), setup) for calls in plans]
    return readings[0] if len(readings) == 1 else min(readings, key=_faults)


def _runnable(readings: Sequence[Reading], setup: Setup) -> list[Reading]:
    """The readings that run. Raises Unresolved where none does."""
    tried = []
    for reading in readings:
        try:
            tried.append(_tried(reading, setup))
        except Exception:
            continue
    if not tried:
        raise Unresolved("the network does not run")
    return tried


def _tried(reading: Reading, setup: Setup) -> Reading:
    """The reading with its first specimen and what that computes. Raises whatever the person's code raises."""
    specimen = _specimen(reading, setup)
    passage = specimen.forward()
    if not np.isfinite(passage.y).all():
        raise Unresolved("forward gives values that are not finite")
    passage.backward(np.random.default_rng(3).standard_normal(passage.y.shape))
    match = recognise(reading.kind, specimen, passage, setup.config, reading.layout)
    layout = reading.layout
    if match is not None:  # what was seen counts for more than what was tried
        layout = {name: match.convention.get(name, choice) for name, choice in layout.items()}
    return replace(reading, layout=layout, match=match, specimen=specimen)


def methods_of(cls: type) -> Methods:
    """The methods that make the passes of a class; those that give the parameters' gradients only where backward
    does not call them itself.
    """
    backward = method(cls, BACKWARD)
    separate = "" if backward == "backward" else method(cls, PARAMETER_GRADIENTS)
    return Methods(cls, method(cls, FORWARD), backward, separate)


def recognise(kind: Kind, specimen: Specimen, passage: Passage, config: Config, layout: Layout) -> Match | None:
    """The way in which a forward pass computes the kind; None where it computes something else."""
    arrays: dict[str, Array] = {**specimen.by_role, **{k: np.asarray(v) for k, v in specimen.constants.items()}}
    if any(role not in arrays for role in kind.inputs):
        return None
    return next(kind.recognise(passage.y, arrays, config, layout), None)
