"""The share that a process has of each batch in training, and of each split in an evaluation."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from backhand.data.feed import Batch, BatchSource, Indices, ShareSource, TrainingSource
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation, Scored, evaluation_of, scored
from backhand.training.losses import Loss
from backhand.training.micro_batches import bounds
from backhand.training.parallel.ranks import Ranks


@dataclass(frozen=True)
class Share:
    """The samples of a batch that a process trains on, of `total`, and the micro-batches that they are divided into.

    parts: slices of the samples; none where there are too few for this process. It then runs the first sample, whose
    gradient does not count, so that all processes take part in the same sums.   rows: the most parts of a process.
    """

    samples: slice
    total: int
    parts: tuple[slice, ...]
    rows: int

    @classmethod
    def of(cls, total: int, rank: int, size: int, accumulate: int = 1, fewest: int = 1) -> "Share":
        """The share of one of `size` processes.

        The batch has `accumulate` parts, or one for each process where that is more, and fewer where they would have
        less than `fewest` samples. So the parts do not depend on the number of processes, if that is not above
        `accumulate`.
        """
        count = max(min(max(accumulate, size), total // fewest), 1)
        own = range(*bounds(count, rank, size))
        edges = [bounds(total, k, count) for k in own]
        if not edges:
            return cls(slice(0, 1), total, (), -(-count // size))
        start = edges[0][0]
        parts = tuple(slice(first - start, last - start) for first, last in edges)
        return cls(slice(start, edges[-1][1]), total, parts, -(-count // size))

    @property
    def weight(self) -> float:
        """The fraction of the batch; 0 without parts."""
        return (self.samples.stop - self.samples.start) / self.total if self.parts else 0.0


def draw_share(train: TrainingSource, index: Indices, rng: np.random.Generator, share: slice) -> Batch:
    """A share of the batch that `draw` gives; a source that can only make the whole batch makes it."""
    if isinstance(train, ShareSource):
        return train.draw_share(index, rng, share)
    return cast("Batch", tuple(values[share] for values in train.draw(index, rng)))


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
