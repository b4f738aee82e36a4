"""A unit as it may be read: as a kind, in a layout, with values for its arguments and a way to call its passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from backhand.check.kinds.kind import Config, Kind, Layout, Match
from backhand.check.reading.calls import plan_calls, plan_loss
from backhand.check.reading.dialect import Maker, makers
from backhand.check.reading.functions import Calls, FunctionSpecimen
from backhand.check.reading.networks import NetworkMethods, NetworkSpecimen, plan_network
from backhand.check.reading.objects import Methods, ObjectSpecimen
from backhand.check.reading.recognition import recognise
from backhand.check.reading.setup import Setup, UnresolvedError
from backhand.check.reading.specimen import Specimen
from backhand.check.reading.units import FORWARD, PARAMETER_GRADIENTS, Unit, backward_of, method, parameter_names
from backhand.check.reading.words import words
from backhand.check.source.guarded import outcome

VARIANTS = 4


SETTINGS = (
    "train",
    "p",
    "stride",
    "padding",
    "eps",
    "momentum",
    "reg",
    "groups",
    "dilation",
    "share_across_batch",
)


_ALIKE = {
    "train": {"train", "test", "mode"},
    "stride": {"stride", "stride_h", "stride_w"},
    "p": {"p", "keep"},
}


class NoSuchSettingError(Exception):
    """A configuration differs from the first in a setting that the person's code does not have."""


