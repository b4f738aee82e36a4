"""The gradient check of a trained network, sized by what it costs."""

from typing import Any

from backhand.check import check_model
from backhand.data.feed import Feed
from backhand.solver import Solver

SAMPLES, COORDINATES = 12, 20  # of a small network: samples, and coordinates of each array
PASSES = 30  # forward passes that a coordinate may take
BUDGET = 3e10  # multiply-adds, some ten seconds: a large network is checked on fewer samples, at fewer places


def gradient_facts(solver: Solver, train: Feed) -> list[dict[str, Any]]:
    """One row a gradient: name, worst error, coordinates checked and skipped, verdict "ok", "failed" or "at kinks".

    The last one says that every coordinate tried lay at a kink, of which a large network has millions; worst is None.
    """
    arrays = len(solver.model.parameters.views)
    cost = PASSES * max(sum(row["multiply_adds"] for row in solver.model.rows()), 1)
    samples = min(SAMPLES, max(int(BUDGET / (3 * cost * arrays)), 2))  # for three places an array
    places = max(int(BUDGET / (cost * samples)), 6)
    x, labels = train.batch(slice(samples))
    checked = check_model(
        *(solver.model, solver.loss, x, labels),
        penalty=solver.penalty,
        samples=min(COORDINATES, max(places // arrays, 2)),
        arrays=min(arrays, places // 2),
    )
    verdicts = ["ok" if result.passed else "failed" if result.compared else "at kinks" for result in checked]
    return [
        {
            "name": result.name,
            "worst": result.error if result.compared else None,
            "checked": result.compared,
            "skipped": result.skipped,
            "verdict": verdict,
        }
        for result, verdict in zip(checked, verdicts, strict=True)
    ]
