"""What the layers add to their ops: parameters, state, randomness, and refusals."""

import numpy as np
import pytest
import torch

from backhand.arrays import Array
from backhand.check.cases import LAYER_CASES
from backhand.layers import (
    ELU,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Scale,
)

CASES = [(layer, shape) for cases in LAYER_CASES.values() for layer, shape, _ in cases]


def built(layer: Layer, shape: tuple[int, ...]) -> Layer:
    layer.build(shape, np.random.default_rng(0), np.float64)
    return layer


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=str)
def test_the_output_is_of_the_shape_that_build_promised(
    layer: Layer, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    promised = layer.build(shape, rng, np.float32)
    x = rng.standard_normal((5, *shape)).astype(np.float32)
    for train in (False, True):
        y = layer.forward(x, train=train, rng=rng)
        dx = layer.backward(y)
        assert y.shape == (5, *promised) == (5, *layer.output_shape)
        assert dx is not None
        assert dx.shape == x.shape
        assert y.dtype == dx.dtype == np.float32
    for _, each in layer.walk():
        assert all(each.grads[name].shape == value.shape for name, value in each.params.items())


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=str)
def test_backward_before_forward_is_refused(layer: Layer, shape: tuple[int, ...]) -> None:
    built(layer, shape).release()
    with pytest.raises(RuntimeError, match=r"^[A-Z]\w+\(.*\): backward was called before forward$"):
        layer.backward(np.zeros((2, *layer.output_shape)))


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Linear(10), "Linear(10)"),
        (Linear(10, init=0.1), "Linear(10, init=0.1)"),
        (Conv2d(8, (3, 5), padding="same", bias=False), "Conv2d(8, (3, 5), padding='same', bias=False)"),
        (MaxPool2d(), "MaxPool2d(window=2)"),
        (MaxPool2d(3, 2, padding=1), "MaxPool2d(window=3, stride=2, padding=1)"),
        (AvgPool2d(), "AvgPool2d(window=2)"),
        (GlobalAvgPool2d(), "GlobalAvgPool2d()"),
        (GlobalMaxPool2d(), "GlobalMaxPool2d()"),
        (Dropout(), "Dropout(p=0.5)"),
        (Dropout(0.2, "classic"), "Dropout(p=0.2, mode='classic')"),
        (LeakyReLU(), "LeakyReLU(slope=0.01)"),
        (ELU(), "ELU(alpha=1.0)"),
        (BatchNorm(), "BatchNorm()"),
        (LayerNorm(), "LayerNorm()"),
        (GroupNorm(4, gamma=0.0), "GroupNorm(4, gamma=0.0)"),
        (Residual([ReLU(), Linear(2)], [Linear(2)]), "Residual(2 layers, 1 in the shortcut)"),
    ],
)
def test_a_layer_is_written_with_what_it_does_and_what_is_not_its_default(layer: Layer, text: str) -> None:
    assert str(layer) == text


def test_releasing_a_layer_forgets_its_batch(rng: np.random.Generator) -> None:
    layer = built(Linear(2), (3,))
    layer.forward(rng.standard_normal((4, 3)))
    layer.release()
    with pytest.raises(RuntimeError, match="before forward"):
        layer.backward(np.zeros((4, 2)))


