"""What a training step costs on several hosts, on paper: from its time on one host, its bytes, and the network.

    t(N) = compute(B / N) + overhead + sum(N) - hidden(N)
    sum(N) = 2 ⌈log₂ N⌉ latency + (N - 1) / N · rest(bytes)
    hidden(N) = min(overlap · window(B / N), sum of the gradients that are complete before the last layer's)

B samples are in a batch, of which each of N hosts has its share. The overhead is what a step takes longer as one of
several, before anything is sent. The sum over all hosts is the one of Rabenseifner, which MPI libraries use: every host
sends and receives nearly all gradients twice, in 2 ⌈log₂ N⌉ messages. The rest of its time, beside that of the
messages, follows from sums of many sizes that were measured on some number of hosts. The window is the time in which
the layers go backward whose gradients are complete later.
Source: Thakur, Rabenseifner and Gropp 2005, Int. J. High Performance Computing Applications 19(1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import Self

import numpy as np

from backhand.model.sequential import Sequential
from backhand.training.parallel.sums import BUCKET

BACKWARD = 2 / 3  # of a step's time: two products of every three are those of the backward pass
HALF = 0.5  # the least efficiency at which more hosts for one training are thought to be worth it


@dataclass(frozen=True)
class Network:
    """A network between hosts, as sums over all of them measure it.

    hosts: on which these sums were measured.   seconds: of a sum, by the bytes of each host.
    overlap: the share of the time of a sum that work at the same time does not lengthen, 0 to 1.
    """

    hosts: int
    seconds: Mapping[int, float]
    overlap: float = 0.0

    @property
    def latency(self) -> float:
        """The seconds that a short message takes."""
        return self.seconds[min(self.seconds)] / messages(self.hosts)

    @property
    def bandwidth(self) -> float:
        """Bytes per second that each host sends and receives in a long sum."""
        longest = max(self.seconds)
        rest = self.seconds[longest] - self.seconds[min(self.seconds)]
        return 2 * (self.hosts - 1) / self.hosts * longest / max(rest, 1e-12)

    def sum_seconds(self, size: float, hosts: int) -> float:
        """The seconds in which so many bytes of each host are added up."""
        if hosts == 1:
            return 0.0
        share = (hosts - 1) / hosts * self.hosts / (self.hosts - 1)
        return messages(hosts) * self.latency + share * self._rest(size)

    def _rest(self, size: float) -> float:
        """The seconds of a sum as measured, without those of a short one; between two sizes and beyond, by bytes."""
        sizes = sorted(self.seconds)
        rests = [max(self.seconds[each] - self.seconds[sizes[0]], 0.0) for each in sizes]
        if size > sizes[-1]:
            return rests[-1] * size / sizes[-1]
        return float(np.interp(size, sizes, rests))


def messages(hosts: int) -> int:
    """How many messages follow one another in a sum over so many hosts."""
    return 2 * ceil(log2(hosts))


@dataclass(frozen=True)
class Step:
    """A training step: the samples of a batch, and the seconds on one host by the number of samples.

    size: bytes that are added up over the hosts.   early: the share of them that is complete before the last layer's
    backward pass.   window: the share of the backward pass after the first of these.   calls: how often MPI is called
    in it.   overhead: the seconds that it takes longer as one of several, without the sums.
    """

    batch: int
    seconds: Mapping[int, float]
    size: int
    early: float = 0.0
    window: float = 0.0
    calls: int = 0
    overhead: float = 0.0

    @classmethod
    def of(cls, model: Sequential, batch: int, seconds: Mapping[int, float], overhead: float = 0.0) -> Self:
        """The step of a model that is built."""
        rows, itemsize = list(reversed(model.rows())), model.parameters.values.itemsize
        work, total = 0, sum(row["multiply_adds"] for row in rows)
        pending = early = calls = 0
        window = 0.0
        for row in rows[:-1]:
            pending, work = pending + row["trained"] * itemsize, work + row["multiply_adds"]
            calls += bool(early and row["multiply_adds"])  # layers without weights run with the one before
            if pending >= BUCKET:
                window = window or 1 - work / total
                early, pending = early + pending, 0
        states = sum(state.size * 8 for _, layer in model.walk() for state in layer.state.values())
        size = model.parameters.grads.nbytes + states
        return cls(batch, dict(seconds), size, early / size, window, calls + 1, overhead)

    def compute(self, samples: float) -> float:
        """The seconds of a step on so many samples, between those that were measured; beyond, in proportion."""
        counts = sorted(self.seconds)
        times = [self.seconds[count] for count in counts]
        if samples > counts[-1]:
            return times[-1] * samples / counts[-1]
        return float(np.interp(samples, counts, times))

    def predict(self, hosts: int, network: Network, batch: int | None = None) -> float:
        """The seconds of a step on so many hosts. batch: samples of all hosts together; None: as the step has."""
        compute = self.compute(ceil((batch or self.batch) / hosts))
        if hosts == 1:
            return compute
        communication = network.sum_seconds(self.size, hosts)
        window = BACKWARD * compute * self.window
        hidden = min(network.overlap * window, self.early * communication)
        if self.calls < 2 * messages(hosts):  # a request and an answer for each message
            hidden = 0.0
        return compute + self.overhead + communication - hidden

    def speedup(self, hosts: int, network: Network) -> float:
        """How many times as fast a step is on so many hosts, with the same batch."""
        return self.predict(1, network) / self.predict(hosts, network)

    def worthwhile(self, network: Network, most: int = 64) -> int:
        """The most hosts, in powers of two, of which each still does half of what it does alone.

        With more, a search, whose trials do not wait for each other, or a larger batch is the better use of hosts.
        """
        counts = [2**k for k in range(int(log2(most)) + 1) if 2**k <= self.batch]
        return max(hosts for hosts in counts if self.speedup(hosts, network) >= HALF * hosts)

    def worthwhile_batch(self, hosts: int, network: Network) -> float:
        """How many times as large the batch must be, 1 to 1024, for each host to do 90% of what it does alone."""
        for factor in 2.0 ** np.arange(0, 10.25, 0.25):
            alone = self.compute(self.batch * factor / hosts)
            if alone >= 0.9 * self.predict(hosts, network, round(self.batch * factor)):
                return float(factor)
        return 1024.0
