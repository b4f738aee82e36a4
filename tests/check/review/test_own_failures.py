"""A failure of the check itself, which costs no more than the unit that it meets."""

import os
import signal

import pytest

from backhand.check.review import examine

TEXT = """
def relu_forward(x):
    return x * (x > 0), x

def relu_backward(dout, x):
    return dout * (x > 0)

def cube_forward(x):
    return x ** 3, x

def cube_backward(dout, x):
    return 3 * x ** 2 * dout
"""


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_too_little_memory_and_ctrl_c_are_no_failure_of_a_unit(error, tmp_path, monkeypatch):
    (tmp_path / "layers.py").write_text(TEXT)

    def failing(reading, program):
        raise error

    monkeypatch.setattr(examine, "judge", failing)
    with pytest.raises(error):
        examine.review(str(tmp_path / "layers.py"))


INTERRUPTED = """
import os, signal

def relu_forward(x):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
    except BaseException:
        pass
    return x * (x > 0), x

def relu_backward(dout, x):
    return dout * (x > 0)
"""


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
@pytest.mark.usefixtures("listens")
@pytest.mark.parametrize("text", [INTERRUPTED, "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"])
def test_ctrl_c_ends_the_check_though_the_code_of_a_person_catches_it(text, tmp_path):
    (tmp_path / "layers.py").write_text(text)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        examine.review(str(tmp_path / "layers.py"))
    assert signal.getsignal(signal.SIGINT) is before
    (tmp_path / "right.py").write_text(TEXT)
    assert [unit.name for unit in examine.review(str(tmp_path / "right.py")).units] == ["relu", "cube"]


def test_a_keyboard_interrupt_that_the_code_raises_is_an_error_of_it(tmp_path):
    (tmp_path / "layers.py").write_text(TEXT.replace("return x ** 3, x", "raise KeyboardInterrupt"))
    assert [unit.name for unit in examine.review(str(tmp_path / "layers.py")).units] == ["relu"]


def test_one_unit_is_lost_and_told(tmp_path, monkeypatch, caplog):
    file = tmp_path / "layers.py"
    file.write_text(TEXT)
    judge = examine.judge

    def failing(reading, program):
        if reading.unit.name == "relu":
            raise ZeroDivisionError("division by zero")
        return judge(reading, program)

    monkeypatch.setattr(examine, "judge", failing)
    review = examine.review(str(file))
    assert [unit.name for unit in review.units] == ["cube"]
    (unread,) = review.unread
    assert (unread.name, unread.reason) == (
        "relu",
        "the check itself failed here (ZeroDivisionError: division by zero)",
    )
    assert "in failing" in caplog.text
    assert "ZeroDivisionError" in caplog.text
