"""The losses as objects: outputs, predictions, probabilities; the L2 penalty on a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from backhand.layers import BatchNorm, Linear
from backhand.model.sequential import Sequential
from backhand.training import losses
from backhand.training.losses import CLASSIFICATION, LOSSES, REGRESSION, SoftmaxCrossEntropy, class_weights
from backhand.training.penalty import L2

MULTI, BINARY = ["softmax_cross_entropy", "hinge"], ["logistic", "binary_hinge"]


def test_every_loss_is_multi_class_or_binary_or_of_regression() -> None:
    assert sorted(CLASSIFICATION) == sorted(MULTI + BINARY)
    assert sorted(LOSSES) == sorted([*CLASSIFICATION, *REGRESSION])


@pytest.mark.parametrize("name", MULTI)
def test_a_multi_class_loss_takes_one_score_a_class(name: str, rng: np.random.Generator) -> None:
    loss = losses.loss(name)
    assert [loss.outputs(classes) for classes in (2, 3, 10)] == [2, 3, 10]
    scores = rng.standard_normal((50, 4))
    p = loss.predict_proba(scores)
    assert p.shape == (50, 4)
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_allclose(np.log(p) - np.log(p[:, :1]), scores - scores[:, :1])
    np.testing.assert_array_equal(loss.predict(scores), p.argmax(1))
    assert loss.predict(scores).dtype == np.int64


@pytest.mark.parametrize("name", BINARY)
def test_a_binary_loss_takes_one_score_for_two_classes(name: str, rng: np.random.Generator) -> None:
    loss = losses.loss(name)
    assert loss.outputs(2) == 1
    with pytest.raises(ValueError, match=f"the loss {name} needs data with 2 classes, not 3"):
        loss.outputs(3)
    scores = rng.standard_normal((50, 1))
    p = loss.predict_proba(scores)
    assert p.shape == (50, 2)
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-scores[:, 0])))
    np.testing.assert_array_equal(loss.predict(scores), (p[:, 1] > 0.5).astype(int))
    assert loss.predict(scores).shape == (50,)
    assert loss.predict(scores).dtype == np.int64


def test_a_score_on_the_boundary_is_class_0() -> None:
    assert losses.loss("logistic").predict(np.zeros((1, 1))).tolist() == [0]
    assert losses.loss("hinge").predict(np.zeros((1, 3))).tolist() == [0]


@pytest.mark.parametrize("name", MULTI + BINARY)
def test_the_gradient_is_that_of_the_loss(name: str, rng: np.random.Generator) -> None:
    loss = losses.loss(name)
    scores, labels = 2 * rng.standard_normal((6, loss.outputs(2))), np.array([0, 1, 1, 0, 1, 0])
    value = loss.forward(scores, labels)
    assert isinstance(value, float)
    ds = loss.backward()
    assert ds.shape == scores.shape
    step = 1e-6 * rng.standard_normal(scores.shape)
    change = (loss.forward(scores + step, labels) - loss.forward(scores - step, labels)) / 2
    assert change == pytest.approx((ds * step).sum(), rel=1e-6)


def test_values_by_hand() -> None:
    labels = np.array([1, 0])
    scores = np.array([[0.0, 0.0], [2.0, 0.0]])
    assert losses.loss("softmax_cross_entropy").forward(scores, labels) == pytest.approx(
        (np.log(2) + np.log1p(np.exp(-2))) / 2
    )
    assert losses.loss("hinge").forward(scores, labels) == pytest.approx((1 + 0) / 2)
    single = np.array([[0.5], [0.5]])
    assert losses.loss("binary_hinge").forward(single, labels) == pytest.approx((0.5 + 1.5) / 2)
    assert losses.loss("logistic").forward(single, labels) == pytest.approx(
        (np.log1p(np.exp(-0.5)) + np.log1p(np.exp(0.5))) / 2
    )


def test_smoothing_shares_out_the_target() -> None:
    scores, labels = np.log([[0.7, 0.2, 0.1]]), np.array([0])
    smoothed = losses.loss("softmax_cross_entropy", smoothing=0.3).forward(scores, labels)
    assert smoothed == pytest.approx(-(0.8 * np.log(0.7) + 0.1 * np.log(0.2) + 0.1 * np.log(0.1)))
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match=rf"label smoothing must be in \[0, 1\], not {wrong}"):
            SoftmaxCrossEntropy(smoothing=wrong)


def test_all_of_the_target_may_be_shared_out_and_a_class_may_count_nothing(rng: np.random.Generator) -> None:
    scores = rng.standard_normal((4, 2))
    even = SoftmaxCrossEntropy(smoothing=1.0).forward(scores, np.array([0, 0, 1, 1]))
    assert even == pytest.approx(SoftmaxCrossEntropy().forward(scores, np.full((4, 2), 0.5)))
    assert SoftmaxCrossEntropy(class_weights=(0.0, 1.0)).forward(scores, np.zeros(4, int)) == 0


def test_class_weights_multiply_the_loss_of_each_sample(rng: np.random.Generator) -> None:
    scores, labels = rng.standard_normal((6, 3)), np.array([0, 1, 2, 2, 1, 0])
    each = [SoftmaxCrossEntropy(0.1).forward(row[None], label[None]) for row, label in zip(scores, labels, strict=True)]
    weighted = SoftmaxCrossEntropy(0.1, class_weights=(0.5, 1.0, 3.0))
    assert weighted.forward(scores, labels) == pytest.approx(np.mean([0.5, 1, 3, 3, 1, 0.5] * np.array(each)))
    np.testing.assert_array_equal(weighted.predict(scores), SoftmaxCrossEntropy().predict(scores))
    np.testing.assert_array_equal(weighted.predict_proba(scores), SoftmaxCrossEntropy().predict_proba(scores))


def test_a_mixture_has_the_mean_weight_of_its_classes(rng: np.random.Generator) -> None:
    loss, scores = SoftmaxCrossEntropy(0.1, class_weights=[0.5, 1.0, 3.0]), rng.standard_normal((2, 3))
    mixed = np.array([[0.2, 0.0, 0.8], [0.0, 1.0, 0.0]])
    plain = [SoftmaxCrossEntropy(0.1).forward(scores[i : i + 1], mixed[i : i + 1]) for i in (0, 1)]
    assert loss.forward(scores, mixed) == pytest.approx(((0.2 * 0.5 + 0.8 * 3) * plain[0] + plain[1]) / 2)
    assert loss.forward(scores, np.eye(3)[[2, 0]]) == loss.forward(scores, np.array([2, 0]))


@pytest.mark.parametrize("name", MULTI + BINARY)
def test_class_weights_and_weights_of_samples_multiply(name: str, rng: np.random.Generator) -> None:
    loss = losses.loss(name, class_weights=(0.5, 2.0))
    scores, labels = rng.standard_normal((6, loss.outputs(2))), np.array([0, 1, 1, 0, 1, 0])
    own = rng.uniform(0.1, 2, 6)
    plain = losses.loss(name)
    each = [plain.forward(row[None], label[None]) for row, label in zip(scores, labels, strict=True)]
    weights = own * np.array([0.5, 2, 2, 0.5, 2, 0.5])
    assert loss.forward(scores, labels, own) == pytest.approx(np.mean(weights * np.array(each)))


def test_weights_keep_the_dtype_of_the_scores(rng: np.random.Generator) -> None:
    loss = SoftmaxCrossEntropy(class_weights=(0.5, 1.0, 3.0))
    loss.forward(rng.standard_normal((4, 3), dtype=np.float32), np.array([0, 1, 2, 0]))
    assert loss.backward().dtype == np.float32


def test_class_weights_must_fit_the_classes(rng: np.random.Generator) -> None:
    loss = SoftmaxCrossEntropy(class_weights=(1.0, 2.0))
    assert loss.outputs(2) == 2
    with pytest.raises(ValueError, match="there are 2 class weights for 3 classes"):
        loss.outputs(3)
    with pytest.raises(ValueError, match="there are 2 class weights for 3 classes"):
        loss.forward(rng.standard_normal((2, 3)), np.array([0, 1]))
    with pytest.raises(ValueError, match="classes 0 to 1"):
        loss.forward(rng.standard_normal((2, 2)), np.array([0, 2]))
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="class weights must be finite and 0 or more"):
            SoftmaxCrossEntropy(class_weights=(1.0, wrong))


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=20))
def test_balanced_weights_are_those_of_scikit_learn(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), np.minimum(counts, 50))
    n = np.bincount(labels)
    expected = compute_class_weight("balanced", classes=np.arange(len(n)), y=labels)
    np.testing.assert_allclose(losses.class_weights(n), expected, rtol=1e-12)
    for power in (0.0, 0.5, 1.0):
        weights = np.array(losses.class_weights(counts, power))
        assert weights @ counts / sum(counts) == pytest.approx(1)  # the mean over the samples
        np.testing.assert_allclose(weights * np.float64(counts) ** power, weights[0] * counts[0] ** power)


def test_an_absent_class_has_no_weight_of_its_own() -> None:
    with pytest.raises(ValueError, match="class 1 has no samples"):
        losses.class_weights([3, 0, 2])


def test_only_what_is_a_probability_is_called_one() -> None:
    for name, kind in CLASSIFICATION.items():
        assert ("not trained to give probabilities" in kind.confidence) == ("hinge" in name)


def test_an_unknown_loss_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r'"hing"; did you mean "hinge"\?'):
        losses.loss("hing")


def penalised_model() -> Sequential:
    model = Sequential(Linear(3), BatchNorm(), Linear(2)).build((4,), dtype=np.float64)
    model.parameters.values[:] = np.arange(1.0, 1 + model.parameters.values.size)
    return model


@pytest.mark.parametrize(("form", "factor"), [("half", 0.5), ("whole", 1.0)])
def test_l2_is_the_sum_over_the_weights_alone(form: str, factor: float) -> None:
    model, penalty = penalised_model(), L2(0.1, form)
    weights = {name: value for name, value in model.arrays().items() if name.endswith("weight")}
    assert penalty.forward(model) == pytest.approx(factor * 0.1 * sum((w**2).sum() for w in weights.values()))
    model.parameters.grads[:] = 7.0  # it adds to what is there
    penalty.backward(model)
    for name, value, gradient in ((each.name, each.value, each.grad) for each in model.parameters):
        expected = 2 * factor * 0.1 * value if name in weights else 0.0
        np.testing.assert_allclose(gradient, 7.0 + expected, rtol=1e-14, err_msg=name)


def test_no_penalty_by_default() -> None:
    model = penalised_model()
    model.parameters.grads[:] = 7.0
    assert L2().forward(model) == 0.0
    L2().backward(model)
    np.testing.assert_array_equal(model.parameters.grads, 7.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((-0.1,), "must be 0 or more, not -0.1"), ((0.1, "third"), 'must be "half" or "whole"')],
)
def test_impossible_penalties_are_refused(arguments: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        L2(*arguments)


def test_weights_are_inverse_to_the_counts() -> None:
    np.testing.assert_allclose(class_weights([30, 10], 1), [2 / 3, 2])
    np.testing.assert_allclose(class_weights([9, 1], 0.5), [10 / 12, 30 / 12])
