"""The random streams of a training. Each has a seed of its own, so that none depends on what the others drew."""

from typing import Any

import numpy as np

# The streams' numbers beside the seed. Layers have those from 0 on for their initial weights.
SHUFFLE, DRAW, AUGMENT = 1_000_001, 1_000_002, 1_000_003


class ShareGenerator(np.random.Generator):
    """A generator for layers that are given a share of a batch, where processes train together.

    Each process draws from a stream of its own with the same state. Dropout hashes one number that it draws with the
    index of each value in the batch, so that the masks of all shares together are those of the whole batch.

    stream: what to draw from.   first: the index in the batch of the first sample of the share.
    """

    def __init__(self, stream: np.random.Generator, first: int) -> None:
        super().__init__(stream.bit_generator)
        self.first = first


class RandomStreams:
    """shuffle: the order of the samples. draw: what layers draw in training, such as dropout masks. augment: the
    augmentation of the images.

    The seed is that of `draw`; the other two have the data seed, or the same one where that is None.
    """

    def __init__(self, seed: int, data_seed: int | None = None) -> None:
        data_seed = seed if data_seed is None else data_seed
        self.shuffle = np.random.default_rng([data_seed, SHUFFLE])
        self.draw = np.random.default_rng([seed, DRAW])
        self.augment = np.random.default_rng([data_seed, AUGMENT])

    def states(self) -> list[Any]:
        """The states of shuffle, draw and augment, as a saved file holds them."""
        return [stream.bit_generator.state for stream in (self.shuffle, self.draw, self.augment)]

    def restore(self, states: list[Any]) -> None:
        """Set the three streams to saved `states()`."""
        for stream, state in zip((self.shuffle, self.draw, self.augment), states, strict=True):
            stream.bit_generator.state = state
