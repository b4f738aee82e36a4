"""Layers that only move numbers: the embedding, which looks rows up, and flattening."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described


def _of_words(name: str, N: int, T: int, words: int, *, repeated: bool = True) -> Config:
    facts = {"N": N, "T": T, "classes": words, "in": words, "out": 3, "repeated": repeated}
    return Config(name, facts)


class Embedding(Kind):
    """Rows of a matrix, looked up by whole numbers."""

    name, title = "embedding", "Embedding"
    names = ("embedding", "word embedding", "embedding lookup", "lookup table", "lookup")
    constants, parameters = ("x",), ("w",)
    arrangements = ({"axes": "two"}, {"axes": "one"})
    configurations = (
        _of_words("3 sequences of 4 words, some twice", 3, 4, 5),
        _of_words("no word twice", 2, 3, 7, repeated=False),
        _of_words("1 sequence", 1, 6, 3),
    )
    mistakes = described(
        "{y} = {w}[{x}]",
        {
            "index off by one": ("looks up the row beside", "Words count from 0."),
            "column for row": ("looks up columns of {w}", "Each word has a row of {w}, as long as its vector."),
        },
    ) | described(
        "np.add.at(dw, {x}, {dy})",
        {
            "repeated words overwritten": (
                "keeps only the last of several equal words",
                "dw[{x}] += {dy} adds once for each index, even if it occurs more often; np.add.at adds every time.",
            ),
            "averaged over the occurrences": (
                "is a mean over the occurrences of a word",
                "Every occurrence adds its upstream; the gradient is their sum.",
            ),
            "averaged over the batch": (
                "is divided by the number of sequences, {N}",
                "A layer sums over the samples. If the loss is a mean, {dy} carries the factor 1/N already.",
            ),
            "index off by one": ("is added to the row beside", "Words count from 0."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, T) or (N · T,), w has a row for each word."""
        N, T = config["N"], config["T"]
        if role == "x":
            return (N, T) if layout["axes"] == "two" else (N * T,)
        return (config["classes"], config["out"]) if role == "w" else None

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """x holds words as whole numbers, some of them twice unless the configuration says otherwise."""
        shape = self.shape(role, config, layout)
        if role != "x" or shape is None:
            return super().draw(role, config, layout, rng)
        count = int(np.prod(shape))
        if config["repeated"]:
            return rng.permutation(np.arange(count) % (config["classes"] - 1)).reshape(shape)
        return rng.permutation(config["classes"])[:count].reshape(shape)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The rows that x names, then those beside them."""
        x, w = arrays["x"].astype(int), arrays["w"]
        yield Match(w[x])
        for shift in (1, -1):
            yield Match(w[(x + shift) % len(w)], {}, "index off by one")
        if x.max() < w.shape[1]:
            yield Match(np.moveaxis(w[:, x], 0, -1), {}, "column for row")
        else:
            yield Match(np.moveaxis(w[:, x % w.shape[1]], 0, -1), {}, "column for row")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What forgotten and averaged occurrences give."""
        x, w, dy = case.arrays["x"].astype(int), case.arrays["w"], case.dy
        if dy.shape != (*x.shape, w.shape[1]):
            return
        right, last = np.zeros_like(w), np.zeros_like(w)
        np.add.at(right, x, dy)
        last[x] = dy
        counts = np.bincount(x.ravel(), minlength=len(w))[:, None]
        yield WrongGradient("repeated words overwritten", "w", last)
        yield WrongGradient("averaged over the occurrences", "w", right / np.maximum(counts, 1))
        yield WrongGradient("averaged over the batch", "w", right / len(x))
        for shift in (1, -1):
            yield WrongGradient("index off by one", "w", np.roll(right, shift, 0))


class Flatten(Kind):
    """Samples of several axes as rows, or as columns."""

    name, title, page = "flatten", "Flatten", "flatten.md"
    names = ("flatten", "flattener", "reshape", "flat")
    configurations = (
        Config("2 images of 3 x 4 x 2", {"N": 2, "shape": (2, 3, 4, 2)}),
        Config("1 image", {"N": 1, "shape": (1, 2, 3, 2)}),
        Config("as many samples as values", {"N": 4, "shape": (4, 2, 2, 1)}),
        Config("3 sequences of 4 x 2", {"N": 3, "shape": (3, 4, 2)}),
    )
    mistakes = described(
        "{y} = {x}.reshape(N, −1)",
        {
            "batch flattened too": ("flattens the batch as well", "Every sample stays a row of its own."),
            "samples mixed": (
                "mixes the samples",
                "reshape keeps the order of the numbers: the first axis must stay the first.",
            ),
        },
    ) | described(
        "dx = {dy}.reshape(the shape of {x})",
        {
            "not reshaped": ("still has the shape of {y}", "A gradient has the shape of its array, here that of {x}."),
            "reshaped in another order": (
                "has its numbers in another order than forward",
                "Backward undoes what forward has done: the same order, and the same transposition.",
            ),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x has three or four axes, of which the first is that of the samples."""
        return config["shape"] if role == "x" else None

    def values(self, role: str, config: Config) -> list[Any]:
        """The first axis to be flattened is the second, where that is a setting."""
        return [1] if role == "first_axis" else super().values(role, config)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Rows, columns, and rows in the order of Fortran; then everything as one."""
        x = arrays["x"]
        for words, y in _flat_forms(x):
            yield Match(y, {"result": words})
        yield Match(x.ravel(), {}, "batch flattened too")
        yield Match(x.reshape(-1, len(x)), {}, "samples mixed")
        yield Match(x.reshape(-1, len(x)).T, {}, "samples mixed")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What is not put back, or in another order."""
        x, dy = case.arrays["x"], case.dy
        if dy.size != x.size:
            return
        yield WrongGradient("not reshaped", "x", dy)
        columns = self.convention_of(case).get("result") == "columns"
        for back in ((dy,) if columns else (dy.T,)) + ((dy.T,) if columns else ()):
            yield WrongGradient("reshaped in another order", "x", back.reshape(x.shape, order="F"))
        yield WrongGradient("reshaped in another order", "x", (dy if columns else dy.T).reshape(x.shape))
        yield WrongGradient("reshaped in another order", "x", dy.reshape(x.shape, order="F"))


def _flat_forms(x: Array) -> Iterator[tuple[str, Array]]:
    rows = x.reshape(len(x), -1)
    yield "rows", rows
    yield "columns", rows.T
    if x.ndim == 4:
        yield "rows, channels first", x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        yield "rows, channels last", x.transpose(0, 2, 3, 1).reshape(len(x), -1)
    yield "rows in the order of Fortran", x.reshape(len(x), -1, order="F")
