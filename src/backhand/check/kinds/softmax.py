"""Softmax as a layer of its own, and its logarithm."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described

AXES = {"rows": -1, "columns": 0, "one": None}
LOGARITHM = "logarithm of softmax"
Axis = int | None


VALUE = "{y} = exp({x} − max) / the sum of exp({x} − max), both over the classes with keepdims=True"
GRADIENT = "dx = {y} · ({dy} − the sum of {dy} · {y} over the classes)"
OF_LOGARITHM = "dx = {dy} − softmax({x}) · the sum of {dy} over the classes"
MISTAKES = (
    described(
        VALUE,
        {
            "summed over the whole batch": (
                "divides by a sum over the whole batch",
                "The probabilities of each sample add up to 1, so maximum and sum go along the axis of the classes. "
                "For a single sample the two are the same.",
            ),
            "summed over the samples": (
                "divides by a sum over the samples",
                "The probabilities of each sample add up to 1: the sum goes along the axis of the classes.",
            ),
            "shifted along the wrong axis": (
                "subtracts the maximum of each class, where that of each sample belongs",
                "Softmax stays the same only if one number is subtracted from all scores of a sample.",
            ),
            "overflow": (
                "overflows for large scores",
                "Softmax stays the same when one number is subtracted from all scores of a sample; subtract the "
                "largest, and no exponential exceeds 1.",
            ),
            "not divided by the sum": ("is exp({x}), not divided by its sum", "Probabilities add up to 1."),
        },
    )
    | described(
        GRADIENT,
        {
            "diagonal only": (
                "takes {y} (1 − {y}) for the derivative, which is the diagonal of the Jacobian alone",
                "A score changes every probability of its sample, since they share the sum; y (1 − y) is how it "
                "changes its own.",
            ),
            "derivative left out": (
                "is {dy} itself: the derivative is left out",
                "That is right only where the loss hands over p − y, the gradient of softmax and cross-entropy "
                "together; then the two form one layer.",
            ),
            "sum missing": (
                "lacks the sum over the classes",
                "A score also lowers the other probabilities of its sample.",
            ),
            "sum over the whole batch": (
                "subtracts a sum over the whole batch",
                "Samples do not touch one another: the sum goes over the classes of each sample, with keepdims=True.",
            ),
            "sum over the samples": (
                "subtracts a sum over the samples",
                "The sum goes over the classes of each sample.",
            ),
            "sum without the output": (
                "subtracts the sum of {dy} alone",
                "Each upstream is weighted by its probability in the sum.",
            ),
            "mean for sum": (
                "subtracts a mean over the classes where the sum belongs",
                "The row of the Jacobian is multiplied by {dy} and summed.",
            ),
            "output missing": (
                "lacks the factor {y} in front",
                "Each row of the Jacobian, y (1 at its own class − y), carries the probability of its class.",
            ),
            "plus for minus": (
                "adds the sum that is to be subtracted",
                "A score lowers the other probabilities: off the diagonal the Jacobian is −{y}ᵢ {y}ⱼ.",
            ),
        },
    )
    | described(
        OF_LOGARITHM,
        {
            "output subtracted without the upstream": (
                "subtracts the probabilities themselves",
                "They are to be multiplied by the sum of {dy} over the classes, which is 1 only by chance.",
            ),
            "diagonal of the logarithm only": (
                "takes 1 − softmax({x}) for the derivative, which is the diagonal of the Jacobian alone",
                "A score changes the logarithms of all probabilities of its sample.",
            ),
            "gradient of softmax": (
                "is that of softmax, where forward gives its logarithm",
                "The logarithm takes the factor y away.",
            ),
        },
    )
)


def softmax(x: Array, axis: Axis = -1) -> Array:
    """Probabilities along an axis, or over all values, that cannot overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x: Array, axis: Axis = -1) -> Array:
    """The logarithms of the probabilities, exact where they are tiny."""
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _config(name: str, N: int, K: int, *, usual: bool = True, draw: str = "normal") -> Config:
    return Config(name, {"N": N, "K": K, "in": K, "out": K, "classes": K}, usual, draw)


