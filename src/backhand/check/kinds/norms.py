"""Batch and layer normalisation of samples with one axis."""

from typing import Any

from backhand.arrays import Shape
from backhand.check.kinds.kind import Config, Layout
from backhand.check.kinds.normalisation import Normalisation, View
from backhand.check.kinds.running import WithRunningStatistics

FLAT = tuple(
    {"samples": samples, "parameters": shape}
    for samples, shapes in (("rows", ("(in)", "(1, in)", "none")), ("columns", ("(in, 1)", "none")))
    for shape in shapes
)


def _flat(name: str, N: int, D: int, *, draw: str = "normal", usual: bool = True, **facts: Any) -> Config:
    sizes = {"N": N, "in": D, "out": D, "eps": 1e-5, "momentum": 0.9}
    return Config(name, {**sizes, **modes(facts.get("train", True)), **facts}, usual, draw)


def modes(train: bool) -> dict[str, Any]:
    """The facts that say in which mode a layer is."""
    return {"train": train, "test": not train, "mode": "train" if train else "test"}


OF_FEATURES = (
    _flat("6 samples of 3 values", 6, 3),
    _flat("test mode", 5, 3, train=False),
    _flat("as many samples as features", 4, 4),
    _flat("ε = 0.01", 5, 4, eps=0.01),
    _flat("a column without variance", 5, 3, draw="constant column"),
)
OF_SAMPLES = tuple(config for config in OF_FEATURES if config["train"])


class FlatNormalisation:
    """Shapes of samples with one axis, which are rows or columns."""

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, in) or (in, N), every other array has one value for each feature."""
        N, D = config["N"], config["in"]
        columns = layout["samples"] == "columns"
        if role == "x":
            return (D, N) if columns else (N, D)
        if role in ("running_mean", "running_var") or (role in ("gamma", "beta") and layout["parameters"] != "none"):
            named = {"(in)": (D,), "(1, in)": (1, D), "(in, 1)": (D, 1)}
            return named.get(layout["parameters"], (D, 1) if columns else (D,))
        return None


class BatchNorm(FlatNormalisation, WithRunningStatistics):
    """Normalisation of each feature over the samples of a batch."""

    name, title, page = "batchnorm", "Batch normalisation", "batchnorm.md"
    names = ("batchnorm", "batch normalization", "batch normalisation", "bn", "batchnorm1d", "batch normalize")
    configurations, arrangements = OF_FEATURES, FLAT

    def view(self, config: Config, layout: Layout) -> View:
        """Over the samples, for each feature."""
        N, D = config["N"], config["in"]
        return View((D, N), (1,), (D, 1)) if layout["samples"] == "columns" else View((N, D), (0,), (1, D))


class LayerNorm(FlatNormalisation, Normalisation):
    """Normalisation of each sample over its features."""

    name, title, page = "layernorm", "Layer normalisation", "layer_norm.md"
    names = ("layernorm", "layer normalization", "layer normalisation", "ln")
    configurations = OF_SAMPLES
    arrangements = tuple(layout for layout in FLAT if layout["samples"] == "rows")

    def view(self, config: Config, layout: Layout) -> View:
        """Over the features, for each sample."""
        N, D = config["N"], config["in"]
        return View((N, D), (1,), (1, D))
