"""Rules of updates against PyTorch, and loops written wrong on purpose."""

import numpy as np
import pytest
import torch

from backhand.check.kinds.updates import UPDATES, draw_problem, likely_updates

RULES = {update.name: update for update in UPDATES}
W, GRADIENTS = draw_problem()
LR, M = 0.01, 0.9

TORCH = {
    "sgd": lambda w: torch.optim.SGD([w], LR),
    "momentum": lambda w: torch.optim.SGD([w], LR, momentum=M),
    "nesterov": lambda w: torch.optim.SGD([w], LR, momentum=M, nesterov=True),
    "adagrad": lambda w: torch.optim.Adagrad([w], LR, eps=1e-8),
    "rmsprop": lambda w: torch.optim.RMSprop([w], LR, alpha=0.99, eps=1e-8),
    "adam": lambda w: torch.optim.Adam([w], LR),
}


@pytest.mark.parametrize("name", TORCH)
def test_right_rules_are_those_of_pytorch(name):
    w, values = torch.tensor(W.copy(), requires_grad=True), []
    optimizer = TORCH[name](w)
    for gradient in GRADIENTS:
        w.grad = torch.tensor(gradient)
        optimizer.step()
        values.append(w.detach().numpy().copy())
    course = next(RULES[name].recognise(np.stack(values), W, GRADIENTS))
    assert (course.mistake, course.convention["lr"]) == ("", "0.01")


def walk(step):
    w, state, values = W.copy(), {"v": 0 * W, "m": 0 * W}, []
    with np.errstate(all="ignore"):
        for t, g in enumerate(GRADIENTS, 1):
            w = w + step(g, state, t)
            values.append(w)
    return np.stack(values)


def velocity(g, s, old=M, new=-LR):
    s["v"] = old * s["v"] + new * g
    return s["v"]


def late(g, s, t):
    before = s["v"]
    velocity(g, s)
    return before


def nesterov(g, s, old=-M, new=1 + M):
    before = s["v"]
    return old * before + new * velocity(g, s)


def rmsprop(g, s, old=0.99, new=0.01, below=lambda v: np.sqrt(v) + 1e-8):
    s["v"] = old * s["v"] + new * g**2
    return -LR * g / below(s["v"])


def adam(g, s, t, a=0.9, b=0.999, first=True, second=True, below=lambda v: np.sqrt(v) + 1e-8, keep=False):
    s["m"], s["v"] = a * s["m"] + (1 - a) * g, b * s["v"] + (1 - b) * g**2
    m = s["m"] / (1 - a**t) if first else s["m"]
    v = s["v"] / (1 - b**t) if second else s["v"]
    if keep:
        s["m"], s["v"] = m, v
    return -LR * m / below(v)


