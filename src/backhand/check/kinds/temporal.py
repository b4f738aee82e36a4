"""Layers and losses over sequences (N, T, D): the linear layer at each step, and softmax with a mask."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described
from backhand.check.kinds.softmax import log_softmax


def _config(name: str, N: int, T: int, D: int, M: int) -> Config:
    return Config(name, {"N": N, "T": T, "D": D, "in": D, "out": M, "classes": D, "K": D})


class TemporalLinear(Kind):
    """The same linear layer at every step of a sequence."""

    name, title, page = "temporal_linear", "Linear layer over sequences", "linear.md"
    names = ("temporal affine", "temporal linear", "time distributed dense", "time distributed", "temporal fc")
    parameters = ("w", "b")
    configurations = (
        _config("3 sequences of 2 steps", 3, 2, 4, 5),
        _config("as many outputs as inputs", 2, 3, 4, 4),
        _config("1 sequence", 1, 3, 2, 4),
    )
    mistakes = described(
        "{y}[n, t] = {x}[n, t] {w} + {b}",
        {"bias left out": ("leaves {b} out", "The bias is added at every step.")},
    ) | described(
        "dx = {dy} {w}ᵀ,  dw = the sum of {x}[n, t]ᵀ {dy}[n, t] and db = the sum of {dy}[n, t] over n and t",
        {
            "transposed weights missing": (
                "is {dy} times {w}, where the transpose belongs",
                "That runs only for as many outputs as inputs, and there it is wrong.",
            ),
            "not summed over the steps": (
                "is not summed over the steps",
                "The same parameters serve all samples and steps, so all of them add up.",
            ),
            "not summed over the samples": (
                "is not summed over the samples",
                "The same parameters serve all samples and steps, so all of them add up.",
            ),
            "averaged": ("is a mean where the sum belongs", "All samples and steps add up."),
            "last step only": ("comes from the last step alone", "Steps add up: += for =."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, T, in), w (in, out) and b (out,)."""
        N, T, I, O = config["N"], config["T"], config["in"], config["out"]
        return {"x": (N, T, I), "w": (I, O), "b": (O,)}.get(role)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The product with the weights plus the bias, and without it."""
        y = arrays["x"] @ arrays["w"]
        yield Match(y + arrays["b"])
        yield Match(y, {}, "bias left out")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Sums that are missing or means, and weights in the wrong orientation."""
        x, w, dy = case.arrays["x"], case.arrays["w"], case.dy
        if dy.shape != (*x.shape[:2], w.shape[1]):
            return
        if w.shape[0] == w.shape[1]:
            yield WrongGradient("transposed weights missing", "x", dy @ w)
        dw = np.einsum("nti,nto->ntio", x, dy)
        for role, each in (("w", dw), ("b", dy)):
            right = each.sum((0, 1))
            yield WrongGradient("not summed over the steps", role, each.sum(0))
            yield WrongGradient("not summed over the samples", role, each.sum(1))
            yield from (WrongGradient("averaged", role, right / count) for count in (*x.shape[:2], dy[..., 0].size))
            yield WrongGradient("last step only", role, each[:, -1].sum(0))


class TemporalSoftmaxLoss(Kind):
    """Softmax cross-entropy at every step of a sequence, where a mask says which steps count."""

    name, title, page = "temporal_softmax_loss", "Softmax cross-entropy over sequences", "softmax_cross_entropy.md"
    names = ("temporal softmax loss", "temporal softmax", "sequence loss", "masked cross entropy")
    inputs, constants = ("x", "labels", "mask"), ("labels", "mask")
    configurations = (
        _config("3 sequences of 4 steps", 3, 4, 5, 5),
        _config("1 sequence", 1, 3, 4, 4),
        _config("as many steps as sequences", 3, 3, 3, 3),
    )
    mistakes = described(
        "loss = −Σ mask · log p at the labels / N",
        {
            "mask left out": ("counts every step, masked or not", "Steps whose mask is 0 add nothing to the loss."),
        },
    ) | described(
        "dx = mask · (softmax({x}) − 1 at the label) / N",
        {
            "mask left out of dx": (
                "is not 0 where the mask is",
                "A step that does not count in the loss has no gradient.",
            ),
            "1/N missing": ("lacks the factor 1/{N} of the loss", "The derivative of a mean carries its factor."),
            "divided by samples and steps": (
                "is divided by {N} · {T}, where the loss divides otherwise",
                "The factor of the gradient is that of the loss.",
            ),
            "1 not subtracted": ("is softmax({x}) itself", "1 at the label is subtracted."),
            "mask subtracted for 1": ("subtracts 1 and masks the rest only", "The mask covers the whole difference."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """Scores are (N, T, K), labels and mask (N, T)."""
        N, T, K = config["N"], config["T"], config["K"]
        return {"x": (N, T, K), "labels": (N, T), "mask": (N, T)}.get(role)

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """Labels are classes, and the mask is true at about half of the steps."""
        shape = self.shape(role, config, layout)
        if shape is None or role == "x":
            return super().draw(role, config, layout, rng)
        count = int(np.prod(shape))
        drawn = rng.permutation(np.arange(count) % (config["K"] if role == "labels" else 2)).reshape(shape)
        return drawn if role == "labels" else drawn.astype(bool)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The sum over the steps that count, divided by the samples, by those steps, or not at all."""
        losses, mask = _losses(arrays), arrays["mask"].astype(float)
        for words, count in _counts(mask).items():
            yield Match(np.asarray((losses * mask).sum() / count), {"divided by": words})
        for words, count in _counts(mask).items():
            yield Match(np.asarray(losses.sum() / count), {"divided by": words}, "mask left out")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """A mask, a label or a factor that is missing."""
        x, mask = case.arrays["x"], case.arrays["mask"].astype(float)[..., None]
        labels = np.eye(x.shape[2])[case.arrays["labels"].astype(int)]
        count = _counts(mask)[self.convention_of(case).get("divided by", "the samples")]
        p, dy = np.exp(log_softmax(x)), case.dy
        yield WrongGradient("mask left out of dx", "x", dy * (p - labels) / count)
        yield WrongGradient("1/N missing", "x", dy * mask * (p - labels))
        yield WrongGradient("divided by samples and steps", "x", dy * mask * (p - labels) / mask.size)
        yield WrongGradient("1 not subtracted", "x", dy * mask * p / count)
        yield WrongGradient("mask subtracted for 1", "x", dy * (mask * p - labels) / count)


def _losses(arrays: Mapping[str, Array]) -> Array:
    labels = arrays["labels"].astype(int)
    return -np.take_along_axis(log_softmax(arrays["x"]), labels[..., None], 2)[..., 0]


def _counts(mask: Array) -> dict[str, float]:
    return {
        "the samples": float(len(mask)),
        "the steps that count": float(max(1, mask.sum())),
        "samples and steps": float(mask.size),
        "nothing": 1.0,
    }
