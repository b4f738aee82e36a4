"""Compares the losses of a training on real images with those of PyTorch, step by step.

    fer_cnn     FER2013, the small convolutional network with dropout; warm-up
    two_layer   CIFAR-10, 3072-80-10, with an L2 penalty

Initial weights, batches and dropout masks are equal; SGD with momentum trains. The losses are without the penalty.
The exit status is 1 where the losses differ by more than the limit. In float32 they may, and those of fer_cnn do: once
a different rounding decides at a kink, training amplifies the difference, as it does between any two programs.
Without the data, the images are random. A plot is written.
usage: python benchmarks/loss_curve.py [--model fer_cnn] [--data-dir $BACKHAND_DATA] [--steps 200] [--dtype float64] ...
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))  # for the PyTorch twins of the tests

import torch
from tests.architectures.torch_twin import images, in_torch

from backhand.architectures import fer_cnn, mlp
from backhand.arrays import Array, Shape
from backhand.data.batches import batches
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.registry import load
from backhand.data.standardize import Standardizer
from backhand.errors import DataError
from backhand.model.sequential import Sequential
from backhand.page.style import HEIGHT, TRAIN, VALIDATION, WIDTH, plot_style
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.penalty import L2
from backhand.training.schedules import Constant, Warmup
from backhand.training.solver import Solver
from backhand.training.streams import DRAW

MOMENTUM, LIMIT = 0.9, 1e-3


@dataclass(frozen=True)
class Training:
    """A network, its data set, the shape of the images, the number of classes, and the settings of the training."""

    network: Callable[[int], Sequential]
    data: str
    shape: Shape
    classes: int
    batch: int
    lr: float
    warm_up: int = 0  # steps
    l2: float = 0.0  # of the penalty λ Σ w²


TRAININGS = {
    "fer_cnn": Training(fer_cnn, "fer2013", (48, 48, 1), 7, 128, 0.02, warm_up=112),  # half an epoch
    "two_layer": Training(lambda K: mlp(K, (80,)), "cifar10", (32, 32, 3), 10, 400, 2e-3, l2=1e-4),
}


def samples(training: Training, folder: Path | None) -> Dataset:
    try:
        return load(training.data, data_dir=folder).train
    except DataError as error:
        print(f"random images instead: {error}")
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (5000, *training.shape), dtype=np.uint8)
        return Dataset(x, rng.integers(0, training.classes, len(x)))


def pytorch_training(solver: Solver) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """The solver's model and optimiser in PyTorch. Weight decay c is the gradient c w of our penalty on weights."""
    net = in_torch(
        solver.model, np.random.default_rng([solver.seed, DRAW])
    )  # the generator that the solver draws its masks from
    weights, biases = ([p for p in net.parameters() if (p.ndim > 1) == many] for many in (True, False))
    groups = {"params": weights, "weight_decay": solver.penalty.slope}, {"params": biases}
    return net, torch.optim.SGD(groups, solver.optimizer.lr, MOMENTUM)


def train_both(training: Training, data: Dataset, steps: int, dtype: str) -> Array:
    """Train with both programs; returns the losses (2, steps), each before the step."""
    feed = Feed(data, Standardizer.fit(data.x, "feature"))
    model = training.network(training.classes).build(training.shape, seed=0, dtype=dtype)
    schedule = Warmup(training.lr, training.warm_up, Constant(training.lr))
    descent, penalty = SGD(training.lr, MOMENTUM), L2(training.l2, "whole")
    solver = Solver(model, SoftmaxCrossEntropy(), descent, training.batch, penalty, schedule)
    net, optimizer = pytorch_training(solver)
    order, losses = np.random.default_rng(1), []
    endless = chain.from_iterable(batches(len(feed), training.batch, order) for _ in count())
    for index in islice(endless, steps):
        x, labels = feed.batch(index)
        x = x.astype(dtype)
        solver.train_step(x, labels)
        loss = torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels))
        for group in optimizer.param_groups:
            group["lr"] = descent.lr
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append((solver.batch_loss, loss.item()))
    return np.array(losses).T


def draw(losses: Array, path: Path) -> None:
    """Draw both curves, and below them their difference."""
    from matplotlib.figure import Figure

    with plot_style():
        figure = Figure(figsize=(1.6 * WIDTH, 1.4 * HEIGHT))
        above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        steps = np.arange(1, losses.shape[1] + 1)
        for values, name, line in zip(losses, ("backhand", "PyTorch"), (TRAIN, VALIDATION), strict=True):
            above.plot(steps, values, **line | {"marker": "", "label": name})
        above.set_ylabel("loss of the batch")
        above.legend()
        below.semilogy(steps, np.maximum(np.abs(losses[0] - losses[1]), 1e-16), **TRAIN | {"marker": ""})
        below.set(ylabel="difference", xlabel="step")
        figure.savefig(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=TRAININGS, default="fer_cnn")
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("BACKHAND_DATA"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--out", type=Path, default=Path("loss_curve.png"))
    arguments = parser.parse_args()
    training = TRAININGS[arguments.model]
    losses = train_both(training, samples(training, arguments.data_dir), arguments.steps, arguments.dtype)
    for step in sorted({0, *range(9, arguments.steps, max(arguments.steps // 10, 1)), arguments.steps - 1}):
        a, b = losses[:, step]
        print(f"step {step + 1:4}  backhand {a:.6f}  torch {b:.6f}  difference {abs(a - b):.1e}")
    draw(losses, arguments.out)
    difference = np.abs(losses[0] - losses[1])
    print(f"largest difference {difference.max():.1e} (step {difference.argmax() + 1}), limit {LIMIT}")
    print(f"plot: {arguments.out}")
    return 0 if difference.max() <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
