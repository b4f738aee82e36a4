"""The words in a name: `dLdW`, `grad_W_current` and `conv_forward_naive` taken apart, and what they have in common."""

import re

_PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_OF_GRADIENTS = frozenset(
    [
        "d",
        "dl",
        "dj",
        "dld",
        "grad",
        "grads",
        "gradient",
        "gradients",
        "wrt",
        "cur",
        "current",
        "nabla",
        "delta",
        "deltas",
        "diff",
        "g",
        "loss",
        "of",
        "self",
        "acc",
        "value",
        "values",
        "data",
        "param",
        "params",
        "parameters",
        "parameter",
        "cache",
        "the",
        "new",
        "out",
        "output",
    ]
)


def words(name: str) -> list[str]:
    """The words of a name in lower case: `maxPool_forward2` gives max, pool, forward, 2."""
    return [piece.lower() for piece in _PIECES.findall(name)]


def stems(name: str) -> set[str]:
    """What a name is about, once the words of gradients are taken off: `_grad_W_current` and `dW` both give `w`.

    Several readings are given where a leading d may belong to the word: `db` gives `b` and `db`.
    """
    kept = [word for word in words(name) if word not in _OF_GRADIENTS]
    joined = "".join(kept)
    bare = "".join(words(name))
    readings = {joined} if joined else {bare}
    for prefix in ("grad", "dl", "dj", "d"):
        for text in (joined, bare):
            if text.startswith(prefix) and len(text) > len(prefix):
                readings.add(text[len(prefix) :].removeprefix("d") if prefix != "d" else text[1:])
    return {reading for reading in readings if reading}


def are_alike(gradient: str, parameter: str) -> bool:
    """Whether a gradient bears the name of a parameter, such as `dLdW` of `W`, or `grads.weight` of `params.weight`.

    A short name stands for the long one: `dw` is alike to `weight`, `db` to `biases`.
    """
    own = "".join(word for word in words(parameter) if word not in _OF_GRADIENTS) or "".join(words(parameter))
    candidates = stems(gradient)
    return own in candidates or bool({_SHORT.get(own, own)} & {_SHORT.get(stem, stem) for stem in candidates})


_SHORT = {"weight": "w", "weights": "w", "bias": "b", "biases": "b", "kernel": "w", "kernels": "w", "filters": "w"}
