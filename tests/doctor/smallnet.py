"""A network of one hidden layer in NumPy, healthy unless one of its mistakes is planted, and data that it can learn."""

import copy

import numpy as np

from backhand.doctor.subject import Samples, Split, Subject

N, FEATURES, HIDDEN, K = 600, 12, 24, 4


class SmallNet:
    """Softmax cross-entropy over ReLU units; `mistake` names the one that is planted."""

    def __init__(self, mistake="", rate=0.1, scale=1.0, bias=0.0, seed=3):
        rng = np.random.default_rng(seed)
        self.mistake, self.rate = mistake, rate
        self.rng = np.random.default_rng(seed)
        self.values = {
            "0.weight": scale * rng.standard_normal((FEATURES, HIDDEN)) * np.sqrt(2 / FEATURES),
            "0.bias": np.full(HIDDEN, float(bias)),
            "2.weight": scale * rng.standard_normal((HIDDEN, K)) * np.sqrt(1 / HIDDEN),
            "2.bias": np.zeros(K),
        }

    def copy(self):
        return copy.deepcopy(self)

    def parameters(self):
        return {name: value.copy() for name, value in self.values.items()}

    def load(self, values):
        self.values = {name: np.array(value) for name, value in values.items()}

    def hidden(self, x, train):
        z = x @ self.values["0.weight"] + self.values["0.bias"]
        if self.mistake == "statistics of the batch" and not train:
            z = (z - z.mean(0)) / (z.std(0) + 1e-5)
        h = np.maximum(z, 0)
        if self.mistake == "dropout at evaluation" and not train:
            h = h * (self.rng.random(h.shape) < 0.5) * 2
        return h

    def scores(self, x, *, train=False):
        scores = self.hidden(x, train) @ self.values["2.weight"] + self.values["2.bias"]
        return softmax(scores) if self.mistake == "softmax twice" else scores

    def loss(self, x, labels, *, train=False):
        read = (labels + 1) % K if self.mistake == "labels off by one" else labels
        losses = -np.log(softmax(self.scores(x, train=train))[np.arange(len(x)), read])
        return float(losses.sum() if self.mistake == "summed" else losses.mean())

    def known_loss(self, labels):
        return float(np.log(K)), 0.0

    def gradients(self, x, labels):
        """By hand; that of the softmax twice by one more factor."""
        h = self.hidden(x, True)
        scores = self.scores(x, train=True)
        read = (labels + 1) % K if self.mistake == "labels off by one" else labels
        d = (softmax(scores) - np.eye(K)[read]) / (1 if self.mistake in ("summed", "summed gradient") else len(x))
        if self.mistake == "softmax twice":
            d = scores * (d - (d * scores).sum(1, keepdims=True))
        d = -d if self.mistake == "sign of the gradient" else d
        dz = d @ self.values["2.weight"].T * (h > 0)
        sign = -1 if self.mistake == "sign of one layer" else 1
        return {
            "0.weight": sign * x.T @ dz,
            "0.bias": dz.sum(0),
            "2.weight": h.T @ d,
            "2.bias": d.sum(0),
        }

    def activations(self, x):
        return {"1": ("relu", self.hidden(x, False))}

    def step(self, x, labels, scale=1.0):
        before, gradients = self.loss(x, labels, train=True), self.gradients(x, labels)
        if self.mistake == "gradients add up":
            gradients = self.sum = {name: g + getattr(self, "sum", {}).get(name, 0) for name, g in gradients.items()}
        rate = -self.rate if self.mistake == "step upwards" else self.rate
        for name, gradient in gradients.items():
            if not (self.mistake == "frozen" and name == "0.weight"):
                self.values[name] = self.values[name] - rate * scale * gradient
        return before

    def penalised(self):
        return {name: name.endswith("weight") or self.mistake == "penalty on biases" for name in self.values}


def softmax(s):
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def clouds(count=N, seed=0):
    """Standardised samples of K overlapping classes."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((K, FEATURES)) * 1.5
    labels = rng.integers(0, K, count)
    return centres[labels] + rng.standard_normal((count, FEATURES)), labels


def split(raw, labels, scale=lambda x: x):
    return Split(raw, labels, lambda index: scale(raw[index]))


def samples(**changes):
    """Training, validation and test data of one source, scaled by the statistics of the training data."""
    raw, labels = clouds()
    mean, deviation = raw.mean(0), raw.std(0)
    parts = {
        name: split(*clouds(200, seed), lambda x: (x - mean) / deviation)
        for seed, name in enumerate(("validation", "test"), 1)
    }
    parts["train"] = split(raw, labels, lambda x: (x - mean) / deviation)
    names = tuple(f"class {k}" for k in range(K))
    return Samples(**{"classes": names, **parts, **changes})


def subject(network=None, **facts):
    """A healthy subject but for what is given."""
    x, labels = clouds()
    x = (x - x.mean(0)) / x.std(0)
    network = SmallNet() if network is None else network
    return Subject(**{"network": network, "x": x, "labels": labels, "classes": K, "batch_size": 32, **facts})


def causes(measured):
    return {problem.cause: problem.severity for problem in measured.problems}
