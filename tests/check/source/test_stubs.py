"""Modules that are missing, or that a check has no use for, have stand-ins."""

import numpy as np
import pytest

from backhand.check.source.stubs import MissingModuleError, Stub
from tests.check.source.programs import kinds, texts, value


def test_a_missing_module_is_named_once(load_text):
    program = load_text("from dnn_utils_v2 import sigmoid\nimport dnn_utils_v2.more\nx = 1\n")
    assert kinds(program) == [("missing module", 1)]
    assert "The module `dnn_utils_v2` is not here" in texts(program)
    assert value(program, "x") == 1


def test_staff_names_are_missing_even_where_a_package_has_them(load_text):
    program = load_text("from tests import *\nfrom test import check\nimport utils\n")
    assert [kind for kind, _ in kinds(program)] == ["missing module"] * 3


def test_a_stand_in_can_be_used_in_every_way_while_loading(load_text):
    text = "import numpy as np\nimport missing_module as m\nfrom missing_module.nn import Layer, timed\n"
    text += "from missing_module import *\n"
    text += "class Linear(Layer, m.Mixin):\n    def __init__(self):\n"
    text += "        super().__init__(3, bias=True)\n        self.w = 1\n"
    text += "@timed\ndef f(x):\n    return x\n@m.jit(nopython=True)\ndef g(x):\n    return x\n"
    text += "with m.no_grad() as context:\n    rows = [row for row in m.rows(3)]\n"
    text += "x = np.ones(3) * m.SCALE + 2 - m.a.b[3] // 2\nbig = m.SIZE > 3\nm.settings['size'] = 3\nm.size = 4\n"
    text += "device = 'gpu' if m.is_available() else 'cpu'\nknown = isinstance(3, m.Tensor)\ncount = len(m.rows)\n"
    program = load_text(text)
    assert [kind for kind, _ in kinds(program)] == ["missing module"]
    assert [each.name for each in program.functions()] == ["f", "g"]
    assert [value(program, name) for name in ("rows", "big", "device", "known", "count")] == [
        [],
        False,
        "cpu",
        False,
        0,
    ]
    linear = value(program, "Linear")()
    assert linear.w == 1
    with pytest.raises(
        AttributeError, match=r"has no attribute weight; missing_module.nn.Layer, from which it inherits"
    ):
        linear.weight  # noqa: B018


def test_after_loading_a_missing_module_does_not_compute(load_text):
    text = "from missing_module import sigmoid, SCALE\nimport numpy as np\ndef f(x):\n    return sigmoid(x)\n"
    program = load_text(
        f"{text}def g(x):\n    return x * SCALE\ndef h(x):\n    import other_module\n    return other_module.f(x)\n"
    )
    for name, module in (("f", "missing_module"), ("g", "missing_module"), ("h", "other_module")):
        with pytest.raises(MissingModuleError, match=f"of the module {module}, which is not here"):
            value(program, name)(np.ones(3))
    assert kinds(program) == [("missing module", 1), ("missing module", 8)]


def test_plots_are_never_imported_and_never_remarked(load_text):
    text = "import matplotlib.pyplot as plt\nfrom IPython.display import display\nimport seaborn as sns\n"
    text += (
        "from google.colab import drive\ndrive.mount('/x')\nplt.plot([1, 2])\nplt.rcParams['figure.figsize'] = (3, 4)\n"
    )
    text += "fig, axes = plt.subplots()\n"
    text += "def f(x):\n    plt.plot(x)\n    display(x)\n    return x\n"
    program = load_text(text)
    assert kinds(program) == [("statement", 8)]
    assert isinstance(value(program, "plt"), Stub)
    assert value(program, "f")(3) == 3


@pytest.mark.parametrize(
    "statement", ["from tqdm import tqdm", "from tqdm.notebook import tqdm", "import tqdm\ntqdm = tqdm.auto.tqdm"]
)
def test_a_progress_bar_passes_its_iterable_through(load_text, statement):
    text = f"{statement}\ndef f(n):\n    bar = tqdm(range(n), desc='x')\n    bar.set_description('y')\n"
    program = load_text(f"{text}    return [i for i in bar], len(bar)\nfrom tqdm import trange\nx = list(trange(2))\n")
    assert not program.remarks
    assert value(program, "f")(3) == ([0, 1, 2], 3)
    assert value(program, "x") == [0, 1]


def test_code_that_provides_for_a_missing_module_does_so(load_text):
    text = "try:\n    import cupy_missing as np\nexcept ImportError:\n    import numpy as np\n"
    text += "try:\n    from scipy import no_such_name\nexcept ImportError:\n    no_such_name = 7\n"
    program = load_text(text)
    assert not program.remarks
    assert value(program, "np") is np
    assert value(program, "no_such_name") == 7


def test_a_name_that_a_library_no_longer_has_is_named(load_text):
    program = load_text("from scipy.special import expit, gone_name\n")
    assert kinds(program) == [("missing name", 1)]
    assert "`scipy.special` has no `gone_name`" in texts(program)
    assert value(program, "expit")(0) == 0.5


def test_missing_torch_and_jax_say_how_to_install_them(load_text, monkeypatch):
    import sys

    for name in ("torch", "jax"):
        monkeypatch.setitem(sys.modules, name, None)
    program = load_text("import torch.nn as nn\nimport jax.numpy as jnp\n")
    assert [remark.text.rpartition("`pip ")[2] for remark in program.remarks] == ["install torch`.", "install jax`."]
    assert program.precision == "float64"


def test_numpy_scipy_and_the_like_stay_real(load_text):
    program = load_text("import numpy, scipy.signal, numpy.linalg as la\nx = scipy.signal.convolve([1], [2])\n")
    assert not program.remarks
    assert value(program, "numpy") is np
    assert value(program, "la") is np.linalg
    assert value(program, "x") == [2]


def test_numpy_stands_in_for_cupy(load_text):
    program = load_text("import cupy as np\nnp.cuda.set_allocator(3)\nx = np.asnumpy(np.ones(2)).sum()\n")
    assert kinds(program) == [("missing module", 1)]
    assert "NumPy stands in for it" in texts(program)
    assert value(program, "x") == 2


def test_layers_of_a_missing_package_are_not_the_persons(load_text):
    program = load_text("from keras.layers import Dense\n", {"layers2/layers.py": "class Dense:\n    pass\n"})
    assert kinds(program) == [("missing module", 1)]
    assert program.helpers() == []
