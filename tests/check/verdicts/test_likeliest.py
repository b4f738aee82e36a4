"""The likeliest line of a mistake, `# here`, among those that a pass runs, by the name of its cause."""

import numpy as np
import pytest

from backhand.check.source.program import load
from backhand.check.source.running import statements_run
from backhand.check.verdicts.likeliest import Clue, likeliest
from backhand.check.verdicts.update_places import update_statement

DROPOUT = """
def forward(x, p, train):
    if not train:{condition}
        return x
    keep = np.random.rand(x.shape[1]) > p{draw}
    mask = keep{mask}
    out = x * mask
    return out
"""
NORMALISATION = """
running_var = np.ones(4)

def forward(x, momentum, train):
    global running_var
    if train:
        var = x.var(axis=0)
        std = np.sqrt(var + 1e-5)
    else:
        std = np.sqrt(running_var){root}
    running_var = momentum * running_var + (1 - momentum) * x.var(axis=0){average}
    return x / std
"""
TERMS = """
def backward(dy, x):
    mean_term = dy.mean(axis=0)
    var_term = x * np.mean(dy * x){everything}
    dx = dy - mean_term - var_term{value}
    dx = dx.reshape(x.shape)
    return dx
"""
WINDOWS = """
def backward(dy, x):
    padded = np.zeros((6, 6))
    for i in range(4):
        window = x[i : i + 1, i * 1]{uneven}
        padded[i : i + 3, i : i + 3] += dy * window.sum(){store}
    dx = padded[1:5, 1:5]{crop}
    return dx
"""
TIES = """
def shares(window):
    return window == window.max()  # here

def backward(dy, x):
    dx = np.zeros_like(x)
    for i in range(len(x)):
        dx[i] = shares(x[i]) * dy[i]
    return dx
"""
HELPER = """
def step(dy, w):
    result = dy * w  # here
    return result

def backward(dy, x):
    dx = step(dy, x)
    return dx
"""
LOSS = """
def backward(scores, y):
    dx = scores.copy()  # here
    dx[np.arange(4), y.argmax(axis=1)] -= 1
    dx /= 4
    return dx
"""
WORDS = """
def backward(dy, x):
    grads = {}
    dx = np.zeros_like(x)
    dx[[0, 0, 1, 1]] = dy  # here
    grads["x"], grads["b"] = dx, dy.sum(axis=0)
    return grads
"""
NETWORK = """
def backward(dy, x):
    grads = {}
    grads["x"] = dy * 2  # here
    grads["b"] = dy.sum(axis=0)
    return 1.0, grads
"""
SHARED = """
def backward(dy, cache):
    w, x = cache  # here
    dx = dy @ w.T
    dw = x.T @ dy
    db = dy.sum(axis=0)
    return dx, dw, db
"""
GUARDED = """
def forward(x, p, train):
    out = x
    if p > 0:  # here
        mask = np.random.rand(*x.shape) > p
        out = x * mask
    return out
"""
UNCROPPED = """
def backward(dy, x):
    padded = np.zeros((6, 6))
    for i in range(4):
        padded[i : i + 3, i : i + 3] += dy
    dx = padded  # here
    return dx
"""
FEWER_TERMS = """
def backward(dy, x):
    dx1 = dy * x
    dx2 = dy.mean() * x
    dx = dx1  # here
    return dx
"""
ELU = """
def backward(dy, x):
    slope = np.where(x > 0, x, np.exp(x))  # here
    dx = dy * slope
    return dx
"""
LOOPS = {"uneven": "", "store": "", "crop": ""}
HERE = "  # here"
OF_FORWARD = {
    "one mask for the whole batch": (DROPOUT.format(condition="", draw=HERE, mask=""), (0.5, True)),
    "no scaling": (DROPOUT.format(condition="", draw="", mask=HERE), (0.5, True)),
    "active in test mode": (DROPOUT.format(condition=HERE, draw="", mask=""), (0.5, True)),
    "another eps in test mode": (NORMALISATION.format(root=HERE, average=""), (0.9, False)),
    "inactive in train mode": (GUARDED, (0.5, True)),
    "momentum swapped": (NORMALISATION.format(root="", average=HERE), (0.9, False)),
    "statistics updated in test mode": (NORMALISATION.format(root="", average=HERE), (0.9, False)),
}
OF_BACKWARD = {
    "mean of everything": TERMS.format(everything=HERE, value=""),
    "both terms missing": TERMS.format(everything="", value=HERE),
    "wrong in one place": WINDOWS.format(**{**LOOPS, "uneven": HERE}),
    "stride ignored in dx": WINDOWS.format(**{**LOOPS, "store": HERE}),
    "": WINDOWS.format(**{**LOOPS, "store": HERE}),
    "cropped at one side": WINDOWS.format(**{**LOOPS, "crop": HERE}),
    "every tie credited": TIES,
    "times a constant": HELPER,
    "scores for probabilities": LOSS,
    "repeated words overwritten": WORDS,
    "lacks a multiple": NETWORK,
    "padding not cropped": UNCROPPED,
    "term of the mean missing": FEWER_TERMS,
    "x for 1": ELU,
}
UPDATE = """
def adam(w, dw, config):
    t = config["t"]{count}
    config["t"] += 1
    config["m"] = 0.9 * config["m"] + 0.1 * dw{mean}
    config["v"] = 0.999 * config["v"] + 0.001 * dw**2
    v_hat = config["v"]{second}
    w = w - 0.1 * config["m"] / (1 - 0.9**t) / (np.sqrt(v_hat) + 1e-8){step}
    return w, config
"""
MARKS = {"count": "", "mean": "", "second": "", "step": ""}
OF_UPDATES = {
    "steps that are not finite": UPDATE.format(**{**MARKS, "count": HERE}),
    "velocity not kept": UPDATE.format(**{**MARKS, "mean": HERE}),
    "second correction left out": UPDATE.format(**{**MARKS, "second": HERE}),
    "first correction left out": UPDATE.format(**{**MARKS, "step": HERE}),
    "sign": UPDATE.format(**{**MARKS, "step": HERE}),
}


