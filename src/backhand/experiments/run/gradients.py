"""The gradient check of a trained network, and what float64 loses in it; both sized by what they cost."""

import numpy as np

from backhand.backend import op
from backhand.check import check_model
from backhand.data.feed import BatchSource
from backhand.experiments.run.metrics import GradientCheck, Rounding
from backhand.training.solver import Solver

SAMPLES, COORDINATES = 12, 20  # of a small network: samples, and coordinates of each array
PASSES = 30  # forward passes that a coordinate may take
SLOW = 1e8  # multiply-adds in extended precision, for which there are no vectors: some seconds
BUDGET = 3e10  # multiply-adds, some ten seconds: a large network is checked on fewer samples, at fewer places


def check_gradients(solver: Solver, train: BatchSource) -> tuple[GradientCheck, ...]:
    """One row a gradient: name, worst error, coordinates checked and skipped, verdict "ok", "failed" or "at kinks".

    The last one says that every coordinate tried lay at a kink, of which a large network has millions; worst is None.
    """
    arrays = len(solver.model.parameters)
    cost = PASSES * max(sum(row["multiply_adds"] for row in solver.model.rows()), 1)
    samples = min(SAMPLES, max(int(BUDGET / (3 * cost * arrays)), 2))  # for three places an array
    places = max(int(BUDGET / (cost * samples)), 6)
    x, labels = train.batch(np.arange(min(samples, len(train))))
    checked = check_model(
        *(solver.model, solver.loss, x, labels),
        penalty=solver.penalty,
        samples=min(COORDINATES, max(places // arrays, 2)),
        arrays=min(arrays, places // 2),
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
    """What float64 makes of the scores and the loss of a few samples, against extended precision (80 bits).

    scores: the largest difference over the largest score.   loss: the difference over the loss, or over 1 where that is
    less. None where the processor has no such precision, the network is too large to wait for it, or a score overflows.
    """
    cost = SAMPLES * sum(row["multiply_adds"] for row in solver.model.rows())
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps or cost > SLOW:
        return None
    x, labels = train.batch(np.arange(min(SAMPLES, len(train))))
    models = [solver.model.copy(dtype) for dtype in (np.float64, np.longdouble)]
    scores, exact = (model.predict(x) for model in models)
    loss, right = (op(solver.loss.op_name, each.dtype).forward(each, labels)[0] for each in (scores, exact))
    largest = np.abs(exact).max()
    found = float(np.abs(scores - exact).max() / (largest or 1)), float(abs(loss - right) / max(abs(right), 1))
    return Rounding(scores=found[0], loss=found[1]) if np.isfinite(found).all() else None
