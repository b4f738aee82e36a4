"""The gradient check of a trained network, and the rounding errors of float64 in it; both are limited in their cost."""

import numpy as np

from backhand.backend import op
from backhand.check import check_model
from backhand.data.feed import BatchSource
from backhand.experiments.run.metrics import GradientCheck, Rounding
from backhand.training.solver import Solver

SAMPLES, COORDINATES = 12, 20  # the samples, and the coordinates per array, on which a small network is checked
PASSES = 30  # the most forward passes that one coordinate takes
SLOW = 1e8  # multiply-adds in extended precision, which take some seconds without vector instructions
BUDGET = 3e10  # multiply-adds, about ten seconds: a larger network is checked on fewer samples and coordinates


def check_gradients(solver: Solver, train: BatchSource) -> tuple[GradientCheck, ...]:
    """One row per gradient: name, worst error, coordinates checked and skipped, verdict "ok", "failed" or "at kinks".

    "at kinks" says that every coordinate that was tried lies at a kink, of which a large network has millions; then
    worst is None.
    """
    arrays = len(solver.model.parameters)
    cost = PASSES * max(sum(row["multiply_adds"] for row in solver.model.rows()), 1)
    samples = min(SAMPLES, max(int(BUDGET / (3 * cost * arrays)), 2))  # for three coordinates per array
    coordinates = max(int(BUDGET / (cost * samples)), 6)
    x, labels = train.batch(np.arange(min(samples, len(train))))[:2]
    checked = check_model(
        *(solver.model, solver.loss, x, labels),
        penalty=solver.penalty,
        samples=min(COORDINATES, max(coordinates // arrays, 2)),
        arrays=min(arrays, coordinates // 2),
    )
    verdicts = ["ok" if result.passed else "failed" if result.compared else "at kinks" for result in checked]
    return tuple(
        GradientCheck(
            name=result.name,
            worst=result.error if result.compared else None,
            checked=result.compared,
            skipped=result.skipped,
            verdict=verdict,
        )
        for result, verdict in zip(checked, verdicts, strict=True)
    )


def check_rounding(solver: Solver, train: BatchSource) -> Rounding | None:
    """The rounding errors of float64 in the scores and the loss of a few samples, against extended precision (80 bits).

    scores: the largest difference over the largest score.   loss: the difference over the loss, or over 1 where the
    loss is less. None where the processor has no extended precision, the network is too large, or a score overflows.
    """
    cost = SAMPLES * sum(row["multiply_adds"] for row in solver.model.rows())
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps or cost > SLOW:
        return None
    x, labels = train.batch(np.arange(min(SAMPLES, len(train))))[:2]
    models = [solver.model.copy(dtype) for dtype in (np.float64, np.longdouble)]
    scores, exact = (model.predict(x) for model in models)
    wanted = solver.loss.op_labels(labels)
    loss, exact_loss = (op(solver.loss.op_name, array.dtype).forward(array, wanted)[0] for array in (scores, exact))
    score_error = float(np.abs(scores - exact).max() / (np.abs(exact).max() or 1))
    loss_error = float(abs(loss - exact_loss) / max(abs(exact_loss), 1))
    return Rounding(scores=score_error, loss=loss_error) if np.isfinite((score_error, loss_error)).all() else None
