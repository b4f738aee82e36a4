"""What a training leaves on the disk, and when."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand import checkpoint
from backhand.errors import BackhandError, DivergenceError
from backhand.training import history_file
from backhand.training.callbacks import Callback, Checkpoint, EarlyStopping
from backhand.training.saving import has_state, load_state
from backhand.training.solver import Solver
from tests.training.savedtrainings import BEST, NEW, epoch_of, records, scripted


def test_with_0_every_epoch_is_saved_and_the_best_one_apart(make_solver, blobs, tmp_path: Path) -> None:
    seen = []

    class Look(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            files = (tmp_path / f"{name}.safetensors" for name in ("state", "best"))
            seen.append((*map(epoch_of, files), len(records(tmp_path))))

    options = {"origin": {"data": "sum"}, "facts": {"classes": ["a"]}, "every": 0}
    scaling = {"standardizer.scale": np.ones(2, np.float32)}
    solver = scripted(make_solver, tmp_path, [3, 2, 4, 1, 5], arrays=scaling, **options)
    solver.callbacks = [*solver.callbacks, Look()]
    solver.fit(*blobs, epochs=5)
    assert seen == [(1, 1, 1), (2, 2, 2), (3, 2, 3), (4, 4, 4), (5, 4, 5)]
    assert records(tmp_path) == solver.history

    arrays, facts = checkpoint.load(tmp_path / "best.safetensors")
    assert facts == {"classes": ["a"], "epoch": 4, "validation_loss": 1}
    np.testing.assert_array_equal(arrays["standardizer.scale"], [1, 1])
    assert {name for name in arrays if name.startswith("model.")} == {f"model.{n}" for n in solver.model.arrays()}
    assert (arrays["model.1.weight"] == 4).all()
    assert epoch_of(tmp_path / "state.previous.safetensors") == 4
    arrays, facts = checkpoint.load(tmp_path / "state.safetensors")
    assert facts["origin"] == {"data": "sum"}
    assert arrays["history"].tobytes() == (tmp_path / "history.jsonl").read_bytes()


def test_without_a_best_epoch_to_restore_the_last_one_is_kept(make_solver, blobs, tmp_path: Path) -> None:
    scripted(make_solver, tmp_path, [3, 1, 2], restore=False).fit(*blobs, epochs=3)
    arrays, facts = checkpoint.load(tmp_path / "best.safetensors")
    assert facts == {"epoch": 3, "validation_loss": 2}
    assert (arrays["model.1.weight"] == 3).all()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are saved, in order."""
    names, save = [], checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda path, *rest: names.append(path.name) or save(path, *rest))
    return names


def test_the_best_weights_are_written_only_when_they_are_new(make_solver, blobs, tmp_path: Path, written) -> None:
    scripted(make_solver, tmp_path, [3, 2, 4, 1, 5], every=0).fit(*blobs, epochs=5)
    assert written == [BEST, NEW, BEST, NEW, NEW, BEST, NEW, NEW]


