"""What losses have in common: labels in several forms, and means, sums or a loss for each sample."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described


@dataclass(frozen=True)
class Term:
    """One form of a loss, with samples as rows.

    losses: those of the samples, (N,), or of all values, (N, K).   gradient: that of their sum by x, (N, K).   words:
    what the form is called, by name.
    """

    losses: Array
    gradient: Array
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reduction:
    """How the losses of a batch become the result.

    per_sample, per_column: whether the result is divided by the number of samples, or of columns, and its gradient too.
    """

    words: str
    reduce: Callable[[Array], Array]
    per_sample: bool = False
    per_column: bool = False

    def factor(self, N: int, K: int) -> float:
        """The factor that the reduction puts before the gradient of the sum."""
        return 1 / ((N if self.per_sample else 1) * (K if self.per_column else 1))


def _of_samples(losses: Array) -> Array:
    return losses if losses.ndim == 1 else losses.sum(1)


PER_SAMPLE = (
    Reduction("mean over the samples", lambda losses: _of_samples(losses).mean(), per_sample=True),
    Reduction("sum over the samples", lambda losses: losses.sum()),
    Reduction("a loss for each sample", _of_samples),
)
PER_CLASS = (
    *PER_SAMPLE,
    Reduction("mean over all values", lambda losses: losses.mean(), per_sample=True, per_column=True),
)
PER_VALUE = (
    *PER_CLASS,
    Reduction("a mean for each sample", lambda losses: losses.mean(1), per_column=True),
    Reduction("a loss for each value", lambda losses: losses),
)
REDUCTION = "the loss is a mean over the samples, or their sum, and its gradient has the same factor"
COUNTS = described(
    REDUCTION,
    {
        "mean over the wrong count": (
            "is divided by the number of columns, {K}, where the number of samples belongs",
            "A mean over the samples divides by how many there are: the length of the axis along which samples lie.",
        ),
        "1/N missing": (
            "lacks the factor 1/{N} of the mean",
            "The loss is a mean over the samples, and the derivative of a mean carries its factor.",
        ),
        "1/N twice": (
            "is divided by the number of samples twice",
            "The factor 1/{N} belongs into the loss alone, or into the layers alone.",
        ),
        "1/N where the loss is a sum": (
            "is divided by the number of samples, where the loss is their sum",
            "Either the loss is a mean as well, or its gradient has no such factor.",
        ),
        "divided by the number of columns": (
            "is divided by {K}, the number of columns, on top of what is right",
            "Only a mean over all values, samples and columns, has that factor.",
        ),
        "columns counted for samples": (
            "is divided by the number of columns, {K}, where the number of samples, {N}, belongs",
            "The loss divides by the number of samples, and so does its gradient.",
        ),
        "of the right loss": (
            "is that of the right loss: only forward is wrong",
            "Once forward is right, the two agree.",
        ),
        "sign": (
            "has the opposite sign: label minus prediction",
            "The loss falls when the prediction moves towards the label, so its gradient is prediction minus label.",
        ),
    },
)
COUNTS_OF_VALUES = COUNTS | described(
    REDUCTION,
    {
        "count of columns missing": (
            "lacks the factor 1/{K} of the mean over all values",
            "The loss divides by samples times columns, and so does its gradient.",
        ),
    },
)


class Loss(Kind):
    """A loss of predictions x against labels, with a value and a gradient by x."""

    inputs, constants = ("x", "labels"), ("labels",)
    reductions: tuple[Reduction, ...] = PER_SAMPLE

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """The right forms, for samples as rows and labels as an array of the shape of x."""
        raise NotImplementedError

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """The losses that known mistakes of the forward pass give, by mistake."""
        yield from ()

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """What known mistakes give for the gradient of the sum, by mistake."""
        yield from ()

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, K), (K, N), or (K,) for a single sample; labels have its shape, or one class for each sample."""
        N, K = config["N"], config["K"]
        x = {"rows": (N, K), "columns": (K, N), "one": (K,), "vector": (N,)}[layout["samples"]]
        if role == "x":
            return x
        if role != "labels":
            return None
        forms: dict[str, Shape] = {"classes": (N,), "column": (N, 1), "row": (1, N), "class": ()}
        return forms.get(layout["labels"], x)

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """Labels in the form of the layout; x as for any kind."""
        if role != "labels":
            return super().draw(role, config, layout, rng)
        N, K = config["N"], config["K"]
        single, flat = layout["samples"] == "one", layout["samples"] == "vector"
        rows = self.draw_labels(1 if single else N, 1 if flat else K, rng)
        if layout["labels"] in ("classes", "column", "row", "class"):
            shape = self.shape(role, config, layout)
            return rows.argmax(1).reshape(shape)
        arranged = _arranged(2 * rows - 1 if layout["labels"] == "signs" else rows, layout)
        return arranged.astype(int) if layout["labels"] == "whole values" else arranged

    def draw_labels(self, N: int, K: int, rng: np.random.Generator) -> Array:
        """Labels as rows of the shape of x: one class for each sample, and every class if there are enough."""
        classes = rng.permutation(np.arange(max(N, K)) % K)[:N]
        return np.eye(K)[classes]

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Every form with every reduction, then the known wrong values, then right ones over a wrong count."""
        x = _rows(arrays["x"], layout)
        labels = _labels(arrays["labels"], x.shape, layout)
        terms = list(self.terms(x, labels, config))
        single_class = layout["samples"] == "one" and self.reductions is PER_CLASS
        reductions = PER_SAMPLE if single_class else self.reductions  # one sample's mean is no mean over its classes
        for term in terms:
            for reduction in reductions:
                mistake = "" if np.isfinite(term.losses).all() else "log of 0"
                y = _result(reduction, term.losses, layout)
                yield Match(y, {**term.words, "reduction": reduction.words}, mistake)
        for mistake, losses in self.wrong_values(x, labels, config):
            for reduction in reductions:
                if losses.ndim == 2 or reduction in PER_SAMPLE:
                    yield Match(_result(reduction, losses, layout), {"reduction": reduction.words}, mistake)
        yield Match(terms[0].losses.sum() / x.shape[1], dict(terms[0].words), "mean over the wrong count")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Wrong terms with the right factor or none, then the right term with wrong factors."""
        layout, config = self.convention_of(case), case.config
        x = _rows(case.arrays["x"], layout)
        labels, (N, K) = _labels(case.arrays["labels"], x.shape, layout), x.shape
        reduction = next((r for r in self.reductions if r.words == layout.get("reduction")), self.reductions[0])
        terms = list(self.terms(x, labels, config))
        term = next((t for t in terms if all(layout.get(k) == v for k, v in t.words.items())), terms[0])
        dy = (
            case.dy.reshape(-1, 1) if case.dy.size == N > 1 else _rows(case.dy, layout) if case.dy.ndim > 1 else case.dy
        )
        factor = reduction.factor(N, K)
        for mistake, gradient in self.slips(x, labels, term):
            for scale in dict.fromkeys((factor, 1.0)):
                yield WrongGradient(mistake, "x", _arranged(gradient * dy * scale, layout))
        way = next(self.recognise(case.y, case.arrays, config, case.convention), None)
        if way and way.mistake:
            yield WrongGradient("of the right loss", "x", _arranged(term.gradient * dy * factor, layout))
        for mistake, scale in _wrong_scales(reduction, N, K):
            if mistake in self.mistakes:
                yield WrongGradient(mistake, "x", _arranged(term.gradient * dy * scale, layout))


