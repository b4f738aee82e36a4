"""The choice between kernels and references."""

import os
import subprocess
import sys

import numpy as np
import pytest

from backhand import backend
from backhand.errors import BackhandError
from backhand.machine import cores
from backhand.ops import linear, tanh

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


SCRIPT = """
import sys
import numba
import numpy as np
import backhand as bh

rng = np.random.default_rng(0)
x, y = rng.standard_normal((400, 30), np.float32), rng.integers(0, 3, 400)
model = bh.Sequential(bh.Linear(int(sys.argv[1])), bh.BatchNorm(), bh.ReLU(), bh.Dropout(0.2), bh.Linear(3))
model.build((30,), seed=0)
bh.Solver(model, bh.SoftmaxCrossEntropy(), bh.Adam(0.01), 200).fit(x, y, epochs=2)
try:
    print(numba.threading_layer())
except ValueError:
    print("none")
"""


@pytest.mark.parametrize(("units", "starts"), [(20, False), (2000, True)])
def test_threads_are_started_for_much_work_only(units, starts):
    pytest.importorskip("numba")
    if cores() == 1:
        pytest.skip("one core")
    environment = {name: value for name, value in os.environ.items() if name != "BACKHAND_THREADS"}
    environment["BACKHAND_BACKEND"] = "cpu"
    command = [sys.executable, "-c", SCRIPT, str(units)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (done.stdout.strip() != "none") is starts
