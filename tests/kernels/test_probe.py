"""A Numba that is missing, has changed or compiles nothing: one sentence, and everything runs on the references."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from backhand import backend
from backhand.errors import KernelError
from backhand.kernels import NUMBA, probe

CHANGES = {
    "no Numba": 'sys.modules["numba"] = None',
    "no llvmlite": 'sys.modules["llvmlite"] = None',
    "a name that is gone": "import numba.core.registry as m; del m.cpu_target",
    "a method that is gone": "import numba.core.compiler as m; del m.CompileResult._rebuild",
    "a function with another signature": "import numba.core.serialize as m; m.dumps = lambda: b''",
    "nothing that compiles": """
import numba.core.compiler as m
def compile_extra(*arguments, **options):
    raise m.errors.UnsupportedError("no such instruction\\nand more lines")
m.compile_extra = compile_extra
""",
}
NETWORK = """
import numpy as np
from backhand import backend
from backhand.layers import Linear, ReLU
from backhand.model import Sequential
model = Sequential(Linear(3), ReLU(), Linear(2)).build((4,))
y = model.forward(np.ones((5, 4), np.float32), train=True)
model.backward(np.ones_like(y))
print(backend.describe())
"""
COMMAND = """
from backhand.cli import main
main()
"""


def run(change, script, cache, *arguments):
    kept = {name: value for name, value in os.environ.items() if name != backend.VARIABLE}
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{change}\n{script}", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=kept | {"BACKHAND_CACHE": str(cache)},  # empty: what fails to compile must not be there already
        check=False,
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_everything_runs_on_the_references_with_one_warning(change, tmp_path):
    pytest.importorskip("numba")
    done = run(change, NETWORK, tmp_path)
    assert done.stdout.strip() == "references on NumPy", done.stderr
    assert done.stderr.count("training runs on the slower references: ") == 1
    assert "Traceback" not in done.stderr
    assert "more lines" not in done.stderr


def test_the_command_line_says_it_in_a_sentence(tmp_path, base):
    pytest.importorskip("numba")
    asked = ("run", base, "--set", "train.epochs=1", "--out", tmp_path / "run")
    done = run(CHANGES["a name that is gone"], COMMAND, tmp_path / "cache", *asked)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "references" in line)
    assert line.startswith("warning: training runs on the slower references: kernels do not work with Numba ")
    assert line.endswith(f"versions known to work are {NUMBA}")
    assert "references on NumPy" in (tmp_path / "run" / "environment.json").read_text("utf-8")


def test_kernels_that_compute_something_else_are_not_used(monkeypatch):
    monkeypatch.setattr(probe, "_agrees", lambda: False)
    assert "their results are wrong" in probe.obstacle()


def test_here_nothing_stands_in_the_way():
    pytest.importorskip("numba")
    assert probe.obstacle() == ""


def test_a_kernel_that_cannot_be_compiled_is_named():
    pytest.importorskip("numba")
    from backhand.kernels import jit

    @jit.kernel
    def strange(x, shards):
        return x.no_such_method()

    with pytest.raises(KernelError, match=r"the kernel strange cannot be compiled by .*; pass --backend"):
        strange(1.0, 1)


def test_the_package_asks_for_the_versions_that_are_known():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    (numba,) = (each for each in project["dependencies"] if each.startswith("numba"))
    assert numba.partition(";")[0] == f"numba{NUMBA}"
