"""NumPy names that are gone are named with today's form, and work in the process of the check."""

import numpy as np
import pytest

from backhand.check.source.blocks import parse
from backhand.check.source.gone import GONE, MISSING, gone_names, restore_gone_names
from tests.check.source.programs import kinds, texts, value


def test_each_gone_name_is_remarked_once_and_works(load_text):
    text = "import numpy as np\ndef f(x):\n    y = x.astype(np.float)\n    return np.float(y[0]) + np.product([2, 3])\n"
    program = load_text(f"{text}big = -np.Inf\nkinds = np.array([1], dtype=np.int)\n")
    assert kinds(program) == [("gone name", line) for line in (3, 4, 5, 6)]
    assert "no longer has `np.float`; write `float`" in texts(program)
    assert "no longer has `np.product`; write `np.prod`" in texts(program)
    assert value(program, "f")(np.ones(1)) == 7
    assert value(program, "big") == -np.inf


def test_other_aliases_and_imports_by_name_are_seen(load_text):
    program = load_text(
        "import numpy as N\nfrom numpy import NaN, exp\nx = N.alltrue([NaN, exp(0)])\nfloat, int = 1, 2\n"
    )
    assert kinds(program) == [("gone name", 2), ("gone name", 3)]
    assert value(program, "x")


def test_names_that_numpy_has_are_left_alone():
    assert (
        list(
            gone_names(parse("import numpy as np\nnp.bool_, np.float64, np.bool, x.float, np.linalg.int\n").statements)
        )
        == []
    )
    assert {"float", "product", "in1d"} <= set(MISSING)
    assert "bool" not in MISSING


def test_restored_functions_compute_what_they_did():
    restore_gone_names()
    restored = vars(np)
    assert restored["asscalar"](np.ones((1, 1))) == 1.0
    assert restored["in1d"]([[1, 2]], [2]).tolist() == [False, True]
    assert restored["msort"]([[2], [1]]).tolist() == [[1], [2]]
    assert restored["asfarray"]([1]).dtype == np.float64
    assert restored["find_common_type"]([np.float32], [np.float64]) == np.float64
    assert restored["trapz"]([1, 1]) == 1.0


@pytest.mark.parametrize("today", [today for today, _ in GONE.values() if today.startswith("np.") and "(" not in today])
def test_todays_names_exist(today):
    assert hasattr(np, today.removeprefix("np."))


def test_names_of_the_standard_library_that_moved_work(load_text):
    program = load_text(
        "import time\nfrom collections import Iterable\nx = time.clock() > 0, isinstance([], Iterable)\n"
    )
    assert not program.remarks
    assert value(program, "x") == (True, True)
