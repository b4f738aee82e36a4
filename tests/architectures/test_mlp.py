"""The multi-layer perceptron is the layers that its arguments name."""

import numpy as np
import pytest

from backhand.architectures import mlp


def names(model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_plain() -> None:
    model = mlp(10, (30, 20))
    assert names(model) == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [layer.outputs for layer in model.layers if hasattr(layer, "outputs")] == [30, 20, 10]


def test_batch_norm_comes_before_the_activation_and_dropout_after_it() -> None:
    model = mlp(2, (5,), activation="tanh", batchnorm=True, dropout=0.3)
    assert names(model) == ["Flatten", "Linear", "BatchNorm", "Tanh", "Dropout", "Linear"]
    assert model.layers[4].p == 0.3


def test_without_hidden_layers_it_is_a_linear_classifier() -> None:
    assert names(mlp(3, ())) == ["Flatten", "Linear"]


@pytest.mark.parametrize(
    ("activation", "init"), [("relu", "he"), ("leaky_relu", "he"), ("sigmoid", "glorot"), ("tanh", "glorot")]
)
def test_the_initialiser_suits_the_activation(activation: str, init: str) -> None:
    assert {layer.init for layer in mlp(3, (4,), activation=activation).layers if hasattr(layer, "init")} == {init}


@pytest.mark.parametrize("init", ["lecun", 0.01])
def test_an_initialiser_can_be_chosen(init: str | float) -> None:
    assert {layer.init for layer in mlp(3, (4,), init=init).layers if hasattr(layer, "init")} == {init}


def test_a_deviation_of_0_is_refused_and_not_replaced() -> None:
    with pytest.raises(ValueError, match="must be above 0, not 0"):
        mlp(3, init=0.0)


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(ValueError, match=r'unknown activation "rleu"; did you mean "relu"\?'):
        mlp(3, activation="rleu")


def test_zero_weights_never_tell_hidden_units_apart() -> None:
    """Why weights must not start equal: every hidden unit gets the same gradient, here none at all."""
    model = mlp(3, (4,), init="zeros").build((2,), dtype=np.float64)
    y = model.forward(np.ones((5, 2)))
    model.backward(np.ones_like(y))
    np.testing.assert_array_equal(model.layers[1].grads["weight"], np.zeros((2, 4)))
