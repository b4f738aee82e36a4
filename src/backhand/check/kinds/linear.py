"""The linear layer, y = x W + b, in every arrangement that people choose."""

from collections.abc import Iterator, Mapping
from itertools import product

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described
from backhand.check.kinds.linear_slips import Canonical, arranged, rows_of

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
        X, joined = rows_of(arrays["x"], layout), layout["bias"] == JOINED
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
                yield Match(arranged(y, layout), convention | {"bias": bias}, mistake)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What wrong products, a wrong orientation and forgotten sums give."""
        if case.arrays["w"].ndim == 2 and (linear := Canonical.of(case)):
            if "followed by" in case.convention:
                yield from linear.without_activation()
                return
            yield from linear.of_x()
            yield from linear.of_w()
            yield from linear.of_b()


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