WRONG = [
    ("sgd", "sign", lambda g, s, t: LR * g),
    ("sgd", "rate left out", lambda g, s, t: -g),
    ("sgd", "updated twice", lambda g, s, t: -2 * LR * g),
    ("sgd", "gradients added up", lambda g, s, t: velocity(g, s, 1)),
    ("sgd", "parameters not changed", lambda g, s, t: 0 * g),
    ("momentum", "sign of the momentum", lambda g, s, t: velocity(g, s, -M)),
    ("momentum", "sign", lambda g, s, t: velocity(g, s, M, LR)),
    ("momentum", "velocity not kept", lambda g, s, t: -LR * g),
    ("momentum", "velocity not reduced", lambda g, s, t: velocity(g, s, 1)),
    ("momentum", "old velocity used", late),
    ("momentum", "look-ahead", lambda g, s, t: nesterov(g, s)),
    ("nesterov", "look-ahead left out", lambda g, s, t: velocity(g, s)),
    ("nesterov", "sign of the old velocity", lambda g, s, t: nesterov(g, s, M)),
    ("nesterov", "old velocity left out", lambda g, s, t: nesterov(g, s, 0)),
    ("nesterov", "1 + momentum left out", lambda g, s, t: nesterov(g, s, new=1)),
    ("nesterov", "sign", lambda g, s, t: -nesterov(g, s)),
    ("adagrad", "squares not kept", lambda g, s, t: rmsprop(g, s, 0, 1)),
    ("adagrad", "root left out", lambda g, s, t: rmsprop(g, s, 1, 1, lambda v: v + 1e-8)),
    ("rmsprop", "decay swapped", lambda g, s, t: rmsprop(g, s, 0.01, 0.99)),
    ("rmsprop", "squares not reduced", lambda g, s, t: rmsprop(g, s, 1, 1)),
    ("rmsprop", "1 - decay left out", lambda g, s, t: rmsprop(g, s, 0.99, 1)),
    ("rmsprop", "root left out", lambda g, s, t: rmsprop(g, s, below=lambda v: v + 1e-8)),
    ("rmsprop", "eps left out", lambda g, s, t: rmsprop(g, s, below=np.sqrt)),
    ("rmsprop", "sign", lambda g, s, t: -rmsprop(g, s)),
    ("adam", "correction left out", lambda g, s, t: adam(g, s, t, first=False, second=False)),
    ("adam", "first correction left out", lambda g, s, t: adam(g, s, t, first=False)),
    ("adam", "second correction left out", lambda g, s, t: adam(g, s, t, second=False)),
    ("adam", "step not counted", lambda g, s, t: adam(g, s, 1)),
    ("adam", "step counted from 2", lambda g, s, t: adam(g, s, t + 1)),
    ("adam", "corrected averages kept", lambda g, s, t: adam(g, s, t, keep=True)),
    ("adam", "eps inside the root", lambda g, s, t: adam(g, s, t, below=lambda v: np.sqrt(v + 1e-8))),
    ("adam", "root left out", lambda g, s, t: adam(g, s, t, below=lambda v: v + 1e-8)),
    ("adam", "eps left out", lambda g, s, t: adam(g, s, t, below=np.sqrt)),
    ("adam", "betas swapped", lambda g, s, t: adam(g, s, t, 0.999, 0.9)),
    ("adam", "sign", lambda g, s, t: -adam(g, s, t)),
]


@pytest.mark.parametrize(("name", "mistake", "step"), WRONG)
def test_mistakes_are_named(name, mistake, step):
    assert next(RULES[name].recognise(walk(step), W, GRADIENTS)).mistake == mistake


def test_velocities_of_means_are_right_too():
    course = next(RULES["momentum"].recognise(walk(lambda g, s, t: LR * velocity(g, s, M, M - 1)), W, GRADIENTS))
    assert (course.mistake, course.convention["form"]) == ("", "velocity of means")


def test_settings_that_were_given_are_tried_first():
    step = walk(lambda g, s, t: velocity(g, s, 0.7, -0.03))
    assert next(RULES["momentum"].recognise(step, W, GRADIENTS), None) is None
    course = next(RULES["momentum"].recognise(step, W, GRADIENTS, {"lr": 0.03, "momentum": 0.7}))
    assert (course.mistake, course.convention["momentum"]) == ("", "0.7")


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update.name)
def test_every_mistake_of_a_rule_is_described(update):
    assert {*update.wrong, "parameters not changed"} == set(update.mistakes)
    for mistake in update.mistakes.values():
        filled = mistake.fill({"w": "params"})
        assert "{" not in filled.says + filled.why + filled.formula
        assert filled.why.endswith(".")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("sgd", "sgd"),
        ("sgd_momentum", "momentum"),
        ("MomentumSGD", "momentum"),
        ("Nesterov", "nesterov"),
        ("RMSProp", "rmsprop"),
        ("AdaGrad", "adagrad"),
        ("adam", "adam"),
        ("AdamOptimizer", "adam"),
    ],
)
def test_names_speak_of_rules(name, rule):
    rules, spoken = likely_updates(name)
    assert rules[0].name == rule
    assert spoken
    assert not likely_updates("train")[1]
