"""Files of a project import one another, from where they lie."""

import pytest

from backhand.check.source import load
from backhand.check.source.siblings import MOST_PARENTS
from tests.check.source.programs import kinds, texts, value

UTIL = "import missing_module\nplot()\ndef im2col(x):\n    return 'own'\nSIZE = 3\n"


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("from util import im2col", "util.py"),
        ("import util\nim2col = util.im2col", "util.py"),
        ("from .util import *", "util.py"),
        ("from . import util\nim2col = util.im2col", "util.py"),
        ("from ..common.util import im2col", "../common/util.py"),
        ("from common.util import im2col", "common/util.py"),
        ("from common.util import im2col", "../common/util.py"),
        ("import common.util as u\nim2col = u.im2col", "../../common/util.py"),
        ("import common.util\nim2col = common.util.im2col", "common/util.py"),
        ("from common import util\nim2col = util.im2col", "common/util.py"),
        ("from cs231n.util import im2col", "util.py"),
        ("import cs231n.util\nim2col = cs231n.util.im2col", "util.py"),
        ("from util import im2col", "helpers/util.py"),
        ("from util import im2col", "../src/util.py"),
        ("from .util import im2col", "helpers/util.py"),
        ("import sys\nsys.path.append('deep/er')\nfrom util import im2col", "deep/er/util.py"),
        ("import six\nim2col = six.im2col", "six.py"),
    ],
)
def test_a_sibling_is_resolved_and_survives(project, statement, place):
    folder = project / "a" / "b"
    file = (folder / place).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(UTIL)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layers.py").write_text(f"{statement}\ndef forward(x):\n    return im2col(x)\n")
    program = load(folder / "layers.py")
    assert value(program, "forward")(1) == "own"
    assert [(kind, line) for kind, line in kinds(program)] == [("missing module", 1), ("statement", 2)]
    assert {remark.file for remark in program.remarks} == {program.session.name(file)}
    assert [each.name for each in program.functions()] == ["forward"]
    assert [each.name for each in program.helpers()] == ["im2col"]
    assert program.source(program.helpers()[0].value) == "def im2col(x):\n    return 'own'\n"


def test_the_libraries_of_the_checks_and_of_python_win(load_text):
    others = {"numpy.py": "x = 1\n", "random.py": "x = 1\n", "sklearn.py": "x = 1\n"}
    program = load_text("import numpy, random, sklearn\n", others)
    assert not hasattr(value(program, "numpy"), "x")
    assert not hasattr(value(program, "random"), "x")
    assert value(program, "sklearn").x == 1


def test_a_folder_of_examples_does_not_hide_an_installed_package(load_text):
    program = load_text("import sklearn\n", {"sklearn/example.py": "x = 1\n", "sub/sklearn.py": "x = 1\n"})
    assert value(program, "sklearn").__version__
    assert program.helpers() == []


def test_nothing_beyond_the_repository_is_searched(project):
    (project.parent / "util.py").write_text("x = 1\n")
    (project / "layers.py").write_text("import util\n")
    program = load(project / "layers.py")
    assert kinds(program) == [("missing module", 1)]


def test_parents_are_searched_so_far_and_no_further(project):
    folder = project.joinpath(*"abcde"[: MOST_PARENTS + 1])
    folder.mkdir(parents=True)
    (project / "far.py").write_text("x = 1\n")
    (project / "a" / "near.py").write_text("x = 1\n")
    (folder / "layers.py").write_text("import near\nimport far\n")
    assert kinds(load(folder / "layers.py")) == [("missing module", 2)]


def test_packages_have_their_modules_and_names(load_text):
    others = {
        "mytorch/__init__.py": "from .tensor import Tensor\nversion = 2\n",
        "mytorch/tensor.py": "import mytorch.nn as nn\nclass Tensor:\n    pass\n",
        "mytorch/nn/__init__.py": "from .linear import *\n",
        "mytorch/nn/linear.py": "from mytorch.tensor import Tensor\nclass Linear:\n    pass\n",
    }
    program = load_text("import mytorch\nfrom mytorch.nn import Linear\nfrom mytorch import nn, version\n", others)
    assert value(program, "nn").Linear is value(program, "Linear")
    assert value(program, "mytorch").version == value(program, "version") == 2
    assert [each.name for each in program.helpers()] == ["Tensor", "Linear"]


def test_a_name_that_a_sibling_lacks_is_named(load_text):
    program = load_text("from util import im2col, col2im\ny = im2col(1)\n", {"util.py": UTIL.replace("plot()", "")})
    assert kinds(program) == [("missing module", 1), ("missing name", 1)]
    assert "`util` has no `col2im`" in texts(program)
    assert value(program, "y") == "own"


def test_files_in_a_circle_load(load_text):
    others = {"a.py": "import b\nx = 1\ndef f():\n    return b.y\n", "b.py": "import a\ny = 2\n"}
    program = load_text("import a\nz = a.f()\n", others)
    assert not program.remarks
    assert value(program, "z") == 2


def test_a_file_of_a_package_is_loaded_after_its_package(project):
    files = {
        "nn/__init__.py": "from nn import loss\nfrom nn.functions import relu\n",
        "nn/loss.py": "from nn.functions import softmax\n",
        "nn/functions.py": "from nn.np import *\ndef softmax(x):\n    return x\ndef relu(x):\n    return x\n",
        "nn/np.py": "import numpy as np\n",
    }
    (project / "nn").mkdir()
    for name, text in files.items():
        (project / name).write_text(text)
    program = load(project / "nn" / "functions.py")
    assert not program.remarks
    assert [each.name for each in program.functions()] == ["softmax", "relu"]


def test_a_broken_sibling_is_missing(project):
    (project / "util.py").write_bytes(b"\x00\x00")
    (project / "layers.py").write_text("import util\nx = 1\n")
    program = load(project / "layers.py")
    assert [kind for kind, _ in kinds(program)] == ["definition"]
    assert "binary" in texts(program)
    assert value(program, "x") == 1


def test_a_folder_is_all_its_files(project):
    files = {
        "0-pool_forward.py": "def pool_forward(x):\n    return x\n",
        "2-conv_backward.py": "from common import helper\ndef conv_backward(x):\n    return helper(x)\n",
        "10-last.py": "class Last:\n    pass\n",
        "common.py": "def helper(x):\n    return x\n",
        "deep/er/more.py": "def more(x):\n    return x\n",
        "test_layers.py": "1 / 0\n",
        "setup.py": "1 / 0\n",
        "deep/.ipynb_checkpoints/more.py": "1 / 0\n",
        "my_env/lib/site.py": "1 / 0\n",
        "my_env/pyvenv.cfg": "",
        "notes.txt": "1 / 0\n",
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (project / "weights.py").write_bytes(b"\x00")
    program = load(project)
    assert [each.name for each in program.functions()] == ["pool_forward", "conv_backward", "helper", "more"]
    assert [each.name for each in program.classes()] == ["Last"]
    assert str(program.functions()[-1].location) == "deep/er/more.py, line 1"
    assert [(remark.kind, remark.file) for remark in program.remarks] == [("unreadable", "weights.py")]
    assert program.helpers() == []
