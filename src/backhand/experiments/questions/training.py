"""What every question does with a cell of its grid: train it."""

from backhand.experiments.build import Material, build_solver
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.callbacks import DivergenceGuard
from backhand.training.solver import Callback, Solver


def fit(study: Study, model: Sequential, material: Material, *callbacks: Callback) -> Solver:
    """Train to the last epoch; the solver has the history. Raises DivergenceError as the guard says."""
    solver = build_solver(study, model, material)
    solver.callbacks = [*callbacks, DivergenceGuard()]
    solver.fit(material.train, material.validation, epochs=study.train.passes)
    return solver
