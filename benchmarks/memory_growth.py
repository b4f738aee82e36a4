"""Measures whether training leaks: the memory that 10,000 steps leave behind, as Python and the system count it.

The exit status is 1 if steps keep memory.
usage: python benchmarks/memory_growth.py [two_layer mnist_cnn] [--steps 10000]
"""

import argparse
import os
import sys
import tracemalloc

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:  # an override would slow NumPy
    del os.environ[name]

from backhand.bench import ours
from backhand.bench.inputs import Inputs
from backhand.bench.worker import resident_mib
from backhand.bench.workloads import WORKLOADS

WARM_UP = 50
LIMIT = 64 * 1024  # the bytes that all steps together may leave, since caches fill once


def growth(workload: str, steps: int) -> tuple[int, float | None]:
    """The growth during `steps` steps after the warm-up: bytes of Python and NumPy, and MiB of resident memory."""
    step = ours.make_step(Inputs.of(WORKLOADS[workload]))
    tracemalloc.start()
    for _ in range(WARM_UP):
        step()
    traced, held = tracemalloc.get_traced_memory()[0], resident_mib("VmRSS")
    for _ in range(steps):
        step()
    more = tracemalloc.get_traced_memory()[0] - traced
    now = resident_mib("VmRSS")
    tracemalloc.stop()
    return more, None if held is None or now is None else now - held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=["two_layer", "mnist_cnn"], metavar="workload")
    parser.add_argument("--steps", type=int, default=10_000)
    arguments = parser.parse_args()
    grows = False
    for workload in arguments.workloads:
        more, held = growth(workload, arguments.steps)
        system = "" if held is None else f", resident memory {held:+.2f} MiB"
        print(f"{workload}: {arguments.steps:,} steps leave {more / 1024:+.1f} KiB{system}", flush=True)
        grows |= more > LIMIT
    return int(grows)


if __name__ == "__main__":
    sys.exit(main())
