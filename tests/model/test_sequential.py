"""Sequential: sizes, names, gradients, saving and loading."""

import itertools

import numpy as np
import pytest

import backhand as bh
from backhand.architectures import mlp
from backhand.arrays import Array
from backhand.errors import CheckpointError, ModelError
from backhand.layers import Flatten, Linear, ReLU, Tanh
from backhand.model.sequential import Sequential
from tests.model.smallmodel import small

NAMES = ["1.weight", "1.bias", "2.gamma", "2.beta", "5.weight", "5.bias"]
STATE = ["2.running_mean", "2.running_var"]


@pytest.fixture
def x(rng: np.random.Generator) -> Array:
    return rng.standard_normal((6, 2, 2, 1))


def test_sizes_are_inferred_layer_by_layer() -> None:
    model = small()
    assert [layer.output_shape for layer in model.layers] == [(4,), (5,), (5,), (5,), (5,), (3,)]
    assert model.input_shape == (2, 2, 1)
    assert model.output_shape == (3,)


def test_names_are_the_layers_places_in_order() -> None:
    model = small()
    assert [each.name for each in model.parameters] == NAMES
    assert list(model.arrays()) == NAMES + STATE


def test_the_same_seed_gives_the_same_weights_in_every_dtype() -> None:
    one, two, other = small(3), small(3, np.float32), small(4)
    np.testing.assert_array_equal(one.parameters.values.astype(np.float32), two.parameters.values)
    assert two.parameters.values.dtype == two.layers[2].state["running_var"].dtype == np.float32
    assert not np.array_equal(one.parameters.values, other.parameters.values)


def test_weights_depend_on_a_layers_place_and_not_on_the_others() -> None:
    """Widening one layer leaves the draws of a layer after it alone, as long as its own shape is the same."""
    one = Sequential(Linear(6), Linear(4), Linear(3)).build((5,), seed=1)
    two = Sequential(Linear(7), Linear(4), Linear(3)).build((5,), seed=1)
    np.testing.assert_array_equal(one.layers[2].params["weight"], two.layers[2].params["weight"])
    square = Sequential(Linear(4), Linear(4)).build((4,), seed=1)
    assert not np.array_equal(square.layers[0].params["weight"], square.layers[1].params["weight"])


def test_gradients_without_dx_are_the_same_and_the_first_layers_are_skipped(x: Array) -> None:
    model, called = small(), []
    first = model.layers[0]
    backward = first.backward
    first.backward = lambda dy, need_dx=True: called.append("flatten") or backward(dy, need_dx=need_dx)
    dy = np.random.default_rng(1).standard_normal((6, 3))
    model.forward(x)
    dx = model.backward(dy, need_dx=True)
    grads = model.parameters.grads.copy()
    assert dx is not None
    assert dx.shape == x.shape
    assert called == ["flatten"]
    model.parameters.grads[:] = np.nan
    assert model.backward(dy) is None
    np.testing.assert_array_equal(model.parameters.grads, grads)
    assert called == ["flatten"]
    assert model.layers[1].backward(np.ones((6, 5)), need_dx=False) is None


def test_dx_is_the_derivative_of_the_output(x: Array) -> None:
    model = small()
    dy = np.random.default_rng(1).standard_normal((6, 3))
    model.forward(x)
    dx = model.backward(dy, need_dx=True)
    step = 1e-6 * np.random.default_rng(2).standard_normal(x.shape)
    change = ((model.forward(x + step) - model.forward(x - step)) * dy).sum() / 2
    assert change == pytest.approx((dx * step).sum(), rel=1e-6)


def test_a_snapshot_is_a_copy_and_load_brings_it_back(x: Array) -> None:
    model = small()
    saved, y = model.snapshot(), model.forward(x)
    model.forward(x, train=True, rng=np.random.default_rng(0))
    model.parameters.values += 1
    assert not np.allclose(model.forward(x), y)
    model.load(saved)
    np.testing.assert_array_equal(model.forward(x), y)
    assert np.shares_memory(model.layers[1].params["weight"], model.parameters.values)


