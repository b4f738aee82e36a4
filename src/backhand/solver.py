"""The training loop."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.batches import batches
from backhand.data.feed import Feed
from backhand.evaluate import evaluate
from backhand.losses import L2, Loss
from backhand.model import Sequential
from backhand.optim import Optimizer, clip_norm, clip_value
from backhand.schedules import Schedule

Record = dict[str, float]
# The solver's streams of random numbers, apart from those of the layers.
SHUFFLE, DRAW, AUGMENT = 1_000_001, 1_000_002, 1_000_003


class Callback:
    """Told what the solver does, and free to read or change it. Subclasses override hooks; a misspelt hook raises."""

    def __init_subclass__(cls) -> None:
        unknown = [name for name in vars(cls) if name.startswith("on_") and not hasattr(Callback, name)]
        if unknown:
            hooks = ", ".join(name for name in vars(Callback) if name.startswith("on_"))
            raise TypeError(f"{cls.__name__}.{unknown[0]} is no hook of the solver; the hooks are {hooks}")

    def on_fit_begin(self, solver: "Solver") -> None:
        """Before the first epoch."""

    def on_loss(self, solver: "Solver") -> None:
        """The batch's loss is known, and nothing has moved yet."""

    def on_step_end(self, solver: "Solver") -> None:
        """The parameters have moved."""

    def on_epoch_end(self, solver: "Solver") -> None:
        """The epoch's record is the last one in the history."""

    def on_fit_end(self, solver: "Solver") -> None:
        """After the last epoch."""

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and facts that a resumed run must know."""
        return {}, {}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`."""


