"""Early stopping and saving, driven by losses that are written down here."""

import json
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.callbacks import Checkpoint, EarlyStopping, write_history
from backhand.errors import BackhandError
from backhand.optim import SGD
from backhand.solver import Callback, Record, Solver


class Script(Callback):
    """Puts given figures into the history, and marks the weights with the epoch's number."""

    def __init__(self, monitor: str, values: list[float]) -> None:
        self.monitor, self.values = monitor, values

    def on_epoch_end(self, solver: Solver) -> None:
        solver.history[-1][self.monitor] = self.values[solver.epoch - 1]
        solver.model.parameters.values[:] = solver.epoch


def play(make_solver, blobs, values: list[float], stopping: EarlyStopping) -> Solver:
    script = Script(stopping.monitor, values)
    solver = make_solver({"batchnorm": True}, callbacks=[script, stopping], optimizer=SGD(1e-6))
    solver.fit(*blobs, epochs=len(values))
    return solver


def epoch_of_the_weights(solver: Solver) -> float:
    return float(solver.model.parameters.values[0])


LOSSES = [5, 3, 4, 4, 2, 3, 3, 3, 1, 9]


@pytest.mark.parametrize(("patience", "last", "best"), [(1, 3, 2), (2, 4, 2), (3, 8, 5), (4, 10, 9), (None, 10, 9)])
def test_patience_counts_the_epochs_since_the_best(make_solver, blobs, patience, last: int, best: int) -> None:
    stopping = EarlyStopping(patience)
    solver = play(make_solver, blobs, LOSSES, stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (last, best, LOSSES[best - 1])
    assert epoch_of_the_weights(solver) == best
    reason = f"early stopping: no better validation loss for {patience} epochs"
    assert solver.stopped == (reason if last < 10 else "")


def test_an_accuracy_is_better_when_higher(make_solver, blobs) -> None:
    stopping = EarlyStopping(2, monitor="validation_accuracy")
    solver = play(make_solver, blobs, [0.5, 0.7, 0.6, 0.7, 0.9], stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (4, 2, 0.7)  # an equal one is not better
    assert "no better validation accuracy for 2 epochs" in solver.stopped


@pytest.mark.parametrize(("restore", "weights"), [(True, 2), (False, 4)])
def test_the_best_weights_come_back_if_asked_for(make_solver, blobs, restore: bool, weights: int) -> None:
    solver = play(make_solver, blobs, [2, 1, 3, 4], EarlyStopping(restore_best=restore))
    assert epoch_of_the_weights(solver) == weights


def test_the_running_statistics_come_back_with_the_weights(make_solver, blobs) -> None:
    states = []

    class Watch(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            states.append(solver.model.snapshot())

    script, stopping = Script("validation_loss", [2, 1, 3]), EarlyStopping()
    solver = make_solver({"batchnorm": True}, callbacks=[script, Watch(), stopping])
    solver.fit(*blobs, epochs=3)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, states[1][name], err_msg=name)
    assert not np.array_equal(states[1]["2.running_mean"], states[2]["2.running_mean"])


def test_the_training_loss_can_be_watched_without_validation(make_solver, blobs) -> None:
    stopping = EarlyStopping(1, monitor="train_loss")
    make_solver(callbacks=[stopping]).fit(blobs[0], epochs=3)
    assert stopping.best_epoch > 0


def test_a_figure_that_is_not_measured_is_named(make_solver, blobs) -> None:
    with pytest.raises(
        BackhandError, match=r"^early stopping watches validation_loss, and the history has epoch, step"
    ):
        make_solver(callbacks=[EarlyStopping()]).fit(blobs[0], epochs=1)


def records(folder: Path) -> list[Record]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def test_every_epoch_is_saved_and_the_best_one_apart(make_solver, blobs, tmp_path: Path) -> None:
    stopping, seen = EarlyStopping(), []
    saving = Checkpoint(
        tmp_path, stopping, {"data": "sum"}, {"standardizer.scale": np.ones(2, np.float32)}, {"classes": ["a"]}
    )

    class Look(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            state = checkpoint.load(tmp_path / "state.safetensors")[1]["epoch"]
            best = checkpoint.load(tmp_path / "best.safetensors")[1]["epoch"]
            seen.append((state, best, len(records(tmp_path))))

    script = Script("validation_loss", [3, 2, 4, 1, 5])
    solver = make_solver(callbacks=[script, stopping, saving, Look()])
    solver.fit(*blobs, epochs=5)
    assert seen == [(1, 1, 1), (2, 2, 2), (3, 2, 3), (4, 4, 4), (5, 4, 5)]
    assert records(tmp_path) == solver.history

    arrays, facts = checkpoint.load(tmp_path / "best.safetensors")
    assert facts == {"classes": ["a"], "epoch": 4, "validation_loss": 1}
    np.testing.assert_array_equal(arrays["standardizer.scale"], [1, 1])
    assert {name for name in arrays if name.startswith("model.")} == {f"model.{n}" for n in solver.model.arrays()}
    assert (arrays["model.1.weight"] == 4).all()
    assert checkpoint.load(tmp_path / "state.previous.safetensors")[1]["epoch"] == 4


def test_the_best_weights_are_written_only_when_they_are_new(
    make_solver, blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, save = [], checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda path, *rest: written.append(path.name) or save(path, *rest))
    stopping = EarlyStopping()
    script = Script("validation_loss", [3, 2, 4, 1, 5])
    make_solver(callbacks=[script, stopping, Checkpoint(tmp_path, stopping)]).fit(*blobs, epochs=5)
    state, best = "state.safetensors.new", "best.safetensors"
    assert written == [best, state, best, state, state, best, state, state]


def test_the_history_is_one_record_a_line(tmp_path: Path) -> None:
    history = [{"epoch": 1, "lr": 0.1, "train_loss": 0.1 + 0.2}, {"epoch": 2, "lr": 1e-300, "train_loss": 5e-324}]
    write_history(tmp_path, history)
    assert records(tmp_path) == history
