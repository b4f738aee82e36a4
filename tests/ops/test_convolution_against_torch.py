"""PyTorch as the oracle of what slides over images or joins branches; and oracles of plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.ops import add, avg_pool2d, concatenate, conv2d, global_max_pool2d, max_pool2d
from tests.ops.oracle import CLOSE, SEEDS, SIZES, agree, channels_first, normal, torch

F = torch.nn.functional

FEW = st.integers(1, 3)
PAIRS = st.tuples(FEW, FEW)


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Small tensors gain nothing from threads."""


def outputs_first(w):
    """Torch wants (O, C / groups, kh, kw), and contiguous: it fails on some transposed weights."""
    return w.permute(3, 2, 0, 1).contiguous()


def side_sums(size, span, stride):
    """All padding of "same" along an axis, as TensorFlow's manual defines it."""
    return max(span - stride if size % stride == 0 else span - size % stride, 0)


@st.composite
def geometries(draw, dilations=PAIRS, pooling=False):
    """An image's size, options for an op, and torch's way to say its padding: (left, right, top, bottom)."""
    window, stride, dilation = draw(PAIRS), draw(PAIRS), draw(dilations)
    span = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    word = draw(st.sampled_from(["same", "valid", None]))
    if word == "same":
        size = draw(st.tuples(SIZES, SIZES))
        sums = [side_sums(*each) for each in zip(size, span, stride, strict=True)]
        sides = [(total // 2, total - total // 2) for total in sums]
    else:
        largest = [k - 1 if pooling else 3 for k in window]
        sides = [(0, 0) if word else draw(st.tuples(st.integers(0, p), st.integers(0, p))) for p in largest]
        least = [max(1, each - sum(side)) for each, side in zip(span, sides, strict=True)]
        size = tuple(draw(st.integers(n, n + 4)) for n in least)
    options = {"stride": stride, "padding": word or tuple(sides)} | ({} if pooling else {"dilation": dilation})
    return size, window, options, (*sides[1], *sides[0])


@given(geometries(), FEW, st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 3)]), FEW, FEW, st.booleans(), SEEDS)
def test_conv2d(geometry, N, channels, times, group, bias, seed):
    """`channels` are those of a group and the groups; (1, 3) is depth-wise, with `times` output channels each."""
    (H, W), window, options, pad = geometry
    c, groups = (group, 1) if channels == (1, 1) else channels
    x, w, b = normal(seed, (N, H, W, c * groups), (*window, c, groups * times), (groups * times,))
    torch_options = {"stride": options["stride"], "dilation": options["dilation"], "groups": groups}

    def oracle(x, w, b=None):
        return F.conv2d(F.pad(x, pad), outputs_first(w), b, **torch_options)

    agree("conv2d", channels_first(oracle), [x, w, b] if bias else [x, w], options | {"groups": groups}, seed)


@given(SIZES, SIZES, PAIRS, PAIRS, SEEDS)
@pytest.mark.filterwarnings("ignore:Using padding=.same.")  # that torch may copy
def test_conv2d_same_is_that_of_torch_where_torch_has_it(H, W, window, dilation, seed):
    oracle = channels_first(lambda x, w: F.conv2d(x, outputs_first(w), dilation=dilation, padding="same"))
    inputs = normal(seed, (2, H, W, 2), (*window, 2, 3))
    agree("conv2d", oracle, inputs, {"padding": "same", "dilation": dilation}, seed)


