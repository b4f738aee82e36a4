"""The course of a training that has come to its end, as `failure` takes it."""

from backhand.early_stopping import EarlyStopping
from backhand.evaluate import Evaluation
from backhand.experiment.build import Material, build_loss, class_weights
from backhand.failure import Course, Kept
from backhand.solver import Solver
from backhand.study import Study


def course(study: Study, solver: Solver, choice: EarlyStopping, material: Material, result: Evaluation) -> Course:
    """result: of the kept weights on the test part."""
    counts = material.counts()
    right = int((result.predictions == result.labels).sum())
    return Course(
        losses=[record["train_loss"] for record in solver.history],
        constant=build_loss(study, class_weights(study, material)).constant(counts["train"]),
        tested=Kept("test", right, len(result.labels), int(counts["test"].max()), result.loss),
        kept=choice.best_epoch if choice.restore_best else solver.epoch,
        lr=solver.optimizer.lr if solver.schedule is None else solver.schedule.value,
        clipped=solver.clip_norm is not None,
    )
