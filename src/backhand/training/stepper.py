"""Single training steps: forward pass, loss, backward pass and update."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from backhand.arrays import Array, Labels
from backhand.arrays.copies import Copyable
from backhand.model.sequential import Sequential
from backhand.precision import FLOAT32, check, training_in
from backhand.training import micro_batches
from backhand.training.callback import Callback
from backhand.training.clipping import Limits
from backhand.training.layer_rates import LayerRates
from backhand.training.losses import Loss
from backhand.training.optimizers import Optimizer
from backhand.training.penalty import L2
from backhand.training.rates import Rates
from backhand.training.schedules import Schedule
from backhand.training.streams import RandomStreams
from backhand.training.update import update


@dataclass(eq=False)
class Stepper(Copyable):
    """Takes training steps on the batches that it is given; `Solver` says what its fields are.

    step: how many steps were taken. batch, batch_weights: of the latest step, samples with labels, and the weights of
    the samples or None. batch_loss, gradient_norm: its loss, and the norm of the gradient of loss and penalty.
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
    _: KW_ONLY
    accumulate: int = 1
    precision: str = FLOAT32
    layer_rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    data_seed: int | None = None
    callbacks: Sequence[Callback] = ()

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"the batch size must be 1 or more, not {self.batch_size}")
        if self.accumulate < 1:
            raise ValueError(f"a batch must be divided into 1 or more micro-batches, not {self.accumulate}")
        check(self.precision)
        self.streams = RandomStreams(self.seed, self.data_seed)
        self.step = 0
        self.batch: tuple[Array, Labels | Array]
        self.batch_weights: Array | None = None
        self.batch_loss = self.gradient_norm = 0.0
        self._layer_rates = LayerRates(self.layer_rates)

    def train_step(self, x: Array, labels: Labels | Array, weights: Array | None = None) -> Array:
        """One forward pass, backward pass and update on a batch x (N, *sample_shape).

        labels: (N,), soft targets (N, K) where the loss takes them, or the targets (N, T) of a regression.
        weights: (N,), of the samples in the loss. Returns the scores (N, outputs) of that pass.
        """
        self.begin_step(x, labels, weights)
        with training_in(self.precision):
            scores = self.propagate()
        self.end_step(scores)
        return scores

    def begin_step(self, x: Array, labels: Labels | Array, weights: Array | None = None) -> None:
        """Before the forward pass: keep the batch, and set the learning rate and the momentum of this step."""
        self.batch, self.batch_weights = (x, labels), weights
        self.rates.apply(self.optimizer, self.step)

    def propagate(self) -> Array:
        """Forward pass, loss and backward pass of the batch, which leave the gradients; returns the scores."""
        if self.accumulate > 1:
            return self._accumulate()
        scores = self.model.forward(self.batch[0], train=True, rng=self.streams.draw)
        self.model.backward(self.loss_gradient(scores))
        self.model.release()  # so that the next step can use the memory again
        return scores

    def loss_gradient(self, scores: Array) -> Array:
        """After the forward pass: compute the batch's loss, notify the callbacks, and return dloss/dscores."""
        self.batch_loss = self.loss.forward(scores, self.batch[1], self.batch_weights)
        self.notify("on_loss")
        return self.loss.backward()

    def _accumulate(self) -> Array:
        """Pass the batch through the model in micro-batches and add up their gradients; returns the scores."""
        size = len(self.batch[0])
        count = max(min(self.accumulate, size // self.model.min_batch_size), 1)
        parts = [slice(*micro_batches.bounds(size, k, count)) for k in range(count)]
        scores, losses, sums = micro_batches.run(self, parts, 0, size)
        self.batch_loss = micro_batches.mean_loss(losses)
        self.notify("on_loss")
        sums.write(size)
        return scores

    def end_step(self, scores: Array) -> None:
        """After the backward pass: update the parameters, and count the batch, whose scores those were."""
        self.notify("on_gradients")
        limits = Limits(self.clip_norm, self.clip_value)
        self.gradient_norm = update(self.model, self.optimizer, self.penalty, limits, self._layer_rates)
        self.step += 1
        self.count(scores)
        self.notify("on_step_end")

    def count(self, scores: Array) -> None:
        """Called after the update of a step, with the scores of its batch."""

    def notify(self, hook: str) -> None:
        """Call the hook of this name of every callback, in order."""
        for callback in self.callbacks:
            getattr(callback, hook)(self)

    @property
    def rates(self) -> Rates:
        """The schedules of the learning rate and of the momentum."""
        return Rates(self.schedule, self.momentum_schedule)
