"""Rules by which parameters are updated: the parameters after each of several steps, right and with known mistakes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Mistake, agree
from backhand.check.kinds.update_steps import (
    Settings,
    Step,
    accumulated,
    adam,
    adam_in_the_rate,
    backwards,
    corrected_velocity,
    descent,
    growing_velocity,
    late_velocity,
    mean_velocity,
    nesterov,
    run,
    scaled,
    swapped_decay,
    velocity,
)
from backhand.check.kinds.update_texts import ADAGRAD, ADAM, MOMENTUM, NESTEROV, RMSPROP, SGD
from backhand.check.reading.words import words

STEPS = 3
RATES = (0.01, 0.001, 0.1)
MOMENTA = (0.9, 0.5, 0.99, 0.95)
DECAYS = (0.99, 0.9, 0.999, 0.95)
SMALL = (1e-8, 1e-7, 1e-6, 1e-10, 1e-5, 1e-3, 1e-12)


@dataclass(frozen=True)
class Course:
    """The parameters after each step, one after the other, and the choices or the mistake behind them."""

    values: Array
    convention: Mapping[str, str] = field(default_factory=dict)
    mistake: str = ""


@dataclass(frozen=True)
class Update:
    """A rule of updates.

    names: what people call it.   settings: what it may be given, by role, the likeliest first: the values to hand over
    are the first ones, and the others are people's defaults.   right: its forms, in words.   wrong: by mistake.
    """

    name: str
    title: str
    names: tuple[str, ...]
    settings: Mapping[str, Sequence[float]]
    right: Mapping[str, Step]
    wrong: Mapping[str, Step]
    mistakes: Mapping[str, Mistake]

    def courses(self, w: Array, gradients: Sequence[Array], given: Settings | None = None) -> Iterator[Course]:
        """Every form with the settings that were given, then with those in use, and after them the known mistakes."""
        values = {role: dict.fromkeys([*_own(given, role), *options]) for role, options in self.settings.items()}
        choices = [dict(zip(values, choice, strict=True)) for choice in product(*values.values())]
        for settings in choices:
            told = {role: f"{value:g}" for role, value in settings.items()}
            for form, step in self.right.items():
                yield Course(run(step, w, gradients, settings), told | ({"form": form} if form else {}))
        for settings in choices:
            told = {role: f"{value:g}" for role, value in settings.items()}
            for mistake, step in self.wrong.items():
                yield Course(run(step, w, gradients, settings), told, mistake)
        yield Course(np.stack([w] * len(gradients)), {}, "parameters not changed")

    def recognise(
        self, values: Array, w: Array, gradients: Sequence[Array], given: Settings | None = None
    ) -> Iterator[Course]:
        """The courses that lead through these parameters, the right ones first."""
        with np.errstate(all="ignore"):
            yield from (c for c in self.courses(w, gradients, given) if agree(values - w, c.values - w, 1e-8))


def _own(given: Settings | None, role: str) -> list[float]:
    return [given[role]] if given and role in given else []


def draw_problem(seed: int = 0) -> tuple[Array, list[Array]]:
    """Parameters and the gradients of three steps; one gradient is 0 throughout, where a missing ε divides by 0."""
    rng = np.random.default_rng(seed)
    gradients = [rng.standard_normal((3, 4)) for _ in range(STEPS)]
    for gradient in gradients:
        gradient[0, 0] = 0
    return rng.standard_normal((3, 4)), gradients


UPDATES: tuple[Update, ...] = (
    Update(
        "sgd",
        "Gradient descent",
        ("sgd", "gradient descent", "stochastic gradient descent", "vanilla sgd", "gd"),
        {"lr": RATES},
        {"": descent(-1)},
        {
            "sign": descent(1),
            "rate left out": descent(-1, 0),
            "updated twice": descent(-2),
            "rate applied twice": descent(-1, 2),
            "gradients added up": accumulated,
        },
        SGD,
    ),
    Update(
        "momentum",
        "Gradient descent with momentum",
        ("momentum", "sgd", "sgd momentum", "momentum sgd", "gradient descent momentum"),
        {"lr": RATES, "momentum": MOMENTA},
        {
            "velocity of sums": velocity(),
            "velocity of means": mean_velocity,
            "velocity of means, corrected": corrected_velocity,
        },
        {
            "sign of the momentum": velocity(old=-1),
            "sign": velocity(new=1),
            "velocity not kept": descent(-1),
            "velocity not reduced": growing_velocity,
            "old velocity used": late_velocity,
            "look-ahead": nesterov(),
        },
        MOMENTUM,
    ),
    Update(
        "nesterov",
        "Nesterov's momentum",
        ("nesterov", "nag", "nesterov momentum", "sgd nesterov", "nesterov accelerated gradient"),
        {"lr": RATES, "momentum": MOMENTA},
        {"": nesterov()},
        {
            "look-ahead left out": velocity(),
            "sign of the old velocity": nesterov(old=1),
            "old velocity left out": nesterov(old=0),
            "1 + momentum left out": nesterov(new=0),
            "sign": backwards(nesterov()),
        },
        NESTEROV,
    ),
    Update(
        "adagrad",
        "AdaGrad",
        ("adagrad", "ada grad"),
        {"lr": RATES, "eps": SMALL},
        {"ε outside the root": scaled(1, 1), "ε inside the root": scaled(1, 1, "inside")},
        {
            "root left out": scaled(1, 1, "no root"),
            "squares not kept": scaled(0, 1),
            "eps left out": scaled(1, 1, "none"),
            "sign": scaled(1, 1, sign=1),
        },
        ADAGRAD,
    ),
    Update(
        "rmsprop",
        "RMSprop",
        ("rmsprop", "rms prop"),
        {"lr": RATES, "decay": DECAYS, "eps": SMALL},
        {"ε outside the root": scaled(), "ε inside the root": scaled(form="inside")},
        {
            "decay swapped": swapped_decay,
            "squares not reduced": scaled(1, 1),
            "1 - decay left out": scaled(new=1),
            "root left out": scaled(form="no root"),
            "eps left out": scaled(form="none"),
            "sign": scaled(sign=1),
        },
        RMSPROP,
    ),
    Update(
        "adam",
        "Adam",
        ("adam", "adam optimizer"),
        {"lr": RATES, "beta1": (0.9,), "beta2": (0.999, 0.99), "eps": SMALL},
        {"": adam(), "correction in the rate": adam_in_the_rate},
        {
            "correction left out": adam("", ""),
            "first correction left out": adam("", "t"),
            "second correction left out": adam("t", ""),
            "step not counted": adam("1", "1"),
            "step counted from 2": adam("t + 1", "t + 1"),
            "corrections with one beta": adam(shares="one correction"),
            "corrected averages kept": adam(shares="stored"),
            "eps inside the root": adam(form="inside"),
            "root left out": adam(form="no root"),
            "eps left out": adam(form="none"),
            "gradient not squared": adam(shares="not squared"),
            "betas swapped": adam(shares="swapped"),
            "1 - beta left out": adam(shares="whole"),
            "sign": adam(sign=1),
        },
        ADAM,
    ),
)


def likely_updates(name: str) -> tuple[list[Update], bool]:
    """All rules, those of which a name speaks first, the longest name before all, and whether it speaks of any."""
    joined = "".join(words(name))

    def spoken(update: Update) -> int:
        entries = [entry.replace(" ", "") for entry in update.names]
        return max((len(entry) for entry in entries if entry in joined), default=0)

    ordered = sorted(UPDATES, key=lambda update: -spoken(update))
    return ordered, spoken(ordered[0]) > 0
