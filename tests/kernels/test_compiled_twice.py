"""What compiles its kernels and what reads them from disk ends with the same bits: so the one may resume the other."""

import os
import subprocess
import sys

import pytest

from backhand.machine import cores

pytest.importorskip("numba")

TRAINING = """
import numpy as np
from backhand import backend
from backhand.training.optimizers import SGD, AdamW, RMSProp
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from backhand.training.losses import loss
from backhand.training.penalty import L2
from backhand.model import Sequential
from backhand.training.solver import Solver

backend.use("cpu")
layers = Conv2d(16, 3), ReLU(), MaxPool2d(), Conv2d(17, 3), BatchNorm(), ReLU(), MaxPool2d(), Flatten()
model = Sequential(*layers, Dropout(0.3), Linear(20), BatchNorm(), ReLU(), Linear(10)).build((13, 14, 3))
rng = np.random.default_rng(0)
for optimizer in (SGD(0.01, 0.9, 0.01, nesterov=True), RMSProp(0.001, 0.5), AdamW(0.001, 0.9, 0.01)):
    solver = Solver(model, loss("softmax_cross_entropy"), optimizer, penalty=L2(1e-3))
    for _ in range(10):
        solver.train_step(rng.standard_normal((37, 13, 14, 3), dtype=np.float32), rng.integers(0, 10, 37))
    print(solver.batch_loss, solver.gradient_norm)
print(model.parameters.values.tobytes().hex(), *(b.tobytes().hex() for b in optimizer.buffers.values()))
"""


def test_compiled_now_and_read_from_disk_compute_the_same(tmp_path):
    """And so does a process that Numba has fewer threads for, as in a worker of joblib."""
    environment = os.environ | {"BACKHAND_CACHE": str(tmp_path), "BACKHAND_THREADS": str(cores())}
    found = []
    for variables in ({}, {}, {"NUMBA_NUM_THREADS": "1"}):
        command, env = [sys.executable, "-c", TRAINING], environment | variables
        found.append(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert any(tmp_path.rglob("_adam*"))
    assert found[0] == found[1] == found[2]
