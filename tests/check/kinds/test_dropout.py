"""Dropout in its variants, recognised by the mask that its result shows, and with mistakes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backhand.check.kinds.dropout import DROPPED, INVERTED, KEPT, PLAIN, Dropout
from tests.check.kinds.cases import case_of, draw_arrays, predicts

KIND = Dropout()
CONFIGS = KIND.configs()
TRAIN, TEST = CONFIGS[0], CONFIGS[1]


def uniform(shape):
    return np.random.default_rng(5).random(shape)


def recognised(function, config):
    arrays = draw_arrays(KIND, config, {})
    return next(KIND.recognise(function(arrays["x"], config["p"]), arrays, config, {}), None)


def dropped(x, p):
    return x * (uniform(x.shape) > p)


def kept(x, p):
    return x * (uniform(x.shape) < p)


@pytest.mark.parametrize(
    ("function", "meaning", "scale"),
    [
        (lambda x, p: dropped(x, p) / (1 - p), DROPPED, INVERTED),
        (lambda x, p: kept(x, p) / p, KEPT, INVERTED),
        (dropped, DROPPED, PLAIN),
        (kept, KEPT, PLAIN),
        (lambda x, p: torch.nn.functional.dropout(torch.tensor(x), p).numpy(), DROPPED, INVERTED),
    ],
)
def test_right_ways_are_recognised(function, meaning, scale):
    torch.manual_seed(2)
    match = recognised(function, TRAIN)
    assert (match.mistake, match.convention) == ("", {"p": meaning, "scale": scale})


@pytest.mark.parametrize(
    ("mistake", "config", "function"),
    [
        ("inactive in train mode", TRAIN, lambda x, p: x),
        ("divided by the other share", TRAIN, lambda x, p: dropped(x, p) / p),
        ("divided by the other share", TRAIN, lambda x, p: kept(x, p) / (1 - p)),
        ("multiplied by the share kept", TRAIN, lambda x, p: kept(x, p) * p),
        ("normal draws", TRAIN, lambda x, p: x * (np.random.default_rng(4).standard_normal(x.shape) < p) / p),
        ("normal draws", TRAIN, lambda x, p: x * (np.random.default_rng(4).standard_normal(x.shape) > p) / (1 - p)),
        ("one mask for the whole batch", TRAIN, lambda x, p: x * (uniform(x.shape[1]) > p) / (1 - p)),
        ("active in test mode", TEST, lambda x, p: dropped(x, p) / (1 - p)),
    ],
)
def test_mistakes_of_the_forward_pass_are_named(mistake, config, function):
    assert recognised(function, config).mistake == mistake


def test_one_mask_of_few_draws_is_not_taken_for_normal_draws():
    for config in CONFIGS:
        if config["train"] and not config["share_across_batch"]:
            for seed in range(20):
                kept_features = np.random.default_rng(seed).random(config["shape"][1]) < config["p"]
                match = recognised(lambda x, p, kept_features=kept_features: x * kept_features, config)
                assert match is None or match.mistake in ("one mask for the whole batch", "inactive in train mode")


def test_one_mask_is_right_where_it_was_asked_for():
    config = next(config for config in CONFIGS if config["share_across_batch"])
    assert recognised(lambda x, p: x * (uniform(x.shape[1]) > p) / (1 - p), config).mistake == ""


def test_a_result_that_is_no_dropout_is_not_recognised():
    assert recognised(lambda x, p: x * uniform(x.shape), TRAIN) is None
    assert recognised(lambda x, p: 3.1 * dropped(x, p), TRAIN) is None
    assert recognised(lambda x, p: 0 * x, TRAIN) is None


@pytest.mark.parametrize(
    ("mistakes", "train", "test"),
    [
        ([], lambda x, p: dropped(x, p) / (1 - p), lambda x, p: x),
        ([], dropped, lambda x, p: x * (1 - p)),
        ([], kept, lambda x, p: x * p),
        (["no scaling"], dropped, lambda x, p: x),
        (["scaled twice"], lambda x, p: kept(x, p) / p, lambda x, p: x * p),
        (["test pass scaled by the share dropped"], dropped, lambda x, p: x * p),
        (["test pass scaled by the share dropped"], kept, lambda x, p: x * (1 - p)),
    ],
)
def test_both_modes_together_show_how_it_is_scaled(mistakes, train, test):
    found = [(config, recognised(train if config["train"] else test, config)) for config in CONFIGS]
    assert list(KIND.joint_mistakes(found)) == mistakes


SLIPS = [
    ("mask left out", lambda m, dy: dy),
    ("mask not scaled", lambda m, dy: dy * (m > 0)),
    ("scale without mask", lambda m, dy: dy / 0.7),
    ("mask scaled twice", lambda m, dy: dy * m / 0.7),
    ("mask inverted", lambda m, dy: dy * (m == 0)),
    ("mask inverted", lambda m, dy: dy * (m == 0) / 0.7),
]


@pytest.mark.parametrize(("mistake", "slip"), SLIPS)
def test_slips_of_the_backward_pass_are_foreseen(mistake, slip):
    case = case_of(KIND, TRAIN, {})
    mask = (np.random.default_rng(8).random(case.dy.shape) < 0.7) / 0.7
    assert predicts(KIND, case, mistake, slip(mask, case.dy))


def test_a_scale_in_backward_alone_is_foreseen():
    case = case_of(KIND, TRAIN, {}, way=1)
    assert predicts(KIND, case, "scaled in backward only", case.true["x"] / 0.7)


def test_slips_of_the_test_mode_are_foreseen():
    case = case_of(KIND, TEST, {}, way=1)
    assert predicts(KIND, case, "test scale left out", case.dy)
    masked = case.dy * (uniform(case.dy.shape) > 0.3) / 0.7
    assert predicts(KIND, replace(case, gradients={"x": masked}), "mask again in test mode", masked)
