"""What the checks accept, what they refuse, and how they tell it."""

from dataclasses import dataclass

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.check import Result, check_layer, check_model, check_op, merge
from backhand.check.examination import relative_error
from backhand.layers import BatchNorm, Dropout, Layer, Linear, ReLU
from backhand.model.sequential import Sequential
from backhand.ops import linear, relu
from backhand.training.losses import SoftmaxCrossEntropy, loss
from backhand.training.penalty import L2


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return {f"a{i}": rng.standard_normal(shape) for i, shape in enumerate(shapes)}


def test_a_check_that_compares_nothing_fails():
    """Every point on the kink, no points at all, no results at all."""
    found = check_op(relu.forward, relu.backward, {"x": np.zeros((2, 3))})
    assert not found.passed
    assert found.compared == 0
    assert "all lie at kinks" in found.failures[0]
    assert not check_op(relu.forward, relu.backward, {"x": np.zeros((0, 3))}).passed
    assert not merge("nothing", []).passed


def test_points_at_kinks_are_skipped_and_counted():
    x = np.array([[0.0, 1.0, -1.0], [0.0, 0.5, 2.0]])
    found = check_op(relu.forward, lambda dy, positive: (dy * positive + 5 * (positive == 0) * (x == 0),), {"x": x})
    assert found.passed
    assert (found.compared, found.skipped) == (8, 4)  # two upstream gradients


def test_a_failure_says_where_and_what():
    wrong = lambda dy, cache: (dy @ cache[1].T, 2 * (cache[0].T @ dy), dy.sum(0))  # noqa: E731
    given = dict(zip("xwb", arrays((4, 3), (3, 2), (2,)).values(), strict=True))
    found = check_op(linear.forward, wrong, given)
    assert found.error == pytest.approx(0.5)
    assert all(failure.startswith("the gradient of w at [") for failure in found.failures)
    assert "6 of 6 coordinates are wrong" in found.failures[0]


def test_the_arrays_of_the_caller_stay_as_they_are():
    given = arrays((4, 3))
    before = given["a0"].copy()

    def forward(x):
        x *= 2
        return x, None

    assert "forward changes a0 in place" in check_op(forward, lambda dy, _: (2 * dy,), given).failures
    np.testing.assert_array_equal(given["a0"], before)


def test_float32_input_is_checked_in_float64():
    given = {name: a.astype(np.float32) for name, a in arrays((4, 3), (3, 2), (2,)).items()}
    assert check_op(linear.forward, linear.backward, given, limit=1e-9).passed


@pytest.mark.parametrize(
    ("analytic", "numerical", "expected"),
    [
        ([2.0, 1.0], [1.0, 1.0], [0.5, 0.0]),
        ([1.0, 0.0], [1.0, 1e-12], [0.0, 1e-10]),  # tiny beside the largest: no wolf
        ([0.0, 0.0], [3.0, 1e-9], [1.0, 1e-9 / 0.03]),  # zeros for gradients
        ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0]),
    ],
)
def test_relative_error(analytic, numerical, expected):
    found = relative_error(np.array(analytic), np.array(numerical), np.zeros(2))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_merge_keeps_the_worst_and_adds_the_rest():
    merged = merge("both", [Result("a", 1e-9, 1e-10, 3, 1), Result("b", 1e-7, 2e-7, 4, 0, failures=("b is wrong",))])
    assert merged == Result("both", 1e-7, 2e-7, 7, 1, 2, ("b is wrong",))
    assert not merged.passed


@dataclass(eq=False)
class Accumulates(Linear):
    def backward(self, dy, *, need_dx=True):
        before = {name: gradient.copy() for name, gradient in self.grads.items()}
        dx = super().backward(dy, need_dx=need_dx)
        for name, gradient in self.grads.items():
            gradient += before[name]
        return dx


@dataclass(eq=False)
class OtherGradientsWithoutDx(Linear):
    def backward(self, dy, *, need_dx=True):
        return super().backward(dy if need_dx else 2 * dy, need_dx=need_dx)


@dataclass(eq=False)
class LearnsAtInference(BatchNorm):
    def forward(self, x, *, train=False, rng=None):
        y = super().forward(x, train=train, rng=rng)
        self.state["running_mean"] += 0.1
        return y


@dataclass(eq=False)
class IgnoresTheGenerator(Dropout):
    def options(self, x, train, rng):
        return super().options(x, train, np.random.default_rng())


