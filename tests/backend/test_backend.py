"""The choice between kernels and references."""

import os
import subprocess
import sys

import numpy as np
import pytest

from backhand import backend
from backhand.errors import BackhandError
from backhand.ops import linear, tanh
from backhand.training.callbacks import Callback

pytestmark = pytest.mark.usefixtures("all_cores", "engine")


def test_float64_runs_on_the_references_whatever_was_chosen():
    assert backend.op("linear").forward is backend.op("linear", np.float64).forward is linear.forward


def test_float32_runs_on_kernels_where_there_are_any():
    pytest.importorskip("numba")
    backend.use("cpu")
    assert backend.op("linear", np.float32).forward.__module__ == "backhand.kernels.ops.linear"
    assert backend.op("linear", np.dtype("float32")) is backend.op("linear", np.float32)
    assert backend.op("tanh", np.float32).forward is tanh.forward
    backend.use("reference")
    assert backend.op("linear", np.float32).forward is linear.forward
    assert backend.kernel("linear_relu", np.float32) is None


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match='there is no op "liner"'):
        backend.op("liner", np.float32)
    with pytest.raises(BackhandError, match='there is no backend "cuda"'):
        backend.use("cuda")
    backend.use("reference")


def test_threads_are_limited_to_the_cores():
    pytest.importorskip("numba")
    with pytest.raises(BackhandError, match="threads must be 1 to"):
        backend.use("cpu", threads=10_000)


@pytest.mark.parametrize(
    ("threads", "said"), [("1", "float32, 1 thread\n"), ("0", "threads must be 1 to"), ("two", "not two")]
)
def test_a_variable_says_how_many_threads(threads, said):
    pytest.importorskip("numba")
    command = "from backhand import backend; backend.use('cpu'); print(backend.describe())"
    environment = os.environ | {"BACKHAND_THREADS": threads}
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert said in done.stdout + done.stderr


def test_another_process_can_be_told_to_choose_the_same():
    pytest.importorskip("numba")
    with backend.using("cpu", threads=1):
        assert backend.variables() == {"BACKHAND_BACKEND": "cpu", "BACKHAND_THREADS": "1"}
    with backend.using("reference"):
        assert backend.variables() == {"BACKHAND_BACKEND": "reference"}


def test_inside_a_with_another_backend_is_in_use_and_the_environment_is_left_alone():
    before, environment = (backend.chosen(), backend.threads()), dict(os.environ)
    with backend.using("reference"):
        assert backend.op("linear", np.float32).forward is linear.forward
        with backend.using("cpu", threads=1):
            assert backend.threads() in (1, None)
        assert backend.chosen() == "reference"
    with pytest.raises(ZeroDivisionError), backend.using("reference"):
        raise ZeroDivisionError
    assert ((backend.chosen(), backend.threads()), dict(os.environ)) == (before, environment)
    with pytest.raises(BackhandError, match='there is no backend "cuda"'), backend.using("cuda"):
        pass
    assert backend.chosen() == before[0]


def test_what_is_in_use_is_described():
    backend.use("reference")
    assert backend.describe() == "references on NumPy"
    pytest.importorskip("numba")
    backend.use("cpu")
    assert backend.describe().startswith("kernels on vectors of ")


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
import numpy as np
from backhand.layers import Linear, ReLU
from backhand.model import Sequential
model = Sequential(Linear(3), ReLU(), Linear(2)).build((4,))
for _ in range(3):
    y = model.forward(np.ones((5, 4), np.float32), train=True)
    model.backward(np.ones_like(y))
print(y.shape)
"""


def test_without_numba_everything_runs_on_the_references_with_one_warning():
    environment = {name: value for name, value in os.environ.items() if name != backend.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.strip() == "(5, 2)", done.stderr
    assert done.stderr.count("training runs on the slower references: there is no Numba here") == 1


def test_what_kernels_keep_is_given_back():
    pytest.importorskip("numba")
    from backhand.kernels import buffers

    backend.use("cpu")
    used = buffers.empty((1000,))
    buffers.empty((5000,))
    backend.trim()
    assert buffers.pool().size >= used.nbytes
    kept = buffers.pool().size
    del used
    backend.trim()
    assert buffers.pool().size < kept


class Threads(Callback):
    """Notes on how many threads kernels run within a fit, and whether it should break off."""

    def __init__(self, breaks: bool = False) -> None:
        self.seen: set[int] = set()
        self.breaks = breaks

    def on_step_end(self, solver):
        import numba

        self.seen.add(numba.get_num_threads())
        if self.breaks:
            raise KeyboardInterrupt


def test_a_small_training_wakes_no_other_threads_and_has_the_same_bits(make_solver, blobs, monkeypatch):
    numba = pytest.importorskip("numba")
    backend.use("cpu")
    most, weights, seen = numba.get_num_threads(), [], []
    for little in (backend.LITTLE, 0):
        monkeypatch.setattr(backend, "LITTLE", little)
        threads = Threads()
        solver = make_solver({"batchnorm": True, "dropout": 0.2}, callbacks=[threads])
        solver.fit(*blobs, epochs=3)
        seen.append(threads.seen)
        weights.append(solver.model.parameters.values.tobytes())
        assert numba.get_num_threads() == most
    assert seen == [{1}, {most}]
    assert weights[0] == weights[1]


def test_threads_are_given_back_where_a_training_breaks_off(make_solver, blobs):
    numba = pytest.importorskip("numba")
    backend.use("cpu")
    most = numba.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        make_solver(callbacks=[Threads(breaks=True)]).fit(*blobs, epochs=1)
    assert numba.get_num_threads() == most


def test_a_large_training_takes_all_threads(make_solver, blobs):
    numba = pytest.importorskip("numba")
    backend.use("cpu")
    threads = Threads()
    make_solver({"hidden": (400, 100)}, callbacks=[threads]).fit(*blobs, epochs=1)
    assert threads.seen == {numba.get_num_threads()}