def test_a_copy_has_the_same_weights_and_shares_nothing(x: Array) -> None:
    model = small()
    model.forward(x, train=True, rng=np.random.default_rng(0))
    clone, single = model.copy(), model.copy(np.float32)
    np.testing.assert_array_equal(clone.forward(x), model.forward(x))
    np.testing.assert_allclose(single.forward(x.astype(np.float32)), model.forward(x), rtol=0, atol=1e-6)
    assert single.parameters.values.dtype == np.float32
    for one, two in itertools.product(model.arrays().values(), clone.arrays().values()):
        assert not np.shares_memory(one, two)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"5.bias": None}, r"5\.bias of Linear\(3\) is absent there and \(3,\) here"),
        ({"9.weight": np.zeros(2)}, r"9\.weight is \(2,\) there and absent here"),
        ({"1.weight": np.zeros((5, 4))}, r"1\.weight of Linear\(5\) is \(5, 4\) there and \(4, 5\) here"),
        ({"2.running_var": np.zeros(1)}, r"2\.running_var of BatchNorm\(\) is \(1,\) there and \(5,\) here"),
    ],
)
def test_arrays_of_another_model_are_refused_and_nothing_changes(change: dict[str, Array], sentence: str) -> None:
    model = small()
    before = model.snapshot()
    saved = {
        name: value for name, value in ({k: v + 1 for k, v in before.items()} | change).items() if value is not None
    }
    with pytest.raises(CheckpointError, match=f"the saved weights are of another model: {sentence}"):
        model.load(saved)
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_layers_that_do_not_fit_are_named() -> None:
    with pytest.raises(ModelError, match=r"^layer 1, Linear\(5\): a linear layer needs samples of"):
        Sequential(ReLU(), Linear(5), ReLU()).build((4, 4, 1))


def test_a_layer_that_stands_twice_is_refused() -> None:
    twice = ReLU()
    with pytest.raises(ModelError, match=r"^layer 3, ReLU\(\), is the same object as layer 1; create a second one$"):
        Sequential(Flatten(), twice, Linear(3), twice).build((4,))


def test_releasing_a_model_frees_every_cache(x: Array) -> None:
    model = small()
    y = model.forward(x)
    model.release()
    for layer in model.layers:
        with pytest.raises(RuntimeError, match="before forward"):
            layer.backward(y)


def test_a_model_without_parameters_has_nothing_to_learn(x: Array) -> None:
    model = Sequential(Flatten(), Tanh()).build((2, 2, 1))
    y = model.forward(x)
    assert model.backward(y) is None
    np.testing.assert_allclose(model.backward(np.ones_like(y), need_dx=True).reshape(y.shape), 1 - y**2)


def test_the_summary_lists_every_layer_and_the_totals() -> None:
    lines = mlp(10, (1000, 50), dropout=0.2).build((28, 28, 1)).summary().splitlines()
    assert lines[0].split() == ["layer", "output", "parameters", "multiply-adds"]
    assert set(lines[1]) == set(lines[-2]) == {"-"}
    assert lines[3].split("  ", 2)[:2] == ["1", "Linear(1000)"]
    assert lines[3].split()[-3:] == ["1000", "785,000", "784,000"]
    assert len(lines[0]) == len(lines[3]) == len(lines[-1])  # the columns line up
    assert lines[-1].split() == ["total", "835,560", "834,500"]
    assert len(lines) == 8 + 4


def test_the_summary_tells_how_much_of_a_partly_frozen_model_is_trained() -> None:
    lines = mlp(10, (1000, 50)).build((28, 28, 1)).freeze("1").summary().splitlines()
    assert lines[0].split() == ["layer", "output", "parameters", "trained", "multiply-adds"]
    assert lines[3].split()[-4:] == ["1000", "785,000", "0", "784,000"]
    assert lines[-1].split() == ["total", "835,560", "50,560", "834,500"]
    assert len(set(map(len, (lines[0], lines[1], lines[3], lines[-1])))) == 1  # the columns line up


def test_rows_hold_the_summarys_figures() -> None:
    row = small().rows()[1]
    assert row == {
        "name": "1",
        "layer": "Linear(5)",
        "output": [5],
        "parameters": 25,
        "trained": 25,
        "multiply_adds": 20,
    }


def test_other_samples_and_an_unbuilt_model_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"needs samples of shape \(2, 2, 1\), not an array of shape \(3, 4\)"):
        small().forward(np.zeros((3, 4)))
    with pytest.raises(ModelError, match="must be built before it is used"):
        Sequential(Flatten()).forward(np.zeros((3, 4)))


def test_a_model_is_shown_as_the_python_that_makes_it():
    model = bh.Sequential(bh.Linear(3), bh.Sequential(bh.ReLU(), bh.Linear(2, init="glorot")), bh.Residual([bh.ReLU()]))
    again = eval(repr(model), vars(bh))
    assert repr(again) == repr(model)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert "\n        Linear(outputs=2, init='glorot'),\n" in repr(model)


@pytest.mark.parametrize("shape", [(0,), (-1,), (8, 6, 0), (8, 0, 3)])
def test_a_sample_has_no_empty_axis(shape):
    with pytest.raises(ModelError, match="every axis of a sample must have a size of 1 or more"):
        Sequential(Flatten(), Linear(3)).build(shape)
