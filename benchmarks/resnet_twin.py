"""Compares the training of a residual network with its PyTorch twin: losses, time per step, peak memory.

Both begin with equal weights and see equal batches of random images; SGD with momentum trains. Each runs in a process
of its own, so that the peak of the resident memory is its own as well.

From ordinary weights, training is chaotic: in float32, PyTorch's own first gradient is wrong by 1 to 2% of its norm,
and differences grow about twentyfold per step, so that any two programs diverge. Use --zero-init, which lets blocks
begin as their shortcuts, or --dtype float64 for a few steps.
usage: python benchmarks/resnet_twin.py [--depth 50] [--preactivation] [--stem small] [--zero-init] [--batch 32] ...
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from backhand.architectures import resnet
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver

SHAPE, CLASSES, MOMENTUM, LIMIT = (48, 48, 1), 7, 0.9, 1e-3


def build(arguments: argparse.Namespace) -> Sequential:
    options = {"preactivation": arguments.preactivation, "stem": arguments.stem, "zero_init": arguments.zero_init}
    return resnet(CLASSES, arguments.depth, **options).build(SHAPE, seed=1, dtype=arguments.dtype)


def batches(arguments: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    for _ in range(arguments.steps):
        x = rng.standard_normal((arguments.batch, *SHAPE), dtype=np.float32).astype(arguments.dtype)
        yield x, rng.integers(0, CLASSES, arguments.batch)


def backhand_step(arguments: argparse.Namespace) -> Callable[[np.ndarray, np.ndarray], float]:
    """The training step of Backhand's solver."""
    solver = Solver(build(arguments), SoftmaxCrossEntropy(), SGD(arguments.lr, MOMENTUM), batch_size=arguments.batch)

    def step(x: np.ndarray, labels: np.ndarray) -> float:
        solver.train_step(x, labels)
        return solver.batch_loss

    return step


def pytorch_step(arguments: argparse.Namespace) -> Callable[[np.ndarray, np.ndarray], float]:
    """The same training step in PyTorch, from the same weights."""
    sys.path.append(str(Path(__file__).parents[1]))  # for the PyTorch twins of the tests
    import torch
    from tests.architectures.resnet_twin import twin
    from tests.architectures.torch_twin import copy_weights, images

    net = twin(arguments.depth, CLASSES, SHAPE[2], stem=arguments.stem, preactivation=arguments.preactivation)
    net.to(getattr(torch, arguments.dtype))
    copy_weights(build(arguments), net)
    optimizer = torch.optim.SGD(net.parameters(), arguments.lr, MOMENTUM)

    def step(x: np.ndarray, labels: np.ndarray) -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """The losses, the median milliseconds per step, and the peak memory in MiB before the first step and at the end."""
    step = {"ours": backhand_step, "torch": pytorch_step}[arguments.only](arguments)
    before, losses, times = peak_mib(), [], []
    for x, labels in batches(arguments):
        start = time.perf_counter()
        losses.append(step(x, labels))
        times.append(1e3 * (time.perf_counter() - start))
    return {"losses": losses, "ms": statistics.median(times), "before": before, "peak": peak_mib()}


def peak_mib() -> float:
    """The peak of the resident memory of this process so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def measure_in_process(side: str) -> dict[str, object]:
    """The measurement of one side, made in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", side]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=50)
    parser.add_argument("--preactivation", action="store_true")
    parser.add_argument("--stem", default="small")
    parser.add_argument("--zero-init", action="store_true")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--only", choices=["ours", "torch"], help="Measure one side only, and print JSON.")
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments)))
        return 0
    own, other = measure_in_process("ours"), measure_in_process("torch")
    print(", ".join(f"{name} {value}" for name, value in vars(arguments).items() if name != "only"))
    print("step    backhand       torch  difference")
    for step, (a, b) in enumerate(zip(own["losses"], other["losses"], strict=True), 1):
        print(f"{step:4}  {a:10.6f}  {b:10.6f}  {abs(a - b):10.1e}")
    for name, side in (("backhand", own), ("torch", other)):
        memory = f"peak {side['peak']:5.0f} MiB, before the steps {side['before']:.0f}"
        print(f"{name:8}  {side['ms']:7.0f} ms per step, {memory}")
    worst = max(abs(a - b) for a, b in zip(own["losses"], other["losses"], strict=True))
    print(f"largest difference {worst:.1e}, limit {LIMIT}: {'equal' if worst <= LIMIT else 'NOT equal'}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
