"""A workload's step on this project's solver: what `backhand bench` times, and what peers are compared with."""

from backhand.bench.material import Material, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.losses import SoftmaxCrossEntropy
from backhand.optim import SGD
from backhand.solver import Solver


def start(material: Material) -> Step:
    """The step, from the weights given."""
    x, labels, workload = material.x, material.labels, material.workload
    model = workload.model(calm=material.calm).build(workload.shape)
    for name, value, _ in model.parameters.items():
        value[...] = material.weights[name]
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), workload.batch)

    def step() -> float:
        solver.train_step(x, labels)
        return solver.batch_loss

    return step