@dataclass(eq=False)
class Solver:
    """Minimises loss + penalty over mini-batches that are reshuffled each epoch.

    schedule, momentum_schedule: step -> value; None keeps the optimiser's own. clip_norm, clip_value: see `optim`.
    evaluate_train: measure the training figures anew after each epoch; otherwise they are the running average over the
    epoch's batches, in training mode. `history` has one record an epoch; setting `stopped` to a reason ends the fit.
    """

    model: Sequential
    loss: Loss
    optimizer: Optimizer
    batch_size: int = 100
    penalty: L2 = field(default_factory=L2)
    schedule: Schedule | None = None
    momentum_schedule: Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    evaluate_train: bool = False
    seed: int = 0
    callbacks: Sequence[Callback] = ()

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"the batch size must be 1 or more, not {self.batch_size}")
        self.shuffle_rng = np.random.default_rng([self.seed, SHUFFLE])
        self.draw_rng = np.random.default_rng([self.seed, DRAW])
        self.augment_rng = np.random.default_rng([self.seed, AUGMENT])
        self.history: list[Record] = []
        self.epoch = self.epochs = self.step = self.steps_per_epoch = 0
        self.stopped = ""
        self.batch: tuple[Array, Labels | Array]
        self.batch_loss = self.gradient_norm = 0.0

    def fit(self, train: Feed, validation: Feed | None = None, *, epochs: int) -> list[Record]:
        """Train until `epochs` epochs are done in all, or a callback stops; returns the history."""
        self.epochs, self.steps_per_epoch = epochs, -(-len(train) // self.batch_size)
        with np.errstate(over="ignore", invalid="ignore"):  # the divergence guard says it better
            self._tell("on_fit_begin")
            while self.epoch < epochs and not self.stopped:
                self.history.append(self._run_epoch(train, validation))
                self._tell("on_epoch_end")
            self._tell("on_fit_end")
        backend.trim()
        return self.history

    def train_step(self, x: Array, labels: Labels | Array) -> Array:
        """One forward, backward and update; returns the scores (N, outputs) that the batch had before it.

        labels: (N,), or for a loss that takes them soft targets (N, K).
        """
        self.batch = x, labels
        self._set_rates()
        scores = self.model.forward(x, train=True, rng=self.draw_rng)
        self.batch_loss = self.loss.forward(scores, labels)
        self._tell("on_loss")
        self.model.backward(self.loss.backward())
        self.model.release()  # the next step's results take the place of these
        self.gradient_norm = self._move()
        self.step += 1
        self._tell("on_step_end")
        return scores

    def _move(self) -> float:
        """Update the parameters; returns the norm of the gradient of loss and penalty, as the clipping of it met it."""
        parameters = self.model.parameters
        if self.clip_norm is None and self.clip_value is None:
            return self.optimizer.step(parameters, self.penalty.slope)
        self.penalty.backward(self.model)
        clip_value(parameters.grads, self.clip_value)
        norm = clip_norm(parameters.grads, self.clip_norm)
        self.optimizer.step(parameters)
        return norm

    def _run_epoch(self, train: Feed, validation: Feed | None) -> Record:
        begin = time.perf_counter()
        running, gradient_norm = self._pass_over(train)
        self.epoch += 1
        measured = {"train": evaluate(self.model, self.loss, train).figures() if self.evaluate_train else running}
        if validation is not None:
            measured["validation"] = evaluate(self.model, self.loss, validation).figures()
        for schedule in filter(None, (self.schedule, self.momentum_schedule)):
            schedule.observe(measured.get("validation", measured["train"])["loss"])
        record: Record = {"epoch": self.epoch, "step": self.step, "lr": self.optimizer.lr}
        record |= {"momentum": self.optimizer.momentum, "gradient_norm": gradient_norm}
        record |= {"penalty": self.penalty.forward(self.model)}
        record |= {f"{part}_{name}": value for part, figures in measured.items() for name, value in figures.items()}
        seconds = time.perf_counter() - begin
        return record | {"seconds": seconds, "elapsed": self.elapsed + seconds}

    def _pass_over(self, train: Feed) -> tuple[dict[str, float], float]:
        """Every sample once. Returns the running loss, accuracy and error, and the mean norm of the gradient.

        Where images are mixed, right is the class that has the largest share.
        """
        total_loss = norms = 0.0
        right = 0
        for index in batches(len(train), self.batch_size, self.shuffle_rng):
            x, labels = train.draw(index, self.augment_rng)
            scores = self.train_step(x, labels)
            total_loss += self.batch_loss * len(labels)
            classes = labels if labels.ndim == 1 else labels.argmax(1)
            right += int((self.loss.predict(scores) == classes).sum())
            norms += self.gradient_norm
        accuracy = right / len(train)
        figures = {"loss": total_loss / len(train), "accuracy": accuracy, "error": 1 - accuracy}
        return figures, norms / self.steps_per_epoch

    @property
    def elapsed(self) -> float:
        """Seconds of training in the epochs that are done, those before a resume included."""
        return self.history[-1]["elapsed"] if self.history else 0.0

    def _set_rates(self) -> None:
        if self.schedule is not None:
            self.optimizer.lr = self.schedule(self.step)
        if self.momentum_schedule is not None:
            self.optimizer.momentum = self.momentum_schedule(self.step)

    def _tell(self, hook: str) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(self)

    def _streams(self) -> tuple[np.random.Generator, ...]:
        return self.shuffle_rng, self.draw_rng, self.augment_rng

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and facts from which `load` goes on bit for bit, at the end of an epoch."""
        arrays = {f"model.{name}": value for name, value in self.model.arrays().items()}
        arrays |= {f"optimizer.{name}": value for name, value in self.optimizer.buffers.items()}
        facts: dict[str, Any] = {"epoch": self.epoch, "step": self.step, "stopped": self.stopped}
        facts |= {"history": self.history, "optimizer": self.optimizer.state()}
        facts["rng"] = [rng.bit_generator.state for rng in self._streams()]
        facts["schedules"] = [s.state() if s else {} for s in (self.schedule, self.momentum_schedule)]
        facts["callbacks"] = {}
        for callback in self.callbacks:
            name = type(callback).__name__
            own, facts["callbacks"][name] = callback.state()
            arrays |= {f"{name}.{key}": value for key, value in own.items()}
        return arrays, facts

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`. Raises CheckpointError when the model or the optimiser is another."""
        self.model.load(_under("model", arrays))
        self.optimizer.load(_under("optimizer", arrays), facts["optimizer"])
        self.epoch, self.step, self.stopped = facts["epoch"], facts["step"], facts["stopped"]
        self.history = facts["history"]
        for rng, saved in zip(self._streams(), facts["rng"], strict=True):
            rng.bit_generator.state = saved
        for schedule, saved in zip((self.schedule, self.momentum_schedule), facts["schedules"], strict=True):
            if schedule is not None:
                schedule.load(saved)
        for callback in self.callbacks:
            name = type(callback).__name__
            if name in facts["callbacks"]:  # one that was added since begins anew
                callback.load(_under(name, arrays), facts["callbacks"][name])


def _under(prefix: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays whose name begins with `prefix.`, without it."""
    return {name.removeprefix(f"{prefix}."): value for name, value in arrays.items() if name.startswith(f"{prefix}.")}
