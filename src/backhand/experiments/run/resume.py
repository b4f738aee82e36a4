"""Resuming a run: from its state, or, where it is finished and its states are deleted, without any training."""

from pathlib import Path

from backhand.errors import CheckpointError, StudyError
from backhand.experiments import settings
from backhand.experiments.run.figures import ALL_DONE
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.saved import Origin, origin_of
from backhand.experiments.trainer import Trainer
from backhand.files.paths import command
from backhand.study import Study
from backhand.training.saving import load_state


def restore(path: Path, trainer: Trainer, origin: Origin) -> list[str]:
    """Give the solver the newest readable state in the folder; returns lines to print about it.

    origin: the settings and the data of the requested study.
    Raises StudyError or CheckpointError when the state is of another study, of other data or of more epochs.
    """
    study, solver = trainer.study, trainer.solver
    try:
        arrays, facts, warning = load_state(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; restore it, or start a new run") from None
    saved = origin_of(path, facts)
    epochs = {settings.EPOCHS: study.train.epochs}  # the number of epochs may be raised
    settings.refuse_another(path, settings.completed(saved.study, study) | epochs, origin.study)
    _refuse_other_data(path, saved.data, origin.data)
    solver.load(arrays, facts)
    epoch = solver.epoch + (solver.epoch_totals is not None)  # the current one, if the state is of the middle of one
    _refuse_fewer_epochs(path, epoch, study.train.epoch_count)
    where = (
        f"after epoch {solver.epoch}"
        if solver.epoch_totals is None
        else f"amid epoch {epoch}, after step {solver.step}"
    )
    return [f"warning: {warning}"] * bool(warning) + [f"resumed {where}"]


def refuse_to_train_on(path: Path, study: Study, metrics: Metrics, origin: Origin) -> None:
    """Raises StudyError or CheckpointError where a finished run without states would have to be trained on.

    That is the case for other data, for fewer epochs, and for more epochs unless the run was stopped early.
    """
    _refuse_other_data(path, metrics.data.sha256, origin.data)
    trained, epochs = metrics.training.epochs, study.train.epoch_count
    _refuse_fewer_epochs(path, trained, epochs)
    if epochs > trained and metrics.training.stopped == ALL_DONE:
        raise StudyError(
            f"{path} is finished after {trained} epochs and its states are gone, so it cannot train on to {epochs}; "
            f"start a new run from its weights with {command(['--init-from', path])}, and keep the states of a run "
            f"that is to train on later with --set train.keep_states=true"
        )


def _refuse_other_data(path: Path, saved: str, present: str) -> None:
    if saved != present:
        raise CheckpointError(f"{path} was trained on other data than is there now; put back the data, or start anew")


def _refuse_fewer_epochs(path: Path, trained: int, epochs: int) -> None:
    if epochs < trained:
        raise StudyError(f"{path} has trained {trained} epochs, and train.epochs = {epochs} is fewer; start a new run")
