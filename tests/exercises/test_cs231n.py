"""CS231n: pairs of functions with a cache."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_pair, draw
from tests.exercises.solutions import load

LAYERS = load("cs231n", "layers.py")
RNN = load("cs231n", "rnn_layers.py")


@pytest.mark.parametrize(("N", "shape", "M"), [(1, (3,), 2), (4, (3,), 3), (3, (2, 2, 2), 5)])
def test_affine(N, shape, M, rng):
    arrays = draw(rng, (N, *shape), (np.prod(shape), M), (M,))
    assert_pair(LAYERS.affine_forward, LAYERS.affine_backward, arrays, rng)


def test_relu(rng):
    out = assert_pair(LAYERS.relu_forward, LAYERS.relu_backward, draw(rng, (3, 4, 2)), rng)
    assert out.min() == 0
    assert np.array_equal(LAYERS.relu_backward(np.ones(3), np.array([-1.0, 0, 1])), [0, 0, 1])


@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize(("N", "D"), [(1, 3), (2, 3), (6, 4)])
def test_batchnorm(mode, N, D, rng):
    statistics = {"running_mean": rng.normal(size=D), "running_var": rng.uniform(1, 2, D)}

    def forward(x, gamma, beta):
        return LAYERS.batchnorm_forward(x, gamma, beta, {"mode": mode, "eps": 0.1, **statistics})

    assert_pair(forward, LAYERS.batchnorm_backward, draw(rng, (N, D), D, D), rng)


def test_batchnorm_statistics(rng):
    x = rng.normal(3, 2, (50, 4))
    param = {"mode": "train", "momentum": 0.5}
    out, _ = LAYERS.batchnorm_forward(x, np.ones(4), np.zeros(4), param)
    assert np.allclose([out.mean(0), out.std(0)], [[0] * 4, [1] * 4], atol=1e-4)
    assert np.allclose(param["running_mean"], 0.5 * x.mean(0))
    assert np.allclose(param["running_var"], 0.5 * x.var(0))
    kept = param["running_mean"].copy()
    LAYERS.batchnorm_forward(x + 1, np.ones(4), np.zeros(4), {**param, "mode": "test"})
    assert np.array_equal(param["running_mean"], kept)
    with pytest.raises(ValueError, match='"tset"'):
        LAYERS.batchnorm_forward(x, np.ones(4), np.zeros(4), {"mode": "tset"})


@pytest.mark.parametrize(("N", "D"), [(1, 3), (2, 3), (4, 4)])
def test_layernorm(N, D, rng):
    def forward(x, gamma, beta):
        return LAYERS.layernorm_forward(x, gamma, beta, {"eps": 0.1})

    out = assert_pair(forward, LAYERS.layernorm_backward, draw(rng, (N, D), D, D), rng)
    assert out.shape == (N, D)


@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, mode, rng):
    def forward(x):
        return LAYERS.dropout_forward(x, {"p": p, "mode": mode, "seed": 3})

    assert_pair(forward, LAYERS.dropout_backward, draw(rng, (5, 6)), rng)
    out, _ = LAYERS.dropout_forward(np.ones((200, 200)), {"p": p, "mode": mode})
    assert abs(out.mean() - 1) < 0.05
    assert abs((out != 0).mean() - (p if mode == "train" else 1)) < 0.02


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize("shapes", [((1, 1, 5, 5), (1, 1, 3, 3)), ((2, 3, 6, 5), (4, 3, 2, 3))])
def test_conv(shapes, stride, pad, rng):
    def forward(x, w, b):
        return LAYERS.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})

    out = assert_pair(forward, LAYERS.conv_backward_naive, draw(rng, *shapes, shapes[1][0]), rng)
    (_, _, H, W), (_, _, HH, WW) = shapes
    assert out.shape[2:] == ((H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1)


@pytest.mark.parametrize("window", [(2, 2, 2), (3, 2, 1), (2, 3, 3)])
@pytest.mark.parametrize("N", [1, 2])
def test_max_pool(window, N, rng):
    param = dict(zip(("pool_height", "pool_width", "stride"), window, strict=True))

    def forward(x):
        return LAYERS.max_pool_forward_naive(x, param)

    assert_pair(forward, LAYERS.max_pool_backward_naive, draw(rng, (N, 2, 6, 5)), rng)


def test_max_pool_credits_one_of_a_tie():
    _, cache = LAYERS.max_pool_forward_naive(np.zeros((1, 1, 2, 2)), {"pool_height": 2, "pool_width": 2, "stride": 2})
    dx = LAYERS.max_pool_backward_naive(np.full((1, 1, 1, 1), 5.0), cache)
    assert np.array_equal(dx.squeeze(), [[5, 0], [0, 0]])


@pytest.mark.parametrize("mode", ["train", "test"])
def test_spatial_batchnorm(mode, rng):
    statistics = {"running_mean": rng.normal(size=3), "running_var": rng.uniform(1, 2, 3)}

    def forward(x, gamma, beta):
        return LAYERS.spatial_batchnorm_forward(x, gamma, beta, {"mode": mode, **statistics})

    out = assert_pair(forward, LAYERS.spatial_batchnorm_backward, draw(rng, (2, 3, 4, 5), 3, 3), rng)
    assert out.shape == (2, 3, 4, 5)


@pytest.mark.parametrize("G", [1, 2, 4])
@pytest.mark.parametrize("N", [1, 3])
def test_groupnorm(G, N, rng):
    def forward(x, gamma, beta):
        return LAYERS.spatial_groupnorm_forward(x, gamma, beta, G, {})

    arrays = draw(rng, (N, 4, 3, 2), (1, 4, 1, 1), (1, 4, 1, 1))
    assert_pair(forward, LAYERS.spatial_groupnorm_backward, arrays, rng)


@pytest.mark.parametrize("name", ["svm_loss", "softmax_loss"])
@pytest.mark.parametrize(("N", "C"), [(1, 3), (5, 2), (4, 4)])
def test_losses(name, N, C, rng):
    loss = getattr(LAYERS, name)
    x, y = 3 * rng.standard_normal((N, C)), rng.integers(0, C, N)
    before = x.copy()
    _, dx = loss(x, y)
    assert np.array_equal(x, before)
    assert_gradients(lambda: loss(x, y)[0], {"x": (x, dx)}, rng)


def test_losses_by_hand():
    assert np.isclose(LAYERS.softmax_loss(np.zeros((2, 4)), np.array([0, 3]))[0], np.log(4))
    assert LAYERS.softmax_loss(np.array([[1e4, -1e4]]), np.array([1]))[0] == 2e4
    assert LAYERS.svm_loss(np.zeros((2, 4)), np.array([0, 3]))[0] == 3


def test_word_embedding(rng):
    words = np.array([[0, 2, 2], [1, 2, 0]])

    def forward(W):
        return RNN.word_embedding_forward(words, W)

    assert_pair(forward, RNN.word_embedding_backward, draw(rng, (4, 3)), rng)


@pytest.mark.parametrize(("N", "D", "H"), [(1, 2, 3), (3, 3, 3)])
def test_rnn(N, D, H, rng):
    weights = [(D, H), (H, H), H]
    assert_pair(RNN.rnn_step_forward, RNN.rnn_step_backward, draw(rng, (N, D), (N, H), *weights), rng)
    assert_pair(RNN.rnn_forward, RNN.rnn_backward, draw(rng, (N, 4, D), (N, H), *weights), rng)


@pytest.mark.parametrize(("N", "D", "H"), [(1, 2, 3), (3, 3, 3)])
def test_lstm(N, D, H, rng):
    weights = [(D, 4 * H), (H, 4 * H), 4 * H]
    assert_pair(RNN.lstm_forward, RNN.lstm_backward, draw(rng, (N, 4, D), (N, H), *weights), rng)

    arrays = draw(rng, (N, D), (N, H), (N, H), *weights)
    dh, dc = draw(rng, (N, H), (N, H))
    gradients = RNN.lstm_step_backward(dh, dc, RNN.lstm_step_forward(*arrays)[2])

    def loss():
        h, c, _ = RNN.lstm_step_forward(*arrays)
        return (dh * h).sum() + (dc * c).sum()

    assert_gradients(loss, dict(enumerate(zip(arrays, gradients, strict=True))), rng)


@pytest.mark.parametrize(("N", "T", "D", "M"), [(1, 3, 2, 4), (2, 3, 3, 3)])
def test_temporal_affine(N, T, D, M, rng):
    arrays = draw(rng, (N, T, D), (D, M), M)
    assert_pair(RNN.temporal_affine_forward, RNN.temporal_affine_backward, arrays, rng)


@pytest.mark.parametrize(("N", "T", "V"), [(1, 4, 3), (3, 2, 5)])
def test_temporal_softmax_loss(N, T, V, rng, capsys):
    (x,), y, mask = draw(rng, (N, T, V)), rng.integers(0, V, (N, T)), rng.random((N, T)) < 0.7
    loss, dx = RNN.temporal_softmax_loss(x, y, mask, verbose=True)
    assert str(dx.shape) in capsys.readouterr().out
    assert loss > 0
    assert_gradients(lambda: RNN.temporal_softmax_loss(x, y, mask)[0], {"x": (x, dx)}, rng)


def test_sigmoid_does_not_overflow():
    assert np.array_equal(RNN.sigmoid(np.array([-1e4, 0, 1e4])), [0, 0.5, 1])
