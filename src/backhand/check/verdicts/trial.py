"""One trial: a person's layer in one configuration, its passes run and its gradients compared with differences.

Each gradient is first compared along random directions, which costs a few forward passes whatever its size. Only a
gradient that is wrong along one of them is measured element by element, for the diagnosis.
"""

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import MAX_MEASURED, Evidence, Subject
from backhand.check.kinds.kind import Config
from backhand.check.numerical import derivative
from backhand.check.reading.reader import Reading
from backhand.check.reading.specimen import Gradients, Passage, Specimen
from backhand.check.source.guarded import outcome

DIRECTIONS = 2
STEP = 2.0**-17  # of the simple differences
KINK = 1e-2  # a relative difference of the slopes on both sides that no curvature explains within such a step
FACTORS = ("p", "reg", "slope", "momentum")  # the settings that may be factors of a gradient
LIMIT = 2e-6  # the largest relative error that passes; people's small constants inside logarithms and roots need it
LOOSE_LIMIT = 5e-5  # for losses, whose logarithms of p + 1e-7 differ from their gradients by 1e-7 / p


@dataclass
class Trial:
    """A layer in one configuration.

    refused: the error with which the forward pass does not take this configuration; nothing else is known then.
    crashed: the error with which backward ended.   wrong: the arrays whose gradient is wrong, with the relative error.
    skipped: the comparisons left out because of kinks.   error: the largest relative error of a right gradient.
    """

    reading: Reading
    config: Config
    limit: float = LIMIT
    refused: BaseException | None = None
    crashed: BaseException | None = None
    specimen: Specimen | None = None
    passage: Passage | None = None
    dy: Array = field(default_factory=lambda: np.zeros(()))
    gradients: Gradients = field(default_factory=lambda: Gradients({}))
    wrong: dict[str, float] = field(default_factory=dict)
    skipped: int = 0
    error: float = 0.0

    @property
    def is_usual(self) -> bool:
        """Whether courses test such a configuration: not one whose samples have more axes than those of the first."""
        inputs = [array.ndim for array in self._inputs(self.specimen)]
        return self.config.usual and inputs == [array.ndim for array in self._inputs(self.reading.specimen)]

    @staticmethod
    def _inputs(specimen: Specimen | None) -> list[Array]:
        return (
            [] if specimen is None else [specimen.arrays[name] for name, role in specimen.roles.items() if role == "x"]
        )

    @property
    def passed(self) -> bool:
        """Whether every gradient is right here."""
        return not self.wrong and self.crashed is None

    @property
    def without_gradient(self) -> set[str]:
        """The arrays that have no gradient."""
        arrays = self.specimen.arrays if self.specimen is not None else ()
        return {name for name in arrays if self.gradients.values.get(name) is None}

    @cached_property
    def subject(self) -> Subject:
        """The layer as the generic hypotheses examine it."""
        assert self.specimen is not None
        settings = {name: value for name, value in self.config.facts.items() if name in FACTORS}
        return subject_of(self.specimen, settings)

    def evidence(self, name: str) -> Evidence:
        """A wrong gradient beside the true one, measured element by element at the first request."""
        if name not in self._evidence:
            assert self.specimen is not None
            gradient = in_shape_of(self.specimen.arrays[name], self.gradients.values[name])
            assert gradient is not None
            true, floor = measured(self.subject, name, self.dy)
            self._evidence[name] = Evidence(self.subject, name, gradient, self.dy, self.limit, true, floor)
        return self._evidence[name]

    @cached_property
    def _evidence(self) -> dict[str, Evidence]:
        return {}


def subject_of(specimen: Specimen, settings: dict[str, Any]) -> Subject:
    """A specimen as arrays and two functions, of which backward follows the last forward pass.

    settings: the numbers of the configuration that may be left out of a gradient, or be in it twice.
    """
    last: list[Passage] = []

    def forward() -> Array:
        last[:] = [specimen.forward()]
        return last[0].y

    def backward(dy: Array) -> list[Array | None]:
        values = last[0].backward(dy).values
        return [in_shape_of(array, values.get(name)) for name, array in specimen.arrays.items()]

    constants = {name: value for name, value in specimen.constants.items() if isinstance(value, np.ndarray)}
    return Subject(specimen.arrays, forward, backward, constants, settings)


def in_shape_of(array: Array, gradient: Array | None) -> Array | None:
    """A gradient in the shape of its array where the two differ by axes of length 1 only, else as it is."""
    if gradient is None or [n for n in gradient.shape if n != 1] != [n for n in array.shape if n != 1]:
        return gradient
    return gradient.reshape(array.shape)


