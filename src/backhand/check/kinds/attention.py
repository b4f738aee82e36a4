"""Dot-product attention, scaled or not, with queries, keys and values as its inputs."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described
from backhand.check.kinds.softmax import softmax

VALUE = "{y} = softmax(q kᵀ / √{D}) v, softmax along the keys"
GRADIENT = "dv = pᵀ {dy},  dp = {dy} vᵀ,  ds = p · (dp − Σ dp · p) / √{D},  dq = ds k,  dk = dsᵀ q"


def _config(name: str, N: int, T: int, S: int, D: int, V: int) -> Config:
    return Config(name, {"N": N, "T": T, "S": S, "D": D, "V": V, "in": D})


class Attention(Kind):
    """Values averaged with weights that queries and keys give; the inputs have the roles q, k and v."""

    name, title = "attention", "Dot-product attention"
    names = (
        "attention",
        "scaled dot product attention",
        "dot product attention",
        "self attention",
        "single head attention",
    )
    inputs = ("q", "k", "v")
    arrangements = ({"batch": "first axis"}, {"batch": "none"})
    configurations = (
        _config("2 samples, 3 queries, 4 keys", 2, 3, 4, 5, 2),
        _config("as many keys as queries", 1, 3, 3, 2, 4),
        _config("all lengths equal", 2, 3, 3, 3, 3),
    )
    mistakes = described(
        VALUE,
        {
            "divided by the length": ("divides the scores by {D}", "They are divided by its root."),
            "softmax along the queries": (
                "takes softmax along the queries",
                "The weights of each query add up to 1: the sum goes along the keys, the last axis of the scores.",
            ),
        },
    ) | described(
        GRADIENT,
        {
            "scale left out": ("lacks the factor 1/√{D}", "The scores carry it, and so does their gradient."),
            "scale applied twice": ("has the factor 1/√{D} twice", "The scores carry it once."),
            "softmax not differentiated": (
                "passes softmax without its derivative",
                "The gradient of the scores is p · (dp − Σ dp · p), the sum along the keys.",
            ),
            "diagonal of softmax only": (
                "takes p (1 − p) for the derivative of softmax",
                "The weights of a query share their sum, so each score changes all of them.",
            ),
            "queries and keys swapped": (
                "is formed from the other's array",
                "dq gathers keys, and dk gathers queries.",
            ),
            "weights not transposed": (
                "is the weights times {dy}, where their transpose belongs",
                "A value gathers the upstream of every query that has looked at it.",
            ),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """Queries (N, T, D), keys (N, S, D) and values (N, S, V), with or without N."""
        N, T, S, D, V = (config[size] for size in "NTSDV")
        shape = {"q": (N, T, D), "k": (N, S, D), "v": (N, S, V)}.get(role)
        return shape if shape is None or layout["batch"] == "first axis" else shape[1:]

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Attention, then with scores that are scaled or normalised otherwise."""
        q, k, v = (arrays[role] for role in self.inputs)
        scores, D = q @ k.swapaxes(-1, -2), q.shape[-1]
        yield Match(softmax(scores / np.sqrt(D)) @ v, {"scores": "divided by √D"})
        yield Match(softmax(scores) @ v, {"scores": "not scaled"})
        yield Match(softmax(scores / D) @ v, {}, "divided by the length")
        yield Match(softmax(scores / np.sqrt(D), -2) @ v, {}, "softmax along the queries")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """A scale or a derivative that is missing, and products with the wrong array."""
        q, k, v = (case.arrays[role] for role in self.inputs)
        if case.dy.shape != case.y.shape:
            return
        is_scaled = self.convention_of(case).get("scores") != "not scaled"
        root = np.sqrt(q.shape[-1]) if is_scaled else 1.0
        p, dp = softmax(q @ k.swapaxes(-1, -2) / root), case.dy @ v.swapaxes(-1, -2)
        right = p * (dp - (dp * p).sum(-1, keepdims=True))
        slips = {
            "softmax not differentiated": dp / root,
            "diagonal of softmax only": p * (1 - p) * dp / root,
        }
        slips |= {"scale left out": right, "scale applied twice": right / root**2} if is_scaled else {}
        for mistake, ds in slips.items():
            yield WrongGradient(mistake, "q", ds @ k)
            yield WrongGradient(mistake, "k", ds.swapaxes(-1, -2) @ q)
        if q.shape == k.shape:
            yield WrongGradient("queries and keys swapped", "q", right @ q / root)
            yield WrongGradient("queries and keys swapped", "k", right.swapaxes(-1, -2) @ k / root)
            yield WrongGradient("weights not transposed", "v", p @ case.dy)
            yield WrongGradient("weights not transposed", "q", right.swapaxes(-1, -2) @ k / root)
