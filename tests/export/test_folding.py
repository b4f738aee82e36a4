"""Batch normalisation joined with the layer before it computes the same, and is gone."""

import numpy as np
import pytest

from backhand.export.folding import folded
from backhand.layers import BatchNorm, Conv2d, Linear, ReLU, Residual
from backhand.model import Sequential
from tests.export.networks import ARCHITECTURES, LAYERS, architecture, built


def norms(model):
    return sum(isinstance(layer, BatchNorm) for _, layer in model.walk())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_computes_the_same(name, rng):
    model = architecture(name).copy(np.float64)
    x = rng.standard_normal((1, *model.input_shape))
    ours, joined = model.predict(x), folded(model)
    assert np.abs(joined.predict(x) - ours).max() < 1e-12 * np.abs(ours).max()
    assert norms(joined) == (8 if "pre" in name else 0)  # those in front of a block stay


def test_one_linear_layer_by_hand():
    model = Sequential(Linear(1), BatchNorm(eps=0.25)).build((1,), dtype=np.float64)
    values = {
        "0.weight": 3.0,
        "0.bias": 1.0,
        "1.gamma": 4.0,
        "1.beta": 5.0,
        "1.running_mean": 2.0,
        "1.running_var": 0.75,
    }
    model.load({name: np.full(model.arrays()[name].shape, value) for name, value in values.items()})
    arrays = folded(model).arrays()  # g = 4 / sqrt(0.75 + 0.25) = 4
    assert {name: value.item() for name, value in arrays.items()} == {"0.weight": 12.0, "0.bias": (1 - 2) * 4 + 5}


def test_others_stay(rng):
    layers = [
        BatchNorm(),
        Conv2d(3, 1, bias=False),
        BatchNorm(),
        BatchNorm(),
        ReLU(),
        BatchNorm(),
        Residual([BatchNorm()]),
    ]
    model = built(layers, (4, 4, 2)).copy(np.float64)
    joined = folded(model)
    x = rng.standard_normal((2, 4, 4, 2))
    assert [str(layer) for layer in joined.layers] == [
        *("BatchNorm()", "Conv2d(3, 1)", "ReLU()", "BatchNorm()", "Residual(1 layer)"),
    ]
    assert np.allclose(joined.predict(x), model.predict(x), rtol=0, atol=1e-12)


def test_the_model_itself_does_not_change():
    model = built(*LAYERS["residual, shortcut"])
    before = model.snapshot()
    folded(model).arrays()["0.body.0.weight"][...] = 0
    assert all((value == before[name]).all() for name, value in model.arrays().items())
