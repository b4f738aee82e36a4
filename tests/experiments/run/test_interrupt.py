"""Ctrl-C while a run trains: saved first, and at once where it is pressed again."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from backhand.console.termination import interrupt_on_sigterm
from backhand.experiments.run.interrupt import saved_first
from backhand.training.callbacks import Callback, Checkpoint, EarlyStopping
from backhand.training.saving import has_state, load_state

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="processes send themselves Ctrl-C as POSIX systems do"),
    pytest.mark.usefixtures("listens"),
]


class Presses(Callback):
    """Ctrl-C in a step, `times` times; what comes behind it in that step is noted."""

    def __init__(self, step: int, times: int = 1, number: int = signal.SIGINT) -> None:
        self.step, self.times, self.number, self.went_on = step, times, number, False

    def on_loss(self, solver):
        if solver.step == self.step:
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)
            self.went_on = True


@pytest.fixture
def sigterm():
    """SIGTERM as the program has it."""
    before = signal.getsignal(signal.SIGTERM)
    interrupt_on_sigterm()
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def ready(make_solver, tmp_path):
    """A solver with its saving, which presses Ctrl-C in one of its steps."""

    def make(presses):
        stopping = EarlyStopping()
        saving = Checkpoint(tmp_path, stopping, every=1e6)
        return make_solver(callbacks=[stopping, presses, saving]), saving

    return make


@pytest.mark.parametrize(("step", "stands_at"), [(5, (1, 6)), (7, (1, 8)), (11, (2, 12))])
def test_the_step_at_hand_is_saved_before_the_training_ends(ready, blobs, tmp_path, step, stands_at):
    solver, saving = ready(Presses(step))
    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        solver.fit(*blobs, epochs=3)  # of four steps
    _, facts, _ = load_state(tmp_path)
    assert (facts["epoch"], facts["step"]) == stands_at
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_pressed_again_it_ends_at_once(ready, blobs, tmp_path):
    presses = Presses(5, times=2)
    solver, saving = ready(presses)
    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        solver.fit(*blobs, epochs=3)
    assert not presses.went_on
    assert not has_state(tmp_path)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_not_lost_where_no_step_comes_after_it(ready):
    _, saving = ready(Presses(0))
    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        os.kill(os.getpid(), signal.SIGINT)


def test_it_is_not_lost_before_the_first_step(ready, blobs, tmp_path):
    """As while a resumed run brings its history and best weights back to its state."""
    solver, saving = ready(Presses(-1))

    def pressed_while_preparing():
        os.kill(os.getpid(), signal.SIGINT)
        solver.fit(*blobs, epochs=3)

    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        pressed_while_preparing()
    assert load_state(tmp_path)[1]["step"] == 1


def test_a_training_can_go_on_after_it(ready, blobs):
    solver, saving = ready(Presses(5))
    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        solver.fit(*blobs, epochs=3)
    assert len(solver.fit(*blobs, epochs=3)) == 3


def test_sigterm_does_what_ctrl_c_does(ready, blobs, tmp_path, sigterm):
    solver, saving = ready(Presses(5, number=signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt), saved_first(saving):
        solver.fit(*blobs, epochs=3)
    assert load_state(tmp_path)[1]["step"] == 6


def test_sigterm_ends_what_a_shell_has_started_in_the_background(sigterm):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_program_that_sigterm_ends_says_how_to_go_on(tmp_path):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "backhand", "run", "digits", "--set", "train.epochs=10_000", "--out", str(out)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        assert any(line.startswith("epoch") for line in iter(program.stdout.readline, ""))
        program.terminate()
        said = program.stdout.read()
    assert (program.returncode, said.splitlines()[-1].startswith("interrupted; go on with: ")) == (130, True)
    assert has_state(out)


def test_what_the_caller_does_with_ctrl_c_stays_so(ready, blobs):
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    try:
        solver, saving = ready(Presses(5))
        with saved_first(saving):
            solver.fit(*blobs, epochs=3)
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [1]


def test_other_threads_train_as_ever(ready, blobs):
    solver, saving = ready(Presses(-1))

    def train():
        with saved_first(saving):
            solver.fit(*blobs, epochs=1)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert solver.epoch == 1
