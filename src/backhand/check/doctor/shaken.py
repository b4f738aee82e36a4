"""A class whose instances begin with other values: the parameters of a network are known by what their change moves.

Where all weights are 0, or all units dead, no change of a single array moves the output.
"""

from functools import partial, wraps
from typing import Any

import numpy as np

from backhand.check.reading.dialect import to_numpy, write
from backhand.check.reading.reachable import reachable
from backhand.check.source.guarded import outcome


def shaken(cls: type) -> type:
    """The class, with random values in all arrays that its constructor makes; positive ones stay positive."""

    @wraps(cls.__init__)  # type: ignore[misc]  # of this very class
    def construct(self: Any, *arguments: Any, **options: Any) -> None:
        cls.__init__(self, *arguments, **options)  # type: ignore[misc]
        rng = np.random.default_rng(3)
        for array in reachable(self).values():
            before = to_numpy(array)
            low = 0.1 if (before > 0).all() else -0.6
            values = rng.uniform(low, 0.6, before.shape)
            outcome(partial(write, array, values))

    return type(cls.__name__, (cls,), {"__init__": construct, "__module__": cls.__module__})
