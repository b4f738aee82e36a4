"""The fused loss against the reference in float64, and its exponential against NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from numba import njit

from backhand.kernels.ops import softmax_cross_entropy as kernel
from backhand.ops import softmax_cross_entropy as reference


@njit
def exponentials(x, y):
    for i in range(x.size):
        y[i] = kernel.exp(x[i])


def test_the_exponential_is_right_to_2_units_in_the_last_place():
    x = np.linspace(-87, 88, 500_001).astype(np.float32)
    y = np.empty_like(x)
    exponentials(x, y)
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(y - exact) / np.spacing(exact.astype(np.float32))).max() <= 2


def test_the_exponential_where_there_is_little_or_nothing_of_it():
    x = np.array([0, -0.0, -87.4, -1e4, -np.inf, np.nan], np.float32)
    y = np.empty_like(x)
    exponentials(x, y)
    np.testing.assert_array_equal(y, np.array([1, 1, 0, 0, 0, np.nan], np.float32))


def batch(seed, N, K, spread, soft, weighted):
    rng = np.random.default_rng(seed)
    logits = (spread * rng.standard_normal((N, K))).astype(np.float32)
    labels = rng.dirichlet(np.ones(K), N).astype(np.float32) if soft else rng.integers(0, K, N)
    return logits, labels, rng.uniform(0, 3, N).astype(np.float32) if weighted else None


@given(
    st.integers(0, 2**32),
    st.integers(1, 5) | st.sampled_from([50, 501]),
    st.sampled_from([1, 2, 3, 10, 16, 17, 64, 1000]),
    st.sampled_from([0.1, 3.0, 1e4]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.sampled_from([1.0, -2.5]),
)
@settings(max_examples=50, deadline=None)
def test_loss_and_gradient_equal_the_references(seed, N, K, spread, soft, weighted, smoothing, dy):
    logits, labels, weights = batch(seed, N, K, spread, soft, weighted)
    kept = logits.copy(), labels.copy()
    loss, cache = kernel.forward(logits, labels, smoothing=smoothing, weights=weights)
    (dz,) = kernel.backward(dy, cache)
    exact, known = reference.forward(logits.astype(np.float64), labels, smoothing=smoothing, weights=weights)
    assert isinstance(cache, kernel.Cache)
    assert loss.dtype == dz.dtype == np.float32
    assert loss == pytest.approx(exact, rel=1e-6, abs=1e-6 * spread)
    (expected,) = reference.backward(dy, known)
    heaviest = abs(dy) / N * (1 if weights is None else weights.max())  # p and q cancel where they are equal
    np.testing.assert_allclose(dz, expected, rtol=1e-5, atol=1e-6 * heaviest)
    np.testing.assert_array_equal(logits, kept[0])
    np.testing.assert_array_equal(labels, kept[1])
    again, other = kernel.forward(logits, labels, smoothing=smoothing, weights=weights)
    assert again == loss
    np.testing.assert_array_equal(kernel.backward(dy, other)[0], dz)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_shows_where_it_does_in_the_reference(bad):
    logits, labels, _ = batch(0, 5, 7, 1.0, False, False)
    logits[3, 4] = bad
    with np.errstate(invalid="ignore"):
        (loss, cache), (exact, known) = kernel.forward(logits, labels), reference.forward(logits, labels)
    np.testing.assert_equal(loss, exact)
    np.testing.assert_allclose(kernel.backward(1.0, cache)[0], reference.backward(1.0, known)[0], rtol=1e-5, atol=1e-8)


def test_labels_of_any_integers_and_read_only():
    logits, labels, _ = batch(0, 50, 10, 1.0, False, False)
    loss = kernel.forward(logits, labels)[0]
    for kind in (np.uint8, np.int32, np.uint64):
        same = labels.astype(kind)
        same.flags.writeable = False
        assert kernel.forward(logits, same)[0] == loss


SCORES = np.zeros((4, 3), np.float32)
GOOD = np.array([0, 2, 1, 0])


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (np.array([0, 1, 2, 3]), {}),
        (np.array([0, 1, 2, -1]), {}),
        (GOOD[:3], {}),
        (GOOD[:, None], {}),
        (GOOD.astype(float), {}),
        (np.eye(3, dtype=int)[GOOD], {}),
        (np.eye(4), {}),
        (np.full((4, 3), [2.0, -1, 0]), {}),
        (np.full((4, 3), [1.0, -1e-12, 0]), {}),
        (np.full((4, 3), 0.5), {}),
        (np.full((4, 3), np.nan), {}),
        (GOOD, {"weights": np.ones(3)}),
        (GOOD, {"weights": np.array([1.0, 1, 1, -1])}),
        (GOOD, {"weights": np.array([1.0, 1, np.inf, 1])}),
        (GOOD, {"weights": np.array([np.nan, 1, 1, 1])}),
        (GOOD, {"smoothing": 1.1}),
        (GOOD, {"smoothing": np.nan}),
    ],
)
def test_bad_arguments_are_refused_in_the_words_of_the_reference(labels, options):
    with pytest.raises(ValueError, match=r".") as theirs:
        reference.forward(SCORES, labels, **options)
    with pytest.raises(ValueError, match=r".") as ours:
        kernel.forward(SCORES, labels, **options)
    assert str(ours.value) == str(theirs.value)
