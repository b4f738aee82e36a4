"""The hooks of a callback: their names, their order, and what each of them may rely on."""

import numpy as np
import pytest

from backhand.training.callbacks import Callback
from backhand.training.solver import Solver
from tests.training.callbacks import Recorder


@pytest.mark.parametrize("hook", ["on_fit_begin", "on_loss", "on_step_end", "on_epoch_end", "on_fit_end"])
def test_callbacks_are_told_when_the_fit_breaks_off(make_solver, blobs, hook: str) -> None:
    told = []

    class Listener(Callback):
        def on_exception(self, solver: Solver) -> None:
            told.append(solver.step)

    def breaks(self: Callback, solver: Solver) -> None:
        raise KeyboardInterrupt

    solver = make_solver(callbacks=[type("Breaks", (Callback,), {hook: breaks})(), Listener()])
    with pytest.raises(KeyboardInterrupt):
        solver.fit(*blobs, epochs=1)
    assert told == [solver.step]
    assert solver.step == {"on_fit_begin": 0, "on_loss": 0, "on_step_end": 1}.get(hook, 4)


def test_hooks_come_in_their_order(make_solver, blobs) -> None:
    recorder = Recorder()
    make_solver(batch_size=75, callbacks=[recorder]).fit(blobs[0], epochs=2)
    first, second = ["loss", "step 1", "loss", "step 2", "epoch 1 of 1"], ["loss", "step 3", "loss", "step 4"]
    assert recorder.hooks == ["begin", *first, *second, "epoch 2 of 2", "end"]


def test_on_loss_comes_before_anything_moves(make_solver, blobs) -> None:
    class Check(Callback):
        def on_loss(self, solver: Solver) -> None:
            scores = solver.model.forward(solver.batch[0])
            assert solver.loss.forward(scores, solver.batch[1]) == pytest.approx(solver.batch_loss, rel=1e-6)
            raise StopIteration

    solver = make_solver(callbacks=[Check()])
    before = solver.model.snapshot()
    with pytest.raises(StopIteration):
        solver.fit(blobs[0], epochs=1)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_a_misspelt_hook_is_refused_where_it_is_written() -> None:
    with pytest.raises(
        TypeError, match=r"^Late\.on_epoch_ends is not a hook of the solver; the hooks are on_fit_begin, on_"
    ):

        class Late(Callback):
            def on_epoch_ends(self, solver: Solver) -> None: ...


def test_a_reason_to_stop_ends_the_fit_after_its_step(make_solver, blobs) -> None:
    class Stop(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.step == 5:
                solver.stopped = "enough"

    solver = make_solver(callbacks=[Stop()], batch_size=50)
    assert len(solver.fit(blobs[0], epochs=9)) == 2
    assert [record["step"] for record in solver.history] == [3, 5]
    assert solver.step == 5
