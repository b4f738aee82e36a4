"""Whatever a killed training left on the disk, it goes on to the same bits."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand import checkpoint
from backhand.training import history_file, saving
from backhand.training.averages import ExponentialAverage, StochasticAverage
from backhand.training.callbacks import Callback, Checkpoint, DivergenceGuard, EarlyStopping
from backhand.training.optimizers import Adam
from backhand.training.saving import STATE, has_state, load_state, remove_states
from backhand.training.solver import Solver
from tests.training.savedtrainings import BEST, epoch_of, records, scripted

ALWAYS = 1e-9  # seconds: a state after every step


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
    counted(history_file, "append")
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


def test_weights_amid_an_epoch_are_never_those_of_the_last_one(make_solver, blobs, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(saving, "REST", 0)

    class Breaks(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.step == 6:
                raise KeyboardInterrupt

    solver = scripted(make_solver, tmp_path, [3, 2, 4], restore=False, every=ALWAYS)
    solver.callbacks = [*solver.callbacks, Breaks()]
    with pytest.raises(KeyboardInterrupt):
        solver.fit(*blobs, epochs=3)
    before = (tmp_path / BEST).read_bytes()
    second = scripted(make_solver, tmp_path, [3, 2, 4], restore=False, every=ALWAYS)
    second.load(*load_state(tmp_path)[:2])
    assert second.epoch_totals.steps == 2
    second.callbacks[-1].on_fit_begin(second)
    assert (tmp_path / BEST).read_bytes() == before


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


@pytest.mark.parametrize("average", [ExponentialAverage(0.9), StochasticAverage()], ids=["exponential", "stochastic"])
@pytest.mark.parametrize("batchnorm", [False, True])
def test_a_resume_leaves_the_averaged_weights_in_place(
    make_solver, blobs, tmp_path: Path, average, batchnorm: bool
) -> None:
    def made() -> Solver:
        stopping = EarlyStopping(restore_best=False)
        callbacks = [stopping, Checkpoint(tmp_path, stopping, every=0)]
        return make_solver({"batchnorm": batchnorm}, average=deepcopy(average), callbacks=callbacks)

    first = made()
    first.fit(*blobs, epochs=3)
    averaged = checkpoint.load(tmp_path / BEST)[0]["model.1.weight"]
    np.testing.assert_array_equal(averaged, first.model.arrays()["1.weight"])
    before = (tmp_path / BEST).read_bytes()
    for _ in range(2):
        again = made()
        again.load(*load_state(tmp_path)[:2])
        assert (again.model.arrays()["1.weight"] != averaged).any()
        again.fit(*blobs, epochs=3)
        assert (tmp_path / BEST).read_bytes() == before
        for name, value in first.model.arrays().items():
            assert again.model.arrays()[name].tobytes() == value.tobytes(), name
    first.fit(*blobs, epochs=3)  # from the averaged weights, which are all that it has now
    assert (tmp_path / BEST).read_bytes() == before


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


def test_the_state_before_is_a_state_too(make_solver, blobs, tmp_path: Path) -> None:
    assert not has_state(tmp_path)
    scripted(make_solver, tmp_path, [3, 2], every=0).fit(*blobs, epochs=2)
    assert has_state(tmp_path)
    (tmp_path / STATE).unlink()
    assert has_state(tmp_path)
    assert load_state(tmp_path)[1]["epoch"] == 1


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
