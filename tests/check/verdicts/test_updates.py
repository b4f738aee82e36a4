"""Rules of updates: recognised over three steps, with the mistake that they have."""

import pytest

from backhand.check import check_file

FUNCTIONS = """
import numpy as np

def sgd_momentum(w, dw, config=None):
    config = config or {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config
"""
ADAM = """
import numpy as np

class Adam:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter, self.m, self.v = 0, None, None
    def update(self, params, grads):
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.iter += 1
        for key in params:
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grads[key] ** 2
            m_hat = self.m[key] / (1 - self.beta1 ** self.iter)
            v_hat = self.v[key] / (1 - self.beta2 ** self.iter)
            params[key] -= self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)
"""


@pytest.mark.parametrize(
    ("text", "before", "after", "kind", "causes"),
    [
        (FUNCTIONS, "", "", "Gradient descent with momentum", []),
        (FUNCTIONS, "* v - config", "* v + config", "Gradient descent with momentum", ["sign"]),
        (ADAM, "", "", "Adam", []),
        (ADAM, "self.iter += 1", "self.iter = 0", "Adam", ["steps that are not finite"]),
        (ADAM, "params[key] -=", "params[key] +=", "Adam", ["sign"]),
    ],
)
def test_a_rule_is_known_by_its_steps(tmp_path, text, before, after, kind, causes):
    file = tmp_path / "optim.py"
    file.write_text(text.replace(before, after) if before else text)
    (unit,) = check_file(file).units
    assert unit.kind == kind
    assert [finding.cause for finding in unit.findings] == causes


def test_the_change_of_a_wrong_sign_is_told(tmp_path):
    file = tmp_path / "optim.py"
    file.write_text(ADAM.replace("params[key] -=", "params[key] +="))
    (finding,) = check_file(file).findings
    assert finding.place.line == 18
    assert finding.change.after.startswith("params[key] -= self.lr")


OF_MODEL = """
class SGD:
    def __init__(self, model, lr, momentum=0.9):
        self.layers, self.lr, self.mu = model.layers, lr, momentum
        self.v = [0 * layer.W for layer in self.layers]
    def step(self):
        for i, layer in enumerate(self.layers):
            self.v[i] = self.mu * self.v[i] + layer.dLdW
            layer.W = layer.W - self.lr * self.v[i]
            layer.b = layer.b - self.lr * layer.dLdb
"""
OF_PARAMETERS = """
class SGD:
    def __init__(self, params, lr=0.1):
        self.params, self.lr = params, lr
    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad
"""
WITH_A_RATE = """
class Momentum:
    def __init__(self, mu=0.9):
        self.mu, self.v = mu, 0
    def update(self, w, d_w, learning_rate):
        self.v = self.mu * self.v - learning_rate * d_w
        return w + self.v
"""
OF_DICTIONARIES = """
def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        for name in (f"W{l}", f"b{l}"):
            parameters[name] = parameters[name] - learning_rate * grads["d" + name]
    return parameters

def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        for name in (f"W{l}", f"b{l}"):
            v["d" + name] = beta * v["d" + name] + (1 - beta) * grads["d" + name]
            parameters[name] = parameters[name] - learning_rate * v["d" + name]
    return parameters, v
"""


@pytest.mark.parametrize(
    ("text", "kinds", "right", "wrong"),
    [
        (OF_MODEL, 1, "layer.W - self.lr", "layer.W + self.lr"),
        (OF_PARAMETERS, 1, "p.data -=", "p.data +="),
        (WITH_A_RATE, 1, "- learning_rate", "+ learning_rate"),
        (OF_DICTIONARIES, 2, "parameters[name] - learning_rate", "parameters[name] + learning_rate"),
    ],
)
def test_rules_are_called_as_their_arguments_ask(tmp_path, text, kinds, right, wrong):
    file = tmp_path / "optim.py"
    file.write_text(text)
    units = check_file(file).units
    assert len([unit for unit in units if unit.kind]) == kinds
    assert [finding for unit in units for finding in unit.findings] == []
    file.write_text(text.replace(right, wrong))
    assert [finding.cause for finding in check_file(file).findings] == ["sign"] * kinds
