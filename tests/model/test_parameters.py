"""Parameters: views of flat buffers, their names, and which are penalised."""

import numpy as np

from tests.model.smallmodel import small


def test_parameters_and_gradients_are_views_of_the_flat_buffers(rng: np.random.Generator) -> None:
    model = small()
    flat = model.parameters
    assert flat.values.size == flat.grads.size == 4 * 5 + 5 + 5 + 5 + 5 * 3 + 3
    for name, value, gradient in ((each.name, each.value, each.grad) for each in flat):
        assert np.shares_memory(value, flat.values), name
        assert np.shares_memory(gradient, flat.grads), name
    np.testing.assert_array_equal(np.concatenate([each.value.ravel() for each in flat]), flat.values)
    flat.values[:] = 0  # the layers compute with the buffer itself: the last bias is its end
    flat.values[-3:] = [1, 2, 3]
    y = model.forward(rng.standard_normal((6, 2, 2, 1)))
    np.testing.assert_array_equal(y, np.tile([1.0, 2.0, 3.0], (6, 1)))
    model.backward(rng.standard_normal(y.shape))
    assert np.shares_memory(model.layers[1].grads["weight"], flat.grads)
    assert np.count_nonzero(flat.grads) > 0


def test_only_weights_are_penalised() -> None:
    flat = small().parameters
    marked = np.zeros(flat.values.size, bool)
    for weights in flat.penalised:
        marked[weights] = True
    expected = np.concatenate([np.full(each.value.size, each.name.endswith("weight")) for each in flat])
    np.testing.assert_array_equal(marked, expected)
