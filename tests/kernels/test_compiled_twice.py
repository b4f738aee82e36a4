"""What compiles its kernels and what reads them from disk ends with the same bits: so the one may resume the other."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

TRAINING = """
import numpy as np
from backhand import backend, optim
from backhand.losses import L2, loss
from backhand.models import mlp
from backhand.solver import Solver

backend.use("cpu")
model = mlp(10, (20,), dropout=0.3, batchnorm=True).build((30,))
rng = np.random.default_rng(0)
for optimizer in (optim.SGD(0.01, 0.9, 0.01, nesterov=True), optim.RMSProp(0.001, 0.5), optim.AdamW(0.001, 0.9, 0.01)):
    solver = Solver(model, loss("softmax_cross_entropy"), optimizer, penalty=L2(1e-3))
    for _ in range(20):
        solver.train_step(rng.standard_normal((37, 30), dtype=np.float32), rng.integers(0, 10, 37))
    print(solver.batch_loss, solver.gradient_norm)
print(model.parameters.values.tobytes().hex(), *(b.tobytes().hex() for b in optimizer.buffers.values()))
"""


def test_compiled_now_and_read_from_disk_compute_the_same(tmp_path):
    environment = os.environ | {"BACKHAND_CACHE": str(tmp_path)}
    found = []
    for _ in range(2):
        command = [sys.executable, "-c", TRAINING]
        found.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert any(tmp_path.rglob("_adam*"))
    assert found[0] == found[1]
