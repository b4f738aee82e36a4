"""The network of a solver as the doctor examines it, and mistakes that only a program of one's own can make."""

from dataclasses import dataclass

import numpy as np
import pytest

from backhand import Sequential
from backhand.doctor import direction, modes, one_batch, penalty, start, units
from backhand.doctor.subject import Subject
from backhand.experiments.doctor.network import SolverNetwork
from backhand.layers import BatchNorm, Dropout, Linear, ReLU, Sigmoid
from backhand.training.losses import Hinge, Logistic, SoftmaxCrossEntropy
from backhand.training.optimizers import SGD, Adam, AdamW
from backhand.training.penalty import L2
from backhand.training.solver import Solver

FEATURES, K = 12, 4


def clouds(classes=K):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 300)
    return (rng.standard_normal((classes, FEATURES))[labels] + 0.4 * rng.standard_normal((300, FEATURES))).astype(
        np.float32
    ), labels


def solver(*layers, loss=None, outputs=K, **options):
    layers = layers or (Linear(24), ReLU())
    model = Sequential(*layers, Linear(outputs)).build((FEATURES,), seed=2)
    options = {"optimizer": SGD(0.05, 0.9), "penalty": L2(1e-3)} | options
    return Solver(model, loss or SoftmaxCrossEntropy(), batch_size=32, **options)


def subject(trained, classes=K):
    x, labels = clouds(classes)
    return Subject(SolverNetwork(trained), x, labels, classes, batch_size=32)


def causes(measured):
    return [problem.cause for problem in measured.problems]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": Adam(0.01)},
        {"optimizer": AdamW(0.01, weight_decay=0.1), "penalty": L2()},
        {"loss": SoftmaxCrossEntropy(smoothing=0.2)},
        {"loss": SoftmaxCrossEntropy(class_weights=(1.0, 2.0, 0.5, 1.0))},
        {"loss": Hinge()},
        {"clip_norm": 1.0},
    ],
)
@pytest.mark.parametrize("layers", [(), (Linear(24), BatchNorm(), ReLU(), Dropout(0.3)), (Linear(24), Sigmoid())])
def test_healthy_networks_have_no_problem(options, layers):
    healthy = subject(solver(*(layer.fresh() for layer in layers), **options))
    found = [
        causes(examine(healthy))
        for examine in (
            start.examine,
            direction.examine,
            one_batch.examine,
            units.examine,
            penalty.examine,
            modes.examine,
        )
    ]
    assert found == [[]] * 6


def test_a_network_of_one_output():
    healthy = subject(solver(outputs=1, loss=Logistic()), classes=2)
    assert [causes(examine(healthy)) for examine in (start.examine, direction.examine, one_batch.examine)] == [[]] * 3
    assert healthy.network.known_loss(healthy.labels)[0] == pytest.approx(np.log(2))


def test_known_losses():
    labels = np.array([0, 1, 2, 3])
    equal, least = SolverNetwork(solver(loss=SoftmaxCrossEntropy(smoothing=0.2))).known_loss(labels)
    q = np.array([0.85, 0.05, 0.05, 0.05])
    assert equal == pytest.approx(np.log(K))
    assert least == pytest.approx(-(q * np.log(q)).sum())
    assert SolverNetwork(solver(loss=Hinge())).known_loss(labels) == (pytest.approx(K - 1), 0.0)


def test_nothing_that_is_measured_changes_the_solver():
    layers = Linear(24), BatchNorm(), ReLU(), Dropout(0.5)
    trained = solver(*layers)
    before, x, labels = trained.model.snapshot(), *clouds()
    network = SolverNetwork(trained)
    network.step(x, labels)
    network.gradients(x, labels)
    network.loss(x, labels, train=True)
    network.activations(x)
    network.penalised()
    after = trained.model.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert trained.optimizer.buffers == {}
    assert trained.step == 0


def test_running_statistics_move_in_steps_alone():
    network = SolverNetwork(solver(Linear(24), BatchNorm(), ReLU()))
    x, labels = clouds()
    first = network.scores(x)
    network.loss(x, labels, train=True)
    network.gradients(x, labels)
    assert np.array_equal(network.scores(x), first)
    network.step(x, labels)
    assert not np.array_equal(network.scores(x), first)


def test_activations_have_the_names_of_their_layers():
    network = SolverNetwork(solver(Linear(24), ReLU(), Linear(8), Sigmoid()))
    found = network.activations(clouds()[0])
    assert {name: (kind, values.shape) for name, (kind, values) in found.items()} == {
        "1": ("relu", (300, 24)),
        "3": ("sigmoid", (300, 8)),
    }
    assert found["1"][1].min() == 0


@dataclass(eq=False)
class EagerDropout(Dropout):
    """Dropout that does not know of test mode."""

    def forward(self, x, *, train=False, rng=None):
        return super().forward(x, train=True, rng=np.random.default_rng())


@dataclass(eq=False)
class BatchStatistics(BatchNorm):
    """Batch normalisation that takes the statistics of the batch in test mode, too."""

    def options(self, x, train, rng):
        return super().options(x, True, rng)


@dataclass(eq=False)
class PenalisedLinear(Linear):
    penalised = ("weight", "bias")


@dataclass(eq=False)
class ReversedLinear(Linear):
    """A layer whose backward pass has lost a sign."""

    def backward(self, dy, *, need_dx=True):
        dx = super().backward(dy, need_dx=need_dx)
        self.grads["weight"][...] *= -1
        return dx


@pytest.mark.parametrize(
    ("layer", "examine", "cause"),
    [
        (EagerDropout(0.5), modes.examine, "random at evaluation"),
        (BatchStatistics(), modes.examine, "depends on the batch"),
        (PenalisedLinear(24), penalty.examine, "penalty on biases"),
        (ReversedLinear(24), direction.examine, "gradient of the wrong sign"),
    ],
)
def test_layers_of_ones_own_with_a_mistake(layer, examine, cause):
    assert causes(examine(subject(solver(Linear(24), layer, ReLU())))) == [cause]


def test_an_optimiser_that_climbs():
    assert causes(direction.examine(subject(solver(optimizer=SGD(-0.05))))) == ["wrong sign of the step"]
