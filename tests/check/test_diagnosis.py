"""The check names the mistake: the right cause for each, over several draws, and none where it does not know."""

from dataclasses import dataclass

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.check import check_layer, check_model, check_op, diagnosis, examination
from backhand.check.evidence import MAX_MEASURED, Subject
from backhand.check.gradients import TRIALS
from backhand.layers import Dropout, Linear
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.penalty import L2
from tests.check import image_mistakes, mistakes
from tests.check.mistakes import reference
from tests.check.more_mistakes import OTHERS

SEEDS = range(3)
CASES = mistakes.CASES | image_mistakes.CASES
MISTAKES = mistakes.MISTAKES | image_mistakes.MISTAKES
LOSSES = ("softmax_cross_entropy", "logistic", "hinge", "binary_hinge", "l2")

NAMED = {
    "linear: w for its transpose": "would be right if w were transposed",
    "linear: x and dy swapped": "is right once transposed",
    "linear: db not summed": "is right once summed over axis 0, the batch",
    "linear: db kept as (1, O)": "has the right values in another shape",
    "linear: db averaged": "divided by 3, the batch size",
    "linear: db summed over the wrong axis": "is dy summed over axis 1, where axis 0 would be right",
    "linear: dw over N": "divided by 3, the batch size",
    "linear: dx forgotten": "is 0 everywhere",
    "linear: upstream ignored": "the upstream is ignored",
    "relu: mask on dy": "is a mask taken from dy?",
    "relu: derivative left out": "is dy itself",
    "leaky_relu: slope forgotten": "would be right with slope = 0",
    "sigmoid: derivative at y": "is the derivative taken at the output?",
    "softmax: zero": "is 0 everywhere",
    "softmax: diagonal only": "the Jacobian is more than its diagonal",
    "flatten: another memory order": "has the right values at other positions",
    "batchnorm: dx zero": "is 0 everywhere",
    "batchnorm: dx times 7": "is the true gradient times 7",
    "batchnorm: mean term missing": "off by a constant over axis 0: is the term of the mean missing",
    "batchnorm: variance term missing": "off by a multiple of x - mean over axis 0: is the term of the variance",
    "batchnorm: M - 1 for M": "off by a constant and a multiple of x over axis 0",
    "batchnorm at inference: divides by the variance": "times a constant for each index of axis 1",
    "batchnorm at inference: terms of training": "off by a constant and a multiple of x over axis 0",
    "batchnorm far from 0: variance term missing": "is the term of the variance missing",
    "dropout: backward divides by p": "divided by 0.25, p / (1 - p)",
    "dropout: backward does not scale": "times 0.8, 1 - p",
    "dropout at inference: not scaled": "is dy itself",
    "softmax_cross_entropy: 1/N missing": "times 5, the batch size: a sum where a mean belongs?",
    "softmax_cross_entropy: 1/N twice": "divided by 5, the batch size: a mean where a sum belongs?",
    "softmax_cross_entropy: y - p": "with the opposite sign",
    "softmax_cross_entropy: labels off by one": "would be right for labels +1",
    "softmax_cross_entropy: smoothing forgotten": "would be right with smoothing = 0",
    "softmax_cross_entropy: upstream ignored": "the upstream is ignored",
    "softmax_cross_entropy at 1e4: twice": "is the true gradient times 2",
    "softmax_cross_entropy weighted: weights forgotten": "divided by weights: is weights left out?",
    "softmax_cross_entropy weighted: over their sum": ", the mean of weights",
    "logistic: sum for mean": "times 5, the batch size: a sum where a mean belongs?",
    "hinge: count not subtracted": "wrong only in the column that labels gives",
    "hinge: 1 subtracted for the count": "wrong only in the column that labels gives",
    "binary_hinge: labels 0 and 1 for -1 and 1": "it is 0 there",
    "l2: factor 2 missing": "divided by 2",
    "l2: strength forgotten": "divided by 0.1, strength",
    "conv2d: kernel not flipped": "would be right if w were flipped along axes 0 and 1",
    "conv2d: kernel flipped along one axis": "would be right if w were flipped along axis 1",
    "conv2d: channels of the kernel not exchanged": "would be right if w were turned, with axes 2 and 3 exchanged",
    "conv2d 1 x 1: channels of the kernel not exchanged": "would be right if w were turned",
    "conv2d: windows overwrite": "wrong only where x affects more values of y than elsewhere",
    "conv2d: dw flipped": "is right once flipped along axes 0 and 1",
    "conv2d: dw of channels first, reshaped": "is the memory order another one?",
    "conv2d: db summed over the batch only": "is right once summed over axes 0 and 1",
    "conv2d: db averaged": "divided by 18, the values of dy for each of b",
    "conv2d: dw over N": "divided by 2, the batch size",
    "conv2d padded: padding not cropped": "from index [0, 1, 1, 0] on: is it not cropped?",
    "conv2d padded: cropped one too early": "is right once moved by [0, -1, -1, 0]",
    "conv2d padded: cropped one too late": "is right once moved by [0, 1, 1, 0]",
    "conv2d dilated: kernel not dilated": "would be right with dilation = 1",
    "max_pool2d: rows for columns": "has the right values at other positions",
    "max_pool2d: to the whole window": "it should be 0 there",
    "max_pool2d overlapping: winners overwrite": "wrong only where x affects more values of y than elsewhere",
    "avg_pool2d: 1/k forgotten": "is the true gradient times 6",
    "avg_pool2d padded: padding counted": "would be right with count_padding = True",
    "global_avg_pool2d: 1/(H W) forgotten": "times 20, the lengths of axes 1 and 2 of x",
    "global_avg_pool2d: divided by the rows alone": "times 5, the length of axis 2 of x",
    "global_max_pool2d: columns before rows": "has the right values at other positions",
    "global_max_pool2d: to every pixel": "is the true gradient summed over axes 1 and 2",
    "layer_norm: mean term missing": "off by a constant over axis 1: is the term of the mean missing",
    "layer_norm: variance term missing": "off by a multiple of x - mean over axis 1: is the term of the variance",
    "group_norm: dx over the channels of a group": "divided by 2",
    "add: one branch forgotten": "is 0 everywhere",
    "add: shared out": "divided by 2",
    "concatenate: branches swapped": "are the two swapped?",
    "concatenate: all of dy to each": "is it not cropped?",
}

