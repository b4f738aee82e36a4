"""The two-layer training step (3072-80-10, batch 400, float32, SGD with momentum) against PyTorch eager.

First validates: from equal weights and batches both give the same losses. Then times whole steps interleaved, round by
round, and prints the median and range of the ratio; then the growth of memory over 1,000 steps.
usage: python benchmarks/two_layer.py [--rounds 15] [--steps 40]
"""

import argparse
import os
import statistics
import sys
import time
import tracemalloc

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:  # an override would slow NumPy alone
    del os.environ[name]

import numpy as np
import torch
from threadpoolctl import threadpool_info

from backhand.layers import Linear, ReLU
from backhand.losses import SoftmaxCrossEntropy
from backhand.model import Sequential
from backhand.optim import SGD
from backhand.solver import Solver

BATCH, INPUTS, HIDDEN, CLASSES, LR, MOMENTUM = 400, 3072, 80, 10, 1e-3, 0.9


class Ours:
    """The step of this project, on its solver."""

    def __init__(self) -> None:
        model = Sequential(Linear(HIDDEN), ReLU(), Linear(CLASSES)).build((INPUTS,))
        self.solver = Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), batch_size=BATCH)

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        self.solver.train_step(x, y)
        return self.solver.batch_loss


class Torch:
    """The same step in PyTorch, from the same weights."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.net = torch.nn.Sequential(torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(inplace=True))
        self.net.append(torch.nn.Linear(HIDDEN, CLASSES))
        for i in (0, 2):
            self.net[i].weight.data = torch.from_numpy(weights[f"{i}.weight"].T.copy())
            self.net[i].bias.data = torch.from_numpy(weights[f"{i}.bias"].copy())
        self.optimizer = torch.optim.SGD(self.net.parameters(), LR, MOMENTUM)
        self.loss = torch.nn.CrossEntropyLoss()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def milliseconds(step, x, y, count: int) -> float:
    """The median time of a step."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        step(x, y)
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times)


def growth(step, x, y, steps: int = 1000) -> int:
    """Bytes of Python and NumPy memory that `steps` steps leave behind."""
    tracemalloc.start()
    for _ in range(20):
        step(x, y)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(steps):
        step(x, y)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=40)
    asked = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    blas = [p for p in threadpool_info() if p["user_api"] == "blas"]
    print(f"numpy {np.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("BLAS:", ", ".join(f"{p['internal_api']} {p.get('architecture')} x {p['num_threads']}" for p in blas))

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((BATCH, INPUTS), dtype=np.float32), rng.integers(0, CLASSES, BATCH)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    ours = Ours()
    theirs = Torch(ours.solver.model.arrays())
    difference = max(abs(ours.step(x, y) / theirs.step(tx, ty) - 1) for _ in range(20))
    print(f"losses of 20 steps agree to {difference:.1e}")
    if not difference < 1e-4:
        print("they do not agree: there is nothing to compare")
        return 1

    pairs = [
        (milliseconds(ours.step, x, y, asked.steps), milliseconds(theirs.step, tx, ty, asked.steps))
        for _ in range(asked.rounds + 2)
    ][2:]  # two rounds to warm up
    ratios = sorted(a / b for a, b in pairs)
    mine, others = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"backhand {mine:.2f} ms   torch {others:.2f} ms")
    print(f"ratio {statistics.median(ratios):.2f} (range {ratios[0]:.2f} to {ratios[-1]:.2f}, {len(ratios)} rounds)")
    print(f"memory after 1,000 steps: {growth(ours.step, x, y) / 1024:+.1f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