@dataclass(eq=False)
class DropsAtInferenceInBackward(Dropout):
    def backward(self, dy, *, need_dx=True):
        return dy * (np.random.default_rng(0).random(dy.shape) > 0.5)


@dataclass(eq=False)
class SharesOneBuffer(ReLU):
    """Correct: a layer may hand out the same memory every time."""

    def forward(self, x, *, train=False, rng=None):
        y = super().forward(x, train=train, rng=rng)
        if not hasattr(self, "buffer") or self.buffer.shape != y.shape:
            self.buffer = np.empty_like(y)
        self.buffer[...] = y
        return self.buffer


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (Accumulates(3), "a second backward pass gives other gradients"),
        (OtherGradientsWithoutDx(3), "with need_dx=False the gradient of weight, bias differs"),
        (LearnsAtInference(), "inference: forward changes running_mean in place"),
        (IgnoresTheGenerator(), "training: two forward passes on the same input differ"),
        (DropsAtInferenceInBackward(), "inference: the gradient of x at"),
    ],
)
def test_a_planted_mistake_in_a_layer_fails(layer: Layer, sentence):
    found = check_layer(layer, (4,))
    assert not found.passed
    assert any(sentence in failure for failure in found.failures), found.failures


@pytest.mark.parametrize("layer", [Linear(3), BatchNorm(), Dropout(), SharesOneBuffer()])
def test_a_correct_layer_passes_and_stays_unbuilt(layer):
    assert check_layer(layer, (4,), limit=1e-9).passed
    assert not layer.params


def trained(dtype=np.float32, **options):
    """A network in float32, as training leaves it, and a batch."""
    rng = np.random.default_rng(5)
    model = mlp(4, (8,), **options).build((6,), dtype=dtype)
    model.parameters.values += rng.standard_normal(model.parameters.values.size) * 0.1
    return model, rng.standard_normal((7, 6)).astype(np.float32), rng.integers(0, 4, 7)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "hinge"])
def test_a_model_gives_a_result_per_gradient(name, train):
    model, x, labels = trained(batchnorm=True, dropout=0.3)
    before = {key: value.copy() for key, value in model.arrays().items()}
    results = check_model(model, loss(name), x, labels, penalty=L2(0.01), samples=5, train=train)
    assert [result.name for result in results] == ["scores", "x", *(each.name for each in model.parameters)]
    assert all(result.passed and 0 < result.compared <= 5 for result in results), results
    for key, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[key])


class WrongPenalty(L2):
    """λ w where the form wants 2 λ w."""

    def backward(self, model):
        L2(self.strength, "half").backward(model)


def test_a_wrong_penalty_fails_in_the_weights_alone():
    model, x, labels = trained()
    results = check_model(model, loss("softmax_cross_entropy"), x, labels, penalty=WrongPenalty(0.01, "whole"))
    assert [result.name for result in results if not result.passed] == ["1.weight", "3.weight"]


def test_a_wrong_loss_fails_in_the_scores_alone():
    model, x, labels = trained()
    wrong = loss("softmax_cross_entropy")
    right = wrong.backward
    wrong.__class__ = type("Wrong", (type(wrong),), {"backward": lambda self: right.__func__(self) * 2})
    results = check_model(model, wrong, x, labels)
    assert [result.name for result in results if not result.passed] == ["scores"]


def test_the_loss_of_a_confident_model_is_checked_where_it_still_bends(rng) -> None:
    seen = []

    class Watched(SoftmaxCrossEntropy):
        def forward(self, scores, labels):
            seen.append(np.abs(scores).max())
            return super().forward(scores, labels)

    model = Sequential(Linear(6), ReLU(), Linear(4)).build((3,), seed=0)
    model.parameters.values *= 30
    x = rng.standard_normal((5, 3))
    assert np.abs(model.forward(x)).max() > 100
    found = check_model(model, Watched(), x, np.array([0, 1, 2, 3, 0]))
    assert all(result.passed for result in found), [result.failures for result in found]
    assert 2.9 < max(seen) < 3.1


def test_some_of_many_arrays_are_drawn(rng) -> None:
    model = Sequential(*(Linear(3) for _ in range(6))).build((3,), seed=0)
    x, labels = rng.standard_normal((4, 3)), np.array([0, 1, 2, 0])
    found = check_model(model, loss("softmax_cross_entropy"), x, labels, samples=2, arrays=5)
    assert len(found) == 2 + 5  # the scores and the input come besides
    assert max(result.compared for result in found[1:]) <= 2
