"""Initial weights: their distributions, their fans, and the very numbers of one seed."""

import numpy as np
import pytest

from backhand.layers import Conv2d, Linear
from backhand.layers.initialisers import dirac, fans, glorot, he, initialiser, lecun, normal, zeros

LINEAR, CONVOLUTION = (400, 600), (3, 3, 40, 60)


@pytest.mark.parametrize(
    ("shape", "expected"), [((7, 5), (7, 5)), ((3, 3, 16, 32), (144, 288)), ((5, 1, 2, 3), (10, 15))]
)
def test_fans_count_a_kernels_rows_and_columns(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert fans(shape) == expected


@pytest.mark.parametrize("shape", [LINEAR, CONVOLUTION])
@pytest.mark.parametrize(
    ("init", "variance"),
    [
        (he, lambda i, o: 2 / i),
        (glorot, lambda i, o: 2 / (i + o)),
        (lecun, lambda i, o: 1 / i),
        (normal(0.03), lambda i, o: 0.03**2),
    ],
    ids=["he", "glorot", "lecun", "normal"],
)
def test_variance_is_that_of_the_formula(init, variance, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    w = init(shape, rng)
    assert w.shape == shape
    # The deviation of an estimated variance is at most sqrt(2 / n) of it, and that of the mean sqrt(variance / n).
    assert w.var() == pytest.approx(variance(*fans(shape)), rel=5 * (2 / w.size) ** 0.5)
    assert abs(w.mean()) < 5 * (variance(*fans(shape)) / w.size) ** 0.5


def test_glorot_fills_its_interval_and_the_normal_ones_do_not_end_there(rng: np.random.Generator) -> None:
    bound = (6 / 1000) ** 0.5
    w = glorot(LINEAR, rng)
    assert 0.999 * bound < w.max() <= bound
    assert -bound <= w.min() < -0.999 * bound
    assert (
        np.abs(he(LINEAR, rng)).max() > 4 * (2 / 400) ** 0.5
    )  # among 240,000 normal values one is beyond 4 deviations


def test_zeros_are_zero(rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(zeros((2, 3), rng), np.zeros((2, 3)))


@pytest.mark.parametrize("kernel", [1, 3, (5, 1)])
def test_a_convolution_from_dirac_passes_its_inputs_on(kernel, rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 6, 7, 3)).astype(np.float32)
    layer = Conv2d(5, kernel, padding="same", init="dirac")
    layer.build(x.shape[1:], rng)
    y = layer.forward(x)
    np.testing.assert_array_equal(y[..., :3], x)
    assert layer.params["weight"][..., 3:].std() > 0.1


@pytest.mark.parametrize("outputs", [2, 4, 9])
def test_a_linear_layer_from_dirac_passes_as_many_inputs_on_as_it_has_outputs(outputs, rng) -> None:
    x = rng.standard_normal((3, 4)).astype(np.float32)
    layer = Linear(outputs, init="dirac")
    layer.build((4,), rng)
    np.testing.assert_array_equal(layer.forward(x)[:, :4], x[:, :outputs])


def test_dirac_draws_the_other_outputs_as_he_does() -> None:
    drawn, wanted = (init((3, 3, 2, 5), np.random.default_rng(0)) for init in (dirac, he))
    np.testing.assert_array_equal(drawn[..., 2:], wanted[..., 2:])
    assert drawn[..., :2].sum() == 2


@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("he", [0.12573022, -0.13210486, 0.64042265, 0.10490012]),
        ("glorot", [0.33548625, -0.56390508, -1.12438064, -1.18426060]),
        ("lecun", [0.08890469, -0.09341224, 0.45284720, 0.07417558]),
        (0.5, [0.06286511, -0.06605243, 0.32021133, 0.05245006]),
    ],
)
def test_seed_0_gives_these_weights(name: str | float, golden: list[float]) -> None:
    """A NumPy whose streams changed would change every published run: this notices."""
    w = initialiser(name)((2, 2), np.random.default_rng(0))
    np.testing.assert_allclose(w.ravel(), golden, rtol=0, atol=6e-9)


@pytest.mark.parametrize("std", [0, 0.0, -1.0, float("nan")])
def test_a_deviation_that_is_not_above_0_is_refused(std: float) -> None:
    with pytest.raises(ValueError, match=f"the initial weights must be above 0, not {std}"):
        initialiser(std)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r'unknown initialiser "glorott"; did you mean "glorot"\?'):
        initialiser("glorott")