class Pace(Callback):
    """A step takes 10 seconds, and saving `saving` of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, saving: float = 0.0) -> None:
        self.now, save = 0.0, checkpoint.save_generation

        def slow(*arguments: Any) -> None:
            save(*arguments)
            self.now += saving

        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(checkpoint, "save_generation", slow)

    def on_loss(self, solver: Solver) -> None:
        self.now += 10


def test_whatever_a_state_promises_is_on_the_disk_before_it(
    make_solver, blobs, tmp_path: Path, monkeypatch, written
) -> None:
    monkeypatch.setattr(history_file, "sync", lambda path: written.append(path.name))
    scripted(make_solver, tmp_path, [3, 2], every=0).fit(*blobs, epochs=2)
    assert written == [BEST, "history.jsonl", NEW] * 2
    written.clear()
    solver = scripted(make_solver, tmp_path, [3, 2], every=1e6)
    solver.fit(*blobs, epochs=1)
    written.clear()
    solver.callbacks[-1].on_exception(solver)
    assert written == ["history.jsonl"]


def test_it_is_saved_by_time_amid_epochs_too_and_at_the_end(
    make_solver, blobs, tmp_path: Path, monkeypatch, written
) -> None:
    steps, pace = [], Pace(monkeypatch)

    class Look(Callback):
        def on_step_end(self, solver: Solver) -> None:
            steps.append(len(written))

        on_epoch_end = on_step_end

    solver = scripted(make_solver, tmp_path, [3, 2, 4], every=30)
    solver.callbacks = [pace, *solver.callbacks, Look()]
    solver.fit(*blobs, epochs=3)  # of four steps each
    assert written == [NEW, BEST, NEW, BEST, NEW, NEW, NEW]
    assert steps == [*(0, 0, 1, 1, 1), *(1, 3, 3, 3, 3), *(5, 5, 5, 6, 7)]  # after each step, and each epoch
    assert [record["seconds"] for record in solver.history] == [40, 40, 40]


def test_a_training_that_ends_early_is_saved(make_solver, blobs, tmp_path: Path) -> None:
    solver = scripted(make_solver, tmp_path, [3, 2, 4, 4, 4], every=1e6)
    solver.callbacks[1].patience = 1
    solver.fit(*blobs, epochs=5)
    _, facts, _ = load_state(tmp_path)
    assert (facts["epoch"], bool(facts["stopped"]), epoch_of(tmp_path / BEST)) == (3, True, 2)


def test_saving_never_takes_more_than_a_twentieth_of_the_time(make_solver, blobs, tmp_path: Path, monkeypatch) -> None:
    pace = Pace(monkeypatch, saving=20)
    solver = scripted(make_solver, tmp_path, [1.0] * 25, every=30)
    solver.callbacks = [pace, *solver.callbacks]
    solver.fit(*blobs, epochs=25)
    assert solver.elapsed == 1000
    assert solver.saving_seconds == 20 * (1 + 970 // 380 + 1)  # at first after 30 s, and at the end


@pytest.mark.parametrize("every", [-1, float("nan")])
def test_a_time_that_is_none_is_refused(tmp_path: Path, every: float) -> None:
    with pytest.raises(BackhandError, match="seconds between two saved states must be 0 or more, not"):
        Checkpoint(tmp_path, EarlyStopping(), every=every)


@pytest.mark.parametrize(("restore", "best"), [(True, 2), (False, 3)])
def test_what_breaks_off_leaves_the_best_weights_and_the_history(
    make_solver, blobs, tmp_path: Path, restore: bool, best: int
) -> None:
    class Breaks(Callback):
        def on_loss(self, solver: Solver) -> None:
            if solver.step == 14:
                raise DivergenceError("too large")

    solver = scripted(make_solver, tmp_path, [3, 2, 4, 1], restore=restore)
    solver.callbacks = [*solver.callbacks, Breaks()]
    with pytest.raises(DivergenceError):
        solver.fit(*blobs, epochs=4)
    arrays, facts = checkpoint.load(tmp_path / BEST)
    assert facts["epoch"] == best
    assert (arrays["model.1.weight"] == best).all()
    assert [record["epoch"] for record in records(tmp_path)] == [1, 2, 3]
    assert not has_state(tmp_path)


def test_a_training_that_was_to_end_saves_once_and_may_go_on(make_solver, blobs, tmp_path: Path) -> None:
    solver = scripted(make_solver, tmp_path, [3, 2, 1], every=1000)
    saving = solver.callbacks[-1]
    saving.ending = True
    with pytest.raises(KeyboardInterrupt):
        solver.fit(*blobs, epochs=3)
    assert solver.step == 1
    assert not saving.ending
    solver.fit(*blobs, epochs=3)
    assert epoch_of(tmp_path / "state.safetensors") == 3
