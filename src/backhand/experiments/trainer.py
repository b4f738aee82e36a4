"""Trainings that leave no folder: one at a time, or several in step."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from backhand.errors import DivergenceError
from backhand.experiments.build import (
    Material,
    build_early_stopping,
    build_solver,
    init_weights,
    load_material,
    model_for,
)
from backhand.experiments.decide import decide, decide_counts, with_some_rate
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.training.callbacks import DivergenceGuard, EarlyStopping
from backhand.training.lockstep import fit_together
from backhand.training.solver import Callback, Solver

# What trainings in step may differ in, of the table `train`; and in the seed, where data.seed gives them one order.
OWN = {
    *("optimizer", "schedule", "momentum_schedule", "l2", "l2_form", "clip_norm", "clip_value"),
    *("label_smoothing", "class_weights", "early_stopping"),
}
Item = TypeVar("Item")


@dataclass(frozen=True)
class Training:
    """One that has ended. seconds: its share of those that it was in step with; error: how it diverged."""

    study: Study
    solver: Solver
    stopping: EarlyStopping
    seconds: float
    error: DivergenceError | None


@dataclass
class Trainer:
    """Trains studies; the data of the latest is kept for those that share it."""

    data_dir: PathLike | None
    _kept: tuple[object, Material] | None = field(default=None, init=False, repr=False)

    def material(self, study: Study) -> Material:
        """The data, divided and scaled as the study says."""
        wanted = study.data, study.data_seed, study.train.views
        if self._kept is None or self._kept[0] != wanted:
            self._kept = wanted, load_material(study, self.data_dir)
        return self._kept[1]

    def solver(self, study: Study) -> Solver:
        """The solver of the study, with its model and initial weights. A rate that is "auto" is not decided here."""
        material = self.material(study)
        return _solver(with_some_rate(decide_counts(study, material)), material)

    def train(self, studies: Sequence[Study], watches: Sequence[Callback]) -> list[Training]:
        """Train each study, watched by its own callback. Several must be `alike`.

        Raises BackhandError for what makes a study impossible; a training that diverges is one of the results.
        """
        begin = time.perf_counter()
        material = self.material(studies[0])
        studies = [decide(study, material)[0] for study in studies]
        stoppings = [build_early_stopping(study, material) for study in studies]
        solvers = [_solver(study, material) for study in studies]
        for solver, stopping, watch in zip(solvers, stoppings, watches, strict=True):
            solver.callbacks = [DivergenceGuard(), stopping, watch]
        epochs = studies[0].train.passes
        if len(solvers) == 1:
            errors = [_alone(solvers[0], material, epochs)]
        else:
            errors = fit_together(solvers, material.train, material.validation, epochs=epochs)
        seconds = (time.perf_counter() - begin) / len(studies)
        found = zip(studies, solvers, stoppings, errors, strict=True)
        return [Training(study, solver, stopping, seconds, error) for study, solver, stopping, error in found]


def _solver(study: Study, material: Material) -> Solver:
    model = model_for(study, material)
    init_weights(study, model)
    return build_solver(study, model, material)


def _alone(solver: Solver, material: Material, epochs: int) -> DivergenceError | None:
    try:
        solver.fit(material.train, material.validation, epochs=epochs)
    except DivergenceError as error:
        return error
    return None


def alike(study: Study) -> str:
    """The same for studies that can train in step: those of one model, on the same batches."""
    flat = study.model_dump(mode="json", exclude={"name", "title", "seed", "search", "changes"})
    train = {key: value for key, value in flat["train"].items() if key not in OWN}
    return json.dumps(flat | {"train": train, "data_seed": study.data_seed}, sort_keys=True)


def in_step(items: Sequence[tuple[Study, Item]], most: int) -> Iterator[list[Item]]:
    """The items in groups that can train in step, of at most so many, in the order of their first ones."""
    groups: dict[str, list[Item]] = {}
    for study, item in items:
        groups.setdefault(alike(study), []).append(item)
    for group in groups.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]
