"""What a kind of layer is: how people arrange its arrays, what it should compute, and where it is to be tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.draws import DRAWS

Layout = Mapping[str, str]


@dataclass(frozen=True)
class Config:
    """One configuration in which a layer is tried.

    name: in words, such as "padding 0".   facts: sizes and settings by role.   usual: whether courses test it, so that
    a mistake that shows only elsewhere is told as such.   draw: how x is drawn, a key of `DRAWS`.
    """

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    usual: bool = True
    draw: str = "normal"

    def __getitem__(self, fact: str) -> Any:
        return self.facts[fact]

    def get(self, fact: str, default: Any = None) -> Any:
        """The value of a fact, or the default."""
        return self.facts.get(fact, default)

    def without(self, fact: str) -> "Config":
        """The configuration as if this fact were not known."""
        if fact not in self.facts:
            return self
        return replace(self, facts={name: value for name, value in self.facts.items() if name != fact})


@dataclass(frozen=True)
class Match:
    """One way in which a forward pass may compute a kind, and what it gives then.

    y: the result in the person's arrangement.   convention: the choices, by name, such as {"weight": "(in, out)"}.
    mistake: the name of the mistake for which this way stands; empty for a right one.
    """

    y: Array
    convention: Mapping[str, str] = field(default_factory=dict)
    mistake: str = ""


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make, in words for whom it concerns.

    says: what the numbers show, the end of a sentence that begins with the name of the array or pass, such as "is
    averaged over the batch".   why: one or two sentences on what is true instead.   formula: as it should be written.
    In all three, {x}, {w}, {b}, {dy} and {y} stand for the person's names, {N} and other facts for their values.
    """

    says: str
    why: str = ""
    formula: str = ""

    def fill(self, names: Mapping[str, object]) -> "Mistake":
        """The mistake with these names and values for the braces; a role without a name is called by the role."""
        known = _Names(names)
        return Mistake(*(text.format_map(known) for text in (self.says, self.why, self.formula)))


class _Names(dict[str, object]):
    """Names by role, in which every other role stands for itself."""

    def __missing__(self, role: str) -> str:
        return role


def described(formula: str, texts: Mapping[str, tuple[str, str]]) -> dict[str, Mistake]:
    """Mistakes that one formula puts right, by name, each from what it says and why."""
    return {name: Mistake(says, why, formula) for name, (says, why) in texts.items()}


@dataclass(frozen=True)
class State:
    """What one way of a forward pass leaves behind, such as running statistics after a batch.

    values: by role, as after the pass.   convention, mistake: as in `Match`.
    """

    values: Mapping[str, Array]
    convention: Mapping[str, str] = field(default_factory=dict)
    mistake: str = ""


@dataclass(frozen=True)
class Case:
    """A backward pass in one configuration: what went in, what came out, and what would have been right.

    arrays, gradients, true: by role ("x", "w", "b", ...), in the person's arrangement; `true` is measured by
    differences, NaN where it could not be, and the arrays of `gradients` may have any shape.   y, dy: the result and
    the upstream gradient.   convention: the choices of the matched forward pass and the layout.
    """

    config: Config
    arrays: Mapping[str, Array]
    y: Array
    dy: Array
    gradients: Mapping[str, Array]
    true: Mapping[str, Array]
    convention: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WrongGradient:
    """The gradient that a named mistake would give in a case, by role."""

    mistake: str
    role: str
    values: Array