# Wrong, but by nothing that the hypotheses know: then the check claims nothing.
NAMELESS = [
    "linear: one element off by 1e-6",
    "linear: gradients in float32",
    "relu: a gradient that is not a number",
    "sigmoid: y for 1 - y",
    "tanh: square forgotten",
    "batchnorm: eps outside the root",
    "softmax_cross_entropy of distributions: the likeliest class alone",
    "logistic: times p (1 - p)",
    "layer_norm: gamma out of the means",
    "group_norm: every second channel",
    "conv2d with stride: no zeros between dy",
    "conv2d in groups: every second channel",
]


@pytest.fixture
def claims(monkeypatch):
    """All that the check has said of causes, '' where it found none."""
    said = []

    def spy(*arguments):
        said.append(diagnosis.diagnose(*arguments))
        return said[-1]

    monkeypatch.setattr(examination, "diagnose", spy)
    return said


def check(name, seed):
    mistake = MISTAKES[name]
    return check_op(*mistake.passes(), *CASES[mistake.case].draw(np.random.default_rng(seed)), seed=seed)


@pytest.mark.parametrize("name", NAMED)
def test_the_mistake_is_named(name, claims):
    for seed in SEEDS:
        claims.clear()
        failures = check(name, seed).failures
        assert any(claims)
        assert all(NAMED[name] in claim for claim in claims if claim)
        assert all(any(failure.endswith(claim) for failure in failures) for claim in claims)


@pytest.mark.parametrize("name", NAMELESS)
def test_nothing_is_claimed_of_other_mistakes(name, claims):
    for seed in SEEDS:
        assert not check(name, seed).passed
    assert claims
    assert not any(claims)


@pytest.mark.parametrize("case", CASES)
def test_a_random_gradient_gets_no_name(case, claims):
    twin = reference(case.split()[0])
    for seed in SEEDS:
        rng = np.random.default_rng([seed, 7])
        arrays, options = CASES[case].draw(rng)
        noise = [rng.standard_normal(array.shape) for array in arrays.values()]
        wrong = lambda dy, cache, noise=noise: tuple(dy.sum() * gradient for gradient in noise)  # noqa: E731
        if case.startswith(LOSSES):  # dy is a number there
            wrong = lambda dy, cache, noise=noise: tuple(dy * gradient for gradient in noise)  # noqa: E731
        assert not check_op(twin.forward, wrong, arrays, options, seed=seed).passed
    assert claims
    assert not any(claims)


