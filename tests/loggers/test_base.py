"""What every logger is given, and what happens when a log fails."""

import copy

import numpy as np
import pytest

from backhand.errors import BackhandError, BackhandWarning
from backhand.loggers import CsvLogger, Logger, MLflowLogger, TensorBoardLogger
from backhand.loggers.settings import plain, settings_of
from backhand.training.callbacks import Callback
from tests.loggers import trackers


class Heard(Logger):
    """Keeps what it is given."""

    def __post_init__(self):
        super().__post_init__()
        self.begun, self.steps, self.epochs, self.final, self.ended = [], [], [], [], []

    def begin(self, solver, settings):
        self.begun.append((solver.step, dict(settings)))

    def log_step(self, step, figures):
        self.steps.append((step, dict(figures)))

    def log_epoch(self, record):
        self.epochs.append(dict(record))

    def log_final(self, step, figures):
        self.final.append((step, dict(figures)))

    def end(self, *, failed):
        self.ended.append(failed)


class Broken(Heard):
    def begin(self, solver, settings):
        raise PermissionError("no entry.\nReally.")


class BreaksOff(Heard):
    def log_epoch(self, record):
        super().log_epoch(record)
        if len(self.epochs) == 2:
            raise OSError("the disk is full")


def test_it_hears_of_settings_steps_epochs_and_the_end(make_solver, blobs):
    logger = Heard(every_steps=3)
    solver = make_solver(callbacks=[logger])
    solver.fit(*blobs, epochs=2)
    ((step, settings),) = logger.begun
    assert step == 0
    assert settings == settings_of(solver)
    assert [step for step, _ in logger.steps] == [3, 6]
    assert logger.steps[1][1].keys() == {"loss", "lr", "gradient_norm"}
    assert logger.epochs == solver.history
    ((step, figures),) = logger.final
    assert (step, set(figures)) == (8, {key for key in solver.history[1] if key.startswith(("train_", "validation_"))})
    assert logger.ended == [False]


def test_settings_are_those_of_the_solver_as_plain_values(make_solver, blobs):
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    settings = settings_of(solver)
    assert settings["optimizer"] == "SGD"
    assert (settings["optimizer.lr"], settings["optimizer.momentum"]) == (0.1, 0.9)
    assert (settings["batch_size"], settings["epochs"], settings["parameters"]) == (40, 1, 2 * 8 + 8 + 8 * 3 + 3)
    assert settings["loss"] == "SoftmaxCrossEntropy"
    assert "Linear(8" in settings["model"]
    assert all(isinstance(value, str | int | float) for value in settings.values())
    assert plain({"a": [8, 4], "b": None, "c": (), "d": True, "e": 0}) == {"a": "[8, 4]", "d": True, "e": 0}


def test_an_open_log_takes_figures_after_the_fit(make_solver, blobs):
    logger = Heard(keep_open=True, settings={"mine": 1})
    make_solver(callbacks=[logger]).fit(*blobs, epochs=1)
    assert (logger.final, logger.ended, logger.is_open) == ([], [], True)
    logger.finish(4, {"test_accuracy": 0.5})
    logger.close()
    logger.finish(5, {"late": 1.0})
    assert logger.begun == [(0, {"mine": 1})]
    assert (logger.final, logger.ended, logger.is_open) == ([(4, {"test_accuracy": 0.5})], [False], False)


def test_a_log_that_cannot_begin_ends_the_fit_with_a_sentence(make_solver, blobs):
    logger = Broken()
    with pytest.raises(BackhandError, match=r"^the log of Broken cannot begin: no entry\. Really$"):
        make_solver(callbacks=[logger]).fit(*blobs, epochs=1)


def test_a_log_that_breaks_off_lets_the_training_go_on(make_solver, blobs):
    logger = BreaksOff()
    solver = make_solver(callbacks=[logger])
    with pytest.warns(BackhandWarning, match="^the log of BreaksOff ends here, and the training goes on: the disk is"):
        solver.fit(*blobs, epochs=4)
    assert (len(solver.history), len(logger.epochs), logger.ended) == (4, 2, [])


def test_an_exception_ends_the_log_as_failed(make_solver, blobs):
    logger = Heard()

    class Stop(Logger):
        def on_step_end(self, solver):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_solver(callbacks=[logger, Stop()]).fit(*blobs, epochs=1)
    assert logger.ended == [True]


def test_a_copy_of_an_open_logger_is_closed():
    logger = Heard(every_steps=2)
    logger.is_open, logger._log = True, object()
    twin = copy.deepcopy(logger)
    assert (twin.every_steps, twin.is_open, twin._log) == (2, False, None)


@pytest.mark.parametrize("steps", [-1, 1.5, "x", True, None])
def test_steps_that_are_no_whole_number_of_0_or_more_are_refused(steps):
    said = f"^the steps between two lines of a log must be a whole number of 0 or more, not {steps!r}$"
    with pytest.raises(BackhandError, match=said):
        Heard(every_steps=steps)
    assert Heard(every_steps=np.int64(2)).every_steps == 2


class Says(Callback):
    """Adds figures of every kind to each record."""

    def on_epoch_end(self, solver):
        solver.history[-1] |= {"phase": "late", "none": None, "rows": np.ones(2), "mine": np.float32(0.5), "done": True}


MAKERS = {
    "heard": lambda folder: Heard(),
    "csv": lambda folder: CsvLogger(folder / "log.csv"),
    "tensorboard": lambda folder: TensorBoardLogger(folder / "events"),
    "mlflow": lambda folder: MLflowLogger(),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_figure_that_is_no_number_is_left_out_with_a_warning(make_solver, blobs, tmp_path, monkeypatch, name):
    server = trackers.install_mlflow(monkeypatch)
    logger = MAKERS[name](tmp_path)
    solver = make_solver(callbacks=[Says(), logger])
    with pytest.warns(BackhandWarning) as caught:
        solver.fit(*blobs, epochs=3)
    title = type(logger).__name__
    said = [str(warning.message) for warning in caught]
    assert len(said) == 3
    assert f"the figure \"phase\" is 'late', which is no number; the log of {title} leaves it out" in said
    assert len(solver.history) == 3
    if name == "heard":
        assert [(record["mine"], record["done"], "phase" in record) for record in logger.epochs] == [
            (0.5, True, False)
        ] * 3
    if name == "csv":
        assert (tmp_path / "log.csv").read_text().splitlines()[0].endswith(",mine,done")
    if name == "mlflow":
        (run,) = server.runs.values()
        assert [value for key, value, _ in run.metrics if key == "mine"] == [0.5] * 3


def test_settings_may_be_arrays():
    settings = {"w": np.arange(3), "x": np.float32(0.5), "none": None, "table": {"w": np.ones(1)}, "empty": []}
    assert plain(settings) == {"w": "[0, 1, 2]", "x": 0.5, "table": '{"w": [1.0]}'}
