"""PyTorch as the oracle: forward and every gradient of every op, float64, random shapes and values."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backhand.backend import op, op_names
from backhand.ops import dropout, logistic, softmax_cross_entropy
from tests.ops.oracle import CLOSE, SEEDS, SIZES, agree, channels_first, normal, torch

F = torch.nn.functional

SPREADS = st.sampled_from([1.0, 30.0, 1e4])  # the last one gives logits of ±1e4


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Small tensors gain nothing from threads."""


@given(SIZES, SIZES, SIZES, SEEDS)
def test_linear(N, inputs, outputs, seed):
    drawn = normal(seed, (N, inputs), (inputs, outputs), (outputs,))
    agree("linear", lambda x, w, b: x @ w + b, drawn, {}, seed)


@given(SIZES, SIZES, SIZES, SIZES, SEEDS)
def test_several_linear_maps_at_once(S, N, inputs, outputs, seed):
    drawn = normal(seed, (S, N, inputs), (S, inputs, outputs), (S, outputs))
    agree("linear", lambda x, w, b: torch.baddbmm(b[:, None], x, w), drawn, {}, seed)


@given(SIZES, SIZES, SIZES, SIZES, SEEDS)
def test_several_linear_maps_of_one_x(S, N, inputs, outputs, seed):
    x, w, b, dy = normal(seed, (N, inputs), (S, inputs, outputs), (S, outputs), (S, N, outputs))
    y, cache = op("linear").forward(x, w, b)
    found = op("linear").backward(dy, cache)
    for s in range(S):
        alone, own = op("linear").forward(x, w[s], b[s])
        np.testing.assert_allclose(y[s], alone, **CLOSE)
        for each, right in zip(found, op("linear").backward(dy[s], own), strict=True):
            np.testing.assert_allclose(each[s], right, **CLOSE)


ELEMENTWISE = {
    "relu": (torch.relu, {}),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.3), {"slope": 0.3}),
    "elu": (lambda x: F.elu(x, 0.3), {"alpha": 0.3}),
    "sigmoid": (torch.sigmoid, {}),
    "silu": (F.silu, {}),
    "gelu": (F.gelu, {}),
    "tanh": (torch.tanh, {}),
    "scale": (lambda x: -0.3 * x, {"factor": -0.3}),
    "flatten": (lambda x: torch.flatten(x, 1), {}),
}
VALUES = st.one_of(st.floats(-5, 5), st.sampled_from([0.0, -0.0, 1e4, -1e4, 800.0, -800.0, 1e-300]))


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(x=arrays(np.float64, st.lists(SIZES, min_size=2, max_size=4).map(tuple), elements=VALUES), seed=SEEDS)
def test_elementwise_kinks_included(name, x, seed):
    agree(name, ELEMENTWISE[name][0], [x], ELEMENTWISE[name][1], seed)


@given(SIZES, SIZES, st.floats(0, 0.95), st.sampled_from(["inverted", "classic"]), st.booleans(), SEEDS)
def test_dropout_through_the_same_mask(N, C, p, mode, train, seed):
    mask = dropout.draw_mask((N, C), p, seed) if train else None
    kept = torch.tensor(mask) if train else torch.ones((), dtype=torch.bool)
    scale = 1 / (1 - p) if train and mode == "inverted" else 1 - p if not train and mode == "classic" else 1
    options = {"p": p, "mode": mode, "mask": mask}
    agree("dropout", lambda x: x * kept.double() * scale, normal(seed, (N, C)), options, seed)


@given(st.integers(2, 6), SIZES, st.sampled_from([(), (2, 3), (4, 1)]), st.sampled_from([1e-5, 1e-2]), SEEDS)
def test_batchnorm_in_training(N, C, image, eps, seed):
    x, gamma, beta = normal(seed, (N, *image, C), (C,), (C,))
    assume(x.reshape(-1, C).std(0).min() > 0.05)  # else both sides lose digits
    oracle = channels_first(lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=eps))
    agree("batchnorm", oracle, [x, gamma, beta], {"eps": eps}, seed)


