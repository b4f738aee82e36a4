"""What a training leaves on the disk and when; killed between any two writes, it ends with the same bits."""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand import checkpoint, history, saving
from backhand.callbacks import Checkpoint, DivergenceGuard, EarlyStopping
from backhand.errors import BackhandError, DivergenceError
from backhand.optim import SGD, Adam
from backhand.saving import has_state, load_state, remove_states
from backhand.solver import Callback, Record, Solver
from test_callbacks import Script

ALWAYS = 1e-9  # seconds: a state after every step


def records(folder: Path) -> list[Record]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def epoch_of(path: Path) -> int:
    return checkpoint.load(path)[1]["epoch"]


def scripted(make_solver, folder: Path, values: list[float], *, restore: bool = True, **options: Any) -> Solver:
    """Its validation losses are given, and its weights are the number of the epoch."""
    stopping = EarlyStopping(restore_best=restore)
    callbacks = [Script("validation_loss", values), stopping, Checkpoint(folder, stopping, **options)]
    return make_solver(callbacks=callbacks, optimizer=SGD(1e-6))


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


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are saved, in order."""
    names, save = [], checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda path, *rest: names.append(path.name) or save(path, *rest))
    return names


NEW, BEST = "state.safetensors.new", "best.safetensors"


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
    with pytest.raises(BackhandError, match="every 0 seconds or more, not every"):
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


class Killed(BaseException):
    """The process is gone: nothing after this is written."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch):
    """`kill(n)`: from now on, the n-th change on the disk is the last one; 0: there is no end to them."""
    left = [0]

    def counted(own: Any, name: str, change: Any = None) -> None:
        change = change or getattr(own, name)

        def run(*arguments: Any, **options: Any) -> Any:
            if left[0] == 1:
                raise Killed
            left[0] -= left[0] > 0
            return change(*arguments, **options)

        monkeypatch.setattr(own, name, run)

    counted(Path, "replace")
    counted(Path, "unlink")
    counted(history, "append")
    counted(os, "fsync", lambda _: None)  # which would take most of the test's time

    def end_after(changes: int) -> None:
        left[0] = changes + 1 if changes else 0

    return end_after


@pytest.mark.parametrize(
    ("every", "restore", "epochs"), [(0, True, 3), (ALWAYS, True, 2), (ALWAYS, False, 2), (1e6, False, 2)]
)
def test_killed_after_any_change_on_the_disk_it_ends_with_the_same_bits(
    make_solver, blobs, tmp_path: Path, monkeypatch, kill, every: float, restore: bool, epochs: int
) -> None:
    monkeypatch.setattr(saving, "REST", 0)

    def train(folder: Path) -> Solver:
        stopping = EarlyStopping(restore_best=restore)
        callbacks = [DivergenceGuard(), stopping, Checkpoint(folder, stopping, every=every)]
        options = {"optimizer": Adam(0.05), "batch_size": 75, "callbacks": callbacks}
        made = make_solver({"dropout": 0.3, "batchnorm": True}, **options)
        if has_state(folder):
            made.load(*load_state(folder)[:2])
        made.fit(*blobs, epochs=epochs)
        return made

    def left(folder: Path) -> tuple[Any, ...]:
        lines = [{k: v for k, v in record.items() if k not in ("seconds", "elapsed")} for record in records(folder)]
        return (folder / BEST).read_bytes(), lines, load_state(folder)[1]["epoch"]

    (tmp_path / "whole").mkdir()
    whole, changes, kills = train(tmp_path / "whole"), 0, 0
    while True:
        changes += 1
        folder = tmp_path / str(changes)
        folder.mkdir()
        try:
            kill(changes)
            train(folder)
            break
        except Killed:
            kill(0)
            kills += 1
            again = train(folder)
            assert left(folder) == left(tmp_path / "whole"), changes
            for name, value in again.model.arrays().items():
                assert value.tobytes() == whole.model.arrays()[name].tobytes(), (changes, name)
    assert kills >= {0: 25, ALWAYS: 35, 1e6: 8}[every]


def test_best_weights_and_history_that_are_ahead_of_the_state_are_taken_back(
    make_solver, blobs, tmp_path: Path
) -> None:
    """Killed before its state was saved, and then given fewer epochs."""
    values = [3, 2, 4, 1, 5]
    scripted(make_solver, tmp_path, values, every=0).fit(*blobs, epochs=3)
    state = (tmp_path / "state.safetensors").read_bytes()
    second = scripted(make_solver, tmp_path, values, every=0)
    second.load(*load_state(tmp_path)[:2])
    second.fit(*blobs, epochs=5)
    assert (epoch_of(tmp_path / BEST), len(records(tmp_path))) == (4, 5)
    (tmp_path / "state.safetensors").write_bytes(state)
    third = scripted(make_solver, tmp_path, values, every=0)
    third.load(*load_state(tmp_path)[:2])
    third.fit(*blobs, epochs=3)
    assert (epoch_of(tmp_path / BEST), len(records(tmp_path))) == (2, 3)
    assert (checkpoint.load(tmp_path / BEST)[0]["model.1.weight"] == 2).all()


def test_a_history_that_is_torn_damaged_or_gone_is_made_whole_from_the_state(
    make_solver, blobs, tmp_path: Path
) -> None:
    scripted(make_solver, tmp_path, [3, 2, 4, 1], every=0).fit(*blobs, epochs=3)
    path = tmp_path / "history.jsonl"
    whole = path.read_bytes()
    for content in (whole[:-30], whole + b'{"epoch": 4, "tr', b"", b"\x00\xff", whole.replace(b"3", b"4", 1), None):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        again = scripted(make_solver, tmp_path, [3, 2, 4, 1], every=0)
        again.load(*load_state(tmp_path)[:2])
        again.fit(*blobs, epochs=3)
        assert path.read_bytes() == whole


def test_what_a_training_before_left_is_no_part_of_a_new_one(make_solver, blobs, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("of a run that was killed before its first state\n")
    scripted(make_solver, tmp_path, [3, 2]).fit(*blobs, epochs=2)
    assert [record["epoch"] for record in records(tmp_path)] == [1, 2]


def test_the_state_of_an_earlier_version_is_read(make_solver, blobs, tmp_path: Path) -> None:
    """It had the history among its facts, and was saved between epochs only."""
    solver = scripted(make_solver, tmp_path, [3, 2, 4, 1], every=0)
    solver.fit(*blobs, epochs=3)
    arrays, facts = solver.state()
    del facts["running"], facts["saving_seconds"]
    checkpoint.save_generation(tmp_path / "state.safetensors", arrays, facts)
    again = scripted(make_solver, tmp_path, [3, 2, 4, 1], every=0)
    again.load(*load_state(tmp_path)[:2])
    assert again.history == solver.history
    again.fit(*blobs, epochs=4)
    assert [record["epoch"] for record in records(tmp_path)] == [1, 2, 3, 4]


def test_states_are_removed_whole_or_can_be_read(make_solver, blobs, tmp_path: Path, kill) -> None:
    scripted(make_solver, tmp_path, [3, 2, 4], every=0).fit(*blobs, epochs=3)
    for changes in (1, 2):
        kill(changes)
        with pytest.raises(Killed):
            remove_states(tmp_path)
        kill(0)
        assert load_state(tmp_path)[1]["epoch"] == 3
    remove_states(tmp_path)
    remove_states(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {BEST, "history.jsonl"}