def test_linear_starts_with_bias_0_and_the_weights_of_its_initialiser() -> None:
    layer = built(Linear(300, init=0.2), (200,))
    assert layer.params["weight"].shape == (200, 300)
    assert layer.params["weight"].std() == pytest.approx(0.2, rel=0.02)
    np.testing.assert_array_equal(layer.params["bias"], np.zeros(300))
    assert layer.multiply_adds() == 60_000


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Linear(0), "a linear layer needs at least 1 output, not 0"),
        (lambda: Linear(3, init="hee"), 'unknown initialiser "hee"; did you mean "he"'),
        (lambda: Linear(3, init=-1.0), "must be above 0, not -1.0"),
        (lambda: Dropout(1.0), r"the dropout probability must be in \[0, 1\), not 1.0"),
        (lambda: Dropout(-0.1), r"the dropout probability must be in \[0, 1\), not -0.1"),
        (lambda: Dropout(0.1, "inverse"), 'the dropout mode must be "inverted" or "classic", not "inverse"'),
        (lambda: BatchNorm(momentum=0), r"the momentum of batch normalisation must be in \(0, 1\], not 0"),
        (lambda: BatchNorm(momentum=1.1), r"the momentum of batch normalisation must be in \(0, 1\], not 1.1"),
        (lambda: BatchNorm(eps=0), "the eps of batch normalisation must be above 0, not 0"),
        (lambda: LayerNorm(eps=0), "the eps of layer normalisation must be above 0, not 0"),
        (lambda: built(LayerNorm(), (1, 1, 1)), r"samples of shape \(1, 1, 1\) have a single value"),
        (lambda: GroupNorm(0), "group normalisation needs at least 1 group, not 0"),
        (lambda: GroupNorm(2, eps=-1.0), "the eps of group normalisation must be above 0, not -1.0"),
        (
            lambda: built(GroupNorm(4), (3, 3, 6)),
            r"6 channels .* \(3, 3, 6\)\) cannot be divided into 4",
        ),
        (lambda: built(GroupNorm(6), (6,)), r"6 groups in samples of shape \(6,\) have a single value each"),
        (lambda: built(Linear(3), (4, 4, 1)), r"needs samples of shape \(features,\), not \(4, 4, 1\); put a Flatten"),
    ],
)
def test_impossible_arguments_are_refused_at_once(make, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("shape", [(4,), (3, 2, 4)], ids=["features", "images"])
@pytest.mark.usefixtures("one_thread")
def test_running_statistics_equal_those_of_torch(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    layer = built(BatchNorm(momentum=0.3, eps=1e-3), shape)
    twin = (torch.nn.BatchNorm1d if len(shape) == 1 else torch.nn.BatchNorm2d)(4, eps=1e-3, momentum=0.3).double()
    for count in (7, 2, 12):
        x = 5 + 3 * rng.standard_normal((count, *shape))
        np.testing.assert_allclose(layer.forward(x, train=True), through(twin, x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(layer.state["running_mean"], twin.running_mean.numpy(), rtol=1e-13)
    np.testing.assert_allclose(layer.state["running_var"], twin.running_var.numpy(), rtol=1e-13)
    twin.eval()
    x = rng.standard_normal((3, *shape))
    np.testing.assert_allclose(layer.forward(x), through(twin, x), rtol=0, atol=1e-12)


def through(module: torch.nn.Module, x: Array) -> Array:
    """x, channels last, through a module of torch, channels first."""
    return np.moveaxis(module(torch.tensor(np.moveaxis(x, -1, 1).copy())).detach().numpy(), 1, -1)


@pytest.mark.parametrize("shape", [(6,), (3, 2, 6)], ids=["features", "images"])
@pytest.mark.usefixtures("one_thread")
def test_norms_of_samples_equal_those_of_torch_in_training_and_at_inference(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    modules = torch.nn.LayerNorm([6, *shape[:-1]], eps=1e-3), torch.nn.GroupNorm(3, 6, eps=1e-3)
    x = 5 + 3 * rng.standard_normal((4, *shape))
    for layer, twin in zip((LayerNorm(1e-3), GroupNorm(3, 1e-3)), modules, strict=True):
        wanted = through(twin.double(), x)
        for train in (False, True):
            np.testing.assert_allclose(built(layer, shape).forward(x, train=train), wanted, rtol=0, atol=1e-12)
        assert layer.state == {}


@pytest.mark.parametrize("layer", [LayerNorm(), GroupNorm(2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norms_of_samples_do_not_depend_on_the_batch(layer: Layer, dtype: type, rng: np.random.Generator) -> None:
    layer.build((4, 5, 6), rng, dtype)
    x = rng.standard_normal((5, 4, 5, 6)).astype(dtype)
    together = layer.forward(x)
    for n in range(5):
        np.testing.assert_allclose(layer.forward(x[n : n + 1])[0], together[n], rtol=1e-6)
    assert layer.min_batch_size == 1


def test_a_norm_of_samples_may_begin_at_0(rng: np.random.Generator) -> None:
    for layer in (LayerNorm(gamma=0.0), GroupNorm(2, gamma=0.0)):
        np.testing.assert_array_equal(built(layer, (4,)).forward(rng.standard_normal((3, 4))), np.zeros((3, 4)))


def test_inference_leaves_the_running_statistics_alone(rng: np.random.Generator) -> None:
    layer = built(BatchNorm(), (4,))
    layer.forward(rng.standard_normal((9, 4)))
    np.testing.assert_array_equal(layer.state["running_mean"], np.zeros(4))
    np.testing.assert_array_equal(layer.state["running_var"], np.ones(4))


def test_batch_norm_of_one_sample_gives_beta_and_stays_finite() -> None:
    layer = built(BatchNorm(momentum=0.25), (3,))
    layer.params["beta"][:] = [1, 2, 3]
    x = np.array([[10.0, -20.0, 30.0]])
    np.testing.assert_array_equal(layer.forward(x, train=True), [[1, 2, 3]])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 3))), np.zeros((1, 3)))
    np.testing.assert_array_equal(layer.state["running_mean"], [0, 0, 0])
    np.testing.assert_array_equal(layer.state["running_var"], [1, 1, 1])


def test_dropout_draws_from_the_generator_it_is_given(rng: np.random.Generator) -> None:
    layer, x = built(Dropout(0.3), (1000,)), rng.standard_normal((20, 1000))
    first, again, other = (layer.forward(x, train=True, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first == 0).mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.forward(x, rng=rng), x)


def test_dropout_without_a_generator_is_refused_in_training_only() -> None:
    layer = built(Dropout(0.5), (3,))
    with pytest.raises(ValueError, match="pass an rng to forward"):
        layer.forward(np.ones((2, 3)), train=True)
    layer.forward(np.ones((2, 3)))


def test_classic_dropout_scales_at_inference() -> None:
    layer, x = built(Dropout(0.25, "classic"), (4,)), np.ones((3, 4))
    assert set(layer.forward(x, train=True, rng=np.random.default_rng(0)).ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(layer.forward(x), 0.75 * x)


def test_leaky_relu_uses_its_slope() -> None:
    layer = built(LeakyReLU(0.2), (2,))
    np.testing.assert_allclose(layer.forward(np.array([[-1.0, 2.0]])), [[-0.2, 2.0]])
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 1.0]])), [[0.2, 1.0]])


def test_a_scale_passes_values_and_gradients_times_its_factor() -> None:
    layer = built(Scale(-0.5), (2,))
    np.testing.assert_array_equal(layer.forward(np.array([[-1.0, 2.0]])), [[0.5, -1.0]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, 4.0]])), [[-0.5, -2.0]])
    with pytest.raises(ValueError, match="the factor of a scale must not be 0"):
        Scale(0)


def test_flatten_keeps_memory_order() -> None:
    layer, x = built(Flatten(), (2, 3, 4)), np.arange(48.0).reshape(2, 2, 3, 4)
    np.testing.assert_array_equal(layer.forward(x), x.reshape(2, 24))
    np.testing.assert_array_equal(layer.backward(x.reshape(2, 24)), x)
