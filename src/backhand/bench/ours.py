"""A workload's step on this project's solver: what `backhand bench` times, and what peers are compared with."""

from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def solver(inputs: Inputs) -> Solver:
    """Of the workload's model, with the weights given."""
    workload = inputs.workload
    model = workload.model(calm=inputs.calm).build(workload.shape)
    for each in model.parameters:
        each.value[...] = inputs.weights[each.name]
    return Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), workload.batch)


def start(inputs: Inputs) -> Step:
    """The step."""
    trainer, x, labels = solver(inputs), inputs.x, inputs.labels

    def step() -> float:
        trainer.train_step(x, labels)
        return trainer.batch_loss

    return step