def _wrong_scales(reduction: Reduction, N: int, K: int) -> Iterator[tuple[str, float]]:
    """The wrong factors that the gradient may have, by mistake."""
    factor = reduction.factor(N, K)
    yield "sign", -factor
    yield "sign", -1.0
    yield "divided by the number of columns", factor / K
    if reduction.per_column:
        yield "count of columns missing", factor * K
    if reduction.per_sample:
        yield "1/N missing", factor * N
        yield "1/N twice", factor / N
        yield "columns counted for samples", factor * N / K
    else:
        yield "1/N where the loss is a sum", factor / N


def _rows(array: Array, layout: Layout) -> Array:
    """An array with its samples as rows."""
    if layout["samples"] == "columns" and array.ndim == 2:
        return array.T
    if array.ndim < 2:
        return array.reshape(1, -1) if layout["samples"] == "one" else array.reshape(-1, 1)
    return array


def _arranged(rows: Array, layout: Layout) -> Array:
    if layout["samples"] == "columns":
        return rows.T
    return rows if layout["samples"] == "rows" else rows.ravel()


def _labels(labels: Array, shape: Shape, layout: Layout) -> Array:
    """Labels as an array of the shape of x with samples as rows."""
    if layout["labels"] in ("classes", "column", "row", "class"):
        return np.eye(shape[1])[labels.ravel().astype(int)]
    rows = _rows(labels, layout)
    return (rows + 1) / 2 if layout["labels"] == "signs" else rows


def _result(reduction: Reduction, losses: Array, layout: Layout) -> Array:
    y = np.asarray(reduction.reduce(losses))
    return _arranged(y, layout) if y.ndim == 2 else y
