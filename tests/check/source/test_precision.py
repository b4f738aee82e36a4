"""float32 in the code becomes float64 for the check, and the program says so."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.check.source.programs import value

RAISED = [
    "np.ones(2, dtype=np.float32)",
    "np.ones(2, np.single)",
    "np.ones(2).astype('float32')",
    "np.ones(2).astype('f4')",
    "np.ones(2, dtype='f')",
    "np.zeros(2, 'float32')",
    "np.array([1.0], dtype=np.float16)",
    "np.float32(3)",
    "float32(3)",
    "narrow(3)",
    "make(2)",
]
TEXT = "import numpy as np\nfrom numpy import float32\nfrom numpy import float32 as narrow\n"
TEXT += "def make(n, dtype='float32'):\n    return np.ones(n, dtype)\n"


@pytest.mark.parametrize("expression", RAISED)
def test_single_precision_is_raised_and_said(load_text, expression):
    program = load_text(f"{TEXT}def f():\n    return {expression}\n")
    assert value(program, "f")().dtype == np.float64
    assert program.precision == "float32"
    assert expression in program.source(value(program, "f"))


@pytest.mark.parametrize("expression", RAISED)
def test_code_is_loaded_as_it_is_where_that_is_wanted(load_text, expression):
    program = load_text(f"{TEXT}def f():\n    return {expression}\n", raise_precision=False)
    assert value(program, "f")().dtype in (np.float32, np.float16)
    assert program.precision == "float64"


def test_what_says_how_bytes_are_stored_stays(load_text):
    text = "import numpy as np\nx = np.frombuffer(b'1234', dtype=np.float32).size, float('3'), 'f', np.float64(1)\n"
    program = load_text(f"{text}y = np.finfo('float32').bits\n")
    assert value(program, "x")[0] == 1
    assert value(program, "y") == 32
    assert program.precision == "float64"


def test_siblings_are_raised_as_well(load_text):
    program = load_text("import util\n", {"util.py": "import numpy as np\nx = np.float32(3)\n"})
    assert value(program, "util").x.dtype == np.float64
    assert program.precision == "float32"


def test_torch_computes_in_float64(load_text):
    torch = pytest.importorskip("torch")
    text = "import torch\nfrom torch import float32 as narrow\na = [torch.ones(2), torch.ones(2, dtype=torch.float)]\n"
    text += "a += [torch.ones(2, dtype=narrow), torch.ones(2).int().float(), torch.FloatTensor([1.0])]\n"
    program = load_text(text)
    assert not program.remarks
    assert {tensor.dtype for tensor in value(program, "a")} == {torch.float64}
    assert program.precision == "float32"


def test_torch_stays_as_it_is_where_that_is_wanted(load_text):
    torch = pytest.importorskip("torch")
    program = load_text("import torch\na = torch.ones(2)\n", raise_precision=False)
    assert value(program, "a").dtype == torch.float32


def test_jax_computes_in_float64(load_text, monkeypatch):
    settings = {}
    fake = ModuleType("jax")
    fake.config = SimpleNamespace(update=settings.__setitem__)
    monkeypatch.setitem(sys.modules, "jax", fake)
    program = load_text("import jax\n")
    assert settings == {"jax_enable_x64": True}
    assert program.precision == "float32"
