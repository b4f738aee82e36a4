"""Images as rows of features."""

from dataclasses import dataclass
from math import prod

from backhand.arrays import Shape
from backhand.layers.base import Layer


@dataclass(eq=False)
class Flatten(Layer):
    """Each sample as one row of features, in memory order: images (N, H, W, C) become (N, H W C)."""

    op_name = "flatten"

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Samples (H, W, C) become (H W C,)."""
        return (prod(shape),)
