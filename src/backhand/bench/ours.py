"""A workload's step on this project's solver: what `backhand bench` times, and what peers are compared with."""

from backhand.bench.inputs import Material, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def solver(material: Material) -> Solver:
    """Of the workload's model, with the weights given."""
    workload = material.workload
    model = workload.model(calm=material.calm).build(workload.shape)
    for name, value, _ in model.parameters.items():
        value[...] = material.weights[name]
    return Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), workload.batch)


def start(material: Material) -> Step:
    """The step."""
    trainer, x, labels = solver(material), material.x, material.labels

    def step() -> float:
        trainer.train_step(x, labels)
        return trainer.batch_loss

    return step