def _module(tmp_path, text):
    file = tmp_path / "layers.py"
    file.write_text("import numpy as np\n" + text, "utf-8")
    program = load(file)
    return program, vars(program.modules[0]), file.read_text("utf-8").splitlines()


@pytest.mark.parametrize(("cause", "text", "arguments"), [(key, *entry) for key, entry in OF_FORWARD.items()])
def test_the_line_of_a_mistake_in_a_forward_pass(tmp_path, cause, text, arguments):
    program, module, lines = _module(tmp_path, text)
    forward, x = module["forward"], np.arange(1.0, 17).reshape(4, 4)
    run = statements_run(program.session, lambda: forward(x, *arguments))
    assert "# here" in lines[likeliest(run, Clue(cause, "forward", forward)).location.line - 1]


@pytest.mark.parametrize(("cause", "text"), OF_BACKWARD.items(), ids=[cause or "unnamed" for cause in OF_BACKWARD])
def test_the_line_of_a_wrong_gradient(tmp_path, cause, text):
    program, module, lines = _module(tmp_path, text)
    backward, x = module["backward"], np.arange(1.0, 17).reshape(4, 4)
    dy = x[:3, :3] if text.startswith("\ndef backward(dy, x):\n    padded") else x
    run = statements_run(program.session, lambda: backward(dy, x))
    expression = "dx" if "dx = " in text else ""
    assert "# here" in lines[likeliest(run, Clue(cause, "backward", backward, expression, "x")).location.line - 1]


@pytest.mark.parametrize(("cause", "text"), OF_UPDATES.items(), ids=OF_UPDATES)
def test_the_line_of_a_mistake_in_a_rule_of_updates(tmp_path, cause, text):
    program, module, lines = _module(tmp_path, text)
    config = {"t": 1, "m": 0.0, "v": 0.0}
    run = statements_run(program.session, lambda: module["adam"](np.ones(3), np.ones(3), config))
    assert "# here" in lines[update_statement(run, cause).location.line - 1]


def test_what_runs_only_where_a_mistake_shows_is_likelier(tmp_path):
    text = NORMALISATION.format(root=HERE, average="").replace("running_var)", "running_var + 0)")
    program, module, lines = _module(tmp_path, text)
    forward, x = module["forward"], np.arange(1.0, 17).reshape(4, 4)
    test, train = (statements_run(program.session, lambda mode=mode: forward(x, 0.9, mode)) for mode in (False, True))
    clue = Clue("eps left out", "forward", forward)
    assert "# here" in lines[likeliest(test, clue, [each.node for each in train]).location.line - 1]
    assert "std = np.sqrt(var" in lines[likeliest(train, clue).location.line - 1]


def test_gradients_that_are_wrong_for_one_cause_have_one_line(tmp_path):
    program, module, lines = _module(tmp_path, SHARED)
    backward, x = module["backward"], np.ones((4, 4))
    run = statements_run(program.session, lambda: backward(x, (x, x)))
    clue = Clue("", "backward", backward, "dx", "x", also=(("dw", "w"),), right=(("db", "b"),))
    assert "# here" in lines[likeliest(run, clue).location.line - 1]
