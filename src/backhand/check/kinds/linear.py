"""The linear layer, y = x W + b, in every arrangement that people choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described

BIASES = ("(out)", "(1, out)", "(out, 1)")
JOINED = "in the weights"


VALUE = "{y} = {x} {w} + {b}"
OF_X = "dx = {dy} {w}ᵀ, in the shape of {x}"
OF_PARAMETERS = "dw = {x}ᵀ {dy}  ({dy}ᵀ {x} where {w} is (out, in)),  db = the sum of {dy} over the samples"
MISTAKES = (
    described(
        VALUE,
        {
            "bias left out": ("leaves {b} out", "Each sample's result is its product with the weights plus the bias."),
            "bias subtracted": ("subtracts {b}", "The bias is added to every sample."),
            "weights for their transpose": (
                "multiplies by the transpose of {w} where it has as many outputs as inputs",
                "Elsewhere {w} is taken as it is; for a square {w} the shapes cannot tell the two apart.",
            ),
        },
    )
    | described(
        OF_X,
        {
            "transposed weights missing": (
                "is {dy} times {w}, where the transpose belongs",
                "That runs only for as many outputs as inputs, and there it is wrong. Each input gathers the upstream "
                "of every output, so the sum goes over the axis of the outputs.",
            ),
            "weights already updated": (
                "is formed from the weights after their update",
                "The result was computed with the old weights, and its gradient belongs to those. Compute all "
                "gradients first, and change {w} afterwards.",
            ),
            "dx not reshaped": (
                "has the flat shape (N, in) where {x} has more axes",
                "Forward flattens each sample, so backward must give the gradient back in the shape of {x}.",
            ),
            "entry of the bias kept": (
                "has one entry more than {x}: that of the constant 1 which carries the bias",
                "The 1 is no input; drop its entry before the gradient is passed on.",
            ),
        },
    )
    | described(
        OF_PARAMETERS,
        {
            "x and dy swapped": (
                "is the transpose of the true gradient: {x} and {dy} are swapped in the product",
                "Entry (i, o) is the sum over the samples of {x} at i times {dy} at o, in the order of {w}'s axes.",
            ),
            "output for input": (
                "is formed from {y} where {x} belongs",
                "A weight is multiplied by an input, so its gradient is {dy} times that input: backward needs the {x} "
                "that forward was given.",
            ),
            "sum over samples missing": (
                "is {dy} itself, one row for each sample",
                "The same bias is added to every sample, so its gradient is the sum of all their upstreams.",
            ),
            "averaged over the batch": (
                "is divided by {N}, the number of samples",
                "A layer sums over the samples. If the loss is a mean, {dy} carries the factor 1/N already.",
            ),
            "last sample only": (
                "comes from the last sample alone",
                "A loop over the samples must add to the gradient (+=); with = each sample overwrites the one before.",
            ),
            "derivative of the activation left out": (
                "lacks the derivative of the activation",
                "The activation comes last, so backward begins with its derivative, and goes on with that.",
            ),
            "first sample only": ("comes from the first sample alone", "All samples add up: sum over their axis."),
        },
    )
)


def _config(name: str, N: int, I: int, O: int, **facts: object) -> Config:
    return Config(name, {"N": N, "in": I, "out": O, **facts})


def _arrangements() -> Iterator[Layout]:
    for weight, bias in product(("(in, out)", "(out, in)"), BIASES):
        yield {"samples": "rows", "weight": weight, "bias": bias}
    for weight, bias in product(("(out, in)", "(in, out)"), reversed(BIASES)):
        yield {"samples": "columns", "weight": weight, "bias": bias}
    for samples, weight in product(("rows", "columns"), ("(in + 1, out)", "(out, in + 1)")):
        yield {"samples": samples, "weight": weight, "bias": JOINED}


class Linear(Kind):
    """A matrix of weights and a bias; samples are rows or columns."""

    name, title, page = "linear", "Linear", "linear.md"
    names = ("linear", "affine", "dense", "fc", "fully connected", "inner product", "ip", "perceptron")
    parameters = ("w", "b")
    mistakes = MISTAKES
    configurations = (
        _config("4 samples, 3 inputs, 5 outputs", 4, 3, 5),
        _config("as many outputs as inputs", 4, 3, 3),
        _config("1 sample", 1, 3, 5),
        _config("as many samples as inputs", 3, 3, 3),
        _config("more inputs than outputs", 5, 6, 2),
        _config("1 output", 4, 3, 1),
        _config("samples of 2 axes", 4, 6, 5, inner=(2, 3)),
    )
    arrangements = tuple(_arrangements())

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, in) or (in, N), w as the layout says, b with or without an axis of length 1."""
        N, I, O = config["N"], config["in"], config["out"]
        inner = config.get("inner", (I,))
        if role == "x":
            return (N, *inner) if layout["samples"] == "rows" else (*inner, N)
        if role == "w":
            sizes = {"in": I, "out": O, "in + 1": I + 1}
            return tuple(sizes[axis] for axis in layout["weight"].strip("()").split(", "))
        if role == "b":
            return {"(out)": (O,), "(1, out)": (1, O), "(out, 1)": (O, 1)}.get(layout["bias"])
        return None

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The product with the weights in either orientation, with, without and with minus the bias."""
        I, O = config["in"], config["out"]
        w = arrays.get("w")
        if w is None or w.ndim != 2:
            return
        X, joined = _rows(arrays["x"], layout), layout["bias"] == JOINED
        other = "(out, in)" if layout["weight"] == "(in, out)" else "(in, out)"
        for weight in (layout["weight"],) if joined else (layout["weight"], other):
            W = w if weight.endswith("out)") else w.T
            if W.shape != (I + joined, O):
                continue
            convention = {"samples": layout["samples"], "weight": weight}
            ways = _joined(X, W) if joined else _separate(X @ W, arrays.get("b"))
            for y, bias, mistake in ways:
                turned = w.shape == (O, I) == (I, O) and weight == other
                mistake = "weights for their transpose" if turned and not mistake else mistake
                yield Match(_arranged(y, layout), convention | {"bias": bias}, mistake)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What wrong products, a wrong orientation and forgotten sums give."""
        if case.arrays["w"].ndim == 2 and (linear := _Canonical.of(case)):
            if "followed by" in case.convention:
                yield from linear.without_activation()
                return
            yield from linear.of_x()
            yield from linear.of_w()
            yield from linear.of_b()


