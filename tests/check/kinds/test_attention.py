"""Attention and global pooling against PyTorch, and passes written wrong on purpose."""

import numpy as np
import torch
from torch.nn import functional

from backhand.check.kinds.table import kind_named, likely
from tests.check.kinds.cases import case_of, draw_arrays, predicts

ATTENTION, POOL = kind_named("attention"), kind_named("global_avg_pool")


def softmax(s):
    e = np.exp(s)
    return e / e.sum(-1, keepdims=True)


def test_attention_is_pytorch_s():
    for config in ATTENTION.configs():
        for layout in ATTENTION.layouts():
            arrays = draw_arrays(ATTENTION, config, layout)
            y = functional.scaled_dot_product_attention(*(torch.tensor(arrays[role]) for role in "qkv")).numpy()
            assert not next(ATTENTION.recognise(y, arrays, config, layout)).mistake
            scores = arrays["q"] @ arrays["k"].swapaxes(-1, -2)
            unscaled = softmax(scores) @ arrays["v"]
            match = next(ATTENTION.recognise(unscaled, arrays, config, layout))
            assert (match.mistake, match.convention["scores"]) == ("", "not scaled")
            by_length = softmax(scores / config["D"]) @ arrays["v"]
            assert next(ATTENTION.recognise(by_length, arrays, config, layout)).mistake == "divided by the length"
            other = softmax(scores.swapaxes(-1, -2) / np.sqrt(config["D"])).swapaxes(-1, -2) @ arrays["v"]
            assert next(ATTENTION.recognise(other, arrays, config, layout)).mistake == "softmax along the queries"


def test_slips_of_attention_are_foreseen():
    case = case_of(ATTENTION, ATTENTION.configs()[2], ATTENTION.layouts()[0])
    q, k, v = (case.arrays[role] for role in "qkv")
    p = softmax(q @ k.swapaxes(1, 2) / np.sqrt(3))
    dp = case.dy @ v.swapaxes(1, 2)
    ds = p * dp - p * (p * dp).sum(2, keepdims=True)
    assert predicts(ATTENTION, case, "scale left out", ds @ k, "q")
    assert predicts(ATTENTION, case, "scale applied twice", ds @ k / 3, "q")
    assert predicts(ATTENTION, case, "softmax not differentiated", dp.swapaxes(1, 2) @ q / np.sqrt(3), "k")
    assert predicts(ATTENTION, case, "diagonal of softmax only", (p - p * p) * dp @ k / np.sqrt(3), "q")
    assert predicts(ATTENTION, case, "queries and keys swapped", ds @ q / np.sqrt(3), "q")
    assert predicts(ATTENTION, case, "weights not transposed", p @ case.dy, "v")


def test_global_pooling_is_pytorch_s_and_its_slips_are_foreseen():
    first, last = POOL.layouts()
    for config in POOL.configs():
        x = draw_arrays(POOL, config, first)["x"]
        y = functional.adaptive_avg_pool2d(torch.tensor(x), 1).numpy()
        assert not next(POOL.recognise(y, {"x": x}, config, first)).mistake
        assert not next(POOL.recognise(y[..., 0, 0], {"x": x.transpose(0, 2, 3, 1)}, config, last)).mistake
        assert next(POOL.recognise(x.sum((2, 3)), {"x": x}, config, first)).mistake == "sum for mean"
    case = case_of(POOL, POOL.configs()[0], first, way=1)
    spread = np.repeat(np.repeat(case.dy[:, :, None, None], 3, 2), 4, 3)
    assert predicts(POOL, case, "not divided by the pixels", spread)
    assert predicts(POOL, case, "divided by one length", spread / 3)
    assert predicts(POOL, case, "not spread", case.dy / 12)


def test_their_names_are_understood():
    assert likely("ScaledDotProductAttention").kinds[0] is ATTENTION
    assert likely("GlobalAveragePooling").kinds[0] is POOL
    assert likely("GlobalAvgPool2d").kinds[0] is POOL
