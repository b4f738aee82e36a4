"""Convolutional networks are the layers that their blocks and arguments name."""

import pytest

from backhand.architectures import Block, cnn
from backhand.errors import ModelError
from backhand.model.sequential import Sequential


def layers(model: Sequential) -> list[str]:
    return [str(layer) for layer in model.layers]


def test_by_default_two_blocks_and_a_linear_layer() -> None:
    model = cnn(10).build((28, 28, 1))
    first, second = ([f"Conv2d({width}, 3, padding='same')", "ReLU()", "MaxPool2d(window=2)"] for width in (16, 32))
    assert layers(model) == [*first, *second, "Flatten()", "Linear(10)"]
    assert [layer.output_shape for layer in model.layers] == [
        *((28, 28, 16), (28, 28, 16), (14, 14, 16)),
        *((14, 14, 32), (14, 14, 32), (7, 7, 32)),
        *((1568,), (10,)),
    ]
    assert model.parameters.values.size == 9 * 16 + 16 + 9 * 16 * 32 + 32 + 1568 * 10 + 10


def test_a_block_says_kernel_stride_padding_pooling_and_repeats() -> None:
    model = cnn(3, [Block(4, (3, 5), 2, "valid", 1), Block(8, 1, padding=1, pool=3, convs=2)]).build((16, 16, 2))
    assert layers(model)[:2] == ["Conv2d(4, (3, 5), stride=2, padding='valid')", "ReLU()"]
    assert layers(model)[2:7] == [*["Conv2d(8, 1, padding=1)", "ReLU()"] * 2, "MaxPool2d(window=3)"]
    sizes = [layer.output_shape for layer in model.layers if layer.op_name != "relu"]
    assert sizes == [(7, 6, 4), (9, 8, 8), (11, 10, 8), (3, 3, 8), (72,), (3,)]


def test_batch_norm_takes_the_place_of_the_biases_of_convolutions() -> None:
    model = cnn(2, [Block(4)], (5,), activation="leaky_relu", batchnorm=True, dropout=0.3)
    assert layers(model) == [
        *("Conv2d(4, 3, padding='same', bias=False)", "BatchNorm()", "LeakyReLU(slope=0.01)", "MaxPool2d(window=2)"),
        *("Flatten()", "Linear(5)", "BatchNorm()", "LeakyReLU(slope=0.01)", "Dropout(p=0.3)", "Linear(2)"),
    ]


def test_a_residual_block_adds_its_input_before_the_pooling() -> None:
    model = cnn(2, [Block(4), Block(4, convs=2, residual=True)], batchnorm=True).build((8, 8, 1))
    assert layers(model)[4:6] == ["Residual(6 layers)", "MaxPool2d(window=2)"]
    body = [str(layer) for layer in model.layers[4].body]
    assert body == ["Conv2d(4, 3, padding='same', bias=False)", "BatchNorm()", "ReLU()"] * 2
    with pytest.raises(ModelError, match="they must agree"):
        cnn(2, [Block(4, residual=True)]).build((8, 8, 1))


def test_the_features_are_scaled_before_the_last_layer() -> None:
    assert layers(cnn(2, [Block(4)], (5,), head_scale=0.125))[-3:] == ["ReLU()", "Scale(0.125)", "Linear(2)"]


@pytest.mark.parametrize(
    ("activation", "init"), [("relu", "he"), ("leaky_relu", "he"), ("sigmoid", "glorot"), ("tanh", "glorot")]
)
def test_the_initialiser_suits_the_activation(activation: str, init: str) -> None:
    made = cnn(3, [Block(4)], (5,), activation=activation).layers
    assert [layer.init for layer in made if hasattr(layer, "init")] == [init] * 3


def test_without_blocks_it_is_a_perceptron() -> None:
    assert layers(cnn(3, (), (4,))) == ["Flatten()", "Linear(4)", "ReLU()", "Linear(3)"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: cnn(3, activation="rleu"), r'unknown activation "rleu"; did you mean "relu"\?'),
        (lambda: cnn(3, [Block(0)]), "outputs and groups must be at least 1, not 0 and 1"),
        (lambda: cnn(3, [Block(4, padding="some")]), 'must be "same", "valid" or numbers, not "some"'),
        (lambda: cnn(3, [Block(4, kernel=0)]), "the window must be at least 1, not 0"),
    ],
)
def test_impossible_blocks_are_refused(make, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
