"""The training step of a workload on Backhand's solver: `backhand bench` times it, and peers are compared with it."""

from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.precision import FLOAT32
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def make_solver(inputs: Inputs, precision: str = FLOAT32) -> Solver:
    """The solver of the workload's model, which begins with the weights of the inputs. precision: of its products."""
    workload = inputs.workload
    model = workload.model(comparable=inputs.comparable).build(workload.shape)
    for parameter in model.parameters:
        parameter.value[...] = inputs.weights[parameter.name]
    return Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), workload.batch, precision=precision)


def make_step(inputs: Inputs, precision: str = FLOAT32) -> Step:
    """A function that takes one training step on the batch and returns the loss before the update."""
    solver, x, labels = make_solver(inputs, precision), inputs.x, inputs.labels

    def step() -> float:
        solver.train_step(x, labels)
        return solver.batch_loss

    return step
