"""The leaky rectifier whose slope is learnt: one for all values, or one for each feature."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described


def _config(name: str, *shape: int) -> Config:
    return Config(name, {"N": shape[0], "in": shape[1], "out": shape[1], "shape": shape})


class PReLU(Kind):
    """The parametric rectifier: x where it is positive, and a learnt multiple of it elsewhere."""

    name, title, page = "prelu", "Parametric ReLU", "leaky_relu.md"
    names = ("prelu", "parametric relu", "p relu")
    parameters = ("slope",)
    configurations = (
        _config("4 samples of 3 values", 4, 3),
        _config("1 sample", 1, 5),
        _config("as many samples as values", 3, 3),
    )
    arrangements = ({"slopes": "one"}, {"slopes": "one for each feature"})
    mistakes = described(
        "{y} = {x} where {x} > 0, and {slope} {x} elsewhere",
        {"slope for positive values": ("multiplies the positive values with {slope}", "Those pass as they are.")},
    ) | described(
        "dx = {dy} where {x} > 0, and {slope} {dy} elsewhere; d{slope} = the sum of {dy} {x} where {x} ≤ 0",
        {
            "averaged over the features": (
                "is a mean over the features where the sum belongs",
                "One slope serves all features, so what they contribute adds up.",
            ),
            "mean over everything": (
                "is a mean where the sum belongs",
                "The slope serves all samples and features, so what they contribute adds up.",
            ),
            "mask for x": (
                "counts the negative values where it should add them up",
                "The derivative of {slope} {x} by {slope} is {x}.",
            ),
            "positive values": (
                "is formed from the positive values",
                "The slope acts on the negative values alone.",
            ),
            "all values": ("is formed from all values", "The slope acts on the negative values alone."),
            "slope forgotten": ("is 0 where {x} is negative", "There the derivative is {slope}."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x has two axes; the slope is one number or as long as the second."""
        shape: Shape = config["shape"]
        slopes = shape[1:] if layout["slopes"] == "one for each feature" else (1,)
        return {"x": shape, "slope": slopes}.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The leaky rectifier, and the one with its sides exchanged."""
        x, slope = arrays["x"], arrays["slope"]
        slopes = "one" if slope.size == 1 else "one for each feature"
        yield Match(np.where(x > 0, x, slope * x), {"slopes": slopes})
        yield Match(np.where(x > 0, slope * x, x), {"slopes": slopes}, "slope for positive values")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Means for sums, and masks that are wrong."""
        x, dy, slope = case.arrays["x"], case.dy, case.arrays["slope"]
        if dy.shape != x.shape:
            return
        terms = dy * np.minimum(x, 0)

        def summed(values: Array) -> Array:
            return np.array(values.sum() if slope.size == 1 else values.sum(0)).reshape(slope.shape)

        if slope.size == 1:
            yield WrongGradient("averaged over the features", "slope", summed(terms) / x.shape[1])
            yield WrongGradient("mean over everything", "slope", summed(terms) / x.size)
        yield WrongGradient("mask for x", "slope", summed(dy * (x <= 0)))
        yield WrongGradient("positive values", "slope", summed(dy * np.maximum(x, 0)))
        yield WrongGradient("all values", "slope", summed(dy * x))
        yield WrongGradient("slope forgotten", "x", dy * (x > 0))