def _rows(array: Array, layout: Mapping[str, str]) -> Array:
    """Samples as rows, each flat."""
    if layout["samples"] == "rows":
        return array.reshape(len(array), -1)
    return array.reshape(-1, array.shape[-1]).T


def _arranged(rows: Array, layout: Mapping[str, str]) -> Array:
    return rows if layout["samples"] == "rows" else rows.T


def _separate(y: Array, b: Array | None) -> Iterator[tuple[Array, str, str]]:
    if b is None:
        yield y, "none", ""
    elif b.size == y.shape[1]:
        O = b.size
        shape = {(O,): "(out)", (1, O): "(1, out)", (O, 1): "(out, 1)"}.get(b.shape, str(b.shape))
        yield from ((y + b.ravel(), shape, ""), (y, shape, "bias left out"), (y - b.ravel(), shape, "bias subtracted"))


def _joined(X: Array, W: Array) -> Iterator[tuple[Array, str, str]]:
    """The bias as the first or the last row of the weights."""
    yield X @ W[1:] + W[0], "the first row of the weights", ""
    yield X @ W[:-1] + W[-1], "the last row of the weights", ""


@dataclass(frozen=True)
class _Canonical:
    """A case with samples as rows and weights (in, out); the results return to the person's arrangement."""

    case: Case
    X: Array
    Y: Array
    upstream: Array
    W: Array
    transposed: bool
    rest: int | None

    @classmethod
    def of(cls, case: Case) -> "_Canonical | None":
        """None where the upstream does not fit the weights."""
        layout, w = case.convention, case.arrays["w"]
        transposed = not layout["weight"].endswith("out)")
        W = w.T if transposed else w
        rest = {"the first row of the weights": 0, "the last row of the weights": -1}.get(layout.get("bias", ""))
        single = case.dy.ndim == 1 and case.config["N"] == 1
        X, dY = _rows(case.arrays["x"], layout), case.dy.reshape(1, -1) if single else _rows(case.dy, layout)
        if rest is not None:
            X = np.insert(X, 0 if rest == 0 else X.shape[1], 1, axis=1)
        if W.shape != (X.shape[1], dY.shape[1]):
            return None
        return cls(case, X, case.y.reshape(dY.shape) if single else _rows(case.y, layout), dY, W, transposed, rest)

    def _weight(self, mistake: str, dW: Array) -> WrongGradient:
        return WrongGradient(mistake, "w", dW.T if self.transposed else dW)

    def _input(self, mistake: str, dX: Array) -> WrongGradient:
        if self.rest is not None:
            dX = np.delete(dX, self.rest, axis=1)
        values = _arranged(dX, self.case.convention)
        shape = self.case.arrays["x"].shape
        return WrongGradient(mistake, "x", values.reshape(shape) if values.size == np.prod(shape) else values)

    def of_x(self) -> Iterator[WrongGradient]:
        dX, W = self.upstream @ self.W.T, self.W
        if W.shape[0] == W.shape[1]:
            yield self._input("transposed weights missing", self.upstream @ W)
        kept = "dx not reshaped" if self.rest is None else "entry of the bias kept"
        yield WrongGradient(kept, "x", _arranged(dX, self.case.convention))
        given = self.case.gradients.get("x")
        step = self._input("", self.upstream @ (self.X.T @ self.upstream).T).values
        if given is not None and given.shape == step.shape and step.size > 1:
            true = self._input("", dX).values
            rate = ((true - given) * step).sum() / (step * step).sum()
            yield WrongGradient("weights already updated", "x", true - rate * step)

    def without_activation(self) -> Iterator[WrongGradient]:
        """The gradients of the linear part alone, where an activation follows it."""
        left_out = "derivative of the activation left out"
        yield self._input(left_out, self.upstream @ self.W.T)
        yield self._weight(left_out, self.X.T @ self.upstream)
        if "b" in self.case.arrays and self.case.arrays["b"].size == self.upstream.shape[1]:
            yield WrongGradient(left_out, "b", self.upstream.sum(0).reshape(self.case.arrays["b"].shape))

    def of_w(self) -> Iterator[WrongGradient]:
        dW = self.X.T @ self.upstream
        yield self._weight("x and dy swapped", dW.T)
        yield self._weight("output for input", self.Y.T @ self.upstream)
        yield self._weight("averaged over the batch", dW / len(self.X))
        yield self._weight("last sample only", self.X[-1:].T @ self.upstream[-1:])

    def of_b(self) -> Iterator[WrongGradient]:
        if "b" in self.case.arrays:
            yield WrongGradient("sum over samples missing", "b", self.case.dy)
            yield WrongGradient(
                "averaged over the batch", "b", self.upstream.mean(0).reshape(self.case.arrays["b"].shape)
            )
            shape = self.case.arrays["b"].shape
            yield WrongGradient("last sample only", "b", self.upstream[-1].reshape(shape))
            yield WrongGradient("first sample only", "b", self.upstream[0].reshape(shape))