@given(SIZES, SIZES, st.sampled_from([(), (2, 3)]), SEEDS)
def test_batchnorm_at_inference(N, C, image, seed):
    x, gamma, beta, mean, var = normal(seed, (N, *image, C), (C,), (C,), (C,), (C,))
    running = mean, np.exp(var)
    oracle = channels_first(lambda x, g, b: F.batch_norm(x, *map(torch.tensor, running), g, b, eps=1e-5))
    agree("batchnorm", oracle, [x, gamma, beta], {"running": running}, seed)


IMAGES = st.sampled_from([(), (1, 1), (2, 3), (4, 1)])
EPSILONS = st.sampled_from([1e-5, 1e-2])


@given(SIZES, SIZES, IMAGES, EPSILONS, SEEDS)
def test_layer_norm(N, C, image, eps, seed):
    sample = (*image, C)
    x, gamma, beta = normal(seed, (N, *sample), sample, sample)
    rows = x.reshape(N, -1)
    assume(rows.shape[1] == 1 or rows.std(1).min() > 0.05)  # else both sides lose digits
    agree("layer_norm", lambda x, g, b: F.layer_norm(x, sample, g, b, eps), [x, gamma, beta], {"eps": eps}, seed)


@given(SIZES, st.integers(1, 4), st.integers(1, 3), IMAGES, EPSILONS, SEEDS)
def test_group_norm(N, groups, width, image, eps, seed):
    C = groups * width
    x, gamma, beta = normal(seed, (N, *image, C), (C,), (C,))
    grouped = x.reshape(N, -1, groups, width)
    assume(grouped[0, :, 0].size > 1 and grouped.std((1, 3)).min() > 0.05)  # PyTorch refuses single values
    oracle = channels_first(lambda x, g, b: F.group_norm(x, groups, g, b, eps))
    agree("group_norm", oracle, [x, gamma, beta], {"groups": groups, "eps": eps}, seed)


@given(SIZES, st.integers(2, 6), st.sampled_from([0.0, 0.1, 1.0]), SPREADS, SEEDS)
def test_softmax_cross_entropy(N, K, smoothing, spread, seed):
    labels = np.random.default_rng(seed).integers(0, K, N)
    agree(
        "softmax_cross_entropy",
        lambda z: F.cross_entropy(z, torch.tensor(labels), label_smoothing=smoothing),
        normal(seed, (N, K), spread=spread),
        {"labels": labels, "smoothing": smoothing},
        seed,
    )


@given(SIZES, st.integers(2, 6), st.sampled_from([0.0, 0.1]), st.booleans(), SPREADS, SEEDS)
def test_softmax_cross_entropy_of_distributions_and_weighted_samples(N, K, smoothing, soft, spread, seed):
    rng = np.random.default_rng(seed)
    labels = rng.dirichlet(np.ones(K), N) if soft else rng.integers(0, K, N)
    weights = rng.exponential(size=N) * rng.integers(0, 2, N)
    target, omega = torch.tensor(labels), torch.tensor(weights)
    agree(
        "softmax_cross_entropy",
        lambda z: (omega * F.cross_entropy(z, target, label_smoothing=smoothing, reduction="none")).mean(),
        normal(seed, (N, K), spread=spread),
        {"labels": labels, "smoothing": smoothing, "weights": weights},
        seed,
    )


@given(SIZES, st.booleans(), st.booleans(), SPREADS, SEEDS)
def test_logistic(N, column, soft, spread, seed):
    rng = np.random.default_rng(seed)
    labels = rng.random(N) if soft else rng.integers(0, 2, N)
    shape = (N, 1) if column else (N,)
    target = torch.tensor(labels, dtype=torch.float64).reshape(shape)
    agree(
        "logistic",
        lambda z: F.binary_cross_entropy_with_logits(z, target),
        normal(seed, shape, spread=spread),
        {"labels": labels},
        seed,
    )