class Softmax(Kind):
    """Softmax over the scores of each sample, a layer of its own."""

    name, title, page = "softmax", "Softmax", "softmax_cross_entropy.md"
    names = ("softmax", "log softmax", "soft max", "softmax layer", "softmax output")
    configurations = (
        _config("4 samples of 3 values", 4, 3),
        _config("1 sample", 1, 5),
        _config("as many samples as classes", 4, 4),
        _config("scores near 1000", 4, 3, usual=False, draw="extreme"),
    )
    mistakes = MISTAKES
    arrangements = (
        {"axes": "two", "samples": "rows"},
        {"axes": "two", "samples": "columns"},
        {"axes": "one", "samples": "one"},
        {"axes": "column", "samples": "one"},
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, K), (K, N), or the K scores of a single sample."""
        N, K = config["N"], config["K"]
        shapes = {"two": (N, K) if layout["samples"] == "rows" else (K, N), "one": (K,), "column": (K, 1)}
        return shapes[layout["axes"]] if role == "x" else None

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Softmax and its logarithm along the axis of the classes, then without a shift, then along wrong axes."""
        x, right = arrays["x"], layout["samples"]
        yield from _ways(x, AXES[right], {"samples": right})
        if x.ndim == 2 and min(x.shape) > 1:
            yield from _ways(x, None, {"samples": right}, "summed over the whole batch")
            shift = x.max(axis=0 if right == "rows" else 1, keepdims=True)
            yield from _ways(x - shift, AXES[right], {"samples": right}, "shifted along the wrong axis")
            e = np.exp(x - x.max(axis=AXES[right], keepdims=True))
            yield Match(e / e.sum(), {"samples": right}, "summed over the whole batch")
            yield Match(
                e / e.sum(axis=0 if right == "rows" else 1, keepdims=True),
                {"samples": right},
                "summed over the samples",
            )
            yield from _ways(x, 0 if right == "rows" else 1, {"samples": right}, "summed over the samples")
        e, axis = np.exp(x), AXES[right]
        yield Match(e / e.sum(axis=axis, keepdims=True), {"samples": right}, "overflow")
        yield Match(np.log(e / e.sum(axis=axis, keepdims=True)), {"samples": right, "function": LOGARITHM}, "overflow")
        yield Match(e, {"samples": right}, "not divided by the sum")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What the diagonal of the Jacobian alone gives, or a sum that is wrong or missing."""
        if case.dy.shape != case.arrays["x"].shape:
            return
        convention = self.convention_of(case)
        axis = AXES[convention.get("samples", "rows")]
        p = softmax(case.arrays["x"], axis)
        slips = _of_logarithm if convention.get("function") == LOGARITHM else _of_softmax
        for mistake, values in slips(p, case.dy, axis):
            yield WrongGradient(mistake, "x", values)


def _ways(x: Array, axis: Axis, convention: Layout, mistake: str = "") -> Iterator[Match]:
    yield Match(softmax(x, axis), convention, mistake)
    yield Match(log_softmax(x, axis), {**convention, "function": LOGARITHM}, mistake)


def _of_softmax(p: Array, dy: Array, axis: Axis) -> Iterator[tuple[str, Array]]:
    def total(array: Array) -> Array:
        return array.sum(axis=axis, keepdims=True)

    yield "diagonal only", dy * p * (1 - p)
    yield "derivative left out", dy
    yield "sum missing", dy * p
    yield "sum over the whole batch", p * (dy - (dy * p).sum())
    yield "sum without the output", p * (dy - total(dy))
    yield "mean for sum", p * (dy - (dy * p).mean(axis=axis, keepdims=True))
    yield "output missing", dy - total(dy * p)
    yield "plus for minus", p * (dy + total(dy * p))
    yield "plus for minus", p * (dy - 2 * p * dy + total(dy * p))
    if p.ndim == 2 and axis is not None:
        yield "sum over the samples", p * (dy - (dy * p).sum(axis=0 if axis == -1 else 1, keepdims=True))


def _of_logarithm(p: Array, dy: Array, axis: Axis) -> Iterator[tuple[str, Array]]:
    yield "derivative left out", dy
    yield "output subtracted without the upstream", dy - p
    yield "diagonal of the logarithm only", dy * (1 - p)
    yield "gradient of softmax", p * (dy - (dy * p).sum(axis=axis, keepdims=True))
    yield "sum over the whole batch", dy - p * dy.sum()
