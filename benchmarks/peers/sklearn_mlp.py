"""scikit-learn's MLPClassifier, with one `partial_fit` per step."""

from sklearn.neural_network import MLPClassifier

from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM


def make_step(inputs: Inputs) -> Step:
    x, labels, weights = inputs.x, inputs.labels, list(inputs.weights.values())
    options = {"solver": "sgd", "learning_rate_init": LR, "momentum": MOMENTUM, "nesterovs_momentum": False}
    hidden = [bias.size for bias in weights[1:-1:2]]
    net = MLPClassifier(hidden, alpha=0, batch_size=len(x), shuffle=False, **options)
    net.partial_fit(x, labels, classes=range(inputs.workload.classes))  # to allocate; its effects are undone below
    for own, given in zip(net.coefs_, weights[::2], strict=True):
        own[...] = given
    for own, given in zip(net.intercepts_, weights[1::2], strict=True):
        own[...] = given
    for velocity in net._optimizer.velocities:
        velocity[...] = 0

    def step() -> float:
        return net.partial_fit(x, labels).loss_

    return step