@given(SIZES, st.integers(2, 6), SPREADS, SEEDS)
def test_hinge_is_multi_margin_times_the_classes(N, K, spread, seed):
    labels = np.random.default_rng(seed).integers(0, K, N)
    agree(
        "hinge",
        lambda s: K * F.multi_margin_loss(s, torch.tensor(labels)),
        normal(seed, (N, K), spread=spread),
        {"labels": labels},
        seed,
    )


@given(SIZES, SPREADS, SEEDS)
def test_binary_hinge(N, spread, seed):
    labels = np.random.default_rng(seed).integers(0, 2, N)
    t = torch.tensor(2.0 * labels - 1, dtype=torch.float64)
    agree(
        "binary_hinge",
        lambda s: torch.relu(1 - t * s).mean(),
        normal(seed, (N,), spread=spread),
        {"labels": labels},
        seed,
    )


@given(st.sampled_from(["logistic", "hinge", "binary_hinge"]), SIZES, SEEDS)
def test_weighted_samples_of_the_other_losses(name, N, seed):
    rng = np.random.default_rng(seed)
    labels, weights = rng.integers(0, 2, N), rng.exponential(size=N) * rng.integers(0, 2, N)
    t = torch.tensor(labels, dtype=torch.float64)
    each = {
        "logistic": lambda z: F.binary_cross_entropy_with_logits(z, t, reduction="none"),
        "hinge": lambda s: 3 * F.multi_margin_loss(s, torch.tensor(labels), reduction="none"),
        "binary_hinge": lambda s: torch.relu(1 - (2 * t - 1) * s),
    }[name]
    scores = normal(seed, (N, 3) if name == "hinge" else (N,))
    omega = torch.tensor(weights)
    agree(name, lambda z: (omega * each(z)).mean(), scores, {"labels": labels, "weights": weights}, seed)


ERRORS = {
    "squared_error": lambda s, t: 0.5 * F.mse_loss(s, t, reduction="none"),
    "absolute_error": lambda s, t: F.l1_loss(s, t, reduction="none"),
    "huber": lambda s, t: F.huber_loss(s, t, delta=0.8, reduction="none"),
}


@given(st.sampled_from(sorted(ERRORS)), SIZES, st.integers(1, 4), st.booleans(), SPREADS, SEEDS)
def test_losses_of_regression(name, N, T, weighted, spread, seed):
    """ "squared_error", "absolute_error" and "huber" with one target or several, with and without weights."""
    rng = np.random.default_rng(seed)
    targets, weights = rng.standard_normal((N, T)), rng.exponential(size=N) * rng.integers(0, 2, N)
    options = {"targets": targets} | ({"weights": weights} if weighted else {})
    options |= {"delta": 0.8} if name == "huber" else {}
    t, omega = torch.tensor(targets), torch.tensor(weights if weighted else np.ones(N))
    each = ERRORS[name]
    agree(name, lambda s: (omega[:, None] * each(s, t)).mean(), normal(seed, (N, T), spread=spread), options, seed)


@given(SIZES, SIZES, st.floats(0, 10), st.sampled_from([("half", 0.5), ("whole", 1.0)]), SEEDS)
def test_l2(rows, columns, strength, form, seed):
    word, factor = form
    options = {"strength": strength, "form": word}
    agree("l2", lambda w: strength * factor * (w * w).sum(), normal(seed, (rows, columns)), options, seed)


def test_predict_proba():
    (z,) = normal(0, (5, 4), spread=1e3)
    np.testing.assert_allclose(
        softmax_cross_entropy.predict_proba(z), torch.softmax(torch.tensor(z), 1).numpy(), **CLOSE
    )
    np.testing.assert_allclose(logistic.predict_proba(z), torch.sigmoid(torch.tensor(z)).numpy(), **CLOSE)


def test_every_op_has_an_oracle():
    text = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*against_torch.py"))
    assert [name for name in op_names() if f'"{name}"' not in text] == []
