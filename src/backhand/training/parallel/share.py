"""The share that a process has of each batch in training, and of each split in an evaluation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.feed import Batch, BatchSource, Indices, ShareSource, TrainingSource
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation, Scored, evaluation_of, scored
from backhand.training.losses import Loss
from backhand.training.parallel.ranks import Ranks


@dataclass(frozen=True)
class Share:
    """The samples of a batch that a process trains on, and their fraction of it.

    total: samples in the batch.   weight: 0 where there are too few samples for this process. It then runs the first
    sample, whose gradient does not count, so that all processes take part in the same sums.
    """

    samples: slice
    total: int
    weight: float

    @classmethod
    def of(cls, total: int, rank: int, size: int, fewest: int = 1) -> "Share":
        """The share of one of `size` processes. Those that have samples have `fewest` or more, if there are enough."""
        parts = max(min(size, total // fewest), 1)
        if rank >= parts:
            return cls(slice(0, 1), total, 0.0)
        start, stop = bounds(total, rank, parts)
        return cls(slice(start, stop), total, (stop - start) / total)


def bounds(total: int, rank: int, size: int) -> tuple[int, int]:
    """Where a part of so many samples begins and ends, if they are divided as evenly as possible."""
    length, longer = divmod(total, size)
    start = rank * length + min(rank, longer)
    return start, start + length + (rank < longer)


def draw_share(train: TrainingSource, index: Indices, rng: np.random.Generator, share: slice) -> Batch:
    """A share of the batch that `draw` gives; a source that can only make the whole batch makes it."""
    if isinstance(train, ShareSource):
        return train.draw_share(index, rng, share)
    x, *others = train.draw(index, rng)
    return x[share], *(values[share] for values in others)  # type: ignore[return-value]


@dataclass(frozen=True)
class _Part:
    """The samples of a source from `start` to `stop`."""

    source: BatchSource
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def batch(self, index: NDArray[np.intp]) -> Batch:
        return self.source.batch(index + self.start)


def evaluate_together(ranks: Ranks, model: Sequential, loss: Loss, feed: BatchSource) -> Evaluation:
    """The evaluation of all samples, of which each process scores a part; it is the same on every process.

    Raises ValueError for a feed without samples.
    """
    part = _Part(feed, *bounds(len(feed), ranks.rank, ranks.size))
    own = scored(model, part) if len(part) or not len(feed) else None
    parts = [each for each in ranks.gather(own) if each is not None]
    scores, labels = (np.concatenate([each[k] for each in parts]) for k in range(2))
    weights = [each.weights for each in parts if each.weights is not None]
    return evaluation_of(Scored(scores, labels, np.concatenate(weights) if weights else None), loss)
