"""What every question does with a cell of its grid: train it."""

from backhand.callbacks import DivergenceGuard
from backhand.experiment.build import Material, build_solver
from backhand.model import Sequential
from backhand.solver import Callback, Solver
from backhand.study import Study


def fit(study: Study, model: Sequential, material: Material, *callbacks: Callback) -> Solver:
    """Train to the last epoch; the solver has the history. Raises DivergenceError as the guard says."""
    solver = build_solver(study, model, material)
    solver.callbacks = [*callbacks, DivergenceGuard()]
    solver.fit(material.train, material.validation, epochs=study.train.passes)
    return solver