def values(shape, seed, tied):
    """Normal values, or whole numbers so few that most windows have ties."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1, 2, shape).astype(float) if tied else rng.standard_normal(shape)


@given(geometries(st.just((1, 1)), pooling=True), FEW, FEW, st.booleans(), SEEDS)
def test_max_pool2d_ties_included(geometry, N, C, tied, seed):
    (H, W), window, options, pad = geometry
    oracle = channels_first(lambda x: F.max_pool2d(F.pad(x, pad, value=-np.inf), window, options["stride"]))
    agree("max_pool2d", oracle, [values((N, H, W, C), seed, tied)], options | {"window": window}, seed)


@given(geometries(st.just((1, 1)), pooling=True), FEW, FEW, st.booleans(), SEEDS)
def test_avg_pool2d(geometry, N, C, count_padding, seed):
    (H, W), window, options, pad = geometry

    def oracle(x):
        mean, share = (F.avg_pool2d(F.pad(each, pad), window, options["stride"]) for each in (x, torch.ones_like(x)))
        return mean if count_padding else mean / share

    options = options | {"window": window, "count_padding": count_padding}
    agree("avg_pool2d", channels_first(oracle), normal(seed, (N, H, W, C)), options, seed)


@given(st.integers(4, 8), st.integers(4, 8), st.booleans(), SEEDS)
def test_avg_pool2d_counts_padding_as_torch_does(H, W, count_padding, seed):
    options = {"window": 3, "stride": 2, "padding": 1}
    oracle = channels_first(lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=count_padding))
    agree("avg_pool2d", oracle, normal(seed, (2, H, W, 2)), options | {"count_padding": count_padding}, seed)


@given(SIZES, SIZES, st.booleans(), SEEDS)
def test_pooling_same_by_2_is_the_ceil_mode_of_torch(H, W, tied, seed):
    x, options = values((2, H, W, 3), seed, tied), {"window": 2, "padding": "same"}
    agree("max_pool2d", channels_first(lambda x: F.max_pool2d(x, 2, ceil_mode=True)), [x], options, seed)
    mean = channels_first(lambda x: F.avg_pool2d(x, 2, ceil_mode=True))
    agree("avg_pool2d", mean, [x], options | {"count_padding": False}, seed)


@given(SIZES, SIZES, SIZES, SIZES, SEEDS)
def test_global_avg_pool2d(N, H, W, C, seed):
    agree("global_avg_pool2d", lambda x: x.mean((1, 2)), normal(seed, (N, H, W, C)), {}, seed)


@given(SIZES, SIZES, SIZES, SIZES, st.booleans(), SEEDS)
def test_global_max_pool2d_ties_included(N, H, W, C, tied, seed):

    def oracle(x):
        return F.adaptive_max_pool2d(x.movedim(-1, 1), 1).flatten(1)

    agree("global_max_pool2d", oracle, [values((N, H, W, C), seed, tied)], {}, seed)


@given(st.lists(SIZES, min_size=1, max_size=4), SEEDS)
def test_add(shape, seed):
    agree("add", torch.add, normal(seed, shape, shape), {}, seed)


@given(st.lists(SIZES, max_size=3), st.lists(SIZES, min_size=1, max_size=4), SEEDS)
def test_concatenate(shape, channels, seed):
    branches = normal(seed, *((*shape, C) for C in channels))
    agree("concatenate", lambda *branches: torch.cat(branches, -1), branches, {}, seed)


def test_conv2d_is_what_six_loops_say():
    """The formula of the docstring, read aloud; top and left, rows and columns all differ."""
    (x, w, b) = normal(5, (2, 5, 6, 4), (2, 3, 2, 6), (6,))
    (s, s_), (d, d_), ((t, _), (l, _)), groups = (2, 1), (3, 2), ((1, 2), (2, 0)), 2
    y, cache = conv2d.forward(x, w, b, stride=(2, 1), dilation=(3, 2), padding=((1, 2), (2, 0)), groups=groups)
    assert y.shape == (2, 3, 4, 6)
    (dy,) = normal(6, y.shape)
    sums, dx, dw, db = np.zeros_like(y) + b, np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n, p, q, o in np.ndindex(y.shape):
        db[o] += dy[n, p, q, o]
        for i, j, c in np.ndindex(w.shape[:3]):
            u, v, channel = s * p + d * i - t, s_ * q + d_ * j - l, 2 * (o // 3) + c
            if 0 <= u < 5 and 0 <= v < 6:
                sums[n, p, q, o] += x[n, u, v, channel] * w[i, j, c, o]
                dx[n, u, v, channel] += w[i, j, c, o] * dy[n, p, q, o]
                dw[i, j, c, o] += x[n, u, v, channel] * dy[n, p, q, o]
    np.testing.assert_allclose(y, sums, **CLOSE)
    for gradient, expected in zip(conv2d.backward(dy, cache), (dx, dw, db), strict=True):
        np.testing.assert_allclose(gradient, expected, **CLOSE)


@given(geometries(), st.sampled_from([(2, 1), (2, 3), (1, 4)]), SEEDS)
def test_both_gradients_of_conv2d_are_adjoints(geometry, channels, seed):
    """⟨conv(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩, for the map is linear in each."""
    (H, W), window, options, _ = geometry
    c, groups = channels
    x, w = normal(seed, (2, H, W, c * groups), (*window, c, 2 * groups))
    y, cache = conv2d.forward(x, w, **options, groups=groups)
    (dy,) = normal(seed + 1, y.shape)
    dx, dw = conv2d.backward(dy, cache)
    product = (y * dy).sum()
    np.testing.assert_allclose([(x * dx).sum(), (w * dw).sum()], [product, product], rtol=1e-9, atol=1e-9)


@given(geometries(st.just((1, 1)), pooling=True), SEEDS)
def test_max_pool2d_credits_one_winner_and_loses_nothing(geometry, seed):
    """All ties alike: the gradients of an image still sum to those of its windows, and whole numbers stay whole."""
    (H, W), window, options, _ = geometry
    x = values((2, H, W, 2), seed, tied=True)
    y, cache = max_pool2d.forward(x, window=window, **options)
    dy = np.random.default_rng(seed).integers(1, 9, y.shape).astype(float)
    (dx,) = max_pool2d.backward(dy, cache)
    np.testing.assert_array_equal(dx.sum((1, 2)), dy.sum((1, 2)))
    np.testing.assert_array_equal((x * dx).sum((1, 2)), (y * dy).sum((1, 2)))


def test_max_pool2d_takes_the_first_of_a_tie():
    y, cache = max_pool2d.forward(np.zeros((1, 3, 3, 1)), window=2, stride=1)
    (dx,) = max_pool2d.backward(np.array([[1.0, 2], [3, 4]]).reshape(y.shape), cache)
    np.testing.assert_array_equal(dx[0, ..., 0], [[1, 2, 0], [3, 4, 0], [0, 0, 0]])


@given(SIZES, SIZES, st.booleans(), SEEDS)
def test_global_max_pool2d_is_max_pool2d_with_one_window(H, W, tied, seed):
    x = values((3, H, W, 2), seed, tied)
    (dy,) = normal(seed, (3, 2))
    y, cache = global_max_pool2d.forward(x)
    windowed, other = max_pool2d.forward(x, window=(H, W))
    np.testing.assert_array_equal(y, windowed[:, 0, 0])
    (dx,) = global_max_pool2d.backward(dy, cache)
    np.testing.assert_array_equal(dx, max_pool2d.backward(dy[:, None, None], other)[0])


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_global_max_pool2d_of_what_is_not_finite(special):
    """NaN counts as the largest; and the first of the -∞ wins where a channel has nothing else."""
    x, dy = np.zeros((1, 2, 3, 2)), np.array([[5.0, 7]])
    x[0, 1, 1:, 0] = x[..., 1] = special
    y, cache = global_max_pool2d.forward(x)
    np.testing.assert_array_equal(y, max_pool2d.forward(x, window=(2, 3))[0][:, 0, 0])
    (dx,) = global_max_pool2d.backward(dy, cache)
    np.testing.assert_array_equal(dx[0, ..., 0], 5 * (np.arange(6) == (0 if special < 0 else 4)).reshape(2, 3))
    np.testing.assert_array_equal(dx[0, ..., 1], 7 * (np.arange(6) == 0).reshape(2, 3))


def test_padding_never_wins_a_maximum():
    """With zeros around it, the border of an image of negative values would have a maximum of 0."""
    x = -1 - np.arange(9.0).reshape(1, 3, 3, 1)
    y, cache = max_pool2d.forward(x, window=2, stride=2, padding=1)
    np.testing.assert_array_equal(y[0, ..., 0], [[-1, -2], [-4, -5]])
    (dx,) = max_pool2d.backward(np.ones_like(y), cache)
    assert dx.sum() == 4


def test_avg_pool2d_is_a_depthwise_convolution_with_equal_weights():
    (x,) = normal(3, (2, 5, 6, 3))
    options = {"stride": (2, 1), "padding": (1, 0)}
    y, cache = avg_pool2d.forward(x, window=(2, 3), **options)
    twin, other = conv2d.forward(x, np.full((2, 3, 1, 3), 1 / 6), groups=3, **options)
    (dy,) = normal(4, y.shape)
    np.testing.assert_allclose(y, twin, **CLOSE)
    np.testing.assert_allclose(avg_pool2d.backward(dy, cache)[0], conv2d.backward(dy, other)[0], **CLOSE)


def test_a_fork_that_is_joined_again_sums_its_gradients():
    (x, dy) = normal(8, (2, 3), (2, 3))
    da, db = add.backward(dy, add.forward(x, x)[1])
    np.testing.assert_array_equal(da + db, 2 * dy)
    y, ends = concatenate.forward(x, 3 * x)
    np.testing.assert_array_equal(y[:, 3:], 3 * x)
    assert ends == [3, 6]
