"""What every question does with a cell of its grid: train it."""

from backhand.experiments.build import Feeds, build_solver
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.callbacks import DivergenceGuard
from backhand.training.solver import Callback, Solver


def fit(study: Study, model: Sequential, feeds: Feeds, *callbacks: Callback) -> Solver:
    """Train to the last epoch; the solver has the history. Raises DivergenceError as the guard says."""
    solver = build_solver(study, model, feeds)
    solver.callbacks = [*callbacks, DivergenceGuard()]
    solver.fit(feeds.train, feeds.validation, epochs=study.train.passes)
    return solver
