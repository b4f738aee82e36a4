"""Test mode and running statistics of batch-norm, right and with mistakes."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.kind import Case
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

EPS = 1e-5
BATCH = kind_named("batchnorm")
ROWS = BATCH.layouts()[0]
TRAIN = BATCH.configs()[0]
TEST = next(config for config in BATCH.configs() if not config["train"])


def affine(normal, a):
    return normal * a["gamma"] + a["beta"]


@pytest.mark.parametrize(
    ("mistake", "function"),
    [
        ("divided by the variance", lambda x, a: affine((x - a["running_mean"]) / (a["running_var"] + EPS), a)),
        ("not centred", lambda x, a: affine(x / np.sqrt(a["running_var"] + EPS), a)),
        ("batch statistics in test mode", lambda x, a: affine((x - x.mean(0)) / np.sqrt(x.var(0) + EPS), a)),
        (
            "scale left out",
            lambda x, a: (x - a["running_mean"]) / np.sqrt(a["running_var"] + EPS) + a["beta"],
        ),
    ],
)
def test_mistakes_of_the_test_mode_are_named(mistake, function):
    arrays = draw_arrays(BATCH, TEST, ROWS)
    y = function(arrays["x"], arrays)
    assert next(BATCH.recognise(y, arrays, TEST, ROWS)).mistake == mistake


def test_an_eps_that_test_mode_leaves_out_is_seen():
    found = []
    for config, eps in ((TRAIN, EPS), (TEST, 0)):
        a = draw_arrays(BATCH, config, ROWS)
        mean, variance = (a["x"].mean(0), a["x"].var(0)) if config["train"] else (a["running_mean"], a["running_var"])
        y = affine((a["x"] - mean) / np.sqrt(variance + eps), a)
        found.append((config, next(BATCH.recognise(y, a, config, ROWS))))
    assert list(BATCH.joint_mistakes(found)) == ["another eps in test mode"]
    assert list(BATCH.joint_mistakes(found[:1])) == []


def test_running_statistics_in_train_mode_are_named():
    arrays = draw_arrays(BATCH, TRAIN, ROWS)
    y = affine((arrays["x"] - arrays["running_mean"]) / np.sqrt(arrays["running_var"] + EPS), arrays)
    assert next(BATCH.recognise(y, arrays, TRAIN, ROWS)).mistake == "running statistics in train mode"


def test_running_statistics_of_pytorch_are_right():
    arrays = draw_arrays(BATCH, TRAIN, ROWS)
    mean, variance = (torch.tensor(arrays[role]) for role in ("running_mean", "running_var"))
    functional.batch_norm(torch.tensor(arrays["x"]), mean, variance, training=True, momentum=0.1)
    written = {"running_mean": mean.numpy(), "running_var": variance.numpy()}
    state = next(BATCH.recognise_state(written, arrays, TRAIN, ROWS))
    assert (state.mistake, state.convention["running variance"]) == ("", "unbiased")


STATES = [
    ("", TRAIN, lambda m, v, x: (0.9 * m + 0.1 * x.mean(0), 0.9 * v + 0.1 * x.var(0))),
    ("", TRAIN, lambda m, v, x: (0.99 * m + 0.01 * x.mean(0), 0.99 * v + 0.01 * x.var(0))),
    ("", TEST, lambda m, v, x: (m, v)),
    ("momentum swapped", TRAIN, lambda m, v, x: (0.1 * m + 0.9 * x.mean(0), 0.1 * v + 0.9 * x.var(0))),
    ("statistics not updated", TRAIN, lambda m, v, x: (m, v)),
    ("statistics updated in test mode", TEST, lambda m, v, x: (0.9 * m + 0.1 * x.mean(0), 0.9 * v + 0.1 * x.var(0))),
    ("deviation for the variance", TRAIN, lambda m, v, x: (0.9 * m + 0.1 * x.mean(0), 0.9 * v + 0.1 * x.std(0))),
    ("mean and variance swapped", TRAIN, lambda m, v, x: (0.9 * m + 0.1 * x.var(0), 0.9 * v + 0.1 * x.mean(0))),
    ("variance averaged with the mean", TRAIN, lambda m, v, x: (0.9 * m + 0.1 * x.mean(0), 0.9 * m + 0.1 * x.var(0))),
    ("statistics replaced", TRAIN, lambda m, v, x: (x.mean(0), x.var(0))),
    ("one statistic not updated", TRAIN, lambda m, v, x: (0.9 * m + 0.1 * x.mean(0), v)),
    ("old statistics not reduced", TRAIN, lambda m, v, x: (m + 0.1 * x.mean(0), v + 0.1 * x.var(0))),
]


@pytest.mark.parametrize(("mistake", "config", "update"), STATES)
def test_updates_of_the_running_statistics_are_recognised(mistake, config, update):
    arrays = draw_arrays(BATCH, config, ROWS)
    mean, variance = update(arrays["running_mean"], arrays["running_var"], arrays["x"])
    written = {"running_mean": mean, "running_var": variance}
    assert next(BATCH.recognise_state(written, arrays, config, ROWS)).mistake == mistake


@pytest.mark.parametrize("start", [0, 1])
def test_statistics_that_are_not_known_start_at_0_or_1(start):
    arrays = draw_arrays(BATCH, TEST, ROWS)
    del arrays["running_mean"], arrays["running_var"]
    y = affine(arrays["x"] / np.sqrt(start + EPS), arrays)
    match = next(BATCH.recognise(y, arrays, TEST, ROWS))
    assert (match.mistake, match.convention["running variance starts at"]) == ("", str(start))
    dy = np.random.default_rng(9).standard_normal(y.shape)
    case = Case(TEST, arrays, y, dy, {}, {}, ROWS)
    assert predicts(BATCH, case, "gamma left out of dx", dy / np.sqrt(start + EPS))


def test_a_formula_of_train_mode_may_leave_test_mode_right_or_be_used_there_too():
    case = case_of(BATCH, TEST, ROWS)
    a, d = case.arrays, case.dy * case.arrays["gamma"]
    root = np.sqrt(a["running_var"] + EPS)
    normal = (a["x"] - a["running_mean"]) / root
    without_mean = (d - normal * (d * normal).mean(0)) / root
    for values in (case.true["x"], without_mean):
        assert predicts(BATCH, case, "term of the mean missing", values)
    assert not predicts(BATCH, case, "batch terms in test mode", case.true["x"])
