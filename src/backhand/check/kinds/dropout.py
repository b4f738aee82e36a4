"""Dropout: its mask is random, so it is inferred from the result rather than predicted."""

from collections.abc import Iterator, Mapping, Sequence
from math import erf, isclose, sqrt

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described

DROPPED, KEPT = "the share dropped", "the share kept"
INVERTED, PLAIN = "inverted", "not inverted"
STANDARD_ERRORS = 4.0  # how far the share of values kept may be from what is expected of it

TRAINING = "{y} = {x} · mask / (1 − p), with mask = (uniform draws > p), for p the share dropped"
TESTING = "in test mode {y} = {x}, if training divides by the share kept; {x} · (share kept), if it does not"
MISTAKES = (
    described(
        TRAINING,
        {
            "inactive in train mode": ("leaves {x} as it is in train mode", "A random mask belongs there."),
            "divided by the other share": (
                "divides by the share that is dropped",
                "What is left must have the same expectation, so it is divided by the share kept. Only at p = 0.5 are "
                "the two the same.",
            ),
            "multiplied by the share kept": (
                "multiplies by the share kept in train mode",
                "There the values that are left must grow: divide by the share kept, or leave them as they are and "
                "multiply in test mode.",
            ),
            "normal draws": (
                "draws its mask from a normal distribution, so that the share dropped is not what p says",
                "A uniform number in [0, 1) is below p with probability p; a normal one is not. Use rand, not randn.",
            ),
            "one mask for the whole batch": (
                "drops the same features of every sample",
                "Each sample has a mask of its own: draw it in the shape of {x}.",
            ),
        },
    )
    | described(
        TESTING,
        {
            "active in test mode": ("still drops values in test mode", "A test must be the same each time."),
            "no scaling": (
                "is scaled neither in train mode nor in test mode",
                "With a share of values dropped, sums are smaller in training than in the test. Divide by the share "
                "kept in training, or multiply by it in the test.",
            ),
            "scaled twice": (
                "is scaled in train mode and again in test mode",
                "Either training divides by the share kept, or the test multiplies by it.",
            ),
            "test pass scaled by the share dropped": (
                "is multiplied by the share dropped in test mode",
                "In training each value survives with the probability of the share kept, so the test multiplies by "
                "that.",
            ),
        },
    )
    | described(
        "dx = {dy} · mask, with the mask and the scale of the forward pass; in test mode {dy} times the same factor",
        {
            "mask left out": (
                "is {dy} itself: the mask is left out",
                "What was dropped did not affect the result, and what was kept affects it by its scale.",
            ),
            "mask not scaled": (
                "has the mask and not its scale",
                "Forward divides what it keeps by the share kept, so its derivative there is that factor, not 1.",
            ),
            "scale without mask": ("has the scale and not the mask", "What was dropped gets no gradient."),
            "mask scaled twice": ("is scaled twice", "If the mask carries the scale already, multiply by it once."),
            "scaled in backward only": (
                "is scaled, where forward is not",
                "The derivative is the factor that forward used: here 0 or 1.",
            ),
            "mask inverted": ("passes where values were dropped", "The upstream passes where values were kept."),
            "mask again in test mode": (
                "is masked in test mode",
                "In test mode forward drops nothing, so backward has no mask either.",
            ),
            "test scale left out": (
                "lacks the factor of the test pass",
                "In test mode forward multiplies by the share kept, and so does backward.",
            ),
        },
    )
)


def _config(p: float, shape: Shape, *, train: bool = True, share: bool = False) -> Config:
    mode = "train" if train else "test"
    facts = {"p": p, "train": train, "test": not train, "mode": mode, "share_across_batch": share}
    name = f"p = {p:g}, {mode} mode" + (", one mask shared by the batch" if share else "")
    return Config(name, {**facts, "N": shape[0], "in": shape[1], "out": shape[1], "shape": shape}, not share)


