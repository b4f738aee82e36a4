"""The losses of `fer_cnn` on faces, step by step, beside those of PyTorch: two curves that lie on each other.

Equal initial weights, batches and dropout masks; SGD with momentum and a warm-up.
Ends with 1 where the curves part by more than the limit. In float32 they do: after some 25 steps one rounding decides
at a kink otherwise, and training amplifies the difference; between any two programs it does.
FER2013 is read from the data folder; where it is not, images are random. Writes a plot.
usage: python benchmarks/loss_curve.py [--data-dir $BACKHAND_DATA] [--steps 200] [--dtype float32] [--out FILE]
"""

import argparse
import os
import sys
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import torch

from backhand.arrays import Array
from backhand.data.batches import batches
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.registry import load
from backhand.data.standardize import Standardizer
from backhand.errors import DataError
from backhand.losses import SoftmaxCrossEntropy
from backhand.models import fer_cnn
from backhand.optim import SGD
from backhand.report.style import HEIGHT, TRAIN, VALIDATION, WIDTH, look
from backhand.schedules import Constant, Warmup
from backhand.solver import DRAW, Solver
from torch_twin import images, in_torch

BATCH, LR, WARMUP, MOMENTUM, LIMIT = 128, 0.02, 112, 0.9, 1e-3  # the warm-up is half an epoch of steps


def faces(folder: Path | None) -> Dataset:
    try:
        return load("fer2013", data_dir=folder).train
    except DataError as error:
        print(f"random images instead of faces: {error}")
        rng = np.random.default_rng(0)
        return Dataset(rng.integers(0, 256, (5000, 48, 48, 1), dtype=np.uint8), rng.integers(0, 7, 5000))


def curves(data: Dataset, steps: int, dtype: str) -> Array:
    """The losses of both, (2, steps), each before the step."""
    feed = Feed(data, Standardizer.fit(data.x, "feature"))
    model = fer_cnn(7).build(data.x.shape[1:], seed=0, dtype=dtype)
    warm_up = Warmup(LR, WARMUP, Constant(LR))
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), BATCH, schedule=warm_up)
    net = in_torch(model, np.random.default_rng([solver.seed, DRAW]))  # the stream of the solver's own masks
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM)
    order, losses = np.random.default_rng(1), []
    endless = chain.from_iterable(batches(len(feed), BATCH, order) for _ in count())
    for index in islice(endless, steps):
        x, labels = feed.batch(index)
        x = x.astype(dtype)
        solver.train_step(x, labels)
        loss = torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels))
        optimizer.param_groups[0]["lr"] = solver.optimizer.lr
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append((solver.batch_loss, loss.item()))
    return np.array(losses).T


def draw(losses: Array, path: Path) -> None:
    """Both curves, and below them how far they are apart."""
    from matplotlib.figure import Figure

    with look():
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
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("BACKHAND_DATA"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--out", type=Path, default=Path("loss_curve.png"))
    asked = parser.parse_args()
    losses = curves(faces(asked.data_dir), asked.steps, asked.dtype)
    for step in sorted({0, *range(9, asked.steps, max(asked.steps // 10, 1)), asked.steps - 1}):
        a, b = losses[:, step]
        print(f"step {step + 1:4}  backhand {a:.6f}  torch {b:.6f}  difference {abs(a - b):.1e}")
    draw(losses, asked.out)
    apart = np.abs(losses[0] - losses[1])
    print(f"largest difference {apart.max():.1e} (step {apart.argmax() + 1}), limit {LIMIT}; drawn in {asked.out}")
    return 0 if apart.max() <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