class Kind:
    """A kind of layer.

    names: what people call it; all words of an entry must occur in the name of a function or class.   page: its
    derivation.   inputs: the roles of the arrays that every call is given.   constants: those of them that are not
    differentiated, such as labels.   parameters: the roles of its parameters.   state: those of the arrays that it
    changes from call to call, such as running statistics.   outputs: those of what it returns, where that is several.
    configurations: where it is tried; the first is the one by which it is recognised.   arrangements: how people
    arrange its arrays, the most usual first.   mistakes: the catalogue, by the names that `matches`, `states`,
    `joint_mistakes`, `wrong_gradients` and `kink_mistakes` use.
    """

    name: str
    title: str
    names: tuple[str, ...]
    page: str = ""
    inputs: tuple[str, ...] = ("x",)
    constants: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("y",)
    configurations: Sequence[Config] = ()
    arrangements: Sequence[Layout] = ({},)
    mistakes: Mapping[str, Mistake] = MappingProxyType({})

    def configs(self) -> Sequence[Config]:
        """The configurations in which it is tried; the first is the one by which it is recognised."""
        return self.configurations

    def layouts(self) -> Sequence[Layout]:
        """The ways in which people arrange its arrays, the most usual first."""
        return self.arrangements

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape of the array of this role; None where the kind has no such array."""
        raise NotImplementedError

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """What right forward passes give, and after them those with known mistakes."""
        raise NotImplementedError

    def recognise(
        self, y: Array, arrays: Mapping[str, Array], config: Config, layout: Layout, limit: float = 1e-9
    ) -> Iterator[Match]:
        """The ways of the forward pass that give y, the right ones first."""
        with np.errstate(all="ignore"):
            ways = [match for match in self.matches(arrays, config, layout) if agree(y, match.y, limit)]
        yield from sorted(ways, key=lambda match: bool(match.mistake))

    def states(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[State]:
        """What right forward passes leave behind in the arrays that they keep, and after them those with mistakes."""
        yield from ()

    def recognise_state(
        self, written: Mapping[str, Array], arrays: Mapping[str, Array], config: Config, layout: Layout
    ) -> Iterator[State]:
        """The ways that leave these arrays behind, the right ones first; only the roles in `written` are compared."""
        ways = [
            state
            for state in self.states(arrays, config, layout)
            if all(agree(array, state.values[role]) for role, array in written.items() if role in state.values)
        ]
        yield from sorted(ways, key=lambda state: bool(state.mistake))

    def joint_mistakes(self, found: Sequence[tuple[Config, Match]]) -> Iterator[str]:
        """The mistakes that show only in several configurations together, from the way recognised in each."""
        yield from ()

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """The gradients that known mistakes of this kind's backward pass would give, the most usual first.

        A mistake explains a wrong gradient only where it gives the same values in every configuration, those in which
        the gradient is right included. What holds for any kind (a factor, a sum over the wrong axes, an upstream that
        is ignored) is not told here.
        """
        yield from ()

    def kink_mistakes(self, case: Case) -> Iterator[str]:
        """The mistakes that a gradient shows where differences measure nothing, such as at ties of a maximum."""
        yield from ()

    def convention_of(self, case: Case) -> Layout:
        """The choices that explain the result of this very case: those that are given if they do, else its own.

        A setting such as a slope or a small number in a root may differ from one configuration to the next.
        """
        ways = list(self.recognise(case.y, case.arrays, case.config, case.convention))
        given = case.convention.items()
        way = next((way for way in ways if way.convention.items() <= given), ways[0] if ways else None)
        return {**case.convention, **(way.convention if way else {})}

    def values(self, role: str, config: Config) -> list[Any]:
        """What an argument of this role may be given, the likeliest first; empty where it has no value here."""
        value = config.get(role)
        if value is None:
            return []
        return [value]

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """The array of this role: in float64, or whole numbers for labels and indices."""
        shape = self.shape(role, config, layout)
        if shape is None:
            return None
        return DRAWS[config.draw if role == "x" else "normal"](rng, shape)


def agree(y: Array, expected: Array, limit: float = 1e-9) -> bool:
    """Whether two results are the same to within rounding; a result may be kept with or without axes of length 1."""
    if y.shape != expected.shape:
        if y.size != expected.size or np.squeeze(y).shape != np.squeeze(expected).shape:
            return False
        y = y.reshape(expected.shape)
    known = np.isfinite(expected)
    if not np.array_equal(y[~known], expected[~known], equal_nan=True) or not np.isfinite(y[known]).all():
        return False
    y, expected = y[known], expected[known]
    return bool(np.abs(y - expected).max(initial=0) <= limit * max(1e-30, np.abs(expected).max(initial=0)))