class Dropout(Kind):
    """A random share of the values set to 0 in training."""

    name, title, page = "dropout", "Dropout", "dropout.md"
    names = ("dropout", "drop out", "dropout layer")
    mistakes = MISTAKES
    configurations = (
        _config(0.3, (30, 20)),
        _config(0.3, (4, 5), train=False),
        _config(0.5, (6, 8)),
        _config(0.2, (6, 8)),
        _config(0.8, (6, 8)),
        _config(0.8, (4, 5), train=False),
        _config(0.2, (6, 8), share=True),
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, D), and nothing else is an array."""
        return config["shape"] if role == "x" else None

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The right test passes; for train mode, results that fixed draws would give, as examples."""
        x, p = arrays["x"], config["p"]
        if not config["train"]:
            yield from (Match(x * factor, {"test pass": words}) for factor, words in _test_factors(p))
            return
        draws = np.random.default_rng(8).random(x.shape)
        for keep, words in ((1 - p, DROPPED), (p, KEPT)):
            yield Match(x * (draws < keep) / keep, {"p": words, "scale": INVERTED})
            yield Match(x * (draws < keep), {"p": words, "scale": PLAIN})

    def recognise(
        self, y: Array, arrays: Mapping[str, Array], config: Config, layout: Layout, limit: float = 1e-9
    ) -> Iterator[Match]:
        """The way that gives y, by the mask that y over x shows."""
        x, p = arrays["x"], config["p"]
        if y.shape != x.shape or (kept := y != 0).mean() == 0:
            return
        scales = y[kept] / x[kept]
        scale = float(scales[0])
        if np.abs(scales - scale).max() > limit * 10 * abs(scale):
            return
        if config["train"]:
            yield from _training_ways(y, kept, scale, p, bool(config.get("share_across_batch")))
        elif not kept.all():
            yield Match(y, {}, "active in test mode")
        else:
            yield from (Match(y, {"test pass": words}) for factor, words in _test_factors(p) if isclose(factor, scale))

    def joint_mistakes(self, found: Sequence[tuple[Config, Match]]) -> Iterator[str]:
        """Whether train and test mode are scaled together, once."""
        trained = [match.convention for config, match in found if config["train"] and config["p"] != 0.5]
        told = {key: value for convention in trained for key, value in convention.items()}
        tests = {match.convention["test pass"] for _, match in found if "test pass" in match.convention}
        if not {"p", "scale"} <= set(told) or len(tests) != 1 or any(match.mistake for _, match in found):
            return
        test, share_kept = tests.pop(), "times p" if told["p"] == KEPT else "times 1 - p"
        if told["scale"] == INVERTED and test != "unchanged":
            yield "scaled twice"
        if told["scale"] == PLAIN and test == "unchanged":
            yield "no scaling"
        if told["scale"] == PLAIN and test not in ("unchanged", share_kept):
            yield "test pass scaled by the share dropped"

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What a mask that is missing, not scaled or in the wrong mode gives."""
        x, y, dy = case.arrays["x"], case.y, case.dy
        if not x.shape == y.shape == dy.shape:
            return
        mask = y / np.where(x == 0, 1, x)
        if not case.config["train"]:
            if not np.allclose(mask, 1):
                yield WrongGradient("test scale left out" if y.all() else "active in test mode", "x", dy)
            if "x" in case.gradients and _is_masked(case.gradients["x"], dy):
                yield WrongGradient("mask again in test mode", "x", case.gradients["x"])
            return
        kept, scale, p = (y != 0) * 1.0, np.abs(mask).max(), case.config["p"]
        share = p if case.convention.get("p") == KEPT else 1 - p
        yield WrongGradient("mask left out", "x", dy)
        yield WrongGradient("mask inverted", "x", dy * (1 - kept))
        if abs(scale - 1) > 1e-9:
            yield WrongGradient("mask not scaled", "x", dy * kept)
            yield WrongGradient("scale without mask", "x", dy * scale)
            yield WrongGradient("mask scaled twice", "x", dy * mask * scale)
            yield WrongGradient("mask inverted", "x", dy * (1 - kept) * scale)
        else:
            yield WrongGradient("scaled in backward only", "x", dy * mask / share)


def _test_factors(p: float) -> tuple[tuple[float, str], ...]:
    return ((1.0, "unchanged"), (1 - p, "times 1 - p"), (p, "times p"))


def _training_ways(y: Array, kept: Array, scale: float, p: float, share: bool) -> Iterator[Match]:
    """The meanings of p that the share of values kept and their scale allow, those without a mistake first."""
    if kept.all():
        yield Match(y, {}, "inactive in train mode")
        return
    shared = len(kept) > 1 and bool((kept == kept[:1]).all())
    effective = kept[0].size if shared else kept.size
    normal = 0.5 * (1 + erf(p / sqrt(2)))
    expected = [(1 - p, DROPPED, 1 - p, ""), (p, KEPT, p, "")]
    expected += [(1 - normal, DROPPED, 1 - p, "normal draws"), (normal, KEPT, p, "normal draws")]
    ways = []
    for likely, words, keep, draws in expected:
        error = abs(kept.mean() - likely) / sqrt(likely * (1 - likely) / effective)
        if error < STANDARD_ERRORS and (scaled := _scaling(scale, keep)) is not None:
            mistake = draws or scaled[1] or ("one mask for the whole batch" if shared and not share else "")
            odd = bool(draws) + bool(scaled[1])
            told = {} if p == 0.5 else {"p": words}  # where both shares are the same, nothing tells which is meant
            ways.append((odd, error, Match(y, {**told, "scale": scaled[0]}, mistake)))
    yield from (match for _, _, match in sorted(ways, key=lambda way: way[:2]))


def _scaling(scale: float, keep: float) -> tuple[str, str] | None:
    """How a scale is called where a share is kept, and its mistake; None where nothing explains it."""
    known = (
        (1 / keep, (INVERTED, "")),
        (1.0, (PLAIN, "")),
        (1 / (1 - keep), (INVERTED, "divided by the other share")),
        (keep, (PLAIN, "multiplied by the share kept")),
    )
    return next((words for value, words in known if isclose(scale, value, rel_tol=1e-6)), None)


def _is_masked(gradient: Array, dy: Array) -> bool:
    """Whether a gradient is the upstream with one scale, or 0."""
    if gradient.shape != dy.shape or not (gradient == 0).any() or not gradient.any():
        return False
    ratio = (gradient / dy)[gradient != 0]
    return bool(np.abs(ratio - ratio[0]).max() < 1e-9 * abs(ratio[0]))