def measured(subject: Subject, name: str, dy: Array) -> tuple[Array, float]:
    """The whole gradient of an array by simple differences, NaN at kinks; and the size below which it is but rounding.

    Two forward passes for each element are enough to tell mistakes apart; whether a gradient is right was decided by
    finer differences before.
    """
    array = subject.arrays[name]
    y, gradient = np.array(subject.forward()), np.full(array.shape, np.nan)
    positions = np.random.default_rng(0).permutation(array.size)[:MAX_MEASURED]
    noise = np.finfo(np.float64).eps * float((np.abs(y) * np.abs(dy)).sum()) / STEP
    for index in (tuple(map(int, np.unravel_index(position, array.shape))) for position in positions):
        original = array[index]
        sides = []
        for step in (STEP, -STEP):
            array[index] = original + step
            sides.append(float(((np.array(subject.forward()) - y) * dy).sum()) / step)
        array[index] = original
        if abs(sides[0] - sides[1]) <= KINK * (abs(sides[0]) + abs(sides[1])) + 100 * noise:
            gradient[index] = sum(sides) / 2
    return gradient, 32 * noise / LIMIT


def run_trial(reading: Reading, config: Config) -> Trial:
    """Run a layer in one configuration and compare its gradients. Nothing that the person's code raises gets out."""
    trial = Trial(reading, config)
    trial.refused = outcome(lambda: _run_forward(trial)).error
    if trial.refused is not None or trial.passage is None:
        return trial
    is_loss = "labels" in reading.kind.constants
    trial.limit = LOOSE_LIMIT if is_loss else LIMIT
    is_last = is_loss or not reading.takes_upstream or (not trial.passage.takes_upstream and trial.passage.y.ndim == 0)
    for dy in _upstreams(trial.passage.y, config, is_last):
        trial.dy, trial.wrong = dy, {}
        gradients, trial.crashed = outcome(partial(trial.passage.backward, dy))
        if gradients is None:
            return trial
        trial.gradients = gradients
        if not (is_loss and config.draw == "extreme"):  # a logarithm that is cut off has no gradient to compare
            trial.crashed = outcome(lambda: compare(trial, np.random.default_rng([29, len(config.name)])), 60).error
        if not trial.wrong:
            break
        trial.passage = trial.specimen.forward()  # type: ignore[union-attr]
    return trial


def _run_forward(trial: Trial) -> None:
    trial.specimen = trial.reading.specimen_for(trial.config)
    trial.passage = trial.specimen.forward()
    if "slope" not in trial.specimen.used:  # it is fixed in the code, and found by behaviour
        trial.config = trial.config.without("slope")
    if not np.isfinite(trial.passage.y).all():
        raise FloatingPointError("forward gives values that are not finite")


def _upstreams(y: Array, config: Config, is_last: bool) -> list[Array]:
    """The upstream gradients to try: a random one for a layer; for what comes last, those of its value, sum or mean."""
    if is_last:
        ones = np.ones(y.shape)
        return [ones, ones / config.get("N", len(ones))] if y.size > 1 else [ones]
    draw = np.random.default_rng([23, len(config.name)]).standard_normal(y.shape)
    return [np.asarray(draw + np.copysign(0.5, draw))]


def compare(trial: Trial, rng: np.random.Generator) -> None:
    """Compare each gradient with differences along random directions; fills in `wrong`."""
    assert trial.specimen is not None
    for name, array in trial.specimen.arrays.items():
        gradient = trial.gradients.values.get(name)
        if gradient is None:
            continue
        if gradient.size != array.size or not np.isfinite(gradient).all():
            trial.wrong[name] = np.inf
            continue
        bare = gradient.reshape(array.shape)
        errors = [_error_along(trial, name, bare, rng) for _ in range(DIRECTIONS)]
        known = [error for error in errors if error is not None]
        trial.skipped += len(errors) - len(known)
        if known and max(known) > trial.limit:
            trial.wrong[name] = max(known)
        elif known:
            trial.error = max(trial.error, float(max(known)))


def _error_along(trial: Trial, name: str, gradient: Array, rng: np.random.Generator) -> float | None:
    """The relative error of a gradient along a random direction; None where a kink lies too near to tell."""
    assert trial.specimen is not None
    array = trial.specimen.arrays[name]
    direction, original, step = rng.standard_normal(array.shape), array.copy(), np.zeros(1)
    specimen = trial.specimen

    def forward() -> Array:
        array[...] = original + step[0] * direction
        return specimen.forward().y

    try:
        estimate = derivative(forward, step, (0,), trial.dy)
    finally:
        array[...] = original
    analytic = float((gradient * direction).sum())
    size = max(abs(analytic), abs(estimate.value), 0.1 * float(np.linalg.norm(gradient * direction)))
    floor = estimate.rounding / trial.limit
    if estimate.spread > max(trial.limit * size, estimate.rounding):
        return None
    return abs(analytic - estimate.value) / max(size, floor, 1e-300)
