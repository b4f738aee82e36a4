"""Train and test mode: an evaluation has one result, whatever else is in the batch."""

import numpy as np

from backhand.arrays import Array
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import Network, Subject
from backhand.doctor.words import number

SAMPLES = 32
ROUNDING = 1e-3  # of the largest score: kernels add in another order for another batch


def examine(subject: Subject) -> Measured:
    """Evaluate the same samples twice, and in two batches of different company."""
    found = Collected()
    networks = dict(subject.trained) or {"": subject.needs_network()}
    x, _ = subject.batch(SAMPLES)
    largest = 0.0
    for name, network in networks.items():
        largest = max(largest, _check(network, x, f" {name}" if name else "", found))
    return found.measured(f"two evaluations of {len(x)} samples differ by {number(largest)} of the largest score")


def _check(network: Network, x: Array, where: str, found: Collected) -> float:
    first, second = network.scores(x), network.scores(x)
    scale = max(float(np.abs(first).max()), 1e-12)
    repeated = float(np.abs(first - second).max()) / scale
    if not repeated <= ROUNDING:
        found.wrong(
            "random at evaluation",
            f"two evaluations{where} of the same samples differ",
            evidence=f"the scores of {len(x)} samples differ by up to {number(repeated)} of the largest",
            why="Dropout that is still active makes each evaluation another one, and all of them worse",
            remedy="Switch to test mode before an evaluation, and back before the next training step",
        )
        return repeated
    count = max(len(x) // 4, 1)
    crowded = x.copy()
    crowded[count:] = 3 * crowded[count:] + 1
    for others in (x[:count], crowded):
        differs = float(np.abs(network.scores(others)[:count] - first[:count]).max()) / scale
        if not differs <= ROUNDING:
            _report_company(count, differs, where, found)
            return differs
    return repeated


def _report_company(count: int, differs: float, where: str, found: Collected) -> None:
    found.wrong(
        "depends on the batch",
        f"the scores{where} of a sample depend on the other samples of the batch",
        evidence=f"those of the same {count} samples in another batch differ by up to {number(differs)} of the largest",
        why="Batch normalisation that uses the statistics of the test batch gives another result for another batch, "
        "and none for a single sample",
        remedy="Use the running mean and variance at evaluation",
    )
