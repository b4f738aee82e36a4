"""Going on with a run: from its state; or staying as it is, where it is finished and its states are gone."""

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
    """Give the solver the newest readable state in the folder; returns what a person should know of it.

    origin: the settings and the data of the study that is asked for.
    Raises StudyError or CheckpointError when it was trained by another study, on other data or for more epochs.
    """
    study, solver = trainer.study, trainer.solver
    try:
        arrays, facts, warning = load_state(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; restore it, or start a new run") from None
    own = origin_of(path, facts)
    epochs = {settings.EPOCHS: study.train.epochs}  # it trains on
    settings.refuse_another(path, settings.completed(own.study, study) | epochs, origin.study)
    _refuse_other_data(path, own.data, origin.data)
    solver.load(arrays, facts)
    begun = solver.epoch + (solver.epoch_totals is not None)
    _refuse_fewer_epochs(path, begun, study.train.epoch_count)
    where = (
        f"after epoch {solver.epoch}"
        if solver.epoch_totals is None
        else f"amid epoch {begun}, after step {solver.step}"
    )
    return [f"warning: {warning}"] * bool(warning) + [f"resumed {where}"]


def refuse_to_train_on(path: Path, study: Study, metrics: Metrics, origin: Origin) -> None:
    """Raises StudyError or CheckpointError where a finished run without states should be another one than it is.

    A run that was stopped early stays ended, however many epochs it is given.
    """
    _refuse_other_data(path, metrics.data.sha256, origin.data)
    done, epochs = metrics.training.epochs, study.train.epoch_count
    _refuse_fewer_epochs(path, done, epochs)
    if epochs > done and metrics.training.stopped == ALL_DONE:
        raise StudyError(
            f"{path} is finished after {done} epochs and its states are gone, so it cannot train on to {epochs}; start "
            f"a new run from its weights with {command(['--init-from', path])}, and keep the states of a run that is "
            f"to train on later with --set train.keep_states=true"
        )


def _refuse_other_data(path: Path, own: str, wanted: str) -> None:
    if own != wanted:
        raise CheckpointError(f"{path} was trained on other data than is there now; put back the data, or start anew")


def _refuse_fewer_epochs(path: Path, begun: int, epochs: int) -> None:
    if epochs < begun:
        raise StudyError(f"{path} has trained {begun} epochs, and train.epochs = {epochs} is fewer; start a new run")
