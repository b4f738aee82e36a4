"""The training step of a workload on Backhand's solver: `backhand bench` times it, and peers are compared with it."""

from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def make_solver(inputs: Inputs) -> Solver:
    """The solver of the workload's model, which begins with the weights of the inputs."""
    workload = inputs.workload
    model = workload.model(comparable=inputs.comparable).build(workload.shape)
    for parameter in model.parameters:
        parameter.value[...] = inputs.weights[parameter.name]
    return Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), workload.batch)


def make_step(inputs: Inputs) -> Step:
    """A function that takes one training step on the batch and returns the loss before the update."""
    solver, x, labels = make_solver(inputs), inputs.x, inputs.labels

    def step() -> float:
        solver.train_step(x, labels)
        return solver.batch_loss

    return step