def test_a_check_that_passes_asks_for_no_diagnosis(claims):
    assert all(
        check_op(reference(c).forward, reference(c).backward, *CASES[c].draw(np.random.default_rng(0))).passed
        for c in ["linear", "batchnorm"]
    )
    assert check_layer(Linear(3), (4,)).passed
    assert claims == []


@pytest.mark.parametrize("name", OTHERS)
def test_more_mistakes_are_named(name, claims):
    forward, backward, shapes, options, words = OTHERS[name]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        arrays = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
        assert not check_op(forward, backward, arrays, options, seed=seed).passed
    assert any(claims)
    assert all(words in claim for claim in claims), claims


@dataclass(eq=False)
class Unscaled(Dropout):
    def backward(self, dy, *, need_dx=True):
        return super().backward(dy) * (1 - self.p if self._cache.min() == 0 else 1)


def test_the_settings_of_a_layer_count(claims):
    assert not check_layer(Unscaled(0.3), (9,)).passed
    assert claims == ["; it is the true gradient times 0.7, 1 - p"]


class HalfOfIt(L2):
    """λ w where the form wants 2 λ w."""

    def backward(self, model):
        L2(self.strength, "half").backward(model)


class OtherWayUp(SoftmaxCrossEntropy):
    def backward(self):
        return -super().backward()


def test_mistakes_in_a_model_are_named(claims):
    rng = np.random.default_rng(0)
    model, x, labels = mlp(4, (8,)).build((6,)), rng.standard_normal((5, 6)), rng.integers(0, 4, 5)
    labels.flags.writeable = False  # the caller's, and only to be read
    check_model(model, OtherWayUp(), x, labels, penalty=HalfOfIt(0.01, "whole"), samples=10)
    sign, *penalty = claims
    assert sign == "; it is the true gradient with the opposite sign"
    assert penalty == ["; it lacks 0.01 times 1.weight", "; it lacks 0.01 times 3.weight"]


def test_of_a_large_array_a_part_is_measured(claims):
    rng = np.random.default_rng(0)
    arrays = {"x": rng.standard_normal((30, 50)), "w": rng.standard_normal((50, 50)), "b": rng.standard_normal(50)}
    assert arrays["x"].size > MAX_MEASURED
    wrong = lambda dy, c: (dy @ c[1], dy.T @ c[0], dy.mean(0))  # noqa: E731
    assert not check_op(reference("linear").forward, wrong, arrays).passed
    assert claims[:3] == [
        "; it would be right if w were transposed",
        "; it is right once transposed",
        "; it is the true gradient divided by 30, the batch size: a mean where a sum belongs?",
    ]


def test_an_op_may_refuse_the_arguments_that_are_tried(claims):
    def forward(x, power, mode, table):
        if power != 3 or x.shape != (4, 5):
            raise ValueError("not that")
        return x**power + {"plus": 1}[mode] + table["offset"], x

    arrays, options = {"x": np.linspace(1, 2, 20).reshape(4, 5)}, {"power": 3, "mode": "plus", "table": {"offset": 2}}
    assert not check_op(forward, lambda dy, x: (np.sin(x) * dy,), arrays, options).passed
    assert claims == ["", ""]
    assert options == {"power": 3, "mode": "plus", "table": {"offset": 2}}


def test_what_is_tried_is_put_back():
    rng = np.random.default_rng(0)
    arrays, labels, settings = {"z": rng.standard_normal((5, 4))}, rng.integers(0, 4, 5), {"smoothing": 0.1}
    softmax_loss, before = reference("softmax_cross_entropy"), (arrays["z"].copy(), labels.copy())

    def forward():
        return np.asarray(softmax_loss.forward(arrays["z"], labels, **settings)[0])

    subject = Subject(arrays, forward, lambda dy: [dy * np.sin(before[0])], {"labels": labels}, settings)
    assert diagnosis.diagnose(subject, "z", np.sin(before[0]), np.asarray(1.0), 1e-7) == ""
    np.testing.assert_array_equal(arrays["z"], before[0])
    np.testing.assert_array_equal(labels, before[1])
    assert settings == {"smoothing": 0.1}


def test_dy_is_no_likeness_of_arrays_from_the_same_seed():
    """Where dy has the signs of x, a mask on dy looks right."""
    assert len(check("relu: mask on dy", 0).failures) == TRIALS
