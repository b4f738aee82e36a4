"""Trainings that leave states on the disk, and what lies there."""

import json
from pathlib import Path
from typing import Any

from backhand import checkpoint
from backhand.training.callbacks import Checkpoint, EarlyStopping
from backhand.training.optimizers import SGD
from backhand.training.solver import Record, Solver
from tests.training.callbacks import Script

NEW, BEST = "state.safetensors.new", "best.safetensors"


def records(folder: Path) -> list[Record]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def epoch_of(path: Path) -> int:
    return checkpoint.load(path)[1]["epoch"]


def scripted(make_solver, folder: Path, values: list[float], *, restore: bool = True, **options: Any) -> Solver:
    """Its validation losses are given, and its weights are the number of the epoch."""
    stopping = EarlyStopping(restore_best=restore)
    callbacks = [Script("validation_loss", values), stopping, Checkpoint(folder, stopping, **options)]
    return make_solver(callbacks=callbacks, optimizer=SGD(1e-6))