@dataclass(frozen=True)
class Reading:
    """A unit that was understood: how it is made in any configuration.

    kind: what it is taken for.   match: the way in which its forward pass computes that kind; None where it computes
    something else, and a match with a mistake where it computes a known mistake.   guesses: the arguments whose names
    say nothing, so that their values were guessed.   narrow: for a unit that is recognised elsewhere only,
    the error in the kind's first configuration.   right_for_one: whether its gradients are right where each sample has
    a single value.
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
    guesses: tuple[str, ...] = ()
    narrow: BaseException | None = None
    right_for_one: bool = False
    specimen: Specimen | None = field(default=None, compare=False, repr=False)

    @property
    def takes_upstream(self) -> bool:
        """Whether backward is given an upstream gradient; what comes last in a network begins with 1."""
        if self.network is not None:
            return False
        return self.calls is None or not (self.calls.backward is None or self.calls.is_of_loss)

    def specimen_for(self, config: Config) -> Specimen:
        """The unit in a configuration.

        Raises NoSuchSettingError where it has no such setting, or whatever the person's code raises there.
        """
        setup = Setup(self.kind, config, self.layout, self.variant, self.make, forced=self.unit.forced)
        specimen = _specimen(self, setup)
        first = self.kind.configs()[0]
        for setting in SETTINGS:
            if config.get(setting) != first.get(setting) and not setup.used & _ALIKE.get(setting, {setting}):
                specimen.forward()  # a dictionary of settings may be asked now only
                if not setup.used & _ALIKE.get(setting, {setting}):
                    raise NoSuchSettingError(setting)
        return specimen


@dataclass(frozen=True)
class Unread:
    """A unit that was not understood, and why, in the words of the last error."""

    unit: Unit
    reason: str
    error: BaseException | None = None


def _specimen(reading: Reading, setup: Setup) -> Specimen:
    if reading.network is not None:
        return NetworkSpecimen(reading.network, setup, reading.make)
    if reading.methods is not None:
        return ObjectSpecimen(reading.methods, setup, reading.make)
    assert reading.calls is not None
    return FunctionSpecimen(reading.calls, setup, reading.make)


def attempts(unit: Unit, kinds: Sequence[Kind]) -> Iterator[tuple[Kind, Layout, int, Maker]]:
    """Everything as which a unit may be read, the likeliest first."""
    for kind in kinds:
        for make in makers(unit.module):
            for variant in range(VARIANTS):
                for layout in kind.layouts():
                    yield kind, layout, variant, make


def readings_as(
    unit: Unit, kind: Kind, layout: Layout, variant: int, make: Maker, config: Config | None = None
) -> list[Reading]:
    """The unit as this kind, once for each way in which its backward pass may be called.

    config: by which it is recognised; the kind's first where none is given.
    Raises whatever the person's code raises when it is called in a way that it was not written for.
    """
    setup = Setup(kind, config or kind.configs()[0], layout, variant, make, forced=unit.forced)
    bare = Reading(unit, kind, layout, variant, make)
    if unit.form == "class":
        plans = [replace(bare, methods=methods) for methods in methods_of(unit.forward)]  # type: ignore[arg-type]
    elif unit.form == "network":
        networks = plan_network(unit.forward, setup, make)  # type: ignore[arg-type]
        plans = [replace(bare, network=network) for network in networks]
    elif unit.backward is None:
        plans = [replace(bare, calls=calls) for calls in plan_loss(unit.forward, setup, make)]
    else:
        plans = [replace(bare, calls=calls) for calls in _pair_calls(unit, setup, make)]
    if len(plans) == 1:
        return [_tried(plans[0], setup)]
    return _runnable(plans, setup)


def _pair_calls(unit: Unit, setup: Setup, make: Maker) -> list[Calls]:
    """The ways in which a pair of functions may be called; JAX gives backward what forward kept, and dy after that."""
    assert unit.backward is not None
    names = parameter_names(unit.backward)
    kept = {names[-2]: ("result", 1), names[-1]: ("dy", 0)} if unit.form == "custom vjp" and len(names) > 1 else {}
    return plan_calls(unit.forward, unit.backward, setup, make, kept)


def _runnable(readings: Sequence[Reading], setup: Setup) -> list[Reading]:
    """The readings that run. Raises the error of the first where none does."""
    tried: list[Reading] = []
    last: BaseException | None = None
    for reading in readings:
        result = outcome(partial(_tried, reading, setup))
        last = last or result.error
        tried += [result.value] if result.value is not None else []
    if last is not None and not tried:
        raise last
    return tried


def _tried(reading: Reading, setup: Setup) -> Reading:
    """The reading with its first specimen and what that computes.

    Raises whatever the person's code raises. Only a backward pass that fails behind a forward pass which is right is no
    reason to doubt the reading.
    """
    specimen = _specimen(reading, setup)
    passage = specimen.forward()
    if not np.isfinite(passage.y).all():
        raise UnresolvedError("forward gives values that are not finite")
    match = recognise(reading.kind, specimen, passage, setup.config, reading.layout)
    if match is not None and match.mistake and _lacks_setting(setup):
        match = None
    dy = np.random.default_rng(3).standard_normal(passage.y.shape)
    first, error = outcome(partial(passage.backward, dy))
    if error is not None and (match is None or match.mistake):
        raise error
    if first is not None and reading.methods is not None and isinstance(specimen, ObjectSpecimen):
        reading = replace(reading, methods=replace(reading.methods, dx_position=first.dx_position))
    layout = reading.layout
    if match is not None:  # what was seen counts for more than what was tried
        layout = {name: match.convention.get(name, choice) for name, choice in layout.items()}
    guesses = tuple(dict.fromkeys(setup.guesses))
    return replace(reading, layout=layout, match=match, specimen=specimen, guesses=guesses)


def _lacks_setting(setup: Setup) -> bool:
    """Whether the configuration has a stride or a padding that the code cannot be given."""
    return any(
        setup.config.get(setting, neutral) != neutral and not setup.used & _ALIKE.get(setting, {setting})
        for setting, neutral in (("stride", 1), ("padding", 0))
    )


def methods_of(cls: type) -> list[Methods]:
    """The methods that make the passes of a class, once for each way in which they may be meant.

    An argument of backward besides the upstream gradient may be the layer's input or its output.
    """
    backward = backward_of(cls)
    if not backward:
        return [Methods(cls, method(cls, FORWARD), "")]
    separate = method(cls, [name for name in PARAMETER_GRADIENTS if name != "_".join(words(backward))])
    plain = Methods(cls, method(cls, FORWARD), backward, separate)
    names = [name for name in parameter_names(getattr(cls, backward)) if name not in ("self", "cls")]
    if len(names) < 2:
        return [plain]
    return [plain, replace(plain, argument_is_output=True)]
